# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What is wrong with a connection, and when administrators were told of it last.
    class Notice < ::ActiveRecord::Base
      self.table_name = "krayin_sync_notices"
    end
  end
end
