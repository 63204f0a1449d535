//! What must hold for any bytes: run by the fuzzer (`fuzz/`) for as long as one likes, and over the inputs that it kept
//! with every test run (`corpus.rs`).

use std::{
    cell::RefCell,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use krayin_core::{
    BoxFuture, Error,
    api::{
        ApiError, Attempt, Client, Method, Observer, Request, Response, Transport, TransportError, TransportErrorKind,
    },
    chatwoot::{Contact, Conversation, Message},
    external_id::ExternalIds,
    krayin::{ActivityLink, LeadLink},
    mapper::{map_message_to_activity, map_to_activity, map_to_lead, map_to_organization, map_to_person},
    phone,
    records::Memory,
    retry::retry_after,
    settings::Settings,
    setup,
    sync::{self, Event, EventName},
    text,
};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::page::{Recorder, check_payload};
use crate::well_formed::{check_activity, check_comment, check_lead, check_organization, check_person};

/// What stands in everything that must not leave.
const SECRET: &str = "zqxSECRETzqx";

/// Separates the parts of an input, so that a person can read and write one.
const SEPARATOR: &[u8] = b"\n---\n";

/// A target: its name and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// Every target, in the order in which they are run.
pub const TARGETS: [Target; 6] = [
    ("external_id", external_id),
    ("settings", settings),
    ("mappers", mappers),
    ("answers", answers),
    ("texts", texts),
    ("harmless", harmless),
];

/// What is read from any text is written so that it is read the same again.
pub fn external_id(input: &[u8]) {
    let source = String::from_utf8_lossy(input);
    let ids = ExternalIds::parse(&source);
    let written = ids.to_string();
    assert_eq!(ExternalIds::parse(&written), ids);
    assert_eq!(ids.is_empty(), written.is_empty());
    for (kind, id) in ids.iter() {
        assert!(id > 0 && ids.get(kind) == Some(id));
        assert!(source.contains(&format!("krayin:{kind}:")), "{kind} was made up");
    }
    let mut again = ids.clone();
    again.merge(&ids);
    assert_eq!(again, ids);
    assert_eq!(serde_json::from_value::<ExternalIds>(json!(written)).unwrap(), ids);
}

/// Any JSON is settings or a list of what is wrong with them, and no token is told.
pub fn settings(input: &[u8]) {
    let read = |json: &[u8]| Settings::from_json(json).map_err(|error| error.to_string());
    let settings = match read(input) {
        Ok(settings) => settings,
        Err(problems) => {
            assert!(!problems.is_empty());
            return assert_eq!(read(input).map(|_| ()), Err(problems));
        }
    };
    let ids = [settings.pipeline_id, settings.stage_id, settings.source_id, settings.type_id];
    assert!(!ids.contains(&Some(0)));
    for time in [settings.attempt_timeout, settings.deadline].into_iter().flatten() {
        assert!(time <= Duration::from_secs(3600));
    }
    let Ok(connection) = settings.connection() else { return };
    let object: Value = serde_json::from_slice(input).unwrap();
    let (url, token) = (connection.url(), object["api_token"].as_str().unwrap_or_default().trim());
    assert!(url.starts_with("https://") || url.starts_with("http://"));
    assert!(token.len() < 8 || url.contains(token) || !format!("{connection:?}").contains(token));
    assert!(token.len() < 8 || url.contains(token) || !connection.identity().contains(token));
    let again = connection.at_package_path();
    assert_eq!(again.at_package_path().url(), again.url());
}

/// Settings, a separator, a record: it is mapped twice to the same, which Krayin takes, and no private note is in it.
pub fn mappers(input: &[u8]) {
    let (settings, record) = halves(input);
    let settings = Settings::from_json(settings).unwrap_or_else(|_| Settings::from_json(b"{}").unwrap());
    let mapped = map_all(record, &settings);
    assert_eq!(mapped, map_all(record, &settings));
    let Ok(mut value) = serde_json::from_slice::<Value>(record) else { return };
    hide_secrets(&mut value);
    let sent = map_all(value.to_string().as_bytes(), &settings);
    assert!(!sent.contains(SECRET), "a private note leaves: {sent}");
}

fn map_all(record: &[u8], settings: &Settings) -> String {
    let contact = Contact::from_json(record);
    let (person, organization) = (map_to_person(&contact), map_to_organization(&contact));
    let lead = map_to_lead(&contact, Some(LeadLink::New(Box::new(person.clone()))), settings);
    check_person(&person);
    check_lead(&lead);
    organization.iter().for_each(check_organization);
    let message = Message::from_json(record);
    let alone = map_message_to_activity(&message, ActivityLink::Lead(6), settings);
    assert_eq!(alone.is_some(), message.is_public());
    let whole = map_to_activity(&Conversation::from_json(record), ActivityLink::Person(5), settings);
    alone.iter().chain([&whole]).for_each(check_activity);
    json(&(person, lead, organization, alone, whole))
}

/// Puts a secret into every message that must not leave, and one more such message into the conversation.
fn hide_secrets(record: &mut Value) {
    if !Message::from_json(record.to_string().as_bytes()).is_public()
        && let Some(message) = record.as_object_mut()
        && message.contains_key("content")
    {
        message.insert("content".into(), json!(SECRET));
    }
    let Some(Value::Array(messages)) = record.get_mut("messages") else { return };
    messages.push(json!({"id": 99, "message_type": "outgoing", "private": true, "content": SECRET}));
    messages.iter_mut().for_each(hide_secrets);
}

/// A call or an event, and after separators what the server answers to one request after the other: never a panic, never
/// more requests than an event may take, and none goes elsewhere or shows the token.
///
/// The first line's first letter names the call, its second the server: `d` for the document's dialect, `r` for one that
/// sends rate headers. The rest of the part is JSON. An answer is a status or the name of a failure, lines of headers, an
/// empty line and the body.
pub fn answers(input: &[u8]) {
    let mut parts = split(input).into_iter();
    let head = parts.next().unwrap_or_default();
    let (line, data) = head.iter().position(|byte| *byte == b'\n').map_or((head, &b""[..]), |at| {
        let (line, rest) = head.split_at(at);
        (line, rest.get(1..).unwrap_or_default())
    });
    let server = Arc::new(Scripted { answers: parts.take(40).map(answer).collect(), sent: AtomicUsize::new(0) });
    let (dialect, rates) = match line.get(1) {
        Some(b'd') => ("documented", None),
        Some(b'r') => ("rest_api", Some(true)),
        Some(b'n') => ("rest_api", Some(false)),
        _ => ("rest_api", None),
    };
    let settings = json!({
        "api_url": "https://crm.example.com", "api_token": TOKEN, "api_dialect": dialect, "default_pipeline_id": 1,
        "default_stage_id": 1, "default_source_id": 1, "default_lead_type_id": 1, "sync_conversations": true,
        "sync_messages": true, "sync_to_organization": true, "stage_progression_enabled": true,
        "stage_on_conversation_created": 2, "stage_on_first_response": "follow-up",
        "stage_on_conversation_resolved": "won", "traits": {"rate_headers": rates},
    });
    let settings = Settings::from_json(settings.to_string().as_bytes()).unwrap();
    let attempts = Arc::new(Attempts::default());
    let client = Client::new(settings.connection().unwrap(), Arc::<Scripted>::clone(&server))
        .with_rate_headers(settings.traits.rate_headers)
        .with_observer(Arc::<Attempts>::clone(&attempts));
    RUNTIME.with_borrow(|runtime| {
        runtime.block_on(call(line.first().copied().unwrap_or_default(), data, &client, &settings));
    });
    let sent = server.sent.load(Ordering::Relaxed);
    assert!(sent <= MOST_REQUESTS, "{sent} requests");
    assert!(attempts.0.lock().unwrap().len() <= sent);
}

const TOKEN: &str = "1|fuzzed-0123456789";

/// Three attempts, each with a look of up to three requests and a probe, for some twenty calls.
const MOST_REQUESTS: usize = 300;

thread_local! {
    /// Its clock jumps over every wait.
    static RUNTIME: RefCell<Runtime> =
        RefCell::new(Builder::new_current_thread().enable_time().start_paused(true).build().unwrap());
}

async fn call(letter: u8, data: &[u8], client: &Client, settings: &Settings) {
    let value: Value = serde_json::from_slice(data).unwrap_or_default();
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let id = value.get("id").and_then(Value::as_u64).unwrap_or(5);
    let record = || value.clone();
    match letter {
        b'a' => ends(client.get(text("path").unwrap_or("get"), &[("q", text("q").unwrap_or_default().into())]).await),
        b'b' => ends(client.post(text("path").unwrap_or("leads"), record(), &[]).await),
        b'c' => {
            let (email, number) = (text("email"), text("phone"));
            let found = client.search_person(email, number).await;
            for person in found.iter().flatten() {
                let known = |entry: &str| {
                    email.is_some_and(|email| !email.is_ascii() || entry.to_lowercase().contains(&email.to_lowercase()))
                };
                let mail = person.emails.iter().any(|entry| known(&entry.value));
                let same = |entry: &str| number.is_some_and(|number| phone::same(entry, number));
                assert!(mail || person.contact_numbers.iter().any(|entry| same(&entry.value)), "somebody else");
            }
            ends(found);
        }
        b'd' => ends(client.create_person(record()).await),
        b'e' => ends(client.update_person(id, record()).await),
        b'f' => ends(client.find_person(id).await),
        b'g' => ends(client.get_lead(id).await),
        b'h' => ends(client.search_lead(text("email"), text("phone")).await),
        b'i' => ends(client.create_lead(record()).await),
        b'j' => ends(client.update_lead(id, record()).await),
        b'k' => ends(client.leads_of_person(id).await),
        b'l' => ends(client.search_activity(text("title").unwrap_or_default()).await),
        b'm' => ends(client.create_activity(record()).await),
        b'n' => ends(client.search_organization(text("name").unwrap_or_default()).await),
        b'o' => ends(client.create_organization(record()).await),
        b'p' => ends(client.find_tag(text("name").unwrap_or_default()).await),
        b'q' => {
            ends(client.pipelines().await);
            ends(client.stages(Some(id)).await);
            ends(client.sources().await);
            ends(client.types().await);
        }
        b'r' => ends_any(setup::connect(settings, client).await.map(|(found, _)| found)),
        b's' => {
            let records = Memory::default();
            // A conversation's life: what one event stores, the next one uses.
            for name in EventName::ALL {
                let Ok(event) = Event::from_json(name.dotted(), data) else { continue };
                ends_any(sync::process(&event, settings, client, &records).await);
            }
        }
        other => {
            let name = EventName::ALL[usize::from(other) % EventName::ALL.len()];
            let Ok(event) = Event::from_json(name.dotted(), data) else { return };
            ends_any(sync::process(&event, settings, client, &Memory::default()).await);
        }
    }
}

fn ends<T: Serialize>(ended: Result<T, ApiError>) {
    ends_any(ended.map_err(Error::from));
}

/// What a call gives can be written as JSON; how it fails can be told.
fn ends_any<T: Serialize>(ended: Result<T, Error>) {
    match ended {
        Ok(record) => drop(json(&record)),
        Err(error) => {
            let told = format!("{error} {error:?}");
            assert!(!told.contains(TOKEN) && told.len() < 20_000, "{told}");
            if let Error::Api(error) = error {
                assert!(
                    error.attempts <= 3 && error.retry_after.is_none_or(|wait| wait <= Duration::from_secs(86_400))
                );
            }
        }
    }
}

/// Answers one request after the other as it was told, the last answer again and again.
struct Scripted {
    answers: Vec<Result<Response, TransportError>>,
    sent: AtomicUsize,
}

impl Transport for Scripted {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        assert!(request.url.starts_with("https://crm.example.com/api/"), "{}", request.url);
        assert!(!request.url.contains(TOKEN) && !format!("{request:?}").contains(TOKEN));
        assert!(request.timeout <= Duration::from_secs(30));
        assert!(request.method != Method::Get || request.body.is_none());
        if let Some(body) = &request.body {
            check_body(&serde_json::from_slice(body).unwrap());
        }
        let at = self.sent.fetch_add(1, Ordering::Relaxed);
        assert!(at < MOST_REQUESTS, "no end of requests");
        let answer = self.answers.get(at).or(self.answers.last()).cloned();
        let none = TransportError::of(TransportErrorKind::Interrupted);
        Box::pin(std::future::ready(answer.unwrap_or(Err(none))))
    }
}

