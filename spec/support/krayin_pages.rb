# frozen_string_literal: true

require "cgi/util"
require "fileutils"
require "json"
require "open3"
require "tmpdir"

# The pages of Krayin, as far as they decide what a text does there: the server fills them in, escaped but for job
# title, organization and address, with the organization's name between the quotes of a script; then Vue compiles the
# whole of them.
class KrayinPages
  BROWSER = File.expand_path("../browser", __dir__)
  # Where the pictures are kept.
  PICTURES = File.expand_path("../../tmp/text", __dir__)

  def initialize
    @folder = Dir.mktmpdir
    @pages = []
    FileUtils.mkdir_p(PICTURES)
  end

  def add_person(name, person)
    organization = person["organization"] || {}
    add(name, organization["name"], <<~HTML)
      <h1>#{h person["name"]}</h1>
      <p title="#{h person["name"]}">#{list(person["emails"])} · #{list(person["contact_numbers"])}</p>
      <p>#{h person["job_title"]}#{h organization["name"]}</p>
      <p>#{address(organization["address"])}</p>
    HTML
  end

  def add_lead(name, lead)
    person = lead["person"] || {}
    organization = person["organization"] || {}
    add(name, organization["name"], <<~HTML)
      <h1>#{h lead["title"]}</h1><p>#{h lead["description"]}</p>
      <p>#{h person["name"]}#{h lead["title"]}</p>
      <p>#{person["job_title"]} at #{organization["name"]}</p>
    HTML
  end

  def add_activity(name, activity)
    add(name, nil, <<~HTML)
      <h1>#{h activity["title"]}</h1><p>#{h activity["location"]}#{h activity["title"]}</p>
      <div>#{activity["comment"]}</div>
    HTML
  end

  # What was met on each page: {name => {"dialogs", "errors", "text"}}. One without the mark is blank.
  def look
    answer, status = Open3.capture2("node", File.join(BROWSER, "look.js"), PICTURES, stdin_data: JSON.generate(@pages))
    raise "the browser could not be driven" unless status.success?

    JSON.parse(answer).to_h { |seen| [seen["name"], seen] }
  ensure
    FileUtils.rm_rf(@folder)
  end

  MARK = "A page of Krayin"

  private

  def h(text) = CGI.escapeHTML(text.to_s)

  def list(entries) = Array(entries).map { |entry| h("#{entry["value"]} #{entry["label"]}") }.join(", ")

  def address(parts) = (parts || {}).values_at("address", "city", "state", "country", "postcode").compact.join(" ")

  def add(name, organization, main)
    file = File.join(@folder, "#{name}.html")
    File.write(file, <<~HTML)
      <!doctype html><meta charset="utf-8"><style>[v-cloak] { display: none }</style>
      <div id="app" v-cloak><p>#{MARK}</p><x-organization></x-organization>#{main}</div>
      <script src="file://#{BROWSER}/node_modules/vue/dist/vue.global.prod.js"></script>
      <script>
        const app = Vue.createApp({});
        app.component("x-organization", { data: () => ({ name: '#{organization}' }), template: "<p>{{ name }}</p>" });
        app.mount("#app");
      </script>
    HTML
    @pages << { name: name, file: file }
  end
end
