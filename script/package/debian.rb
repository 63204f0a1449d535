# frozen_string_literal: true

require_relative "tools"

# Packages of any Debian and architecture, downloaded and laid out without being installed.
module Debian
  SUITES = %w[bookworm trixie trixie-backports experimental].freeze
  KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
  SOURCES = Dir["/etc/apt/sources.list", "/etc/apt/sources.list.d/debian.sources"].freeze

  module_function

  # @param version [String, nil] how the version begins; the suite's own where nil
  def unpack(packages, architecture, folder, suite:, version: nil)
    Dir.mktmpdir do |downloads|
      packages.each do |package|
        wanted = "#{package}:#{architecture}"
        chosen = version ? "#{wanted}=#{find(wanted, version)}" : "#{wanted}/#{suite}"
        Tools.run("apt-get", "download", "--quiet", chosen, env: apt, dir: downloads)
      end
      Dir[File.join(downloads, "*.deb")].each { |file| Tools.run("dpkg-deb", "--extract", file, folder) }
    end
  end

  def find(package, version)
    versions = Tools.run("apt-cache", "madison", package, env: apt).scan(/\| *(\S+) \|/).flatten
    versions.find { |known| known.start_with?(version) } || abort("bin/package: Debian has no #{package} #{version}")
  end

  # An apt of its own, so that nothing of this machine's changes.
  def apt
    folder = Tools.once("apt") do |half|
      place = File.join(Tools::KEPT, "apt")
      FileUtils.mkdir_p(%w[lists/partial cache/archives/partial].map { |name| File.join(half, name) })
      FileUtils.touch(File.join(half, "status"))
      sources = SUITES.map { |suite| "deb [signed-by=#{KEYS}] #{mirror} #{suite} main\n" }
      File.write(File.join(half, "sources.list"), sources.join)
      File.write(File.join(half, "apt.conf"), <<~CONF)
        Dir::State "#{place}"; Dir::State::lists "#{place}/lists"; Dir::State::status "#{place}/status";
        Dir::Cache "#{place}/cache"; Dir::Etc::sourcelist "#{place}/sources.list"; Dir::Etc::sourceparts "/dev/null";
        Dir::Etc::main "/dev/null"; Dir::Etc::parts "/dev/null"; APT::Architectures { "amd64"; "arm64"; };
        Acquire::Check-Valid-Until "false"; APT::Sandbox::User "root"; APT::Default-Release "";
      CONF
    end
    env = { "APT_CONFIG" => File.join(folder, "apt.conf") }
    updated = File.join(folder, "updated")
    unless File.file?(updated)
      Tools.run("apt-get", "update", env: env)
      FileUtils.touch(updated)
    end
    env
  end

  def mirror
    line = %r{^(?:URIs:|deb(?: \[.*\])?) *(https?://\S+/debian)/?(?:\s|$)}
    SOURCES.filter_map { |file| File.read(file)[line, 1] }.first ||
      abort("bin/package: no mirror of Debian is known here")
  end
end
