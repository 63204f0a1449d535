# frozen_string_literal: true

require "rails/generators"
require "rails/generators/migration"

module KrayinSync
  module Generators
    # rails generate krayin_sync:install
    class InstallGenerator < ::Rails::Generators::Base
      include ::Rails::Generators::Migration

      source_root File.expand_path("templates", __dir__)

      desc "Adds an initializer with every option, and migrations with the tables of links, of backfills, of looks, " \
           "of reconciles, of what was done and of what agents ask for. Where version 0.1 was installed, another " \
           "that moves what it kept."

      # Later than any of Chatwoot's: one that is older than its schema file would be taken for one that has run.
      def self.next_migration_number(folder)
        [Time.now.utc.strftime("%Y%m%d%H%M%S"), format("%.14d", newest(folder) + 1)].max
      end

      def self.newest(folder)
        schema = File.join(File.dirname(folder), "schema.rb")
        version = File.file?(schema) ? File.read(schema)[/version: ([\d_]+)/, 1].to_s.delete("_").to_i : 0
        [version, current_migration_number(folder)].max
      end
      private_class_method :newest

      # One that is there has what its installation decided.
      def add_initializer
        template "initializer.rb.tt", "config/initializers/krayin_sync.rb", skip: true
      end

      def add_links
        migration "links.rb.tt", "create_krayin_sync_links"
      end

      def add_backfills
        migration "backfills.rb.tt", "create_krayin_sync_backfills"
      end

      def add_looks
        migration "looks.rb.tt", "create_krayin_sync_looks"
      end

      def add_reconciles
        migration "reconciles.rb.tt", "create_krayin_sync_reconciles"
      end

      def add_history
        migration "history.rb.tt", "create_krayin_sync_history"
      end

      def add_acts
        migration "acts.rb.tt", "create_krayin_sync_acts"
      end

      def add_upgrade
        return if written("add_krayin_sync_indexes").empty?

        migration "upgrade.rb.tt", "move_krayin_sync_ids"
      end

      private

      def options_of_configuration = KrayinSync::Configuration::OPTIONS

      # Once: a second run of the generator changes nothing.
      def migration(source, name)
        migration_template source, "db/migrate/#{name}.rb" if written(name).empty?
      end

      def written(name) = Dir[File.join(destination_root, "db/migrate/*_#{name}.rb")]
    end
  end
end
