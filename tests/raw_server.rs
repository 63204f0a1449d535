//! A server of a few lines that does what no Krayin does: it answers every connection with what a closure says.

#![allow(dead_code, reason = "every test crate takes what it needs")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

/// A request as it was on the wire.
#[derive(Clone, Debug)]
pub struct Wire {
    pub head: String,
    pub body: String,
}

impl Wire {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Every connection on a thread of its own, until the process ends.
pub struct RawServer {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Wire>>>,
}

impl RawServer {
    /// `answer` writes the answer to a request; false ends the connection.
    pub fn start(answer: impl Fn(&Wire, &mut TcpStream) -> bool + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&seen), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                std::thread::spawn(move || {
                    while let Some(wire) = read(&stream) {
                        log.lock().unwrap().push(wire.clone());
                        if !answer(&wire, &mut stream.try_clone().unwrap()) {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, seen }
    }

    pub fn seen(&self) -> Vec<Wire> {
        self.seen.lock().unwrap().clone()
    }

    pub fn url(&self) -> String {
        format!("http://{}/api/v1", self.address)
    }
}

fn read(stream: &TcpStream) -> Option<Wire> {
    // Nothing is sent before the answer, so that no byte of the next request is swallowed.
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let mut wire = Wire { head, body: String::new() };
    let length = wire.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    wire.body = String::from_utf8_lossy(&body).into_owned();
    Some(wire)
}

/// Writes an answer of JSON.
pub fn write_json(stream: &mut TcpStream, headers: &str, body: &str) -> bool {
    let length = body.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n");
    stream.write_all(format!("{head}{body}").as_bytes()).is_ok()
}
