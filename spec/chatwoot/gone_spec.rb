# frozen_string_literal: true

require_relative "../support/configured"
require_relative "support/small_chatwoot"

# What is deleted in Chatwoot before Krayin has it, while it is brought there, or when nothing else is kept of it. The
# jobs run in this process, so that something can come between.
RSpec.describe "What is deleted meanwhile", :chatwoot do
  include Configured

  before(:context) do
    SmallChatwoot.start
    @krayin = Krayin.new(SmallChatwoot.servers, "gone", throttle: false)
  end

  after(:context) { @krayin.stop }

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    @account, @hook = connect(@krayin, **wanted)
    run_all
    @contact = @account.contacts.create!(name: "Gunda", email: "gunda#{rand(1_000_000)}@gone.example")
    @inbox = inbox(@account)
    run_all
  end

  after { Integrations::Hook.where(id: @hook.id).destroy_all }

  let(:krayin) { @krayin }
  let(:words) { "Words #{rand(1_000_000_000)}" }
  let(:wanted) { { sync_conversations: true, sync_messages: true } }

  def said = krayin.records["activities"].select { |known| known["comment"].to_s.include?(words) }

  # As Chatwoot does: the messages go later.
  def delete_talk(talk)
    messages = talk.messages.to_a
    talk.delete
    KrayinSync::Chatwoot::Intake.take(@hook, "conversation.deleted", tell(talk))
    -> { messages.each(&:delete) }
  end

  def tell(talk) = { conversation_data: { id: talk.id, account_id: @account.id } }

  def delete_message(message)
    message.update!(content: "This message was deleted", content_attributes: { "deleted" => true })
  end

  # Once, when the core has all that it needs of an event whose name begins so; before it asks Krayin anything.
  def during(kind)
    allow(KrayinSync::Native).to receive(:process).and_wrap_original do |process, session, name, data|
      if name.start_with?(kind)
        yield
        kind = "done"
      end
      process.call(session, name, data)
    end
  end

  [%i[sync_conversations sync_messages], %i[sync_messages]].each do |settings|
    context "with #{settings.join(" and ")}" do
      let(:wanted) { settings.to_h { |name| [name, true] } }
      let(:talk) { conversation(@contact, @inbox) }
      let!(:text) { message(talk, words) }

      it "loses the words of a message that is deleted" do
        run_all
        expect(said.size).to eq(settings.size)
        delete_message(text)
        run_all
        expect(said).to eq([])
      end

      it "loses the words of a conversation that is deleted" do
        run_all
        delete_talk(talk).call
        run_all
        expect(said).to eq([])
      end

      it "keeps the words of a conversation that goes with its contact, where these are kept" do
        run_all
        @contact.delete
        delete_talk(talk).call
        run_all
        expect(said.size).to eq(settings.size)
      end

      it "loses the words of a conversation that goes with its contact, where these are erased" do
        run_all
        with(on_contact_deleted: "erase") do
          @contact.destroy!
          delete_talk(talk).call
          run_all
        end
        expect(said).to eq([])
      end

      it "loses the words of a contact that is erased on request" do
        run_all
        KrayinSync::Chatwoot::Erasure.new(@hook.reload, @contact.id).run
        expect(said).to eq([])
      end

      it "loses the words of a message that is deleted while it is brought over" do
        during("message") { delete_message(text) }
        run_all
        expect(said).to eq([])
      end

      settings.map { |name| name.to_s[/message|conversation/] }.each do |kind|
        it "loses the words of a conversation that is deleted while its #{kind} is brought over" do
          during(kind) { delete_talk(talk) }
          run_all
          expect(said).to eq([])
        end
      end

      it "brings nothing of a conversation that is deleted before its jobs run" do
        delete_talk(talk).call
        run_all
        expect(said).to eq([])
      end
    end
  end
end
