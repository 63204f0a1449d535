# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Leads as a Krayin answers them, read from the budget that all calls share, behind those that cannot wait. Nothing
    # is believed that an answer does not bear out: some servers know no filter.
    class LeadReader
      include Opaque

      # More leads than a person has.
      MOST = 1000

      # @return [Integer] how many were sent
      attr_reader :requests

      # @param settings [Hash{String => Object}] a hook's
      # @yield after each attempt
      # @param bulk [Boolean] whether it has time
      def initialize(settings, bulk: true, &alive)
        limits = { "deadline" => Chatwoot.configuration.deadline,
                   "attempt_timeout" => Chatwoot.configuration.attempt_timeout }
        @requests = 0
        count = lambda do |*|
          @requests += 1
          alive&.call
        end
        @session = Session.new(limits.merge(settings), bulk: bulk, on_attempt: count)
      end

      # @return [Array(Array<Hash>, Integer)] those touched last, in one answer; how many there are, where that is told
      def newest(limit)
        leads, total = list("sort" => "updated_at", "order" => "desc", "limit" => limit)
        [leads.sort_by { |lead| [lead["updated_at"].to_s, lead["id"]] }.reverse, total]
      end

      # @param persons [Array<Integer>]
      # @return [Array(Array<Hash>, Boolean)] their leads, and whether these are all
      def of_persons(persons)
        leads, = list("person_id" => persons.join(","), "limit" => MOST)
        [leads.select { |lead| persons.include?(LeadAttributes.person_id(lead)) }, leads.size < MOST]
      end

      # @return [Hash, nil] nothing where it is gone
      def lead(id) = list("id" => id, "limit" => 1).first.find { |lead| lead["id"] == id }

      # @param ids [Array<Integer>]
      # @return [Integer] how many of them there are
      def count(ids)
        leads, total = list("id" => ids.join(","), "limit" => 1)
        # Who knows no filter says nothing of them.
        leads.empty? || ids.include?(leads.first["id"]) ? total || ids.size : ids.size
      end

      # @param reason [String, nil] why it is lost
      # @return [Hash] the lead after it
      def move(id, stage, reason: nil)
        body = { "lead_pipeline_stage_id" => stage, "lost_reason" => reason }.compact
        answer = @session.call(:request, "PUT", "leads/stage/edit/#{id}", "[]", JSON.generate(body))
        moved = answer.is_a?(Hash) ? answer["data"] : nil
        moved.is_a?(Hash) && moved["id"] == id && moved["lead_pipeline_stage_id"] == stage ? moved : lead(id)
      end

      private

      def list(query)
        answer = @session.call(:request, "GET", "leads", JSON.generate(Arguments.params(query)), nil)
        leads = answer.is_a?(Hash) && answer["data"].is_a?(Array) ? answer["data"] : []
        total = answer["meta"]["total"] if answer.is_a?(Hash) && answer["meta"].is_a?(Hash)
        [leads.select { |lead| lead.is_a?(Hash) && lead["id"].is_a?(Integer) }, (total if total.is_a?(Integer))]
      end
    end
  end
end
