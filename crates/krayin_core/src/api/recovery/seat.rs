//! The tokens of a connection: each has a budget of its own, and one that is refused is left out.

use std::{
    cmp::Reverse,
    sync::{Arc, atomic::Ordering},
};

use super::{failure::is_foreign_limit, rate_limiter::RateLimiter, state::ServerState};
use crate::api::{ApiError, Client, ErrorKind, Executed};

/// One of a connection's tokens, and what is known of it.
#[derive(Debug, Clone, Default)]
pub(in crate::api) struct Seat {
    pub(in crate::api) state: Arc<ServerState>,
    pub(in crate::api) limiter: Option<Arc<RateLimiter>>,
}

impl Seat {
    pub(in crate::api) fn limiter(&self) -> &RateLimiter {
        self.limiter.as_ref().unwrap_or(&self.state.limiter)
    }
}

/// Leave to send one request: with which token, and by which number; 0 is that of none.
#[derive(Debug, Clone, Copy)]
pub(in crate::api) struct Leave {
    pub(in crate::api) seat: usize,
    pub(in crate::api) number: u64,
}

impl Client {
    pub(in crate::api) fn seat(&self, seat: usize) -> &Seat {
        seat.checked_sub(1).and_then(|other| self.others.get(other)).unwrap_or(&self.first)
    }

    pub(in crate::api) fn seats(&self) -> impl Iterator<Item = &Seat> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The tokens in the order in which a request asks them for leave: first the one that holds some for this work, then
    /// that with the most room. Where all are refused, the last one is asked again.
    pub(in crate::api) fn seats_in_order(&self) -> Vec<usize> {
        let last = self.last_seat.load(Ordering::Relaxed);
        let mut fit: Vec<_> = (0..=self.others.len()).filter(|seat| !self.seat(*seat).state.is_refused()).collect();
        if fit.is_empty() {
            return vec![last];
        }
        if fit.len() > 1 {
            fit.sort_by_cached_key(|seat| {
                let limiter = self.seat(*seat).limiter();
                (!limiter.holds(), Reverse(limiter.room()), *seat != last)
            });
        }
        fit
    }

    /// Whether a request that was refused goes on with another token.
    pub(in crate::api) fn goes_on_with_another(&self, seat: usize, error: &ApiError) -> bool {
        if self.others.is_empty() || error.executed != Executed::No {
            return false;
        }
        match error.kind {
            ErrorKind::Authentication | ErrorKind::Permission => self.seat(seat).state.refuse(),
            // What Krayin counts is the token's: this one has none left.
            ErrorKind::RateLimit if !is_foreign_limit(error) => {}
            _ => return false,
        }
        self.seats_in_order().into_iter().any(|other| {
            let known = self.seat(other);
            other != seat && !known.state.is_refused() && known.limiter().room() > 0
        })
    }

    /// Of several tokens, by their place from 1 on, whether each works, as far as answers have told.
    pub fn tokens(&self) -> Vec<(usize, bool)> {
        if self.others.is_empty() {
            return Vec::new();
        }
        let told = self.seats().map(|seat| seat.state.works()).zip(1..);
        told.filter_map(|(works, place)| works.map(|works| (place, works))).collect()
    }
}
