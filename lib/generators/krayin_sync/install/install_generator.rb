# frozen_string_literal: true

require "rails/generators"
require "rails/generators/migration"

module KrayinSync
  module Generators
    # rails generate krayin_sync:install
    class InstallGenerator < ::Rails::Generators::Base
      include ::Rails::Generators::Migration

      source_root File.expand_path("templates", __dir__)

      desc "Adds an initializer with every option, and a migration with the indexes that the sync looks things up by."

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

      def add_initializer
        template "initializer.rb", "config/initializers/krayin_sync.rb"
      end

      def add_migration
        migration_template "links.rb.tt", "db/migrate/add_krayin_sync_indexes.rb"
      end
    end
  end
end
