# frozen_string_literal: true

require_relative "../../lib/krayin_sync/chatwoot/lead_cursor"

# Which leads have changed, by answers alone.
RSpec.describe KrayinSync::Chatwoot::LeadCursor do
  def at(second) = Time.at(1_800_000_000 + second).utc.strftime("%Y-%m-%dT%H:%M:%S.000000Z")

  def rows(*leads) = leads.map { |id, second, content| [id, at(second), "#{second}-#{content}"] }

  def look(state, leads, full: false, **how) = described_class.new(state).look(rows(*leads), full: full, **how)

  # What was there, what is, whether that is all that had room, whether it reaches far enough, and what has changed.
  {
    "nothing was touched" => [[[1, 0, "a"]], [[1, 0, "a"]], false, true, []],
    "one was touched" => [[[1, 0, "a"]], [[1, 9, "b"]], false, true, [1]],
    "one was touched twice in a second" => [[[1, 0, "a"]], [[1, 0, "b"]], false, true, [1]],
    "one is new in the second of the last" => [[[1, 5, "a"]], [[2, 5, "a"], [1, 5, "a"]], false, true, [2]],
    "a server's clock is behind" => [[[2, 100, "a"], [1, -500, "a"]],
                                     [[2, 100, "a"], [3, 20, "b"], [1, -500, "a"]], true, true, [3]],
    "the answer goes down to one of long ago" => [[[2, 9, "a"], [1, -500, "a"]],
                                                  [[2, 20, "b"], [1, -500, "a"]], true, true, [2]],
    "all of a full answer is new" => [[[1, 0, "a"]], [[2, 300, "a"], [3, 300, "a"]], true, false, [2, 3]],
    "it goes down to one that may have been touched since" => [[[9, 0, "z"], [1, -10, "a"]],
                                                               [[2, 8, "b"], [1, -10, "c"]], true, false, [2, 1]]
  }.each do |name, (before, now, full, reaches, changed)|
    it "sees when #{name}" do
      seen = look(look({}, before).state, now, full: full)
      expect([seen.reaches, seen.changed.map(&:first)]).to eq([reaches, changed])
    end
  end

  it "begins with what is there, of which nothing has changed" do
    seen = look({}, [[1, 0, "a"], [2, 0, "a"]])
    expect([seen.changed, seen.reaches, seen.all, seen.gone]).to eq([[], true, true, 0])
  end

  it "sees once more what could not be looked at" do
    state = described_class.without(look({}, [[1, 0, "a"], [2, 0, "a"]]).state, [2])
    expect(look(state, [[1, 0, "a"], [2, 0, "a"]]).changed.map(&:first)).to eq([2])
  end

  it "counts what is gone, whatever is new" do
    state = look({}, [[1, 0, "a"], [2, 0, "a"], [3, 0, "a"]], total: 3).state
    expect(look(state, [[3, 0, "a"], [1, 0, "a"]], total: 2).gone).to eq(1)
    expect(look(state, [[5, 9, "a"], [4, 8, "a"], [3, 0, "a"]], total: 3).gone).to eq(2)
    expect(look(state, [[4, 8, "a"], [3, 0, "a"], [2, 0, "a"], [1, 0, "a"]], total: 4).gone).to eq(0)
    expect(look(state, [[3, 0, "a"]]).gone).to eq(0)
  end

  # A Krayin of several servers whose clocks differ, with a room for so many in an answer.
  describe "of a Krayin that goes on" do
    let(:random) { Random.new(RSpec.configuration.seed) }

    # @return [Array<Integer>] what has changed and was neither told nor read, though nothing more is to be read
    def missed(room:, changes:, looks: 40)
      leads = (1..30).to_h { |id| [id, [id, random.rand(-5000..0), 0]] }
      state = {}
      clock = 0
      unseen = []
      (1..looks + 10).flat_map do |number|
        unseen |= Array.new(number > looks ? 0 : random.rand(0..changes)) { touch(leads, clock) }
        clock += random.rand(20..90)
        seen = look_at(leads, room, state, clock)
        unseen = seen.all ? [] : unseen - seen.changed.map(&:first)
        state = JSON.parse(JSON.generate(seen.state))
        state["owed"] && number < looks + 10 ? [] : unseen
      end
    end

    def look_at(leads, room, state, clock)
      newest = leads.values.sort_by { |id, second, _| [second, id] }.reverse.first(room)
      look(state, newest, full: newest.size >= room, now: clock)
    end

    def touch(leads, clock)
      id = random.rand(10).zero? ? leads.size + 1 : leads.keys.sample(random: random)
      content = leads.dig(id, 2).to_i + 1
      leads[id] = [id, clock - random.rand(0..described_class::OVERLAP), content]
      id
    end

    [[5, 3], [10, 8], [20, 12], [20, 40], [100, 60]].each do |room, changes|
      it "misses none of #{changes} changes between two looks where #{room} fit" do
        expect(Array.new(12) { missed(room: room, changes: changes) }.flatten).to eq([])
      end
    end

    it "asks for all once, of a mass that was touched in one second" do
      mass = (1..50).map { |id| [id, 1000, "a"] }.reverse
      asked = [[1, -900, "z"]].then do |before|
        state = look({}, before, now: 0).state
        [1010, 1040, 1070, 1130, 1160, 1300].map do |now|
          seen = look(state, mass.first(10), full: true, now: now)
          state = seen.state
          seen.all
        end
      end
      expect(asked).to eq([true, false, false, true, false, false])
    end
  end
end
