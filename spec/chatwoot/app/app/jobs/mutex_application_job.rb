# frozen_string_literal: true

class MutexApplicationJob < ApplicationJob
  class LockAcquisitionError < StandardError; end

  def with_lock(key)
    manager = Redis::LockManager.new
    raise LockAcquisitionError, "Failed to acquire lock for key: #{key}" unless manager.lock(key)

    begin
      yield
    ensure
      manager.unlock(key)
    end
  end
end
