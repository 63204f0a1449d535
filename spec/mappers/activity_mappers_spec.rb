# frozen_string_literal: true

RSpec.describe KrayinSync::Mappers do
  def quack(**fields) = Struct.new(*fields.keys).new(*fields.values)

  let(:inbox) do
    quack(name: "Support", channel_type: "Channel::Whatsapp", channel: quack(email: nil))
  end
  let(:jane) { quack(id: 7, name: "Jane Doe", email: "jane@example.com", phone_number: "+14155550182") }
  let(:file) do
    quack(filename: "invoice.pdf", content_type: "application/pdf", byte_size: 2048, attached?: true)
  end
  let(:messages) do
    [
      message(1, "incoming", "Hello **there**", jane),
      message(2, "outgoing", "Only for us", quack(name: "Ann"), private: true),
      message(3, "incoming", nil, jane, attachments: [quack(file_type: "file", file: file)])
    ]
  end
  let(:conversation) do
    quack(id: 420, display_id: 42, account_id: 1, status: "resolved", priority: "high", inbox: inbox, contact: jane,
          assignee: quack(name: "Ann"), team: nil, label_list: %w[vip billing], messages: messages,
          custom_attributes: {}, created_at: Time.utc(2026, 11, 24, 10), last_activity_at: Time.utc(2026, 11, 24, 11))
  end

  def message(id, type, content, sender, private: false, attachments: [])
    quack(id: id, message_type: type, content: content, sender: sender, private: private, attachments: attachments,
          created_at: Time.utc(2026, 11, 24, 10, id), conversation: nil)
  end

  it "maps an object that quacks like a conversation" do
    activity = described_class::ConversationMapper.map_to_activity(conversation, 5, {})
    expect(activity).to include(type: "call", person_id: 5, is_done: true, schedule_from: "2026-11-24 10:00:00")
    expect(activity[:title]).to start_with("Conversation #42")
    expect(activity[:comment]).to include("WhatsApp", "Ann", "vip", "Hello <b>there</b>", "invoice.pdf")
    expect(activity[:comment]).not_to include("Only for us")
  end

  it "maps an object that quacks like a message, and none that must not leave" do
    messages.each { |message| message.conversation = conversation }
    mapper = described_class::MessageMapper
    activity = mapper.map_to_activity(messages[0], 5, {})
    expect(activity).to include(type: "call", person_id: 5, is_done: true)
    expect(activity[:title]).to start_with("Message from Jane Doe - Conversation #42")
    expect(mapper.map_to_activity(messages[1], 5, {})).to be_nil
  end

  it "maps what is hardly a record" do
    [{}, Object.new, { messages: "none", contact: 5, labels: 7 }].each do |odd|
      expect(described_class::ConversationMapper.map_to_activity(odd, 1, {})).to include(:type, :title, :comment)
      expect(described_class::MessageMapper.map_to_activity(odd, 1, {})).to be_nil
    end
  end

  it "links to the conversation's page" do
    ENV["FRONTEND_URL"] = "https://chat.example.com/"
    comment = described_class::ConversationMapper.map_to_activity(conversation, 5, {})[:comment]
    expect(comment).to include('href="https://chat.example.com/app/accounts/1/conversations/42"')
  ensure
    ENV.delete("FRONTEND_URL")
  end
end
