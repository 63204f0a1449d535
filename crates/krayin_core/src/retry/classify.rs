use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

/// The parts of an answer that tell what it means.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// Whether `X-RateLimit-…` headers came with it.
    pub rate_headers: bool,
    /// `Retry-After`, read.
    pub retry_after: Option<Duration>,
    /// The body, where it is JSON.
    pub json: Option<&'a Value>,
    /// Whether the call names one record by its id, so that a 404 means that record.
    pub names_a_record: bool,
    /// Whether the call has a body, which may refer to other records, so that a 404 may mean one of them.
    pub refers_to_records: bool,
    /// Whether the body is encoded, which no request asks for.
    pub encoded: bool,
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// It worked, and the body is JSON.
    Ok,
    /// The token was refused.
    RefusedToken,
    /// The token's user may not do this.
    Forbidden,
    /// Too many requests; when to come back, where the server says so.
    Throttled(Option<Duration>),
    /// Values that the server does not take, by field.
    Invalid(BTreeMap<String, Vec<String>>),
    /// Values that another record has, by field.
    Taken(BTreeMap<String, Vec<String>>),
    /// The record that the call names is not there.
    Missing,
    /// The server has no such call: a wrong address, or not a Krayin.
    NoSuchCall,
    /// What answered is not Krayin: a way to it that has lost it, a page that stands in its place.
    NotThere,
    /// A 500 without the rate headers that this server's good answers carry: token, throttle, method, or a failure so deep
    /// that the headers were lost with it. Only a probe can tell.
    Uncounted,
    /// A 500 of a server whose good answers carry no rate headers, or of which that is not known: token or inside. Only a
    /// probe can tell.
    ExecutedOrNot,
    /// A refusal that is not in Krayin's words: of a firewall for this one request, or of the token. Only a probe can tell.
    Barred,
    /// A refusal of this one request by something before Krayin: the token was let through beside it.
    Blocked,
    /// Too many requests, says something before Krayin, of this one: the token was let through beside it.
    Slowed(Option<Duration>),
    /// The installation's proxy wants a user and password, or others.
    ProxyRefused,
    /// The body is larger than this server takes.
    TooLong,
    /// The server broke while it ran the request, and may have left something behind.
    FailedInside,
    /// A gateway, or a server under maintenance; the request may have been passed on, whichever header came along.
    Unavailable(Option<Duration>),
    /// An encoded body: whoever sent it did not read the request.
    Encoded,
    /// A success that is not JSON: an error page, a login page, a proxy.
    NotJson,
    /// A redirect, which would carry the token elsewhere.
    Redirect,
    /// Anything else.
    Unexpected,
}

/// Tells what an answer means. `sends_rate_headers` is whether this server's good answers carry rate headers, where that
/// is known.
pub fn classify(answer: Answer<'_>, sends_rate_headers: Option<bool>) -> Class {
    match answer.status {
        200..=299 if answer.encoded => Class::Encoded,
        200..=299 if answer.json.is_some_and(|json| json.is_object() || json.is_array()) => Class::Ok,
        // A DELETE may answer with nothing at all.
        204 => Class::Ok,
        200..=299 => Class::NotJson,
        403 if answer.rate_headers => Class::Forbidden,
        401 | 403 | 406 | 419 | 451 => Class::Barred,
        407 => Class::ProxyRefused,
        404 if is_missing(&answer, sends_rate_headers) => Class::Missing,
        404 | 405 => Class::NoSuchCall,
        // Before Krayin, which says none of these: a cache without its copy, a locked place, a connection of another host, a
        // proxy that was left, one that could not pass it on.
        304 | 408 | 409 | 421 | 423 | 424 | 425 | 460 | 499 => Class::Unavailable(answer.retry_after),
        300..=399 => Class::Redirect,
        422 => invalid(answer.json),
        413 | 414 | 431 => Class::TooLong,
        429 if answer.rate_headers || is_frameworks(&answer) => Class::Throttled(answer.retry_after),
        429 => Class::Barred,
        // The framework's own middleware answers before the code that adds the headers: refused tokens, the throttle
        // and wrong methods are all a bare 500 in production.
        500 => match (answer.rate_headers, sends_rate_headers) {
            (true, _) => Class::FailedInside,
            (false, Some(true)) => Class::Uncounted,
            (false, _) => Class::ExecutedOrNot,
        },
        501 | 505..=599 if answer.rate_headers => Class::FailedInside,
        501..=599 => Class::Unavailable(answer.retry_after),
        _ => Class::Unexpected,
    }
}

