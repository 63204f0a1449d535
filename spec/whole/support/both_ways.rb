# frozen_string_literal: true

require "csv"
require_relative "connected"

# A connected desk that shows what Krayin has.
RSpec.shared_context "with a desk both ways" do |name, **settings|
  include_context "with a connected desk", name, two_way: true, **settings

  def attributes(id) = desk.agent.get("/contacts/#{id}")["payload"]["custom_attributes"]

  # What is due anyway, at once.
  def look
    inside("KrayinSync::Chatwoot::LeadLook.update_all(next_at: Time.now.utc)")
    inside("KrayinSync::Chatwoot::LookJob.enqueue_due; 1")
  end

  def set(id, **attributes)
    expect(desk.agent.patch("/contacts/#{id}", custom_attributes: attributes).status).to eq(200)
  end

  # @return [Integer] the desk's contact of that address, once there is one
  def id_of(email)
    eventually { inside("Contact.find_by(email: email, account_id: account)&.id", email: email, account: desk.account) }
  end

  # @return [Integer] a contact that shows its lead
  define_method(:shown) do |whom|
    id = contact(name: whom, email: "#{whom.downcase.tr(" ", "-")}@#{name.downcase}.example")
    settle
    show_lead(id)
  end

  # @return [Integer] the contact, once it shows its lead
  def show_lead(id)
    eventually { look && attributes(id)["krayin_stage"] }
    id
  end

  # What is still to be brought over in one direction or the other.
  def settle_both
    settle
    look
    settle
  end

  # @return [Array<String>] what the contact's conversations say beside messages
  def activity_lines(id)
    inside("Message.where(conversation_id: Conversation.where(contact_id: contact), message_type: :activity)" \
           ".pluck(:content)", contact: id)
  end

  # @param row [Hash{Symbol => Object}] of the file, by its heads
  def import(**row)
    file = CSV.generate { |csv| [row.keys, row.values].each { |line| csv << line } }
    request = Net::HTTP::Post.new("/api/v1/accounts/#{desk.account}/contacts/import")
    request["api_access_token"] = desk.token
    request.set_form([["import_file", file, { filename: "contacts.csv", content_type: "text/csv" }]],
                     "multipart/form-data")
    expect(WholeChatwoot.send_request(request).status).to eq(200)
    eventually do
      inside("Sidekiq::ScheduledSet.new.select { |job| job.display_class == 'DataImportJob' }.each(&:add_to_queue); 1")
      inside("DataImport.where(account_id: account).last&.completed?", account: desk.account)
    end
  end

  # @return [WholeChatwoot::Client] as a bot of the account, which is another integration's
  def bot
    token = inside("AgentBot.create!(name: 'Bot', account_id: account, outgoing_url: 'http://127.0.0.1:9/')" \
                   ".access_token.token", account: desk.account)
    WholeChatwoot::Client.new("/api/v1/accounts/#{desk.account}", "api_access_token" => token)
  end
end
