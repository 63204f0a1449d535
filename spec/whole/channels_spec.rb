# frozen_string_literal: true

require "openssl"
require_relative "support/connected"
require_relative "support/networks"

# What the servers of channels send to Chatwoot's own endpoints.
RSpec.describe "Over real channels", :whole do
  include_context "with a connected desk", "Channels", sync_conversations: true, sync_messages: true

  before(:context) do
    @networks = Networks.new(WholeChatwoot.folder).start
    @numbers = Array.new(4) { format("+4930%07d", rand(10_000_000)) }
    @mail = "support#{rand(1_000_000)}@shop.example"
    @key = rand(1_000_000_000).to_s
    inside(make_channels, account: @desk.account, numbers: @numbers, mail: @mail, key: @key)
  end

  after(:context) { @networks&.stop }

  # Their callbacks would ask the services themselves.
  def make_channels
    <<~RUBY
      add = lambda do |channel, **fields|
        now = Time.current
        id = channel.insert!({ account_id: account, created_at: now, updated_at: now, **fields }).first["id"]
        Inbox.create!(account_id: account, channel: channel.find(id), name: channel.name.demodulize).id
      end
      whatsapp, sms, twilio, bandwidth = numbers
      add.(Channel::Whatsapp, phone_number: whatsapp, provider: "default", provider_config: { "api_key" => "k" })
      add.(Channel::TwilioSms, phone_number: sms, account_sid: "AC1", auth_token: "t", medium: 0)
      add.(Channel::TwilioSms, phone_number: "whatsapp:\#{twilio}", account_sid: "AC1", auth_token: "t", medium: 1)
      add.(Channel::Sms, phone_number: bandwidth, provider: "default")
      add.(Channel::Email, email: mail, forward_to_email: "forward-\#{mail}")
      add.(Channel::Telegram, bot_token: key, bot_name: "shop_bot")
      add.(Channel::Line, line_channel_id: key, line_channel_secret: "secret", line_channel_token: "token")
      add.(Channel::FacebookPage, page_id: key, user_access_token: "user-token", page_access_token: "page-token")
      add.(Channel::Instagram, instagram_id: "7\#{key}", access_token: "a", expires_at: 60.days.from_now)
      %w[FB_APP_SECRET INSTAGRAM_APP_SECRET].each do |name|
        InstallationConfig.find_or_initialize_by(name: name).update!(value: "secret")
      end
      GlobalConfig.clear_cache
    RUBY
  end

  def send_json(path, body, headers = {})
    request = Net::HTTP::Post.new(path, { "Content-Type" => "application/json" }.merge(headers))
    request.body = body.is_a?(String) ? body : JSON.generate(body)
    WholeChatwoot.send_request(request)
  end

  def send_form(path, fields)
    request = Net::HTTP::Post.new(path)
    request.set_form_data(fields)
    WholeChatwoot.send_request(request)
  end

  # A body that its sender signs, as Meta and LINE do.
  def send_signed(path, body, header, digest, prefix: "")
    text = JSON.generate(body)
    send_json(path, text, { header => prefix + yield(OpenSSL::HMAC.digest(digest, "secret", text)) })
  end

  # As WhatsApp's server tells of a message.
  def whatsapp(from, name, **message)
    message = { from: from, id: "wamid.#{rand(1_000_000)}", timestamp: Time.now.to_i.to_s, **message }
    body = { contacts: [{ profile: { name: name }, wa_id: from }], messages: [message] }
    send_json("/webhooks/whatsapp/#{@numbers[0]}", body)
  end

  def sms(from, text)
    send_form("/twilio/callback", "AccountSid" => "AC1", "SmsSid" => "SM#{rand(1_000_000)}", "To" => @numbers[1],
                                  "From" => from, "Body" => text)
  end

  # As Meta tells of a message to a page or to an account of Instagram.
  def meta(object, to, from, text)
    now = (Time.now.to_f * 1000).to_i
    { object: object, entry: [{ id: to, time: now, messaging: [
      { sender: { id: from }, recipient: { id: to }, timestamp: now, message: { mid: "m#{rand(1 << 40)}", text: text } }
    ] }] }
  end

  def number = format("491512%07d", rand(10_000_000))
  def hex = ->(digest) { digest.unpack1("H*") }

  # Each sends its text, and tells what person Krayin has then.
  channels = {
    "WhatsApp" => [200, "WhatsApp", lambda { |text|
      from = number
      [whatsapp(from, "Wanda", type: "text", text: { body: text }), "Wanda", "+#{from}"]
    }],
    "Twilio's SMS" => [204, "SMS", lambda { |text|
      from = "+#{number}"
      [sms(from, text), nil, from]
    }],
    "Twilio's WhatsApp" => [204, "WhatsApp", lambda { |text|
      from = "+#{number}"
      [send_form("/twilio/callback", "AccountSid" => "AC1", "SmsSid" => "SM#{rand(1_000_000)}", "Body" => text,
                                     "To" => "whatsapp:#{@numbers[2]}", "From" => "whatsapp:#{from}",
                                     "ProfileName" => "Tom"), "Tom", from]
    }],
    "SMS by Bandwidth" => [200, "SMS", lambda { |text|
      from = "+#{number}"
      message = { id: rand(1_000_000).to_s, from: from, to: [@numbers[3]], text: text, direction: "in" }
      [send_json("/webhooks/sms/#{@numbers[3]}", [{ type: "message-received", to: @numbers[3], message: message }]),
       nil, from]
    }],
    "Telegram" => [200, "Telegram", lambda { |text|
      from = { id: rand(1_000_000_000), is_bot: false, first_name: "Tina", last_name: "Tele", username: "tina" }
      message = { message_id: rand(1_000_000), from: from, chat: { id: from[:id], type: "private" },
                  date: Time.now.to_i, text: text }
      [send_json("/webhooks/telegram/#{@key}", { update_id: rand(1_000_000), message: message }), "Tina Tele", nil]
    }],
    "LINE" => [200, "LINE", lambda { |text|
      body = { destination: "shop", events: [{ type: "message", timestamp: 1, replyToken: "r", mode: "active",
                                               source: { type: "user", userId: "U4711" },
                                               message: { id: rand(1_000_000).to_s, type: "text", text: text } }] }
      [send_signed("/webhooks/line/#{@key}", body, "X-Line-Signature", "SHA256") { |digest| [digest].pack("m0") },
       "Lina Line", nil]
    }],
    "Facebook" => [200, "Facebook Messenger", lambda { |text|
      [send_signed("/bot", meta("page", @key, "1#{@key}", text), "X-Hub-Signature", "SHA1", prefix: "sha1=", &hex),
       "Fred Face", nil]
    }],
    "Instagram" => [200, "Instagram", lambda { |text|
      [send_signed("/webhooks/instagram", meta("instagram", "7#{@key}", "2#{@key}", text), "X-Hub-Signature-256",
                   "SHA256", prefix: "sha256=", &hex), "Ina Insta", nil]
    }],
    "mail" => [204, "E-mail", lambda { |text|
      request = Net::HTTP::Post.new("/rails/action_mailbox/relay/inbound_emails", "Content-Type" => "message/rfc822")
      request.basic_auth("actionmailbox", "mail")
      request.body = ["From: Maja Mail <maja@mail.example>", "To: #{@mail}", "Subject: Invoice 7",
                      "Message-ID: <#{rand(1_000_000)}@mail.example>", "Date: #{Time.now.rfc2822}",
                      "Content-Type: text/plain; charset=utf-8", "", text].join("\r\n")
      [WholeChatwoot.send_request(request), "Maja Mail", nil]
    }],
    "a program" => [200, "API", lambda { |text|
      inbox = inside("Inbox.find(id).channel.identifier", id: desk.inboxes["api"])
      paul = { name: "Paul Program", email: "paul@program.example" }
      who = send_json("/public/api/v1/inboxes/#{inbox}/contacts", paul)
      at = "/public/api/v1/inboxes/#{inbox}/contacts/#{who["source_id"]}/conversations"
      [send_json("#{at}/#{send_json(at, {})["id"]}/messages", { content: text }), "Paul Program", nil]
    }],
    "the website's widget" => [200, "Web chat", lambda { |text|
      [desk.visitor.begin_chat(text, name: "Wilma Web", email: "wilma@web.example"), "Wilma Web", nil]
    }]
  }

  channels.each do |what, (status, shown, write)|
    it "takes #{what}, and calls it so" do
      text = "Hello by #{what.tr("'", " ")}, number #{rand(1_000_000)}"
      answer, name, phone = instance_exec(text, &write)
      expect(answer.status).to eq(status)
      # A note of its own, and the conversation's.
      eventually { said(text).size == 2 }
      person = record("persons", said(text).first["person_ids"].first)
      expect(person["name"]).to eq(name) if name
      expect(person["contact_numbers"].to_s).to include(phone) if phone
      expect(said(text).map { |known| known["comment"] }).to include(match(/\b#{shown}\b/))
      others = %w[WhatsApp SMS Telegram Instagram] - [shown, *what.split]
      expect(said(text).map { |known| known["comment"] }.join).not_to match(/\b(#{others.join("|")})\b/)
    end
  end

  # @return [Integer] the number of the conversation and the id of the message
  def with_attachment(field, value)
    find = <<~RUBY
      found = Attachment.left_joins(file_attachment: :blob).where(account_id: account).where(field => value).last
      [found.message.conversation.display_id, found.message_id]
    RUBY
    inside(find, field: field, value: value, account: desk.account)
  end

  it "takes out of Krayin what a deleted message had with it: a place, its link, a file" do
    from = number
    place = { latitude: 48.3984, longitude: 9.9916, name: "My home", address: "Lane 7", url: "https://maps.example/home" }
    whatsapp(from, "Paula Place", type: "location", location: place)
    eventually { said("https://maps.example/home").size == 2 }
    talk, there = with_attachment("external_url", "https://maps.example/home")
    file = Net::HTTP::Post.new("/api/v1/accounts/#{desk.account}/conversations/#{talk}/messages")
    file["api_access_token"] = desk.token
    file.set_form([["content", "Your contract"],
                   ["attachments[]", "%PDF-1.4", { filename: "contract-4711.pdf", content_type: "application/pdf" }]],
                  "multipart/form-data")
    expect(WholeChatwoot.send_request(file).status).to eq(200)
    eventually { said("contract-4711.pdf").size == 2 }
    delete_message(talk, there)
    delete_message(*with_attachment("active_storage_blobs.filename", "contract-4711.pdf"))
    settle
    expect(JSON.generate(krayin.records)).not_to match(/maps\.example|My home|Lane 7|contract|48\.398/)
    expect(said("This message was deleted in Chatwoot.").size).to be >= 2
  end

  it "follows what its sender changes in it, as on Telegram" do
    from = { id: rand(1_000_000_000), is_bot: false, first_name: "Edda", last_name: "Edit", username: "edda" }
    message = { message_id: rand(1_000_000), from: from, chat: { id: from[:id], type: "private" },
                date: Time.now.to_i, text: "My door opens with 4711" }
    send_json("/webhooks/telegram/#{@key}", { update_id: rand(1_000_000), message: message })
    eventually { said("My door opens with 4711").size == 2 }
    changed = message.merge(text: "My door is open", edit_date: Time.now.to_i)
    send_json("/webhooks/telegram/#{@key}", { update_id: rand(1_000_000), edited_message: changed })
    eventually { said("My door is open").size == 2 }
    expect(said("4711")).to eq([])
  end

  # Chatwoot has a contact for each of the ways in which the world writes a number of these countries.
  { "Brazil" => %w[55119 5511], "Argentina" => %w[54911 5411], "Mexico" => %w[52155 5255] }.each do |country, ways|
    it "has one person for both ways in which a number of #{country} is written" do
      numbers = ways.zip([format("8%07d", rand(10_000_000))] * 2).map(&:join)
      texts = Array.new(2) { |n| "#{country} #{n} #{rand(1_000_000)}" }
      whatsapp(numbers.first, "Bia", type: "text", text: { body: texts.first })
      eventually { said(texts.first).size == 2 }
      sms("+#{numbers.last}", texts.last)
      eventually { said(texts.last).size == 2 }
      contacts = inside("Contact.where(account_id: account, phone_number: numbers).count",
                        account: desk.account, numbers: numbers.map { |known| "+#{known}" })
      expect([contacts, texts.flat_map { |text| said(text) }.flat_map { |known| known["person_ids"] }.uniq.size])
        .to eq([2, 1])
    end
  end

  it "takes what an agent writes" do
    number = talk(contact(name: "Anna Asked", email: "anna@asked.example"), "Hello?")
    say(number, "How can I help you today?", type: "outgoing")
    eventually { said("How can I help you today?").size == 2 }
    expect(said("How can I help you today?").first["person_ids"]).to eq([krayin.person("anna@asked.example")["id"]])
  end
end
