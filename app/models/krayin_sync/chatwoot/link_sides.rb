# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A doubtful contact and the persons in Krayin whom it may be, for whoever decides. Each person takes a request.
    class LinkSides
      include Opaque

      # So many persons are asked for; an administrator waits.
      MOST = 5
      LIMITS = { deadline: 8, attempt_timeout: 8 }.freeze

      # @param hook [Integrations::Hook]
      # @param contact_id [Integer]
      # @raise [ActiveRecord::RecordNotFound] where the account has no such contact, or nothing is doubtful about it
      def initialize(hook, contact_id)
        @hook = hook
        @contact = ::Contact.unscoped.find_by!(account_id: hook.account_id, id: contact_id)
        @link = LinkStore.of(hook, kind: "contact", record_id: contact_id, state: "doubtful").first!
      end

      # @return [Hash{Symbol => Object}] contact, and persons: id, page, name, emails, numbers and organization of each,
      #   or error, a sentence, where Krayin did not show it
      def to_h
        { contact: { name: @contact.name, email: @contact.email, phone_number: @contact.phone_number,
                     organization: @contact.additional_attributes.to_h["company_name"].presence },
          persons: ids.map { |id| { id: id, page: KrayinPages.of(settings, "person", id), **person(id) } } }
      end

      private

      def settings = @hook.settings.to_h

      def ids = Array(@link.reason_params["persons"]).grep(Integer).first(MOST)

      def person(id)
        found = client.get_person(id)
        { name: found["name"], emails: Entries.known(found["emails"]), numbers: Entries.known(found["contact_numbers"]),
          organization: found["organization"].then { |one| one["name"] if one.is_a?(Hash) } }
      rescue ApiError => e
        { error: e.reason.sentence(::I18n.locale) }
      end

      def client
        @client ||= begin
          url, token = settings.values_at("api_url", "api_token")
          Api::PersonClient.new(url, token, **settings.except("api_url", "api_token").transform_keys(&:to_sym),
**LIMITS)
        end
      end
    end
  end
end
