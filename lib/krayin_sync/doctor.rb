# frozen_string_literal: true

module KrayinSync
  # Looks at a Krayin as the set-up would, and says of each thing how it is and what would mend it.
  class Doctor
    # @!attribute verdict [r] "ok", "note" or "FAIL"
    Check = Struct.new(:verdict, :name, :text)

    # In the order in which they are looked at: what comes after one that failed is not known.
    ORDER = %w[settings address token user pipeline source type].freeze

    # @param api_url [String]
    # @param api_token [String]
    def initialize(api_url, api_token)
      @service = SetupService.new(api_url: api_url, api_token: api_token, cache: nil)
    end

    # @return [Array<Check>]
    def checks
      found = @service.perform
      defaults(found) + traits(found["traits"]) + @service.warnings.map { |text| Check.new("note", "warning", text) }
    rescue Error => e
      failed = place(e)
      passed = ORDER.take_while { |name| name != failed }
      passed.map { |name| Check.new("ok", name, "") } << Check.new("FAIL", failed, e.message)
    end

    private

    def defaults(found)
      [
        Check.new("ok", "settings", "address and token have the right form"),
        Check.new("ok", "address", "#{found["api_url"]} answers, dialect #{found["api_dialect"]}"),
        Check.new("ok", "token", "accepted"),
        Check.new("ok", "user", "sees all records"),
        Check.new("ok", "pipeline", "#{named(found, "pipeline")}, new leads begin at #{named(found, "stage")}"),
        default(found, "source"),
        default(found, "lead_type", "type")
      ]
    end

    def default(found, key, name = key)
      return Check.new("ok", name, named(found, key)) if found["default_#{key}_id"]

      Check.new("note", name, "Krayin has none; leads are created without")
    end

    def named(found, key) = "#{found["default_#{key}_name"]} (#{found["default_#{key}_id"]})"

    def traits(traits)
      notes = [traits["rate_headers"] ? "60 requests a minute for the token's user" : "no limit is announced"]
      notes << "persons need an e-mail address; those without get a placeholder" if traits["email_required"]
      notes << "a workflow waits for new persons: a new contact takes one request more" if traits["person_workflow"]
      notes << yes_no(traits) if yes_no(traits)
      notes.map { |text| Check.new("note", "server", text) }
    end

    # What is at stake before the first write.
    def yes_no(traits)
      flags = Array(traits["attributes"]).select { |attribute| attribute["type"] == "boolean" }
      return if flags.empty?

      codes = flags.map { |flag| "#{flag["entity_type"]}.#{flag["code"]}" }.join(", ")
      "a write sets yes/no attributes to no where they cannot be sent along (#{codes}): choose by on_yes_no"
    end

    def place(error)
      case error
      when AuthenticationError then "token"
      when PermissionError then "user"
      when ConfigurationError then place_of_setting(error.message)
      else "address"
      end
    end

    def place_of_setting(message)
      case message
      when /view permission/ then "user"
      when /pipeline/ then "pipeline"
      else "settings"
      end
    end
  end
end
