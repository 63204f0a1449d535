# frozen_string_literal: true

# Fills a Chatwoot with contacts that Krayin has already, each with a conversation and a message, all of long ago.
module Crowd
  OLD = "now() - interval '30 days'"

  class << self
    # @param instance [String] which Krayin has them
    def fill(account, inbox, instance, size)
      run(<<~SQL)
        INSERT INTO contacts (name, email, account_id, created_at, updated_at)
        SELECT 'Contact ' || n, 'c' || n || '-#{account.id}@crowd.example', #{account.id}, #{OLD}, #{OLD}
        FROM generate_series(1, #{size}) n
      SQL
      run(<<~SQL)
        INSERT INTO conversations (account_id, inbox_id, contact_id, created_at, updated_at)
        SELECT account_id, #{inbox.id}, id, #{OLD}, #{OLD} FROM contacts WHERE account_id = #{account.id} ORDER BY id
      SQL
      run(<<~SQL)
        INSERT INTO messages (content, account_id, inbox_id, conversation_id, message_type, created_at, updated_at)
        SELECT 'Text', account_id, inbox_id, id, 0, #{OLD}, #{OLD} FROM conversations
        WHERE account_id = #{account.id} ORDER BY id
      SQL
      %w[contact conversation message].each { |kind| link(kind, account, instance) }
    end

    # As if all had been written long ago.
    def age
      run("UPDATE messages SET created_at = #{OLD} WHERE created_at > now() - interval '1 day'")
      %w[contacts conversations].each do |table|
        run("UPDATE #{table} SET updated_at = #{OLD} WHERE updated_at > now() - interval '1 day'")
      end
    end

    def analyze
      %w[contacts conversations messages krayin_sync_links].each { |table| run("VACUUM ANALYZE #{table}") }
    end

    # Of each account so many were written a moment ago, of those that it was filled with.
    def touch(accounts, count)
      accounts.each do |account|
        talks = account.conversations.order(Arel.sql("md5(id::text)")).limit(count).ids
        account.conversations.where(id: talks).update_all("updated_at = now()")
        Contact.where(id: account.conversations.where(id: talks).select(:contact_id)).update_all("updated_at = now()")
        said = Message.unscoped.where(conversation_id: talks)
        KrayinSync::Records::Link.where(kind: "message", record_id: said.ids).delete_all
        said.update_all("created_at = now()")
      end
    end

    def remove(account)
      [Contact, Conversation, Message].each { |table| table.unscoped.where(account_id: account.id).delete_all }
      run("DELETE FROM krayin_sync_links")
    end

    private

    def link(kind, account, instance)
      run(<<~SQL)
        INSERT INTO krayin_sync_links (kind, record_id, instance, state, person_id, seen_at, created_at, updated_at)
        SELECT '#{kind}', id, '#{instance}', 'synced', id, #{OLD}, #{OLD}, #{OLD} FROM #{kind}s
        WHERE account_id = #{account.id}
      SQL
    end

    def run(sql) = ActiveRecord::Base.connection.execute(sql)
  end
end
