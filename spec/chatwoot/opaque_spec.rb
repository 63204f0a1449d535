# frozen_string_literal: true

require_relative "support/small_chatwoot"

# An error that is reported has what stood around it, an object's inspect among it.
RSpec.describe "What has a connection's settings, or what Krayin answers,", :chatwoot do
  before(:context) { SmallChatwoot.start }

  let(:settings) { { "api_url" => "https://crm.example.com", "api_token" => "7|sesame0123456789" } }
  let(:hook) { Integrations::Hook.new(id: 1, account_id: 1, app_id: "krayin", settings: settings) }

  def chatwoot = KrayinSync::Chatwoot

  def of_settings
    %i[LeadReader PersonReader PanelReader Form].map { |name| chatwoot.const_get(name).new(settings) } +
      [chatwoot::HookSettings.new("krayin", settings),
       chatwoot::Gate.new(chatwoot::RecordRef.new(1, "contact", 2), 2, settings)]
  end

  def of_hook
    %i[Standing LinkCare LinkList LogList AttributeDefinitions Analytics Workflow].map do |name|
      chatwoot.const_get(name).new(hook)
    end
  end

  def of_contact
    %i[LeadLine LeadMove Erasure].map { |name| chatwoot.const_get(name).new(hook, 2) } +
      [chatwoot::Unlearned.new(hook, []), chatwoot::MoveLine.new(hook, nil, nil), chatwoot::Movers.new(hook, nil),
       chatwoot::LinkRow.new(hook, { "name" => "Zebedee" }),
       chatwoot::Setback.new(chatwoot::RecordRef.new(1, "contact", 2), hook, nil, jid: "1", began: Time.now),
       chatwoot::Row.new(Contact, { "name" => "Zebedee" })]
  end

  it "shows neither, in whichever way it is written out" do
    [*of_settings, *of_hook, *of_contact].each do |object|
      shown = [object.inspect, object.to_s, object.to_json, ActiveSupport::JSON.encode(a: object)].join
      expect(shown).not_to match(/sesame|zebedee/i), object.class.to_s
    end
  end
end
