# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What one job does of a {Backfill}: contact after contact of its lane, each with what goes with it, until its time
    # is over, live events wait for a thread, or nothing can be done for now.
    class BackfillWork
      include Opaque
      include Leased::Slice

      # Contacts that are taken in hand at once.
      HAND = 100
      # Contacts that are done before it is told, and seconds: to tell of each would be half of its statements. What a
      # killed process had not told of is gone through again, is as it is to be by then, and counts as unchanged.
      UNTOLD = 25
      TOLD_AFTER = 2
      # How often one may fail before it is left to a job of its own, which is tried for three weeks.
      TRIES = 5
      SOON = (1.0..3.0)
      # Seconds for which a lane stands aside where the Krayin has become slow.
      ASIDE = 10
      # Seconds that are waited for the next request's turn with the thread in hand, where nobody else wants it: what is
      # pushed for later is looked for every few seconds alone.
      NAP = 2
      # In a job's text.
      BULK = '"bulk":true'
      private_constant :BULK

      # @param lane [BackfillLane]
      # @param jid [String] of the job
      def initialize(lane, jid)
        @lane = lane
        @run = lane.backfill
        @jid = jid
        @told = Hash.new(0)
        @examples = []
        @busy = 0
        @told_at = @began = now
      end

      # Of the run as it is now.
      # @see BackfillIndex#persons_with
      def persons_with(keys) = index.persons_with(keys)

      # @return [Float, nil] seconds after which the lane's job is to come back; nil where it is not
      def perform
        @hook = KnownHook.wanted(run.hook_id)
        return without_hook unless hook
        return stop_moved unless HookSettings.instance(hook) == run.instance

        catch(:wait) do
          stand_aside if one_too_many?
          look_through if run.running?
          work_on while run.running?
          note
          nil
        end
      end

      private

      attr_reader :lane, :run, :hook

      def work_on
        contact = lane.contact_ids.first || (return take_more)

        read_together if glance.wanted?(contact) || glance.full?
        one(contact)
        note if due?
        give_way if @asked || @told.empty?
      end

      def give_way
        wait(0) if over? || others_wait?
      end

      def take_more
        note
        look_through
        throw(:wait, nil) unless run.hand_out(lane, hook, HAND)
        # Of many none may be its Krayin's.
        give_way if lane.contact_ids.empty?
      end

      # What Krayin has, where that is read.
      def look_through
        reading do
          while index.reading?
            index.read_on
            give_way
          end
          index.follow
        end
      end

      # What was put aside.
      def read_together = reading { glance.read }

      def reading
        yield
      rescue KrayinSync::Error => e
        KrayinSync.logger&.warn("krayin_sync: what Krayin has is not read: #{e.class}")
        wait(wait_after(e, usual: Breaker::LONGEST))
      end

      def index = BackfillIndex.new(run, hook) { @told["requests"] += 1 }

      def pace = @pace ||= BackfillPace.new(run)

      # Whether others of the lanes make as many calls as may be made.
      def one_too_many?
        calls = pace.calls
        lane.number > calls && run.lanes.where("number < ?", lane.number).count >= calls
      end

      def stand_aside = wait(ASIDE)

      def glance = @glance ||= BackfillGlance.new(lane, hook, self) { @told["requests"] += 1 }

      # Live events stand in the same queue; they do where every thread is at work. What has just come is at its front,
      # and what has time as well, a sweep's, waits for nobody.
      def others_wait?
        newest = RedisStore.call("LRANGE", "queue:#{Chatwoot.configuration.queue}", 0, BackfillPace.most)
        newest.any? { |job| !job.include?(BackfillJob.name) && !job.include?(BULK) }
      end

      def due? = @told["done"] >= UNTOLD || now - @told_at > TOLD_AFTER || (@told["asked"].positive? && !run.looked)

      def wait(seconds)
        note
        throw(:wait, run.running? ? seconds.to_f : nil)
      end

      # The next that is to be done of the first contact.
      def one(contact)
        kind, id = @next || step(contact)
        return leave(contact) unless kind

        work = run.dry_run ? RehearsedWork : RecordWork
        of = glance.of(contact, puts_aside: kind == "contact")
        outcome = work.new(hook, @jid, contact, glance: of, pace: pace, since: run.created_at).perform(kind, id)
        return behind(kind) if outcome.name == :unread

        @asked = outcome.requests.positive?
        @told["requests"] += outcome.requests
        return put_off(outcome, contact, kind, id) if outcome.later?

        @busy = 0
        @next = nil
        tell(kind, contact, outcome)
      end

      # @return [Array(String, Integer), nil]
      def step(contact)
        kind, after = lane.position.values_at("kind", "id")
        choice = run.choice_of_contacts
        return ["contact", contact] unless kind

        talks = choice.conversations? && %w[contact conversation].include?(kind)
        id = following(choice.conversations(hook, contact), kind == "conversation" ? after : 0) if talks
        return ["conversation", id] if id

        id = following(choice.messages(hook, contact), kind == "message" ? after : 0) if choice.messages?
        ["message", id] if id
      end

      def following(records, after) = records.where("id > ?", after).order(:id).limit(1).ids.first

      def tell(kind, contact, outcome)
        lane.position = { "kind" => kind, "id" => outcome.id }
        kind == "contact" ? tell_of_contact(contact, outcome) : @told["#{kind}s"] += 1
        @next = step(contact) unless kind == "contact" && outcome.ends?
        leave(contact) unless @next
      end

      def tell_of_contact(contact, outcome)
        @told[outcome.name] += 1
        @told["asked"] += 1 if outcome.asked?
        @examples << [outcome.name, contact, outcome.code] if outcome.code || run.dry_run
      end

      # All of the contact is done.
      def leave(contact)
        @told["done"] += 1
        lane.contact_ids = lane.contact_ids.drop(1)
        lane.tries = lane.tries.except(contact.to_s)
        lane.position = {}
        @next = nil
      end

      def put_off(outcome, contact, kind, id)
        case outcome.name
        when :busy then busy(kind)
        when :failed then failed(outcome, contact, kind, id)
        end
        rest(outcome.seconds) if outcome.seconds.positive?
      end

      def rest(seconds)
        return nap(seconds) if seconds <= NAP && !over? && !others_wait?

        wait([seconds, LONGEST].min)
      end

      def nap(seconds)
        note
        sleep(seconds)
      end

      # Another job works on the contact: the others come first.
      def busy(kind)
        behind(kind)
        @busy += 1
        wait(rand(SOON)) if kind != "contact" || @busy >= lane.contact_ids.size
      end

      def failed(outcome, contact, kind, id)
        failures = lane.tries.fetch(contact.to_s, 0) + 1
        lane.tries = lane.tries.merge(contact.to_s => failures)
        return behind(kind) if failures < TRIES

        RecordRef.new(hook.id, kind, id).enqueue(bulk: true, urgent: true) unless run.dry_run
        lane.tries = lane.tries.except(contact.to_s)
        @next = nil
        tell(kind, contact, outcome.handed_over)
      end

      # One that has been begun is brought to its end first.
      def behind(kind)
        lane.contact_ids = lane.contact_ids.rotate if kind == "contact"
      end

      # What was done counts with where the lane is.
      def note
        noted = lane.note(@told, @examples)
        throw(:wait, nil) unless noted

        @told = Hash.new(0)
        @examples = []
        @told_at = now
        @run = noted
        run.look_at_first
      end

      def without_hook
        return wait_for_hook if ::Integrations::Hook.where(id: run.hook_id).exists?

        run.cancel
        nil
      rescue Backfill::NotPossible
        nil
      end

      # It is disabled.
      def wait_for_hook = LONGEST.to_f

      def stop_moved
        return LONGEST.to_f unless HookSettings.instance(hook)

        run.stop("The connection leads to another Krayin now: cancel this backfill and start another.")
        nil
      end
    end
  end
end
