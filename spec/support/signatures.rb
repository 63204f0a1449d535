# frozen_string_literal: true

require "rbs"

# What sig/ says of this gem's classes and modules.
class Signatures
  FOLDER = Pathname(File.expand_path("../../sig", __dir__))

  # How a method may be called: required and optional values, whether more, required and all keys, whether more.
  Shape = Struct.new(:required, :optional, :rest, :required_keys, :keys, :any_key)

  class << self
    # Of a method that Ruby has.
    def shape(method)
      kinds = method.parameters.group_by(&:first).transform_values { |list| list.map(&:last) }
      count = ->(*names) { names.sum { |name| kinds.fetch(name, []).size } }
      keys = ->(*names) { names.flat_map { |name| kinds.fetch(name, []) }.sort }
      Shape.new(count[:req], count[:opt], kinds.key?(:rest), keys[:keyreq], keys[:keyreq, :key], kinds.key?(:keyrest))
    end

    # Of a method that is signed.
    def signed_shape(type)
      required = type.required_keywords.keys
      Shape.new(type.required_positionals.size + type.trailing_positionals.size, type.optional_positionals.size,
                !type.rest_positionals.nil?, required.sort, (required + type.optional_keywords.keys).sort,
                !type.rest_keywords.nil?)
    end
  end

  # @return [Array<String>] the signed classes and modules, "KrayinSync::Response"
  attr_reader :names

  def initialize
    loader = RBS::EnvironmentLoader.new
    loader.add(path: FOLDER)
    @environment = RBS::Environment.from_loader(loader).resolve_type_names
    @builder = RBS::DefinitionBuilder.new(env: @environment)
    @names = @environment.class_decls.keys.map { |type| type.to_s.delete_prefix("::") }.grep(/\AKrayinSync\b/).sort
  end

  # @return [Hash{Symbol => Array<Shape>}] the public methods that are signed for the class itself or its ancestors here
  def methods_of(name, singleton: false)
    definition = singleton ? @builder.build_singleton(type(name)) : @builder.build_instance(type(name))
    ours = definition.methods.select do |_, method|
      method.accessibility == :public && names.include?(method.implemented_in.to_s.delete_prefix("::"))
    end
    ours.transform_values { |method| shapes(method) }
  end

  # @return [Array<Shape>, nil] of new
  def initializer_of(name)
    method = @builder.build_instance(type(name)).methods[:initialize]
    shapes(method) if names.include?(method.implemented_in.to_s.delete_prefix("::"))
  end

  def constant?(name) = @environment.constant_decls.keys.any? { |key| key.to_s == "::#{name}" }

  private

  def type(name) = RBS::Namespace.parse("::#{name}").to_type_name

  def shapes(method) = method.method_types.map { |overload| self.class.signed_shape(overload.type) }
end
