# frozen_string_literal: true

require_relative "support/small_chatwoot"

RSpec.describe "The events of a Chatwoot", :chatwoot do
  before(:context) do
    SmallChatwoot.start
    @krayin = Krayin.new(SmallChatwoot.servers, "events", throttle: false)
    @sidekiq = SmallChatwoot.sidekiq(MESSAGE_DELAY: 0.2)
    @account, @hook = connect(@krayin, sync_conversations: true, sync_messages: true, sync_to_organization: true)
    eventually { @hook.reload.settings["traits"] }
  end

  after(:context) do
    servers.end_process(@sidekiq)
    @krayin.stop
  end

  let(:krayin) { @krayin }
  let(:account) { @account }

  def contact(word, **fields)
    @account.contacts.create!(name: word.capitalize, email: "#{word}@acme.example", **fields)
  end

  def kept(record) = KrayinSync::Records::Link.find_by!(kind: record.class.name.downcase, record_id: record.id).ids

  def activities = krayin.records["activities"]

  # What Krayin was sent while the block ran, as "POST /leads".
  def sent
    settle
    krayin.forget_requests
    yield
    settle
    krayin.requests.map { |request| "#{request["method"]} #{request["path"]}" }
  end

  it "sets the hook up beside what the administrator chose" do
    expect(@hook.settings).to include("sync_messages" => true, "api_token" => krayin.tokens.first,
                                      "default_pipeline_id" => 1, "default_source_name" => "Web")
    expect(@hook.settings).not_to include("setup_error")
    expect(@hook.app.params[:visible_properties]).not_to include("api_token")
  end

  it "brings a contact and its company to Krayin, and keeps the ids without another event" do
    jane = contact("jane", phone_number: "+14155550111", additional_attributes: { "company_name" => "Acme" })
    settle
    expect(krayin.person("jane@acme.example")).to include("name" => "Jane")
    expect(krayin.records["organizations"].map { |known| known["name"] }).to include("Acme")
    expect(kept(jane)).to match(/\Akrayin:person:\d+\|krayin:lead:\d+\|krayin:organization:\d+\z/)
    expect(jane.additional_attributes["company_name"]).to eq("Acme")
  end

  it "writes a change that Krayin shows, and makes no job for one that it does not" do
    joe = contact("joe")
    settle
    expect(sent { joe.update!(last_activity_at: Time.now, blocked: true) }).to eq([])
    unseen = joe.reload.additional_attributes.merge("created_at_ip" => "::1")
    expect(sent { joe.update!(additional_attributes: unseen) }).to eq([])
    expect(sent { joe.update!(name: "Joseph") }).to include(%r{\APUT /contacts/persons/\d+\z})
    expect(krayin.person("joe@acme.example")).to include("name" => "Joseph")
  end

  it "lets no anonymous visitor through until it has an address" do
    visitor = nil
    expect(sent { visitor = account.contacts.create!(name: "winter-moon-12") }).to eq([])
    expect(sent { visitor.update!(email: "moon@acme.example") }).to include("POST /leads")
  end

  context "with each channel" do
    channels = %w[WebWidget Api Email FacebookPage Instagram Line Sms Telegram Tiktok TwilioSms TwitterProfile Whatsapp]

    before(:context) do
      ann = User.create!(name: "Ann")
      @talks = channels.to_h do |channel|
        talk = conversation(contact("over-#{channel.downcase}"), inbox(@account, channel),
                            additional_attributes: { "mail_subject" => "Order 9" })
        message(talk, "Where is the #{channel} order?")
        message(talk, "A colleague's secret", from: ann, private: true)
        [channel, [talk, talk.contact_inbox.source_id]]
      end
      settle
    end

    channels.each do |channel|
      it "brings a conversation over Channel::#{channel} to Krayin, and leaves the channel's address alone" do
        talk, address = @talks.fetch(channel)
        shown = activities.select { |activity| activity["comment"].to_s.include?("the #{channel} order") }
        expect(shown.map { |activity| activity["title"] })
          .to include(/Conversation ##{talk.reload.display_id}/, /\AMessage .*##{talk.display_id}\b/)
        expect(talk.contact_inbox.reload.source_id).to eq(address)
        expect(talk.additional_attributes["krayin_activity_id"]).to be_a(Integer)
        expect(talk.additional_attributes["mail_subject"]).to eq("Order 9")
        expect(talk).to be_valid
      end
    end

    it "sends no private note" do
      expect(krayin.requests).not_to be_empty
      expect(JSON.generate(krayin.requests)).not_to include("secret")
      expect(JSON.generate(krayin.records)).not_to include("secret")
    end
  end

  it "makes a lead of whom a label or an inbox names, and of nobody else" do
    account, hook = connect(krayin, lead_policy: "on_label", lead_labels: "hot")
    eventually { hook.reload.settings["traits"] }
    zoe, zac, zia = %w[Zoe Zac Zia].map { |name| account.contacts.create!(name: name, email: "#{name}@acme.example") }
    leads = lambda do
      settle
      krayin.records["leads"].map { |lead| lead["title"] }.grep(/\A(Zoe|Zac|Zia)\z/).sort
    end
    expect([leads.call, krayin.person("zoe@acme.example")]).to match([[], include("name" => "Zoe")])
    zoe.update!(label_list: %w[cold hot])
    expect(leads.call).to eq(%w[Zoe])
    conversation(zac, inbox(account)).update!(label_list: %w[hot])
    expect(leads.call).to eq(%w[Zac Zoe])
    sales = inbox(account)
    hook.update!(settings: hook.settings.merge("lead_policy" => "by_inbox", "lead_inboxes" => sales.id.to_s))
    conversation(zia, sales)
    expect(leads.call).to eq(%w[Zac Zia Zoe])
  end

  it "shows labels, attachments, an agent's reply, the team, resolving and reopening" do
    mia = contact("mia")
    team = Team.create!(name: "Night shift", account_id: account.id)
    talk = conversation(mia, inbox(account))
    first = message(talk, "Broken, see the photo")
    file = Attachment.create!(message: first, account_id: account.id, file_type: :image)
    file.file.attach(io: StringIO.new("not really"), filename: "broken.png", content_type: "image/png")
    Attachment.create!(message: first, account_id: account.id, file_type: :location, fallback_title: "The shop",
                       coordinates_lat: 48.4, coordinates_long: 9.99)
    Attachment.create!(message: first, account_id: account.id, file_type: :contact, fallback_title: "+4930123",
                       meta: { "firstName" => "Carla", "lastName" => "Card" })
    ann = User.create!(name: "Ann Agent")
    talk.update!(assignee: ann, team: team, label_list: %w[vip broken], priority: :urgent)
    message(talk, "We send another", from: ann)
    talk.reload.update!(status: :resolved)
    settle
    activity = activities.find { |known| known["id"] == talk.reload.additional_attributes["krayin_activity_id"] }
    ["vip", "broken", "Night shift", "Ann Agent", "broken.png", "The shop", "maps.google.com/?q=48.4,9.99",
     "Carla Card", "We send another"].each do |text|
      expect(activity["comment"]).to include(text)
    end
    expect(activity["is_done"].to_s).to match(/1|true/)
    talk.update!(status: :open)
    settle
    activity = activities.find { |known| known["id"] == activity["id"] }
    expect(activity["is_done"].to_s).to match(/0|false/)
    expect(activities.count { |known| known["title"] == activity["title"] }).to eq(1)
  end

  it "sends no activity line, no template and no bot's card of another kind" do
    talk = conversation(contact("tim"), inbox(account))
    settle
    expect(sent do
      message(talk, "Conversation was marked resolved", from: User.create!(name: "Bob"), message_type: :activity)
      message(talk, "Rate us", from: User.create!(name: "Bob"), message_type: :template)
    end).to eq([])
  end

  it "shows a survey once it is answered" do
    talk = conversation(contact("csat"), inbox(account))
    survey = message(talk, "Rate us", from: User.create!(name: "Bob"), message_type: :template)
    settle
    survey.update!(content_type: :input_csat, content_attributes: { submitted_values: {
                     csat_survey_response: { rating: 4, feedback_message: "Quick and kind" }
                   } })
    settle
    shown = activities.map { |activity| activity["comment"] }.grep(/Rate us/)
    expect(shown).not_to be_empty
    expect(shown).to all(include("Rating: 4 of 5", "Quick and kind"))
    expect(sent { survey.touch }).to eq([])
  end

  it "says anew what a message says anew, once" do
    said = message(conversation(contact("edda"), inbox(account)), "My door opens with 4711")
    settle
    count = activities.size
    said.update!(content: "My door is open")
    settle
    shown = activities.map { |activity| activity["comment"].to_s }
    expect([shown.size, shown.grep(/4711/), shown.grep(/My door is open/).size]).to eq([count, [], 2])
    expect(sent { said.update!(status: 1) }).to eq([])
  end

  it "keeps the right ids when contacts are merged" do
    base = contact("base")
    mergee = account.contacts.create!(name: "Mergee", phone_number: "+14155550177")
    settle
    ids = kept(base)
    ContactMergeAction.new(account: account, base_contact: base, mergee_contact: mergee.reload).perform
    settle
    expect(kept(base)).to eq(ids)
    expect(krayin.records["persons"].count { |person| person["name"] == "Base" }).to eq(1)
  end

  it "gives the one who was known to the contact that was not" do
    mergee = contact("known")
    nobody = account.contacts.create!(name: "nobody-7")
    settle
    ids = kept(mergee)
    ContactMergeAction.new(account: account, base_contact: nobody, mergee_contact: mergee).perform
    settle
    expect(kept(nobody)).to eq(ids)
    expect(krayin.records["persons"].count { |person| person["emails"].to_s.include?("known@acme.example") }).to eq(1)
  end

  it "finds the contacts of a CSV import, which have no events, by the sweep" do
    now = Time.now
    rows = (1..5).map do |n|
      { name: "Row #{n}", email: "row#{n}@acme.example", account_id: account.id, created_at: now, updated_at: now }
    end
    expect(sent { Contact.insert_all(rows) }).to eq([])
    KrayinSync::Chatwoot::Sweep.new(since: now - 60).run
    settle
    (1..5).each { |n| expect(krayin.person("row#{n}@acme.example")).to include("name" => "Row #{n}") }
    expect(sent { KrayinSync::Chatwoot::Sweep.new(since: now - 60).run }).to eq([])
  end

  it "is swept by the rake task, and by the job that a schedule runs" do
    rows = %w[raked scheduled].map do |word|
      { name: word, email: "#{word}@acme.example", account_id: account.id, created_at: Time.now, updated_at: Time.now }
    end
    Contact.insert_all([rows.first])
    told = /\AEnqueued: .*\bcontact\b/
    expect { rake_task("sweep").invoke("0.1") }.to output(told).to_stdout
    settle
    expect(krayin.person("raked@acme.example")).to include("name" => "raked")
    Contact.insert_all([rows.last])
    KrayinSync::Chatwoot::SweepJob.enqueue(seconds: 60)
    eventually { krayin.person("scheduled@acme.example") }
    settle
  end

  it "keeps ids in the rows of a programmed channel that hold some already, and in no other" do
    ivy = account.contacts.create!(name: "Ivy")
    row = ->(address) { ContactInbox.create!(contact: ivy, inbox: inbox(account), source_id: address) }
    ours = row.call("krayin:person:998|krayin:lead:999")
    others = row.call("client-7")
    ivy.update!(email: "ivy@acme.example")
    settle
    expect(ours.reload.source_id).to eq(kept(ivy))
    expect(ours.source_id).to match(/\Akrayin:person:\d+\|krayin:lead:\d+\z/)
    expect(ours.source_id).not_to include("99")
    expect(others.reload.source_id).to eq("client-7")
  end

  it "forgets nothing when the hook goes, and goes on with the ids when there is one again" do
    account, hook = connect(@krayin)
    eventually { hook.reload.settings["traits"] }
    zoe = account.contacts.create!(name: "Zoe", email: "zoe@other.example")
    settle
    ids = kept(zoe)
    expect(sent { hook.destroy! && zoe.reload.update!(name: "Zoe 2") }).to eq([])
    expect(kept(zoe)).to eq(ids)
    again = account.hooks.create!(app_id: "krayin", settings: krayin.settings)
    eventually { again.reload.settings["traits"] }
    expect(sent { zoe.reload.update!(name: "Zoe 3") }.grep(/POST/)).to eq([])
    expect(krayin.person("zoe@other.example")).to include("name" => "Zoe 3")
    expect(kept(zoe)).to eq(ids)
    again.destroy!
  end

  it "makes one job of a burst" do
    burst = contact("burst")
    settle
    requests = sent { 30.times { |n| burst.update!(name: "Burst #{n}") } }
    expect(krayin.person("burst@acme.example")).to include("name" => "Burst 29")
    expect(requests.size).to be < 30
  end

  it "goes by the hook: quiet when it is disabled, gone, or without the feature" do
    dora = contact("dora")
    settle
    @hook.update!(status: :disabled)
    expect(sent { dora.update!(name: "Dora 2") }).to eq([])
    @hook.update!(status: :enabled)
    settle
    # What came meanwhile had no event.
    expect(krayin.person("dora@acme.example")["name"]).to eq("Dora 2")
    account.update!(feature_flags: 0)
    expect(sent { dora.update!(name: "Dora 3") }).to eq([])
    account.enable_features!
    expect(sent { dora.update!(name: "Dora 4") }).to include(/\APUT/)
  end

  it "is quiet about a contact that was deleted meanwhile" do
    gone = contact("gone")
    settle
    gone.update!(name: "Gone 2")
    Contact.where(id: gone.id).delete_all
    settle
    expect(Sidekiq::DeadSet.new.size).to eq(0)
  end
end
