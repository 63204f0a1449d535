# frozen_string_literal: true

# All that is there, on one page.
class RecordsController < ActionController::Base
  def index
    @hooks = Integrations::Hook.includes(:account).order(:id)
    @contacts = Contact.order(:id)
    @conversations = Conversation.includes(:contact, :inbox, :assignee, messages: %i[sender attachments]).order(:id)
  end

  helper_method :krayin_page, :contact_ids, :conversation_ids

  private

  # Where the simulated Krayin shows itself.
  def krayin_page(hook) = URI.join(hook.settings["api_url"], "/").to_s

  def contact_ids(contact) = contact.additional_attributes.to_h.dig("external", "krayin", "ids")

  def conversation_ids(record) = record.additional_attributes.to_h.dig("krayin", "ids")
end
