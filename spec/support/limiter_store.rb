# frozen_string_literal: true

# What every store of the limiter must do; `store` is one, `twin` another of the same place.
RSpec.shared_examples "a limiter's store" do
  let(:identity) { "https://crm.example.com/api/v1##{rand(1 << 32)}" }

  def kept(identity, in_store = twin) = in_store.swap(identity, "nothing of the kind", "")[1]

  it "keeps nothing at first" do
    expect(kept(identity)).to eq("")
  end

  it "replaces what is expected, for all who share it" do
    expect(store.swap(identity, "", "a")).to match([true, "", be_an(Integer)])
    expect(twin.swap(identity, "a", "b")).to match([true, "", be_an(Integer)])
    expect(kept(identity)).to eq("b")
  end

  it "leaves what is not expected, and tells it" do
    store.swap(identity, "", "a")
    expect(twin.swap(identity, "", "c")).to match([false, "a", be_an(Integer)])
    expect(twin.swap(identity, "A", "c")[0..1]).to eq([false, "a"])
    expect(kept(identity)).to eq("a")
  end

  it "keeps two tokens apart, and text as it is" do
    store.swap(identity, "", "{\"é\": \"\u0000\"}")
    store.swap("#{identity}-2", "", "b")
    expect(kept(identity).b).to eq("{\"é\": \"\u0000\"}".b)
  end

  it "has a clock that goes on, in microseconds" do
    first = store.swap(identity, "", "a")[2]
    sleep 0.01
    expect(twin.swap(identity, "a", "b")[2] - first).to be_between(10_000, 60_000_000)
  end

  it "loses no change of many at once" do
    store.swap(identity, "", "0")
    Array.new(8) do
      Thread.new do
        25.times do
          seen = kept(identity, store)
          until (answer = store.swap(identity, seen, (seen.to_i + 1).to_s))[0]
            seen = answer[1]
          end
        end
      end
    end.each(&:join)
    expect(kept(identity)).to eq("200")
  end
end
