# frozen_string_literal: true

# What fails meanwhile: requests, and the processes in `@sidekiqs`.
module Trouble
  KINDS = [{ action: "status", status: 503 }, { action: "close_before_acting" },
           { action: "close_after_acting" }].freeze

  # @return [Array<Hash>] faults of one request in so many, so often
  def one_in(many, times) = (1..times).map { |n| { nth: n * many, times: 1, **KINDS[n % 3] } }

  # One that works, where another does too: what is seen then is what becomes of its work, and not how long nobody is
  # there. Another one comes in its place.
  # @return [Boolean] whether one was killed
  def kill_one(random)
    return false if (there = working).size < 2

    servers.end_process(@sidekiqs.delete(there.sample(random: random)), :KILL)
    @sidekiqs << SmallChatwoot.sidekiq
    true
  end

  # @return [Array<Integer>] those that have come up
  def working
    known = Sidekiq.redis { |redis| redis.call("SMEMBERS", "processes") }
    @sidekiqs & known.map { |identity| Integer(identity.split(":")[1]) }
  end

  # What a killed process had is given out again once its lease is over.
  def recover_killed
    late = KrayinSync::Chatwoot::BackfillLane.where("leased_until < ?", 100.seconds.from_now)
    late.update_all(leased_until: 1.minute.ago)
    KrayinSync::Chatwoot::Sweep.recover
  end
end
