# frozen_string_literal: true

# Some megabytes, which a process reads when its first number comes.
RSpec.describe "the numbering plans" do
  def run(script) = Child.run(preamble + script)

  let(:preamble) { <<~'RUBY' }
    def parse(number) = KrayinSync::Mappers::ContactMapper.map_to_person({ name: "x", phone_number: number }).to_s
    # In a process that has what this one has.
    def forked
      reader, writer = IO.pipe
      Process.wait(fork { writer.puts(yield); writer.close; exit! })
      writer.close
      Integer(reader.read)
    end
    def own = Integer(File.read("/proc/self/smaps_rollup")[/^Private_Dirty:\s+(\d+)/, 1])
    def grown(number)
      before = own
      parse(number)
      own - before
    end
  RUBY

  it "are read while the other threads go on" do
    output, status = run(<<~'RUBY')
      # How far another thread comes meanwhile. A machine that is busy may not give it the moment that it takes.
      turns_of_another = lambda do |number|
        turns = 0
        Thread.new { loop { turns += 1 } }
        sleep 0.01 until turns.positive?
        before = turns
        parse(number)
        turns - before
      end
      puts 20.times.any? { forked { turns_of_another.call("+493012345678") }.positive? }
      parse("+493012345678")
      puts 20.times.count { forked { turns_of_another.call("+493012345678") }.positive? } < 20
    RUBY
    expect(output).to eq("true\ntrue\n")
    expect(status).to be_success
  end

  it "cost a fork nothing: not read by it, and not again in the child of one that has" do
    output, status = run(<<~'RUBY')
      parse("no number")
      before = own
      Process.wait(fork { exit! })
      puts own - before
      puts forked { grown("+493012345678") }
      parse("+493012345678")
      puts forked { grown("+493012345678") }
    RUBY
    forking, without, within = output.lines.map { |line| Integer(line) }
    expect([forking, within]).to all(be < 1_024)
    expect(without).to be > 2_048
    expect(status).to be_success
  end
end
