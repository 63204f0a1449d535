use std::borrow::Cow;

use super::{
    attachment::write_attachments,
    attribute::masked_as_shown,
    html::{Html, is_page},
    html_text::{is_html, write_html},
    inline_data::without_inline_data,
    quoted::fold_quotes,
    rich_text::write_markdown,
    structured::{write_envelope, write_structured, write_template},
};
use crate::{
    chatwoot::{Channel, Instant, Message},
    settings::Settings,
};

/// The size of Krayin's `TEXT` columns, in bytes, less what the braces at both ends may grow by when they are made harmless.
pub(crate) const COMMENT_BYTES: usize = 65_535 - 8;

/// Writes who said it and when, then what was said and what was attached.
pub(crate) fn write_message(html: &mut Html, message: &Message, sender: &str, channel: Channel, settings: &Settings) {
    html.bold(sender);
    if let Some(time) = message.created_at.as_deref().and_then(Instant::parse) {
        html.text(" · ");
        html.text(&time.shown(settings.clock()));
    }
    html.line_break();
    write_envelope(html, message, settings);
    let start = html.len();
    if let Some(content) = message.content.as_deref() {
        write_content(html, &masked_as_shown(content, settings), message, channel);
    }
    write_structured(html, message, html.len() == start, settings);
    if message.content.is_none() {
        write_template(html, message, html.len() == start, settings);
    }
    if html.len() == start && message.attachments.is_empty() {
        let is_unsupported = message.content_attributes.as_ref().is_some_and(|noted| noted.is_unsupported);
        html.italic(if is_unsupported { "A message that Chatwoot cannot show" } else { "No text" });
        return;
    }
    write_attachments(html, &message.attachments, html.len() == start, settings);
}

fn write_content(html: &mut Html, content: &str, message: &Message, channel: Channel) {
    let is_email = channel == Channel::Email || matches!(message.content_type.as_deref(), Some("incoming_email" | "8"));
    if is_html(content, is_email) {
        write_html(html, content, is_email);
        return;
    }
    let content = without_inline_data(content);
    let folded = is_email.then(|| fold_quotes(&content)).flatten();
    write_markdown(html, &folded.map_or(content, Cow::Owned));
}

/// The link back to Chatwoot, on a line of its own; empty where the address is none.
pub(crate) fn link_back(url: Option<&str>) -> String {
    let Some(url) = url.filter(|url| is_page(url)) else { return String::new() };
    let mut html = Html::new(COMMENT_BYTES / 4);
    html.line_break();
    html.open_link(url);
    html.text("Open in Chatwoot");
    html.close();
    html.finish()
}
