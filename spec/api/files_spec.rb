# frozen_string_literal: true

require "webmock"

# The simulator keeps no files: the answers are those of a live server.
RSpec.describe "Files of activities" do
  include WebMock::API

  let(:files) { KrayinSync::Api::FileClient.new("https://crm.example.com/api/v1", "1|secret") }
  let(:activities) do
    [{ "id" => 9, "type" => "file", "files" => [{ "id" => 4, "name" => "offer.pdf", "path" => "activities/9/a.pdf" },
                                                { "id" => 5, "name" => "plan.png", "path" => "activities/9/b.png" }] },
     { "id" => 8, "type" => "note", "files" => [] }, { "id" => 7, "type" => "system" }]
  end

  before do
    WebMock.enable!
    WebMock.disable_net_connect!
  end

  after do
    WebMock.reset!
    WebMock.allow_net_connect!
    WebMock.disable!
  end

  def answers(path, data)
    stub_request(:get, "https://crm.example.com/api/v1/#{path}")
      .to_return(body: JSON.generate(data: data), headers: { "Content-Type" => "application/json" })
  end

  it "are told of one activity, of a lead and of a person, each with its activity" do
    answers("activities/9", activities.first)
    answers("activities/8", activities[1])
    answers("leads/3/activities", activities)
    answers("contacts/persons/2/activities", activities)
    two = activities.first["files"].map { |file| file.merge("activity_id" => 9) }
    expect([files.get_files(9), files.get_lead_files("3"), files.get_person_files(2)]).to eq([two] * 3)
    expect(files.get_files(8)).to eq([])
    ["../leads", 0, nil].each { |odd| expect { files.get_lead_files(odd) }.to raise_error(ArgumentError), odd.inspect }
  end
end
