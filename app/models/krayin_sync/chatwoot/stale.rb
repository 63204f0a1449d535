# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Which records are not in Krayin as they are now, by what is kept of them.
    module Stale
      class << self
        # What was refused or left out waits for a change of its own.
        # @param records [ActiveRecord::Relation] one that has contacts in it
        # @param kind [String] contact or conversation
        # @return [ActiveRecord::Relation]
        def of(records, kind, hook)
          # The columns' own precision is a second.
          linked(records, kind, hook).where("link.id IS NULL OR link.state = 'waiting' OR link.seen_at IS NULL OR " \
                                            "#{kind}s.updated_at >= date_trunc('second', link.seen_at)")
        end

        # @param kind [String] contact, conversation or message
        # @return [ActiveRecord::Relation] with what its Krayin has of each, as +link+
        def linked(records, kind, hook)
          join = "LEFT JOIN krayin_sync_links link " \
                 "ON link.kind = ? AND link.record_id = #{kind}s.id AND link.instance = ?"
          records.joins(::ActiveRecord::Base.sanitize_sql_array([join, kind, HookSettings.instance(hook)]))
        end
      end
    end
  end
end
