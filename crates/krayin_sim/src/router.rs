//! Which path is which call, and the way of a request through authentication, throttle and code.

use serde_json::Value;

use crate::answer::{self, Answer, Failure, Outcome, RenderedBody};
use crate::change::Around;
use crate::crm::Crm;
use crate::documented;
use crate::fault::Outage;
use crate::input::{Input, leading_number, pairs, trim};
use crate::list::ListQuery;
use crate::server::Server;
use crate::throttle::Rate;

/// A request as the code sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path without query.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) host: String,
    pub(crate) token: Option<String>,
    pub(crate) content_type: String,
    pub(crate) accept: Option<String>,
    pub(crate) is_ajax: bool,
    pub(crate) accepts_gzip: bool,
    pub(crate) body: Vec<u8>,
    /// The body was larger than the server takes and is not here.
    pub(crate) too_large: bool,
    /// What colleagues do before and after it is carried out.
    pub(crate) changes: Around,
}

impl Request {
    /// Laravel's `expectsJson`.
    fn wants_json(&self) -> bool {
        match &self.accept {
            Some(accept) => {
                accept.contains("/json") || accept.contains("+json") || (self.is_ajax && accept.contains("*/*"))
            }
            None => self.is_ajax,
        }
    }
}

/// A response, before it is put on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// What one path stands for. A text is an id, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint<'a> {
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

/// The endpoint of a path and the methods that it takes.
fn endpoint<'a>(path: &[&'a str]) -> Option<(Endpoint<'a>, &'static str)> {
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

/// `search` looks like an id, and for every method but GET it is one.
fn with_search<'a>(endpoint: Endpoint<'a>, method: &str) -> Endpoint<'a> {
    match endpoint {
        _ if method != "GET" => endpoint,
        Endpoint::Person("search") => Endpoint::PersonSearch,
        Endpoint::Lead("search") => Endpoint::LeadSearch,
        Endpoint::Tag("search") => Endpoint::TagSearch,
        Endpoint::User("search") => Endpoint::UserSearch,
        other => other,
    }
}

/// The methods that a path with this id takes, where reading it takes digits alone: for GET such a path is none.
fn without_reading(endpoint: Endpoint<'_>, method: &str, server: Server) -> Option<&'static str> {
    let (id, others) = match endpoint {
        Endpoint::Person(id) | Endpoint::Lead(id) | Endpoint::Tag(id) | Endpoint::User(id) => (id, "PUT, DELETE"),
        Endpoint::Organization(id) if server.organization_ids_are_numbers() => (id, "PUT, DELETE"),
        _ => return None,
    };
    let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    (method == "GET" && !is_number).then_some(others)
}

/// The id of a call whose code takes whole numbers alone, and breaks on any other text.
fn typed_id<'a>(endpoint: Endpoint<'a>, method: &str) -> Option<&'a str> {
    use Endpoint as E;
    match (endpoint, method) {
        (
            E::Person(id)
            | E::Lead(id)
            | E::Organization(id)
            | E::Activity(id)
            | E::Tag(id)
            | E::User(id)
            | E::Workflow(id),
            "GET",
        )
        | (E::Lead(id) | E::LeadAttributes(id) | E::LeadStage(id), "PUT")
        | (E::Lead(id) | E::Workflow(id), "DELETE")
        | (E::PersonTags(id), _)
        | (E::LeadTags(id), "POST")
        | (E::Pipeline(id) | E::Source(id) | E::Type(id) | E::Webhook(id), _) => Some(id),
        _ => None,
    }
}

/// Whether PHP takes a text for a whole number.
fn is_whole_number(text: &str) -> bool {
    let text = text.trim();
    text.parse::<i64>().is_ok() || text.parse::<f64>().is_ok_and(|number| number.fract() == 0.0 && number.abs() < 9e15)
}

/// Carries a request out. Answers the response and the user behind the token.
pub(crate) fn handle(crm: &mut Crm, request: &Request) -> (Response, Option<u64>) {
    let mut user = None;
    let mut rate = None;
    let outcome = run(crm, request, &mut user, &mut rate);
    if request.method != "GET" && request.method != "HEAD" {
        crm.version += 1;
    }
    let mut response = match outcome {
        Ok(Answer { status, body }) => json_response(status, &body),
        Err(failure) => failed(crm, request, &failure),
    };
    response.headers.extend(rate.map(rate_headers).into_iter().flatten());
    (response, user)
}

/// Whether a person's or lead's fields would be accepted now. True for every other request.
pub(crate) fn passes_checks(crm: &Crm, request: &Request) -> bool {
    let input = Input::read(&request.content_type, &request.body, crm.server.blank_becomes_null());
    let path = request.path.strip_prefix(crm.server.prefix()).unwrap_or_default();
    match path.trim_matches('/').split('/').collect::<Vec<_>>().as_slice() {
        ["contacts", "persons"] => crm.check_attributes("persons", &input.0, "", None).is_empty(),
        ["contacts", "persons", id] => crm.check_attributes("persons", &input.0, "", leading_number(id)).is_empty(),
        ["leads"] => crm.check_lead(&input, None).is_ok(),
        _ => true,
    }
}

