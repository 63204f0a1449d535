# frozen_string_literal: true

require "json"
require "tmpdir"
require_relative "tools"
require_relative "../../spec/support/simulated_krayin"

# Installs a platform gem, the newest where none is named, into an empty folder of a system that has a Ruby and no Rust,
# and runs the first example of the README there against a simulated Krayin.
class Smoke
  PARTS = <<~'RUBY'
    require "krayin_sync"
    abort "there is Rust here" if system("cargo --version", out: File::NULL, err: File::NULL)
    KrayinSync.allowed_hosts = ["127.0.0.1"]
    url, token = ARGV
    puts "Ruby #{RUBY_VERSION}, #{RUBY_PLATFORM}: #{$LOADED_FEATURES.grep(/krayin_sync\.(?:so|bundle)\z/).first}"
    abort "parsed wrongly" unless KrayinSync::ExternalId.parse("krayin:person:12") == { "person" => 12 }
  RUBY

  def initialize(system, gem = newest)
    @system = File.expand_path(system)
    @gem = gem
  end

  # @return [Boolean]
  def run
    krayin = SimulatedKrayin.new("2.1.0")
    place = File.join(@system, "tmp/krayin_sync-smoke")
    FileUtils.rm_rf(place)
    FileUtils.mkdir_p(place)
    FileUtils.cp(@gem, place)
    File.write(File.join(place, "example.rb"), PARTS + example)
    inside("gem", "install", "--local", "--no-document", File.join("/tmp/krayin_sync-smoke", File.basename(@gem))) &&
      inside("ruby", "/tmp/krayin_sync-smoke/example.rb", krayin.url, SimulatedKrayin::TOKEN)
  ensure
    FileUtils.rm_rf(place) if place
    krayin&.stop
  end

  private

  def newest
    Dir[File.join(Tools::ROOT, "pkg/krayin_sync-*-x86_64-linux.gem")].max_by { |file| File.mtime(file) } ||
      abort("bin/package: pkg/ has no gem for this machine")
  end

  # As it stands there, with this Krayin's address.
  def example
    ruby = File.read(File.join(Tools::ROOT, "README.md"))[/^```ruby\n(require "krayin_sync"\n.*?)^```/m, 1]
    here = { '"https://crm.example.com"' => "url", 'ENV.fetch("KRAYIN_TOKEN")' => "token",
             "KrayinSync::ProcessorService" => "outcome = KrayinSync::ProcessorService" }
    ruby = ruby.gsub(Regexp.union(here.keys), here)
    "#{ruby}\nputs outcome\nabort 'not synced' unless outcome[:status] == 'synced'\n"
  end

  def inside(*command)
    home = "/tmp/krayin_sync-smoke/gems"
    env = { "GEM_HOME" => home, "GEM_PATH" => home, "PATH" => "/usr/bin:/bin", "LANG" => "C.UTF-8" }
    command = ["/usr/sbin/chroot", @system, *command] unless @system == "/"
    Kernel.system(env, *command, unsetenv_others: true)
  end
end
