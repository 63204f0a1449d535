# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Whom a Krayin is for, as an administrator enters it: inboxes by name or id, kept with both, so that one that is
    # renamed stays the same; labels and countries as they are compared. All of it is text, as Chatwoot's list shows it.
    class RouteForm
      include Opaque

      # Names that a sentence lists.
      MOST = 12

      # @param settings [Hash{String => Object}] as they would be saved
      # @param before [Hash{String => Object}, nil] as they are: what was entered then is not looked at again
      def initialize(settings, before, account_id)
        @settings = settings
        @before = before.to_h
        @account_id = account_id
      end

      # @return [Hash{String => Object}] the settings
      # @raise [Form::Refused]
      def check
        checked = { "route_inboxes" => :inbox, "route_labels" => :downcase.to_proc, "route_countries" => :country }
        checked.each_with_object(@settings.dup) do |(key, as), settings|
          next if !settings.key?(key) || settings[key] == @before[key]

          @key = key
          words = Route.list(settings[key]).map { |text| as.is_a?(Proc) ? as.call(text) : send(as, text) }
          settings[key] = words.uniq.join(", ")
        end
      end

      private

      # A name may end as the form does in which it is kept.
      def inbox(text)
        named = /\A(?<name>.*\S)\s*\((?<id>\d+)\)\z/m.match(text)
        found = inboxes.find { |id, name| named && named[:id].to_i == id && shown(name).casecmp?(named[:name]) } ||
                inboxes.find { |_, name| [name, shown(name)].any? { |known| known.to_s.strip.casecmp?(text) } } ||
                inboxes.find { |id, _| id == Route.id_of(text) }
        return "#{shown(found.last)} (#{found.first})" if found

        refuse("inbox_unknown", entered: text[0, 60], known: inboxes.first(MOST).map(&:last))
      end

      def inboxes = @inboxes ||= ::Inbox.where(account_id: @account_id).order(:id).pluck(:id, :name)

      # With commas between inboxes a name can have none.
      def shown(name) = name.to_s.tr(",", " ").squeeze(" ").strip

      def country(text)
        Settings.read("default_country" => text).fetch("default_country")
      rescue ConfigurationError
        refuse("value_wrong", key: "route_countries", wanted: "country", choices: [])
      end

      def refuse(code, **params)
        raise Form::Refused.new(Reason.new(code, **params).sentence(HookSettings.locale(@settings)), field: @key)
      end
    end
  end
end
