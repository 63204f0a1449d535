//! A wire to a server on this machine that is as long as one to a server elsewhere, with TLS at its far end.
//!
//! `wire TARGET RTT_MS [CERT KEY]` prints `listening on ADDR`. Bytes take half the round-trip time each way, so every
//! exchange of the handshake costs a whole one, as every request does.

use std::{fs::File, io::BufReader, net::SocketAddr, sync::Arc, time::Duration};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional, duplex, split},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tokio_rustls::TlsAcceptor;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (target, rtt, tls) = match arguments.as_slice() {
        [target, rtt] => (target, rtt, None),
        [target, rtt, cert, key] => (target, rtt, Some(acceptor(cert, key)?)),
        _ => return Err("usage: wire TARGET RTT_MS [CERT KEY]".into()),
    };
    let target: SocketAddr = target.parse()?;
    let one_way = Duration::from_secs_f64(rtt.parse::<f64>()? / 2_000.0);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (client, _) = listener.accept().await?;
        let tls = tls.clone();
        tokio::spawn(async move {
            // A client that leaves is no fault of the wire's.
            let _ = carry(client, target, one_way, tls).await;
        });
    }
}

fn acceptor(cert: &str, key: &str) -> Result<TlsAcceptor, Failure> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_reader_iter(BufReader::new(File::open(cert)?)).collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn carry(
    client: TcpStream,
    target: SocketAddr,
    one_way: Duration,
    tls: Option<TlsAcceptor>,
) -> Result<(), Failure> {
    client.set_nodelay(true)?;
    let mut server = TcpStream::connect(target).await?;
    server.set_nodelay(true)?;
    let (near, far) = duplex(1 << 20);
    let (client_read, client_write) = client.into_split();
    let (near_read, near_write) = split(near);
    let there = tokio::spawn(delay(client_read, near_write, one_way));
    let back = tokio::spawn(delay(near_read, client_write, one_way));
    match tls {
        Some(tls) => {
            let mut far = tls.accept(far).await?;
            copy_bidirectional(&mut far, &mut server).await?;
        }
        None => {
            let mut far = far;
            copy_bidirectional(&mut far, &mut server).await?;
        }
    }
    there.abort();
    let _ = back.await;
    Ok(())
}

/// Hands bytes on, each piece as late as it came.
async fn delay(
    mut from: impl AsyncRead + Unpin + Send + 'static,
    mut to: impl AsyncWrite + Unpin,
    late: Duration,
) -> Result<(), std::io::Error> {
    let (sender, mut pieces) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let reader = tokio::spawn(async move {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count) = from.read(&mut buffer).await {
            let piece = buffer.get(..count).unwrap_or_default().to_vec();
            if count == 0 || sender.send((Instant::now() + late, piece)).is_err() {
                break;
            }
        }
    });
    while let Some((due, piece)) = pieces.recv().await {
        sleep_until(due).await;
        to.write_all(&piece).await?;
        to.flush().await?;
    }
    reader.abort();
    to.shutdown().await
}
