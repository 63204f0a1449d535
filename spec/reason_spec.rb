# frozen_string_literal: true

RSpec.describe KrayinSync::Reason do
  let(:errors) do
    ObjectSpace.each_object(Class).select do |known|
      known <= KrayinSync::Error && known.name&.start_with?("KrayinSync::")
    end
  end

  it "has a sentence in each language for every error" do
    errors.each do |error|
      reason = error.new("message").reason
      sentences = %w[en pt_BR es].map { |locale| reason.sentence(locale) }
      expect(sentences.uniq.size).to eq(3), "#{error}: #{sentences}"
      expect(sentences).to all(end_with("."))
    end
  end

  it "names the fields that Krayin does not take, and no value" do
    error = KrayinSync::ValidationError.new("message", 422, nil,
                                            errors: { "emails.0.value" => ["jane@example.com is no"] })
    expect(error.reason.to_h).to eq("code" => "values_refused", "params" => { "fields" => ["emails.0.value"] })
    expect(error.reason.sentence("en")).to eq("Krayin does not take these values: emails.0.value. Correct them.")
  end

  it "is the same after it was kept" do
    told = { code: "field_kept", entity: "lead", field: "title" }
    reason = described_class.of(told)
    expect(reason).to eq(described_class.of(reason.to_h))
    expect(reason.sentence("en")).to eq("The lead's title was edited in Krayin and is left alone.")
    expect(described_class.new("of a later version").sentence).to eq("of a later version")
  end

  it "is said in the installation's language, where a hook does not say another" do
    contact = { id: 7, name: "Jane" }
    run = lambda do |**settings|
      hook = Struct.new(:settings).new({ "api_url" => "https://crm.example.com", "api_token" => "1|x", **settings })
      KrayinSync::ProcessorService.new(hook: hook, event_name: "contact.created",
                                       event_data: { contact: contact }).perform
    end
    KrayinSync.language = "pt_BR"
    expect(run.call[:reasons].first).to start_with("O contato não tem e-mail")
    expect(run.call("language" => "es")[:reasons].first).to start_with("El contacto no tiene correo")
    expect(run.call("language" => " ")[:codes]).to eq([{ code: "no_identity" }])
  ensure
    KrayinSync.language = nil
  end
end
