# frozen_string_literal: true

require_relative "../script/settings"

RSpec.describe "The table of settings" do
  let(:config) { KrayinSync::Chatwoot::AppConfig }

  SettingsTable.all.each do |file|
    it "made #{file.path} as it is; `ruby script/settings.rb` writes it" do
      expect(file).to be_written
    end
  end

  it "asks for every setting that an administrator has, in each language, and for none twice" do
    asked = KrayinSync::Settings.table.select { |row| row["set_by"] == "administrator" && row["key"] != "api_dialect" }
    forms = %w[en pt_BR es].map { |locale| config.form(locale) }
    expect(forms.map { |form| form.map { |input| input["name"] } }.uniq).to eq([asked.map { |row| row["key"] }])
    labels = forms.map { |form| form.map { |input| input.values_at("label", "help") } }
    expect(labels.transpose.reject { |in_languages| in_languages.uniq.size == 3 }).to eq([])
    expect(config.form("de")).to eq(config.form("en"))
  end

  it "lets through each setting of a hook, and shows no token" do
    hook = KrayinSync::Settings.table.reject { |row| row["set_by"] == "installation" }.map { |row| row["key"] }
    expect(config.to_h["settings_json_schema"]["properties"].keys).to eq(hook)
    expect(config.readable).to include("api_url", "field_mapping", "setup_error")
    expect(config.to_h["visible_properties"]).to eq(%w[name api_url route_inboxes route_labels route_countries
                                                       setup_error])
    expect(config.readable & %w[api_token traits]).to eq([])
  end

  it "offers what holds without a choice first" do
    first = config.form("en").to_h { |input| [input["name"], input["options"]&.first] }.compact
    expect(first.transform_values { |option| option["value"] })
      .to eq("language" => "", "lead_policy" => "per_contact", "on_deleted_in_krayin" => "respect",
             "on_closed" => "note", "on_yes_no" => "carry", "time_zone" => "utc", "owner_policy" => "never",
             "label_tags" => "never", "two_way_workflow" => "make", "two_way_contact" => "never",
             "contacts_without_email_or_phone" => "with_conversation")
  end

  it "reads toggles as the core does" do
    off = [false, "no", "No ", "off", "0", 0, "false", "f", "n", nil, "", "maybe", 2]
    on = [true, "yes", " YES", "on", "1", 1, "true", "t", "y"]
    read = ->(value) { KrayinSync::Settings.on?({ "sync_messages" => value }, "sync_messages") }
    expect([off.map(&read).uniq, on.map(&read).uniq]).to eq([[false], [true]])
  end

  it "takes the rows and rules that the administrators' page shows" do
    page = File.read(File.expand_path("../docs/administrators.md", __dir__), encoding: "UTF-8")
    words = ->(text) { text.scan(/`([^`]+)`/).flatten.map { |word| word.split.join(" ") } }
    causes = page[/^\| cause .*?\n\n/m].lines.drop(2).flat_map { |row| words[row.split(" | ").first] } - ["contact"]
    shown = { "stage_rules" => words[page].grep(/ -> /) + causes.map { |cause| "#{cause} -> Won" },
              "lead_sources" => words[page].grep(/\A(?:inbox|channel) .* = /),
              "field_mapping" => words[page].grep(/\A(?:person|lead)\.\w+ (?:=|<->) /) }
    expect(shown.transform_values(&:size)).to match("stage_rules" => be > 15, "lead_sources" => 1,
                                                    "field_mapping" => be > 3)
    shown.each { |key, all| all.each { |line| expect(KrayinSync::Settings.read(key => line)).to have_key(key), line } }
  end

  it "is what the options of an installation are of, as far as the core reads them" do
    core = KrayinSync::Settings.table.select { |row| row["set_by"] == "installation" }.map { |row| row["key"] }
    expect(core - KrayinSync::Configuration::OPTIONS.map { |option| option.name.to_s }).to eq([])
  end
end
