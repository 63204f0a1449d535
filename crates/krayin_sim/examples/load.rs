//! Loads a running simulator and says how many calls a second it answers.
//!
//! `cargo run --release -p krayin_sim --example load -- URL TOKEN get|create|nest|search|note COUNT [CONNECTIONS]`
//!
//! Start the simulator with `--no-throttle`. Each connection is kept alive and carries one call at a time. `create` makes
//! persons, `nest` leads with a person inside, `search` looks for one e-mail or number, `note` makes activities.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const USAGE: &str = "usage: load URL TOKEN get|create|nest|search|note COUNT [CONNECTIONS]";

/// One kind of call; the number makes it differ from all others.
fn call(kind: &str, run: u64, number: u64) -> Option<(&'static str, String, String)> {
    let person = || {
        format!(
            r#"{{"name":"Person {number}","emails":[{{"value":"p{number}.{run}@example.com","label":"work"}}],"contact_numbers":[{{"value":"+{run}{number}","label":"work"}}],"job_title":"Buyer"}}"#
        )
    };
    Some(match kind {
        "get" => ("GET", "/get".into(), String::new()),
        "create" => ("POST", "/contacts/persons".into(), person()),
        "nest" => (
            "POST",
            "/leads".into(),
            format!(
                r#"{{"title":"Lead {number}","lead_value":1,"lead_source_id":1,"lead_type_id":1,"lead_pipeline_stage_id":1,"person":{}}}"#,
                person()
            ),
        ),
        "search" => (
            "GET",
            format!(
                "/contacts/persons/search?search=emails:_{number}._@_xample._om;contact_numbers:{number}%25555%250182&\
                 searchFields=emails:like;contact_numbers:like&limit=50"
            ),
            String::new(),
        ),
        "note" => (
            "POST",
            "/activities".into(),
            format!(r#"{{"type":"note","title":"Conversation {run}-{number}","comment":"<b>Hello</b>","lead_id":1}}"#),
        ),
        _ => return None,
    })
}

struct Target {
    address: String,
    prefix: String,
    token: String,
}

/// Sends one call and answers its status.
fn exchange(
    stream: &mut BufReader<TcpStream>,
    target: &Target,
    (method, path, body): &(&str, String, String),
) -> std::io::Result<u16> {
    let request = format!(
        "{method} {}{path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nAccept: application/json\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        target.prefix,
        target.address,
        target.token,
        body.len()
    );
    stream.get_mut().write_all(request.as_bytes())?;
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap_or(0),
            Some(_) => {}
            None => break,
        }
    }
    stream.read_exact(&mut vec![0; length])?;
    status.ok_or_else(|| std::io::Error::other("no status"))
}

fn worker(target: &Target, kind: &str, run: u64, next: &AtomicU64, count: u64) -> std::io::Result<Vec<Duration>> {
    let stream = TcpStream::connect(&target.address)?;
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let mut times = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(call) = call(kind, run, number).filter(|_| number <= count) else {
            return Ok(times);
        };
        let began = Instant::now();
        let status = exchange(&mut stream, target, &call)?;
        times.push(began.elapsed());
        if status != 200 {
            return Err(std::io::Error::other(format!("status {status}")));
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, token, kind, count, rest @ ..] = arguments.as_slice() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let connections: usize = rest.first().and_then(|text| text.parse().ok()).unwrap_or(8);
    let parts = url.strip_prefix("http://").and_then(|rest| rest.split_once('/'));
    let (Some((address, prefix)), Ok(count)) = (parts, count.parse::<u64>()) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    if call(kind, 0, 0).is_none() {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    let target = Target { address: address.into(), prefix: format!("/{prefix}"), token: token.clone() };
    // Two runs against the same simulator must not make the same persons.
    let run = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as u64);
    let next = AtomicU64::new(1);
    let began = Instant::now();
    let results: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..connections).map(|_| scope.spawn(|| worker(&target, kind, run, &next, count))).collect();
        workers.into_iter().map(|worker| worker.join()).collect()
    });
    let seconds = began.elapsed().as_secs_f64();
    let mut times = Vec::new();
    for result in results {
        match result {
            Ok(Ok(part)) => times.extend(part),
            Ok(Err(error)) => {
                eprintln!("load: {error}");
                return ExitCode::FAILURE;
            }
            Err(_) => return ExitCode::FAILURE,
        }
    }
    times.sort_unstable();
    let at = |part: f64| times.get((times.len() as f64 * part) as usize).copied().unwrap_or_default();
    println!(
        "{kind}: {} calls, {connections} connections, {:.0} a second, median {:?}, 99 % within {:?}",
        times.len(),
        times.len() as f64 / seconds,
        at(0.5),
        at(0.99)
    );
    ExitCode::SUCCESS
}
