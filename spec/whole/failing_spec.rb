# frozen_string_literal: true

require_relative "support/connected"

# A record that Krayin does not take, for now or at all.
RSpec.describe "A record that fails", :whole do
  include_context "with a connected desk", "Failing"

  after { krayin.heal }

  # How many jobs of it each of Sidekiq's places has, all at one moment: a job that moves is in one of them alone.
  places = <<~RUBY
    names = %w[queue:krayin_sync schedule retry dead]
    read = Sidekiq.redis do |redis|
      redis.multi do |all|
        names.each { |name| name == names.first ? all.call("LRANGE", name, 0, -1) : all.call("ZRANGE", name, 0, -1) }
      end
    end
    ours = ->(job) { JSON.parse(job)["args"].first.then { |asked| asked.is_a?(Hash) && asked["job_id"] == entry } }
    count = ->(jobs) { jobs.count(&ours) }
    %w[queue scheduled retry dead].zip(read.map(&count)).to_h
  RUBY

  def entry(contact) = "#{desk.hook["id"]}:contact:#{contact}"
  define_method(:jobs) { |contact| inside(places, entry: entry(contact)) }
  def rename(contact, name) = expect(desk.agent.patch("/contacts/#{contact}", name: name).status).to eq(200)

  it "has one chain of retries, whatever happens to it meanwhile, and is through once it can be" do
    broken = contact(name: "Rita Retry", email: "rita@failing.example")
    settle
    krayin.faults({ method: "PUT", path: "/contacts/persons/#{link(broken)["person_id"]}", action: "broken",
                    times: "forever" })
    3.times do |n|
      rename(broken, "Rita Retry the #{n}")
      eventually { jobs(broken)["retry"] == 1 }
      sweep
    end
    seen = Array.new(40) do
      sleep 0.25
      jobs(broken)
    end
    # One chain. What else there may be is for an event: it is tried at once, since it may be what mends the record; and
    # where Sidekiq is busy, one that it has left behind and that ends without work.
    expect(seen.map { |jobs| jobs["retry"] }.max).to eq(1)
    expect(seen.map { |jobs| jobs.values.sum }.max).to be <= 3
    expect(link(broken)["state"]).to eq("waiting")
    krayin.heal
    eventually { krayin.person("rita@failing.example")["name"] == "Rita Retry the 2" }
    eventually { jobs(broken).values.sum.zero? }
    expect(link(broken)["state"]).to eq("synced")
  end

  it "is buried once where Krayin refuses it, says why in its link, and comes back with its next change" do
    krayin.faults({ method: "POST", path: "/leads", action: "status", status: 422, times: "forever",
                    body: { message: "The given data was invalid.", errors: { title: ["The title is taken."] } } })
    refused = contact(name: "Rolf Refused", email: "rolf@failing.example")
    eventually { jobs(refused)["dead"] == 1 }
    expect(link(refused)).to include("state" => "refused", "reason_code" => be_a(String))
    2.times do
      sweep
      settle
    end
    rename(refused, "Rolf Refused Again")
    settle
    expect([jobs(refused)["dead"], link(refused)["state"]]).to eq([1, "refused"])
    krayin.heal
    rename(refused, "Rolf Taken")
    eventually { krayin.person("rolf@failing.example").to_h["name"] == "Rolf Taken" && link(refused)["lead_id"] }
    settle
    expect(link(refused)["state"]).to eq("synced")
  ensure
    inside("Sidekiq::DeadSet.new.each { |job| job.delete if job.display_class.start_with?('KrayinSync') }; 1")
  end
end
