# frozen_string_literal: true

require "webmock"
require "webmock/rspec/matchers"

# No recorded server has quotes or e-mails: the answers are those of the REST package's public source.
RSpec.describe "Quotes and e-mails" do
  include WebMock::API
  include WebMock::Matchers

  let(:url) { "https://crm.example.com/api/v1" }

  before do
    KrayinSync.retry_base = 0
    WebMock.enable!
    WebMock.disable_net_connect!
  end

  after do
    WebMock.reset!
    WebMock.allow_net_connect!
    WebMock.disable!
    KrayinSync.retry_base = nil
  end

  def client(kind) = KrayinSync::Api.const_get(kind).new(url, "1|secret")

  def answers(verb, path, body, **with)
    stub = stub_request(verb, "#{url}/#{path}")
    stub = stub.with(**with) if with.any?
    stub.to_return(body: JSON.generate(body), headers: { "Content-Type" => "application/json" })
  end

  it "reads, makes, changes and deletes quotes" do
    quote = { "id" => 3, "subject" => "Chairs" }
    answers(:get, "quotes", { data: [quote] }, query: { "pagination" => "0" })
    answers(:get, "quotes/3", { data: quote })
    answers(:post, "quotes", { data: quote, message: "x" }, body: hash_including("subject" => "Chairs", "lead_id" => 5))
    answers(:put, "quotes/3", { data: quote.merge("subject" => "Desks"), message: "x" })
    gone = answers(:delete, "quotes/3", { message: "x" })
    quotes = client(:QuoteClient)
    expect([quotes.get_quotes, quotes.get_quote("3")]).to eq([[quote], quote])
    expect(quotes.create_quote(subject: "Chairs", lead_id: 5)).to eq(quote)
    expect(quotes.update_quote({ subject: "Desks" }, 3)).to include("subject" => "Desks")
    expect(quotes.delete_quote(3)).to be_nil
    expect(gone).to have_been_requested.once
  end

  it "reads, sends and deletes e-mails, and sends none twice where the answer is lost" do
    mail = { "id" => 7, "subject" => "Hello" }
    answers(:get, "mails", { data: [mail] }, query: { "pagination" => "0" })
    answers(:get, "mails/7", { data: mail })
    answers(:post, "mails", { data: mail, message: "x" })
    trashed = answers(:delete, "mails/7", { message: "x" }, query: { "type" => "trash" })
    emails = client(:EmailClient)
    expect([emails.get_emails, emails.get_email(7)]).to eq([[mail], mail])
    expect(emails.create_email(reply_to: ["a@example.com"], reply: "Hi")).to eq(mail)
    expect(emails.delete_email(7)).to be_nil
    expect(trashed).to have_been_requested.once
    lost = stub_request(:post, "#{url}/mails").to_timeout
    expect { emails.create_email(reply_to: ["a@example.com"], reply: "Hi") }.to raise_error(KrayinSync::ApiError)
    # The one before, and this one.
    expect(lost).to have_been_requested.twice
  end

  it "says that a server has none, and refuses odd ids before anything is sent" do
    stub_request(:get, "#{url}/quotes/3").to_return(status: 404, body: '{"message": "Not found."}')
    expect { client(:QuoteClient).get_quote(3) }.to raise_error(KrayinSync::NotFoundError)
    ["../leads", 0, -1, nil, "3;4"].each do |odd|
      expect { client(:EmailClient).get_email(odd) }.to raise_error(ArgumentError), odd.inspect
      expect { client(:QuoteClient).delete_quote(odd) }.to raise_error(ArgumentError), odd.inspect
    end
    expect(a_request(:any, /mails/)).not_to have_been_made
  end
end
