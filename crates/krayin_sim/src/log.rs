//! The log of requests: what came, from whom, and what it got.

use std::collections::VecDeque;

use serde_json::{Value, json};

/// A request that arrived, as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Counted from 1; a restarted log goes on counting.
    pub number: u64,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path below the server's prefix: `/contacts/persons`. The whole path when it has another beginning.
    pub path: String,
    /// The decoded query, in its order.
    pub query: Vec<(String, String)>,
    /// The status of the answer; 0 when none was sent.
    pub status: u16,
    /// The user behind the token, if it is one.
    pub user: Option<u64>,
    /// Which connection it came on, counted from 1.
    pub connection: u64,
    /// The body that came.
    pub body: String,
    /// The body that was sent.
    pub answer: String,
}

impl Logged {
    /// The body that came, as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub(crate) fn show(&self) -> Value {
        let parsed = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| json!(text));
        json!({
            "number": self.number,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "status": self.status,
            "user": self.user,
            "connection": self.connection,
            "body": parsed(&self.body),
            "answer": parsed(&self.answer),
        })
    }

    fn bytes(&self) -> usize {
        self.body.len() + self.answer.len() + self.path.len() + 200
    }
}

/// How many bytes the log holds before it drops its oldest requests.
const LIMIT: usize = 32 << 20;

/// The last requests.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: VecDeque<Logged>,
    bytes: usize,
    count: u64,
}

impl Log {
    pub(crate) fn push(&mut self, mut entry: Logged) -> u64 {
        self.count += 1;
        entry.number = self.count;
        self.bytes += entry.bytes();
        self.entries.push_back(entry);
        while self.bytes > LIMIT {
            let Some(dropped) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= dropped.bytes();
        }
        self.count
    }

    /// Notes how a request ended.
    pub(crate) fn finish(&mut self, number: u64, status: u16, answer: String) {
        if let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.number == number) {
            self.bytes = (self.bytes + answer.len()).saturating_sub(entry.answer.len());
            entry.status = status;
            entry.answer = answer;
        }
    }

    /// Notes whose request it was.
    pub(crate) fn name_user(&mut self, number: u64, user: Option<u64>) {
        if let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.number == number) {
            entry.user = user;
        }
    }

    /// Those with a higher number than this one: a long run's log is taken bit by bit, before it drops them.
    pub(crate) fn after(&self, number: u64) -> Vec<Logged> {
        let from = self.entries.partition_point(|entry| entry.number <= number);
        self.entries.range(from..).cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }
}
