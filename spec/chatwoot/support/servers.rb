# frozen_string_literal: true

require "etc"
require "fileutils"
require "socket"
require "tmpdir"

# PostgreSQL and Redis of their own on free ports, in a temporary folder that goes with them.
class Servers
  PATIENCE = 30 # seconds

  attr_reader :folder, :database_url, :redis_url

  def self.programs
    Dir["/usr/lib/postgresql/*/bin"].max
  end

  # @return [Integer] a port that was free a moment ago
  def self.free_port
    TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
  end

  def initialize
    @folder = Dir.mktmpdir("krayin_sync")
    FileUtils.chmod(0o755, @folder)
    @pids = []
  end

  def start
    start_postgres
    start_redis
    self
  rescue StandardError
    stop
    raise
  end

  def environment
    { "DATABASE_URL" => database_url, "REDIS_URL" => redis_url, "CHATWOOT_TMP" => folder, "RAILS_ENV" => "development" }
  end

  # A process that ends with the servers.
  def spawn(*command, name:, env: {})
    pid = Process.spawn(environment.merge(env), *command, in: File::NULL, out: [log(name), "a"], err: %i[child out])
    @pids << pid
    pid
  end

  def log(name) = File.join(folder, "#{name}.log")

  def end_process(pid, signal = :TERM)
    Process.kill(signal, pid)
    Process.wait(pid)
  rescue Errno::ESRCH, Errno::ECHILD
    nil
  ensure
    @pids.delete(pid)
  end

  def stop
    @pids.reverse.each { |pid| end_process(pid, pid == @postgres ? :INT : :TERM) }
    FileUtils.rm_rf(folder)
  end

  private

  # It refuses to be root.
  def as_postgres(*command)
    return command unless Process.uid.zero?

    ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", *command]
  end

  def start_postgres
    data = File.join(folder, "postgres")
    FileUtils.mkdir(data)
    FileUtils.chown("postgres", "postgres", data) if Process.uid.zero?
    port = self.class.free_port
    init = ["#{self.class.programs}/initdb", "--no-sync", "-A", "trust", "-U", "chatwoot", "-E", "UTF8",
            "--locale", "C", data]
    system(*as_postgres(*init), out: log("initdb"), err: %i[child out]) || raise(File.read(log("initdb")))
    @postgres = spawn(*as_postgres("#{self.class.programs}/postgres", "-D", data, "-p", port.to_s, "-k", data,
                                   "-c", "fsync=off", "-c", "max_connections=100", "-h", "127.0.0.1"), name: "postgres")
    @database_url = "postgresql://chatwoot@127.0.0.1:#{port}/postgres"
    wait_for("PostgreSQL") { system("#{self.class.programs}/pg_isready", "-q", "-h", "127.0.0.1", "-p", port.to_s) }
  end

  def start_redis
    port = self.class.free_port
    spawn("redis-server", "--port", port.to_s, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
          "--dir", folder, name: "redis")
    @redis_url = "redis://127.0.0.1:#{port}/0"
    wait_for("Redis") { TCPSocket.open("127.0.0.1", port).close.nil? }
  end

  def wait_for(name, &)
    give_up = Process.clock_gettime(Process::CLOCK_MONOTONIC) + PATIENCE
    until up?(&)
      raise "#{name} did not start" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > give_up

      sleep 0.05
    end
  end

  def up?
    yield
  rescue SystemCallError
    false
  end
end
