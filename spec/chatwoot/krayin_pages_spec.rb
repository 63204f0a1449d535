# frozen_string_literal: true

require_relative "support/small_chatwoot"

RSpec.describe "The address of Krayin's pages", :chatwoot do
  before(:context) { SmallChatwoot.start }

  def page(address) = KrayinSync::Chatwoot::KrayinPages.of({ "api_url" => address }, "lead", 5)

  {
    "https://crm.example.com" => "https://crm.example.com",
    " https://crm.example.com// " => "https://crm.example.com",
    "https://crm.example.com/api/v1/" => "https://crm.example.com",
    "https://crm.example.com/sales/api/admin" => "https://crm.example.com/sales",
    "https://crm.example.com/sales//api?page=1" => "https://crm.example.com/sales",
    "http://127.0.0.1:8000/API/v1" => "http://127.0.0.1:8000",
    "http://api/api/v1" => "http://api",
    "http://api" => "http://api",
    "https://crm.example.com/apis" => "https://crm.example.com/apis"
  }.each do |address, before|
    it "is beside the API's of #{address.inspect}, also as a contact's lead shows it" do
      expect(page(address)).to eq("#{before}/admin/leads/view/5")
      shown = KrayinSync::Chatwoot::LeadAttributes.all_of({ "id" => 5 }, { "api_url" => address })
      expect(shown["krayin_link"]).to eq(page(address))
    end
  end

  ["", "crm.example.com", "javascript:alert(1)", "https://", "https:///", "https://ann:word@crm.example.com",
   "https://crm.example.com/a b", "https://crm.example.com\njavascript:alert(1)"].each do |address|
    it "is none for #{address.inspect}" do
      expect(page(address)).to be_nil
    end
  end
end
