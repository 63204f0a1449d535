use std::borrow::Cow;

use super::{
    attribute::{self, masked_unless_shown},
    html::{Html, is_page},
    line::line,
};
use crate::{chatwoot::Attachment, settings::Settings, text};

/// Beyond these a message says how many more there are.
const SHOWN: usize = 10;

/// The most of what was said in a recording, in characters.
const SAID: usize = 5_000;

/// Writes a line for each attachment: its name, type and size. Its content stays in Chatwoot.
pub(crate) fn write_attachments(html: &mut Html, attachments: &[Attachment], mut is_first: bool, settings: &Settings) {
    for attachment in attachments.iter().take(SHOWN) {
        if !is_first {
            html.line_break();
        }
        is_first = false;
        html.text("Attachment: ");
        let page = page(attachment);
        if let Some(page) = &page {
            html.open_link(page);
        }
        html.italic(&masked_unless_shown(&name(attachment), settings));
        if page.is_some() {
            html.close();
        }
        if let Some(details) = details(attachment) {
            html.text(&details);
        }
        if let Some(said) = of_meta(attachment, &["transcribed_text"]) {
            html.line_break();
            html.text("Said: ");
            html.isolated(&masked_unless_shown(&line(&said, SAID), settings));
        }
    }
    if let Some(more) = attachments.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        html.line_break();
        html.text(&format!("and {more} more"));
    }
}

/// Kinds that people call otherwise.
const NAMES: [(&str, &str); 6] = [
    ("share", "Shared post"),
    ("ig_reel", "Instagram reel"),
    ("ig_story", "Instagram story"),
    ("ig_post", "Instagram post"),
    ("fallback", "Link"),
    ("embed", "Embedded video"),
];

fn name(attachment: &Attachment) -> Cow<'_, str> {
    let names = [&attachment.file_name, &attachment.fallback_title];
    let name = names.into_iter().flatten().map(|name| line(name, 255)).find(|name| !name.is_empty());
    match (person(attachment), name) {
        (Some(person), Some(number)) => Cow::Owned(format!("{person}, {number}")),
        (Some(person), None) => Cow::Owned(person),
        (None, name) => name.unwrap_or_else(|| kind(attachment)),
    }
}

/// Who is on a contact's card.
fn person(attachment: &Attachment) -> Option<String> {
    if !matches!(attachment.file_type.as_deref(), Some("contact" | "8")) {
        return None;
    }
    let parts = [of_meta(attachment, &["first_name", "firstName"]), of_meta(attachment, &["last_name", "lastName"])];
    let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    Some(line(&name, 255).into_owned()).filter(|name| !name.is_empty())
}

fn of_meta(attachment: &Attachment, keys: &[&str]) -> Option<String> {
    let text = keys.iter().find_map(|key| attachment.meta.get(*key)?.as_str())?;
    (!text::is_blank(text)).then(|| text.to_owned())
}

/// Where what is no file is to be seen: a page, or the map around a place.
fn page(attachment: &Attachment) -> Option<String> {
    if attachment.file_name.is_some() || attachment.byte_size > 0 {
        return None;
    }
    let given = attachment.external_url.as_deref().map(str::trim).filter(|url| is_page(url)).map(str::to_owned);
    given.or_else(|| coordinates(attachment).map(|place| format!("https://maps.google.com/?q={place}")))
}

/// `40.4154,-3.7074`
fn coordinates(attachment: &Attachment) -> Option<String> {
    let (latitude, longitude) = (attachment.coordinates_lat, attachment.coordinates_long);
    let is_place = (latitude, longitude) != (0.0, 0.0) && latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    is_place.then(|| format!("{latitude},{longitude}"))
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
    let has_name =
        attachment.file_name.is_some() || attachment.fallback_title.is_some() || person(attachment).is_some();
    let kind =
        attachment.content_type.as_deref().map(|kind| line(kind, 100)).or_else(|| has_name.then(|| kind(attachment)));
    let kind = kind.filter(|kind| !kind.is_empty());
    let size = (attachment.byte_size > 0).then(|| size(attachment.byte_size));
    let details: Vec<String> =
        [kind.map(Cow::into_owned), size, coordinates(attachment)].into_iter().flatten().collect();
    (!details.is_empty()).then(|| format!(" ({})", details.join(", ")))
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
    use crate::{chatwoot::Attachment, render::html::Html, settings::Settings};

    fn shown(attachments: &Value) -> String {
        let attachments: Vec<Attachment> = serde_json::from_value(attachments.clone()).unwrap();
        let mut html = Html::new(65_535);
        write_attachments(&mut html, &attachments, true, &Settings::default());
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
            (
                json!([{"file_type": "location", "fallback_title": "Plaza", "coordinates_lat": 40.4154, "coordinates_long": "-3.7074"}]),
                "Attachment: <a href=\"https://maps.google.com/?q=40.4154,-3.7074\" target=\"_blank\"><u><i>Plaza</i></u></a> (Location, 40.4154,-3.7074)",
            ),
            (
                json!([{"file_type": "location", "coordinates_lat": 0.0, "coordinates_long": 0, "external_url": "javascript:x"}]),
                "Attachment: <i>Location</i>",
            ),
            (
                json!([{"file_type": "contact", "fallback_title": "+1 415 555 0182", "meta": {"firstName": "Ann", "lastName": "Lee"}}]),
                "Attachment: <i>Ann Lee, +1 415 555 0182</i> (Contact)",
            ),
            (json!([{"file_type": "contact", "meta": {"first_name": "Ann"}}]), "Attachment: <i>Ann</i> (Contact)"),
            (
                json!([{"file_type": "fallback", "fallback_title": "A page", "external_url": "https://a.example/p?q=1&r=2"}]),
                "Attachment: <a href=\"https://a.example/p?q=1&amp;r=2\" target=\"_blank\"><u><i>A page</i></u></a> (Link)",
            ),
            (
                json!([{"file_type": "audio", "file_name": "a.oga", "content_type": "audio/ogg", "byte_size": 2_000, "meta": {"transcribed_text": "Hi\nthere"}}]),
                "Attachment: <i>a.oga</i> (audio/ogg, 2.0 kB)<br>Said: Hi there",
            ),
            (
                json!([{"file_type": "file", "file_name": "card_4111-1111-1111-1111.pdf"}]),
                "Attachment: <i>card_••••-••••-••••-1111.pdf</i> (File)",
            ),
            (json!([{"file_type": "image", "meta": "x", "coordinates_lat": "north"}]), "Attachment: <i>Image</i>"),
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
