# frozen_string_literal: true

require_relative "backfill_words"

module KrayinSync
  module Chatwoot
    # A {Backfill} at a terminal, for its rake tasks. What cannot be done ends the process with a sentence.
    class BackfillTerminal
      # Seconds between two looks at a run.
      LOOK = 1

      # @param account [#to_s, nil] the connected account's id, with the connection's name where it has several:
      #   "3:Sales"; nil where there is one alone
      def initialize(account)
        @account = account
      end

      # @return [void]
      def estimate = refusing { puts BackfillWords.estimate(estimated) }

      # @return [void]
      def start
        refusing do
          abort "Nothing was started." unless ENV["YES"] || confirmed?
          Backfill.start(hook, **choice)
          puts "Started. rake krayin_sync:backfill:progress shows how far it is."
        end
      end

      # Asks Krayin alone: {#report} tells what would become of each contact.
      # @return [void]
      def dry_run
        refusing do
          Backfill.start(hook, dry_run: true, **choice)
          puts "Started: nothing is written. rake krayin_sync:backfill:progress shows how far it is, and " \
               "krayin_sync:backfill:report what would become of the contacts."
        end
      end

      # Until it ends, where somebody looks at it.
      # @return [void]
      def progress
        refusing { nil until shown_to_the_end? }
      rescue Interrupt
        # It goes on without who looks at it.
        puts
      end

      # @param name [Symbol] :pause, :resume or :cancel
      # @return [void]
      def step(name) = refusing { puts BackfillWords.bar(run.public_send(name).progress) }

      # @return [void]
      def report
        refusing do
          told = run.report
          next puts(JSON.pretty_generate(told)) if ENV["JSON"]

          puts ENV["CSV"] ? BackfillWords.csv(told) : BackfillWords.report(told)
        end
      end

      private

      def hook = @hook ||= @account ? HookSettings.one(@account) : only

      def only
        hooks = HookSettings.hooks
        abort "There is no Krayin connection." if hooks.empty?
        abort "Several are connected: name an account, as in [#{hooks.first.account_id}]." if hooks.many?
        hooks.first
      end

      def run = Backfill.of(hook) || abort("No backfill was started yet.")

      def shown_to_the_end?
        told = run.progress
        print "#{"\r\e[K" if $stdout.tty?}#{BackfillWords.bar(told)}"
        $stdout.flush
        goes_on = $stdout.tty? && told[:state] == "running"
        goes_on ? sleep(LOOK) : puts(*["", told[:reason]].compact)
        !goes_on
      end

      def choice = BackfillChoice::NAMES.to_h { |name| [name, ENV.fetch(name.name.upcase, nil)] }.compact

      def estimated = Backfill.estimate(hook, **choice)

      def confirmed?
        told = estimated
        puts BackfillWords.estimate(told)
        print BackfillWords.question(told), " [y/N] "
        $stdout.flush
        $stdin.gets.to_s.strip.match?(/\Ay(es)?\z/i)
      end

      def refusing
        yield
      rescue ArgumentError, ConfigurationError, Backfill::NotPossible => e
        abort e.message
      end
    end
  end
end
