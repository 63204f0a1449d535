# frozen_string_literal: true

# Whoever is late lets go of another's lock: as it is there.
class Redis::LockManager
  LOCK_TIMEOUT = 1

  def lock(key) = Redis::Alfred.run("SET", key, Time.now.to_f, "NX", "EX", LOCK_TIMEOUT) == "OK"
  def unlock(key) = Redis::Alfred.delete(key)
end