fn run(crm: &mut Crm, request: &Request, user: &mut Option<u64>, rate: &mut Option<Rate>) -> Outcome {
    if request.too_large {
        return Err(Failure::TooLarge);
    }
    let path =
        request.path.strip_prefix(crm.server.prefix()).filter(|rest| rest.starts_with('/')).ok_or(Failure::NoRoute)?;
    let decoded: Vec<String> =
        path.trim_matches('/').split('/').map(|segment| crate::input::decode(&segment.replace('+', "%2B"))).collect();
    let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let plain = crm.server == Server::Documented;
    let found = if plain {
        documented::endpoint(&segments).map(|(endpoint, allowed)| (Route::Documented(endpoint), allowed))
    } else {
        endpoint(&segments).map(|(endpoint, allowed)| (Route::Package(endpoint), allowed))
    };
    let (route, allowed) = found.ok_or(Failure::NoRoute)?;
    if !allowed.split(", ").any(|method| method == request.method) {
        return Err(Failure::WrongMethod(allowed));
    }
    let method = if request.method == "HEAD" { "GET" } else { &request.method };
    let route = match route {
        Route::Package(endpoint) => Route::Package(with_search(endpoint, method)),
        route => route,
    };
    if let Route::Package(endpoint) = route
        && let Some(others) = without_reading(endpoint, method, crm.server)
    {
        return Err(Failure::WrongMethod(others));
    }
    let input = Input::read(&request.content_type, &request.body, crm.server.blank_becomes_null());
    if matches!(route, Route::Package(Endpoint::Login)) {
        return crm.login(&input);
    }
    let known = request.token.as_ref().and_then(|token| crm.tokens.get(token)).copied();
    let id = known.ok_or(Failure::Unauthenticated)?;
    *user = Some(id);
    let deletes_person = matches!((&route, method), (Route::Package(Endpoint::Person(_)), "DELETE"));
    let now = crm.clock.now();
    *rate = crm.throttle.count(id, deletes_person, now)?;
    if let Route::Package(endpoint) = route
        && typed_id(endpoint, method).is_some_and(|id| !is_whole_number(id))
    {
        return Err(Failure::type_error("Argument #1 ($id) must be of type int, string given"));
    }
    let query: Vec<(String, String)> =
        pairs(&request.query).into_iter().map(|(name, value)| (name, trim(&value).to_owned())).collect();
    let url = format!("http://{}{}", request.host, request.path);
    let list = ListQuery { server: crm.server, pairs: &query, url: &url };
    match route {
        Route::Package(endpoint) => dispatch(crm, endpoint, method, &input, &list, id),
        Route::Documented(endpoint) => documented::dispatch(crm, endpoint, method, &input, &list, id),
    }
}

