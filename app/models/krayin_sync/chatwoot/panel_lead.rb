# frozen_string_literal: true

require "cgi"

module KrayinSync
  module Chatwoot
    # Krayin's answers as an agent's panel has them: texts without markup, numbers as numbers.
    module PanelLead
      # Words of a note that are shown.
      LONGEST = 2000
      NOTES = 5
      # What a colleague plans, by the types that Krayin has.
      PLANNED = %w[call meeting lunch].freeze
      BREAKS = %r{<br\s*/?>|</(?:p|div|li|h\d)>}i
      private_constant :LONGEST, :NOTES, :PLANNED, :BREAKS

      class << self
        # @param settings [Hash{String => Object}] a hook's
        # @return [Array<Hash{Symbol => Object}>] id, name and stages (id, code and name) of each
        def pipelines(settings)
          settings.dig("traits", "pipelines").to_a.map do |pipeline|
            stages = pipeline["stages"].to_a.map { |one| one.slice("id", "code", "name").transform_keys(&:to_sym) }
            { id: pipeline["id"], name: pipeline["name"], stages: stages }
          end
        end

        # @param lead [Hash{String => Object}] as Krayin answers it
        # @return [Hash{Symbol => Object}]
        def of(lead, settings)
          seen = LeadAttributes.all_of(lead, settings)
          { id: lead["id"], title: text(lead["title"]), value: seen["krayin_value"],
            owner: named(LeadAttributes.user(lead)), stage_id: lead["lead_pipeline_stage_id"],
            pipeline_id: lead["lead_pipeline_id"], closing_date: seen["krayin_closing_date"],
            lost_reason: text(lead["lost_reason"]), closed: LeadAttributes.closed?(lead, settings),
            page: KrayinPages.of(settings, "lead", lead["id"]), tags: tags(lead),
            products: products(lead).map { |row| product(row) } }
        end

        # @param lead [Hash{String => Object}] as Krayin answers it
        # @return [Array<Hash{String => Object}>] its rows of products
        def products(lead) = Array(lead["lead_products"] || lead["products"]).grep(Hash)

        # @param person [Hash{String => Object}, nil] as Krayin answers it
        # @return [Hash{Symbol => Object}, nil]
        def person(person, settings)
          return unless person.is_a?(Hash)

          { id: person["id"], name: text(person["name"]), emails: known(person["emails"]),
            numbers: known(person["contact_numbers"]), job_title: text(person["job_title"]),
            organization: named(person["organization"]), tags: tags(person),
            page: KrayinPages.of(settings, "person", person["id"]) }
        end

        # @param activities [Array<Hash{String => Object}>] as Krayin answers them
        # @return [Hash{Symbol => Array<Hash>}] next, the soonest first, and notes, the latest first
        def activities(activities)
          known = activities.grep(Hash)
          planned = known.select { |one| PLANNED.include?(one["type"]) && !done?(one) && one["schedule_from"] }
          notes = known.select { |one| one["type"] == "note" }
          { next: planned.sort_by { |one| one["schedule_from"].to_s }.first(NOTES).map { |one| activity(one) },
            notes: notes.sort_by { |one| [one["created_at"].to_s, one["id"].to_i] }.reverse.first(NOTES)
                        .map { |one| activity(one) } }
        end

        # @param row [Hash{String => Object}] of a lead's products
        # @return [Integer, nil] which product it is of
        def product_of(row) = row["product"].is_a?(Hash) ? row["product"]["id"] : row["product_id"]

        # A comment of Krayin's is HTML; what is left of it here is words.
        # @return [String, nil]
        def words(html)
          plain = html.to_s.gsub(BREAKS, "\n").gsub(/<[^>]*>/, "")
          text(CGI.unescapeHTML(plain).gsub(/\n{3,}/, "\n\n").strip)
        end

        private

        def activity(one)
          { id: one["id"], type: one["type"], title: text(one["title"]), text: words(one["comment"]),
            from: one["schedule_from"], to: one["schedule_to"], at: one["created_at"],
            by: named(one["user"]).to_h[:name] }
        end

        def done?(one) = [true, 1, "1"].include?(one["is_done"])

        def product(row)
          { id: product_of(row), name: text(name_of(row)),
            quantity: row["quantity"], price: amount(row["price"]), amount: amount(row["amount"]) }
        end

        def name_of(row) = row["product"].is_a?(Hash) ? row["product"]["name"] : row["name"]

        def amount(value) = Float(value.to_s, exception: false)&.then { |one| one.finite? ? one.round(4) : nil }

        def tags(record)
          Array(record["tags"]).grep(Hash).filter_map { |tag| text(tag["name"]) }
        end

        def named(record)
          record.is_a?(Hash) ? { id: record["id"], name: text(record["name"]) } : nil
        end

        def known(entries) = Entries.known(entries).map { |entry| text(entry) }

        def text(value) = value.to_s[0, LONGEST].strip.presence
      end
    end
  end
end
