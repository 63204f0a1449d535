# frozen_string_literal: true

require "sidekiq"
require "sidekiq/api"

require_relative "records/active_record"
require_relative "chatwoot/configuration"
require_relative "chatwoot/app_config"
require_relative "chatwoot/redis_store"
require_relative "chatwoot/lock"
require_relative "chatwoot/job_registry"
require_relative "chatwoot/breaker"
require_relative "chatwoot/server"
require_relative "chatwoot/gate"
require_relative "chatwoot/uninstall"
require_relative "chatwoot/relevant_changes"
require_relative "chatwoot/intake"
require_relative "chatwoot/extensions"
require_relative "chatwoot/compatibility"
