# frozen_string_literal: true

require "tmpdir"
require_relative "rubies"

# The library of one platform for each Ruby.
class Builder
  # The system that Rust builds for, the oldest glibc that it shall run with (2.17 is the oldest that Rust's own library
  # does), and Debian's name of the processor.
  Target = Struct.new(:triple, :glibc, :architecture) do
    def musl? = glibc.nil?
    def for_zig = [triple, glibc].compact.join(".")
  end
  TARGETS = {
    "x86_64-linux" => Target.new("x86_64-unknown-linux-gnu", "2.17", "amd64"),
    "aarch64-linux" => Target.new("aarch64-unknown-linux-gnu", "2.17", "arm64"),
    "x86_64-linux-musl" => Target.new("x86_64-unknown-linux-musl", nil, "amd64"),
    "aarch64-linux-musl" => Target.new("aarch64-unknown-linux-musl", nil, "arm64")
  }.freeze
  ZIG = %w[ziglang==0.15.2 cargo-zigbuild==0.24.1].freeze

  def initialize(platform, rubies)
    @target = TARGETS[platform]
    @rubies = @target ? rubies : [RUBY_VERSION[/\A\d+\.\d+/]]
  end

  # @return [Hash{String => String}] the library's file by the Ruby's series
  def libraries = @rubies.to_h { |series| [series, library(series)] }

  private

  def library(series)
    puts "Building for #{@target&.for_zig || Tools.host}, Ruby #{series}"
    Tools.run(*command, env: environment(series))
    built = Dir[File.join(folder, "{#{@target&.triple}/,}release/libkrayin_sync.{so,dylib}")].first
    kept = File.join(folder, "krayin_sync-#{series}#{File.extname(built)}")
    FileUtils.cp(built, kept)
    check(kept)
    kept
  end

  def folder = File.join(Tools::KEPT, "build-#{@target&.triple || "here"}")

  def command
    return %w[cargo build --release --locked --package krayin_sync] unless @target

    std = own_std? ? [] : %w[-Zbuild-std=std,panic_unwind]
    ["cargo", "zigbuild", "--release", "--locked", "--package", "krayin_sync", "--target", @target.for_zig, *std]
  end

  # Whether Rust's library for it is installed; else it is built from source, which takes a word to a stable Rust.
  def own_std? = File.directory?(File.join(sysroot, "lib/rustlib", @target.triple, "lib"))

  def sysroot = @sysroot ||= Tools.run("rustc", "--print", "sysroot").chomp

  def environment(series)
    common = { "CARGO_TARGET_DIR" => folder, "RUSTFLAGS" => flags.join(" "),
               "CFLAGS" => "-ffile-prefix-map=#{cargo_home}=/cargo",
               "SOURCE_DATE_EPOCH" => Tools.run("git", "log", "-1", "--format=%ct").chomp }
    return common unless @target

    common["RUBY"] = Rubies.for(series, @target.architecture)
    common["PATH"] = "#{zig}:#{ENV.fetch("PATH")}"
    # The headers of Ruby are read for another system than this.
    common["BINDGEN_EXTRA_CLANG_ARGS_#{@target.triple}"] = headers.map { |folder| "-isystem #{folder}" }.join(" ")
    common.merge!("RUSTC_BOOTSTRAP" => "1", "__CARGO_TESTS_ONLY_SRC_ROOT" => std_source) unless own_std?
    common
  end

  # The paths of this machine are nobody's business, and would differ on another.
  def flags
    paths = { Tools::ROOT => "/krayin_sync", cargo_home => "/cargo", sysroot => "/rust" }
    flags = paths.map { |from, to| "--remap-path-prefix=#{from}=#{to}" }
    # A library that is loaded cannot have the C library linked in, as Rust does on musl.
    flags << "-Ctarget-feature=-crt-static" if @target&.musl?
    flags
  end

  def cargo_home = ENV.fetch("CARGO_HOME", File.expand_path("~/.cargo"))

  def zig
    folder = Tools.once("zig") do |half|
      Tools.run("python3", "-m", "venv", half)
      Tools.run(File.join(half, "bin/pip"), "install", "--quiet", *ZIG)
    end
    # pip writes the folder's first name into its commands.
    File.write(File.join(folder, "bin/zig"), "#!/bin/sh\nexec '#{folder}/bin/python3' -m ziglang \"$@\"\n")
    File.chmod(0o755, File.join(folder, "bin/zig"))
    File.join(folder, "bin")
  end

  # Where zig finds the C library's headers, and what clang itself brings, such as stdarg.h.
  def headers
    said = Tools.run(File.join(zig, "zig"), "cc", "-target", @target.for_zig.sub("unknown-", ""), "-E", "-v", "-x", "c",
                     File::NULL)
    folders = said[/<\.\.\.> search starts here:\n(.*?)End of search/m, 1].split("\n")
    folders.map { |folder| File.expand_path(folder.strip, Tools::ROOT) }
  end

  # Rust's library alone, a workspace of its own: rustup's, or Debian's of the same version.
  def std_source
    rustup = File.join(sysroot, "lib/rustlib/src/rust/library")
    return rustup if File.directory?(rustup)

    version = Tools.rust
    folder = Tools.once("rust-src-#{version}") do |half|
      Debian.unpack(["rust-src"], "all", half, suite: nil, version: version)
    end
    File.join(folder, "usr/src/rustc-#{version}/library")
  end

  def check(file)
    bytes = File.binread(file)
    paths = [Tools::ROOT, cargo_home, Dir.home].uniq.select { |path| path.size > 1 && bytes.include?("#{path}/") }
    abort "bin/package: the library tells paths of this machine: #{paths.join(", ")}" unless paths.empty?
    return unless @target&.glibc

    needs = bytes.scan(/GLIBC_(\d+\.\d+)/).flatten.map { |version| Gem::Version.new(version) }.max
    abort "bin/package: the library needs glibc #{needs}" if needs && needs > Gem::Version.new(@target.glibc)
  end
end
