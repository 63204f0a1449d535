//! One call from its first attempt to its end: the only place that repeats anything.

use std::{
    sync::atomic::Ordering,
    time::{Duration, SystemTime},
};

use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::api::{
    ApiError, Attempt, Beginning, Client, ErrorKind, Executed, Method, Request, Response, TransportError,
    client::{Call, Repeat},
    http::attempt::{millis, request_id},
    http::body,
    http::path::{names_a_record, template},
    recovery::create_recovery::{CreateRecovery, Creates},
    recovery::failure::{error, failed, given_up, holds_a_record, is_foreign_limit, unanswered, wrong_shape},
    recovery::seat::Leave,
};
use crate::detail::Detail;
use crate::{
    body::Body,
    retry::{
        Answer, Class, LONGEST_WAIT, Next, Priority, RateObservation, Step, Suspicion, WINDOW, classify, decide,
        in_foreign_words, retry_after, suspect,
    },
};

/// Attempts of one call.
const MOST_ATTEMPTS: u32 = 3;

impl Client {
    /// The loop: send, tell what the answer means, obey the decision.
    pub(crate) async fn call(&self, mut call: Call<'_>) -> Result<Value, ApiError> {
        let until = Instant::now() + self.connection.deadline;
        let mut lost = false;
        let mut may_still_run = false;
        let mut plainer = false;
        let mut before: Option<ApiError> = None;
        // Where a server refuses all tokens and says that their windows are over, they would take turns without a pause
        // until the deadline.
        let mut turns_left = self.others.len();
        self.first.state.earn();
        for attempt in 1.. {
            let leave = match self.leave(&call).await {
                Ok(leave) => leave,
                Err(refused) => return Err(before.map_or(refused.clone(), |before| before.put_off(&refused))),
            };
            let sent_at = Instant::now();
            let turn = Turn { attempt, most: MOST_ATTEMPTS };
            let sent = self.send(&call, until.saturating_duration_since(sent_at), leave, turn).await;
            let mut error = match self.read(&call, &sent, until).await {
                Ok(value) => {
                    self.report(&call, &sent, None, None);
                    return Ok(value);
                }
                Err(error) => error,
            };
            // What an earlier attempt may have removed is gone: that is what was asked for.
            if lost && call.method == Method::Delete && error.kind == ErrorKind::NotFound {
                self.report(&call, &sent, None, None);
                return Ok(Value::Object(Default::default()));
            }
            let taken_by_us = lost && error.kind == ErrorKind::Conflict;
            if self.goes_on_with_another(leave.seat, &error) && turns_left > 0 {
                turns_left -= 1;
                error.attempts = attempt;
                self.report(&call, &sent, Some(Duration::ZERO), Some(&error));
                before = Some(error);
                continue;
            }
            let may_have_run = error.executed.may_be();
            lost |= may_have_run;
            // That a later attempt has ended says nothing of an earlier one.
            may_still_run |= given_up(&error);
            if let (ErrorKind::Timeout, Some(creates), Some(body)) = (error.kind, call.repeat.creates(), &call.body) {
                let mut unfinished = self.unfinished();
                let keys = unfinished.keys(creates, body.value());
                unfinished.note(keys, SystemTime::now());
            }
            error.attempts = attempt;
            if lost {
                error.executed = Executed::Unknown;
            }
            if error.kind == ErrorKind::Blocked {
                let plain =
                    call.body.as_ref().and_then(Body::plainer).filter(|_| !std::mem::replace(&mut plainer, true));
                self.report(&call, &sent, plain.is_some().then_some(Duration::ZERO), Some(&error));
                match self.look_behind_refusal(&call, until).await {
                    Behind::Record(record) => return Ok(record),
                    Behind::Nothing => {}
                    Behind::Unseen => {
                        error.executed = Executed::Unknown;
                        return Err(error);
                    }
                }
                let Some(plain) = plain else { return Err(error) };
                call.body = Some(plain);
                before = Some(error);
                continue;
            }
            let body = call.body.as_ref().map_or(&Value::Null, Body::value);
            let next = decide(Step {
                passing: error.is_passing(),
                may_have_run: may_have_run || (is_foreign_limit(&error) && self.can_look(&call)),
                may_still_run,
                taken_by_us,
                idempotent: call.method.is_idempotent() || call.repeat == Repeat::Harmless,
                can_look: self.can_look(&call),
                guarded: call.repeat.creates().is_some_and(|creates| creates.is_guarded(body)),
                attempt,
                most: MOST_ATTEMPTS,
                affordable: self.first.state.can_spend(),
                backoff: self.backoff.delay(attempt, self.jitter.next()),
                retry_after: error.retry_after,
                left: until.saturating_duration_since(Instant::now()),
            });
            let wait = match next {
                Next::Stop => None,
                Next::Retry(wait) | Next::Look { wait, .. } => Some(wait),
            };
            self.report(&call, &sent, wait, Some(&error));
            let Some(wait) = wait else { return Err(error) };
            sleep(wait).await;
            if let (Next::Look { repeat, .. }, Some(creates)) = (next, call.repeat.creates()) {
                let left = until.saturating_duration_since(Instant::now());
                match timeout(left, self.recover_create(creates, body, error.kind)).await {
                    Ok(Ok(CreateRecovery::Created(record))) => return Ok(record),
                    // What is left of it has no guard: the first may be about to make it.
                    Ok(Ok(CreateRecovery::Partial(rest))) if repeat && !may_still_run => {
                        call.body = Some(Body::of(call.path, rest));
                    }
                    Ok(Ok(CreateRecovery::NotCreated)) if repeat && !taken_by_us => {}
                    Ok(Ok(CreateRecovery::NotCreated)) if !may_still_run => {
                        error.executed = Executed::No;
                        return Err(error);
                    }
                    Ok(Ok(CreateRecovery::Inconsistent(left))) => {
                        error.executed = Executed::Yes;
                        error.left = Some(left);
                        return Err(error);
                    }
                    _ => return Err(error),
                }
            }
            self.first.state.spend();
            before = Some(error);
        }
        Err(error(call.method, call.path, ErrorKind::Server, Detail::NoAttempt))
    }

