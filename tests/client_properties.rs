//! What holds for every input of the decisions.

use std::time::{Duration, Instant, SystemTime};

use krayin_core::{
    api::{Client, ReqwestTransport},
    retry::{
        Answer, Backoff, Breaker, Class, Next, Permit, Priority, RateObservation, RateState, Step, Suspicion,
        TokenHistory, classify, decide, look_after, retry_after, suspect,
    },
    server::{Connection, Destinations},
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn config() -> ProptestConfig {
    ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() }
}

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (0..120_000_u64).prop_map(Duration::from_millis),
        any::<u64>().prop_map(Duration::from_secs),
        Just(Duration::ZERO),
        Just(Duration::MAX),
    ]
}

fn body() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        Just(json!("The value has already been taken.")),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("errors|message|data|emails\\.0\\.value|name|\\PC{0,8}", inner, 0..4)
                .prop_map(|fields| fields.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

/// As HTTP writes a time.
fn http_date(at: SystemTime) -> String {
    let seconds = at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let (days, second) = ((seconds / 86_400) as i64, seconds % 86_400);
    // The civil date of a day, counted from 1 March of the year 0.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * march + 2) / 5 + 1, if march < 10 { march + 3 } else { march - 9 });
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(days % 7) as usize];
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{weekday}, {day:02} {} {year:04} {hour:02}:{minute:02}:{second:02} GMT", months[month as usize - 1])
}

