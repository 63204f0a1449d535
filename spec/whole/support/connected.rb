# frozen_string_literal: true

require_relative "whole_chatwoot"

# A desk that is connected to a Krayin of its own, for all examples of a group.
RSpec.shared_context "with a connected desk" do |name, server: "2.1.0", attributes: [], **settings|
  before(:context) do
    @krayin = Krayin.new(WholeChatwoot.servers, name.downcase, throttle: false, server: server)
    attributes.each { |fields| @krayin.change({ change: "add_attribute", fields: fields }) }
    @desk = connected_desk(name, @krayin, **settings)
  end

  after(:context) do
    disconnect(@desk) if @desk
    @krayin.stop
  end

  attr_reader :krayin, :desk

  # @return [Integer] the id of a contact that an agent has made
  def contact(**fields)
    answer = desk.agent.post("/contacts", inbox_id: desk.inboxes["api"], **fields)
    answer.body.dig("payload", "contact", "id") || raise("no contact: #{answer.to_a}")
  end

  # @return [Integer] the number of a conversation that a program has begun, as channels do: its messages come later
  def talk(contact, *texts)
    talk = desk.agent.post("/conversations", inbox_id: desk.inboxes["api"], contact_id: contact).body["id"]
    texts.each { |text| say(talk, text) }
    talk
  end

  # @return [Integer] the message's id
  def say(talk, text, type: "incoming", **more)
    desk.agent.post("/conversations/#{talk}/messages", content: text, message_type: type, **more).body["id"]
  end

  # @return [Hash{String => Object}, nil] the link of a contact, by its id or its address
  def link(contact)
    inside("who = contact.is_a?(Integer) ? { id: contact } : { email: contact, account_id: account }; " \
           "KrayinSync::Records::Link.find_by(kind: 'contact', record_id: Contact.where(who).ids.first || contact)" \
           "&.attributes", contact: contact, account: desk.account)
  end

  # @return [Integer] the number of the last conversation of whoever has this address
  def talk_of(email)
    inside("Contact.find_by!(email: email, account_id: account).conversations.last.display_id",
           email: email, account: desk.account)
  end

  def delete_message(talk, id) = expect(desk.agent.delete("/conversations/#{talk}/messages/#{id}").status).to eq(200)

  # @return [Integer] the id of the last message of this desk that says so
  def message_with(words)
    inside("Message.where(account_id: account).where('content LIKE ?', words).last.id",
           words: "%#{words}%", account: desk.account)
  end

  def record(kind, id) = krayin.records[kind].find { |known| known["id"] == id }
  def comments = krayin.records["activities"].map { |activity| activity["comment"].to_s }
  def said(words) = krayin.records["activities"].select { |known| known["comment"].to_s.include?(words) }
end
