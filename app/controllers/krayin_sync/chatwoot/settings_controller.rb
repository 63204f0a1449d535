# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A connection's settings, changed without disconnecting:
    # `/api/v1/accounts/:account_id/integrations/krayin/:hook_id/settings`. The token is never among what is told.
    class SettingsController < ConnectionController
      def show = render(json: form.to_h)

      # Takes `settings`: what is not given stays as it is, what is blank goes.
      def update
        errors = form.save(params.require(:settings).permit(*SettingsForm.keys, **SettingsForm.lists).to_h)
        return render(json: SettingsForm.new(hook.reload).to_h) if errors.empty?

        refuse(errors.map { |error| error[:message] }.uniq.join(" "), errors: errors)
      end

      private

      def form = @form ||= SettingsForm.new(hook)
    end
  end
end
