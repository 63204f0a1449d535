//! Every fault of the simulator × every call of the clients × every server: the right class, the right number of
//! attempts, within the deadline, and of every record that is created exactly one.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use krayin_core::{
    BoxFuture,
    api::{ApiError, Client, ErrorKind, Executed, ReqwestTransport, ServerState},
    krayin::Lead,
    retry::Backoff,
    settings::Settings,
};
use krayin_sim::{Action, Fault, Options, RetryAfter, Server, Sim};
use krayin_tests::{ALL_SERVERS, report};
use serde_json::{Value, json};

const ATTEMPT: Duration = Duration::from_millis(300);
const DEADLINE: Duration = Duration::from_secs(5);
/// Longer than an attempt may take.
const SLOW: Duration = Duration::from_millis(700);

/// How a fault looks to a client.
#[derive(Clone)]
struct Case {
    name: &'static str,
    action: Action,
    /// Whether the request is carried out in spite of the fault.
    acts: bool,
    kind: ErrorKind,
    /// Whether repeating helps.
    passing: bool,
    /// Whether the client cannot know that the request was not carried out.
    unclear: bool,
    /// Whether it must reckon with its being carried out yet.
    running: bool,
    /// Whether it is one of the many words of what stands before a server: met by some calls of each kind.
    before: bool,
    /// Whether it is asked whether the token is good, and what it is where that meets the same fault, and whether it passes.
    elsewhere: Option<(ErrorKind, bool)>,
}

impl Case {
    fn is_slow(&self) -> bool {
        self.kind == ErrorKind::Timeout
    }
}