fn check_body(body: &Value) {
    // An activity that the mapper made; one that a caller made is the caller's.
    if let (Some(comment), Some("note" | "call" | "email" | "meeting")) =
        (body.get("comment").and_then(Value::as_str), body.get("type").and_then(Value::as_str))
        && body.get("fuzzed").is_none()
        && comment.starts_with("<b>")
    {
        check_comment(comment);
    }
}

fn answer(part: &[u8]) -> Result<Response, TransportError> {
    let text = String::from_utf8_lossy(part);
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default().trim();
    let kind = match first {
        "connect" => Some(TransportErrorKind::Connect),
        "tls" => Some(TransportErrorKind::Tls),
        "refused" => Some(TransportErrorKind::Refused),
        "timeout" => Some(TransportErrorKind::Timeout),
        "interrupted" => Some(TransportErrorKind::Interrupted),
        "too large" => Some(TransportErrorKind::TooLarge),
        _ => None,
    };
    if let Some(kind) = kind {
        return Err(TransportError::of(kind));
    }
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned())).collect();
    Ok(Response { status: first.parse().unwrap_or(200), headers, body: body.as_bytes().to_vec() })
}

#[derive(Default)]
struct Attempts(Mutex<Vec<String>>);

impl Observer for Attempts {
    fn attempt(&self, attempt: &Attempt) {
        let told = json(attempt);
        assert!(!told.contains(TOKEN));
        self.0.lock().unwrap().push(told);
    }
}

