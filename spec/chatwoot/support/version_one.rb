# frozen_string_literal: true

# Fills a Chatwoot with what version 0.1 of the gem kept beside its records, in that version's form.
module VersionOne
  KEPT = <<~SQL
    jsonb_build_object('ids', %<ids>s, 'at', '2026-11-24T07:28:44.123456', 'kept', jsonb_build_object(
      'ids', %<ids>s, 'server', '%<server>s', 'sent', %<sent>s)::text)
  SQL
  SERVER = "0123456789ab"

  class << self
    # @return [Account] with so many contacts, each with a conversation and two messages
    def fill(account, inbox, count)
      people(account, count)
      conversations(account, inbox)
      messages(account, inbox)
    end

    private

    def people(account, count)
      kept = format(KEPT, server: SERVER, ids: "'krayin:person:' || n || '|krayin:lead:' || n",
                          sent: "jsonb_build_object('name', '9ce48422e8d7', 'email', '9ce48422e8d7')")
      run(<<~SQL)
        INSERT INTO contacts (name, email, phone_number, account_id, additional_attributes, created_at, updated_at)
        SELECT 'Contact ' || n, 'contact' || n || '@v1.example', '+1415' || lpad(n::text, 7, '0'), #{account.id},
          jsonb_build_object('company_name', 'Company ' || n, 'external', jsonb_build_object('krayin', #{kept})), now(), now()
        FROM generate_series(1, #{count}) n
      SQL
    end

    def conversations(account, inbox)
      kept = format(KEPT, server: SERVER, ids: "'krayin:activity:' || contacts.id",
                          sent: "jsonb_build_object('activity', '9ce48422e8d7', 'link', '9ce48422e8d7')")
      run(<<~SQL)
        INSERT INTO conversations (account_id, inbox_id, contact_id, additional_attributes, created_at, updated_at)
        SELECT #{account.id}, #{inbox.id}, id, jsonb_build_object('mail_subject', 'Order', 'krayin_activity_id', id,
          'krayin', #{kept}), now(), now()
        FROM contacts WHERE account_id = #{account.id}
      SQL
    end

    def messages(account, inbox)
      kept = format(KEPT, server: SERVER, sent: "'{}'::jsonb",
                          ids: "'krayin:activity:' || (1000000 + conversations.id * 2 + n)")
      run(<<~SQL)
        INSERT INTO messages (content, account_id, inbox_id, conversation_id, message_type, additional_attributes,
          created_at, updated_at)
        SELECT 'Text', #{account.id}, #{inbox.id}, conversations.id, 0, jsonb_build_object('krayin', #{kept}), now(), now()
        FROM conversations, generate_series(0, 1) n WHERE account_id = #{account.id}
      SQL
    end

    def run(sql) = ActiveRecord::Base.connection.execute(sql)
  end
end
