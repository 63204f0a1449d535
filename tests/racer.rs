//! Events of one contact at the same moment, in a process that may have brothers.
//!
//! `racer RECORDS_FOLDER SETTINGS LOCKED` reads rounds from its input, one a line: `[contact id, [[event, data], …]]`. It
//! runs the events of a round in parallel, each again after an error as a job would, and answers a line with the errors
//! that were left.

use std::{io::BufRead, path::Path, process::ExitCode, sync::Arc, time::Duration};

use krayin_core::{
    Error,
    api::{Client, ReqwestTransport},
    retry::Backoff,
    settings::Settings,
    sync::{self, Event},
};
use krayin_tests::FileRecords;
use serde_json::{Value, json};

/// As often as a job comes back.
const RUNS: u32 = 6;

/// What the job layer has: one lock a contact, shared by all processes.
struct Lock(std::path::PathBuf);

impl Lock {
    async fn of(folder: &Path, contact: u64) -> Self {
        let path = folder.join(format!("contact-{contact}.lock"));
        while std::fs::File::create_new(&path).is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Self(path)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

struct Racer {
    folder: String,
    settings: Settings,
    transport: Arc<ReqwestTransport>,
    locked: bool,
}

impl Racer {
    async fn run(&self, contact: u64, event: &Event) -> Result<(), Error> {
        let folder = Path::new(&self.folder);
        let records = FileRecords::new(folder);
        let backoff = Backoff { base: Duration::from_millis(2), cap: Duration::from_millis(5) };
        let mut run = 0;
        loop {
            run += 1;
            let _lock = if self.locked { Some(Lock::of(folder, contact).await) } else { None };
            let client = Client::new(self.settings.connection()?, self.transport.clone()).with_backoff(backoff);
            match sync::process(event, &self.settings, &client, &records).await {
                Err(_) if run < RUNS => {}
                ended => return ended.map(drop),
            }
        }
    }
}

#[tokio::main(worker_threads = 8)]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, settings, locked] = arguments.as_slice() else {
        eprintln!("usage: racer RECORDS_FOLDER SETTINGS LOCKED");
        return ExitCode::from(2);
    };
    let (Ok(settings), Ok(transport)) = (Settings::from_json(settings.as_bytes()), ReqwestTransport::new()) else {
        return ExitCode::FAILURE;
    };
    let locked = locked == "true";
    let racer = Arc::new(Racer { folder: folder.clone(), settings, transport: Arc::new(transport), locked });
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let Ok((contact, events)) = serde_json::from_str::<(u64, Vec<(String, Value)>)>(&line) else {
            return ExitCode::FAILURE;
        };
        let mut running = Vec::new();
        for (name, data) in events {
            let racer = Arc::clone(&racer);
            running.push(tokio::spawn(async move {
                let event = Event::from_json(&name, data.to_string().as_bytes())?;
                racer.run(contact, &event).await
            }));
        }
        let mut errors = Vec::new();
        for task in running {
            match task.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => errors.push(error.to_string()),
                Err(error) => errors.push(error.to_string()),
            }
        }
        println!("{}", json!(errors));
    }
    ExitCode::SUCCESS
}
