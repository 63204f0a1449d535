//! What stands between the code and the client dresses an answer: rate headers off, bodies packed, connections ended.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::{self, HeaderValue};

use crate::api::message::{Request, Response};
use crate::net::shared::Body;
use crate::switches::Switches;

/// Bodies below this are not worth packing, as in front of most servers.
const WORTH_PACKING: usize = 256;

/// Takes the rate headers off and packs the body, as the switches say.
pub(crate) fn dress(mut response: Response, request: &Request, switches: &Switches) -> Response {
    if !switches.rate_headers {
        response.headers.retain(|(name, _)| !name.starts_with("x-ratelimit"));
    }
    let packs = switches.gzip && request.accepts_gzip && response.body.len() >= WORTH_PACKING;
    if packs && let Some(packed) = pack(&response.body) {
        response.body = packed;
        response.headers.push(("content-encoding", "gzip".to_owned()));
        response.headers.push(("vary", "Accept-Encoding".to_owned()));
    }
    response
}

fn pack(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

/// The last answer of a connection says so; hyper then closes it.
pub(crate) fn end_connection(
    mut answer: hyper::Response<Body>,
    nth: u32,
    switches: &Switches,
) -> hyper::Response<Body> {
    if switches.keep_alive_requests.is_some_and(|most| nth >= most) {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}
