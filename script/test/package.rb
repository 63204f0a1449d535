# frozen_string_literal: true

require "digest"
require "fileutils"
require "json"
require "rubygems/package"
require "tmpdir"
require_relative "../package/platform_gem"
require_relative "../package/smoke"
require_relative "command"
require_relative "tally"
require_relative "trixie"

# Packs the gem, installs the packed file into an empty gem folder and uses it from there. A step that fails ends it.
class Package
  NEEDED = %w[
    Cargo.lock Cargo.toml LICENSE README.md crates/krayin_core/Cargo.toml crates/krayin_core/src/lib.rs
    ext/krayin_sync/Cargo.toml ext/krayin_sync/build.rs ext/krayin_sync/extconf.rb ext/krayin_sync/src/lib.rs
    lib/krayin_sync.rb bin/krayin-sync
    app/jobs/krayin_sync/chatwoot/event_job.rb app/models/krayin_sync/records/link.rb
    lib/krayin_sync/chatwoot.rb lib/tasks/krayin_sync.rake sig/krayin_sync.rbs
    config/krayin_app.yml config/locales/krayin_sync.en.yml config/locales/krayin_sync.pt_BR.yml
    config/locales/krayin_sync.es.yml
    lib/generators/krayin_sync/install/templates/initializer.rb.tt
    lib/generators/krayin_sync/install/templates/links.rb.tt
    public/dashboard/images/integrations/krayin.png public/dashboard/images/integrations/krayin-dark.png
  ].freeze
  UNWANTED = %r{
    \A(?:demo|script|spec|target|tmp)/ | \Abin/(?!krayin-sync\z) |
    \A(?:bench|crates/krayin_sim|tests)/.*\.r[bs]\z | \.(?:so|bundle)\z
  }x
  MOST_BYTES = 6 * 1024 * 1024
  CALL = <<~'RUBY'
    require "krayin_sync"
    puts $LOADED_FEATURES.grep(/krayin_sync\.(?:rb|so|bundle)\z/)
    ids = KrayinSync::ExternalId.parse("krayin:person:12|krayin:lead:34")
    abort "parsed as #{ids}" unless ids == { "person" => 12, "lead" => 34 }
    abort "what is for the specs alone is in it" if KrayinSync::Native.respond_to?(:panic)
  RUBY

  def there? = true

  def run
    Dir.mktmpdir do |dir|
      @dir = dir
      @gem = File.join(dir, "krayin_sync.gem")
      steps = { "it packs" => :pack, "it holds what it needs and no more" => :look_inside,
                "it says where it may go and what it takes" => :tells?,
                "it installs into an empty folder" => :install, "cargo left nothing there" => :clean?,
                "its library takes no more than 6 MiB" => :small?,
                "it answers a call from there" => :call, "its command runs" => :command,
                "it answers where what was built is kept apart" => :call_apart,
                "it says that its library is of another version" => :tell_version,
                "a gem without sources is the same file twice" => :pack_twice,
                "that holds licences and a bill of materials" => :passes_on?,
                "for Rubies that it has no library for there is the one from source" => :leaves_others?,
                "it runs the README's first example where there is no Rust" => :smoke,
                "and in a Debian 13 that never had any, with its Ruby" => :smoke_in_trixie,
                "built in two folders it is one file, which tells nothing of this machine" => :build_twice,
                "the documentation's Dockerfile brings it into a bundle that builds every gem" => :follow_dockerfile }
      steps.reduce(Tally.new) do |tally, (name, step)|
        good = send(step)
        puts "#{good ? "ok" : "FAILED"}: #{name}"
        break tally + Tally.new(failed: 1, bad: [name]) unless good

        tally + Tally.new(passed: 1)
      end
    end
  end

  private

  def pack
    Command.run("gem", "build", "krayin_sync.gemspec", "--output", @gem)
  end

  def look_inside
    files = Gem::Package.new(@gem).spec.files
    missing = NEEDED - files
    unwanted = files.grep(UNWANTED)
    puts "missing: #{missing.join(", ")}" unless missing.empty?
    puts "not wanted: #{unwanted.join(", ")}" unless unwanted.empty?
    missing.empty? && unwanted.empty?
  end

  # It has no home yet whose address it could tell.
  def tells?
    spec = Gem::Package.new(@gem).spec
    spec.metadata.key?("allowed_push_host") && spec.metadata["rubygems_mfa_required"] == "true" &&
      spec.license == "MIT" && spec.required_ruby_version == Gem::Requirement.new(">= 3.1") &&
      spec.dependencies.map(&:name) == ["logger"]
  end

  # What Cargo.lock names for this machine is fetched first: the build itself must need nothing else.
  def install
    host = `rustc --version --verbose`[/^host: (.+)$/, 1]
    offline = gem_home.merge("CARGO_NET_OFFLINE" => "true")
    Command.run("cargo", "fetch", "--locked", "--quiet", "--target", host) &&
      Command.run("gem", "install", "--local", "--no-document", @gem, dir: @dir, env: offline)
  end

  def clean?
    left = Dir[File.join(installed, "**/{target,release,debug}"), File.join(installed, "ext/**/*.{so,d,rlib}")]
    puts "left: #{left.join(", ")}" unless left.empty?
    left.empty?
  end

  # Stripped and optimized, as whoever installs it gets it.
  def small?
    size = Dir[File.join(installed, "lib/**/krayin_sync.{so,bundle}")].sum { |file| File.size(file) }
    puts "the library takes #{size} bytes" if size > MOST_BYTES
    size.between?(1, MOST_BYTES)
  end

  # As with RubyGems' install_extension_in_lib: false, which older ones do not have.
  def call_apart
    inside = Dir[File.join(installed, "lib/**/krayin_sync.{so,bundle}")]
    @library = File.join(@dir, File.basename(inside.first))
    FileUtils.mv(inside.first, @library)
    inside.size == 1 && call
  end

  def tell_version
    said = +""
    File.write(File.join(installed, "lib/krayin_sync/version.rb"), "module KrayinSync; VERSION = '9.9.9'; end")
    script = 'begin; require "krayin_sync"; rescue LoadError => e; puts e.message; end'
    Command.run("ruby", "-W0", "-e", script, dir: @dir, env: gem_home) { |line| said << line }
    said.include?("is of version") && said.include?("gem pristine")
  end

  def installed = Dir[File.join(@dir, "gems/gems/krayin_sync-*")].first

  def call
    loaded = +""
    good = Command.run("ruby", "-W0", "-e", CALL, dir: @dir, env: gem_home) { |line| loaded << line }
    good && loaded.include?(@dir) && !loaded.include?(ROOT)
  end

  def command
    Command.run(File.join(gem_home["GEM_HOME"], "bin/krayin-sync"), "--version", dir: @dir, env: gem_home)
  end

  # As bin/package does it, with the libraries that were built here.
  def pack_twice
    trixie = File.join(@dir, "trixie.so")
    @for_trixie = Trixie.new.library(trixie)
    libraries = { RUBY_VERSION[/\A\d+\.\d+/] => @library }
    libraries["3.3"] = trixie if @for_trixie
    digests = 2.times.map do
      @built = PlatformGem.new("here", libraries).write
      sleep 1.1 # a file's time is in seconds
      Digest::SHA256.file(@built).hexdigest
    end
    digests.uniq.size == 1
  end

  def passes_on?
    place = File.join(@dir, "built")
    package = Gem::Package.new(@built)
    package.extract_files(place)
    bill = JSON.parse(File.read(File.join(place, "sbom.cdx.json")))
    licences = File.read(File.join(place, "LICENSES-third-party.txt"))
    package.spec.extensions.empty? && bill["components"].any? { |part| part["name"] == "ring" } &&
      bill["components"].all? { |part| licences.include?("#{part["name"]} #{part["version"]}:") }
  end

  def leaves_others?
    libraries = %w[3.1 3.3 3.4].to_h { |series| [series, @library] }
    wants = PlatformGem.new("x86_64-linux", libraries).specification.required_ruby_version
    fits = %w[3.0.6 3.1.0 3.1.2 3.2.0 3.2.9 3.3.0 3.3.8 3.4.11 3.5.0.dev 3.5.0 4.0.0].select do |version|
      wants.satisfied_by?(Gem::Version.new(version))
    end
    fits == %w[3.1.0 3.1.2 3.3.0 3.3.8 3.4.11]
  end

  def smoke = Smoke.new("/", @built).run

  def smoke_in_trixie
    return Smoke.new(Trixie::SYSTEM, @built).run if @for_trixie

    puts "left out: no such Debian can be had here"
    true
  end

  # What is committed, quickly: paths and order are the same whatever is optimized.
  def build_twice
    quick = { "CARGO_PROFILE_RELEASE_LTO" => "off", "CARGO_PROFILE_RELEASE_OPT_LEVEL" => "0",
              "CARGO_PROFILE_RELEASE_CODEGEN_UNITS" => "16", "CARGO_PROFILE_RELEASE_INCREMENTAL" => "false" }
    digests = %w[one another/deeper].map do |name|
      clone = File.join(@dir, name)
      said = +""
      good = Command.run("git", "clone", "--quiet", ROOT, clone) &&
             Command.run("bin/package", "here", dir: clone, env: quick) { |line| said << line }
      (good && said[/sha256 (\h{64})/, 1]).tap { FileUtils.rm_rf(clone) }
    end
    digests.all? && digests.uniq.size == 1
  end

  # Its steps in a folder of ours, with the image's word that gems are built from source.
  def follow_dockerfile
    app = File.join(@dir, "app")
    FileUtils.mkdir_p(File.join(app, "vendor"))
    FileUtils.cp(@built, File.join(app, "vendor/krayin_sync.gem"))
    File.write(File.join(app, "Gemfile"), "# an application's\n")
    # What is Chatwoot's to run is no step of an application that has no Rails.
    steps = dockerfile.scan(/^RUN (.*?[^\\])$/m).flatten.grep_v(/bundle exec ra(?:ils|ke) /)
    call = ["bundle", "exec", "ruby", "-W0", "-e", CALL]
    steps.any? && steps.all? { |step| Command.run("sh", "-ec", step, dir: app, env: bundle) } &&
      Command.run(*call, dir: app, env: bundle)
  end

  def dockerfile = File.read(File.join(ROOT, "docs/administrators.md"))[/^ {4}FROM .*?(?=^\S)/m].gsub(/^ {4}/, "")

  def bundle
    gem_home.merge("BUNDLE_FORCE_RUBY_PLATFORM" => "true", "BUNDLE_APP_CONFIG" => File.join(@dir, "bundle"),
                   "GEM_HOME" => nil, "GEM_PATH" => nil, "PATH" => "/usr/local/bin:/usr/bin:/bin")
  end

  def gem_home
    home = File.join(@dir, "gems")
    { "GEM_HOME" => home, "GEM_PATH" => home, "RUBYLIB" => nil, "RUBYOPT" => nil, "CARGO_TARGET_DIR" => nil }
  end
end
