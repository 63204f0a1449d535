# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What the settings of a hook name in Chatwoot that its account does not have: labels, teams, inboxes and agents.
    class RuleNames
      include Opaque

      # A rule for stages as the core writes it.
      RULE = /\A(?:(?:contact )?(?<label>label) |(?<team>team) |(?<inbox>inbox) |(?<agent>agent) )(?<name>.+?) -> /
      # A line of lead_sources; what follows the last sign is the source's name.
      SOURCE = /\A\s*inbox\s+(?<name>.+)=/i
      # Lists of names that one choice of lead_policy reads.
      LISTS = { "lead_labels" => %w[on_label label], "lead_inboxes" => %w[by_inbox inbox] }.freeze

      # @param account_id [Integer]
      # @param settings [Hash{String => Object}]
      def initialize(account_id, settings)
        @account_id = account_id
        @settings = settings
      end

      # @return [Array<Reason>] one for each name that there is not
      def missing
        missing = named.uniq.reject { |_, what, name| there(what).include?(plain(name)) }
        missing += LeadAttributes.unknown(@settings).map { |name| ["two_way_attributes", "attribute", name] }
        missing += LeadAttributes.not_settable(@settings).map { |name| ["two_way_writes", "attribute", name] }
        missing.map { |setting, what, name| Reason.new("not_in_chatwoot", setting: setting, what: what, entered: name) }
      rescue ConfigurationError
        []
      end

      private

      def named = of_rules + of_lists + of_sources

      def of_rules
        rules = JSON.parse(Native.explain_rules("{}", "{}", SettingsJson.of(@settings))).map { |row| row["rule"] }
        rules.filter_map do |rule|
          found = RULE.match(rule)
          next unless found

          what = %w[label team inbox agent].find { |kind| found[kind] }
          ["stage_rules", what, what == "label" ? found[:name].delete_suffix(" removed") : found[:name]]
        end
      end

      def of_lists
        read = Settings.read(@settings)
        LISTS.flat_map do |setting, (policy, what)|
          read["lead_policy"] == policy ? read[setting].to_a.map { |name| [setting, what, name] } : []
        end
      end

      def of_sources
        lines = @settings["lead_sources"]
        lines = lines.to_s.split(/[;\n]/) unless lines.is_a?(Array)
        found = lines.filter_map { |line| SOURCE.match(line.to_s) }
        found.map { |line| ["lead_sources", "inbox", line[:name].strip] }
      end

      def there(what)
        @there ||= {}
        @there[what] ||= names_of(what).flatten.map { |name| plain(name) }
      end

      def names_of(what)
        case what
        when "label" then ::Label.where(account_id: @account_id).pluck(:title)
        when "team" then ::Team.where(account_id: @account_id).pluck(:name)
        when "inbox" then ::Inbox.where(account_id: @account_id).pluck(:id, :name)
        else Agents.of(@account_id).pluck(:name, :email)
        end
      end

      def plain(name) = name.to_s.split.join(" ").downcase
    end
  end
end
