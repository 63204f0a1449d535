//! The listener: connections, and what they share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::net::exchange::{Connection, exchange};
use crate::net::shared::{PATIENCE, Shared};

/// Accepts connections until `stop` says so.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>, mut stop: oneshot::Receiver<()>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stop => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let number = shared.connections.fetch_add(1, Ordering::Relaxed) + 1;
                tokio::spawn(connection(stream, number, Arc::clone(&shared)));
            }
            // Out of file descriptors: wait until some connection has ended.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn connection(stream: TcpStream, number: u64, shared: Arc<Shared>) {
    // Without this a small answer waits for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    // Between two requests too, the connection waits for headers.
    let patience = shared.lock().switches.keep_alive_idle.map_or(PATIENCE, |idle| idle.min(PATIENCE));
    let carried = AtomicU32::new(0);
    let service = service_fn(move |request| {
        let nth = carried.fetch_add(1, Ordering::Relaxed) + 1;
        exchange(request, Connection { number, nth }, Arc::clone(&shared))
    });
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