    /// Waits for the end of a create that was given up in an earlier run, where the server refuses no second: by now it may
    /// have made the record that a look before has not found.
    pub(in crate::api) async fn await_unfinished(
        &self,
        creates: Creates,
        path: &str,
        body: &Value,
        keys: &[String],
    ) -> Result<Option<Value>, ApiError> {
        let rest = self.unfinished().rest(keys, SystemTime::now(), self.connection.attempt_timeout);
        let Some(rest) = rest.filter(|_| !creates.is_guarded(body)) else { return Ok(None) };
        let not_yet = ApiError {
            executed: Executed::Unknown,
            retry_after: Some(rest),
            ..error(Method::Post, path, ErrorKind::Timeout, Detail::StillRunning)
        };
        if rest > LONGEST_WAIT || rest >= self.connection.deadline {
            return Err(not_yet);
        }
        sleep(rest).await;
        if !creates.can_look(body, self.connection.dialect) {
            return Ok(None);
        }
        match self.recover_create(creates, body, ErrorKind::Timeout).await? {
            CreateRecovery::Created(record) => Ok(Some(record)),
            CreateRecovery::NotCreated => Ok(None),
            CreateRecovery::Partial(_) | CreateRecovery::Inconsistent(_) => Err(not_yet),
        }
    }

    fn can_look(&self, call: &Call<'_>) -> bool {
        let body = call.body.as_ref().map_or(&Value::Null, Body::value);
        call.repeat.creates().is_some_and(|creates| creates.can_look(body, self.connection.dialect))
    }

