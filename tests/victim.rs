//! One event in a process of its own, which kills itself at a given point: before or after a request or a store.
//!
//! `victim RECORDS_FOLDER POINT SETTINGS EVENT DATA` prints how many points it passed. Point 0 kills at none.

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use krayin_core::{
    BoxFuture,
    api::{Client, Request, ReqwestTransport, Response, Transport, TransportError},
    records::{Kind, Records, RecordsError, Stored},
    retry::Backoff,
    settings::Settings,
    sync::{self, Event},
};
use krayin_tests::FileRecords;

/// Where the process is, and where it ends.
struct Points {
    passed: AtomicU32,
    fatal: u32,
}

impl Points {
    fn pass(&self) {
        if self.passed.fetch_add(1, Ordering::SeqCst) + 1 == self.fatal {
            let pid = std::process::id().to_string();
            let _ = std::process::Command::new("kill").args(["-9", &pid]).status();
            std::thread::sleep(Duration::from_secs(60));
        }
    }
}

struct Wire(ReqwestTransport, Arc<Points>);

impl Transport for Wire {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            self.1.pass();
            let answer = self.0.send(request).await;
            self.1.pass();
            answer
        })
    }
}

struct Store(FileRecords, Arc<Points>);

impl Records for Store {
    fn load(&self, kind: Kind, id: u64) -> BoxFuture<'_, Result<Stored, RecordsError>> {
        self.0.load(kind, id)
    }

    fn store<'a>(&'a self, kind: Kind, id: u64, stored: &'a Stored) -> BoxFuture<'a, Result<(), RecordsError>> {
        Box::pin(async move {
            self.1.pass();
            let done = self.0.store(kind, id, stored).await;
            self.1.pass();
            done
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, fatal, settings, event, data] = arguments.as_slice() else {
        eprintln!("usage: victim RECORDS_FOLDER POINT SETTINGS EVENT DATA");
        return ExitCode::from(2);
    };
    let points = Arc::new(Points { passed: AtomicU32::new(0), fatal: fatal.parse().unwrap_or_default() });
    let run = async {
        let settings = Settings::from_json(settings.as_bytes())?;
        let wire = Wire(ReqwestTransport::new()?, Arc::clone(&points));
        let backoff = Backoff { base: Duration::from_millis(2), cap: Duration::from_millis(5) };
        let client = Client::new(settings.connection()?, Arc::new(wire)).with_backoff(backoff);
        let records = Store(FileRecords::new(folder), Arc::clone(&points));
        let event = Event::from_json(event, data.as_bytes())?;
        sync::process(&event, &settings, &client, &records).await
    };
    match run.await {
        Ok(_) => {
            println!("{}", points.passed.load(Ordering::SeqCst));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
