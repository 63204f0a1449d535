# frozen_string_literal: true

require_relative "lib/krayin_sync/version"

Gem::Specification.new do |spec|
  spec.name = "krayin_sync"
  spec.version = KrayinSync::VERSION
  spec.authors = ["The krayin_sync authors"]
  spec.summary = "Keeps a Krayin CRM in step with Chatwoot"
  spec.description = "Contacts, conversations and messages of Chatwoot appear in Krayin CRM as persons, leads, " \
                     "organizations and activities: each exactly once, never on the wrong record, no event lost."
  spec.license = "MIT"
  spec.metadata = { "allowed_push_host" => Gem::DEFAULT_HOST, "rubygems_mfa_required" => "true" }

  spec.required_ruby_version = ">= 3.1"
  spec.required_rubygems_version = ">= 3.3"
  # No part of Ruby itself from 3.5 on.
  spec.add_dependency "logger", "~> 1.4"

  tracked =
    begin
      IO.popen(%w[git ls-files -z], chdir: __dir__, err: IO::NULL, &:read).split("\0")
    rescue Errno::ENOENT
      []
    end
  tracked = Dir.glob("**/*", base: __dir__).select { |path| File.file?(File.join(__dir__, path)) } if tracked.empty?

  # Cargo wants the manifest of every member of the workspace. The simulator and the tests are packed by their manifests
  # alone, so that the one Cargo.lock holds for the packed workspace too.
  packed = %r{\A(?:(?:README|CHANGELOG|SECURITY)\.md|docs/.+\.md|LICENSE|Cargo\.(?:toml|lock)|
                   (?:crates/\w+|bench|tests)/Cargo\.toml|bin/krayin-sync|
                   (?:lib|app|config|public|sig|ext|crates/krayin_core/src)/.+)\z}x
  spec.files = tracked.grep(packed).reject { |path| path.end_with?(".so", ".bundle") }
  spec.bindir = "bin"
  spec.executables = ["krayin-sync"]
  spec.require_paths = ["lib"]
  spec.extensions = ["ext/krayin_sync/extconf.rb"]
end
