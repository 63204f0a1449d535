# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A connection's {Backfill} over Chatwoot's own API, for administrators:
    # `/api/v1/accounts/:account_id/integrations/krayin/:hook_id/backfill`.
    class BackfillsController < ConnectionController
      # By how much the number of contacts may have grown since it was confirmed.
      GROWN = 1.05

      rescue_from(Backfill::NotPossible) { |error| refuse(error.message) }

      # The last run: how far it is, and what became of its contacts.
      def show = render(json: run.report)

      # What a run would have to do; changes nothing.
      def estimate = render(json: Backfill.estimate(hook, **choice))

      # Starts a run, or a dry run, of as many contacts as its caller has seen in the estimate.
      def create
        dry_run = ::ActiveModel::Type::Boolean.new.cast(params[:dry_run]) || false
        run = Backfill.start(hook, dry_run: dry_run, **choice) do |estimated|
          return unconfirmed(Backfill.estimate(hook, **choice)) unless confirmed?(estimated)
        end
        render json: run.progress, status: :created
      end

      def pause = render(json: run.pause.progress)

      def resume = render(json: run.resume.progress)

      def cancel = render(json: run.cancel.progress)

      private

      def run = @run ||= Backfill.of(hook) || raise(::ActiveRecord::RecordNotFound)

      # What cannot be read is not left out: it would be everybody then.
      def choice
        given = params.permit(*BackfillChoice::NAMES)
        wrong = BackfillChoice::NAMES.find { |name| params.key?(name) && !given.key?(name) }
        raise ArgumentError, "#{wrong} must be one value, and no list." if wrong

        given.to_h.symbolize_keys
      end

      def confirmed?(estimated)
        contacts = Integer(params[:contacts].to_s, 10, exception: false)
        contacts && estimated[:contacts] <= contacts * GROWN
      end

      def unconfirmed(estimated)
        refuse("Confirm how many contacts go to Krayin: contacts=#{estimated[:contacts]}, with about " \
               "#{estimated[:requests]} requests in #{BackfillWords.span(estimated[:seconds])}.", estimate: estimated)
      end
    end
  end
end
