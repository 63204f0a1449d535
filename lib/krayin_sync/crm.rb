# frozen_string_literal: true

# The same module under the seed's name. Inside Rails the engine gives it.
module Crm
  Krayin = KrayinSync
end
