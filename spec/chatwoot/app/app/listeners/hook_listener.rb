# frozen_string_literal: true

class HookListener < BaseListener
  def message_created(event) = execute_hooks(event, event.data[:message])

  def message_updated(event) = execute_hooks(event, event.data[:message])

  def contact_created(event) = execute_account_hooks(event, contact: event.data[:contact])

  def contact_updated(event) = execute_account_hooks(event, contact: event.data[:contact])

  def conversation_created(event) = execute_account_hooks(event, conversation: event.data[:conversation])

  def conversation_resolved(event)
    return unless event.data[:conversation].status == "resolved"

    execute_account_hooks(event, conversation: event.data[:conversation])
  end

  private

  def execute_hooks(event, message)
    message.account.hooks.find_each do |hook|
      next if hook.inbox.present? && hook.inbox != message.inbox
      next unless supported_hook_event?(hook, event.name)

      HookJob.perform_later(hook, event.name, message: message, previous_changes: event.data[:previous_changes])
    end
  end

  # What changed goes no further.
  def execute_account_hooks(event, data)
    data.values.first.account.hooks.account_hooks.find_each do |hook|
      HookJob.perform_later(hook, event.name, data) if supported_hook_event?(hook, event.name)
    end
  end

  def supported_hook_event?(hook, name)
    return false if hook.disabled?

    { "leadsquared" => %w[contact.updated conversation.created conversation.resolved] }.fetch(hook.app_id,
                                                                                              []).include?(name)
  end
end