    /// What a create left that something before Krayin has refused. Mostly nothing: but what looks at answers refuses in the
    /// same words when Krayin has acted.
    async fn look_behind_refusal(&self, call: &Call<'_>, until: Instant) -> Behind {
        let (Some(creates), Some(body), true) = (call.repeat.creates(), &call.body, self.can_look(call)) else {
            return Behind::Nothing;
        };
        for _ in 0..MOST_ATTEMPTS {
            let left = until.saturating_duration_since(Instant::now());
            match timeout(left, self.recover_create(creates, body.value(), ErrorKind::Blocked)).await {
                Ok(Ok(CreateRecovery::Created(record))) => return Behind::Record(record),
                Ok(Ok(CreateRecovery::NotCreated)) => return Behind::Nothing,
                Ok(Err(failure)) if matches!(failure.kind, ErrorKind::Blocked | ErrorKind::UnexpectedResponse) => {}
                _ => return Behind::Unseen,
            }
        }
        // What refuses to be asked for it each time looks at requests, and one of which all answers are odd tells nothing.
        Behind::Nothing
    }

    /// Leave to send one request, or why none is sent: the server is down, or the requests of each token are spent.
    async fn leave(&self, call: &Call<'_>) -> Result<Leave, ApiError> {
        let mut soonest: Option<ApiError> = None;
        for seat in self.seats_in_order() {
            let refused = match self.leave_by(call, seat).await {
                Ok(leave) => return Ok(leave),
                Err(refused) if refused.kind == ErrorKind::RateLimit => refused,
                Err(refused) => return Err(refused),
            };
            if soonest.as_ref().is_none_or(|soonest| refused.retry_after < soonest.retry_after) {
                soonest = Some(refused);
            }
        }
        Err(soonest.unwrap_or_else(|| error(call.method, call.path, ErrorKind::Server, Detail::NoAttempt)))
    }

    /// The same by one of the tokens. Whether the server is down is known of the first, for all.
    async fn leave_by(&self, call: &Call<'_>, seat: usize) -> Result<Leave, ApiError> {
        let known = self.seat(seat);
        let state = &self.first.state;
        let refused =
            |kind, detail, wait| ApiError { retry_after: Some(wait), ..error(call.method, call.path, kind, detail) };
        let down = |wait| refused(ErrorKind::Unavailable, Detail::ServerRests, wait);
        if let Some(rest) = state.rests() {
            return Err(down(rest));
        }
        let number = if known.state.sends_rate_headers() == Some(false) {
            0
        } else {
            known
                .limiter()
                .take(self.priority())
                .await
                .map_err(|wait| refused(ErrorKind::RateLimit, Detail::MinuteSpent, wait))?
        };
        // Last, so that the one trial of a server that was down is one that is sent.
        if let Err(rest) = state.admit() {
            known.limiter().release(number).await;
            return Err(down(rest));
        }
        self.last_seat.store(seat, Ordering::Relaxed);
        Ok(Leave { seat, number })
    }

    /// What has begun is finished: half an event would cost its requests once more.
    fn priority(&self) -> Priority {
        if self.requests() == 0 { self.priority } else { Priority::Live }
    }

    async fn send(&self, call: &Call<'_>, left: Duration, leave: Leave, turn: Turn) -> Sent {
        let mut headers = vec![
            ("authorization".to_owned(), self.connection.authorization(leave.seat)),
            // Without it production answers 200 with an HTML page for a refused token.
            ("accept".to_owned(), "application/json".to_owned()),
            ("x-requested-with".to_owned(), "XMLHttpRequest".to_owned()),
        ];
        if call.body.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        if let Some(observer) = &self.observer {
            let beginning = Beginning {
                method: call.method.name(),
                path: template(call.path),
                attempt: turn.attempt,
                most: turn.most,
            };
            for (name, value) in observer.begin(&beginning).await {
                let name = name.to_ascii_lowercase();
                if headers.iter().all(|(known, _)| *known != name) {
                    headers.push((name, value));
                }
            }
        }
        let asked = headers.iter().find(|(name, _)| name == REQUEST_ID).and_then(|(_, value)| request_id(value));
        let request = Request {
            method: call.method,
            url: self.connection.address(call.path, &call.query),
            headers,
            body: call.body.as_ref().map(|body| body.value().to_string().into_bytes()),
            any_address: self.connection.any_address(),
            timeout: left.min(self.connection.attempt_timeout),
        };
        self.requests.fetch_add(1, Ordering::Relaxed);
        let sent_at = Instant::now();
        let answer = self.transport.send(&request).await;
        let took = sent_at.elapsed();
        if leave.number != 0 {
            self.seat(leave.seat).limiter().observe(leave.number, told(&answer), sent_at).await;
        }
        let answered = answer.as_ref().ok().and_then(|response| request_id(response.header(REQUEST_ID)?));
        Sent { turn, seat: leave.seat, took, request_id: answered.or(asked), answer }
    }

