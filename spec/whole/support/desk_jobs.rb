# frozen_string_literal: true

require "json"

# The jobs of one account among all that share Chatwoot's Sidekiq. It runs inside Chatwoot, for the console.
class DeskJobs
  OURS = /\AKrayinSync::/
  # They only ask somebody outside, whom mostly nobody reaches from here.
  OUTWARD = /\A(SendReplyJob|Channels::|Avatar::)/
  UNREACHED = Regexp.union(
    /Failed to open TCP connection/, /getaddrinfo/, /execution expired/, /Net::(Open|Read)Timeout/,
    /Connection (refused|reset|timed out)/, /Network is unreachable/, /No route to host/, /Name or service not known/
  )
  # Servers of the examples: that one of them was not reached says something.
  HERE = /\b(localhost|127\.\d+\.\d+\.\d+)\b/
  # Seconds: a conversation's next turn may be a minute away.
  SOON = 10

  # @param account [Integer, nil] every account's jobs where nil
  def initialize(account)
    @account = account
    @accounts = {}
  end

  # How many have an end to come, by where they are: of ours those that are due soon, of Chatwoot's own those from which
  # events may come.
  def pending
    { pushed: Sidekiq::Queue.all.sum { |queue| queue.count { |job| awaited?(job) } },
      busy: Sidekiq::WorkSet.new.count { |_, _, work| awaited?(work.job) },
      scheduled: Sidekiq::ScheduledSet.new.count { |job| due?(job) },
      retried: Sidekiq::RetrySet.new.count { |job| due?(job) }, **journal }
  end

  # @param since [Float]
  # @return [Array<Array(String, String)>] name and error of each job that ended for good and should not have
  def dead(since) = blamed(Sidekiq::DeadSet.new.select { |job| job.score >= since })

  # @param jobs [Array<Sidekiq::JobRecord>]
  def blamed(jobs)
    jobs.select { |job| ours?(job) ? mine?(job) : blame?(job) }
        .map { |job| [job.display_class, "#{job["error_class"]}: #{job["error_message"]}"] }
  end

  # Whether an example has to wait for it.
  # @param job [Sidekiq::JobRecord]
  def awaited?(job)
    return mine?(job) if ours?(job)

    !job.display_class.match?(OUTWARD) && !elsewhere?(job)
  end

  private

  def ours?(job) = job.display_class.match?(OURS)

  # One that is for no hook is everybody's: a sweep.
  def mine?(job)
    hook = job.args.first.to_h["hook_id"]
    hook.nil? || hooks.include?(hook)
  end

  def due?(job) = ours?(job) && mine?(job) && job.score < soon

  # Of Chatwoot's own: one that could not reach its provider is nobody's fault, unless we are in it.
  def blame?(job)
    said = "#{job["error_class"]}: #{job["error_message"]}"
    return true if "#{said} #{job.error_backtrace.to_a.join}".match?(/krayin_?sync/i)

    !elsewhere?(job) && (!said.match?(UNREACHED) || said.match?(HERE))
  end

  def elsewhere?(job)
    accounts = accounts_of(JSON.generate(job.args))
    !@account.nil? && accounts.any? && !accounts.include?(@account)
  end

  # Those that a job's arguments tell of.
  def accounts_of(arguments)
    records = arguments.scan(%r{gid://[\w/:-]+})
    arguments.scan(/"account_id":(\d+)/).map { |(id)| id.to_i } |
      records.filter_map { |record| @accounts[record] ||= account_of(GlobalID.parse(record)) }
  end

  def account_of(record)
    return record.model_id.to_i if record.model_name == "Account"

    record.model_class.unscoped.find_by(id: record.model_id).try(:account_id)
  rescue NameError
    nil
  end

  def journal
    %w[queued running].to_h do |name|
      due = Sidekiq.redis { |redis| redis.call("ZRANGE", "krayin_sync:#{name}", "-inf", soon, "BYSCORE") }
      [name, due.count { |entry| hooks.include?(entry.to_i) }]
    end
  end

  def hooks = @hooks ||= Integrations::Hook.where({ app_id: "krayin", account_id: @account }.compact).ids

  def soon = Time.now.to_i + SOON
end
