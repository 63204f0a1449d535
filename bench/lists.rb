# frozen_string_literal: true

require "time"
require_relative "../spec/whole/support/whole_chatwoot"

# How long each list of the pages takes in a whole Chatwoot, where an account has very many records:
# `ruby bench/lists.rb`, or with WHOLE_CHATWOOT as the examples have it. RECORDS says how many contacts there are, and
# conversations, LINES how many lines the log has.
class ListsBench
  include WholeChatwoot::Steps

  RECORDS = Integer(ENV.fetch("RECORDS", 100_000))
  LINES = Integer(ENV.fetch("LINES", 1_000_000))
  ROUNDS = 5

  FILL = <<~RUBY
    database = ActiveRecord::Base.connection
    database.execute("SET statement_timeout = 0")
    database.execute(<<~SQL)
      INSERT INTO contacts (name, email, phone_number, account_id, created_at, updated_at)
      SELECT 'Person ' || md5(n::text), 'p' || n || '@lists.example', '+1' || (2000000000 + n), \#{account}, now(), now()
      FROM generate_series(1, \#{records}) n
    SQL
    inbox = Inbox.where(account_id: account).first.id
    database.execute(<<~SQL)
      INSERT INTO conversations (account_id, inbox_id, contact_id, uuid, status, created_at, updated_at)
      SELECT account_id, \#{inbox}, id, gen_random_uuid(), 0, now(), now() FROM contacts WHERE account_id = \#{account}
    SQL
    state = "CASE WHEN record.id % 20 = 0 THEN 'refused' WHEN record.id % 50 = 1 THEN 'skipped' " \\
            "WHEN record.id % 500 = 2 THEN 'doubtful' ELSE 'synced' END"
    { "contact" => "contacts", "conversation" => "conversations" }.each do |kind, table|
      database.execute(<<~SQL)
        INSERT INTO krayin_sync_links (kind, record_id, instance, state, reason_code, reason_params, person_id, seen_at,
                                       created_at, updated_at)
        SELECT '\#{kind}', id, '\#{instance}', state, CASE state WHEN 'synced' THEN NULL WHEN 'refused' THEN 'values_refused'
          WHEN 'skipped' THEN 'no_identity' ELSE 'doubtful' END,
          CASE state WHEN 'refused' THEN '{"fields": ["name"]}'::jsonb ELSE '{}' END, id, now(), now(), now()
        FROM (SELECT record.id, \#{state} AS state FROM \#{table} record WHERE account_id = \#{account}) AS filled
      SQL
    end
    hook = Integrations::Hook.find_by!(account_id: account, app_id: "krayin").id
    first = Contact.where(account_id: account).minimum(:id)
    database.execute(<<~SQL)
      INSERT INTO krayin_sync_log_lines (hook_id, at, kind, record_id, contact_id, conversation_id, event, status, codes, wrote,
                                         requests, duration_ms)
      SELECT \#{hook}, now() - (30 * 86400 * (1 - n / \#{lines}.0)) * interval '1 second', 'contact', record, record, NULL,
        'contact.updated', CASE WHEN n % 50000 = 7 THEN 'refused' ELSE 'synced' END,
        CASE WHEN n % 50000 = 7 THEN '[{"code": "values_refused", "params": {"fields": ["name"]}}]'::jsonb ELSE '[]' END,
        '["lead"]', 2, 140
      FROM (SELECT n, \#{first} + n % \#{records} AS record FROM generate_series(1, \#{lines}) n) AS lines
    SQL
    # What an hour mostly has: two dozen numbers, for a year.
    database.execute(<<~SQL)
      INSERT INTO krayin_sync_hours (hook_id, hour, name, part, count)
      SELECT \#{hook}, date_trunc('hour', now()) - h * interval '1 hour', name, part, 7
      FROM generate_series(0, 8759) h CROSS JOIN (SELECT * FROM (VALUES ('events'), ('created'), ('failures'), ('delay'), ('leads_inbox'),
        ('persons_inbox'), ('requests'), ('to_lead')) AS names (name) CROSS JOIN (VALUES ('1'), ('2'), ('5')) AS parts (part)) AS numbers
    SQL
    %w[contacts conversations krayin_sync_links krayin_sync_log_lines krayin_sync_hours].each { |table| database.execute("VACUUM ANALYZE \#{table}") }
    1
  RUBY

  MEASURE = <<~RUBY
    hook = Integrations::Hook.find_by!(account_id: account, app_id: "krayin")
    took = lambda do |work|
      Array.new(rounds) do
        began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
        work.call
        ((Process.clock_gettime(Process::CLOCK_MONOTONIC) - began) * 1000).round(1)
      end.sort[rounds / 2]
    end
    lists = asked.to_h do |given|
      given = given.transform_keys(&:to_sym)
      [given.to_a.flatten.join(" "), took.call(-> { KrayinSync::Chatwoot::LinkList.new(hook, **given).page })]
    end
    middle = KrayinSync::Records::Link.where(kind: "contact").order(:id).offset(records / 2).pick(:id)
    lists["the page in the middle"] = took.call(-> { KrayinSync::Chatwoot::LinkList.new(hook, after: middle).page })
    lists["counts"] = took.call(-> { KrayinSync::Chatwoot::LinkCounts.of(hook) })
    analytics = KrayinSync::Chatwoot::Analytics
    lists["standing"] = took.call(-> { KrayinSync::Chatwoot::Standing.new(hook).to_h })
    logs.each do |given|
      given = given.transform_keys(&:to_sym)
      log = -> { KrayinSync::Chatwoot::LogList.new(hook, **given).page }
      lists["log \#{given.to_a.flatten.join(" ")}".strip] = took.call(log)
    end
    line = KrayinSync::Chatwoot::LogLine.where(hook_id: hook.id).order(:at, :id).offset(lines / 2).first
    after = "\#{(line.at.to_i * 1_000_000) + line.at.usec}-\#{line.id}"
    lists["log, the page in the middle"] = took.call(-> { KrayinSync::Chatwoot::LogList.new(hook, after: after).page })
    lists["analytics of a year"] = took.call(-> { analytics.new(hook, from: (Date.today - 364).iso8601).to_h })
    shared = account_of_another.call
    lists["counts, where another account has the same Krayin"] = took.call(-> { KrayinSync::Chatwoot::LinkCounts.of(hook) })
    shared.destroy!
    lists
  RUBY

  ASKED = [
    {}, { kind: "conversation" }, { state: "synced" }, { state: "refused" }, { state: "doubtful" }, { state: "absent" },
    { state: "refused", reason: "values_refused" }, { state: "refused", reason: "no_identity" }, { reason: "doubtful" },
    { search: "person" }, { search: "nobody at all" }, { search: "p77777@lists" }, { search: "20000012" },
    { search: "4711" }, { search: "ab" }, { search: "zq" }, { search: "zqx" }, { search: "ab", state: "refused" },
    { kind: "conversation", search: "p77777@lists" }, { kind: "conversation", search: "ab" },
    { kind: "conversation", search: "abc" }, { kind: "conversation", search: "zqx" },
    { kind: "conversation", search: "4711" }, { kind: "conversation", state: "absent" }
  ].freeze

  DAY = { from: (Time.now.utc - (10 * 86_400)).iso8601, to: (Time.now.utc - (9 * 86_400)).iso8601 }.freeze
  LOGS = [
    {}, { failed: "true" }, DAY, { **DAY, failed: "true" }, { contact: "p77777@lists" }, { contact: "4711" },
    { contact: "person" }, { contact: "nobody at all" }, { contact: "person", failed: "true" },
    { contact: "p77777@lists", **DAY }, { contact: "ab" }
  ].freeze

  def run
    WholeChatwoot.start
    @krayin = Krayin.new(WholeChatwoot.servers, "lists", throttle: false)
    @desk = connected_desk("Lists", @krayin)
    instance = @desk.hook.dig("settings", "traits", "instance")
    inside(FILL, account: @desk.account, records: RECORDS, lines: LINES, instance: instance)
    told = inside(with_another, account: @desk.account, asked: ASKED, logs: LOGS, rounds: ROUNDS, records: RECORDS,
                                lines: LINES)
    puts "#{RECORDS} contacts, as many conversations, #{LINES} lines of the log; medians of #{ROUNDS}, ms"
    told.sort_by { |_, took| -took }.each { |name, took| puts format("%8.1f  %s", took, name.empty? ? "all" : name) }
    told.values.max
  ensure
    disconnect(@desk) if @desk
    @krayin&.stop
    WholeChatwoot.stop
  end

  private

  def with_another
    <<~RUBY + MEASURE
      account_of_another = lambda do
        settings = Integrations::Hook.find_by!(account_id: account, app_id: "krayin").settings
        other = Account.create!(name: "Another")
        row = { account_id: other.id, app_id: "krayin", status: 0, settings: settings, created_at: Time.current,
                updated_at: Time.current }
        Integrations::Hook.find(Integrations::Hook.insert!(row).rows.first.first)
      end
    RUBY
  end
end

ListsBench.new.run if $PROGRAM_NAME == __FILE__