    async fn read(&self, call: &Call<'_>, sent: &Sent, until: Instant) -> Result<Value, ApiError> {
        let outcome = match &sent.answer {
            Ok(response) => self.answer(call, response, sent.seat, until).await,
            Err(failure) => Err(unanswered(call, failure)),
        };
        let down = |error: &ApiError| matches!(error.kind, ErrorKind::Unavailable | ErrorKind::Timeout);
        self.first.state.note(!outcome.as_ref().is_err_and(down));
        outcome
    }

    async fn answer(
        &self,
        call: &Call<'_>,
        response: &Response,
        seat: usize,
        until: Instant,
    ) -> Result<Value, ApiError> {
        let known = self.seat(seat);
        let json = body::read(&response.body);
        let answer = Answer {
            status: response.status,
            rate_headers: response.is_counted(),
            retry_after: asked_wait(response),
            json: json.as_ref(),
            names_a_record: names_a_record(call.path),
            refers_to_records: call.body.is_some(),
            encoded: response.header("content-encoding").is_some_and(|encoding| {
                !encoding.trim().is_empty() && !encoding.trim().eq_ignore_ascii_case("identity")
            }),
        };
        let foreign = !answer.rate_headers && json.is_none() && !response.body.trim_ascii().is_empty();
        let class = classify(answer, known.state.sends_rate_headers());
        let class = match if foreign { in_foreign_words(class, response.status) } else { class } {
            Class::Ok => {
                // Krayin 2.2.3 counts the deletes of persons alone.
                known.state.worked((call.method != Method::Delete).then_some(answer.rate_headers));
                let body = json.unwrap_or_default();
                let whole = call.repeat.creates().is_none() || holds_a_record(&body);
                return if whole { Ok(body) } else { Err(wrong_shape(call.method, call.path)) };
            }
            unclear @ (Class::Uncounted | Class::ExecutedOrNot | Class::Barred) => {
                self.disambiguate_500(unclear, response, seat, until).await
            }
            class => class,
        };
        if let Class::Throttled(wait) = class {
            let refusal = RateObservation::Exhausted(wait.unwrap_or(WINDOW));
            known.limiter().observe(0, refusal, Instant::now()).await;
        }
        Err(failed(call, response, class, known.state.ever_worked()))
    }

    /// What an answer was that does not say itself whom it is about. `GET get` costs one request and tells: where it is good,
    /// it was this request alone, and the token goes on.
    async fn disambiguate_500(&self, unclear: Class, response: &Response, seat: usize, until: Instant) -> Class {
        let seen = self.probe(seat, until).await;
        if unclear == Class::Barred {
            let asked = asked_wait(response);
            return match (seen, response.status) {
                (Probe::Good, 429) => Class::Slowed(asked),
                (Probe::Good, _) => Class::Blocked,
                (Probe::Throttled(wait), _) => Class::Throttled(wait.or(asked)),
                (Probe::Refused | Probe::Bare, 429) => Class::Throttled(asked),
                (Probe::Refused | Probe::Bare, 401 | 419) => Class::RefusedToken,
                (Probe::Refused | Probe::Bare, 403 | 406 | 451) => Class::Forbidden,
                (Probe::Refused | Probe::Bare | Probe::None, _) => Class::Unavailable(asked),
            };
        }
        let counts = unclear == Class::Uncounted;
        match seen {
            Probe::Good => Class::FailedInside,
            Probe::Refused => Class::RefusedToken,
            Probe::Throttled(wait) if counts => Class::Throttled(wait),
            Probe::Bare => match suspect(self.seat(seat).state.token_history(), WINDOW) {
                Suspicion::Throttle(wait) if counts => Class::Throttled(Some(wait)),
                // Without a throttle, a token that has just worked leaves nothing but the inside.
                Suspicion::Throttle(_) => Class::FailedInside,
                Suspicion::Token => Class::RefusedToken,
            },
            Probe::Throttled(_) | Probe::None => Class::FailedInside,
        }
    }

