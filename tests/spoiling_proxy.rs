//! What stands between a client and its server in the open: it passes requests on, and spoils answers after the server acted.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

/// One answer in so many is spoiled.
const ONE_IN: u64 = 7;
/// Longer than the tests let an attempt take.
const SLOW: Duration = Duration::from_millis(1_300);
/// Larger than any answer that is read.
const TOO_LARGE: usize = 9 << 20;

/// A proxy on loopback, until the process ends.
pub struct SpoilingProxy {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    to: String,
    random: AtomicU64,
    spoils: AtomicBool,
    answered: AtomicUsize,
    spoiled: AtomicUsize,
}

type Spoil = fn(&mut TcpStream, &[u8]) -> std::io::Result<()>;

const KINDS: [Spoil; 43] = [
    |_, _| Ok(()),
    |out, answer| out.write_all(answer.get(..answer.len() / 2).unwrap_or_default()),
    |out, answer| {
        std::thread::sleep(SLOW);
        out.write_all(answer)
    },
    |out, _| page(out, "502 Bad Gateway", ""),
    |out, _| page(out, "503 Service Unavailable", ""),
    |out, _| page(out, "504 Gateway Timeout", ""),
    |out, _| page(out, "502 Bad Gateway", "Retry-After: 0\r\n"),
    |out, _| page(out, "503 Service Unavailable", "Retry-After: 0\r\n"),
    |out, _| page(out, "504 Gateway Timeout", "Retry-After: 0\r\n"),
    |out, _| page(out, "524 A Timeout Occurred", ""),
    |out, _| page(out, "408 Request Timeout", ""),
    |out, _| page(out, "500 Internal Server Error", ""),
    |out, _| page(out, "200 OK", ""),
    |out, _| json(out, "200 OK", "", "{\"status\":\"ok\"}"),
    |out, _| json(out, "200 OK", "", ""),
    |out, _| json(out, "200 OK", "Content-Encoding: gzip\r\n", "\u{1f}\u{8b}"),
    |out, _| page(out, "302 Found", "Location: /login\r\n"),
    |out, _| {
        write!(out, "HTTP/1.1 200 OK\r\nContent-Length: {TOO_LARGE}\r\nConnection: close\r\n\r\n")?;
        // The client hangs up in the middle of it.
        let _ = out.write_all(&vec![b' '; TOO_LARGE]);
        Ok(())
    },
    |out, _| json(out, "500 Internal Server Error", "", "{\"message\":\"Server Error\"}"),
    |out, _| page(out, "401 Unauthorized", "WWW-Authenticate: Basic\r\n"),
    |out, _| page(out, "403 Forbidden", ""),
    |out, _| page(out, "404 Not Found", ""),
    |out, _| page(out, "407 Proxy Authentication Required", ""),
    |out, _| page(out, "409 Conflict", ""),
    |out, _| page(out, "410 Gone", ""),
    |out, _| page(out, "418 I'm a teapot", ""),
    |out, _| page(out, "421 Misdirected Request", ""),
    |out, _| page(out, "423 Locked", ""),
    |out, _| page(out, "425 Too Early", "Retry-After: 0\r\n"),
    |out, _| page(out, "451 Unavailable For Legal Reasons", ""),
    |out, _| page(out, "419 Page Expired", ""),
    |out, _| page(out, "429 Too Many Requests", "Retry-After: 0\r\n"),
    |out, _| page(out, "499 Client Closed Request", ""),
    |out, _| page(out, "520 Web Server Returned an Unknown Error", ""),
    |out, _| page(out, "522 Connection Timed Out", ""),
    |out, _| page(out, "530 Origin Error", ""),
    |out, answer| {
        // An end in good order, in the middle.
        let half = body(answer).get(..body(answer).len() / 2).unwrap_or_default();
        write!(out, "HTTP/1.1 {}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n", status(answer))?;
        write!(out, "{:x}\r\n", half.len())?;
        out.write_all(half)?;
        write!(out, "\r\n0\r\n\r\n")
    },
    |out, answer| json(out, status(answer), "Retry-After: -5\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n", "null"),
    |out, answer| around(out, answer, "\u{feff}", ""),
    |out, answer| around(out, answer, "<br />\n<b>Warning</b>: x in <b>y.php</b> on line <b>1</b><br />\n", ""),
    |out, answer| around(out, answer, "", "\n<br />\n<b>Deprecated</b>: x"),
    |out, answer| {
        let body = body(answer);
        write!(out, "HTTP/1.1 {}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n", status(answer))?;
        write!(out, "{:x}\r\n", body.len())?;
        out.write_all(body)?;
        write!(out, "\r\n0\r\n\r\nHTTP/1.1 500 and more\r\n\r\n")
    },
    |out, answer| {
        let body = body(answer);
        write!(out, "HTTP/1.1 {}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n", status(answer))?;
        write!(out, "{:x}\r\n", body.len())?;
        out.write_all(body)?;
        write!(out, "\r\nrubbish")
    },
];

