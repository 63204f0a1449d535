# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What colleagues changed of persons and of their organizations, in the same look as the leads: one request each
    # where nothing was, and one more for the people of organizations that were renamed. See {FollowedContact} for what
    # becomes of it.
    class ContactLook
      include Opaque

      # Persons that one request reads.
      PERSONS = 100
      # Persons that wait to be read again, as many as are kept by their ids: of more, all are read.
      WAITING = 500
      # Times that a look reads persons who are owed.
      READS = 2
      # Seconds after which what Chatwoot did not take is tried again: somebody else may have had it.
      AGAIN = 3600

      class << self
        # @param settings [Hash{String => Object}] a hook's
        def on?(settings) = FollowedContact.policy(settings) != "never"

        # @return [Integer] how many lists a look asks for, the leads among them
        def lists(settings)
          return 1 unless on?(settings)

          FollowedContact.keys(settings).include?("organization") ? 3 : 2
        end

        # What there is to see of a person, and of an organization.
        def digest(record)
          company = record["organization"].is_a?(Hash) ? record["organization"].values_at("id", "name") : nil
          said = [record["name"], record["emails"], record["contact_numbers"], company]
          OpenSSL::Digest.hexdigest("SHA256", JSON.generate(said))[0, 16]
        end
      end

      # @param hook [Integrations::Hook]
      # @param krayin [PersonReader]
      # @param state [Hash{String => Object}, nil] what the look before has left
      # @param began [Time]
      def initialize(hook, krayin, state, began:)
        @hook = hook
        @settings = hook.settings.to_h
        @krayin = krayin
        # What is wanted of them has changed: nobody has looked at those who have not.
        @state = state.to_h["wants"] == wants ? state : { "wants" => wants }
        @began = began
        @later = []
        @refused = @state["refused"].to_a
        @written = 0
        @busy = false
      end

      # @return [Hash{String => Object}] what the next look begins with
      attr_reader :state
      # @return [Integer] contacts
      attr_reader :written

      # @return [Boolean] whether anything was found, or is still to be
      def busy? = @busy || @written.positive? || @later.any? || !@state["from"].nil?

      # @return [self]
      def look
        persons = changed(PersonReader::PERSONS) + people_of(changed_organizations)
        bring(persons)
        read_again
        read_all
        remember
        self
      end

      private

      def wants = [FollowedContact.policy(@settings), *FollowedContact.keys(@settings)].join(" ")

      # @return [Array<Hash>] records, the oldest change first
      def changed(path)
        records, seen = @krayin.touched(@state[path], path) { |record| self.class.digest(record) }
        # From the lowest id on, since nobody knows which.
        @state = @state.merge(path => seen.state).merge(seen.all ? { "from" => 0 } : {})
        ids = seen.changed.map(&:first)
        @busy ||= ids.any?
        records.select { |record| ids.include?(record["id"]) }.reverse
      end

      def changed_organizations
        return [] unless FollowedContact.keys(@settings).include?("organization")

        changed(PersonReader::ORGANIZATIONS).map { |one| one["id"] }
      end

      # An organization's name stands with each of its people.
      def people_of(organizations)
        organizations.each_slice(PERSONS).flat_map do |ids|
          persons, whole = @krayin.of_organizations(ids)
          @state = @state.merge("from" => 0) unless whole
          persons
        end
      end

      # Those that could not be looked at, and now and then those that Chatwoot did not take.
      def read_again
        ids = @state["again"].to_a
        if @refused.any? && @state["refused_at"].to_i <= @began.to_i - AGAIN
          ids |= @refused
          @state = @state.merge("refused_at" => @began.to_i)
        end
        ids.each_slice(PERSONS) { |some| bring(@krayin.persons(some)) }
      end

      # All who are linked, where answers did not reach far enough.
      def read_all
        READS.times do
          return if @state["from"].nil?

          ids = linked_after(@state["from"])
          bring(@krayin.persons(ids)) if ids.any?
          @state = ids.size < PERSONS ? @state.except("from") : @state.merge("from" => ids.last)
        end
      end

      def linked_after(id)
        LinkStore.of(@hook, kind: "contact").where("person_id > ?", id).distinct.order(:person_id).limit(PERSONS)
                 .pluck(:person_id)
      end

      def bring(persons)
        persons = persons.to_h { |person| [person["id"], person] }
        contacts = LeadLook.contacts_of(@hook, persons.keys)
        persons.each do |id, person|
          came = contacts.fetch(id, []).map do |contact|
            FollowedContact.new(@hook, contact, person, began: @began).take
          end
          @written += came.count(:written)
          @refused = came.include?(:refused) ? @refused | [id] : @refused - [id]
          came.include?(:later) ? @later |= [id] : @later -= [id]
        end
      end

      def remember
        @state = @state.merge("from" => 0) if @later.size > WAITING
        kept = { "again" => @later.first(WAITING).presence, "refused" => @refused.first(PERSONS).presence }
        kept["refused_at"] = @state["refused_at"] || @began.to_i if kept["refused"]
        @state = @state.except("again", "refused", "refused_at").merge(kept.compact)
      end
    end
  end
end
