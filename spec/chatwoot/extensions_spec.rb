# frozen_string_literal: true

require_relative "support/one_krayin"

# The jobs run here, one by one, beside the extensions that each example adds.
RSpec.describe "Extensions in a Chatwoot", :chatwoot do
  include_context "with one Krayin", "extensions", sync_conversations: true

  after do
    KrayinSync.configuration.extensions.clear
    KrayinSync.configure { |config| config.processor_service = config.contact_mapper = nil }
    clear
  end

  def contact(word) = @account.contacts.create!(name: word, email: "#{word.downcase}@extensions.example")

  def link(record)
    KrayinSync::Records::Link.find_by(kind: record.class.name.downcase, record_id: record.id)
  end

  def job(record)
    asked = { "job_id" => "spec", "hook_id" => @hook.id, "kind" => "contact", "id" => record.id, "bulk" => false }
    KrayinSync::Chatwoot::EventJob.new.tap { |job| job.jid = "spec#{rand(1_000_000)}" }.perform(asked)
  end

  it "map what is brought over" do
    KrayinSync.extend("buyers") { |on| on.map(:contact) { |payload, _| payload[:person][:job_title] = "Buyer" } }
    contact("Jane")
    run_all
    expect(@krayin.person("jane@extensions.example")).to include("job_title" => "Buyer")
  end

  it "leave out a contact and a conversation, and their links say why" do
    KrayinSync.extend("left") { |on| on.skip? { |data, _| "a test" if data.dig("contact", "name") == "Ida" } }
    KrayinSync.extend("talks") { |on| on.skip? { |data, _| "no talks" if data["conversation"] } }
    ida = contact("Ida")
    talk = conversation(contact("Eva"), inbox(@account))
    run_all
    expect([link(ida), link(talk)]).to all(have_attributes(state: "skipped", reason_code: "extension_skipped"))
    expect([link(ida), link(talk)].map(&:reason_params))
      .to eq([{ "extension" => "left", "reason" => "a test" }, { "extension" => "talks", "reason" => "no talks" }])
    expect(@krayin.person("ida@extensions.example")).to be_nil
  end

  it "keep the job where they raise, for Sidekiq to run again, and nobody else's" do
    broken = KrayinSync.extend("broken") do |on|
      on.before_sync do |_, data|
        raise "x" if data["contact"]["name"] == "Bo"
      end
    end
    bo = contact("Bo")
    clear
    expect { job(bo) }.to raise_error(KrayinSync::ExtensionError, /extension broken failed at before_mapping/)
    expect(link(bo)).to have_attributes(state: "waiting", reason_code: "extension_failed")
    contact("Al")
    run_all
    expect(@krayin.person("al@extensions.example")).to include("name" => "Al")
    expect(@hook.reload.settings).not_to include("setup_error")
    KrayinSync.configuration.extensions.remove(broken)
    job(bo)
    expect(link(bo)).to have_attributes(state: "synced", reason_code: nil)
  end

  it "hear of an event that the sync does not know, for each hook of its account" do
    heard = []
    KrayinSync.extend("typing") do |on|
      on.event("conversation.typing_on") { |data, hook| heard << [data[:conversation].id, hook.id] }
      on.event("conversation.typing_off") { raise "x" }
    end
    talk = conversation(contact("Ty"), inbox(@account))
    run_all
    %w[conversation.typing_on conversation.typing_off].each do |name|
      Rails.configuration.dispatcher.dispatch(name, Time.now, conversation: talk)
    end
    run_all
    expect(heard).to eq([[talk.id, @hook.id]])
  end

  it "may be a processor of the installation's own" do
    stub_const("Capitals", Class.new(KrayinSync::ProcessorService) do
      def handle_contact(contact) = super(contact.merge(name: contact[:name].upcase))
    end)
    KrayinSync.configure { |config| config.processor_service = "Capitals" }
    contact("Cy")
    run_all
    expect(@krayin.person("cy@extensions.example")).to include("name" => "CY")
  end
end
