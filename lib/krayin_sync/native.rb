# frozen_string_literal: true

module KrayinSync
  # The Rust side. RubyGems before 3.4.6 puts the library one folder higher than later ones.
  begin
    require_relative "krayin_sync"
  rescue LoadError => e
    begin
      require "krayin_sync.#{RbConfig::CONFIG["DLEXT"]}"
    rescue LoadError
      raise LoadError, "The native library of krayin_sync is not there (#{e.message}). In a checkout, run bin/setup; " \
                       "for an installed gem, `gem pristine krayin_sync` builds it, with Rust and libclang installed."
    end
  end
end
