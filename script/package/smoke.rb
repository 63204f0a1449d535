# frozen_string_literal: true

require "json"
require "tmpdir"
require_relative "tools"
require_relative "../../spec/support/simulated_krayin"

# Installs a platform gem, the newest that fits where none is named, into an empty folder of a system that has a Ruby
# and no Rust, and runs the README's first example there against a simulated Krayin. QEMU runs another processor's.
class Smoke
  # What a system has, and the platform and the emulator that it tells of.
  LOADERS = {
    "lib/ld-musl-x86_64.so.1" => %w[x86_64-linux-musl x86_64],
    "lib/ld-musl-aarch64.so.1" => %w[aarch64-linux-musl aarch64],
    "lib/ld-linux-aarch64.so.1" => %w[aarch64-linux aarch64],
    "lib64/ld-linux-x86-64.so.2" => %w[x86_64-linux x86_64]
  }.freeze
  PLACE = "/tmp/krayin_sync-smoke"
  PARTS = <<~'RUBY'
    require "krayin_sync"
    abort "there is Rust here" if system("cargo --version", out: File::NULL, err: File::NULL)
    KrayinSync.allowed_hosts = ["127.0.0.1"]
    url, token = ARGV
    puts "Ruby #{RUBY_VERSION}, #{RUBY_PLATFORM}: #{$LOADED_FEATURES.grep(/krayin_sync\.(?:so|bundle)\z/).first}"
    abort "parsed wrongly" unless KrayinSync::ExternalId.parse("krayin:person:12") == { "person" => 12 }
  RUBY

  def initialize(system, gem = nil)
    @system = File.expand_path(system)
    # A machine that builds for musl may have its loader beside its own.
    known = LOADERS.select { |file, _| File.exist?(File.join(@system, file)) }.values
    @platform, @processor = @system == "/" ? known.last : known.first
    @processor ||= RbConfig::CONFIG["host_cpu"]
    @gem = gem || newest
  end

  # @return [Boolean]
  def run
    krayin = SimulatedKrayin.new("2.1.0")
    place = File.join(@system, PLACE)
    FileUtils.rm_rf(place)
    FileUtils.mkdir_p(place)
    FileUtils.cp(@gem, place)
    File.write(File.join(place, "example.rb"), PARTS + example)
    FileUtils.cp(emulator, place) if emulator
    inside("-S", "gem", "install", "--local", "--no-document", File.join(PLACE, File.basename(@gem))) &&
      inside(File.join(PLACE, "example.rb"), krayin.url, SimulatedKrayin::TOKEN)
  ensure
    FileUtils.rm_rf(place) if place
    krayin&.stop
  end

  private

  def newest
    Dir[File.join(Tools::ROOT, "pkg/krayin_sync-*-#{@platform}.gem")].max_by { |file| File.mtime(file) } ||
      abort("bin/package: pkg/ has no gem for #{@platform}")
  end

  # @return [String, nil] what runs the system's programs, where this machine cannot
  def emulator
    return if @processor == RbConfig::CONFIG["host_cpu"]

    name = "qemu-#{@processor}-static"
    ENV.fetch("PATH").split(":").map { |folder| File.join(folder, name) }.find { |file| File.executable?(file) } ||
      abort("bin/package: #{name} is missing, of Debian's qemu-user-static")
  end

  # As it stands there, with this Krayin's address.
  def example
    ruby = File.read(File.join(Tools::ROOT, "README.md"))[/^```ruby\n(require "krayin_sync"\n.*?)^```/m, 1]
    here = { '"https://crm.example.com"' => "url", 'ENV.fetch("KRAYIN_TOKEN")' => "token",
             "KrayinSync::ProcessorService" => "outcome = KrayinSync::ProcessorService" }
    ruby = ruby.gsub(Regexp.union(here.keys), here)
    "#{ruby}\nputs outcome\nabort 'not synced' unless outcome[:status] == 'synced'\n"
  end

  # Runs the system's Ruby.
  def inside(*arguments)
    home = "#{PLACE}/gems"
    env = { "GEM_HOME" => home, "GEM_PATH" => home, "PATH" => "/usr/bin:/bin", "LANG" => "C.UTF-8" }
    command = [ruby, *arguments]
    command.unshift(File.join(PLACE, File.basename(emulator))) if emulator
    command.unshift("/usr/sbin/chroot", @system) unless @system == "/"
    Kernel.system(env, *command, unsetenv_others: true)
  end

  def ruby
    found = %w[/usr/local/bin/ruby /usr/bin/ruby].find do |file|
      place = File.join(@system, file)
      File.exist?(place) || File.symlink?(place) # to what is there for the system alone
    end
    found || abort("bin/package: #{@system} has no Ruby")
  end
end
