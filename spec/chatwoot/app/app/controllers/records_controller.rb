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

  def contact_ids(contact) = ids_of("contact", contact)

  def conversation_ids(record) = ids_of(record.class.name.downcase, record)

  def ids_of(kind, record) = KrayinSync::Records::Link.find_by(kind: kind, record_id: record.id)&.ids
end
