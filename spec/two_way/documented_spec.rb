# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"

# The architecture document's Krayin, which tells of no change.
RSpec.describe "Both ways with a Krayin of the document", :chatwoot do
  before(:context) do
    SmallChatwoot.start
    clear
    @krayin = Krayin.new(SmallChatwoot.servers, "two-way-documented", throttle: false, server: "documented")
  end

  after(:context) do
    clear
    @krayin.stop
  end

  def hook(account, **settings)
    account.hooks.new(app_id: "krayin", settings: @krayin.settings(**settings))
  end

  def account = @account ||= Account.create!(name: "Documented").tap(&:enable_features!)

  sentence = "two_way does nothing with this Krayin: its API does not have what that takes."

  it "is refused before anything is asked, where its dialect is chosen" do
    mine = hook(account, two_way: true, api_dialect: "documented")
    @krayin.forget_requests
    expect(mine.save).to be(false)
    expect([mine.errors.full_messages, @krayin.requests]).to eq([[sentence], []])
  end

  it "is refused where its dialect is found" do
    mine = hook(account, two_way: true)
    expect([mine.save, mine.errors.full_messages]).to eq([false, [sentence]])
    expect(mine.tap { |one| one.settings = one.settings.merge("two_way" => false) }.save).to be(true)
    mine.destroy!
  end
end
