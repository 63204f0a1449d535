# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # The hooks of this process's jobs, with their accounts: read anew only where either row has been written since.
    # Both are wide, and come again with every job. Who reads a record can ask for the version in the same statement.
    module KnownHook
      # PostgreSQL's own name of a row's version; whoever writes it, by whatever means, makes another.
      VERSION = <<~SQL.squish.freeze
        SELECT concat_ws(' ', hooks.xmin, hooks.ctid, accounts.xmin, accounts.ctid) FROM integrations_hooks hooks
        JOIN accounts ON accounts.id = hooks.account_id WHERE hooks.id = %<id>d
      SQL

      # One that was remembered is no longer as it was.
      class Changed < StandardError; end

      Known = Struct.new(:version, :hook, :wanted) do
        include Opaque

        # @param found [String, nil] the version that it has now
        # @raise [Changed]
        def check(found) = found == version || raise(Changed)
      end
      private_constant :Known

      @known = Remembered.new(256)

      class << self
        # @param id [Integer]
        # @return [Integrations::Hook, nil] to be read alone; nothing where it is gone, disabled or not allowed
        def wanted(id)
          version = ::Integrations::Hook.connection.select_value(format(VERSION, id: id), "KrayinSync hook")
          return forget(id) unless version

          known = @known[id]
          known = remember(id, version) unless known&.version == version
          known.hook if known&.wanted
        end

        # @return [#hook, #check, nil] one that was set up when it was last read
        def remembered(id)
          known = @known[id]
          known if known&.wanted && known.hook.settings["traits"]
        end

        private

        def forget(id)
          @known.forget(id)
          nil
        end

        def remember(id, version)
          hook = ::Integrations::Hook.eager_load(:account).find_by(id: id)
          return forget(id) unless hook

          @known[id] = Known.new(version, hook, HookSettings.wanted?(hook))
        end
      end
    end
  end
end
