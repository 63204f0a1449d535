//! A request as the code sees it, and a response before it is put on the wire.

use crate::change::Around;

/// A request as the code sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path without query.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) host: String,
    pub(crate) token: Option<String>,
    pub(crate) content_type: String,
    pub(crate) accept: Option<String>,
    pub(crate) is_ajax: bool,
    pub(crate) accepts_gzip: bool,
    pub(crate) body: Vec<u8>,
    /// The body was larger than the server takes and is not here.
    pub(crate) too_large: bool,
    /// What colleagues do before and after it is carried out.
    pub(crate) changes: Around,
}

impl Request {
    /// Laravel's `expectsJson`.
    pub(crate) fn wants_json(&self) -> bool {
        match &self.accept {
            Some(accept) => {
                accept.contains("/json") || accept.contains("+json") || (self.is_ajax && accept.contains("*/*"))
            }
            None => self.is_ajax,
        }
    }
}

/// A response, before it is put on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}