fn page(out: &mut TcpStream, status: &str, headers: &str) -> std::io::Result<()> {
    json(out, status, headers, "<!DOCTYPE html><html><title>One moment</title></html>")
}

fn json(out: &mut TcpStream, status: &str, headers: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    write!(out, "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

/// The answer with something before and after its body.
fn around(out: &mut TcpStream, answer: &[u8], before: &str, after: &str) -> std::io::Result<()> {
    let body = format!("{before}{}{after}", String::from_utf8_lossy(body(answer)));
    // What the server tells of its budget stands.
    let head = String::from_utf8_lossy(answer);
    let rate = head
        .split("\r\n\r\n")
        .next()
        .unwrap_or_default()
        .lines()
        .filter(|line| line.to_lowercase().starts_with("x-rate"));
    json(out, status(answer), &rate.map(|line| format!("{line}\r\n")).collect::<String>(), &body)
}

fn status(answer: &[u8]) -> &str {
    let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
    std::str::from_utf8(line).ok().and_then(|line| line.split_once(' ')).map_or("200 OK", |(_, status)| status)
}

fn body(answer: &[u8]) -> &[u8] {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").map_or(answer.len(), |at| at + 4);
    answer.get(end..).unwrap_or_default()
}

impl SpoilingProxy {
    /// Before the server at `url`, an address with a port. The same seed spoils the same answers the same way.
    pub fn start(url: &str, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let to = url.split("//").nth(1).unwrap().split('/').next().unwrap().to_owned();
        let url = url.replace(&to, &address.to_string());
        let shared = Arc::new(Shared {
            to,
            random: AtomicU64::new(seed),
            spoils: AtomicBool::new(false),
            answered: AtomicUsize::new(0),
            spoiled: AtomicUsize::new(0),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&serving);
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        Self { url, shared }
    }

    /// Where clients are to connect, as the server's own.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Whether it spoils.
    pub fn spoil(&self, spoils: bool) {
        self.shared.spoils.store(spoils, Ordering::SeqCst);
    }

    /// How many requests it has passed on while it spoiled.
    pub fn answered(&self) -> usize {
        self.shared.answered.load(Ordering::SeqCst)
    }

    /// How many of their answers were spoiled.
    pub fn spoiled(&self) -> usize {
        self.shared.spoiled.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let Some(request) = read(&mut reader) else { return };
        let mut server = TcpStream::connect(&self.to).unwrap();
        let mut answer = Vec::new();
        if server.write_all(&request).and_then(|()| server.read_to_end(&mut answer)).is_err() {
            return;
        }
        let _ = match self.spoiler() {
            Some(spoil) => spoil(&mut stream, &answer),
            None => stream.write_all(&answer),
        };
    }

    fn spoiler(&self) -> Option<Spoil> {
        if !self.spoils.load(Ordering::SeqCst) {
            return None;
        }
        self.answered.fetch_add(1, Ordering::SeqCst);
        let drawn = self.draw();
        drawn.is_multiple_of(ONE_IN).then(|| {
            self.spoiled.fetch_add(1, Ordering::SeqCst);
            KINDS[(drawn / ONE_IN) as usize % KINDS.len()]
        })
    }

    /// SplitMix64.
    fn draw(&self) -> u64 {
        let mut z = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// A request, changed so that its connection ends with it.
fn read(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let (mut request, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(number) = lower.strip_prefix("content-length:") {
            length = number.trim().parse().ok()?;
        }
        if line == "\r\n" {
            request.extend_from_slice(b"connection: close\r\n\r\n");
            break;
        }
        if !lower.starts_with("connection:") {
            request.extend_from_slice(line.as_bytes());
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    request.extend(body);
    Some(request)
}