fn status(status: u16, headers: &[(&str, &str)]) -> Action {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Action::Status { status, body: format!(r#"{{"message":"fault {status}"}}"#), headers }
}

/// A page of something before the server.
fn page(status: u16) -> Action {
    let headers = vec![("content-type".into(), "text/html".into())];
    Action::Status { status, body: "<html><title>One moment</title></html>".into(), headers }
}

/// What networks for content, load balancers, hosts and proxies say in the place of a server, and whether the server may
/// be at it yet.
const BEFORE: [(u16, bool); 24] = [
    (407, false),
    (409, false),
    (421, false),
    (423, false),
    (424, false),
    (425, false),
    (460, true),
    (499, true),
    (505, false),
    (507, false),
    (508, false),
    (509, false),
    (511, false),
    (520, false),
    (521, false),
    (522, true),
    (523, false),
    (524, true),
    (525, false),
    (526, false),
    (527, false),
    (530, false),
    (598, true),
    (599, false),
];

fn cases(server: Server) -> Vec<Case> {
    use Action as A;
    use ErrorKind as E;
    let rate = [("x-ratelimit-limit", "60"), ("x-ratelimit-remaining", "40")];
    let case = |name, action, kind, passing| Case {
        name,
        action,
        acts: false,
        kind,
        passing,
        unclear: false,
        running: false,
        before: false,
        elsewhere: None,
    };
    let probed = |kind, passing, case: Case| Case { elsewhere: Some((kind, passing)), ..case };
    let unclear = |case: Case| Case { unclear: true, ..case };
    let acting = |name, case: Case| Case { name, acts: true, ..case };
    let running = |case: Case| Case { running: true, ..case };
    // Where the token is refused as well, and has just worked, a server that counts has spent its requests.
    let counts = server == Server::Krayin210 || server == Server::Documented;
    let (everywhere, passes) = if counts { (E::RateLimit, false) } else { (E::Server, true) };
    let bare = probed(everywhere, passes, unclear(case("a bare 500", status(500, &[]), E::Server, true)));
    let inside = unclear(case("a 500 inside", status(500, &rate), E::Server, true));
    let gateway = unclear(case("a 502", status(502, &[]), E::Unavailable, true));
    let late = running(unclear(case("a 504", status(504, &[]), E::Unavailable, true)));
    let html = unclear(case("an HTML page", A::Html, E::Unavailable, true));
    let odd = r#"{"data":"not what was asked for"}"#.to_owned();
    let shape = unclear(case("another shape", A::WrongShape(odd), E::UnexpectedResponse, false));
    let encoded = Action::Status {
        status: 200,
        body: r#"{"data":{"id":1}}"#.into(),
        headers: vec![("content-encoding".into(), "gzip".into())],
    };
    let encoded = unclear(case("a compressed answer", encoded, E::Unavailable, true));
    let taken = Action::Status {
        status: 422,
        body: r#"{"errors":{"title":["The value has already been taken."]}}"#.into(),
        headers: rate.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
    };
    let closed = |name, action| unclear(case(name, action, E::Unavailable, true));
    let slow = |name, action| running(unclear(case(name, action, E::Timeout, true)));
    let lost = [404, 405, 410].map(|number| (number, false));
    let before = BEFORE.into_iter().chain(lost).flat_map(|(number, running)| {
        let name: &'static str = format!("a {number} of something before it").leak();
        let seen = Case { unclear: true, running, before: true, ..case(name, page(number), E::Unavailable, true) };
        [acting(format!("{name} after acting").leak(), seen.clone()), seen]
    });
    let refused = [403, 406, 418, 451].into_iter().flat_map(|number| {
        let name: &'static str = format!("a {number} page").leak();
        let everywhere = if number == 418 { (E::Unavailable, true) } else { (E::Permission, false) };
        let seen = Case { before: true, ..case(name, page(number), E::Blocked, false) };
        let acted = unclear(acting(format!("{name} after acting").leak(), seen.clone()));
        [acted, seen].map(|case| probed(everywhere.0, everywhere.1, case))
    });
    let of_a_server = vec![
        probed(E::Authentication, false, case("a 401", status(401, &[]), E::Blocked, false)),
        probed(E::Permission, false, case("a 403 of a firewall", status(403, &[]), E::Blocked, false)),
        probed(E::Authentication, false, case("a 419", status(419, &[]), E::Blocked, false)),
        probed(E::RateLimit, false, case("a 429 of a firewall", status(429, &[]), E::RateLimit, false)),
        case("a 413", status(413, &[]), E::Validation, false),
        case("a 403", status(403, &rate), E::Permission, false),
        case("a 404", status(404, &rate), E::NotFound, false),
        case("a 405", status(405, &[]), E::UnexpectedResponse, false),
        case("a 422", status(422, &rate), E::Validation, false),
        case("a 422 of a value that is taken", taken, E::Conflict, false),
        case("a 418", status(418, &[]), E::UnexpectedResponse, false),
        case("a 429", A::TooManyRequests(RetryAfter::Absent), E::RateLimit, false),
        case("a 429 for 30 s", A::TooManyRequests(RetryAfter::Seconds(30)), E::RateLimit, false),
        case("a 429 until a date", A::TooManyRequests(RetryAfter::Date(30)), E::RateLimit, false),
        case("a 429 for no time", A::TooManyRequests(RetryAfter::Seconds(0)), E::RateLimit, true),
        case("a 429 until now", A::TooManyRequests(RetryAfter::Date(0)), E::RateLimit, true),
        acting(
            "a 503 with Retry-After after acting",
            unclear(case("", status(503, &[("retry-after", "0")]), E::Unavailable, true)),
        ),
        unclear(case("a 503 with Retry-After", status(503, &[("retry-after", "0")]), E::Unavailable, true)),
        acting(
            "a 504 with Retry-After after acting",
            running(unclear(case("", status(504, &[("retry-after", "0")]), E::Unavailable, true))),
        ),
        acting(
            "a redirect after acting",
            unclear(case("", A::Redirect { status: 302, to: "/login".into() }, E::UnexpectedResponse, false)),
        ),
        case("a redirect", A::Redirect { status: 302, to: "/login".into() }, E::UnexpectedResponse, false),
        case(
            "a redirect elsewhere",
            A::Redirect { status: 307, to: "http://127.0.0.1:1/".into() },
            E::UnexpectedResponse,
            false,
        ),
        acting("a bare 500 after acting", bare.clone()),
        bare,
        acting("a 500 inside after acting", inside.clone()),
        inside,
        acting("a 502 after acting", gateway.clone()),
        gateway,
        unclear(case("a 503", status(503, &[]), E::Unavailable, true)),
        acting("a 504 after acting", late.clone()),
        late,
        acting("an HTML page after acting", html.clone()),
        html,
        acting("another shape after acting", shape.clone()),
        shape,
        acting("a compressed answer after acting", encoded.clone()),
        encoded,
        closed("closed before reading", A::CloseBeforeReading),
        closed("closed before acting", A::CloseBeforeActing),
        acting("closed after acting", closed("", A::CloseAfterActing)),
        acting("closed half way", closed("", A::CloseHalfway)),
        acting("too long a length", closed("", A::ContentLength(10))),
        acting("too short a length", unclear(case("", A::ContentLength(-10), E::Unavailable, true))),
        // Until the next attempt comes, after a look.
        slow("slow to act", A::DelayUntil(2)),
        acting("slow to answer", slow("", A::DelayAnswer(SLOW))),
        acting("byte by byte", slow("", A::Trickle(Duration::from_millis(20)))),
    ];
    of_a_server.into_iter().chain(before).chain(refused).collect()
}

type Call = for<'a> fn(&'a World, &'a Client, usize) -> BoxFuture<'a, Result<(), ApiError>>;
type Count = fn(&World, usize) -> usize;

/// What a call is to a fault.
#[derive(Clone, Copy)]
enum Sort {
    /// It may run twice.
    Idempotent,
    /// It creates a record. `guarded`: the server refuses a twin; `can_look`: the client can see whether it is there.
    Create { guarded: bool, can_look: bool, count: Count },
}

/// One simulator with records to read and to write.
struct World {
    sim: Sim,
    transport: Arc<ReqwestTransport>,
    person: u64,
    organization: u64,
    activity: u64,
    lead: Lead,
    tag: u64,
    source: u64,
    kind: u64,
    stage: u64,
}

impl World {
    async fn new(server: Server) -> Self {
        let sim = Sim::start(Options { server, throttle: false, ..Options::default() }).unwrap();
        let transport = Arc::new(ReqwestTransport::new().unwrap());
        let mut world = Self {
            sim,
            transport,
            person: 0,
            organization: 0,
            activity: 0,
            lead: Lead::default(),
            tag: 0,
            source: 0,
            kind: 0,
            stage: 0,
        };
        let client = world.client().await;
        let pipelines = client.pipelines().await.unwrap();
        world.stage = pipelines[0].stages[1].id;
        world.source = client.sources().await.unwrap()[0].id;
        world.kind = client.types().await.unwrap()[0].id;
        world.person = client.create_person(person(0)).await.unwrap().id;
        world.organization = client.create_organization(json!({"name": "Acme 0"})).await.unwrap().id;
        world.lead = client.create_lead(world.lead_of_person(0)).await.unwrap();
        world.activity = client.create_activity(world.note(0)).await.unwrap().id;
        if server != Server::Documented {
            world.tag = client.create_tag("Tag 0").await.unwrap().id;
        }
        world
    }

    /// A client to which nothing of earlier points is known, but that the token works.
    async fn client(&self) -> Client {
        let settings = json!({"api_url": self.sim.url(), "api_token": self.sim.token(0)});
        let mut connection = Settings::from_json(settings.to_string().as_bytes()).unwrap().connection().unwrap();
        connection.attempt_timeout = ATTEMPT;
        connection.deadline = DEADLINE;
        let backoff = Backoff { base: Duration::from_millis(2), cap: Duration::from_millis(5) };
        let client = Client::new(connection, self.transport.clone()).with_backoff(backoff);
        client.with_state(Arc::new(ServerState::default())).warm().await
    }

    fn lead_of_person(&self, n: usize) -> Value {
        json!({
            "title": format!("Lead {n}"), "lead_value": 1, "person_id": self.person, "lead_source_id": self.source,
            "lead_type_id": self.kind, "lead_pipeline_stage_id": self.stage, "description": "D"
        })
    }

    fn lead_with_person(&self, n: usize) -> Value {
        let mut lead = self.lead_of_person(n);
        let fields = lead.as_object_mut().unwrap();
        fields.remove("person_id");
        fields.insert("person".into(), person(n));
        lead
    }

    fn note(&self, n: usize) -> Value {
        json!({"type": "note", "title": format!("Chatwoot conversation #{n}"), "comment": "C", "person_id": self.person})
    }
}

trait Warm: Sized {
    fn warm(self) -> BoxFuture<'static, Self>;
}

impl Warm for Client {
    fn warm(self) -> BoxFuture<'static, Self> {
        Box::pin(async move {
            self.current_user().await.unwrap();
            self
        })
    }
}

fn email(n: usize) -> String {
    format!("person{n}@example.com")
}

fn phone(n: usize) -> String {
    format!("+1415{:07}", 5_550_000 + n)
}

fn person(n: usize) -> Value {
    json!({
        "name": format!("Person {n}"), "emails": [{"value": email(n), "label": "work"}],
        "contact_numbers": [{"value": phone(n), "label": "work"}]
    })
}

fn count(records: &[Value], field: &str, wanted: &str) -> usize {
    records.iter().filter(|record| record[field] == wanted).count()
}

fn calls(server: Server) -> Vec<(&'static str, &'static str, Sort, Call)> {
    let package = server != Server::Documented;
    let create = |guarded, can_look, count| Sort::Create { guarded, can_look, count };
    let mut calls: Vec<(&'static str, &'static str, Sort, Call)> = vec![
        ("current_user", "*", Sort::Idempotent, |_, c, _| Box::pin(async { c.current_user().await.map(drop) })),
        ("search_person", "*", Sort::Idempotent, |_, c, _| {
            Box::pin(async { c.search_person(Some("person0@example.com"), None).await.map(drop) })
        }),
        ("get_person", "*", Sort::Idempotent, |w, c, _| Box::pin(async { c.get_person(w.person).await.map(drop) })),
        ("search_lead", "*", Sort::Idempotent, |_, c, _| {
            Box::pin(async { c.search_lead(Some("person0@example.com"), None).await.map(drop) })
        }),
        ("leads_of_person", "*", Sort::Idempotent, |w, c, _| {
            Box::pin(async { c.leads_of_person(w.person).await.map(drop) })
        }),
        ("get_lead", "*", Sort::Idempotent, |w, c, _| Box::pin(async { c.get_lead(w.lead.id).await.map(drop) })),
        ("search_organization", "*", Sort::Idempotent, |_, c, _| {
            Box::pin(async { c.search_organization("Acme 0").await.map(drop) })
        }),
        ("get_organization", "*", Sort::Idempotent, |w, c, _| {
            Box::pin(async { c.get_organization(w.organization).await.map(drop) })
        }),
        ("get_activity", "*", Sort::Idempotent, |w, c, _| {
            Box::pin(async { c.get_activity(w.activity).await.map(drop) })
        }),
        ("pipelines", "*", Sort::Idempotent, |_, c, _| Box::pin(async { c.pipelines().await.map(drop) })),
        ("stages", "*", Sort::Idempotent, |_, c, _| Box::pin(async { c.stages(None).await.map(drop) })),
        ("sources", "*", Sort::Idempotent, |_, c, _| Box::pin(async { c.sources().await.map(drop) })),
        ("types", "*", Sort::Idempotent, |_, c, _| Box::pin(async { c.types().await.map(drop) })),
        ("update_person", "*", Sort::Idempotent, |w, c, _| {
            Box::pin(async { c.update_person(w.person, person(0)).await.map(drop) })
        }),
        ("update_lead", "*", Sort::Idempotent, |w, c, _| {
            let body = json!({"title": "Lead 0", "lead_pipeline_stage_id": w.stage});
            Box::pin(async { c.update_lead(w.lead.id, body).await.map(drop) })
        }),
        ("move_lead", "*", Sort::Idempotent, |w, c, _| {
            Box::pin(async { c.move_lead(w.lead.id, w.stage).await.map(drop) })
        }),
        ("update_organization", "*", Sort::Idempotent, |w, c, _| {
            Box::pin(async { c.update_organization(w.organization, json!({"name": "Acme 0"})).await.map(drop) })
        }),
        ("update_activity", "*", Sort::Idempotent, |w, c, _| {
            Box::pin(async { c.update_activity(w.activity, json!({"comment": "C2"})).await.map(drop) })
        }),
        (
            "create_person",
            if package { "/contacts/persons" } else { "/persons" },
            create(true, true, |w, n| count(&w.sim.persons(), "name", &format!("Person {n}"))),
            |_, c, n| Box::pin(async move { c.create_person(person(n)).await.map(drop) }),
        ),
        (
            "create_organization",
            "/contacts/organizations",
            create(true, true, |w, n| count(&w.sim.organizations(), "name", &format!("Acme {n}"))),
            |_, c, n| {
                Box::pin(async move { c.create_organization(json!({"name": format!("Acme {n}")})).await.map(drop) })
            },
        ),
        (
            "create_lead for a person",
            "/leads",
            create(false, true, |w, n| count(&w.sim.leads(), "title", &format!("Lead {n}"))),
            |w, c, n| Box::pin(async move { c.create_lead(w.lead_of_person(n)).await.map(drop) }),
        ),
        (
            "create_activity",
            "/activities",
            create(false, package, |w, n| count(&w.sim.activities(), "title", &format!("Chatwoot conversation #{n}"))),
            |w, c, n| Box::pin(async move { c.create_activity(w.note(n)).await.map(drop) }),
        ),
    ];
    if package {
        let more: Vec<(&'static str, &'static str, Sort, Call)> = vec![
            ("find_person", "*", Sort::Idempotent, |w, c, _| {
                Box::pin(async { c.find_person(w.person).await.map(drop) })
            }),
            ("find_lead", "*", Sort::Idempotent, |w, c, _| Box::pin(async { c.find_lead(w.lead.id).await.map(drop) })),
            ("find_activity", "*", Sort::Idempotent, |w, c, _| {
                Box::pin(async { c.find_activity(w.activity).await.map(drop) })
            }),
            ("search_activity", "*", Sort::Idempotent, |_, c, _| {
                Box::pin(async { c.search_activity("Chatwoot conversation #0").await.map(drop) })
            }),
            ("lead_activities", "*", Sort::Idempotent, |w, c, _| {
                Box::pin(async { c.lead_activities(w.lead.id).await.map(drop) })
            }),
            ("person_activities", "*", Sort::Idempotent, |w, c, _| {
                Box::pin(async { c.person_activities(w.person).await.map(drop) })
            }),
            ("attributes", "*", Sort::Idempotent, |_, c, _| Box::pin(async { c.attributes().await.map(drop) })),
            ("workflows", "*", Sort::Idempotent, |_, c, _| Box::pin(async { c.workflows().await.map(drop) })),
            ("find_tag", "*", Sort::Idempotent, |_, c, _| Box::pin(async { c.find_tag("Tag 0").await.map(drop) })),
            ("tag_lead", "*", Sort::Idempotent, |w, c, _| Box::pin(async { c.tag_lead(w.lead.id, w.tag).await })),
            ("tag_person", "*", Sort::Idempotent, |w, c, _| Box::pin(async { c.tag_person(w.person, w.tag).await })),
            (
                "create_lead with its person",
                "/leads",
                create(true, true, |w, n| {
                    let leads = count(&w.sim.leads(), "title", &format!("Lead {n}"));
                    let persons = count(&w.sim.persons(), "name", &format!("Person {n}"));
                    assert!(persons == leads || persons == 1, "a lead without its person, or persons without theirs");
                    leads
                }),
                |w, c, n| Box::pin(async move { c.create_lead(w.lead_with_person(n)).await.map(drop) }),
            ),
            ("create_tag", "/settings/tags", create(true, true, |_, _| 1), |_, c, n| {
                Box::pin(async move { c.create_tag(&format!("Tag {n}")).await.map(drop) })
            }),
        ];
        calls.extend(more);
    }
    calls
}

/// What must come: the failure, or none, and how often the request itself was sent.
fn expected(case: &Case, sort: Sort, forever: bool) -> (Option<ErrorKind>, usize) {
    let most = 3;
    match sort {
        Sort::Idempotent => {
            // Its path is any, so that the probe meets the fault too.
            let (kind, passing) = case.elsewhere.filter(|_| forever).unwrap_or((case.kind, case.passing));
            match (passing, forever) {
                (false, _) => (Some(kind), 1),
                (true, false) => (None, 2),
                (true, true) => (Some(kind), most),
            }
        }
        Sort::Create { .. } if !case.unclear => {
            expected(&Case { elsewhere: None, ..case.clone() }, Sort::Idempotent, forever)
        }
        Sort::Create { can_look: false, .. } => (Some(case.kind), 1),
        Sort::Create { .. } if case.acts => (None, 1),
        // The first is carried out when the second comes, and the next look finds what it made.
        Sort::Create { guarded: true, .. } if case.is_slow() => (None, 2),
        Sort::Create { guarded, .. } if case.passing && (guarded || !case.running) => {
            expected(&Case { elsewhere: None, ..case.clone() }, Sort::Idempotent, forever)
        }
        Sort::Create { .. } => (Some(case.kind), 1),
    }
}

#[derive(Default)]
struct Tally {
    points: usize,
    doubled: usize,
    lost: usize,
    wrong: Vec<String>,
    /// What failures said that the server has done; not known is said of one attempt's alone.
    told: Told,
}

type Told = HashSet<(ErrorKind, &'static str)>;

async fn run(server: Server) -> Tally {
    let world = World::new(server).await;
    let mut tally = Tally::default();
    let mut n = 0;
    for (name, path, sort, call) in calls(server) {
        for case in cases(server) {
            for forever in [false, true] {
                // A slow answer takes its time, and what stands before a server says much: enough of these are met by one
                // call of each kind.
                let is_create = matches!(sort, Sort::Create { .. });
                let slow_enough = is_create || ["get_lead", "update_lead"].contains(&name);
                let repeats_itself = case.is_slow() && forever && case.acts;
                if (case.is_slow() || case.before) && !slow_enough || repeats_itself {
                    continue;
                }
                // A tag's own answer is not looked into.
                if name.starts_with("tag_") && case.name.starts_with("another shape") {
                    continue;
                }
                n += 1;
                tally.points += 1;
                let client = world.client().await;
                let times = if forever { Fault::FOREVER } else { 1 };
                let mut fault = Fault { path: Some(path.into()), ..Fault::next(case.action.clone()) }.times(times);
                fault.method = is_create.then(|| "POST".to_owned());
                fault.act = case.acts;
                world.sim.clear_requests();
                world.sim.fault(fault);
                let began = Instant::now();
                let outcome = call(&world, &client, n).await;
                let took = began.elapsed();
                let sent = world
                    .sim
                    .requests()
                    .iter()
                    .filter(|sent| !is_create || (sent.method == "POST" && sent.path == path))
                    .count();
                world.sim.clear_faults();
                let point = format!("{server:?}: {name}, {}, {}", case.name, if forever { "always" } else { "once" });
                let (kind, attempts) = expected(&case, sort, forever);
                let probes =
                    if case.elsewhere.is_some() && !is_create { attempts - usize::from(kind.is_none()) } else { 0 };
                let sent = sent.saturating_sub(probes);
                let got = outcome.as_ref().err().map(|error| error.kind);
                if got != kind || sent != attempts || took > DEADLINE {
                    tally
                        .wrong
                        .push(format!("{point}: {got:?} after {sent} in {took:?}, not {kind:?} after {attempts}"));
                }
                if let Err(error) = &outcome {
                    tally.told.extend(
                        (error.attempts == 1 || error.executed != Executed::Unknown)
                            .then(|| (error.kind, error.executed.name())),
                    );
                    let text = format!("{error} {error:?} {client:?}");
                    for secret in ["example.com", "+1415", "simulated-token", "fault"] {
                        assert!(!text.contains(secret), "{point}: {text}");
                    }
                    if !is_create && error.attempts as usize != sent {
                        tally.wrong.push(format!("{point}: says {} attempts, made {sent}", error.attempts));
                    }
                }
                if let Sort::Create { count, .. } = sort {
                    let there = count(&world, n);
                    tally.doubled += usize::from(there > 1);
                    tally.lost += usize::from(outcome.is_ok() && there == 0);
                    if there > 1 || (outcome.is_ok() && there == 0) {
                        tally.wrong.push(format!("{point}: {there} records"));
                    }
                }
            }
        }
    }
    tally.told.extend(what_looks_tell(&world).await);
    tally
}

/// What only a look can tell: that half of it is there, or nothing because it failed.
async fn what_looks_tell(world: &World) -> Told {
    let mut told = Told::new();
    let rate = [("x-ratelimit-limit", "60"), ("x-ratelimit-remaining", "40")];
    // A server that breaks while it links an activity leaves it behind without its link.
    let body = || json!({"type": "note", "title": "Chatwoot conversation #0b", "comment": "C", "lead_id": 99_999});
    let mut failing = |error: Option<ApiError>| told.extend(error.map(|error| (error.kind, error.executed.name())));
    failing(world.client().await.create_activity(body()).await.err());
    for (name, action) in [("c", page(403)), ("d", status(500, &rate))] {
        world.sim.fault(Fault::on("POST", "/activities", action).times(Fault::FOREVER));
        world.sim.fault(Fault::on("GET", "/activities", status(503, &[])).times(Fault::FOREVER));
        let mut note = world.note(0);
        note["title"] = json!(format!("Chatwoot conversation #0{name}"));
        failing(world.client().await.create_activity(note).await.err());
        world.sim.clear_faults();
    }
    told
}

/// The errors' column "executed" is what was seen at all these points, no more and no less.
fn check_executed(told: &Told) {
    for kind in ErrorKind::ALL {
        let of_table: HashSet<&str> = kind.executed().iter().map(|executed: &Executed| executed.name()).collect();
        let seen: HashSet<&str> = told.iter().filter(|(of, _)| *of == kind).map(|(_, executed)| *executed).collect();
        assert_eq!(seen, of_table, "{kind:?}: seen, and in the table");
    }
}

#[test]
fn every_fault_at_every_call_of_every_server() {
    let total = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for server in ALL_SERVERS {
            let total = &total;
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                let tally = runtime.block_on(run(server));
                let mut total = total.lock().unwrap();
                total.points += tally.points;
                total.doubled += tally.doubled;
                total.lost += tally.lost;
                total.wrong.extend(tally.wrong);
                total.told.extend(tally.told);
            });
        }
    });
    let total = total.into_inner().unwrap();
    report(&format!("{} points, {} doubled, {} lost", total.points, total.doubled, total.lost));
    assert!(total.wrong.is_empty(), "{} wrong:\n{}", total.wrong.len(), total.wrong.join("\n"));
    assert!(total.points > 1500, "{}", total.points);
    assert_eq!((total.doubled, total.lost), (0, 0));
    check_executed(&total.told);
}
