use std::{
    fs, io,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use krayin_core::{
    BoxFuture,
    records::{Kind, Records, RecordsError, Stored},
};

/// Keeps ids in a folder, a file a record, each whole at every moment: what outlives a process that is killed and what
/// processes share.
pub struct FileRecords(PathBuf);

static WRITTEN: AtomicU32 = AtomicU32::new(0);

impl FileRecords {
    /// Records in `folder`, which need not be there yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// What is kept of a record.
    pub fn get(&self, kind: Kind, id: u64) -> Stored {
        let kept = fs::read(self.file(kind, id)).ok();
        kept.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default()
    }

    fn file(&self, kind: Kind, id: u64) -> PathBuf {
        self.0.join(format!("{}-{id}.json", kind.name()))
    }

    fn write(&self, kind: Kind, id: u64, stored: &Stored) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let new = self.0.join(format!("{}-{number}.new", std::process::id()));
        fs::write(&new, serde_json::to_vec(stored)?)?;
        fs::rename(new, self.file(kind, id))
    }
}

impl Records for FileRecords {
    fn load(&self, kind: Kind, id: u64) -> BoxFuture<'_, Result<Stored, RecordsError>> {
        Box::pin(async move { Ok(self.get(kind, id)) })
    }

    fn store<'a>(&'a self, kind: Kind, id: u64, stored: &'a Stored) -> BoxFuture<'a, Result<(), RecordsError>> {
        Box::pin(async move {
            self.write(kind, id, stored).map_err(|_| RecordsError { kind: kind.name(), action: "stored" })
        })
    }
}
