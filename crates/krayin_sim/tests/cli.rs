//! The binary: its arguments, its first line, its end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_krayin_sim");

/// A file of its own for each test.
fn tokens(test: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("krayin_sim-{}-{test}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path
}

fn run(arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).output().unwrap()
}

fn start(arguments: &[&str]) -> (Child, String) {
    let mut child = Command::new(BINARY).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    (child, line)
}

#[test]
fn it_says_where_it_listens_answers_and_ends_when_told() {
    let file = tokens("run", "1|first\n\n 2|second \n");
    for (server, prefix) in [("2.1.0", "/api/v1"), ("documented", "/api/admin")] {
        let (mut child, line) =
            start(&["--listen", "127.0.0.1:0", "--server", server, "--tokens", file.to_str().unwrap()]);
        let address = line.strip_prefix("listening on http://").unwrap().trim_end().strip_suffix(prefix).unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let request = format!(
            "GET {prefix}/get HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer 2|second\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("\"id\":3"), "{answer}");
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let began = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < Duration::from_secs(10), "it goes on running");
            std::thread::sleep(Duration::from_millis(10));
        };
        assert!(status.success());
    }
    std::fs::remove_file(file).unwrap();
}

#[test]
fn all_options_are_taken() {
    let file = tokens("options", "1|first");
    let (mut child, line) = start(&[
        "--listen=127.0.0.1:0",
        "--server=2.2.3-community",
        "--production",
        "--no-throttle",
        "--timezone",
        "Europe/Berlin",
        "--view-permission",
        "group",
        "--tokens",
        file.to_str().unwrap(),
    ]);
    assert!(line.starts_with("listening on http://127.0.0.1:"), "{line}");
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::remove_file(file).unwrap();
}

#[test]
fn wrong_arguments_are_named_and_end_with_status_2() {
    let file = tokens("wrong", "1|first");
    let empty = tokens("empty", "\n");
    let (file_name, empty_name) = (file.to_str().unwrap(), empty.to_str().unwrap());
    let listen = ["--listen", "127.0.0.1:0"];
    let cases: [(&[&str], &str); 11] = [
        (&[], "--listen is missing"),
        (&[listen[0], listen[1]], "--server is missing"),
        (&[listen[0], listen[1], "--server", "2.1.0"], "--tokens is missing"),
        (&["--server", "3.0"], "unknown server \"3.0\""),
        (&["--server"], "--server needs a value"),
        (&["--tokens", "/nowhere/at/all"], "/nowhere/at/all: "),
        (&["--tokens", empty_name], "no token in it"),
        (&["--frobnicate"], "unknown argument \"--frobnicate\""),
        (&["--view-permission", "some"], "unknown view permission"),
        (
            &[listen[0], listen[1], "--server", "2.1.0", "--tokens", file_name, "--timezone", "Mars/Olympus"],
            "time zone \"Mars/Olympus\"",
        ),
        (&["--listen", "nowhere", "--server", "2.1.0", "--tokens", file_name], "cannot start on nowhere"),
    ];
    for (arguments, message) in cases {
        let output = run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(error.starts_with("krayin_sim: ") && error.contains(message), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty());
    }
    std::fs::remove_file(file).unwrap();
    std::fs::remove_file(empty).unwrap();
}

#[test]
fn help_is_no_error() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("usage: krayin_sim"));
}
