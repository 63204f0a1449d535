# frozen_string_literal: true

require "ipaddr"

module KrayinSync
  module Chatwoot
    # The workflow of Krayin's that calls when a lead is changed there, and its webhook. They are known by the address
    # that is called, which no other connection has: so one that was made before its answer was lost is found, and what
    # others have made is nobody's business here. What a colleague has deleted is not made again.
    class Workflow
      include Opaque

      EVENT = "lead.update.after"
      # Seconds that a deletion of the connection waits for Krayin at most.
      PATIENCE = 5
      # What a Krayin says that knows no such thing, or does not let it be made.
      REFUSED = [*LeadMove::REFUSED, PermissionError, UnexpectedResponseError].freeze
      private_constant :EVENT, :PATIENCE, :REFUSED

      # @param settings [Hash{String => Object}] a hook's
      # @return [Boolean] whether the administrator wants it, and Krayin may reach this Chatwoot
      def self.wanted?(settings)
        Settings.choice(settings, "two_way_workflow") != "leave" && reaches?(settings)
      end

      # From elsewhere nobody reaches a machine of this one's own network: whoever saves a lead would wait in vain.
      def self.reaches?(settings)
        here = host(Chatwoot.address)
        here && (!inside?(here) || inside?(host(settings["api_url"]).to_s))
      end

      def self.host(address)
        uri = URI(address.to_s.strip)
        uri.host if uri.is_a?(URI::HTTP)
      rescue URI::InvalidURIError
        nil
      end

      def self.inside?(host)
        address = IPAddr.new(host.delete("[]"))
        address.loopback? || address.private? || address.link_local?
      rescue IPAddr::Error
        !host.include?(".") || host.match?(/\.(?:local|internal|localhost|lan|home|test)\z/i)
      end
      private_class_method :reaches?, :host, :inside?

      # @param hook [Integrations::Hook]
      def initialize(hook)
        @hook = hook
        @settings = hook.settings.to_h
      end

      # Makes it, or takes it away, as the settings say now.
      # @return [void]
      def follow = self.class.wanted?(@settings) ? make : remove

      # @return [Boolean] whether it was made, as far as is remembered here
      def made? = !remembered.nil?

      # @return [void]
      # @raise [Error] where it is to be tried again
      def make
        return if address.nil? || remembered == mark

        leave_former
        Lock.hold(@hook.id, "workflow") do
          id = (webhooks(address).first || create_webhook)["id"]
          create_workflow(id) if workflows([id]).empty?
          remember
        end
      rescue *REFUSED => e
        # Its address can be given to a workflow by hand.
        KrayinSync.logger&.info("krayin_sync: hook #{@hook.id}: no workflow was made in Krayin: #{e.message}")
        remember
      end

      # @param patience [Numeric, nil] seconds for each request
      # @return [void]
      def remove(patience: nil)
        return unless made?

        @patience = patience
        ours = webhooks(remembered.split(" ", 2).last).map { |webhook| webhook["id"] }
        workflows(ours).each { |workflow| delete("workflows", workflow["id"]) if alone?(workflow) }
        ours.each { |id| delete("webhooks", id) }
        RedisStore.call("DEL", key)
      end

      # The same where the connection itself goes: nobody waits for a Krayin that does not answer.
      # @return [void]
      def part = remove(patience: PATIENCE)

      private

      def address = WebhookEndpoint.bare_address(@hook)

      # Chatwoot has another address by now.
      def leave_former
        remove if remembered.to_s.start_with?("#{HookSettings.instance(@hook)} ")
      end

      def webhooks(address) = list("webhooks").select { |webhook| webhook["end_point"] == address }

      # Whatever else they do.
      def workflows(ids)
        list("workflows").select { |workflow| actions(workflow).intersect?(ids) }
      end

      def actions(workflow)
        workflow["actions"].to_a.grep(Hash).select { |action| action["id"] == "trigger_webhook" }
                           .map { |action| action["value"].to_i }
      end

      # What a colleague has added to it stays.
      def alone?(workflow) = workflow["actions"].to_a.one?

      # Nothing of a lead is placed in it: a quote in a value loses the whole call.
      def create_webhook
        create("webhooks", "name" => name, "entity_type" => "leads", "description" => name, "method" => "post",
                           "end_point" => address, "query_params" => [], "headers" => [secret],
                           "payload_type" => "default", "raw_payload_type" => "json",
                           "payload" => [{ "key" => "event", "value" => EVENT }])
      end

      def secret = { "key" => WebhookEndpoint::HEADER, "value" => WebhookEndpoint.header(@hook) }

      def create_workflow(webhook)
        create("workflows", "name" => name, "description" => name, "entity_type" => "leads", "event" => EVENT,
                            "condition_type" => "and", "conditions" => [],
                            "actions" => [{ "id" => "trigger_webhook", "value" => webhook }])
      end

      def name = "Chatwoot #{@hook.id}"

      def list(what)
        answer = call("GET", what, [%w[pagination 0]])
        (answer.is_a?(Hash) ? answer["data"].to_a : []).select { |one| one.is_a?(Hash) && one["id"].is_a?(Integer) }
      end

      def create(what, body)
        answer = call("POST", what, [], body)
        made = answer["data"] if answer.is_a?(Hash)
        raise UnavailableError, "Krayin did not say what it made." unless made.is_a?(Hash) && made["id"].is_a?(Integer)

        made
      end

      def delete(what, id)
        call("DELETE", "#{what}/#{id}", [])
      rescue NotFoundError
        nil
      end

      def call(method, path, params, body = nil)
        session.call(:request, method, "settings/#{path}", JSON.generate(params), body && JSON.generate(body))
      end

      def session
        limits = Chatwoot.limits
        limits = limits.transform_values { @patience } if @patience
        @session ||= Session.new(limits.merge(@settings), bulk: @patience.nil?)
      end

      # What it was made for.
      def mark = [HookSettings.instance(@hook), address].join(" ")

      def remember = RedisStore.call("SET", key, mark)

      def remembered = RedisStore.call("GET", key)

      def key = RedisStore.key("workflow", @hook.id)
    end
  end
end
