# frozen_string_literal: true

# The twelve channels, each with a table of its own.
module Channel
  TABLES = {
    "WebWidget" => "channel_web_widgets", "Api" => "channel_api", "Email" => "channel_email",
    "FacebookPage" => "channel_facebook_pages", "Instagram" => "channel_instagram", "Line" => "channel_line",
    "Sms" => "channel_sms", "Telegram" => "channel_telegram", "Tiktok" => "channel_tiktok",
    "TwilioSms" => "channel_twilio_sms", "TwitterProfile" => "channel_twitter_profiles",
    "Whatsapp" => "channel_whatsapp"
  }.freeze

  TABLES.each do |name, table|
    const_set(name, Class.new(ApplicationRecord) { self.table_name = table })
  end
end