/// What an answer of `class` means that came without rate headers, in words that are no JSON: those of something before
/// Krayin, which knows nothing of Krayin's records and calls.
pub fn in_foreign_words(class: Class, status: u16) -> Class {
    match class {
        Class::Missing | Class::NoSuchCall => Class::NotThere,
        Class::Unexpected if status == 410 => Class::NotThere,
        Class::Unexpected if (400..=499).contains(&status) => Class::Barred,
        class => class,
    }
}

/// Whether an answer of this status says that whoever sent it has waited for the server, or been left waiting, in vain: the
/// server may be working on the request yet.
pub fn gave_up(status: u16) -> bool {
    matches!(status, 408 | 460 | 499 | 504 | 522 | 524 | 598)
}

/// Whether a 429 is that of Krayin's framework, which is in English in every language.
fn is_frameworks(answer: &Answer<'_>) -> bool {
    answer.json.and_then(|json| json.get("message")).and_then(Value::as_str) == Some("Too Many Attempts.")
}

/// Whether a 404 is about a record and not about the address. With rate headers it is: the call was there to be counted.
/// On a server without them it depends on what the call is about, unless the server says that it was the route.
fn is_missing(answer: &Answer<'_>, sends_rate_headers: Option<bool>) -> bool {
    let message = answer.json.and_then(|json| json.get("message")).and_then(Value::as_str).unwrap_or_default();
    let is_route = message.starts_with("The route ");
    let may_be = match sends_rate_headers {
        Some(true) => false,
        Some(false) => answer.names_a_record || answer.refers_to_records,
        None => answer.names_a_record,
    };
    answer.rate_headers || (may_be && !is_route)
}

fn invalid(json: Option<&Value>) -> Class {
    let mut fields = BTreeMap::new();
    if let Some(errors) = json.and_then(|json| json.get("errors")).and_then(Value::as_object) {
        for (field, messages) in errors {
            let messages = match messages {
                Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                Value::String(one) => vec![one.clone()],
                _ => Vec::new(),
            };
            fields.insert(field.clone(), messages);
        }
    }
    if fields.iter().any(|(field, messages)| is_taken(field, messages)) {
        Class::Taken(fields)
    } else {
        Class::Invalid(fields)
    }
}

