# frozen_string_literal: true

require "json"
require "logger"
require "openssl"
require "securerandom"
require "time"

require_relative "krayin_sync/version"
require_relative "krayin_sync/opaque"
require_relative "krayin_sync/errors"
require_relative "krayin_sync/response"
require_relative "krayin_sync/native"
require_relative "krayin_sync/headers"
require_relative "krayin_sync/tracing"
require_relative "krayin_sync/instrumentation"
require_relative "krayin_sync/attempts"
require_relative "krayin_sync/metrics"
require_relative "krayin_sync/arguments"
require_relative "krayin_sync/reason"
require_relative "krayin_sync/snapshot"
require_relative "krayin_sync/settings_json"
require_relative "krayin_sync/network"
require_relative "krayin_sync/session"
require_relative "krayin_sync/extensions"
require_relative "krayin_sync/external_id"
require_relative "krayin_sync/limiter_store/memory"
require_relative "krayin_sync/settings"
require_relative "krayin_sync/limiter_store/redis"
require_relative "krayin_sync/records"
require_relative "krayin_sync/records/memory"
require_relative "krayin_sync/configuration"
require_relative "krayin_sync/decision"
require_relative "krayin_sync/api/base_client"
require_relative "krayin_sync/api/person_client"
require_relative "krayin_sync/api/lead_client"
require_relative "krayin_sync/api/organization_client"
require_relative "krayin_sync/api/activity_client"
require_relative "krayin_sync/mappers/contact_mapper"
require_relative "krayin_sync/mappers/conversation_mapper"
require_relative "krayin_sync/mappers/message_mapper"
require_relative "krayin_sync/person_finder_service"
require_relative "krayin_sync/lead_finder_service"
require_relative "krayin_sync/processor_service"
require_relative "krayin_sync/setup_service"
require_relative "krayin_sync/webmock" if defined?(WebMock::HttpLibAdapter)

# Keeps a Krayin CRM in step with Chatwoot.
module KrayinSync
  autoload :Doctor, File.expand_path("krayin_sync/doctor", __dir__)
end

require_relative defined?(Rails::Railtie) ? "krayin_sync/engine" : "krayin_sync/crm"
