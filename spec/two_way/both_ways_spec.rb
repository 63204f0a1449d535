# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "support/trouble"

# What a connection that goes both ways makes in Krayin and in Chatwoot, and what is left when it does so no more.
TwoWay::SERVERS.each do |server|
  RSpec.describe "The workflow that calls, at #{server}", :chatwoot do
    include TwoWay
    include_context "with trouble both ways"

    before(:context) { connect_both_ways("workflow-#{server}", server: server, two_way_workflow: "leave") }

    around do |example|
      before = ENV.fetch("FRONTEND_URL", nil)
      ENV["FRONTEND_URL"] = "http://127.0.0.1:9/"
      example.run
    ensure
      krayin.heal
      chosen("leave")
      ENV["FRONTEND_URL"] = before
    end

    def chosen(word, **more)
      hook.reload.update!(settings: hook.settings.merge({ "two_way_workflow" => word }.merge(more)))
      run_all
    end

    def set_up
      KrayinSync::Chatwoot::SetupJob.enqueue(hook.id)
      run_all
    end

    def forget = Sidekiq.redis { |redis| redis.call("FLUSHDB") }

    def client = KrayinSync::Api::UserClient.new(krayin.url, krayin.tokens.first)

    def list(what) = client.get("settings/#{what}", pagination: 0).fetch("data")

    def ours = list("webhooks").select { |webhook| webhook["end_point"] == address }

    def endpoint = KrayinSync::Chatwoot::WebhookEndpoint

    def address = endpoint.bare_address(hook)

    def workflows
      ids = ours.map { |one| one["id"] }
      list("workflows").select { |one| one["actions"].to_a.any? { |action| ids.include?(action["value"]) } }
    end

    def counts = [ours.size, workflows.size]

    it "is made once for an address, however often the set-up runs, and goes where nobody wants it" do
      expect(counts).to eq([0, 0])
      chosen("make")
      expect(counts).to eq([1, 1])
      krayin.forget_requests
      KrayinSync::Chatwoot::BothWaysJob.enqueue(hook.id)
      run_all
      expect(krayin.requests).to eq([])
      2.times { set_up }
      forget
      set_up
      expect(counts).to eq([1, 1])
      expect(workflows.first).to include("entity_type" => "leads", "conditions" => [])
      expect(ours.first["headers"]).to eq([{ "key" => "X-Krayin-Sync", "value" => endpoint.header(hook) }])
      ENV["FRONTEND_URL"] = "http://127.0.0.1:10"
      before = list("webhooks").size
      set_up
      expect([counts, list("webhooks").size]).to eq([[1, 1], before])
      chosen("leave")
      expect(counts).to eq([0, 0])
    end

    it "takes the place of one that was made with the secret in its address" do
      allow(endpoint).to receive(:bare_address) { |asked| endpoint.address(asked) }
      chosen("make")
      former = endpoint.address(hook)
      expect(counts).to eq([1, 1])
      RSpec::Mocks.space.proxy_for(endpoint).reset
      set_up
      expect(counts).to eq([1, 1])
      expect(list("webhooks").map { |one| one["end_point"] }).not_to include(former)
    end

    it "is made once though a process died, or an answer was lost, between any two of its requests" do
      [%w[POST webhooks], %w[POST workflows], %w[GET webhooks], %w[GET workflows]].each do |method, path|
        %w[close_before_acting close_after_acting].each do |action|
          krayin.faults({ method: method, path: "/settings/#{path}", action: action, times: 3 })
          begin
            chosen("make")
          rescue KrayinSync::Error
            nil
          end
          krayin.heal
          forget
          set_up
          expect([method, path, action, counts]).to eq([method, path, action, [1, 1]])
          chosen("leave")
        end
      end
    end

    it "leaves the connection as it was where Krayin does not let it be made" do
      krayin.faults({ method: "POST", path: "/settings/webhooks", action: "status", status: 404 })
      chosen("make")
      expect(hook.reload.settings).not_to have_key("setup_error")
      by_hand = endpoint.address(hook)
      expect { rake_task("webhooks").invoke(account.id.to_s) }.to output(a_string_including(by_hand)).to_stdout
    end

    it "is not made again where a colleague has deleted it, and what a colleague added to it stays" do
      chosen("make")
      client.delete("settings/workflows/#{workflows.first["id"]}")
      chosen("make", "two_way_lines" => true)
      expect(counts).to eq([1, 0])
      added = client.post("settings/workflows", { name: "Mine", entity_type: "leads", event: "lead.update.after",
                                                  condition_type: "and", conditions: [],
                                                  actions: [{ id: "trigger_webhook", value: ours.first["id"] },
                                                            { id: "add_note_as_activity", value: "x" }] })
      chosen("leave")
      expect(list("workflows").map { |one| one["id"] }).to include(added.dig("data", "id"))
      client.delete("settings/workflows/#{added.dig("data", "id")}")
    end
  end
