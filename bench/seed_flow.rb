# frozen_string_literal: true

require "httparty"
require "json"

# The architecture document's flow, as a Ruby service would run it: HTTParty, a connection a call, one step after the
# other, nothing remembered. Twelve calls for a new contact. Against the package's paths, so that each of them works.
class SeedFlow
  attr_reader :calls

  def initialize(url, token)
    @url = url
    @headers = { "Authorization" => "Bearer #{token}", "Accept" => "application/json",
                 "X-Requested-With" => "XMLHttpRequest", "Content-Type" => "application/json" }
    @calls = 0
  end

  def new_contact(contact)
    organization = find_organization(contact) || create("contacts/organizations", name: company(contact))
    found = find_person(contact)
    person = found || create("contacts/persons", person_body(contact))
    get("contacts/persons/#{person["id"]}")
    put("contacts/persons/#{person["id"]}", person_body(contact).merge(organization_id: organization["id"]))
    lead = find_lead(contact) || create("leads", lead_body(contact, person["id"]))
    get("leads/#{lead["id"]}")
    put("leads/attributes/edit/#{lead["id"]}", { lead_pipeline_id: 1, lead_pipeline_stage_id: 1 })
    [person["id"], lead["id"]]
  end

  def updated_contact(contact)
    organization = find_organization(contact)
    person = find_person(contact)
    put("contacts/persons/#{person["id"]}", person_body(contact).merge(organization_id: organization["id"]))
    lead = find_lead(contact)
    stage = { lead_pipeline_id: 1, lead_pipeline_stage_id: 1 }
    put("leads/attributes/edit/#{lead["id"]}", stage.merge(title: contact[:name]))
  end

  def new_conversation(conversation, person_id)
    body = { type: "note", title: "Conversation ##{conversation[:display_id]}", comment: "…", person_id: person_id }
    create("activities", body)["id"]
  end

  def updated_conversation(activity_id) = put("activities/#{activity_id}", { comment: "…" })

  private

  def find_organization(contact) = get("contacts/organizations", name: company(contact))["data"].first

  def find_person(contact)
    search("contacts/persons/search", "emails", contact[:email]) ||
      search("contacts/persons/search", "contact_numbers", contact[:phone_number])
  end

  def find_lead(contact)
    search("leads/search", "person.emails", contact[:email]) ||
      search("leads/search", "person.contact_numbers", contact[:phone_number])
  end

  def search(path, field, value)
    get(path, search: "#{field}:#{value}", searchFields: "#{field}:like", limit: 1)["data"].first
  end

  def company(contact) = contact[:additional_attributes]["company_name"]

  def person_body(contact)
    { name: contact[:name], emails: [{ value: contact[:email], label: "work" }],
      contact_numbers: [{ value: contact[:phone_number], label: "work" }] }
  end

  def lead_body(contact, person_id)
    { title: contact[:name], lead_value: 0, person_id: person_id, lead_pipeline_id: 1, lead_pipeline_stage_id: 1,
      lead_source_id: 1, lead_type_id: 1 }
  end

  def create(path, body) = call(:post, path, body: JSON.generate(body))["data"]

  def put(path, body) = call(:put, path, body: JSON.generate(body))

  def get(path, query = {}) = call(:get, path, query: query)

  def call(method, path, **options)
    @calls += 1
    options[:headers] = @headers
    answer = HTTParty.public_send(method, "#{@url}/#{path}", ssl_ca_file: ENV.fetch("SSL_CERT_FILE"), **options)
    raise "#{method} #{path}: #{answer.code} #{answer.body}" unless answer.success?

    answer.parsed_response
  end
end
