//! `krayin_sim`: a Krayin on loopback for demos, benches and tests in other languages.

use std::io::Write;
use std::process::ExitCode;

use krayin_sim::{Options, Sim};

const USAGE: &str = "usage: krayin_sim --listen ADDR --server 2.1.0|2.2.3-official|2.2.3-community|documented \
[--production] --tokens FILE [--timezone ZONE] [--view-permission global|group|individual] [--webhook URL] \
[--no-throttle] [--calls-a-minute N] [--no-rate-headers] [--latency-ms N] [--keep-alive-requests N] \
[--keep-alive-seconds N] [--gzip]

  --listen ADDR       where to listen, such as 127.0.0.1:8010; port 0 takes a free one
  --server NAME       whose answers to give
  --production        answer as with APP_DEBUG=false
  --tokens FILE       one bearer token a line, each of its own user; the first belongs to user 2
  --timezone ZONE     the server's time zone (Asia/Kolkata)
  --view-permission   whose records the users may see (global)
  --webhook URL       where workflows send each change of a lead

How it is set up in front of its code; a running one is told by POST /_sim/switches:

  --no-throttle             take any number of calls a minute
  --calls-a-minute N        calls a minute for each user, on any server (60, or no limit on 2.2.3)
  --no-rate-headers         send no X-RateLimit headers
  --latency-ms N            answer each request so much later
  --keep-alive-requests N   close a connection after so many requests
  --keep-alive-seconds N    close a connection that has been idle for so long
  --gzip                    pack bodies for clients that accept gzip";

fn main() -> ExitCode {
    let options = match parse(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("krayin_sim: {message}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let listen = options.listen.clone();
    let sim = match Sim::start(options) {
        Ok(sim) => sim,
        Err(error) => {
            eprintln!("krayin_sim: cannot start on {listen}: {error}");
            return ExitCode::from(2);
        }
    };
    // Whoever reads the line may send the signal at once.
    let end = match Signals::listen() {
        Ok(end) => end,
        Err(error) => {
            eprintln!("krayin_sim: cannot wait for a signal: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut out = std::io::stdout();
    // Nobody may be reading; that is no reason to stop.
    let _ = writeln!(out, "listening on {}", sim.url()).and_then(|()| out.flush());
    end.wait();
    sim.stop();
    ExitCode::SUCCESS
}

/// The signals that end it.
struct Signals {
    runtime: tokio::runtime::Runtime,
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let guard = runtime.enter();
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        drop(guard);
        Ok(Self { runtime, terminate, interrupt })
    }

    fn wait(mut self) {
        self.runtime.block_on(async {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
        });
    }
}

/// The options that the arguments ask for. None: they ask for help.
fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options::default();
    let (mut listen, mut server, mut tokens) = (None, None, None);
    while let Some(argument) = arguments.next() {
        let (name, inline) = match argument.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (argument, None),
        };
        let mut value = || inline.clone().or_else(|| arguments.next()).ok_or_else(|| format!("{name} needs a value"));
        match name.as_str() {
            "--help" | "-h" => return Ok(None),
            "--listen" => listen = Some(value()?),
            "--server" => server = Some(value()?.parse()?),
            "--tokens" => tokens = Some(read_tokens(&value()?)?),
            "--webhook" => options.webhook = Some(value()?),
            "--timezone" => options.timezone = value()?,
            "--view-permission" => options.view_permission = value()?.parse()?,
            "--calls-a-minute" | "--latency-ms" | "--keep-alive-requests" | "--keep-alive-seconds" => {
                let number: u64 = value()?.parse().map_err(|_| format!("{name} needs a whole number"))?;
                turn(&mut options, &name, number.into())?;
            }
            "--gzip" if inline.is_none() => turn(&mut options, &name, true.into())?,
            "--no-rate-headers" if inline.is_none() => options.switches.rate_headers = false,
            "--production" if inline.is_none() => options.production = true,
            "--no-throttle" if inline.is_none() => options.throttle = false,
            other => return Err(format!("unknown argument {other:?}")),
        }
    }
    options.listen = listen.ok_or("--listen is missing")?;
    options.server = server.ok_or("--server is missing")?;
    options.tokens = tokens.ok_or("--tokens is missing")?;
    Ok(Some(options))
}

/// Turns the switch that an argument is named after.
fn turn(options: &mut Options, argument: &str, value: serde_json::Value) -> Result<(), String> {
    let name = argument.trim_start_matches('-').replace('-', "_");
    options.switches = options.switches.with(&serde_json::json!({ name: value }))?;
    Ok(())
}

fn read_tokens(path: &str) -> Result<Vec<String>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let tokens: Vec<String> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if tokens.is_empty() {
        return Err(format!("{path}: no token in it"));
    }
    Ok(tokens)
}
