# frozen_string_literal: true

# Another's work on the queue of the sync: notes when it ran.
class OtherJob < ApplicationJob
  queue_as :medium

  def perform(pushed_at) = Redis::Alfred.run("RPUSH", "other_job", Time.now.to_f - pushed_at)
end
