# frozen_string_literal: true

module KrayinSync
  VERSION = "0.1.0"
end
