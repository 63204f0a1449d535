# frozen_string_literal: true

require_relative "../whole/support/connected"

RSpec.describe "The pages of Krayin", :whole do
  include_context "with a connected desk", "Administrator",
                  field_mapping: "lead.description = website, lead.description = plan"

  # Where the pictures are kept.
  pictures = File.expand_path("../../tmp/pages", __dir__)
  hostile = %(<img src=x onerror=alert(1)>"><script>alert(2)</script>{{constructor.constructor("alert(3)")()}} Mallory)

  def agent
    email = "abe-#{rand(1_000_000)}@desk.example"
    inside(<<~RUBY, account: desk.account, email: email)
      user = User.new(name: "Abe", email: email, password: "Password1!", ui_settings: { locale: "es" })
      user.skip_confirmation!
      user.save!
      AccountUser.create!(account_id: account, user: user, role: :agent)
      1
    RUBY
    { email: email, password: "Password1!" }
  end

  def state_of(id) = link(id).to_h["state"]

  it "show how it stands and why a contact is not there, have it tried again, and decide who a doubtful one is" do
    FileUtils.mkdir_p(pictures)
    there = contact(name: "Jane Roe", email: "jane@acme.example")
    eventually { state_of(there) == "synced" }
    person = krayin.add_person(name: "Alice Roe", emails: [{ value: "alice@acme.example", label: "work" }],
                               contact_numbers: [{ value: "+14155550171", label: "work" }])
    doubtful = contact(name: "Carl Poe", phone_number: "+14155550171")
    eventually { state_of(doubtful) == "doubtful" }
    krayin.faults({ method: "POST", path: "*", action: "status", status: 422, times: "forever",
                    body: { message: "No", errors: { "<b>job</b>" => ["No"] } } })
    refused = contact(name: hostile, email: "mallory@acme.example")
    eventually { state_of(refused) == "refused" }

    asked = { url: WholeChatwoot.url, account: desk.account, email: desk.email, password: "Password1!", agent: agent,
              refused: "Mallory", doubtful: "Carl Poe", heal: URI.join(krayin.url, "/_sim/faults").to_s }
    script = File.expand_path("../browser/pages.js", __dir__)
    said, status = Open3.capture2("node", script, pictures, stdin_data: JSON.generate(asked))
    expect(status).to be_success
    seen = JSON.parse(said)
    expect(seen["failed"]).to be_nil, "#{seen["failed"]}\n#{seen["errors"].join("\n")}"
    expect(seen.values_at("dialogs", "errors", "wide")).to eq([[], [], []])
    expect(seen["axe"].reject { |_, found| found.empty? }).to eq({})
    expect(seen["axe"].size).to eq(44)

    expect(seen["logged_out"]).to include("Você não está conectado")
    expect(seen["status"]).to include("The connection works: new leads go to Default Pipeline.", "Works")
    expect(seen["check"]).to include("User: sees all records", "Good", "requests a minute")
    expect(seen["refused"]).to include("<img src=x onerror=alert(1)>", "Refused", "Tried once")
    expect(seen["arrived"]).to include("In Krayin", "Person")
    expect(krayin.person("mallory@acme.example")).to be_a(Hash)
    expect(seen["sides"]).to include("Carl Poe", "Alice Roe", "alice@acme.example", "Person #{person}")
    expect(seen["log"]).to include("<img src=x onerror=alert(1)>", "Refused", "contact.updated")
    expect(seen["log"]).not_to include("Carl Poe", "mallory@acme.example")
    expect(seen["analytics"]).to include("Failures by reason", "Event to Krayin")
    expect(seen["table"].lines.last(2).join).to match(/\d/)
    names, *lines = seen["csv"].lines(chomp: true).map { |line| line.split(",", -1) }
    expect([lines.size, lines.sum { |line| line[names.index("leads")].to_i }]).to match([30, be >= 2])
    expect(seen["token_wrong"]).to match(/token/)
    expect(seen["rule_wrong"]).to include("must be rules such as")
    expect(seen["led_to"]).to eq("whenever")
    expect(seen["settings"]).to eq("stage" => "Prospect", "rule" => ["label vip", "Negotiation"], "token" => "",
                                   "policy" => "per_contact",
                                   "mapped" => ["lead.description", "website", "lead.description", "plan"])
    kept = inside("Integrations::Hook.find_by(account_id: account, app_id: 'krayin').settings", account: desk.account)
    expect(kept).to include("stage_rules" => "label vip -> Negotiation", "lead_pipeline_stage_id" => 3)
    expect(seen["focused"]).to eq("Keep out")
    expect(seen["estimate"]).to include("Contacts")
    expect(seen["run"]).to include("3 of 3 contacts")
    expect(seen["pt_BR"]).to include("Verificar e salvar", "Funil de novos leads")
    expect(seen["es"]).to include("Comprobar y guardar")
    eventually { state_of(doubtful) == "synced" }
    expect(link(doubtful)["person_id"]).to eq(person)
    expect(seen["agent"]).to include("Esta página es para administradores")
    expect(seen["agent"]).not_to match(/Mallory|Jane|Poe/)
  end

  it "are where a mail of Chatwoot's leads, in the account's language, once what is wrong was seen" do
    sent = inside(<<~RUBY, account: desk.account)
      ENV["SMTP_ADDRESS"] ||= "localhost"
      hook = Integrations::Hook.find_by!(account_id: account, app_id: "krayin")
      KrayinSync::Chatwoot::HookSettings.show(hook, "Krayin <b>refuses</b> the token.")
      before = [ActionMailer::Base.delivery_method, ActiveJob::Base.queue_adapter, hook.account.locale]
      ActionMailer::Base.delivery_method = :test
      ActiveJob::Base.queue_adapter = :inline
      hook.account.update!(locale: "pt_BR")
      hook.reload.prompt_reauthorization!
      2.times { KrayinSync::Chatwoot::Notice.look_at(hook) }
      KrayinSync::Chatwoot::HookSettings.merge(hook, {}, without: %w[setup_error setup_error_at])
      KrayinSync::Chatwoot::HookSettings.works(hook.reload)
      KrayinSync::Chatwoot::Notice.look_at(hook.reload)
      mails = ActionMailer::Base.deliveries.map { |mail| [mail.to, mail.subject, mail.body.to_s] }
      ActionMailer::Base.deliveries.clear
      ActionMailer::Base.delivery_method, ActiveJob::Base.queue_adapter = before.first(2)
      hook.account.update!(locale: before.last)
      mails
    RUBY
    expect(sent.map(&:first)).to eq([[desk.email], [desk.email]])
    expect(sent.map { |mail| mail[1] }).to match([/o Krayin recusa o token\z/, /o Krayin voltou a funcionar\z/])
    expect(sent.first.last).to include("Crie um novo token no Krayin", "&lt;b&gt;refuses&lt;/b&gt;",
                                       "/krayin_sync#account=#{desk.account}&amp;connection=")
  end
end
