# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A row that stands for work through all that there is, one at a time of a Krayin: who comes after a killed process
    # goes on where it was. It has a +NotPossible+, and says by +UNDERWAY+ that there is one already.
    module Run
      extend ::ActiveSupport::Concern

      # What is named of each kind of what it found.
      NAMED = 100

      class_methods do
        # @return [Run, nil] the last of a connection
        def of(hook) = where(hook_id: hook.id).order(:id).last

        private

        # @raise [NotPossible]
        def ready(hook)
          not_possible("Its table is missing: run rails generate krayin_sync:install and migrate.") unless table_exists?
          not_possible("The connection is disabled: enable it first.") if hook.disabled?
          return if HookSettings.instance(hook)

          not_possible("The connection's set-up has not ended: wait for it, or look with krayin_sync:doctor.")
        end

        # @yieldparam run [Run] for what is to be there with it
        def create_one(hook, **columns)
          transaction do
            instance = HookSettings.instance(hook)
            run = create!(account_id: hook.account_id, hook_id: hook.id, instance: instance, **columns)
            yield run if block_given?
            run
          end
        rescue ::ActiveRecord::RecordNotUnique
          not_possible(self::UNDERWAY)
        end

        def not_possible(words) = raise(self::NotPossible, words)
      end

      # @param more [Hash{String => Array}] by kind
      # @return [Hash{String => Array}] the examples with these
      def examples_and(more)
        examples.merge(more) { |_, known, added| known + added }.transform_values { |all| all.first(NAMED) }
      end
    end
  end
end
