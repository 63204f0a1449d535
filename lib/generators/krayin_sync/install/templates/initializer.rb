# frozen_string_literal: true

# What holds for all accounts of this installation. Each line shows the value that holds without it.
KrayinSync::Chatwoot.configure do |config|
  # The Sidekiq queue of the sync's jobs. One that no process serves gets threads of its own, so that neither Chatwoot's
  # jobs wait for a slow Krayin nor the sync for Chatwoot; how many, a process.
  # config.queue = "krayin_sync"
  # config.concurrency = 3

  # Seconds that one call to Krayin may take with all its attempts, and one attempt alone.
  # config.deadline = 15
  # config.attempt_timeout = 10

  # Seconds after which a new message is read: some channels attach its files a moment later.
  # config.message_delay = 2

  # Seconds after which a job that never ran, or never ended, counts as lost.
  # config.lost_after = 600

  # When the sweep runs, where sidekiq-cron is there (nil for never), and how many seconds it looks back.
  # config.sweep_schedule = "*/15 * * * *"
  # config.sweep_window = 7200
end

# Whether a Krayin may be spoken to by plain http on another machine than this one: the token goes in the open.
# KrayinSync.allow_http = false

# Hosts that may have an address of a private network, such as "crm.internal"; "*" for all.
# KrayinSync.allowed_hosts = ENV.fetch("KRAYIN_SYNC_ALLOWED_HOSTS", "").split(",")
