# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Rows for field_mapping that an administrator may say yes to: custom attributes that Chatwoot and Krayin call by
    # the same name, of types that fit.
    module MappingSuggestion
      # Chatwoot's types, and those of Krayin's that hold any of their values.
      FITTING = {
        "text" => %w[text textarea], "link" => %w[text textarea], "number" => %w[text price], "currency" => %w[price],
        "percent" => %w[text price], "date" => %w[date datetime], "list" => %w[select text],
        "checkbox" => %w[boolean]
      }.freeze
      # Where a value comes from, by whose attribute it is, and which records of Krayin's it may go to.
      MODELS = {
        "contact_attribute" => ["custom_attributes.%s", %w[persons leads]],
        "conversation_attribute" => ["conversation.custom_attributes.%s", %w[leads persons]]
      }.freeze
      ENTITIES = { "persons" => "person", "leads" => "lead" }.freeze

      class << self
        # @param hook [Integrations::Hook]
        # @return [Array<String>] "lead.plan = custom_attributes.plan"
        def of(hook)
          settings = hook.settings.to_h
          rows(::CustomAttributeDefinition.where(account_id: hook.account_id).to_a,
               settings.dig("traits", "attributes").to_a, settings["field_mapping"].to_s)
        end

        # @param definitions [Array<#attribute_key, #attribute_display_name, #attribute_display_type, #attribute_model>]
        # @param known [Array<Hash{String => Object}>] Krayin's
        # @param mapped [String] what is mapped already
        # @return [Array<String>]
        def rows(definitions, known, mapped)
          found = definitions.filter_map do |definition|
            source, entities = MODELS[definition.attribute_model.to_s]
            target = source && target(definition, known, entities)
            next unless target

            "#{ENTITIES.fetch(target["entity_type"])}.#{target["code"]} = #{format(source, definition.attribute_key)}"
          end
          found.uniq { |row| row[/\S+/] }.reject { |row| mapped.match?(/#{Regexp.escape(row[/\S+/])}\s*(?:<->|=)/) }
        end

        private

        def target(definition, known, entities)
          names = [definition.attribute_key, definition.attribute_display_name].map { |name| plain(name) }
          fitting = FITTING.fetch(definition.attribute_display_type.to_s, [])
          same = known.select do |row|
            names.intersect?([plain(row["code"]), plain(row["name"])]) && fitting.include?(row["type"])
          end
          entities.filter_map { |entity| same.find { |row| row["entity_type"] == entity } }.first
        end

        def plain(name) = name.to_s.downcase.gsub(/[^[:alnum:]]/, "")
      end
    end
  end
end
