//! Has HTTP attempts made by the runtime, whole: so one for whom another thread carries is woken once an attempt, and a
//! connection is back in the pool before anybody can ask for the next.

use std::{panic::resume_unwind, sync::Arc};

use krayin_core::{
    BoxFuture,
    api::{Request, ReqwestTransport, Response, Transport, TransportError, TransportErrorKind},
    server::Connection,
    settings::SettingsError,
};
use tokio::{
    runtime::Handle,
    task::{JoinHandle, yield_now},
};

use crate::convert;

pub(crate) struct RuntimeTransport {
    transport: Arc<ReqwestTransport>,
    runtime: Handle,
}

impl RuntimeTransport {
    pub(crate) fn new(transport: ReqwestTransport, runtime: Handle) -> Self {
        Self { transport: Arc::new(transport), runtime }
    }

    /// Makes what requests over `connection` need, with the GVL: nobody changes the environment meanwhile.
    pub(crate) fn prepare(&self, connection: &Connection) -> Result<(), SettingsError> {
        let _inside = self.runtime.enter();
        self.transport.prepare(connection)
    }
}

/// Ends the attempt when the one who waits for it leaves.
struct Sent(JoinHandle<Result<Response, TransportError>>);

impl Drop for Sent {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Transport for RuntimeTransport {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        let (transport, request) = (Arc::clone(&self.transport), request.clone());
        Box::pin(async move {
            let mut sent = Sent(self.runtime.spawn(async move {
                // Nobody may have carried for a while: what has come meanwhile, such as the end of a connection that was
                // kept, is looked at first.
                yield_now().await;
                transport.send(&request).await
            }));
            match (&mut sent.0).await {
                Ok(Ok(answer)) if !convert::is_room_for(answer.body.len()) => Err(TransportError::no_memory()),
                Ok(answer) => answer,
                Err(ended) => match ended.try_into_panic() {
                    Ok(panic) => resume_unwind(panic),
                    Err(_) => Err(TransportError::of(TransportErrorKind::Interrupted)),
                },
            }
        })
    }
}
