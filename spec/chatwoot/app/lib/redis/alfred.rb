# frozen_string_literal: true

module Redis::Alfred
  CRM_PROCESS_MUTEX = "CRM_PROCESS_MUTEX::%<hook_id>s"
  REAUTHORIZATION_REQUIRED = "REAUTHORIZATION_REQUIRED:%<obj_type>s:%<obj_id>d"

  class << self
    def get(key) = run("GET", key)
    def set(key, value) = run("SET", key, value)
    def delete(key) = run("DEL", key)
    def incr(key) = run("INCR", key)

    def run(*command) = Sidekiq.redis { |redis| redis.call(*command.map(&:to_s)) }
  end
end
