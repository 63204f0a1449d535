//! A plain HTTP/1.1 client for the tests of the simulator: it sees what is on the wire, and hides nothing.

#![allow(dead_code, reason = "every test crate takes what it needs")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use krayin_sim::{Options, Server, Sim};
use serde_json::Value;

pub const V210: Server = Server::Krayin210;
pub const OFFICIAL: Server = Server::Krayin223Official;
pub const COMMUNITY: Server = Server::Krayin223Community;
pub const PACKAGES: [Server; 3] = [V210, OFFICIAL, COMMUNITY];

/// A simulator without a limit.
pub fn start(server: Server) -> Sim {
    Sim::start(Options { server, throttle: false, ..Options::default() }).unwrap()
}

/// An answer as it came.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub fn data(&self) -> Value {
        self.json()["data"].clone()
    }

    pub fn id(&self) -> u64 {
        self.data()["id"].as_u64().unwrap_or_else(|| panic!("no id in {self:?}"))
    }

    /// The ids of a list.
    pub fn ids(&self) -> Vec<u64> {
        let data = self.data();
        let rows = data.as_array().unwrap_or_else(|| panic!("no list in {self:?}"));
        rows.iter().filter_map(|row| row["id"].as_u64()).collect()
    }

    /// The messages of a 422 by field.
    pub fn errors(&self) -> Value {
        self.json()["errors"].clone()
    }

    /// `(limit, remaining)` of the rate headers.
    pub fn rate(&self) -> Option<(u32, u32)> {
        let number = |name| self.header(name)?.parse().ok();
        Some((number("x-ratelimit-limit")?, number("x-ratelimit-remaining")?))
    }
}

/// The headers that a good client of Krayin sends.
pub const JSON: [(&str, &str); 3] =
    [("Accept", "application/json"), ("X-Requested-With", "XMLHttpRequest"), ("Content-Type", "application/json")];

/// Opens a connection to the simulator.
pub fn connect(sim: &Sim) -> TcpStream {
    let root = sim.root();
    let address = root.strip_prefix("http://").unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Sends one request on a connection of its own. `target` is the whole path with its query.
pub fn raw(sim: &Sim, method: &str, target: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> io::Result<Reply> {
    let mut stream = connect(sim);
    let mut request = format!("{method} {target} HTTP/1.1\r\nHost: krayin.test\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = body {
        request.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes())?;
    stream.write_all(body.unwrap_or_default())?;
    read_reply(&mut stream)
}

/// Reads an answer to the end of the connection. One that breaks off is an error.
pub fn read_reply(stream: &mut TcpStream) -> io::Result<Reply> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let broken = |what: &str| io::Error::new(io::ErrorKind::UnexpectedEof, what.to_owned());
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").ok_or_else(|| broken("no head"))?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let body = &bytes[end + 4..];
    let mut lines = head.split("\r\n");
    let status =
        lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).ok_or_else(|| broken("no status"))?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let declared = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    if declared.is_some_and(|length: usize| length != body.len()) {
        return Err(broken("the body is shorter than declared"));
    }
    Ok(Reply { status, headers, body: String::from_utf8_lossy(body).into_owned() })
}

/// A client with the simulator's first token.
#[derive(Clone, Copy)]
pub struct Client<'a> {
    pub sim: &'a Sim,
    pub token: usize,
}

impl<'a> Client<'a> {
    pub fn new(sim: &'a Sim) -> Self {
        Self { sim, token: 0 }
    }

    /// Sends a request to a path below the server's prefix.
    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        self.try_send(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    pub fn try_send(&self, method: &str, path: &str, body: Option<&Value>) -> io::Result<Reply> {
        let url = self.sim.url();
        let root = self.sim.root();
        let prefix = url.strip_prefix(root.as_str()).unwrap();
        let token = format!("Bearer {}", self.sim.token(self.token));
        let mut headers = JSON.to_vec();
        headers.push(("Authorization", &token));
        let body = body.map(Value::to_string);
        raw(self.sim, method, &format!("{prefix}{path}"), &headers, body.as_deref().map(str::as_bytes))
    }

    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None)
    }

    pub fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, Some(&body))
    }

    pub fn put(&self, path: &str, body: Value) -> Reply {
        self.send("PUT", path, Some(&body))
    }

    pub fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None)
    }
}

/// One connection that carries many requests.
pub struct KeepAlive<'a> {
    client: Client<'a>,
    stream: BufReader<TcpStream>,
}

impl<'a> KeepAlive<'a> {
    pub fn new(client: Client<'a>) -> Self {
        let stream = connect(client.sim);
        stream.set_nodelay(true).unwrap();
        Self { client, stream: BufReader::new(stream) }
    }

    pub fn send(&mut self, method: &str, path: &str, body: &Value) -> Reply {
        let sim = self.client.sim;
        let body = body.to_string();
        let prefix = sim.url().strip_prefix(sim.root().as_str()).unwrap().to_owned();
        let request = format!(
            "{method} {prefix}{path} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nContent-Type: application/json\r\n\
             Authorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
            sim.token(self.client.token),
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let status =
            line.split(' ').nth(1).unwrap_or_else(|| panic!("{method} {path} {body}: closed")).parse().unwrap();
        let mut headers = Vec::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            match line.trim_end().split_once(": ") {
                Some((name, value)) => headers.push((name.to_lowercase(), value.to_owned())),
                None => break,
            }
        }
        let length = headers.iter().find(|(name, _)| name == "content-length").map(|(_, value)| value.parse().unwrap());
        let mut bytes = vec![0; length.unwrap_or(0)];
        self.stream.read_exact(&mut bytes).unwrap();
        Reply { status, headers, body: String::from_utf8_lossy(&bytes).into_owned() }
    }
}

/// Percent encoding of a query's part.
pub fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
