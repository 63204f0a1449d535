//! The way of a request through authentication, throttle and code.

use serde_json::Value;

use crate::answer::{self, Answer, Failure, Outcome, RenderedBody};
use crate::api::dispatch::{Endpoint, dispatch, endpoint};
use crate::api::message::{Request, Response};
use crate::crm::Crm;
use crate::data::input::{Input, leading_number, pairs, trim};
use crate::fault::Outage;
use crate::query::list::ListQuery;
use crate::server::Server;
use crate::throttle::Rate;

/// `search` looks like an id, and for every method but GET it is one.
fn with_search<'a>(endpoint: Endpoint<'a>, method: &str) -> Endpoint<'a> {
    match endpoint {
        _ if method != "GET" => endpoint,
        Endpoint::Person("search") => Endpoint::PersonSearch,
        Endpoint::Lead("search") => Endpoint::LeadSearch,
        Endpoint::Tag("search") => Endpoint::TagSearch,
        Endpoint::Product("search") => Endpoint::ProductSearch,
        Endpoint::User("search") => Endpoint::UserSearch,
        other => other,
    }
}

/// The methods that a path with this id takes, where reading it takes digits alone: for GET such a path is none.
fn without_reading(endpoint: Endpoint<'_>, method: &str, server: Server) -> Option<&'static str> {
    let (id, others) = match endpoint {
        Endpoint::Person(id) | Endpoint::Lead(id) | Endpoint::Product(id) | Endpoint::Tag(id) | Endpoint::User(id) => {
            (id, "PUT, DELETE")
        }
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
        | (E::LeadProduct(id), _)
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
    let decoded: Vec<String> = path
        .trim_matches('/')
        .split('/')
        .map(|segment| crate::data::input::decode(&segment.replace('+', "%2B")))
        .collect();
    let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let (endpoint, allowed) = endpoint(crm.server, &segments).ok_or(Failure::NoRoute)?;
    if !allowed.split(", ").any(|method| method == request.method) {
        return Err(Failure::WrongMethod(allowed));
    }
    let method = if request.method == "HEAD" { "GET" } else { &request.method };
    // The packages' code has its own thoughts of what an id is; the document's server takes each for what it says.
    let quirky = !crm.server.is_honest();
    let endpoint = if quirky { with_search(endpoint, method) } else { endpoint };
    if quirky && let Some(others) = without_reading(endpoint, method, crm.server) {
        return Err(Failure::WrongMethod(others));
    }
    let input = Input::read(&request.content_type, &request.body, crm.server.blank_becomes_null());
    if endpoint == Endpoint::Login {
        return crm.login(&input);
    }
    let known = request.token.as_ref().and_then(|token| crm.user_of(token));
    let id = known.ok_or(Failure::Unauthenticated)?;
    *user = Some(id);
    let deletes_person = quirky && matches!((endpoint, method), (Endpoint::Person(_), "DELETE"));
    let now = crm.clock.now();
    *rate = crm.throttle.count(id, deletes_person, now)?;
    if quirky && typed_id(endpoint, method).is_some_and(|id| !is_whole_number(id)) {
        return Err(Failure::type_error("Argument #1 ($id) must be of type int, string given"));
    }
    let query: Vec<(String, String)> =
        pairs(&request.query).into_iter().map(|(name, value)| (name, trim(&value).to_owned())).collect();
    let mut input = input;
    if quirky && method == "DELETE" {
        // The frameworks' input is the body's with the query's beside it.
        for (name, value) in &query {
            input.0.entry(name).or_insert_with(|| value.as_str().into());
        }
    }
    let url = format!("http://{}{}", request.host, request.path);
    let list = ListQuery { server: crm.server, pairs: &query, url: &url };
    dispatch(crm, endpoint, method, &input, &list, id)
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
                let user = request.token.as_ref().and_then(|token| crm.user_of(token));
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
