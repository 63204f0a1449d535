# frozen_string_literal: true

require_relative "backfill_words"

module KrayinSync
  module Chatwoot
    # What a terminal and the log say of a {Reconcile}.
    module ReconcileWords
      READ = { persons: "persons read", organizations: "organizations read", leads: "leads read",
               links: "links held against them", contacts: "contacts looked at", requests: "requests" }.freeze
      FOUND = { gone: "persons gone: each is looked for, and treated as on_deleted_in_krayin says",
                organizations_gone: "persons whose organization is gone: likewise",
                leads_gone: "leads gone: likewise",
                own_leads_gone: "conversations' own leads gone: likewise",
                changed_hands: "persons of whom nothing is the contact's any more: their links are doubtful",
                organizations_moved: "persons whom a colleague gave another organization, or none: left so",
                leads_moved: "leads that a colleague gave to another person",
                doubled: "persons that are there more than once: their contacts' links are doubtful",
                organizations_doubled: "organizations of one name: left as they are",
                missing: "contacts that were not in Krayin: each is brought",
                unfinished: "contacts that had changed, or whose job was lost: likewise",
                deleted: "records deleted in Chatwoot of which nobody had told Krayin: it is told" }.freeze
      # What the numbers of an example are.
      EXAMPLES = { "gone" => %w[contact person], "changed_hands" => %w[contact person],
                   "organizations_gone" => %w[contact organization],
                   "organizations_moved" => ["contact", "organization", "now of"],
                   "leads_gone" => %w[contact lead], "own_leads_gone" => %w[conversation lead],
                   "leads_moved" => ["contact", "lead", "now of person"], "missing" => %w[contact] }.freeze
      DOUBLED = { "doubled" => "persons", "organizations_doubled" => "organizations" }.freeze

      class << self
        # @param told [Hash{Symbol => Object}] see {Reconcile#report}
        # @return [Array<String>]
        def report(told)
          [told[:state], *told[:reason], *rows(READ, told), *rows(found(told), told), *examples(told)]
        end

        # @param told [Hash{Symbol => Object}]
        # @return [Array<String>] of what was found
        def counts(told)
          all = found(told).keys.map { |name| "#{BackfillWords.number(told[name])} #{name}" }
          all.empty? ? ["all is well"] : all
        end

        private

        def found(told) = FOUND.select { |name, _| told[name].positive? }

        def rows(words, told)
          words.map do |name, what|
            format("%<count>12s  %<what>s", count: BackfillWords.number(told[name]), what: what)
          end
        end

        def examples(told)
          told[:examples].flat_map { |name, all| all.map { |ids| "#{name}: #{example(name, ids)}" } }
        end

        def example(name, ids)
          return "#{DOUBLED[name]} #{ids.join(", ")}" if DOUBLED.key?(name)

          # With its kind.
          return ids.join(" ") if name == "deleted"

          EXAMPLES.fetch(name).zip(Array(ids)).map { |what, id| "#{what} #{id || "none"}" }.join(", ")
        end
      end
    end
  end
end
