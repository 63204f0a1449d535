# frozen_string_literal: true

require "json"
require_relative "tools"

# What the library is made of: the licences of each crate in it, as they want to be passed on, and a bill of materials.
class Notices
  FILES = "{LICENSE,LICENCE,COPYING,NOTICE,COPYRIGHT,UNLICENSE}*"

  # @param triple [String] the system that it is built for
  def initialize(triple)
    metadata = Tools.run("cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", triple)
    # Cargo may say on the other stream what it waits for.
    @metadata = JSON.parse(metadata[/^{.*/m])
    @checksums = File.read(File.join(Tools::ROOT, "Cargo.lock"))
                     .scan(/^name = "(.+)"\nversion = "(.+)"\nsource = .*\nchecksum = "(\h+)"/)
                     .to_h { |name, version, sum| [[name, version], sum] }
  end

  # @return [String]
  def licences
    parts = ["The library of krayin_sync is made of these parts, each under its own licence.",
             "The Rust standard library (https://github.com/rust-lang/rust): MIT OR Apache-2.0, and parts of LLVM's " \
             "compiler-rt: Apache-2.0 WITH LLVM-exception."]
    parts.concat(crates.map { |crate| notice(crate) })
    "#{parts.join("\n\n#{"-" * 120}\n\n")}\n"
  end

  # @return [String] CycloneDX as JSON
  def bill
    root = packages.fetch(root_id)
    JSON.pretty_generate(
      "bomFormat" => "CycloneDX", "specVersion" => "1.5", "version" => 1,
      "metadata" => { "component" => { "type" => "library", "name" => "krayin_sync", "version" => root["version"],
                                       "licenses" => [{ "expression" => root["license"] }] } },
      "components" => crates.map { |crate| component(crate) }
    )
  end

  private

  def packages = @packages ||= @metadata["packages"].to_h { |package| [package["id"], package] }

  def root_id = packages.values.find { |package| package["name"] == "krayin_sync" }.fetch("id")

  # Those that end up in the library: no build scripts and what they take, no macros.
  def crates
    @crates ||= begin
      nodes = @metadata["resolve"]["nodes"].to_h { |node| [node["id"], node] }
      found = {}
      waiting = [root_id]
      while (id = waiting.pop)
        next if found.key?(id)

        found[id] = packages.fetch(id)
        waiting.concat(linked(nodes.fetch(id)))
      end
      found.values.select { |crate| crate["source"] }.sort_by { |crate| [crate["name"], crate["version"]] }
    end
  end

  def linked(node)
    normal = node["deps"].select { |dependency| dependency["dep_kinds"].any? { |kind| kind["kind"].nil? } }
    normal.map { |dependency| dependency["pkg"] }.reject { |id| macro?(packages.fetch(id)) }
  end

  def macro?(crate) = crate["targets"].any? { |target| target["kind"].include?("proc-macro") }

  def notice(crate)
    texts = Dir[File.join(File.dirname(crate["manifest_path"]), FILES)].select { |file| File.file?(file) }.sort
    texts = texts.map { |file| "#{File.basename(file)}\n\n#{File.read(file).scrub.strip}" }
    ["#{crate["name"]} #{crate["version"]}: #{crate["license"]}", crate["repository"], *texts].compact.join("\n\n")
  end

  def component(crate)
    name, version = crate.values_at("name", "version")
    sum = @checksums[[name, version]]
    component = { "type" => "library", "name" => name, "version" => version, "purl" => "pkg:cargo/#{name}@#{version}" }
    # Some are written in an older way: MIT/Apache-2.0.
    component["licenses"] = [{ "expression" => crate["license"].gsub("/", " OR ") }] if crate["license"]
    component["hashes"] = [{ "alg" => "SHA-256", "content" => sum }] if sum
    component
  end
end
