//! Text: what stood in a message or an attribute, as a page of Krayin shows it. Pure and total.

mod attachment;
pub(crate) mod attribute;
mod html;
mod html_text;
mod inline_data;
mod line;
mod masked;
mod masked_html;
mod message_text;
mod private;
mod quoted;
mod rich_text;
mod sender;
mod structured;

pub(crate) use html::Html;
pub(crate) use line::line;
pub(crate) use message_text::{COMMENT_BYTES, link_back, write_message};
pub(crate) use sender::sender;
