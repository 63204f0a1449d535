# frozen_string_literal: true

require_relative "support/whole_chatwoot"

# What the servers of channels send to Chatwoot's own endpoints.
RSpec.describe "Over real channels", :whole do
  before(:context) do
    @krayin = Krayin.new(WholeChatwoot.servers, "channels", throttle: false)
    @desk = connected_desk("Channels", @krayin, sync_conversations: true, sync_messages: true)
    @numbers = Array.new(3) { format("+4930%07d", rand(10_000_000)) }
    @mail = "support#{rand(1_000_000)}@shop.example"
    inside(make_channels, account: @desk.account, numbers: @numbers, mail: @mail)
  end

  after(:context) do
    disconnect(@desk)
    @krayin.stop
  end

  # Their callbacks would ask the services themselves.
  def make_channels
    <<~RUBY
      add = lambda do |channel, **fields|
        now = Time.current
        id = channel.insert!({ account_id: account, created_at: now, updated_at: now, **fields }).first["id"]
        Inbox.create!(account_id: account, channel: channel.find(id), name: channel.name.demodulize).id
      end
      whatsapp, sms, twilio = numbers
      add.(Channel::Whatsapp, phone_number: whatsapp, provider: "default", provider_config: { "api_key" => "k" })
      add.(Channel::TwilioSms, phone_number: sms, account_sid: "AC1", auth_token: "t", medium: 0)
      add.(Channel::TwilioSms, phone_number: "whatsapp:\#{twilio}", account_sid: "AC1", auth_token: "t", medium: 1)
      add.(Channel::Email, email: mail, forward_to_email: "forward-\#{mail}")
    RUBY
  end

  def send_json(path, body)
    request = Net::HTTP::Post.new(path, "Content-Type" => "application/json")
    request.body = JSON.generate(body)
    WholeChatwoot.send_request(request)
  end

  def send_form(path, fields)
    request = Net::HTTP::Post.new(path)
    request.set_form_data(fields)
    WholeChatwoot.send_request(request)
  end

  def comments(words)
    @krayin.records["activities"].map { |activity| activity["comment"].to_s }.select { |text| text.include?(words) }
  end

  def person(number)
    @krayin.records["persons"].find { |person| person["contact_numbers"].to_s.include?(number) }
  end

  it "takes WhatsApp" do
    from = format("491512%07d", rand(10_000_000))
    answer = send_json("/webhooks/whatsapp/#{@numbers[0]}",
                       contacts: [{ profile: { name: "Wanda" }, wa_id: from }],
                       messages: [{ from: from, id: "wamid.#{rand(1_000_000)}", text: { body: "Hello by WhatsApp" },
                                    timestamp: Time.now.to_i.to_s, type: "text" }])
    expect(answer.status).to eq(200)
    eventually(60) { comments("Hello by WhatsApp").size == 2 }
    expect([person("+#{from}")["name"], comments("Hello by WhatsApp")]).to match(["Wanda", all(include("WhatsApp"))])
  end

  { "SMS" => ["", 1, "SMS"], "WhatsApp" => ["whatsapp:", 2, "WhatsApp"] }.each do |what, (prefix, number, shown)|
    it "takes Twilio's #{what} and calls it so" do
      from = format("+491513%07d", rand(10_000_000))
      answer = send_form("/twilio/callback",
                         "AccountSid" => "AC1", "SmsSid" => "SM#{rand(1_000_000)}", "To" => prefix + @numbers[number],
                         "From" => prefix + from, "Body" => "Hello by Twilio #{what}", "ProfileName" => "Tom")
      expect(answer.status).to eq(204)
      eventually(60) { comments("Hello by Twilio #{what}").size == 2 }
      expect(comments("Hello by Twilio #{what}")).to all(include(shown))
      expect(comments("Hello by Twilio #{what}").join.include?("SMS")).to be(what == "SMS")
      expect(person(from)).not_to be_nil
    end
  end

  it "takes mail" do
    text = <<~MAIL.gsub("\n", "\r\n")
      From: Maja Mail <maja@mail.example>
      To: #{@mail}
      Subject: Invoice 7
      Message-ID: <#{rand(1_000_000)}@mail.example>
      Date: Tue, 24 Nov 2026 10:00:00 +0000
      Content-Type: text/plain; charset=utf-8

      Please send the invoice again.
    MAIL
    request = Net::HTTP::Post.new("/rails/action_mailbox/relay/inbound_emails", "Content-Type" => "message/rfc822")
    request.basic_auth("actionmailbox", "mail")
    request.body = text
    expect(WholeChatwoot.send_request(request).status).to eq(204)
    eventually(60) { comments("Please send the invoice again").any? }
    eventually(60) { comments("Invoice 7").any? }
    expect(@krayin.person("maja@mail.example")).to include("name" => "Maja Mail")
  end
end