/// A path of the REST package, or of the design document.
#[derive(Clone, Copy)]
enum Route<'a> {
    Package(Endpoint<'a>),
    Documented(documented::Endpoint<'a>),
}

fn dispatch(
    crm: &mut Crm,
    endpoint: Endpoint<'_>,
    method: &str,
    input: &Input,
    list: &ListQuery<'_>,
    user: u64,
) -> Outcome {
    use Endpoint as E;
    match (endpoint, method) {
        (E::Me, _) => crm.me(user),
        (E::Logout, _) => crm.logout(user),
        (E::Login, _) => crm.login(input),
        (E::Persons, "GET") => crm.person_list(list),
        (E::Persons, _) => crm.person_create(input, user),
        (E::PersonSearch, _) => crm.person_search(list.pairs, user),
        (E::Person(id), "GET") => crm.person_get(id),
        (E::Person(id), "PUT") => crm.person_update(id, input, user),
        (E::Person(id), _) => crm.person_delete(id),
        (E::PersonActivities(id), _) => crm.person_activities(id),
        (E::PersonTags(id), method) => crm.person_tags(id, input, method == "POST"),
        (E::Organizations, "GET") => crm.organization_list(list),
        (E::Organizations, _) => crm.organization_create(input),
        (E::Organization(id), "GET") => crm.organization_get(id),
        (E::Organization(id), "PUT") => crm.organization_update(id, input),
        (E::Organization(id), _) => crm.organization_delete(id),
        (E::Leads, "GET") => crm.lead_list(list),
        (E::Leads, _) => crm.lead_create(input, user),
        (E::LeadSearch, _) => crm.lead_search(list.pairs, user),
        (E::LeadAttributes(id), _) => crm.lead_edit_attributes(id, input, user),
        (E::LeadStage(id), _) => crm.lead_edit_stage(id, input, user),
        (E::Lead(id), "GET") => crm.lead_get(id),
        (E::Lead(id), "PUT") => crm.lead_update(id, input, user),
        (E::Lead(id), _) => crm.lead_delete(id),
        (E::LeadActivities(id), _) => crm.lead_activities(id),
        (E::LeadTags(id), method) => crm.lead_tags(id, input, method == "POST"),
        (E::Activities, "GET") => crm.activity_list(list),
        (E::Activities, _) => crm.activity_create(input, user),
        (E::Activity(id), "GET") => crm.activity_get(id),
        (E::Activity(id), "PUT") => crm.activity_update(id, input),
        (E::Activity(id), _) => crm.activity_delete(id),
        (E::Pipelines, "GET") => crm.pipeline_list(list),
        (E::Pipelines, _) => crm.pipeline_create(input),
        (E::Pipeline(id), "GET") => crm.pipeline_get(id),
        (E::Pipeline(id), "PUT") => crm.pipeline_update(id, input),
        (E::Pipeline(id), _) => crm.pipeline_delete(id),
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

impl Crm {
    pub(crate) fn me(&self, user: u64) -> Outcome {
        match self.user(user) {
            Some(user) => Answer::data(user.show()),
            None => Err(Failure::Unauthenticated),
        }
    }

    /// Revokes **every** token of the user.
    fn logout(&mut self, user: u64) -> Outcome {
        self.tokens.retain(|_, other| *other != user);
        Answer::message("Logged out successfully.")
    }

    /// Takes any password. Revokes **every** token of the user and answers a new one.
    fn login(&mut self, input: &Input) -> Outcome {
        let email = input.text("email").unwrap_or_default();
        let Some(user) = self.users.iter().find(|user| user.email == email).cloned() else {
            return Err(Failure::Invalid(vec![("email".into(), "The provided credentials are incorrect.".into())]));
        };
        self.tokens.retain(|_, other| *other != user.id);
        let token = format!("{}|simulated-token-by-login-{}", self.version + 1000, user.id);
        self.tokens.insert(token.clone(), user.id);
        Ok(Answer {
            status: 200,
            body: serde_json::json!({
                "data": user.show(), "message": "Logged in successfully.", "token": token,
            }),
        })
    }
}

/// The answer to a request that the server fails at as a whole. `carried` is the answer that the request would have
/// had, if it was carried out before.
pub(crate) fn outage(crm: &mut Crm, request: &Request, outage: Outage, carried: Option<&Response>) -> Response {
    let failure = match outage {
        Outage::PhpFatal => Failure::Fatal,
        Outage::NoDatabase => Failure::NoDatabase,
        Outage::Maintenance => Failure::Maintenance,
        Outage::RefusedToken => Failure::Unauthenticated,
        Outage::Throttled => Failure::TooMany { limit: 60, seconds: 60 },
        Outage::Broken => Failure::php("Attempt to read property \"id\" on null"),
    };
    let mut response = failed(crm, request, &failure);
    if outage == Outage::Broken {
        let counted = match carried {
            Some(carried) => {
                carried.headers.iter().filter(|(name, _)| name.starts_with("x-ratelimit")).cloned().collect()
            }
            None => {
                let user = request.token.as_ref().and_then(|token| crm.tokens.get(token)).copied();
                let now = crm.clock.now();
                let rate = user.and_then(|user| crm.throttle.count(user, false, now).ok().flatten());
                rate.map(rate_headers).into_iter().flatten().collect::<Vec<_>>()
            }
        };
        response.headers.extend(counted);
    }
    response
}

fn rate_headers(Rate { limit, remaining }: Rate) -> [(&'static str, String); 2] {
    [("x-ratelimit-limit", limit.to_string()), ("x-ratelimit-remaining", remaining.to_string())]
}

fn json_response(status: u16, body: &Value) -> Response {
    Response { status, headers: vec![("content-type", "application/json".into())], body: body.to_string().into_bytes() }
}

fn failed(crm: &Crm, request: &Request, failure: &Failure) -> Response {
    let rendered =
        answer::render(failure, crm.server, crm.production, request.wants_json(), &request.method, &request.path);
    let mut response = match rendered.body {
        RenderedBody::Json(body) => json_response(rendered.status, &body),
        RenderedBody::Html(body) => Response {
            status: rendered.status,
            headers: vec![("content-type", crm.server.html_type().into())],
            body: body.into_bytes(),
        },
        RenderedBody::Redirect => Response {
            status: rendered.status,
            headers: vec![
                ("content-type", crm.server.html_type().into()),
                ("location", format!("http://{}", request.host)),
            ],
            body: b"<!DOCTYPE html>\n<html><body>Redirecting</body></html>\n".to_vec(),
        },
    };
    if let (Failure::TooMany { limit, seconds }, 429) = (failure, rendered.status) {
        response.headers.extend([
            ("x-ratelimit-limit", limit.to_string()),
            ("x-ratelimit-remaining", "0".to_owned()),
            ("retry-after", seconds.to_string()),
            ("x-ratelimit-reset", (crm.clock.now() + seconds).to_string()),
        ]);
    }
    response
}
