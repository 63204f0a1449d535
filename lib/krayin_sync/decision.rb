# frozen_string_literal: true

module KrayinSync
  # What a person says of a contact that is doubtful: it has the phone number of somebody in Krayin and may be another.
  module Decision
    class << self
      # Keeps it; the next event of the contact acts accordingly, once.
      # @param record [Contact, Records::Link, Hash, Integer, #id] the contact, its link, or its id
      # @param verdict [Symbol, String] same: it is the person; another: it is none of those, and the number stays with
      #   whom has it; later: that is for later
      # @param person [Integer, nil] the person's id in Krayin, where it may be one of several
      # @param records [#load, #store, nil] where ids are kept; the installation's own where nil
      # @return [void]
      # @raise [DecisionError] where nothing is to be decided, or not about that person
      # @raise [ArgumentError]
      def take(record, verdict, person: nil, records: nil)
        id = contact_id(record)
        person = Arguments.id(person, "the person's id") unless person.nil?
        records = Arguments.records(records || Records.of_installation)
        first, *others = doubtful_first(records.load("contact", id), instance_of(record))
        decided = JSON.parse(Native.decide(JSON.generate(first), Arguments.text(verdict, "the verdict").to_s, person))
        decided["others"] = others unless others.empty?
        records.store("contact", id, JSON.generate(decided))
        KrayinSync::Chatwoot::Intake.decided(id) if decided["pending"] && of_chatwoot?(records)
        nil
      end

      private

      def contact_id(record)
        return Arguments.id(record) if record.is_a?(Integer)

        id = record.respond_to?(:record_id) ? record.record_id : Snapshot.read(record, :id)
        Arguments.id(id, "the contact's id")
      end

      def instance_of(record) = record.respond_to?(:instance) ? record.instance : nil

      def of_chatwoot?(records)
        defined?(KrayinSync::Chatwoot::LinkStore) && records.is_a?(KrayinSync::Chatwoot::LinkStore)
      end

      # Of what several Krayins gave, what is to be decided.
      def doubtful_first(json, instance)
        kept = JSON.parse(json || "{}")
        all = [kept.except("others"), *kept["others"]]
        all.sort_by.with_index do |known, index|
          [known["server"] == instance ? 0 : 1, known["state"] == "doubtful" ? 0 : 1, index]
        end
      end
    end
  end

  # See {Decision.take}.
  #
  #   KrayinSync.decide(contact, :same)               # it is the person that the link's reason names
  #   KrayinSync.decide(contact, :same, person: 12)   # of several it is this one
  #   KrayinSync.decide(contact, :another)            # it is somebody else
  def self.decide(record, verdict, person: nil, records: nil)
    Decision.take(record, verdict, person: person, records: records)
  end
end
