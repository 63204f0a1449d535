# frozen_string_literal: true

require_relative "support/one_krayin"

# What agents are shown in a conversation's panel, and what becomes of what they ask for there.
RSpec.describe "The panel", :chatwoot do
  include_context "with one Krayin", "panel", sync_conversations: true

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    krayin.heal
  end

  let(:ada) { User.create!(name: "Ada, the <b>agent</b>", email: "ada#{rand(1_000_000)}@panel.example") }
  let(:talk) { talk_with("Jane Roe") }
  let(:panel) { panel_of(talk) }
  let(:acts) { KrayinSync::Chatwoot::PanelAct }

  def talk_with(name)
    who = account.contacts.create!(name: name, email: "#{name[/\w+/].downcase}#{rand(10_000_000)}@panel.example")
    run_all
    conversation(who, inbox(account)).tap { run_all }.reload
  end

  def panel_of(talk) = KrayinSync::Chatwoot::Panel.new(Conversation.find(talk.id))
  def fresh(talk = self.talk, **which) = KrayinSync::Chatwoot::PanelRead.new(panel_of(talk), **which).to_h
  def link(talk) = KrayinSync::Records::Link.find_by!(kind: "contact", record_id: talk.contact_id)
  def lead(talk = self.talk) = krayin.records["leads"].find { |one| one["id"] == link(talk).lead_id }
  def leads(talk = self.talk) = krayin.records["leads"].select { |one| one["person_id"] == link(talk).person_id }
  def notes(words) = krayin.records["activities"].select { |one| one["comment"].to_s.include?(words) }

  def ask(kind, key: SecureRandom.hex(16), on: talk, **asked)
    acts.ask(panel_of(on), user_id: ada.id, key: key, kind: kind, asked: asked.transform_keys(&:to_s))
  end

  def done(kind, **asked) = ask(kind, **asked).tap { run_all }.reload.to_h.slice(:state, :word, :now)
  def colleague(change, **fields) = krayin.change({ change: change, lead: lead["id"], **fields })

  # The process dies when Krayin has carried it out.
  def dies_before_it_is_kept(act)
    died = Class.new(StandardError)
    work = KrayinSync::Chatwoot::PanelWork.new(hook.reload, act.id)
    allow(work.instance_variable_get(:@act)).to receive(:end_as).and_raise(died)
    expect { work.perform }.to raise_error(died)
  end

  it "shows without asking Krayin where the contact is and its stages, and asks twice for what there is now" do
    panel
    krayin.forget_requests
    told = panel.to_h
    expect(told).to include(retry: false, acts: true, contact: include(state: "synced", name: "Jane Roe"),
                            lead: include(id: lead["id"]), connection: include(id: hook.id, state: "working"))
    expect(told[:pipelines].first[:stages].map { |one| one[:name] }).to include("New", "Won", "Lost")
    expect(krayin.requests).to eq([])
    now = fresh
    expect(krayin.requests.size).to eq(2)
    expect(now[:person]).to include(name: "Jane Roe")
    expect(now[:leads]).to match([include(id: lead["id"], stage_id: 1, closed: false, products: [])])
    expect(now[:notes].map { |note| note[:text] }.join).not_to include("<")
  end

  it "shows no markup of notes, the planned by their time, and nothing of another customer's lead" do
    other = talk_with("Other Poe")
    krayin.records
    done("note", text: "<script>alert(1)</script> & {{x}}\nsecond line", lead: lead["id"])
    expect(fresh[:notes].first[:text]).to eq("Ada, the <b>agent</b>\n<script>alert(1)</script> & { {x} }\nsecond line")
    expect(fresh(talk, lead: lead(other)["id"])[:lead]).to eq(lead["id"])
  end

  it "says why somebody is not there, and has it tried again, but not whom an administrator keeps out" do
    krayin.faults({ method: "POST", path: "*", action: "status", status: 422, times: "forever",
                    body: { message: "No", errors: { "job_title" => ["No"] } } })
    rita = talk_with("Rita")
    told = panel_of(rita).to_h
    expect(told).to include(retry: true, acts: false)
    expect(fresh(rita)).to eq({})
    krayin.heal
    panel_of(rita).retry
    run_all
    expect(panel_of(rita).to_h).to include(retry: false, acts: true, contact: include(state: "synced"))
    expect { panel_of(rita).retry }.to raise_error(ArgumentError)
    KrayinSync::Chatwoot::LinkCare.new(hook).keep_out("contact", rita.contact_id)
    expect(panel_of(rita).to_h).to include(retry: false, contact: include(kept_out: true))
    expect { panel_of(rita).retry }.to raise_error(ArgumentError)
  end

  it "shows nobody where the person is gone from Krayin, as its lead is" do
    person = link(talk).person_id
    colleague("delete_lead")
    krayin.change({ change: "delete_person", person: person })
    expect(fresh).to include(person: nil, leads: [], lead: nil, notes: [], next: [])
    expect(fresh).not_to include(:error)
  end

  it "says that there is no budget, and shows what it knows" do
    talk
    krayin.faults({ method: "GET", path: "*", action: "status", status: 429, times: "forever",
                    headers: { "Retry-After" => "30" } })
    told = fresh
    expect(told).to include(error: a_string_matching(/\S/), read_at: /\A20/)
    expect(told).not_to include(:leads)
  end

  it "shows the tags that follow both ways" do
    known = link(talk)
    marks = { "vip" => "3 by 0 on person:#{known.person_id}+,lead:#{known.lead_id}-", "gone" => "4 by 0,7 on ",
              "late" => "5 by 0 on lead:#{known.lead_id}|" }
    known.update!(sent: known.sent.merge(marks.transform_keys { |label| "tag:#{label}" }))
    expect(fresh[:leads].first[:tags]).to eq([])
    both = { "two_way" => true, "two_way_tags" => true, "label_tags" => "person_and_lead" }
    told = KrayinSync::Chatwoot::PanelRead.new(panel_of(talk).tap { |one| one.hook.settings.merge!(both) }).to_h
    expect([told[:person][:tags], told[:leads].first[:tags]]).to eq([%w[vip], %w[vip]])
  end

  describe "an action" do
    it "moves the stage from where it was shown, and leaves it where a colleague has moved it" do
      expect(done("stage", lead: lead["id"], stage: 3, from: 1)).to eq(state: "done", word: nil, now: nil)
      expect(lead["lead_pipeline_stage_id"]).to eq(3)
      colleague("move_lead", stage: "negotiation")
      expect(done("stage", lead: lead["id"], stage: 2, from: 3))
        .to eq(state: "conflict", word: "changed", now: "Negotiation")
      expect(lead["lead_pipeline_stage_id"]).to eq(4)
      expect(done("stage", lead: lead["id"], stage: 6, from: 4, reason: "Too dear")[:state]).to eq("done")
      expect(lead).to include("lead_pipeline_stage_id" => 6, "lost_reason" => "Too dear")
      expect(done("stage", lead: lead["id"], stage: 99, from: 6)).to include(state: "refused", word: "no_stage")
    end

    it "sets value, owner and closing date, each from what was shown, and takes nothing else away" do
      day = (Date.today + 30).iso8601
      expect(done("closing_date", lead: lead["id"], closing_date: day)[:state]).to eq("done")
      expect(done("value", lead: lead["id"], value: "1250.5", from: lead["lead_value"])[:state]).to eq("done")
      expect(done("owner", lead: lead["id"], owner: 1, from: lead["user_id"])[:state]).to eq("done")
      expect(fresh[:leads].first).to include(value: 1250.5, closing_date: day, owner: include(id: 1))
      colleague("edit_lead", fields: { user_id: 2 })
      expect(done("owner", lead: lead["id"], owner: 3, from: 1)[:state]).to eq("conflict")
      expect(lead["user_id"]).to eq(2)
      colleague("edit_lead", fields: { lead_value: 9 })
      expect(done("value", lead: lead["id"], value: 7, from: 1250.5)).to include(state: "conflict", now: 9.0)
      expect(fresh[:leads].first).to include(value: 9, closing_date: day)
      expect(done("closing_date", lead: lead["id"], from: day)[:state]).to eq("done")
      expect(fresh[:leads].first[:closing_date]).to be_nil
    end

    it "touches no lead of another customer's" do
      other = lead(talk_with("Other Poe"))
      [["stage", { stage: 2, from: 1 }], ["value", { value: 5 }], ["note", { text: "Words for Poe" }], ["attach", {}],
       ["product", { product: 1, quantity: 1, price: 1 }]].each do |kind, asked|
        expect(done(kind, lead: other["id"], **asked)).to include(state: "refused", word: "gone")
      end
      expect(krayin.records["leads"].find { |one| one["id"] == other["id"] }).to eq(other)
      expect(notes("Words for Poe")).to eq([])
    end

    it "is done once, however often it is asked for and wherever a process dies" do
      key = SecureRandom.hex(16)
      2.times { ask("note", key: key, text: "Said once") }
      run_all
      expect(ask("note", key: key, text: "Said once").to_h).to include(state: "done")
      run_all
      expect(notes("Said once").size).to eq(1)

      { "note" => { text: "Noted once" }, "lead" => { title: "Made <b>once</b> {{x}}" } }.each do |kind, asked|
        act = ask(kind, **asked)
        dies_before_it_is_kept(act)
        run_all
        expect(act.reload.state).to eq("done")
      end
      expect(notes("Noted once").size).to eq(1)
      expect(leads.count { |one| one["title"].start_with?("Made") }).to eq(1)
      expect { ask("value", key: key, lead: 1, value: 1) }.to raise_error(ArgumentError, /another/)
    end

    it "makes a lead of that title and source beside one of the same title" do
      source = KrayinSync::Chatwoot::PanelChoices.new(hook.reload).of("sources")[:choices].last["id"]
      2.times { expect(done("lead", title: "More {{seats}}", source: source, value: 99)[:state]).to eq("done") }
      made = leads.select { |one| one["title"] == "More { {seats} }" }
      expect(made.map { |one| one.values_at("lead_source_id", "lead_pipeline_stage_id") }).to eq([[source, 1]] * 2)
      expect(link(talk).lead_id).to eq(leads.first["id"])
      expect(fresh[:leads].map { |one| one[:id] }.first).to eq(leads.first["id"])
    end

    it "puts a product on a lead, and another number of it, from the number that was shown" do
      seat = krayin.send(:add, "products", entity_type: "products", name: "Seat", sku: "seat#{rand(1_000_000)}",
                                           quantity: 5, price: 10)
      asked = { lead: lead["id"], product: seat, price: 10 }
      expect(done("product", quantity: 2, **asked)[:state]).to eq("done")
      expect(fresh[:leads].first[:products]).to match([include(id: seat, name: "Seat", quantity: 2, price: 10.0)])
      expect(done("product", quantity: 3, from: 2, **asked)[:state]).to eq("done")
      expect(done("product", quantity: 9, from: 2, **asked)).to include(state: "conflict", now: 3.0)
      expect(fresh[:leads].first[:products]).to match([include(quantity: 3)])
    end

    it "attaches the conversation to another lead" do
      done("lead", title: "Another")
      another = leads.last["id"]
      2.times { expect(done("attach", lead: another)[:state]).to eq("done") }
      activity = KrayinSync::Records::Link.find_by!(kind: "conversation", record_id: talk.id).activity_id
      expect(fresh(talk, lead: another)[:notes].map { |note| note[:id] }).to eq([activity])
      expect(fresh[:notes].map { |note| note[:id] }).to include(activity)
    end

    it "sends nothing of whom an administrator keeps out, nor of who is gone" do
      KrayinSync::Chatwoot::LinkCare.new(hook.reload).keep_out("contact", talk.contact_id)
      expect(panel_of(talk).to_h[:acts]).to be(false)
      expect(done("note", text: "Of who is kept out")).to include(state: "refused", word: "unknown")
      poe = talk_with("Poe")
      act = ask("note", on: poe, text: "Of who is gone")
      clear
      Contact.where(id: poe.contact_id).delete_all
      KrayinSync::Chatwoot::PanelWork.new(hook, act.id).perform
      expect([act.reload.state, notes("Of who is")]).to eq(["refused", []])
    end

    it "takes of each kind what the administrators' page says" do
      page = File.read(File.expand_path("../../docs/administrators.md", __dir__), encoding: "UTF-8")
      rows = page[/^\| `kind` \|.*?\n\n/m].lines.drop(2)
      said = rows.map { |row| row.split(" | ", 2).map { |cell| cell.scan(/`(\w+)`/).flatten } }
      said = said.flat_map { |kinds, asked| kinds.map { |kind| [kind, asked | [kind]] } }.to_h
      expect(said.keys).to match_array(acts::KINDS.keys)
      acts::KINDS.each { |kind, takes| expect(said[kind]).to include(*takes.flatten), kind }
    end

    it "takes nothing that is not whole" do
      { nil => {}, "users" => {}, "stage" => { lead: 1, stage: 2 }, "value" => { lead: 1, value: "x" },
        "note" => { text: " " }, "lead" => { title: "a" * 201 }, "owner" => { lead: 1, owner: 0 },
        "closing_date" => { lead: 1, closing_date: "2026-02-31" } }.each do |kind, asked|
        expect { ask(kind.to_s, **asked) }.to raise_error(ArgumentError), kind.to_s
      end
      expect { ask("note", key: "short", text: "x") }.to raise_error(ArgumentError, /key/)
    end

    it "comes back where its job was lost, and is forgotten after a month" do
      act = ask("note", text: "Came back")
      Sidekiq.redis { |redis| redis.call("FLUSHDB") }
      act.update_columns(updated_at: Time.now.utc - 600)
      expect(acts.recover).to be >= 1
      run_all
      expect([act.reload.state, act.asked, notes("Came back").size]).to eq(["done", {}, 1])
      act.update_columns(created_at: Time.now.utc - (31 * 86_400))
      acts.recover
      expect(acts.exists?(act.id)).to be(false)
    end

    it "waits while Krayin is down, and says so" do
      talk
      krayin.faults({ method: "POST", path: "*", action: "status", status: 503, times: "forever" })
      act = ask("note", text: "Waited")
      job = Sidekiq::Queue.all.flat_map(&:to_a).find { |one| one.args.first["kind"] == "act" }
      expect { KrayinSync::Chatwoot::EventJob.new.perform(job.args.first) }.to raise_error(KrayinSync::ApiError)
      expect(panel_of(talk).to_h[:waiting]).to match([include(key: act.key, state: "waiting")])
      expect(notes("Waited")).to eq([])
    end
  end
end
