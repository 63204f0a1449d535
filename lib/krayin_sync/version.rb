# frozen_string_literal: true

module KrayinSync
  VERSION = "0.2.0"
end