/// Text of any kind: as a message's content over each channel, as a phone number, a date, a time to wait.
pub fn texts(input: &[u8]) {
    let (first, second) = halves(input);
    let (first, second) = (String::from_utf8_lossy(first), String::from_utf8_lossy(second));
    if let Some(number) = phone::e164(&second, Some(&first)) {
        assert!(number.starts_with('+') && number.len() <= 18, "{number}");
        assert_eq!(phone::e164(&number, None), Some(number.clone()));
        assert!(phone::same(&number, &number));
    }
    assert_eq!(phone::same(&first, &second), phone::same(&second, &first));
    if let Some(pattern) = phone::pattern(&second) {
        assert!(pattern.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'%' | b'"')), "{pattern}");
    }
    if let Some(wait) = retry_after(&second, Some(&first), SystemTime::UNIX_EPOCH) {
        assert!(wait <= Duration::from_secs(86_400));
    }
    for most in [0, 1, 2, 7, 255] {
        assert!(text::cut_chars(&second, most).chars().count() <= most.max(1));
        assert!(text::cut_bytes(&second, most).len() <= most.max(text::CUT_MARK.len()));
    }
    assert!(!text::one_line(&second).chars().any(char::is_control));
    let settings = Settings::from_json(b"{}").unwrap();
    for channel in ["Channel::Email", "Channel::WebWidget", "Channel::Whatsapp"] {
        let message = json!({
            "id": 1, "message_type": "incoming", "content": second, "created_at": first, "sender": {"name": first},
            "attachments": [{"file_type": "file", "file_name": first}],
            "conversation": {"id": 2, "display_id": 3, "channel_type": channel, "url": first, "created_at": second}
        });
        let message = Message::from_json(message.to_string().as_bytes());
        check_activity(&map_message_to_activity(&message, ActivityLink::Person(5), &settings).unwrap());
    }
}

