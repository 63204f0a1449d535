# frozen_string_literal: true

require "cgi"

module KrayinSync
  module Chatwoot
    # Carries out what an agent has asked for in a panel, under the contact's lock, as any event. It may be run again
    # from its start at any point: what was done is seen, and what nobody could see again is noted before it is sent.
    class PanelWork
      include Opaque

      # It is not to be done.
      class Ended < StandardError
        attr_reader :state, :told

        def initialize(state, **told)
          super(state)
          @state = state
          @told = told
        end
      end
      private_constant :Ended

      # @param hook [Integrations::Hook]
      # @param act_id [Integer]
      # @yield after each attempt
      def initialize(hook, act_id, &)
        @hook = hook
        @settings = hook.settings.to_h
        @act = PanelAct.find_by(id: act_id, hook_id: hook.id)
        @krayin = PanelReader.new(@settings, bulk: false, &)
      end

      # @return [Hash{Symbol => Object}] whose it is, as an event's data tells it
      def about
        @act ? { contact: { id: @act.contact_id }, conversation: { id: @act.conversation_id } } : {}
      end

      # @return [Hash{Symbol => Object}, nil] how many requests it took; nothing where there is nothing to do
      # @raise [Error] where it is to be tried again
      def perform
        return unless @act&.state == "waiting"

        @act.end_as("done", **send(:"do_#{@act.kind}").to_h)
        LeadLook.hint(@hook.id) if LeadLook.on?(@settings)
        worked
      rescue Ended => e
        @act.end_as(e.state, **e.told)
        worked
      rescue *LeadMove::REFUSED => e
        @act.end_as("refused", reason: e.reason.to_h)
        worked
      end

      private

      def worked = { status: "synced", requests: @krayin.requests }

      def asked = @act.asked

      # The contact's person, as it is by now. Of who is gone, or kept out meanwhile, nothing is sent.
      def link
        @link ||= (known_link if ::Contact.unscoped.exists?(id: @act.contact_id)) || over("refused", word: "unknown")
      end

      def known_link
        links = LinkStore.of(@hook, kind: "contact", record_id: @act.contact_id).where.not(person_id: nil)
        links.where(unverified: false, kept_out: false).order(updated_at: :desc).first
      end

      def changed(now) = over("conflict", word: "changed", now: now)

      def over(state, **told) = raise(Ended.new(state, **told))

      # A lead of the contact's: no agent may touch another customer's by its number.
      def lead
        @lead ||= begin
          found = @krayin.lead(asked["lead"]) || over("refused", word: "gone")
          LeadAttributes.person_id(found) == link.person_id ? found : over("refused", word: "gone")
        end
      end

      def do_stage
        now = lead["lead_pipeline_stage_id"]
        to = stage(asked["stage"]) || over("refused", word: "no_stage")
        reason = asked["reason"] if to["code"] == "lost"
        return if now == to["id"] && (reason.nil? || lead["lost_reason"] == reason)

        changed(stage_name(now)) unless [asked["from"].to_s, to["id"].to_s].include?(now.to_s)
        @krayin.move(lead["id"], to["id"], reason: reason)
        nil
      end

      def stage(id)
        pipeline = @settings.dig("traits", "pipelines").to_a.find { |one| one["id"] == lead["lead_pipeline_id"] }
        pipeline.to_h["stages"].to_a.find { |one| one["id"] == id }
      end

      def stage_name(id) = stage(id).to_h["name"]

      def do_value = set("lead_value", number(lead["lead_value"]), asked["value"], number(asked["from"]))

      def do_owner
        owner = LeadAttributes.user(lead).to_h
        set("user_id", owner["id"], asked["owner"], asked["from"].to_s[/\A\d+\z/]&.to_i, shown: owner["name"])
      end

      def do_closing_date
        set("expected_close_date", LeadAttributes.closing_day(lead, @settings), asked["closing_date"], asked["from"])
      end

      # Only from what the agent saw: what a colleague has written meanwhile stays.
      def set(attribute, now, wanted, from, shown: now)
        return if now == wanted

        changed(shown) unless now == from
        # What Krayin would take away by it, and nobody can know, is worth more.
        over("refused", word: "kept") unless @krayin.write(lead, attribute => wanted)
      end

      def number(value) = Float(value.to_s, exception: false)&.round(4)

      def do_note
        on = asked["lead"] && asked["lead"] != link.lead_id ? lead["id"] : asked["lead"]
        begun = @act.intent["title"]
        @act.intend("title" => note_title) unless begun
        found = @krayin.activity_titled(begun) if begun
        made = found || @krayin.note({ type: "note", title: @act.intent["title"], comment: comment,
                                       **(on ? { lead_id: on } : { person_id: link.person_id }) })
        { activity: made["id"] }
      end

      # By it the note is found where nobody has seen that it was made: nothing in it is changed on its way, and a comma
      # could not be searched for.
      def note_title
        talk = ::Conversation.unscoped.where(id: @act.conversation_id).pick(:display_id)
        by = author.gsub(/[^\p{L}\p{M}\p{N}.-]+/, " ").strip[0, 60]
        "#{by}: Chatwoot ##{talk} (#{@act.id})"
      end

      def author = @author ||= ::User.where(id: @act.user_id).pick(:name).to_s.strip.presence || "Chatwoot"

      # Krayin shows it as HTML.
      def comment
        [author, asked["text"]].map { |said| CGI.escapeHTML(said) }
                               .then { |by, text| "<b>#{by}</b><br>#{text.gsub(/\r\n?|\n/, "<br>")}" }
      end

      # Which leads there were is noted before: one of that title that is not among them is this one.
      def do_lead
        lead = new_lead
        there = @krayin.of_persons([link.person_id]).first
        before = @act.intent["before"]
        found = before && there.find do |one|
          before.exclude?(one["id"]) && one["title"].to_s.strip == lead["title"]
        end
        return { lead: found["id"] } if found

        @act.intend("before" => before || there.map { |one| one["id"] })
        { lead: @krayin.new_lead(lead)["id"] }
      end

      # As the mapper would have it of a contact of that name: nothing in its title is changed on its way.
      def new_lead
        named = { "id" => @act.contact_id, "name" => asked["title"] }
        usual = Mappers::ContactMapper.map_to_lead(named, link.person_id, @settings).transform_keys(&:to_s)
        lead = usual.slice("title", "person_id", "lead_pipeline_id", "lead_pipeline_stage_id", "lead_source_id",
                           "lead_type_id").merge("lead_value" => asked["value"] || 0)
        asked["source"] ? lead.merge("lead_source_id" => asked["source"]) : lead
      end

      # Krayin adds links to an activity, and one that is there is not added again.
      def do_attach
        talks = LinkStore.of(@hook, kind: "conversation", record_id: @act.conversation_id)
        activity = talks.where.not(activity_id: nil).pick(:activity_id) || over("refused", word: "no_activity")
        @krayin.attach(activity, lead["id"])
        nil
      end

      # The row of a product that is on the lead already is written anew.
      def do_product
        row = row_of(asked["product"])
        now = row && number(row["quantity"])
        return if row && asked.values_at("quantity", "price") == [now, number(row["price"])]

        changed(now) unless now == number(asked["from"])
        quantity = asked["quantity"].then { |many| many == many.to_i ? many.to_i : many }
        @krayin.put_product(lead["id"], { "product_id" => asked["product"], "quantity" => quantity,
                                          "price" => asked["price"] })
        nil
      end

      def row_of(product)
        PanelLead.products(lead).find { |one| PanelLead.product_of(one) == product }
      end
    end
  end
end
