use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// hyper takes sixteen of these ahead of the socket, and sends what it has taken even when the call is given up.
const CHUNK: usize = 16 * 1024;

/// A body that is handed over piece by piece: of a request that is cancelled while it is sent, the end never arrives, so
/// the server does not run it. It knows whether any of it was asked for, which is when there is a connection.
pub(in crate::api) struct ChunkedBody {
    rest: Bytes,
    begun: Arc<AtomicBool>,
}

impl ChunkedBody {
    /// The body, and what becomes true when it is first asked for.
    pub(in crate::api) fn of(body: &[u8]) -> (Self, Arc<AtomicBool>) {
        let begun = Arc::<AtomicBool>::default();
        (Self { rest: Bytes::copy_from_slice(body), begun: Arc::clone(&begun) }, begun)
    }
}

impl Body for ChunkedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.begun.store(true, Ordering::Relaxed);
        let next = self.rest.len().min(CHUNK);
        let piece = self.rest.split_to(next);
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        sync::atomic::Ordering,
        task::{Context, Poll, Waker},
    };

    use http_body::Body;

    use super::{CHUNK, ChunkedBody};

    #[test]
    fn hands_over_the_whole_body_and_says_how_long_it_is() {
        for length in [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
            let body: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let (mut pieces, begun) = ChunkedBody::of(&body);
            assert!(!begun.load(Ordering::Relaxed));
            assert_eq!(pieces.size_hint().exact(), Some(length as u64));
            let mut sent = Vec::new();
            while let Poll::Ready(Some(frame)) =
                Pin::new(&mut pieces).poll_frame(&mut Context::from_waker(Waker::noop()))
            {
                let piece = frame.unwrap().into_data().unwrap();
                assert!(piece.len() <= CHUNK);
                sent.extend_from_slice(&piece);
            }
            assert!(pieces.is_end_stream() && begun.load(Ordering::Relaxed));
            assert_eq!(sent, body);
        }
    }
}
