//! Which path is which call, in both dialects, and what carries it out.

use crate::answer::Outcome;
use crate::crm::Crm;
use crate::data::input::Input;
use crate::query::list::ListQuery;
use crate::server::Server;

/// What one path stands for. A text is an id, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint<'a> {
    Login,
    Logout,
    Me,
    Persons,
    PersonSearch,
    Person(&'a str),
    PersonActivities(&'a str),
    PersonTags(&'a str),
    Organizations,
    Organization(&'a str),
    Leads,
    LeadSearch,
    LeadAttributes(&'a str),
    LeadStage(&'a str),
    Lead(&'a str),
    LeadActivities(&'a str),
    LeadTags(&'a str),
    Activities,
    Activity(&'a str),
    Pipelines,
    Pipeline(&'a str),
    Stages,
    Sources,
    Source(&'a str),
    Types,
    Type(&'a str),
    Users,
    UserSearch,
    User(&'a str),
    Attributes,
    AttributeLookup(&'a str),
    Tags,
    TagSearch,
    Tag(&'a str),
    Webhooks,
    Webhook(&'a str),
    Workflows,
    Workflow(&'a str),
}

const COLLECTION: &str = "GET, HEAD, POST";
const RECORD: &str = "GET, HEAD, PUT, DELETE";
const READ: &str = "GET, HEAD";

/// The endpoint of a path and the methods that it takes, in this server's dialect.
pub(crate) fn endpoint<'a>(server: Server, path: &[&'a str]) -> Option<(Endpoint<'a>, &'static str)> {
    if server.is_honest() { of_document(path) } else { of_package(path) }
}

/// The paths of the REST packages.
fn of_package<'a>(path: &[&'a str]) -> Option<(Endpoint<'a>, &'static str)> {
    use Endpoint as E;
    Some(match *path {
        ["login"] => (E::Login, "POST"),
        ["logout"] => (E::Logout, "DELETE"),
        ["get"] => (E::Me, READ),
        ["contacts", "persons"] => (E::Persons, COLLECTION),
        ["contacts", "persons", id] => (E::Person(id), RECORD),
        ["contacts", "persons", id, "activities"] => (E::PersonActivities(id), READ),
        ["contacts", "persons", id, "tags"] => (E::PersonTags(id), "POST, DELETE"),
        ["contacts", "organizations"] => (E::Organizations, COLLECTION),
        ["contacts", "organizations", id] => (E::Organization(id), RECORD),
        ["leads"] => (E::Leads, COLLECTION),
        ["leads", "attributes", "edit", id] => (E::LeadAttributes(id), "PUT"),
        ["leads", "stage", "edit", id] => (E::LeadStage(id), "PUT"),
        ["leads", id] => (E::Lead(id), RECORD),
        ["leads", id, "activities"] => (E::LeadActivities(id), READ),
        ["leads", id, "tags"] => (E::LeadTags(id), "POST, DELETE"),
        ["activities"] => (E::Activities, COLLECTION),
        ["activities", id] => (E::Activity(id), RECORD),
        ["settings", "pipelines"] => (E::Pipelines, COLLECTION),
        ["settings", "pipelines", id] => (E::Pipeline(id), RECORD),
        ["settings", "sources"] => (E::Sources, COLLECTION),
        ["settings", "sources", id] => (E::Source(id), RECORD),
        ["settings", "types"] => (E::Types, COLLECTION),
        ["settings", "types", id] => (E::Type(id), RECORD),
        ["settings", "users"] => (E::Users, READ),
        ["settings", "users", id] => (E::User(id), READ),
        ["settings", "attributes"] => (E::Attributes, COLLECTION),
        ["settings", "attributes", "lookup", entity] => (E::AttributeLookup(entity), READ),
        ["settings", "tags"] => (E::Tags, COLLECTION),
        ["settings", "tags", id] => (E::Tag(id), "GET, HEAD, DELETE"),
        ["settings", "webhooks"] => (E::Webhooks, COLLECTION),
        ["settings", "webhooks", id] => (E::Webhook(id), RECORD),
        ["settings", "workflows"] => (E::Workflows, COLLECTION),
        ["settings", "workflows", id] => (E::Workflow(id), RECORD),
        _ => return None,
    })
}

/// The paths of the design document.
fn of_document<'a>(path: &[&'a str]) -> Option<(Endpoint<'a>, &'static str)> {
    use Endpoint as E;
    Some(match *path {
        ["get"] => (E::Me, READ),
        ["persons"] => (E::Persons, COLLECTION),
        ["persons", "search"] => (E::PersonSearch, "POST"),
        ["persons", id] => (E::Person(id), RECORD),
        ["leads"] => (E::Leads, COLLECTION),
        ["leads", "search"] => (E::LeadSearch, "POST"),
        ["leads", id] => (E::Lead(id), RECORD),
        ["contacts", "organizations"] => (E::Organizations, COLLECTION),
        ["contacts", "organizations", id] => (E::Organization(id), RECORD),
        ["activities"] => (E::Activities, COLLECTION),
        ["activities", id] => (E::Activity(id), RECORD),
        ["settings", "pipelines"] => (E::Pipelines, READ),
        ["settings", "stages"] => (E::Stages, READ),
        ["settings", "sources"] => (E::Sources, READ),
        ["settings", "types"] => (E::Types, READ),
        _ => return None,
    })
}

/// Carries a call out.
pub(crate) fn dispatch(
    crm: &mut Crm,
    endpoint: Endpoint<'_>,
    method: &str,
    input: &Input,
    list: &ListQuery<'_>,
    user: u64,
) -> Outcome {
    use Endpoint as E;
    let honest = crm.server.is_honest();
    match (endpoint, method) {
        (E::Me, _) => crm.me(user),
        (E::Logout, _) => crm.logout(user),
        (E::Login, _) => crm.login(input),
        (E::Persons, "GET") => crm.person_list(list),
        (E::Persons, _) if honest => crm.plain_person_create(input, user),
        (E::Persons, _) => crm.person_create(input, user),
        (E::PersonSearch, _) if honest => crm.plain_person_search(input),
        (E::PersonSearch, _) => crm.person_search(list.pairs, user),
        (E::Person(id), "GET") => crm.person_get(id),
        (E::Person(id), "PUT") if honest => crm.plain_person_update(id, input),
        (E::Person(id), "PUT") => crm.person_update(id, input, user),
        (E::Person(id), _) => crm.person_delete(id),
        (E::PersonActivities(id), _) => crm.person_activities(id),
        (E::PersonTags(id), method) => crm.person_tags(id, input, method == "POST"),
        (E::Organizations, "GET") => crm.organization_list(list),
        (E::Organizations, _) if honest => crm.plain_organization_create(input),
        (E::Organizations, _) => crm.organization_create(input),
        (E::Organization(id), "GET") => crm.organization_get(id),
        (E::Organization(id), "PUT") => crm.organization_update(id, input),
        (E::Organization(id), _) => crm.organization_delete(id),
        (E::Leads, "GET") => crm.lead_list(list),
        (E::Leads, _) if honest => crm.plain_lead_create(input, user),
        (E::Leads, _) => crm.lead_create(input, user),
        (E::LeadSearch, _) if honest => crm.plain_lead_search(input),
        (E::LeadSearch, _) => crm.lead_search(list.pairs, user),
        (E::LeadAttributes(id), _) => crm.lead_edit_attributes(id, input, user),
        (E::LeadStage(id), _) => crm.lead_edit_stage(id, input, user),
        (E::Lead(id), "GET") => crm.lead_get(id),
        (E::Lead(id), "PUT") if honest => crm.plain_lead_update(id, input),
        (E::Lead(id), "PUT") => crm.lead_update(id, input, user),
        (E::Lead(id), _) => crm.lead_delete(id),
        (E::LeadActivities(id), _) => crm.lead_activities(id),
        (E::LeadTags(id), method) => crm.lead_tags(id, input, method == "POST"),
        (E::Activities, "GET") => crm.activity_list(list),
        (E::Activities, _) if honest => crm.plain_activity_create(input, user),
        (E::Activities, _) => crm.activity_create(input, user),
        (E::Activity(id), "GET") => crm.activity_get(id),
        (E::Activity(id), "PUT") if honest => crm.plain_activity_update(id, input),
        (E::Activity(id), "PUT") => crm.activity_update(id, input),
        (E::Activity(id), _) => crm.activity_delete(id),
        (E::Pipelines, "GET") => crm.pipeline_list(list),
        (E::Pipelines, _) => crm.pipeline_create(input),
        (E::Pipeline(id), "GET") => crm.pipeline_get(id),
        (E::Pipeline(id), "PUT") => crm.pipeline_update(id, input),
        (E::Pipeline(id), _) => crm.pipeline_delete(id),
        (E::Stages, _) => crm.plain_stages(list.pairs),
        (E::Sources, "GET") => crm.source_list(list),
        (E::Sources, _) => crm.source_create(input),
        (E::Source(id), "GET") => crm.source_get(id),
        (E::Source(id), "PUT") => crm.source_update(id, input),
        (E::Source(id), _) => crm.source_delete(id),
        (E::Types, "GET") => crm.type_list(list),
        (E::Types, _) => crm.type_create(input),
        (E::Type(id), "GET") => crm.type_get(id),
        (E::Type(id), "PUT") => crm.type_update(id, input),
        (E::Type(id), _) => crm.type_delete(id),
        (E::Users, _) => crm.user_list(list),
        (E::UserSearch, _) => crm.user_search(list.pairs),
        (E::User(id), _) => crm.user_get(id),
        (E::Attributes, "GET") => crm.attribute_list(list),
        (E::Attributes, _) => crm.attribute_create(input),
        (E::AttributeLookup(entity), _) => crm.attribute_lookup(entity, list.pairs),
        (E::Tags, "GET") => crm.tag_list(list),
        (E::Tags, _) => crm.tag_create(input, user),
        (E::TagSearch, _) => crm.tag_search(list.pairs),
        (E::Tag(id), "GET") => crm.tag_get(id),
        (E::Tag(id), _) => crm.tag_delete(id),
        (E::Webhooks, "GET") => crm.webhook_list(list),
        (E::Webhooks, _) => crm.webhook_create(input),
        (E::Webhook(id), "GET") => crm.webhook_get(id),
        (E::Webhook(id), "PUT") => crm.webhook_update(id, input),
        (E::Webhook(id), _) => crm.webhook_delete(id),
        (E::Workflows, "GET") => crm.workflow_list(list),
        (E::Workflows, _) => crm.workflow_create(input),
        (E::Workflow(id), "GET") => crm.workflow_get(id),
        (E::Workflow(id), "PUT") => crm.workflow_update(id, input),
        (E::Workflow(id), _) => crm.workflow_delete(id),
    }
}
