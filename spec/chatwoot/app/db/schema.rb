# frozen_string_literal: true

require "erb"

# The columns of Chatwoot 4.15 that the sync or this app touches, with their types and precisions.
ActiveRecord::Schema.define(version: 2026_06_11_184600) do
  stamps = lambda do |t, precision: nil|
    t.datetime "created_at", precision: precision, null: false
    t.datetime "updated_at", precision: precision, null: false
  end

  create_table "accounts", id: :serial, force: :cascade do |t|
    t.string "name", null: false
    t.string "locale", default: "en"
    t.bigint "feature_flags", default: 0, null: false
    stamps[t]
  end

  create_table "contacts", id: :serial, force: :cascade do |t|
    %w[name middle_name last_name location country_code].each { |name| t.string name, default: "" }
    %w[email phone_number identifier].each { |name| t.string name }
    t.integer "account_id", null: false
    t.jsonb "additional_attributes", default: {}
    t.jsonb "custom_attributes", default: {}
    t.datetime "last_activity_at", precision: nil
    t.integer "contact_type", default: 0
    t.boolean "blocked", default: false, null: false
    stamps[t]
    t.index %w[email account_id], name: "uniq_email_per_account_contact", unique: true
    t.index %w[identifier account_id], name: "uniq_identifier_per_account_contact", unique: true
    t.index %w[account_id], name: "index_contacts_on_account_id"
    t.index %w[account_id contact_type], name: "index_contacts_on_account_id_and_contact_type"
    t.index %w[account_id last_activity_at], name: "index_contacts_on_account_id_and_last_activity_at",
                                             order: { last_activity_at: "DESC NULLS LAST" }
    t.index %w[phone_number account_id], name: "index_contacts_on_phone_number_and_account_id"
  end

  create_table "contact_inboxes", force: :cascade do |t|
    t.bigint "contact_id"
    t.bigint "inbox_id"
    t.text "source_id", null: false
    t.boolean "hmac_verified", default: false
    t.string "pubsub_token"
    stamps[t, precision: 6]
    t.index %w[inbox_id source_id], unique: true
    t.index %w[contact_id]
  end

  create_table "inboxes", id: :serial, force: :cascade do |t|
    t.integer "channel_id", null: false
    t.integer "account_id", null: false
    t.string "name", null: false
    t.string "channel_type"
    t.string "timezone", default: "UTC"
    stamps[t]
  end

  %w[
    channel_web_widgets channel_api channel_facebook_pages channel_instagram channel_line channel_sms channel_telegram
    channel_tiktok channel_twilio_sms channel_twitter_profiles channel_whatsapp
  ].each do |name|
    create_table name, force: :cascade do |t|
      t.integer "account_id", null: false
      stamps[t, precision: 6]
    end
  end

  add_column "channel_twilio_sms", "medium", :integer, default: 0

  create_table "channel_email", force: :cascade do |t|
    t.integer "account_id", null: false
    t.string "email", null: false
    stamps[t, precision: 6]
  end

  create_table "conversations", id: :serial, force: :cascade do |t|
    t.integer "account_id", null: false
    t.integer "inbox_id", null: false
    t.integer "status", default: 0, null: false
    t.integer "assignee_id"
    t.bigint "contact_id"
    t.integer "display_id", null: false
    t.jsonb "additional_attributes", default: {}
    t.jsonb "custom_attributes", default: {}
    t.bigint "contact_inbox_id"
    t.datetime "last_activity_at", precision: nil, default: -> { "CURRENT_TIMESTAMP" }, null: false
    t.bigint "team_id"
    t.bigint "campaign_id"
    t.datetime "snoozed_until", precision: nil
    t.datetime "first_reply_created_at", precision: nil
    t.integer "priority"
    t.datetime "waiting_since", precision: 6
    t.text "cached_label_list"
    t.bigint "assignee_agent_bot_id"
    stamps[t]
    t.index %w[account_id display_id], unique: true
    t.index %w[account_id id], name: "index_conversations_on_id_and_account_id"
    t.index %w[account_id]
    t.index %w[contact_id]
    t.index %w[inbox_id]
    t.index %w[status account_id]
  end

  execute <<~SQL
    CREATE OR REPLACE FUNCTION conversations_before_insert_row_tr() RETURNS trigger AS $$
    BEGIN
      NEW.display_id := nextval('conv_dpid_seq_' || NEW.account_id);
      RETURN NEW;
    END $$ LANGUAGE plpgsql;
    CREATE TRIGGER conversations_before_insert_row_tr BEFORE INSERT ON conversations
    FOR EACH ROW EXECUTE FUNCTION conversations_before_insert_row_tr();
  SQL

  create_table "tags", id: :serial, force: :cascade do |t|
    t.string "name"
  end

  create_table "taggings", id: :serial, force: :cascade do |t|
    t.integer "tag_id"
    t.string "taggable_type"
    t.integer "taggable_id"
    t.string "context", limit: 128
  end

  create_table "messages", id: :serial, force: :cascade do |t|
    t.text "content"
    t.integer "account_id", null: false
    t.integer "inbox_id", null: false
    t.integer "conversation_id", null: false
    t.integer "message_type", null: false
    t.boolean "private", default: false, null: false
    t.integer "status", default: 0
    t.text "source_id"
    t.integer "content_type", default: 0, null: false
    t.json "content_attributes", default: {}
    t.string "sender_type"
    t.bigint "sender_id"
    t.jsonb "additional_attributes", default: {}
    stamps[t]
    t.index %w[account_id created_at message_type], name: "index_messages_on_account_created_type"
    t.index %w[account_id]
    t.index %w[account_id inbox_id]
    t.index %w[conversation_id]
    t.index %w[created_at]
  end

  create_table "attachments", id: :serial, force: :cascade do |t|
    t.integer "file_type", default: 0
    t.string "external_url"
    t.integer "message_id", null: false
    t.integer "account_id", null: false
    t.string "fallback_title"
    t.float "coordinates_lat", default: 0.0
    t.float "coordinates_long", default: 0.0
    t.jsonb "meta", default: {}
    stamps[t]
  end

  create_table "integrations_hooks", force: :cascade do |t|
    t.integer "status", default: 1
    t.integer "inbox_id"
    t.integer "account_id"
    t.string "app_id"
    t.integer "hook_type", default: 0
    t.string "reference_id"
    t.string "access_token"
    t.jsonb "settings", default: {}
    stamps[t, precision: 6]
  end

  create_table "data_imports", force: :cascade do |t|
    t.bigint "account_id", null: false
    t.jsonb "rows", default: []
    stamps[t, precision: 6]
  end

  create_table "users", id: :serial, force: :cascade do |t|
    t.string "name", null: false
    t.string "email"
    t.string "type"
    stamps[t]
  end

  create_table "campaigns", force: :cascade do |t|
    t.string "title", null: false
    t.bigint "account_id", null: false
    stamps[t]
  end

  create_table "csat_survey_responses", force: :cascade do |t|
    t.bigint "conversation_id", null: false
    t.integer "rating", null: false
    t.text "feedback_message"
    stamps[t]
  end

  create_table "reporting_events", force: :cascade do |t|
    t.string "name"
    t.float "value"
    t.integer "conversation_id"
    stamps[t, precision: nil]
  end

  create_table "teams", force: :cascade do |t|
    t.string "name", null: false
    t.bigint "account_id", null: false
    stamps[t, precision: 6]
  end

  create_table "account_users", force: :cascade do |t|
    t.bigint "account_id"
    t.bigint "user_id"
    stamps[t, precision: 6]
  end

  create_table "labels", force: :cascade do |t|
    t.string "title"
    t.string "color", default: "#1f93ff", null: false
    t.bigint "account_id"
    stamps[t, precision: 6]
  end

  create_table "custom_attribute_definitions", force: :cascade do |t|
    t.string "attribute_display_name"
    t.string "attribute_key"
    t.integer "attribute_display_type", default: 0
    t.integer "attribute_model", default: 0
    t.bigint "account_id"
    t.jsonb "attribute_values", default: []
    t.text "attribute_description"
    stamps[t, precision: 6]
    t.index %w[attribute_key attribute_model account_id], name: "attribute_key_model_index", unique: true
  end

  create_table "agent_bots", force: :cascade do |t|
    t.string "name"
    t.bigint "account_id"
    stamps[t, precision: 6]
  end

  create_table "active_storage_blobs", force: :cascade do |t|
    t.string "key", null: false
    t.string "filename", null: false
    t.string "content_type"
    t.text "metadata"
    t.bigint "byte_size", null: false
    t.string "checksum"
    t.string "service_name", null: false
    t.datetime "created_at", precision: nil, null: false
    t.index ["key"], unique: true
  end

  create_table "active_storage_attachments", force: :cascade do |t|
    t.string "name", null: false
    t.string "record_type", null: false
    t.bigint "record_id", null: false
    t.bigint "blob_id", null: false
    t.datetime "created_at", precision: nil, null: false
  end

  create_table "active_storage_variant_records", force: :cascade do |t|
    t.bigint "blob_id", null: false
    t.string "variation_digest", null: false
  end

  # The gem's own tables, by the migrations that its generator writes.
  %w[links backfills looks reconciles history acts].each do |name|
    template = File.expand_path("../../../../lib/generators/krayin_sync/install/templates/#{name}.rb.tt", __dir__)
    eval(ERB.new(File.read(template)).result(binding), TOPLEVEL_BINDING, template) # rubocop:disable Security/Eval
    Object.const_get("CreateKrayinSync#{name.capitalize}").new.change
  end
end
