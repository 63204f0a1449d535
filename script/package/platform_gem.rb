# frozen_string_literal: true

require "digest"
require "rubygems/package"
require_relative "builder"
require_relative "notices"

# One gem with a library for each Ruby, and nothing to build.
class PlatformGem
  FOLDER = File.join(Tools::ROOT, "pkg")
  # More than any series of Ruby ever had.
  PATCHES = (0..30)
  SOURCES = %r{\A(?:ext|crates|bench|tests)/|\ACargo\.(?:toml|lock)\z}

  def initialize(platform, libraries)
    @target = Builder::TARGETS[platform]
    @platform = @target ? platform : Gem::Platform.local.to_s
    @libraries = libraries
  end

  # Built in a folder of its own, from files whose time and mode are always the same.
  #
  # @return [String] the file
  def write
    FileUtils.mkdir_p(FOLDER)
    Dir.mktmpdir do |dir|
      spec = specification
      lay_out(spec, dir)
      file = File.join(FOLDER, spec.file_name)
      ENV["SOURCE_DATE_EPOCH"] = Tools.run("git", "log", "-1", "--format=%ct").chomp
      Dir.chdir(dir) do
        # It would say with every gem that there is no homepage.
        Gem::DefaultUserInteraction.use_ui(Gem::SilentUI.new) { Gem::Package.build(spec, true, false, file) }
      end
      file
    end
  end

  # @return [Gem::Specification] what it says of itself
  def specification
    spec = Gem::Specification.load(File.join(Tools::ROOT, "krayin_sync.gemspec")).dup
    spec.platform = Gem::Platform.new(@platform)
    spec.extensions = []
    spec.required_ruby_version = fitting
    # Older ones take a gem for musl for one that fits any Linux.
    spec.required_rubygems_version = ">= 3.3.22" if @target&.musl?
    spec.files = spec.files.grep_v(SOURCES) + additions.keys
    spec
  end

  private

  # From the first Ruby that it has a library for to the last. Those between that it has none for are excluded one by
  # one, as a requirement knows no other way: they get the gem that is built where it is installed.
  def fitting
    has = @libraries.keys.sort_by { |name| Gem::Version.new(name) }
    oldest, newest = has.values_at(0, -1).map { |name| Gem::Version.new(name) }
    gaps = Rubies::RELEASED.select { |name| Gem::Version.new(name).between?(oldest, newest) } - has
    [">= #{oldest}", "< #{following(newest)}.dev",
     *gaps.flat_map { |name| PATCHES.map { |patch| "!= #{name}.#{patch}" } }]
  end

  def following(version) = version.segments.then { |major, minor| "#{major}.#{minor + 1}" }

  # @return [Hash{String => Array(Symbol, String)}] by their place in the gem
  def additions
    notices = @notices ||= Notices.new(@target&.triple || Tools.host)
    libraries = @libraries.to_h do |name, file|
      ["lib/krayin_sync/#{name}/krayin_sync#{File.extname(file)}", [:file, file]]
    end
    libraries.merge("LICENSES-third-party.txt" => [:text, notices.licences], "sbom.cdx.json" => [:text, notices.bill])
  end

  def lay_out(spec, dir)
    added = additions
    spec.files.each do |name|
      place = File.join(dir, name)
      FileUtils.mkdir_p(File.dirname(place))
      kind, content = added[name]
      kind == :text ? File.write(place, content) : FileUtils.cp(content || File.join(Tools::ROOT, name), place)
      File.chmod(name.start_with?("bin/") ? 0o755 : 0o644, place)
    end
  end
end