end

RSpec.describe "What contacts show of a lead", :chatwoot do
  include TwoWay

  before do
    connect_both_ways("both-ways-#{rand(1_000_000)}", two_way_writes: "owner")
    @who = contact(custom_attributes: { "plan" => "gold" })
    look
  end

  after { disconnect_both_ways }

  def left = [@who.reload.custom_attributes, KrayinSync::Chatwoot::ShownLead.where(contact_id: @who.id).count]

  it "goes where leads are shown no more, and comes where they are shown again" do
    set(@who, krayin_stage: "Won")
    hook.reload.update!(settings: hook.settings.merge("two_way" => false))
    run_all
    expect(left).to eq([{ "plan" => "gold" }, 0])
    hook.reload.update!(settings: hook.settings.merge("two_way" => true))
    run_all
    2.times { look }
    expect(shown(@who)).to include("krayin_stage" => "New")
  end

  it "goes with the connection, and its workflow too; whatever process dies before, the sweep has it go" do
    before = ENV.fetch("FRONTEND_URL", nil)
    ENV["FRONTEND_URL"] = "http://127.0.0.1:9"
    KrayinSync::Chatwoot::SetupJob.enqueue(hook.id)
    run_all
    client = KrayinSync::Api::UserClient.new(krayin.url, krayin.tokens.first)
    made = -> { client.get("settings/webhooks", pagination: 0).fetch("data").size }
    expect(made.call).to eq(1)
    hook.destroy!
    expect(made.call).to eq(0)
    clear
    expect(left.last).to eq(1)
    KrayinSync::Chatwoot::SweepJob.enqueue
    run_all
    expect(left).to eq([{ "plan" => "gold" }, 0])
  ensure
    ENV["FRONTEND_URL"] = before
  end

  it "stays while the connection is disabled for a while" do
    hook.reload.update!(status: "disabled")
    run_all
    KrayinSync::Chatwoot::SweepJob.enqueue
    run_all
    expect(shown(@who)).to include("krayin_stage" => "New")
    hook.update!(status: "enabled")
    run_all
  end

  it "goes from all who show it, and of one whom another of the account's Krayins knows that one's lead is shown" do
    other_krayin = Krayin.new(SmallChatwoot.servers, "both-ways-other-#{rand(1_000_000)}", throttle: false)
    other = account.hooks.create!(app_id: "krayin", settings: other_krayin.settings(two_way: true, name: "Other"))
    run_all
    @who.update!(name: "Known to both")
    run_all
    many = Array.new(3) { contact }
    2.times { look }
    hook.destroy!
    run_all
    looks.update_all(next_at: Time.now.utc)
    KrayinSync::Chatwoot::LookJob.enqueue_due
    run_all
    [@who, *many].each do |who|
      expect(shown(who)["krayin_link"]).to start_with(other_krayin.url[%r{\Ahttp://[^/]+}])
    end
  ensure
    other&.destroy!
    KrayinSync::Chatwoot::ShownLead.clear(other.id) if other
    other_krayin&.stop
  end

  it "lists them though its job comes before whoever saved the connection has made the attribute" do
    CustomAttributeDefinition.where(account_id: account.id, attribute_key: "krayin_owner").delete_all
    KrayinSync::Chatwoot::BothWaysJob.enqueue(hook.id)
    run_all
    owner = CustomAttributeDefinition.find_by!(account_id: account.id, attribute_key: "krayin_owner")
    expect([owner.attribute_display_type, owner.attribute_values]).to eq(["list", ["Bridge 1", "Example Admin"]])
  end

  it "lists Krayin's users for the lead's owner, where agents may set it" do
    owner = CustomAttributeDefinition.find_by!(account_id: account.id, attribute_key: "krayin_owner")
    expect([owner.attribute_display_type, owner.attribute_values]).to eq(["list", ["Bridge 1", "Example Admin"]])
  end
end
