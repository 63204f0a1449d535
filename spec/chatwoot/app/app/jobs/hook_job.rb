# frozen_string_literal: true

# What it rescues is lost, a held lock too: as it is there.
class HookJob < MutexApplicationJob
  retry_on LockAcquisitionError, wait: 3.seconds, attempts: 3

  queue_as :medium

  INTEGRATION_PROCESSORS = { "leadsquared" => :process_leadsquared_integration_with_lock }.freeze

  def perform(hook, event_name, event_data = {})
    return if hook.disabled?

    processor = INTEGRATION_PROCESSORS[hook.app_id]
    send(processor, hook, event_name, event_data) if processor
  rescue StandardError => e
    Rails.logger.error e
  end

  private

  def process_leadsquared_integration_with_lock(hook, _event_name, _event_data)
    with_lock(format(Redis::Alfred::CRM_PROCESS_MUTEX, hook_id: hook.id)) { sleep 0.01 }
  end
end