/// Whether a field's messages say that another record has the value. Krayin answers in its own language: where the
/// messages are not English, a complaint about an address or number is about its being taken, since its form was
/// checked before it was sent.
fn is_taken(field: &str, messages: &[String]) -> bool {
    let unique = ["emails", "contact_numbers", "name"];
    messages.iter().any(|message| {
        let english = ["valid", "required", "must", "may not", "field"].iter().any(|word| message.contains(word));
        message.contains("taken") || (!english && field.split('.').any(|part| unique.contains(&part)))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::{Answer, Class, classify, gave_up, in_foreign_words};

    const NONE: Option<Duration> = None;

    fn answer(status: u16, rate_headers: bool, json: Option<&Value>) -> Answer<'_> {
        Answer {
            status,
            rate_headers,
            retry_after: NONE,
            json,
            names_a_record: false,
            refers_to_records: false,
            encoded: false,
        }
    }

    #[test]
    fn reads_like_the_servers_own_documentation() {
        let body = json!({"message": "x"});
        let list = json!([]);
        let text = json!("x");
        let throttled = json!({"message": "Too Many Attempts.", "exception": "…"});
        let headers = Some(true);
        let bare = Some(false);
        // status, rate headers there, JSON, does this server send them; what it means
        let table = [
            (200, true, Some(&body), None, Class::Ok),
            (200, false, Some(&list), bare, Class::Ok),
            (201, false, Some(&body), bare, Class::Ok),
            (204, true, None, headers, Class::Ok),
            (200, true, None, headers, Class::NotJson),
            (200, true, Some(&text), headers, Class::NotJson),
            (302, false, None, None, Class::Redirect),
            (301, false, Some(&body), headers, Class::Redirect),
            (401, false, Some(&body), headers, Class::Barred),
            (401, false, None, bare, Class::Barred),
            (403, true, Some(&body), headers, Class::Forbidden),
            (403, false, Some(&body), headers, Class::Barred),
            (403, false, None, bare, Class::Barred),
            (406, false, None, None, Class::Barred),
            (407, false, None, headers, Class::ProxyRefused),
            (413, false, None, headers, Class::TooLong),
            (419, false, Some(&body), None, Class::Barred),
            (404, true, Some(&body), headers, Class::Missing),
            (404, false, Some(&body), headers, Class::NoSuchCall),
            (404, false, Some(&body), bare, Class::NoSuchCall),
            (405, false, Some(&body), headers, Class::NoSuchCall),
            (429, true, Some(&body), headers, Class::Throttled(NONE)),
            (429, false, Some(&throttled), None, Class::Throttled(NONE)),
            (429, false, Some(&body), headers, Class::Barred),
            (429, false, None, bare, Class::Barred),
            (500, true, Some(&body), headers, Class::FailedInside),
            (500, true, Some(&body), None, Class::FailedInside),
            (500, false, Some(&body), headers, Class::Uncounted),
            (500, false, Some(&body), bare, Class::ExecutedOrNot),
            (500, false, Some(&body), None, Class::ExecutedOrNot),
            (500, false, None, headers, Class::Uncounted),
            (501, true, Some(&body), headers, Class::FailedInside),
            (502, false, None, headers, Class::Unavailable(NONE)),
            (503, false, None, headers, Class::Unavailable(NONE)),
            (504, false, None, None, Class::Unavailable(NONE)),
            (408, false, None, None, Class::Unavailable(NONE)),
            (521, false, None, None, Class::Unavailable(NONE)),
            (304, false, None, None, Class::Unavailable(NONE)),
            (409, false, Some(&body), headers, Class::Unavailable(NONE)),
            (421, false, None, headers, Class::Unavailable(NONE)),
            (423, false, None, headers, Class::Unavailable(NONE)),
            (425, false, None, headers, Class::Unavailable(NONE)),
            (451, false, None, headers, Class::Barred),
            (499, false, None, headers, Class::Unavailable(NONE)),
            (520, false, None, headers, Class::Unavailable(NONE)),
            (530, false, None, headers, Class::Unavailable(NONE)),
            (206, false, None, headers, Class::NotJson),
            (200, false, None, bare, Class::NotJson),
            (303, false, None, headers, Class::Redirect),
            (308, false, None, headers, Class::Redirect),
            (414, false, None, headers, Class::TooLong),
            (431, false, None, headers, Class::TooLong),
            (410, false, None, headers, Class::Unexpected),
            (524, false, None, bare, Class::Unavailable(NONE)),
            (400, false, Some(&body), headers, Class::Unexpected),
            (418, false, None, None, Class::Unexpected),
            (424, false, None, headers, Class::Unavailable(NONE)),
            (460, false, None, headers, Class::Unavailable(NONE)),
            (508, false, None, headers, Class::Unavailable(NONE)),
            (511, false, None, headers, Class::Unavailable(NONE)),
            (522, false, None, headers, Class::Unavailable(NONE)),
            (523, false, None, bare, Class::Unavailable(NONE)),
            (525, false, None, headers, Class::Unavailable(NONE)),
            (526, false, None, headers, Class::Unavailable(NONE)),
            (527, false, None, headers, Class::Unavailable(NONE)),
            (598, false, None, headers, Class::Unavailable(NONE)),
            (599, false, None, headers, Class::Unavailable(NONE)),
            (507, true, Some(&body), headers, Class::FailedInside),
            (100, false, None, None, Class::Unexpected),
            (999, false, None, None, Class::Unexpected),
        ];
        for (status, rate_headers, json, sends, expected) in table {
            assert_eq!(
                classify(answer(status, rate_headers, json), sends),
                expected,
                "{status} {rate_headers} {sends:?}"
            );
        }
    }

    #[test]
    fn a_page_tells_nothing_of_krayins_records() {
        let table = [
            (404, Class::Missing, Class::NotThere),
            (404, Class::NoSuchCall, Class::NotThere),
            (405, Class::NoSuchCall, Class::NotThere),
            (410, Class::Unexpected, Class::NotThere),
            (400, Class::Unexpected, Class::Barred),
            (402, Class::Unexpected, Class::Barred),
            (418, Class::Unexpected, Class::Barred),
            (463, Class::Unexpected, Class::Barred),
            (600, Class::Unexpected, Class::Unexpected),
            (200, Class::NotJson, Class::NotJson),
            (502, Class::Unavailable(NONE), Class::Unavailable(NONE)),
            (401, Class::Barred, Class::Barred),
        ];
        for (status, class, expected) in table {
            assert_eq!(in_foreign_words(class.clone(), status), expected, "{status} {class:?}");
        }
    }

    #[test]
    fn who_has_given_up_does_not_know_the_end() {
        let given_up: Vec<u16> = (100..=999).filter(|status| gave_up(*status)).collect();
        assert_eq!(given_up, [408, 460, 499, 504, 522, 524, 598]);
    }

    #[test]
    fn an_encoded_success_is_none() {
        let body = json!({});
        let encoded = Answer { encoded: true, ..answer(200, true, Some(&body)) };
        assert_eq!(classify(encoded, Some(true)), Class::Encoded);
        assert_eq!(classify(Answer { status: 401, ..encoded }, None), Class::Barred);
    }

    #[test]
    fn a_404_without_rate_headers_means_the_record_only_where_one_is_named_and_no_headers_are_expected() {
        let named = Answer { names_a_record: true, ..answer(404, false, None) };
        assert_eq!(classify(named, Some(false)), Class::Missing);
        assert_eq!(classify(named, None), Class::Missing);
        assert_eq!(classify(named, Some(true)), Class::NoSuchCall);
        let route = json!({"message": "The route api/v1/persons/1 could not be found."});
        assert_eq!(classify(Answer { json: Some(&route), ..named }, Some(false)), Class::NoSuchCall);
        let stage = Answer { refers_to_records: true, ..answer(404, false, None) };
        assert_eq!(classify(stage, Some(false)), Class::Missing, "a lead's unknown stage");
        assert_eq!(classify(stage, None), Class::NoSuchCall, "any server answers so to a wrong address");
    }

    #[test]
    fn tells_taken_from_invalid_in_any_language() {
        let table = [
            (json!({"errors": {"emails.0.value": ["The value has already been taken."]}}), true),
            (json!({"errors": {"person.contact_numbers.0.value": ["The value has already been taken."]}}), true),
            (json!({"errors": {"emails.0.value": ["O valor já foi utilizado."]}}), true),
            (json!({"errors": {"emails.0.value": ["The emails.0.value must be a valid email address."]}}), false),
            (json!({"errors": {"emails": ["The emails field is required."]}}), false),
            (json!({"errors": {"lead_value": ["Ungültig."]}}), false),
            (json!({"errors": {"title": 5}}), false),
            (json!({"errors": "x"}), false),
            (json!({}), false),
        ];
        for (body, taken) in table {
            let class = classify(answer(422, true, Some(&body)), Some(true));
            assert_eq!(matches!(class, Class::Taken(_)), taken, "{body}");
            assert!(matches!(class, Class::Taken(_) | Class::Invalid(_)));
        }
        assert!(matches!(classify(answer(422, true, None), None), Class::Invalid(fields) if fields.is_empty()));
    }
}
