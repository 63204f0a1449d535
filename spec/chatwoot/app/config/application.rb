# frozen_string_literal: true

# A small Chatwoot: its tables, and of its classes what the sync meets. `DATABASE_URL` and `REDIS_URL` say where.

require "logger" # Rails 6.1 forgets it
require "active_record/railtie"
require "active_storage/engine"
require "action_controller/railtie"
require "action_view/railtie"
require "active_job/railtie"
require "redis"
require "sidekiq"

$LOAD_PATH.unshift(File.expand_path("../../../../lib", __dir__))
require "krayin_sync" # the Gemfile's one line

module Chatwoot
  class Application < Rails::Application
    config.root = File.expand_path("..", __dir__)
    config.load_defaults 6.1
    # As in production, where nothing is loaded as it is needed.
    config.eager_load = ENV["EAGER_LOAD"] != "no"
    config.cache_classes = ENV["RAILS_ENV"] == "production"
    config.consider_all_requests_local = true
    config.autoload_paths << config.root.join("lib")
    config.active_job.queue_adapter = :sidekiq
    config.active_storage.service = :local
    config.secret_key_base = "only for tests"
    config.hosts.clear
    # What is written while it runs goes where its databases are.
    folder = ENV.fetch("CHATWOOT_TMP")
    config.paths["log"] = File.join(folder, "#{$PROGRAM_NAME[/\w+\z/]}-#{Process.pid}.log")
    config.paths["tmp"] = File.join(folder, "tmp")
    config.log_level = :info
    config.active_record.belongs_to_required_by_default = false
    config.active_support.deprecation = :silence
  end
end
