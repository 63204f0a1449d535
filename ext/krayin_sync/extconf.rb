# frozen_string_literal: true

# Builds the extension when the gem is installed from source, with cargo alone, and leaves nothing of cargo's behind.

require "fileutils"
require "rbconfig"
require "rubygems"
require "tmpdir"

OLDEST = "1.88"
GEM = File.expand_path("../..", __dir__)
CARGO = ENV.fetch("CARGO", "cargo")
LIBRARY = "krayin_sync.#{RbConfig::CONFIG["DLEXT"]}".freeze

def give_up(reason)
  abort "krayin_sync cannot be built: #{reason}"
end

# Cargo runs outside of the gem: its rust-toolchain.toml is for those who develop it.
def cargo_version
  IO.popen([CARGO, "--version"], chdir: Dir.tmpdir, err: File::NULL, &:read)[/\d+\.\d+/]
rescue SystemCallError
  nil
end

def environment(folder)
  # Rust links the C library in on musl, and refuses to make a library that is loaded then.
  musl = "-C target-feature=-crt-static" if RbConfig::CONFIG["host_os"].include?("musl")
  { "CARGO_TARGET_DIR" => folder, "RUBY" => RbConfig.ruby, "RUSTFLAGS" => ENV.fetch("RUSTFLAGS", musl) }
end

def build(folder)
  manifest = File.join(GEM, "Cargo.toml")
  system(environment(folder), CARGO, "build", "--release", "--locked", "--package", "krayin_sync",
         "--manifest-path", manifest, chdir: Dir.tmpdir, in: File::NULL) ||
    give_up("cargo failed, see above. It takes Rust #{OLDEST} or newer, a C compiler and libclang.")
  Dir[File.join(folder, "{,*/}release/libkrayin_sync.{so,dylib}")].max_by { |file| File.mtime(file) } ||
    give_up("cargo made no library")
end

version = cargo_version || give_up("there is no cargo. Install Rust #{OLDEST} or newer, with rustup, and libclang.")
if Gem::Version.new(version) < Gem::Version.new(OLDEST)
  give_up("Rust #{version} is too old, it takes #{OLDEST}: rustup update, and rustup default stable.")
end

Dir.mktmpdir("krayin_sync") { |folder| FileUtils.cp(build(folder), LIBRARY) }

# Who installs says where to by a variable.
File.write("Makefile", <<~MAKE)
  sitearchdir = #{RbConfig::CONFIG["sitearchdir"]}
  all:
  clean:
  install:
  \tmkdir -p "$(DESTDIR)$(sitearchdir)/krayin_sync"
  \tmv -f #{LIBRARY} "$(DESTDIR)$(sitearchdir)/krayin_sync/#{LIBRARY}"
  .PHONY: all clean install
MAKE
