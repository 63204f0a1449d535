# frozen_string_literal: true

RSpec.describe "What is deprecated" do
  changelog = File.read(File.expand_path("../CHANGELOG.md", __dir__), encoding: "UTF-8")
  terms = KrayinSync::Deprecation::TERMS

  around do |example|
    told = Warning[:deprecated]
    store = KrayinSync.limiter_store
    Warning[:deprecated] = true
    example.run
  ensure
    Warning[:deprecated] = told
    KrayinSync.limiter_store = store
  end

  # What each of them takes, or gives, as its name of today does.
  uses = {
    "KrayinSync.pace" => lambda { |store|
      KrayinSync.pace = store
      [KrayinSync.pace, KrayinSync.limiter_store]
    },
    "KrayinSync::Configuration#pace" => lambda { |store|
      configuration = KrayinSync::Configuration.new
      configuration.pace = store
      [configuration.pace, configuration.limiter_store]
    },
    # Not by its name in the code, which Ruby looks up and says once.
    "KrayinSync::Pace" => ->(store) { store.is_a?(KrayinSync.const_get(:Pace)::Redis) && [store] },
    "pace: of KrayinSync::ProcessorService" => lambda { |store|
      hook = Struct.new(:settings).new({})
      made = KrayinSync::ProcessorService.new(event_name: "contact.created", event_data: {}, hook: hook, pace: store)
      [made.instance_variable_get(:@limiter_store)]
    },
    "KrayinSync::Doctor#checks" => lambda { |store|
      doctor = KrayinSync::Doctor.new("no address", "1|a")
      doctor.checks.map(&:name) == doctor.findings.map(&:check) && [store]
    }
  }

  it "is tried, each name" do
    expect(uses.keys).to eq(terms.keys)
  end

  terms.each do |name, term|
    it "still has #{name}, and says what is used in its place, since when, until when and where" do
      store = KrayinSync::LimiterStore::Redis.new { nil }
      expect { expect(uses.fetch(name).call(store)).to all(be(store)) }
        .to output(/#{Regexp.escape(File.basename(__FILE__))}:\d+: warning: .*deprecated/).to_stderr
      next if name == "KrayinSync::Pace" # Ruby says it in words of its own

      said = "#{name} is deprecated since krayin_sync #{term.since} (#{term.day}), and gone in #{term.gone}, " \
             "not before #{term.earliest}: use #{term.now}\n"
      expect { uses.fetch(name).call(store) }.to output(end_with(said)).to_stderr
    end

    it "says nothing of #{name} where Ruby is not asked for it" do
      Warning[:deprecated] = false
      expect { uses.fetch(name).call(KrayinSync::LimiterStore::Redis.new { nil }) }.not_to output.to_stderr
    end

    it "is listed in the changelog with #{name}, under its version and day" do
      expect(changelog).to include("| `#{name}` | `#{term.now}` |", "## #{term.since} (#{term.day})",
                                   "until #{term.gone}, which comes not before #{term.earliest}",
                                   "| since #{term.day} | use |")
    end

    it "is not in a version that may be without #{name}" do
      expect(Gem::Version.new(KrayinSync::VERSION)).to be < Gem::Version.new(term.gone)
    end
  end
end
