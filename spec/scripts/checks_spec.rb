# frozen_string_literal: true

require "tmpdir"
require_relative "../../script/test/checks"

RSpec.describe Checks do
  before { stub_const("ROOT", File.expand_path("../..", __dir__)) }

  def run(**check)
    tally = nil
    expect { tally = described_class.new("one" => check).run }.to output(@says).to_stdout_from_any_process
    tally.to_h.compact
  end

  around do |example|
    Dir.mktmpdir do |dir|
      @dir = dir
      path = ENV.fetch("PATH")
      ENV["PATH"] = "#{dir}:#{path}"
      example.run
    ensure
      ENV["PATH"] = path
    end
  end

  def program(text)
    File.write(File.join(@dir, "some-tool"), "#!/bin/sh\n#{text}\n")
    File.chmod(0o755, File.join(@dir, "some-tool"))
  end

  it "leaves out what needs a program that is not there, and says where it is from" do
    @says = "skipped: one, since some-tool is not there: get it\n"
    expect(run(command: %w[some-tool], needs: "some-tool", from: "get it"))
      .to include(passed: 0, failed: 0, skipped: 1)
  end

  it "runs it where it is there, and takes its failure for one" do
    program("echo looked")
    @says = "looked\nok: one\n"
    expect(run(command: %w[some-tool], needs: "some-tool", from: "")).to include(passed: 1, failed: 0, skipped: 0)
    program("exit 3")
    @says = "FAILED: one\n"
    expect(run(command: %w[some-tool], needs: "some-tool", from: "")).to include(passed: 0, failed: 1, bad: ["one"])
  end

  it "runs what needs nothing beside" do
    @says = "ok: one\n"
    expect(run(command: %w[true])).to include(passed: 1, skipped: 0)
  end
end
