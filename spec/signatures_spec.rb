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
  internal = %w[Arguments Attempts Chatwoot Deprecation Engine ExtensionTransport Generators Headers JsonSafe Memory
                Native Network Opaque Pace Payload Registered Snapshot SnapshotRecord Tracing WebMockAdapter
                WebMockTransport]
             .map { |name| "KrayinSync::#{name}" } << "KrayinSync::Records::Link"

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

  # It is required by whoever has ActiveRecord, which the other examples of this process are to do without.
  store = "KrayinSync::Records::ActiveRecord"

  (signatures.names - [store]).each do |name|
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

  it "says what #{store} takes" do
    output, status = Child.run(<<~RUBY)
      begin
        require "krayin_sync/records/active_record"
      rescue LoadError
        puts "it is not there"
        exit
      end
      require "#{File.expand_path("support/signatures", __dir__)}"
      signatures = Signatures.new
      signed = signatures.methods_of("#{store}")
      made = signatures.initializer_of("#{store}")
      signed = { **signed.except(:initialize), **({ initialize: made } if made) }
      #{store}.public_instance_methods(false).push(:initialize).each do |name|
        next if Object.public_method_defined?(name)

        shape = Signatures.shape(#{store}.instance_method(name))
        puts name unless signed.fetch(name, []).include?(shape)
      end
      puts "it has \#{signed.size} methods"
    RUBY
    expect(status).to be_success, output
    expect(output.strip).to eq("it has 4 methods").or(eq("it is not there"))
  end

  # Where each call is right: the other files hand over odd things on purpose. What rbs of other versions makes of it
  # nobody has seen.
  it "is what the code of README and docs/, and the examples of mappers and services, hand over and get" do
    skip "rbs #{RBS::VERSION} is not 2" unless RBS::VERSION.start_with?("2.")

    held = { "TARGET" => "KrayinSync::*", "OPT" => "-I #{Signatures::FOLDER}", "RAISE" => "true",
             "DOUBLE_SUITE" => "rspec", "LOGLEVEL" => "error" }.transform_keys { |name| "RBS_TEST_#{name}" }
    files = %w[readme_spec.rb mappers processor_service_spec.rb setup_service_spec.rb extensions_spec.rb]
    files = files.map { |file| File.join(__dir__, file) }
    said, status = Open3.capture2e(held, RbConfig.ruby, "-W0", "-r", "rbs/test/setup", "-S", "rspec", *files,
                                   chdir: File.dirname(__dir__))
    expect(status).to be_success, said
    expect(said[/(\d+) examples?, 0 failures/, 1].to_i).to be > 30
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
