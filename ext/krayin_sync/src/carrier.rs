//! Has HTTP attempts made by the runtime's own thread, whole: so the one who waits is woken once an attempt, and a
//! connection is back in the pool before anybody can ask for the next.

use std::{panic::resume_unwind, sync::Arc};

use krayin_core::{
    BoxFuture,
    api::{Request, ReqwestTransport, Response, Transport, TransportError, TransportErrorKind},
};
use tokio::{runtime::Handle, task::JoinHandle};

pub(crate) struct Carrier {
    transport: Arc<ReqwestTransport>,
    runtime: Handle,
}

impl Carrier {
    pub(crate) fn new(transport: ReqwestTransport, runtime: Handle) -> Self {
        Self { transport: Arc::new(transport), runtime }
    }
}

/// Ends the attempt when the one who waits for it leaves.
struct Sent(JoinHandle<Result<Response, TransportError>>);

impl Drop for Sent {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Transport for Carrier {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        let (transport, request) = (Arc::clone(&self.transport), request.clone());
        Box::pin(async move {
            let mut sent = Sent(self.runtime.spawn(async move { transport.send(&request).await }));
            match (&mut sent.0).await {
                Ok(answer) => answer,
                Err(ended) => match ended.try_into_panic() {
                    Ok(panic) => resume_unwind(panic),
                    Err(_) => Err(TransportError {
                        kind: TransportErrorKind::Interrupted,
                        reason: "the attempt was ended".into(),
                    }),
                },
            }
        })
    }
}
