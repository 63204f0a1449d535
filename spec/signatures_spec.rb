# frozen_string_literal: true

begin
  require_relative "support/signatures"
rescue LoadError
  RSpec.describe("sig/") { it("is checked where the rbs gem is") { skip "the rbs gem is not there" } }
  return
end

RSpec.describe "sig/" do
  signatures = Signatures.new

  # What the core, Rails or WebMock call, and nobody else.
  internal = %w[Arguments Attempts Chatwoot Deprecation Engine ExtensionTransport Generators Headers JsonSafe Native
                Network Opaque Pace Payload Registered Snapshot SnapshotRecord Tracing WebMockAdapter WebMockTransport]
             .map { |name| "KrayinSync::#{name}" }

  # `def learn(...)` takes whatever what it hands on to takes.
  handed_on = Signatures::Shape.new(0, 0, true, [], [], true)

  def unsigned(subject, signatures)
    return [subject.name] unless signatures.names.include?(subject.name)

    given = subject.is_a?(Class) && subject < Struct ? Struct.new(:any).singleton_methods(false) : []
    on_class = subject.singleton_methods(false) - given - signatures.methods_of(subject.name, singleton: true).keys
    on_object = subject.public_instance_methods(false) - Object.public_instance_methods
    on_object -= signatures.methods_of(subject.name).keys
    on_class.map { |name| "#{subject}.#{name}" } + on_object.map { |name| "#{subject}##{name}" }
  end

  def own_constants(subject) = subject.constants(false).to_h { |name| ["#{subject}::#{name}", subject.const_get(name)] }

  it "is read whole" do
    expect(signatures.names.size).to be > 25
  end

  signatures.names.each do |name|
    it "says what #{name} takes" do
      subject = Object.const_get(name)
      on_class = signatures.methods_of(name, singleton: true).except(:new).transform_keys { |key| subject.method(key) }
      on_object = signatures.methods_of(name).except(:initialize).transform_keys { |key| subject.instance_method(key) }
      made = subject.is_a?(Class) && signatures.initializer_of(name)
      all = [on_class, on_object, (made ? { subject.instance_method(:initialize) => made } : {})].reduce(:merge)
      all.each do |method, shapes|
        expect([*shapes, handed_on]).to include(Signatures.shape(method)), "#{method.inspect} is signed as #{shapes}"
      end
    end
  end

  it "leaves no public class, constant or method out" do
    missing = []
    open = [KrayinSync]
    while (subject = open.pop)
      missing.concat(unsigned(subject, signatures))
      own_constants(subject).each do |name, value|
        next if internal.include?(name)

        is_own = value.is_a?(Module) && value.name == name
        open << value if is_own
        missing << name unless is_own || signatures.constant?(name)
      end
    end
    expect(missing).to eq([])
  end
end