/// A path, a separator, a text: wherever it is put, through a mapper or a client, no page takes it for code, and twice is
/// once.
pub fn harmless(input: &[u8]) {
    let (path, text) = halves(input);
    let (path, text) = (String::from_utf8_lossy(path), String::from_utf8_lossy(text));
    let known = ["contacts/persons", "contacts/organizations", "leads", "activities", "settings/tags", "later"];
    let path = known.into_iter().find(|known| *known == path).unwrap_or("leads");
    let fields = json!({
        "name": text, "title": text, "job_title": text, "organization_name": text, "description": text, "comment": text,
        "address": {"city": text}, "of_their_own": [text], "additional": text, "emails": [{"value": text, "label": text}],
        "person": {"name": text, "job_title": text, "organization_name": text}
    });
    let once = sent(path, fields);
    check_payload(path, &once);
    assert_eq!(sent(path, once.clone()), once);
    let contact = Contact::from_json(
        json!({"id": 7, "name": text, "email": text, "phone_number": text, "additional_attributes": {
            "job_title": text, "company_name": text, "company_city": text, "description": text}})
        .to_string()
        .as_bytes(),
    );
    let settings = Settings::from_json(b"{}").unwrap();
    let message = json!({
        "id": 1, "message_type": "incoming", "content": text, "created_at": "2026-11-24T10:00:00Z", "sender": {"name": text},
        "conversation": {"id": 2, "display_id": 3, "channel_type": "Channel::Email", "inbox_name": text}
    });
    let message = Message::from_json(message.to_string().as_bytes());
    for (path, mapped) in [
        ("contacts/persons", json(&map_to_person(&contact))),
        ("contacts/organizations", json(&map_to_organization(&contact))),
        ("leads", json(&map_to_lead(&contact, None, &settings))),
        ("activities", json(&map_message_to_activity(&message, ActivityLink::Person(5), &settings))),
    ] {
        let mapped: Value = serde_json::from_str(&mapped).unwrap();
        check_payload(path, &mapped);
        assert_eq!(sent(path, mapped.clone()), mapped, "{path}");
    }
}

/// What a client sends of `body`.
fn sent(path: &str, body: Value) -> Value {
    let settings = json!({"api_url": "https://crm.example.com", "api_token": TOKEN});
    let settings = Settings::from_json(settings.to_string().as_bytes()).unwrap();
    let recorder = Arc::new(Recorder::default());
    let client = Client::new(settings.connection().unwrap(), Arc::<Recorder>::clone(&recorder));
    RUNTIME.with_borrow(|runtime| drop(runtime.block_on(client.post(path, body, &[]))));
    recorder.sent().remove(0).1
}

fn halves(input: &[u8]) -> (&[u8], &[u8]) {
    match split(input)[..] {
        [first, second, ..] => (first, second),
        _ => (b"", input),
    }
}

fn split(input: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut rest) = (Vec::new(), input);
    while let Some(at) = rest.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
        parts.push(&rest[..at]);
        rest = &rest[at + SEPARATOR.len()..];
    }
    parts.push(rest);
    parts
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap()
}
