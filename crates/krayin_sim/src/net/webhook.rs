//! Sends a webhook's call over plain HTTP/1.1.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::model::automation::OutgoingCall;

/// How long the called side may take. The real server waits without end; a test should not.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends one call and waits for an answer. What becomes of it is nobody's concern, as on the real server.
pub(crate) async fn send(call: &OutgoingCall) {
    let _ = tokio::time::timeout(PATIENCE, attempt(call)).await;
}

async fn attempt(call: &OutgoingCall) -> std::io::Result<()> {
    let Some(rest) = call.url.strip_prefix("http://") else {
        return Err(std::io::Error::other("only plain HTTP is sent"));
    };
    let (authority, target) = match rest.find(['/', '?']) {
        Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at..).unwrap_or_default()),
        None => (rest, "/"),
    };
    let address = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
    let slash = if target.starts_with('/') { "" } else { "/" };
    let mut head = format!("{} {slash}{target} HTTP/1.1\r\nHost: {authority}\r\n", call.method);
    for (name, value) in &call.headers {
        let clean = |text: &str| text.replace(['\r', '\n'], " ");
        head.push_str(&format!("{}: {}\r\n", clean(name), clean(value)));
    }
    head.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n", call.body.len()));
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(call.body.as_bytes()).await?;
    stream.read_u8().await.map(|_| ())
}
