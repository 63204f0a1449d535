# frozen_string_literal: true

namespace :krayin_sync do
  desc "Enqueue what is not in Krayin as it is now: krayin_sync:sweep[24] looks back 24 hours"
  task :sweep, [:hours] => :environment do |_task, arguments|
    hours = Float(arguments[:hours] || KrayinSync::Chatwoot.configuration.sweep_window.fdiv(3600))
    found = KrayinSync::Chatwoot::Sweep.new(since: Time.now - (hours * 3600)).run
    puts "Enqueued: #{found.empty? ? "nothing" : found.map { |kind, count| "#{count} #{kind}" }.join(", ")}"
  end
end
