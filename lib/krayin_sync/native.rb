# frozen_string_literal: true

require_relative "version"

module KrayinSync
  # The Rust side.
  module Native
    # Which library is the one for this Ruby, and whether it belongs to these Ruby files.
    module Library
      FILE = "krayin_sync.#{RbConfig::CONFIG["DLEXT"]}".freeze
      SERIES = RUBY_VERSION[/\A\d+\.\d+/].freeze
      SETUP = File.expand_path("../../bin/setup", __dir__)

      class << self
        def load
          file = there
          bring_in(file)
          built = Native.const_get(:VERSION, false)
          if built != KrayinSync::VERSION
            raise LoadError, "The native library of krayin_sync is of version #{built}, its Ruby files are of " \
                             "#{KrayinSync::VERSION}. #{remedy}"
          end
          warn "krayin_sync: the native library is older than its sources. Run bin/setup." if file && outdated?(file)
        end

        private

        # A gem that needs no Rust has one for each Ruby; what was built here is beside this file.
        def there = [File.join(__dir__, SERIES, FILE), File.join(__dir__, FILE)].find { |file| File.file?(file) }

        # An installation may keep what was built apart from what was not (install_extension_in_lib: false).
        def bring_in(file)
          require(file || "krayin_sync/#{FILE}")
        rescue LoadError => e
          raise LoadError, "The native library of krayin_sync cannot be loaded by Ruby #{RUBY_VERSION} on " \
                           "#{RUBY_PLATFORM} (#{e.message.lines.first.chomp}). #{remedy}"
        end

        # In a checkout alone: an installed gem is built from what it came with.
        def outdated?(file)
          return false unless File.file?(SETUP)

          built = File.mtime(file)
          sources = Dir[File.expand_path("../../{ext/krayin_sync,crates/krayin_core}/src/**/*.rs", __dir__)]
          sources.any? { |source| File.mtime(source) > built }
        end

        def remedy
          return "Run bin/setup." if File.file?(SETUP)

          series = Dir[File.join(__dir__, "*.*", FILE)].map { |file| File.basename(File.dirname(file)) }.sort
          if series.empty?
            "`gem pristine krayin_sync` builds it again, with Rust and libclang installed."
          else
            "This gem has it for Ruby #{series.join(", ")}. For another Ruby or system install the gem that is built " \
              "where it runs, with Rust and libclang: gem install krayin_sync --platform ruby."
          end
        end
      end
    end
    private_constant :Library

    Library.load
  end
end
