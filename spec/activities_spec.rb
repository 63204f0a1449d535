# frozen_string_literal: true

RSpec.describe KrayinSync::ProcessorService, "with conversations and messages" do
  let(:krayin) { SimulatedKrayin.of("2.1.0") }
  let(:settings) { krayin.settings.merge("sync_conversations" => true, "sync_messages" => "1") }
  let(:hook) { Struct.new(:app_id, :settings).new("krayin", settings) }
  let(:contact) { { id: 4242, name: "Talks", email: "talks@example.com" } }
  let(:conversation) do
    { id: 9001, display_id: 77, account_id: 1, status: "open", channel_type: "Channel::WebWidget", contact: contact,
      messages: [{ id: 1, message_type: "incoming", content: "Hi", sender: { name: "Talks", type: "Contact" } }] }
  end

  def perform(event, **data)
    described_class.new(inbox: nil, hook: hook, event_name: event, event_data: data).perform
  end

  it "makes an activity of each, on the contact's own records" do
    begun = perform("conversation_created", conversation: conversation)
    expect(begun).to include(status: "synced", requests: 4, created: %w[person lead activity])
    expect(perform("conversation.updated", conversation: conversation)).to include(status: "skipped", requests: 0)
    message = { id: 2, message_type: "incoming", content: "And?", sender: contact, conversation: conversation }
    expect(perform("message.created", message: message)).to include(requests: 1, created: ["activity"])
    expect(perform("message.created", message: message.merge(id: 3, private: true))).to include(status: "skipped")
    mine = krayin.records["activities"].select { |activity| activity["person_ids"] == [begun[:ids][:person]] }
    expect(mine.map { |activity| activity["title"][/\A[\w ]+/].strip }).to eq(["Conversation", "Message from Talks"])
  end
end
