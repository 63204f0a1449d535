# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What is wrong with a connection that administrators are told of, and since when. Nothing is asked of Krayin.
    module Trouble
      # Seconds for which a Krayin may be away before anybody is told.
      PATIENCE = 3600
      # Of as many events at least, of this hour and the one before, as many in a hundred are refused.
      LEAST = 20
      REFUSED = 5

      class << self
        # @param hook [Integrations::Hook]
        # @return [Hash{String => Time}] by cause: refused, down, many_refused, backfill_stopped
        def of(hook)
          return {} if hook.disabled?

          { **connection(hook), "many_refused" => many_refused(hook), "backfill_stopped" => backfill(hook) }.compact
        end

        private

        # A refusal is for a person to mend, at once; all else may pass by itself.
        def connection(hook)
          told = time(hook.settings.to_h["setup_error_at"]) if hook.settings.to_h["setup_error"]
          return { "refused" => told } if told && hook.reauthorization_required?

          since = [told, Breaker.new(RedisStore.connection_id(hook.settings)).open_since].compact.min
          since && since < Time.now - PATIENCE ? { "down" => since } : {}
        end

        def many_refused(hook)
          return unless HourCount.table_exists?

          hour = Time.now.utc.change(min: 0)
          counted = HourCount.where(hook_id: hook.id, name: "events").where("hour >= ?", hour - 3600)
          counts = counted.group(:part).sum(:count)
          all = counts.values.sum
          return unless all >= LEAST && counts["refused"].to_i * 100 > all * REFUSED

          counted.where(part: "refused").minimum(:hour)
        end

        def backfill(hook)
          run = Backfill.of(hook) if Backfill.table_exists?
          run.updated_at if run&.state == "stopped"
        end

        def time(text)
          text && ::Time.iso8601(text.to_s)
        rescue ArgumentError
          nil
        end
      end
    end
  end
end
