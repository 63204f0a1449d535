# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What a panel asks of Krayin, for an agent who waits.
    class PanelReader < PersonReader
      LIMITS = { "deadline" => 8, "attempt_timeout" => 8 }.freeze

      # @param settings [Hash{String => Object}] a hook's
      # @param bulk [Boolean] whether live events come first
      # @yield after each attempt
      def initialize(settings, bulk: true)
        super(settings.merge(LIMITS), bulk: bulk) { yield if block_given? }
      end

      # @param of [String] leads or contacts/persons
      # @return [Array<Hash>]
      def activities(of, id) = rows(ask("#{of}/#{Integer(id)}/activities"))

      # @return [Hash, nil] the activity of exactly that title
      def activity_titled(title) = @session.call(:search_activity, title).last

      # @param note [Hash{Symbol => Object}] with a title of its own
      # @return [Hash] the activity
      def note(note) = @session.call(:create_activity, JSON.generate(note))

      # Adds a lead to an activity's links.
      # @return [Hash]
      def attach(activity, lead) = @session.call(:update_activity, JSON.generate("lead_id" => lead), activity)

      # Sent once: whether it came, its caller can tell.
      # @param lead [Hash{String => Object}]
      # @return [Hash]
      # @raise [Error] also where what came of it is not known
      def new_lead(lead)
        made = @session.call(:request, "POST", "leads", "[]", JSON.generate(lead))["data"]
        made.is_a?(Hash) ? made : {}
      end

      # @return [void]
      def put_product(lead, row)
        @session.call(:request, "PUT", "leads/product/#{Integer(lead)}", "[]", JSON.generate(row))
      end

      # @return [Array<Hash>] what can be chosen, as Krayin lists it
      def all(path) = rows(ask(path, "pagination" => 0))
    end
  end
end
