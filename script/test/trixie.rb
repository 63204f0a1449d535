# frozen_string_literal: true

require "digest"
require "fileutils"
require_relative "command"
require_relative "specs"

# RSpec files in a Debian 13 of their own: a newer Ruby, Rails and Sidekiq than this machine's, or a newer Ruby still,
# of Debian's experimental. The system is kept under target/, the extension is built in it, and what it mounts goes with
# the process that mounted it.
class Trixie
  SYSTEM = File.join(ROOT, "target/trixie")
  BUILT = File.join(ROOT, "target/trixie-build")
  READY = File.join(SYSTEM, "ready")
  PACKAGES = %w[
    build-essential ca-certificates libclang-dev procps ruby ruby-dev ruby-httparty ruby-pg ruby-rails ruby-redis
    ruby-rspec ruby-sidekiq ruby-webmock postgresql redis-server
  ].freeze
  UNREACHABLE = /Failed getting release file|Couldn't download|Could not (?:resolve|connect)|Temporary failure|404/

  # The mounts are this process's alone; the toolchain is the machine's.
  ENTER = <<~'SH'
    set -euo pipefail
    system=$1 repository=$2 built=$3 commands=$4
    shift 4
    mkdir -p "$system$repository" "$system/opt/cargo" "$system/opt/rustup"
    mount -t proc proc "$system/proc"
    mount --rbind /dev "$system/dev"
    mount --bind "$repository" "$system$repository"
    mount --bind "${CARGO_HOME:-$HOME/.cargo}" "$system/opt/cargo"
    mount --bind "${RUSTUP_HOME:-$HOME/.rustup}" "$system/opt/rustup"
    extension=$repository/lib/krayin_sync/krayin_sync.so
    [ ! -f "$built/release/libkrayin_sync.so" ] || mount --bind "$built/release/libkrayin_sync.so" "$system$extension"
    cp /etc/resolv.conf "$system/etc/resolv.conf"
    exec env --ignore-environment HOME=/root LANG=C.UTF-8 CARGO_HOME=/opt/cargo RUSTUP_HOME=/opt/rustup \
      CARGO_TARGET_DIR="$built" CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
      CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 RUSTUP_AUTO_INSTALL=0 DEBIAN_FRONTEND=noninteractive \
      PATH="$commands:/opt/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
      chroot "$system" sh -c 'cd "$1" && shift && exec "$@"' sh "$repository" "$@"
  SH

  # Each pattern's files are a run of their own.
  #
  # @param ruby [String, nil] the series of a Ruby beside the system's own
  def initialize(*patterns, ruby: nil)
    @ruby = ruby
    @specs = patterns.map do |pattern|
      Specs.new(pattern, within: method(:inside), report_in: File.join(ROOT, "target"))
    end
  end

  def there? = @specs.all?(&:there?)

  def run
    reason = excuse
    reason ? skipped(reason) : alone { run_specs }
  end

  # @param place [String] where the library for the system's Ruby goes, without what is for specs alone
  # @return [Boolean] false where there is no such system
  def library(place)
    return false if excuse

    alone do
      there = install == true && build(features: [])
      FileUtils.cp(File.join(BUILT, "release/libkrayin_sync.so"), place) if there
      there
    end
  end

  # Rails is there for the system's own Ruby alone.
  VERSIONS = <<~'RUBY'
    print "Ruby #{RUBY_VERSION}"
    begin
      require "rails"
      require "sidekiq"
      print ", Rails #{Rails.version}, Sidekiq #{Sidekiq::VERSION}"
    rescue LoadError
      nil
    end
    puts
  RUBY

  private

  # There is one system and one place to build in, for the suites of both lanes.
  def alone
    FileUtils.mkdir_p(File.dirname(SYSTEM))
    File.open("#{SYSTEM}.lock", File::CREAT | File::RDWR) do |lock|
      lock.flock(File::LOCK_EX)
      yield
    end
  end

  def run_specs
    there = install
    there = install_ruby if there == true
    return skipped("the packages cannot be had: is there a network?") if there == :unreachable
    return Tally.new(failed: 1) unless there && build

    Command.run(*inside("ruby", "-e", VERSIONS))
    @specs.sum(Tally.new, &:run)
  end

  def excuse
    return "it needs root" unless Process.uid.zero?
    return "it needs debootstrap" unless File.executable?("/usr/sbin/debootstrap")

    "mounts are not allowed here" unless system("unshare", "--mount", "true", err: File::NULL)
  end

  def skipped(reason)
    puts "skipped: #{reason}"
    Tally.new(skipped: 1, excused: true)
  end

  def ready = Digest::SHA256.hexdigest(PACKAGES.join(" "))

  # @return [Boolean, :unreachable]
  def install
    return true if File.file?(READY) && File.read(READY) == ready

    puts "Installing Debian 13 into #{SYSTEM}"
    FileUtils.rm_rf(SYSTEM) unless File.file?(READY)
    commands = []
    commands << ["debootstrap", "--variant=minbase", "trixie", SYSTEM] unless File.file?(READY)
    commands << inside("apt-get", "--quiet", "update")
    commands << inside("apt-get", "--quiet", "--yes", "install", "--no-install-recommends", *PACKAGES)
    done = carry_out(commands)
    File.write(READY, ready) if done == true
    done
  end

  # A Ruby of Debian's experimental, whose commands come first where it is asked for.
  def install_ruby
    return true if !@ruby || File.executable?(File.join(SYSTEM, commands, "ruby"))

    puts "Installing Ruby #{@ruby} of Debian's experimental"
    install = %w[apt-get --quiet --yes install --no-install-recommends --target-release experimental]
    done = carry_out([inside("sh", "-ec", ADD_EXPERIMENTAL), inside("apt-get", "--quiet", "update"),
                      inside(*install, "ruby#{@ruby}", "ruby#{@ruby}-dev")])
    write_commands if done == true
    done
  end

  # A mirror may lag behind; what it has is signed all the same.
  ADD_EXPERIMENTAL = <<~'SH'
    sed 's/trixie/experimental/' /etc/apt/sources.list > /etc/apt/sources.list.d/experimental.list
    echo 'Acquire::Check-Valid-Until "false";' > /etc/apt/apt.conf.d/90mirror
  SH

  def write_commands
    folder = File.join(SYSTEM, commands)
    FileUtils.mkdir_p(folder)
    { "rspec" => "ruby#{@ruby} /usr/bin/rspec", "ruby" => "ruby#{@ruby}" }.each do |name, command|
      File.write(File.join(folder, name), "#!/bin/sh\nexec /usr/bin/#{command} \"$@\"\n")
      File.chmod(0o755, File.join(folder, name))
    end
  end

  def commands = "/opt/ruby-#{@ruby || "own"}"

  # @return [Boolean, :unreachable]
  def carry_out(commands)
    commands.each do |command|
      said = +""
      next if Command.run(*command, quiet: true) { |line| said << line }

      return :unreachable if said.match?(UNREACHABLE)

      puts said.lines.last(20)
      return false
    end
    true
  end

  def build(features: ["panic_on_purpose"])
    Command.run(*inside("cargo", "build", "--release", "--locked", "--offline", "--quiet", "--package", "krayin_sync",
                        "--features", features.join(",")))
  end

  # The command that runs another in there. What it leaves behind ends with it.
  def inside(*command)
    ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-c", ENTER, "enter", SYSTEM, ROOT, BUILT,
     commands, *command]
  end
end