fn step() -> impl Strategy<Value = Step> {
    let flags = proptest::array::uniform8(any::<bool>());
    (flags, 0..6_u32, 0..6_u32, duration(), proptest::option::of(duration()), duration()).prop_map(
        |(flags, attempt, most, backoff, retry_after, left)| {
            let [passing, may_have_run, may_still_run, taken_by_us, idempotent, can_look, guarded, affordable] = flags;
            Step {
                passing,
                may_have_run,
                may_still_run,
                taken_by_us,
                idempotent,
                can_look,
                guarded,
                attempt,
                most,
                affordable,
                backoff,
                retry_after,
                left,
            }
        },
    )
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_answer_has_a_class_and_only_a_success_is_ok(
        status in any::<u16>(), flags in proptest::array::uniform4(any::<bool>()), json in proptest::option::of(body()),
        wait in proptest::option::of(duration()), sends in proptest::option::of(any::<bool>()),
    ) {
        let [rate_headers, names_a_record, refers_to_records, encoded] = flags;
        let answer = Answer {
            status, rate_headers, retry_after: wait, json: json.as_ref(), names_a_record, refers_to_records, encoded,
        };
        let class = classify(answer, sends);
        prop_assert!(class != Class::Ok || (200..300).contains(&status));
        prop_assert!(class != Class::Ok || !encoded);
        // What may have been executed is never called certain not to have been.
        if status == 500 && rate_headers {
            prop_assert_eq!(class, Class::FailedInside);
        }
    }

    #[test]
    fn no_wait_reaches_the_deadline_or_lasts_long(step in step()) {
        match decide(step) {
            Next::Stop => {}
            Next::Retry(wait) | Next::Look { wait, .. } => {
                prop_assert!(wait < step.left, "{:?}", step);
                prop_assert!(wait <= Duration::from_secs(20), "{:?}", step);
            }
        }
    }

    #[test]
    fn nothing_that_may_have_run_runs_twice_unseen(step in step()) {
        match decide(step) {
            Next::Retry(_) => prop_assert!(step.idempotent || !step.may_have_run, "{:?}", step),
            Next::Look { repeat, .. } => {
                prop_assert!(step.can_look);
                prop_assert!(!repeat || step.taken_by_us || step.guarded || !step.may_still_run, "{:?}", step);
                prop_assert!(!repeat || (step.attempt < step.most && step.affordable), "{:?}", step);
            }
            Next::Stop => {}
        }
        if !matches!(decide(step), Next::Stop | Next::Look { .. }) {
            prop_assert!(step.passing && step.attempt < step.most && step.affordable, "{:?}", step);
        }
    }

    #[test]
    fn waits_add_up_to_less_than_the_deadline(
        deadline in 0..200_000_u64, jitters in proptest::collection::vec(0.0..1.0_f64, 50),
        asked in proptest::collection::vec(proptest::option::of(0..60_000_u64), 50), most in 1..50_u32,
    ) {
        let (deadline, mut slept) = (Duration::from_millis(deadline), Duration::ZERO);
        for (attempt, (jitter, asked)) in (1..).zip(jitters.into_iter().zip(asked)) {
            let next = decide(Step {
                passing: true, may_have_run: false, may_still_run: false, taken_by_us: false, idempotent: true,
                can_look: false, guarded: false, attempt, most, affordable: true,
                backoff: Backoff::default().delay(attempt, jitter), retry_after: asked.map(Duration::from_millis),
                left: deadline.saturating_sub(slept),
            });
            let Next::Retry(wait) = next else { break };
            slept += wait;
        }
        prop_assert!(slept <= deadline);
    }

    #[test]
    fn a_backoff_stays_under_its_cap(attempt in any::<u32>(), jitter in -2.0..3.0_f64, base in duration(), cap in duration()) {
        // No setting is longer than a thousand years.
        let cap = cap.min(Duration::from_secs(1 << 35));
        let backoff = Backoff { base, cap };
        prop_assert!(backoff.delay(attempt, jitter) <= cap);
    }

    #[test]
    fn any_retry_after_is_read_or_not(header in "\\PC{0,40}|[0-9]{0,30}|[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT", date in proptest::option::of("\\PC{0,40}")) {
        if let Some(wait) = retry_after(&header, date.as_deref(), SystemTime::now()) {
            prop_assert!(wait <= Duration::from_secs(24 * 60 * 60));
        }
    }

    /// Either clock may stand anywhere, and a cache may have written the answer's `Date`: a wait that is asked for is kept as
    /// long as one of the two is right, and none is longer than a quarter of an hour.
    #[test]
    fn a_date_is_understood_by_whichever_clock_is_right(
        now in 1_000_000_000..4_000_000_000_u64, asked in 0..=900_u64, skew in -100_000_000..100_000_000_i64,
        stale in -100_000_000..100_000_000_i64,
    ) {
        let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let http = |seconds: u64| http_date(at(seconds));
        // The server's clock is wrong, and its own `Date` says so.
        let server = now.saturating_add_signed(skew);
        prop_assert_eq!(retry_after(&http(server + asked), Some(&http(server)), at(now)), Some(Duration::from_secs(asked)));
        // The clock is right, and the `Date` is another's: a wait that nobody asked for is at most as long as one may be.
        let read = retry_after(&http(now + asked), Some(&http(now.saturating_add_signed(stale))), at(now));
        prop_assert!(read.is_some_and(|wait| look_after(wait) <= Duration::from_secs(900)));
        if stale.unsigned_abs() > 1800 {
            prop_assert_eq!(read, Some(Duration::from_secs(asked)));
        }
    }

    /// A server that refuses for as long as it likes, and a clock that jumps: nobody stays away longer than a quarter of an
    /// hour, nor, where it asked for more, longer than five minutes without a look. A jump costs a minute at most.
    #[test]
    fn no_clock_keeps_anybody_away(
        asked in prop_oneof![1..2_000_u64, Just(86_400), Just(u64::MAX / 4)],
        jumps in proptest::collection::vec((1..1_500_u64, -5_000_000..5_000_000_i64), 0..6),
    ) {
        let micros = |seconds: u64| seconds * 1_000_000;
        let (mut state, mut clock) = (RateState::default(), 2_000_000_000_u64);
        let mut away = 0_u64;
        let longest = if asked > 900 { 330 } else { asked };
        for second in 0..6_000_u64 {
            if let Some((_, by)) = jumps.iter().find(|(at, _)| at * 4 == second) {
                clock = clock.saturating_add_signed(*by);
            }
            match state.reserve(1, Priority::Live, micros(clock)) {
                Permit::Granted { first, .. } => {
                    away = 0;
                    state.observe(first, RateObservation::Exhausted(Duration::from_secs(asked)), micros(clock), micros(clock));
                }
                Permit::RetryAfter(wait) => {
                    away += 1;
                    prop_assert!(wait <= Duration::from_secs(longest.max(1)), "{:?}", wait);
                }
            }
            prop_assert!(away <= longest + 62 * (jumps.len() as u64 + 1), "{} seconds", away);
            clock += 1;
        }
    }

    #[test]
    fn a_suspicion_ends_with_the_window(worked in proptest::option::of(duration()), ever_worked in any::<bool>(), failing in duration()) {
        let window = Duration::from_secs(60);
        if let Suspicion::Throttle(wait) = suspect(TokenHistory { worked, ever_worked, failing }, window) {
            prop_assert!(wait <= window && wait > Duration::ZERO);
        }
    }

    #[test]
    fn the_limiter_takes_whatever_it_is_told(told in proptest::collection::vec((any::<u32>(), any::<u32>(), 0..3_u8, 0..90_000_000_u64, any::<bool>(), 1..4_u32, any::<bool>()), 0..60)) {
        let (mut state, mut now) = (RateState::default(), 1_u64);
        for (limit, remaining, kind, later, bulk, count, back) in told {
            // Its clock may be set back.
            now = if back { now.saturating_sub(later) } else { now.saturating_add(later) };
            let priority = if bulk { Priority::Bulk } else { Priority::Live };
            let number = match state.reserve(count, priority, now) {
                Permit::Granted { first, count: granted } => {
                    prop_assert!(granted >= 1 && granted <= count);
                    first
                }
                Permit::RetryAfter(wait) => {
                    prop_assert!(wait <= Duration::from_secs(902), "{:?}", wait);
                    continue;
                }
            };
            let sent = now;
            now += later / 2;
            let observation = match kind {
                0 => RateObservation::Counted { limit, remaining },
                1 => RateObservation::Unknown,
                _ => RateObservation::Exhausted(Duration::from_secs(later)),
            };
            state.observe(number, observation, sent, now);
        }
    }

    #[test]
    fn a_breaker_never_stays_open_for_long(events in proptest::collection::vec((any::<bool>(), 0..20_000_u64), 0..60)) {
        let (mut breaker, mut now) = (Breaker::default(), Instant::now());
        for (good, later) in events {
            now += Duration::from_millis(later);
            match breaker.admit(now) {
                Ok(()) if good => breaker.answered(),
                Ok(()) => breaker.failed(now),
                Err(wait) => prop_assert!(wait <= Duration::from_secs(30)),
            }
        }
        prop_assert_eq!(breaker.admit(now + Duration::from_secs(30)), Ok(()));
    }

    #[test]
    fn any_address_is_refused_or_kept_and_shows_no_token(url in "(https?://)?(\\PC{0,20}|[a-z0-9.:\\[\\]@/?#%-]{0,30})", token in "[!-~]{12,40}") {
        if let Ok(connection) = Connection::new(&url, &token, None, &Destinations::default()) {
            prop_assert!(connection.url().starts_with("https://") || connection.url().starts_with("http://localhost") || connection.url().starts_with("http://127.") || connection.url().starts_with("http://[::1]"));
            let shown = format!("{connection:?}");
            prop_assert!(!shown.contains(&token) || url.contains(&token));
            prop_assert!(!connection.identity().contains(&token) || url.contains(&token));
        }
    }
}

#[test]
fn a_client_shows_neither_token_nor_more_than_its_address() {
    let connection = Connection::new("https://crm.example.com", "1|secret", None, &Destinations::default()).unwrap();
    let client = Client::new(connection, std::sync::Arc::new(ReqwestTransport::new().unwrap()));
    assert_eq!(format!("{client:?}"), "Client(Connection(https://crm.example.com/api/v1, RestApi))");
}
