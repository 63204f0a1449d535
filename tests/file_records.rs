use std::{collections::BTreeMap, fs, path::PathBuf};

use krayin_core::{
    BoxFuture,
    records::{Kind, Records, RecordsError, Stored},
};

/// Keeps ids in a file, whole at every moment: what outlives a process that is killed.
pub struct FileRecords(PathBuf);

type Kept = BTreeMap<String, Stored>;

impl FileRecords {
    /// Records in `path`, which need not be there yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// What is kept of a record.
    pub fn get(&self, kind: Kind, id: u64) -> Stored {
        self.read().remove(&key(kind, id)).unwrap_or_default()
    }

    fn read(&self) -> Kept {
        fs::read(&self.0).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default()
    }

    fn write(&self, kept: &Kept) -> std::io::Result<()> {
        let new = self.0.with_extension("new");
        fs::write(&new, serde_json::to_vec(kept)?)?;
        fs::rename(new, &self.0)
    }
}

fn key(kind: Kind, id: u64) -> String {
    format!("{}:{id}", kind.name())
}

impl Records for FileRecords {
    fn load(&self, kind: Kind, id: u64) -> BoxFuture<'_, Result<Stored, RecordsError>> {
        Box::pin(async move { Ok(self.get(kind, id)) })
    }

    fn store<'a>(&'a self, kind: Kind, id: u64, stored: &'a Stored) -> BoxFuture<'a, Result<(), RecordsError>> {
        Box::pin(async move {
            let mut kept = self.read();
            kept.insert(key(kind, id), stored.clone());
            self.write(&kept).map_err(|_| RecordsError { kind: kind.name(), action: "stored" })
        })
    }
}
