# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What administrators are told by Chatwoot's own mail, in the account's language and Chatwoot's frame.
    class NoticeMailer < ("AdministratorNotifications::BaseMailer".safe_constantize || Object)
      # @param hook_id [Integer]
      # @param cause [String] of {Trouble}'s
      # @param since [String] ISO 8601
      # @param over [Boolean] whether it is over
      def notice(hook_id, cause, since, over)
        hook = ::Integrations::Hook.find_by(id: hook_id)
        return unless hook && smtp_config_set_or_development?

        words = NoticeWords.new(hook, cause, since, over: over)
        html = words.to_html(Pages.of(hook)).html_safe
        mail(to: admin_emails, subject: words.subject) do |format|
          format.html { render html: html, layout: "mailer/base" }
        end
      end
    end
  end
end
