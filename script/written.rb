# frozen_string_literal: true

# A file, or what stands between two marks of one, that is made from the code.
Written = Struct.new(:path, :text) do
  # @param mark [String] between "<!-- mark -->" and "<!-- end of mark -->"
  def self.table(path, mark, heads, rows)
    first, *others = [heads, *rows].map { |cells| "| #{cells.join(" | ")} |" }
    table = [first, "|#{"---|" * heads.size}", *others].join("\n")
    between = /(?<=<!-- #{mark} -->\n).*(?=\n<!-- end of #{mark} -->)/m
    new(path, File.read(in_root(path), encoding: "UTF-8").sub(between) { table })
  end

  def self.in_root(path) = File.expand_path("../#{path}", __dir__)

  def written? = File.read(self.class.in_root(path), encoding: "UTF-8") == text

  def write = File.write(self.class.in_root(path), text)
end
