use std::borrow::Cow;

use super::{attribute, html::Html, line::line};
use crate::chatwoot::Attachment;

/// Beyond these a message says how many more there are.
const SHOWN: usize = 10;

/// Writes a line for each attachment: its name, type and size. Its content stays in Chatwoot.
pub(crate) fn write_attachments(html: &mut Html, attachments: &[Attachment], mut is_first: bool) {
    for attachment in attachments.iter().take(SHOWN) {
        if !is_first {
            html.line_break();
        }
        is_first = false;
        html.text("Attachment: ");
        html.italic(&name(attachment));
        if let Some(details) = details(attachment) {
            html.text(&details);
        }
    }
    if let Some(more) = attachments.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        html.line_break();
        html.text(&format!("and {more} more"));
    }
}

/// Kinds that people call otherwise.
const NAMES: [(&str, &str); 5] = [
    ("ig_reel", "Instagram reel"),
    ("ig_story", "Instagram story"),
    ("ig_post", "Instagram post"),
    ("fallback", "Link"),
    ("embed", "Embedded video"),
];

fn name(attachment: &Attachment) -> Cow<'_, str> {
    let names = [&attachment.file_name, &attachment.fallback_title];
    let name = names.into_iter().flatten().map(|name| line(name, 255)).find(|name| !name.is_empty());
    name.unwrap_or_else(|| kind(attachment))
}

fn kind(attachment: &Attachment) -> Cow<'_, str> {
    let kind = attachment.file_type.as_deref();
    if let Some((_, name)) = NAMES.iter().find(|(known, _)| kind == Some(*known)) {
        return Cow::Borrowed(name);
    }
    let kind = kind.map(attribute::label).filter(|kind| !kind.is_empty());
    kind.map_or(Cow::Borrowed("File"), |kind| Cow::Owned(line(&kind, 100).into_owned()))
}

fn details(attachment: &Attachment) -> Option<String> {
    let has_name = attachment.file_name.is_some() || attachment.fallback_title.is_some();
    let kind =
        attachment.content_type.as_deref().map(|kind| line(kind, 100)).or_else(|| has_name.then(|| kind(attachment)));
    let kind = kind.filter(|kind| !kind.is_empty());
    let size = (attachment.byte_size > 0).then(|| size(attachment.byte_size));
    match (kind, size) {
        (Some(kind), Some(size)) => Some(format!(" ({kind}, {size})")),
        (Some(kind), None) => Some(format!(" ({kind})")),
        (None, Some(size)) => Some(format!(" ({size})")),
        (None, None) => None,
    }
}

/// Bytes in the unit that people read, powers of 1,000.
fn size(bytes: u64) -> String {
    let mut whole = bytes;
    let mut rest = 0;
    for unit in ["B", "kB", "MB", "GB"] {
        if whole < 1_000 {
            return if unit == "B" || whole >= 10 {
                format!("{whole} {unit}")
            } else {
                format!("{whole}.{rest} {unit}")
            };
        }
        (whole, rest) = (whole / 1_000, whole % 1_000 / 100);
    }
    format!("{whole} TB")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{size, write_attachments};
    use crate::{chatwoot::Attachment, render::html::Html};

    fn shown(attachments: &Value) -> String {
        let attachments: Vec<Attachment> = serde_json::from_value(attachments.clone()).unwrap();
        let mut html = Html::new(65_535);
        write_attachments(&mut html, &attachments, true);
        html.finish()
    }

    #[test]
    fn says_name_type_and_size() {
        let table = [
            (
                json!([{"file_type": "file", "file_name": "offer <1>.pdf", "content_type": "application/pdf", "byte_size": 24_512}]),
                "Attachment: <i>offer &lt;1&gt;.pdf</i> (application/pdf, 24 kB)",
            ),
            (
                json!([{"file_type": "location", "fallback_title": "Plaza Mayor"}]),
                "Attachment: <i>Plaza Mayor</i> (Location)",
            ),
            (json!([{"file_type": "ig_story"}]), "Attachment: <i>Instagram story</i>"),
            (json!([{"byte_size": 5}]), "Attachment: <i>File</i> (5 B)"),
            (json!([{}, {"file_type": "image"}]), "Attachment: <i>File</i><br>Attachment: <i>Image</i>"),
            (json!([]), ""),
        ];
        for (attachments, expected) in table {
            assert_eq!(shown(&attachments), expected);
        }
        let many = shown(&json!(vec![json!({}); 12]));
        assert_eq!(many.matches("Attachment").count(), 10);
        assert!(many.ends_with("<br>and 2 more"));
    }

    #[test]
    fn writes_sizes_as_people_read_them() {
        let table = [
            (1, "1 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (9_999, "9.9 kB"),
            (24_512, "24 kB"),
            (5_400_000, "5.4 MB"),
            (2_000_000_000, "2.0 GB"),
            (u64::MAX, "18446744 TB"),
        ];
        for (bytes, expected) in table {
            assert_eq!(size(bytes), expected);
        }
    }
}