    async fn probe(&self, seat: usize, until: Instant) -> Probe {
        let probe = Call { method: Method::Get, path: "get", query: Vec::new(), body: None, repeat: Repeat::ByMethod };
        let leave = match self.leave_by(&probe, seat).await {
            Ok(leave) => leave,
            Err(refused) if refused.kind == ErrorKind::RateLimit => return Probe::Throttled(refused.retry_after),
            Err(_) => return Probe::None,
        };
        let sent = self
            .send(&probe, until.saturating_duration_since(Instant::now()), leave, Turn { attempt: 1, most: 1 })
            .await;
        self.report(
            &probe,
            &sent,
            None,
            sent.answer.as_ref().err().map(|failure| unanswered(&probe, failure)).as_ref(),
        );
        let Ok(answer) = sent.answer else { return Probe::None };
        let is_json = body::read(&answer.body).is_some_and(|body| body.is_object());
        match answer.status {
            200 if is_json => {
                self.seat(seat).state.worked(Some(answer.is_counted()));
                Probe::Good
            }
            429 => Probe::Throttled(asked_wait(&answer)),
            401 | 403 | 406 | 419 | 451 => Probe::Refused,
            500 => Probe::Bare,
            _ => Probe::None,
        }
    }

    fn report(&self, call: &Call<'_>, sent: &Sent, wait: Option<Duration>, failure: Option<&ApiError>) {
        let Some(observer) = &self.observer else { return };
        let response = sent.answer.as_ref().ok();
        let rate = response.and_then(Response::rate);
        observer.attempt(&Attempt {
            method: call.method.name(),
            path: template(call.path),
            status: response.map(|response| response.status),
            attempt: sent.turn.attempt,
            most: sent.turn.most,
            duration_ms: millis(sent.took),
            limit: rate.map(|(limit, _)| limit),
            remaining: rate.map(|(_, remaining)| remaining),
            retry_in_ms: wait.map(millis),
            request_id: sent.request_id.clone(),
            date: response.and_then(|response| response.header("date")).map(str::to_owned),
            failure: failure.map(|failure| failure.detail.to_string()),
            code: failure.map(|failure| failure.kind.code()),
            detail: failure.map(|failure| failure.detail),
            executed: failure.map(|failure| failure.executed.name()),
        });
    }
}

/// The header that tells one request from another in the logs of both sides.
const REQUEST_ID: &str = "x-request-id";

/// Which attempt of its call it is, of at most how many.
#[derive(Clone, Copy)]
struct Turn {
    attempt: u32,
    most: u32,
}

/// What was found of a create that was refused.
enum Behind {
    /// The record.
    Record(Value),
    /// Nothing, or nobody can tell.
    Nothing,
    /// The look failed, or found a part.
    Unseen,
}

/// An attempt that was made.
struct Sent {
    turn: Turn,
    /// The number of its token.
    seat: usize,
    took: Duration,
    request_id: Option<String>,
    answer: Result<Response, TransportError>,
}

/// What `GET get` answered.
enum Probe {
    /// The token works.
    Good,
    /// It is let through, but not now.
    Throttled(Option<Duration>),
    /// It is not let through.
    Refused,
    /// A 500, which may be any of these.
    Bare,
    /// Nothing that tells.
    None,
}

fn told(sent: &Result<Response, TransportError>) -> RateObservation {
    let Ok(response) = sent else { return RateObservation::Unknown };
    match response.rate() {
        _ if response.status == 429 && response.is_counted() => {
            RateObservation::Exhausted(asked_wait(response).unwrap_or(WINDOW))
        }
        Some((limit, remaining)) => RateObservation::Counted { limit, remaining },
        None => RateObservation::Unknown,
    }
}

fn asked_wait(response: &Response) -> Option<Duration> {
    retry_after(response.header("retry-after")?, response.header("date"), SystemTime::now())
}
