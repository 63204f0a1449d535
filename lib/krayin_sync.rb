# frozen_string_literal: true

require "json"
require "logger"
require "openssl"
require "time"

require_relative "krayin_sync/version"
require_relative "krayin_sync/errors"
require_relative "krayin_sync/response"
require_relative "krayin_sync/native"
require_relative "krayin_sync/instrumentation"
require_relative "krayin_sync/arguments"
require_relative "krayin_sync/snapshot"
require_relative "krayin_sync/session"
require_relative "krayin_sync/external_id"
require_relative "krayin_sync/pace/memory"
require_relative "krayin_sync/pace/redis"
require_relative "krayin_sync/records/memory"
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
require_relative "krayin_sync/doctor"
require_relative "krayin_sync/webmock" if defined?(WebMock::HttpLibAdapter)

# Keeps a Krayin CRM in step with Chatwoot.
module KrayinSync
  @records = Records::Memory.new
  @allow_http = false
  @allowed_hosts = ENV.fetch("KRAYIN_SYNC_ALLOWED_HOSTS", "").split(/[\s,]+/).reject(&:empty?)

  class << self
    attr_writer :records

    # @return [#load, #store] where ids are kept when a {ProcessorService} is given no other place
    def records
      Arguments.main_ractor
      @records
    end

    # @return [Boolean] whether plain http may go to other machines than this one; the token would go in the open
    attr_accessor :allow_http

    # @return [Array<String>] hosts that may have private addresses, "*" for all; KRAYIN_SYNC_ALLOWED_HOSTS at first
    attr_accessor :allowed_hosts

    # @return [Float, nil] seconds below which the wait before a second attempt is drawn; 0 in specs, 1 where nil
    attr_accessor :retry_base

    # @return [#swap, nil] keeps the budget of requests for all processes that share it; each process its own where nil
    attr_accessor :pace

    # @return [#fetch, nil] keeps for an hour what the set-up found; Rails' own inside Rails, none elsewhere
    attr_writer :cache

    def cache
      @cache || (::Rails.cache if defined?(::Rails) && ::Rails.respond_to?(:cache))
    end

    # @return [Logger, nil] where attempts are told; Rails' own inside Rails, nobody elsewhere
    attr_writer :logger

    def logger
      @logger || (::Rails.logger if defined?(::Rails) && ::Rails.respond_to?(:logger))
    end
  end
end

require_relative defined?(Rails::Railtie) ? "krayin_sync/engine" : "krayin_sync/crm"
