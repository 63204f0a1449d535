# frozen_string_literal: true

# The same module under the seed's name. Inside Rails `Crm` is the host's to load, and to unload on every reload.
if defined?(Rails::Railtie)
  module KrayinSync
    class CrmAlias < Rails::Railtie
      config.to_prepare do
        crm = "Crm".safe_constantize || Object.const_set(:Crm, Module.new)
        crm.const_set(:Krayin, KrayinSync) unless crm.const_defined?(:Krayin, false)
      end
    end
  end
else
  module Crm
    Krayin = KrayinSync
  end
end
