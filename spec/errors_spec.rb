# frozen_string_literal: true

RSpec.describe KrayinSync::Error do
  let(:krayin) { SimulatedKrayin.of("2.1.0") }
  let(:token) { "9|secret0123456789" }

  def failure_of(url, token = self.token)
    KrayinSync::Api::PersonClient.new(url, token, deadline: 2).search_person(email: "private@example.com")
    nil
  rescue StandardError => e
    e
  end

  def expect_private(error)
    shown = [error.message, error.inspect, error.full_message, error.response.inspect].join
    expect(shown).not_to match(/secret|private|example\.com/)
  end

  it "refuses settings that cannot work, before anything is sent" do
    { "crm" => /must be an address/, "ftp://crm.test" => /begin with https/, "http://crm.test" => /in the open/,
      "https://a:secret@crm.test" => /no user/, nil => /api_url is missing/ }.each do |url, message|
      expect { KrayinSync::Api::BaseClient.new(url, token) }.to raise_error(KrayinSync::ConfigurationError, message)
    end
    [nil, "", "two words", "line\nbreak"].each do |bad|
      expect { KrayinSync::Api::BaseClient.new("https://crm.test", bad) }
        .to raise_error(KrayinSync::ConfigurationError, /api_token/)
    end
    expect { KrayinSync::Api::BaseClient.new("https://crm.test", token, deadline: "soon") }
      .to raise_error(KrayinSync::ConfigurationError, /deadline must be/)
  end

  it "lets no hook allow plain http" do
    expect { KrayinSync::Api::BaseClient.new("http://crm.test", token, allow_http: true) }
      .to raise_error(KrayinSync::ConfigurationError)
  end

  it "says that the token was refused, on a server that says so and on one that does not" do
    [krayin, SimulatedKrayin.of("2.2.3-community")].each do |server|
      error = failure_of(server.url)
      expect(error).to be_a(KrayinSync::AuthenticationError)
      expect(error).to have_attributes(request_method: "GET", path: "contacts/persons/search", attempts: 1, code: 401)
      expect(error.message).to include("Create a new API token")
      expect_private(error)
    end
    production = SimulatedKrayin.new("2.1.0", "--production")
    expect(failure_of(production.url)).to be_a(KrayinSync::AuthenticationError).and(have_attributes(code: 500))
  ensure
    production&.stop
  end

  it "says that nothing answers there" do
    port = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
    error = failure_of("http://127.0.0.1:#{port}")
    expect(error).to be_a(KrayinSync::UnavailableError).and(have_attributes(code: nil, response: nil, executed?: false))
    expect(error.message).to match(/no connection.*Check that Krayin is running/)
    expect_private(error)
    # A resolver may take longer to say that there is no such name than an attempt may take.
    unknown = failure_of("https://host.invalid")
    expect(unknown).to be_a(KrayinSync::UnavailableError).or be_a(KrayinSync::TimeoutError)
  end

  it "tells what is no Krayin" do
    html = RawServer.new { "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Type: text/html\r\n\r\n<html>" }
    error = failure_of(html.url)
    expect(error).to be_a(KrayinSync::UnexpectedResponseError).and(have_attributes(code: 200))
    expect(error.response).to have_attributes(code: 200, body: "<html>", parsed_response: nil)
    expect_private(error)
    away = RawServer.new { "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n" }
    expect(failure_of(away.url)).to be_a(KrayinSync::UnexpectedResponseError).and(have_attributes(code: 302))
    expect(away.requests.size).to eq(1)
  ensure
    html&.stop
    away&.stop
  end

  it "names the fields that Krayin does not take" do
    persons = KrayinSync::Api::PersonClient.new(krayin.url, SimulatedKrayin::TOKEN)
    data = { name: "x", emails: [{ value: "nope", label: "work" }], contact_numbers: [{ value: "", label: "work" }] }
    expect { persons.create_person(data) }.to raise_error(KrayinSync::ValidationError) { |error|
      expect(error.errors.keys).to eq(["emails.0.value"])
      expect(error.message).to include("emails.0.value").and(exclude("nope"))
    }
    taken = data.merge(emails: [{ value: "taken@example.com", label: "work" }])
    persons.create_person(taken)
    expect { persons.create_person(taken) }.to raise_error(KrayinSync::ConflictError)
  end

  RSpec::Matchers.define_negated_matcher :exclude, :include

  it "can be made as the seed makes it" do
    error = KrayinSync::ApiError.new("m", 422, :answer)
    expect(error).to have_attributes(message: "m", code: 422, status_code: 422, response: :answer)
    expect(error).to have_attributes(errors: {}, attempts: 1, executed?: false)
    expect(KrayinSync::RateLimitError.new("m", 429, nil, retry_after: 3.0)).to be_retriable.and(be_rate_limited)
  end
end
