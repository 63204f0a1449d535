# frozen_string_literal: true

ROOT = File.expand_path("../..", __dir__)

require_relative "browser_specs"
require_relative "cargo_tests"
require_relative "checks"
require_relative "package"
require_relative "several"
require_relative "specs"
require_relative "trixie"
require_relative "whole_chatwoot"

LINTS = {
  "rustfmt" => { command: %w[cargo fmt --all --check] },
  "clippy" => { command: %w[cargo clippy --workspace --all-targets --locked --quiet -- -D warnings] },
  "rustdoc" => {
    command: %w[cargo doc --workspace --no-deps --locked --quiet],
    env: { "RUSTDOCFLAGS" => "-D warnings" }
  },
  "yard" => { command: %w[yard doc --quiet --no-output --no-save --no-cache --fail-on-warning] },
  "rooms" => { command: %w[script/rooms] },
  # Known flaws are looked up before a release: their list is somewhere else, and changes while the code does not.
  "cargo deny" => {
    command: %w[cargo deny --locked --log-level error check bans licenses sources],
    needs: "cargo-deny", from: "cargo install --locked cargo-deny"
  },
  "rubocop" => { command: %w[rubocop --format simple] }
}.freeze

# What is over soon with a collection at each allocation: bin/sanitize heap has the others.
STRESSED = %w[
  spec/mappers spec/api/clients_spec.rb spec/arguments_spec.rb spec/external_id_spec.rb spec/reason_spec.rb
  spec/settings_spec.rb spec/settings_json_spec.rb spec/setup_service_spec.rb
].freeze

# The extension as a checker of memory sees it, and with Ruby's collector at its worst.
MEMORY = {
  "memcheck" => { command: %w[bin/sanitize valgrind] },
  "the address sanitizer" => { command: %w[bin/sanitize extension] },
  "a collection at each allocation" => { command: ["rspec", "--seed", "1", *STRESSED], env: { "HEAP" => "stress" } },
  "all moved before each call" => { command: %w[rspec --seed 1 spec/api spec/mappers], env: { "HEAP" => "compact" } }
}.freeze

# In the order in which they run. One whose files are not there is left out.
SUITES = {
  "lint" => Checks.new(LINTS),
  "rust" => CargoTests.new(:rest),
  "text" => Several.new(CargoTests.new(:text), BrowserSpecs.new("spec/text/**/*_spec.rb")),
  "contract" => CargoTests.new(:contract),
  "faults" => CargoTests.new(:faults),
  "crashes" => CargoTests.new(:crashes),
  "races" => CargoTests.new(:races),
  "colleagues" => CargoTests.new(:colleagues),
  "mapping" => CargoTests.new(:mapping),
  "ruby" => Specs.new("spec/**/*_spec.rb",
                      except: %w[spec/backfill/ spec/chatwoot/ spec/pages/ spec/process/ spec/text/ spec/two_way/
                                 spec/whole/]),
  "chatwoot" => Specs.new("spec/chatwoot/**/*_spec.rb"),
  "backfill" => Specs.new("spec/backfill/**/*_spec.rb"),
  "two-way" => Several.new(
    Specs.new("spec/two_way/**/*_spec.rb"),
    *%w[2.2.3-official 2.2.3-community].map do |server|
      Specs.new("spec/two_way/{contacts,fields,lines,looks,moves,tags}_spec.rb", env: { "SERVER" => server })
    end
  ),
  # What meets Rails and Sidekiq, and all that needs the extension.
  "chatwoot-trixie" => Trixie.new("spec/chatwoot/{events,outage,plugging_in,versions}_spec.rb",
                                  "spec/{*,api/*,mappers/*,limiter_store/*}_spec.rb"),
  # What knows the extension, with the newest Ruby that Debian has.
  "ruby-3.4" => Trixie.new("spec/{*,api/*,mappers/*,limiter_store/*}_spec.rb", "spec/process/*_spec.rb", ruby: "3.4"),
  "whole-chatwoot" => WholeChatwoot.specs("spec/whole/**/*_spec.rb"),
  "pages" => WholeChatwoot.specs("spec/pages/**/*_spec.rb"),
  "chatwoot-examples" => WholeChatwoot.examples,
  "process" => Specs.new("spec/process/**/*_spec.rb"),
  "memory" => Checks.new(MEMORY),
  "package" => Package.new
}.select { |_, suite| suite.there? }.freeze

# Run when they are named: these stand on Debian's moving suites, and take long on a busy machine. That of the newest
# Ruby builds the extension once more, and runs the specs of two suites again.
NAMED_ONLY = %w[ruby-3.4 chatwoot-examples].freeze

# Without a clock in them, and with much to build: they run beside the others and give way to them. The one that cargo
# builds where it builds the others' comes last.
GIVING_WAY = %w[package memory lint].freeze
