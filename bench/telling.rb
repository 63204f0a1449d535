# frozen_string_literal: true

require "active_support"
require "active_support/notifications"
require "logger"

# What it costs that attempts and events are told: each listener beside none, in turn.
module Telling
  CALLS = 200

  # What listens, and how it is begun and ended.
  LISTENERS = {
    "a subscriber" => lambda do |on|
      if on
        @subscriber = ActiveSupport::Notifications.subscribe(/krayin_sync\z/) { |*| nil }
      else
        ActiveSupport::Notifications.unsubscribe(@subscriber)
      end
    end,
    "metrics" => ->(on) { KrayinSync.metrics = (KrayinSync::Metrics.new if on) },
    "a logger" => ->(on) { KrayinSync.logger = (Logger.new(File::NULL) if on) },
    "config.headers" => ->(on) { KrayinSync.headers = ({ "X-Gateway" => "key" } if on) }
  }.freeze

  private

  # On loopback, without a wait: a call costs the least there, so that the telling weighs most.
  def telling
    client = KrayinSync::Api::BaseClient.new(@servers.krayin, Servers::TOKEN)
    calls = -> { cost { CALLS.times { client.get("get") } }[1] / CALLS }
    calls.call
    LISTENERS.map do |name, switch|
      pairs = ratios(Bench::ROUNDS) { [calls.call, listening(switch, calls)] }
      microseconds = pairs.map { |bare, told| (told - bare) * 1_000_000 }.sort[pairs.size / 2].round
      figure("telling_#{name.scan(/[a-z]+/).last}_cpu", "one GET on loopback with #{name} against none: CPU", nil,
             pairs.map { |bare, told| told / bare }, "#{microseconds} µs a call")
    end
  end

  def listening(switch, calls)
    switch.call(true)
    calls.call
  ensure
    switch.call(false)
  end
end
