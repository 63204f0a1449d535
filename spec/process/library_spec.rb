# frozen_string_literal: true

require "fileutils"
require "tmpdir"

RSpec.describe "the native library" do
  around do |example|
    Dir.mktmpdir do |dir|
      @root = dir
      FileUtils.cp_r(Child::LIB, dir)
      FileUtils.mkdir_p(%w[bin ext/krayin_sync/src].map { |name| File.join(dir, name) })
      example.run
    end
  end

  let(:series) { RUBY_VERSION[/\A\d+\.\d+/] }
  let(:file) { "krayin_sync.#{RbConfig::CONFIG["DLEXT"]}" }

  def inside(*names) = File.join(@root, "lib/krayin_sync", *names)

  def move(*names)
    FileUtils.mkdir_p(File.dirname(inside(*names)))
    FileUtils.mv(inside(file), inside(*names))
  end

  # @return [String] what loading says, and from where it was loaded
  def loaded(**how)
    script = <<~'RUBY'
      begin
        require "krayin_sync"
        puts $LOADED_FEATURES.grep(/krayin_sync\.(?:so|bundle)\z/)
      rescue LoadError => e
        puts e.message
      end
    RUBY
    Open3.capture2e(RbConfig.ruby, "-I", File.join(@root, "lib"), *how[:path]&.then { |path| ["-I", path] },
                    "-e", script).first
  end

  it "is the one of this Ruby's series where there are several" do
    FileUtils.mkdir_p(inside("9.9"))
    FileUtils.cp(inside(file), inside("9.9", file))
    move(series, file)
    expect(loaded).to eq("#{File.realpath(inside(series, file))}\n")
  end

  it "says for which Rubies a gem has it, and what to do for others" do
    move("9.9", file)
    expect(loaded).to match(/cannot be loaded by Ruby #{RUBY_VERSION}.*has it for Ruby 9\.9\..*--platform ruby/)
  end

  it "may be in a folder of its own" do
    apart = File.join(@root, "apart/krayin_sync")
    FileUtils.mkdir_p(apart)
    FileUtils.mv(inside(file), apart)
    expect(loaded(path: File.dirname(apart))).to eq("#{File.realpath(File.join(apart, file))}\n")
  end

  it "says what to do where it is not there or no library at all" do
    FileUtils.rm(inside(file))
    expect(loaded).to match(/cannot be loaded .*gem pristine krayin_sync/)
    File.write(inside(file), "nonsense")
    expect(loaded).to match(/cannot be loaded .*gem pristine krayin_sync/)
    FileUtils.touch(File.join(@root, "bin/setup"))
    expect(loaded).to match(%r{cannot be loaded .*Run bin/setup})
  end

  it "is not loaded beside Ruby files of another version" do
    File.write(inside("version.rb"), "module KrayinSync; VERSION = '9.9.9'; end")
    expect(loaded).to include("is of version #{KrayinSync::VERSION}, its Ruby files are of 9.9.9")
  end

  it "in a checkout says that it is older than its sources, and nothing where it is not" do
    FileUtils.touch(File.join(@root, "bin/setup"))
    expect(loaded).to eq("#{File.realpath(inside(file))}\n")
    source = File.join(@root, "ext/krayin_sync/src/lib.rs")
    FileUtils.touch(source, mtime: File.mtime(inside(file)) + 5)
    expect(loaded).to include("the native library is older than its sources. Run bin/setup.\n")
  end
end
