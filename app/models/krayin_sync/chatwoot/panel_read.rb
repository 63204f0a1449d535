# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A panel's person, leads and activities as Krayin has them now: two requests, of what live events leave of the
    # budget.
    class PanelRead
      include Opaque

      # @param panel [Panel]
      # @param lead [#to_s, nil] the lead whose activities are wanted; the contact's where nil
      def initialize(panel, lead: nil)
        @panel = panel
        @settings = panel.hook.settings.to_h
        @wanted = lead.to_s[/\A\d{1,18}\z/]&.to_i
        @krayin = PanelReader.new(@settings)
      end

      # @return [Hash{Symbol => Object}] person, leads (the contact's own first), lead (id of the one that the
      #   activities are of), next, notes and read_at; without what Krayin did not show, and error, a sentence, why not,
      #   with wait, seconds until there is budget again, where that is known
      def to_h
        person = @panel.link&.person_id
        return {} unless person

        told = { read_at: ::Time.now.utc.iso8601 }
        collect(told, person)
        told
      rescue ApiError => e
        told.merge(error: e.reason.sentence(::I18n.locale), wait: e.is_a?(RateLimitError) ? e.retry_after&.ceil : nil)
            .compact
      end

      private

      def collect(told, person)
        leads = in_order(@krayin.of_persons([person]).first)
        who = leads.filter_map { |lead| lead["person"] }.first || @krayin.person(person)
        told[:person] = PanelLead.person(who, @settings)
        told[:leads] = leads.map { |lead| PanelLead.of(lead, @settings) }
        tag(told)
        lead = leads.find { |one| one["id"] == @wanted } || leads.first
        told[:lead] = lead && lead["id"]
        of = lead ? ["leads", lead["id"]] : [PersonReader::PERSONS, person]
        told.merge!(PanelLead.activities(@krayin.activities(*of)))
      end

      def tag(told)
        known = PanelTags.of(@panel.link, @settings)
        told[:person][:tags] |= known[["person", told[:person][:id]]] if told[:person]
        told[:leads].each { |lead| lead[:tags] |= known[["lead", lead[:id]]] }
      end

      # The contact's, then those that are open, then the newest.
      def in_order(leads)
        own = @panel.link.lead_id
        leads.sort_by do |lead|
          [lead["id"] == own ? 0 : 1, LeadAttributes.closed?(lead, @settings) ? 1 : 0, -lead["id"]]
        end
      end
    end
  end
end
