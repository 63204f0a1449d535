# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What is wrong with a connection, and when its administrators were told: once a cause and day, by whichever process
    # sees it first, and once more when it works again.
    class Notice < ::ActiveRecord::Base
      self.table_name = "krayin_sync_notices"

      # Seconds between two looks, and after which a trouble that lasts is told anew.
      EVERY = 60
      DAY = 86_400
      # Whose end is somebody's doing, who knows of it.
      ENDED_BY_PERSON = %w[backfill_stopped].freeze

      class << self
        # Looks at each connection, if nobody has of late. Every process of Sidekiq's does at every beat.
        # @return [void]
        def look
          return unless table_exists? && RedisStore.call("SET", RedisStore.key("noticed"), "1", "NX", "EX", EVERY)

          HookSettings.hooks.each do |hook|
            Intake.guard("nobody looked what to tell of hook #{hook.id}") { look_at(hook) }
          end
        end

        # @param hook [Integrations::Hook]
        # @return [void]
        def look_at(hook)
          troubles = Trouble.of(hook)
          troubles.each { |cause, since| found(hook, cause, since) }
          where(hook_id: hook.id, over_at: nil).where.not(cause: troubles.keys).find_each { |one| one.over(hook) }
        end

        private

        def found(hook, cause, since)
          insert_all([{ hook_id: hook.id, cause: cause, since: since }])
          find_by!(hook_id: hook.id, cause: cause).lasts(hook, since)
        end
      end

      # Two that see it at the same moment tell once: whoever has the row tells, and then says so.
      # @param since [Time]
      # @return [void]
      def lasts(hook, since)
        with_lock do
          # Another time: of the day's telling it is part all the same.
          update!(since: since, over_at: nil) if over_at
          next if told_at && told_at > Time.now.utc - DAY

          update!(told_at: Time.now.utc)
          tell(hook)
        end
      end

      # @return [void]
      def over(hook)
        with_lock do
          next if over_at

          update!(over_at: Time.now.utc)
          tell(hook, over: true) if told_at && told_at >= since && !hook.disabled? && !ENDED_BY_PERSON.include?(cause)
        end
      end

      private

      def tell(hook, over: false)
        # The small host has no mail.
        return unless NoticeMailer.respond_to?(:with)

        NoticeMailer.with(account: hook.account).notice(hook.id, cause, since.utc.iso8601, over).deliver_later
      end
    end
  end
end
