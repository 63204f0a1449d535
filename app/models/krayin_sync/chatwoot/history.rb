# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What this process has done since it was last written down: lines of the log and counts of the hour. All of some
    # seconds goes into the database by a few statements, so that an event costs none; a process that is killed loses
    # these seconds and nothing else.
    module History
      # Seconds for which they may stay in a process.
      FLUSH = 5
      # How many of them are written at once, and how many are kept where they cannot be.
      MOST = 200
      KEPT = 5000
      # Seconds between two looks for what is kept no longer.
      DAILY = 80_000

      Kept = Struct.new(:lines, :counts, :steps) do
        def self.none = new([], Hash.new(0), [])

        def size = lines.size + counts.size + steps.size

        def empty? = size.zero?

        # @param earlier [Kept] that could not be written
        def take_back(earlier)
          self.counts = earlier.counts.merge(counts) do |key, *both|
            key[2] == HourCount::GREATEST ? both.max : both.sum
          end
          counts.shift while counts.size > KEPT
          self.lines = (earlier.lines + lines).last(KEPT)
          self.steps = (earlier.steps + steps).last(KEPT)
        end
      end
      # What became of a contact, whose inbox and first words are looked for once it is written down.
      Step = Struct.new(:hook_id, :contact_id, :name, :source, :at, :timed, keyword_init: true)
      private_constant :Kept, :Step

      @buffer = Buffer.new(FLUSH, -> { flush }) { Kept.none }

      class << self
        # @param happened [Happening] that has ended
        # @return [void]
        def tell(happened)
          line = LogLine.row(happened)
          record do |kept|
            kept.lines << line
            count(kept, happened)
          end
        end

        # @param attempt [Hash{Symbol => Object}] as `request.krayin_sync` tells it
        # @return [void]
        def request(attempt)
          hook = attempt[:hook_id]
          return unless hook

          record do |kept|
            add(kept, hook, "requests")
            budget = key(hook, Time.now.utc, HourCount::GREATEST)
            kept.counts[budget] = [kept.counts[budget], attempt[:limit]].max if attempt[:limit]
          end
        end

        # A colleague, or an agent, has ended a contact's lead.
        # @param lead [Hash{String => Object}] as Krayin answers it
        # @param settings [Hash{String => Object}] the hook's
        # @return [void]
        def ended(hook_id, contact_id, lead, settings)
          name = LeadAttributes.stage_of(lead, settings).to_h["code"]
          return unless LeadAttributes::ENDS.include?(name)

          record { |kept| step(kept, hook_id, contact_id, name, lead["lead_source_id"]) }
        end

        # An agent has answered for the first time.
        # @param seconds [Numeric] since the conversation began
        # @return [void]
        def replied(hook_id, seconds)
          record { |kept| add(kept, hook_id, "to_reply", HourCount.bound(seconds, HourCount::TIMES)) }
        end

        # Writes down what there is. What cannot be written now is so later.
        # @return [void]
        def flush
          kept = @buffer.take
          return if kept.empty? || write(kept)

          @buffer.use(goes: goes?) { |later| later.take_back(kept) }
        end

        # Takes out what is kept no longer, if nobody has today.
        # @return [void]
        def prune_daily
          prune if RedisStore.call("SET", RedisStore.key("pruned"), "1", "NX", "EX", DAILY)
        end

        # @return [void]
        def prune = [LogLine, HourCount].each(&:prune)

        private

        def record
          full = @buffer.use(goes: goes?) do |kept|
            yield kept
            kept.size >= MOST
          end
          flush if full && !::ActiveRecord::Base.connection.transaction_open?
        end

        # Not where an event is run for once, which need not pay for a thread: at a console, in a test.
        def goes?
          return true if ::Sidekiq.server?
          return false unless ::Rails.env.production?

          flush_at_exit
          true
        end

        # What a task or a console did last.
        def flush_at_exit
          return if @at_exit

          @at_exit = true
          at_exit { flush }
        end

        def write(kept)
          ::ActiveRecord::Base.connection_pool.with_connection do
            return true unless LogLine.table_exists?

            take_steps(kept)
            LogLine.transaction do
              LogLine.insert_all!(kept.lines) if kept.lines.any?
              HourCount.add(kept.counts)
            end
          end
          true
        rescue StandardError => e
          KrayinSync.logger&.warn("krayin_sync: what was done could not be written down: #{e.class}")
          false
        end

        def key(hook_id, at, name, part = "") = [hook_id, at.change(min: 0), name, part]

        def add(kept, hook_id, name, part = "", at: Time.now.utc) = kept.counts[key(hook_id, at, name, part)] += 1

        def count(kept, happened)
          hook = happened.hook_id
          add(kept, hook, happened.bulk? ? "bulk" : "events", happened.status)
          add(kept, hook, "failures", happened.failure) if happened.failure
          happened.created.each { |what| add(kept, hook, "created", what) }
          count_delay(kept, happened)
          count_new(kept, happened)
        end

        def count_delay(kept, happened)
          return if happened.bulk? || happened.failure || happened.delay.nil?

          add(kept, happened.hook_id, "delay", HourCount.bound(happened.delay, HourCount::DELAYS))
        end

        def count_new(kept, happened)
          return unless happened.contact_id

          { "person" => "persons", "lead" => "leads" }.each do |what, name|
            next unless happened.created.include?(what)

            source = source_of(happened.settings) if what == "lead"
            step(kept, happened.hook_id, happened.contact_id, name, source, timed: !happened.bulk?)
          end
        end

        # Where it goes by inbox and channel, the lead alone knows it.
        def source_of(settings)
          settings["lead_source_id"].presence || settings["default_source_id"] if settings["lead_sources"].blank?
        end

        def step(kept, hook_id, contact_id, name, source, timed: true)
          kept.steps << Step.new(hook_id: hook_id, contact_id: contact_id, name: name, source: source.to_s,
                                 at: Time.now.utc, timed: timed)
        end

        # By the conversation that a contact began with: one statement for all of them.
        def take_steps(kept)
          return if kept.steps.empty?

          contacts = kept.steps.map(&:contact_id).uniq
          talks = first_talks(contacts)
          inboxes = first_inboxes(contacts - talks.keys)
          kept.steps.each { |step| take_step(kept, step, talks[step.contact_id], inboxes[step.contact_id]) }
          kept.steps = []
        end

        def take_step(kept, step, talk, inbox)
          parts = { "inbox" => talk&.inbox_id || inbox, "agent" => talk&.assignee_id, "source" => step.source }
          parts.each { |by, part| add(kept, step.hook_id, "#{step.name}_#{by}", part.to_s, at: step.at) }
          time = { "leads" => "to_lead", "won" => "to_won" }[step.name]
          return unless time && talk && step.timed

          bound = HourCount.bound(step.at - talk.created_at, HourCount::TIMES)
          add(kept, step.hook_id, time, bound, at: step.at)
        end

        # Of those with whom nobody has spoken yet.
        def first_inboxes(contacts)
          return {} if contacts.empty?

          ::ContactInbox.unscoped.where(contact_id: contacts).order(id: :desc).pluck(:contact_id, :inbox_id).to_h
        end

        def first_talks(contacts)
          ::Conversation.unscoped.where(contact_id: contacts).order(:contact_id, :id)
                        .select("DISTINCT ON (contact_id) contact_id, id, inbox_id, assignee_id, created_at")
                        .index_by(&:contact_id)
        end
      end
    end
  end
end
