# frozen_string_literal: true

require_relative "support/connected"

# What becomes in Krayin of a contact that is deleted in Chatwoot, by what the installation has decided.
RSpec.describe "A deleted contact", :whole do
  include_context "with a connected desk", "Deleted", sync_conversations: true, sync_messages: true

  # Deletes two contacts while the installation decides so: the second one's person was made by a colleague.
  def delete_under(policy)
    decide = "KrayinSync.configure { |config| config.on_contact_deleted = ENV.fetch('ON_CONTACT_DELETED', 'keep') }"
    krayin_post("contacts/persons", name: "Coco #{policy}",
                                    emails: [{ label: "work", value: "coco@#{policy.delete("_")}.example" }],
                                    contact_numbers: [{ label: "work", value: "+49306#{rand(1_000_000)}" }])
    ours, theirs = %w[Otto Coco].map do |name|
      id = contact(name: "#{name} #{policy}", email: "#{name.downcase}@#{policy.delete("_")}.example")
      talk(id, "#{name} said this under #{policy}")
      id
    end
    eventually { said("under #{policy}").size == 4 }
    settle
    WholeChatwoot.with_file("opt/chatwoot/config/initializers/zz_policy.rb", decide) do
      WholeChatwoot.with_sidekiq(ON_CONTACT_DELETED: policy) do
        [ours, theirs].each { |id| expect(desk.agent.delete("/contacts/#{id}").status).to eq(200) }
        yield
        settle
      end
    end
    expect(dead_jobs).to eq([])
  end

  def krayin_post(path, **body)
    answer = Net::HTTP.post(URI("#{krayin.url}/#{path}"), JSON.generate(body),
                            "Content-Type" => "application/json", "Accept" => "application/json",
                            "Authorization" => "Bearer #{krayin.tokens.first}")
    expect(answer.code).to start_with("2")
  end

  it "keeps its person, and a note says that it is gone" do
    delete_under("unlink_and_mark") { eventually { said("This contact was deleted in Chatwoot.").size == 2 } }
    expect(krayin.person("otto@unlinkandmark.example")["name"]).to eq("Otto unlink_and_mark")
    expect(said("under unlink_and_mark").size).to eq(4)
  end

  it "loses its words and what of its person is the sync's own, and nothing that a colleague has made" do
    delete_under("erase") { eventually { said("under erase").empty? && krayin.person("otto@erase.example").nil? } }
    expect(JSON.generate(krayin.records)).not_to match(/Otto erase|otto@erase/)
    expect(krayin.person("coco@erase.example")["name"]).to eq("Coco erase")
  end
end
