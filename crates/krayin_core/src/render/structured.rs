use serde_json::{Map, Value};

use super::{
    attribute::{label, masked_unless_shown, plain},
    html::{Html, is_link},
    line::line,
    private::is_private_key,
};
use crate::{
    chatwoot::{ContentAttributes, Message},
    settings::Settings,
};

/// Beyond these a message says how many more there are.
const SHOWN: usize = 10;

/// The longest text of a part, in characters.
const PART: usize = 500;

/// What a salesperson may want to know of a mail besides its text: whom else it went to, and under which subject where the
/// mail stands alone.
pub(crate) fn write_envelope(html: &mut Html, message: &Message, settings: &Settings) {
    let Some(noted) = message.content_attributes.as_ref() else { return };
    let mut lines = Lines { html, settings, is_first: true };
    let mail = |key: &str| noted.email.get(key);
    let conversation = message.conversation.as_deref();
    let subject = mail("subject").filter(|_| conversation.is_some());
    for (name, value) in [
        ("Subject", subject),
        ("To", Some(&noted.to_emails)),
        ("Cc", Some(&noted.cc_emails)),
        ("Cc", mail("cc")),
        ("Bcc", Some(&noted.bcc_emails)),
        ("Bcc", mail("bcc")),
    ] {
        lines.fact(name, value.and_then(|value| plain(value, settings)));
    }
    if noted.image_type.as_deref() == Some("ig_story_reply") {
        lines.begin();
        lines.html.italic("Reply to a story");
    }
    let wrote = !lines.is_first;
    if wrote {
        html.line_break();
    }
}

/// What a message offers or asks, and what was answered: the options of a choice, cards with their buttons, articles, the
/// fields of a form, a survey.
pub(crate) fn write_structured(html: &mut Html, message: &Message, is_first: bool, settings: &Settings) {
    let Some(noted) = message.content_attributes.as_ref() else { return };
    let mut lines = Lines { html, settings, is_first };
    let items: Vec<&Map<String, Value>> = objects(&noted.items).collect();
    let is_form = matches!(message.content_type.as_deref(), Some("form" | "6"));
    for item in items.iter().take(SHOWN) {
        if is_form {
            lines.field(item, noted);
        } else {
            lines.item(item);
        }
    }
    if let Some(more) = items.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.begin();
        lines.html.text(&format!("and {more} more"));
    }
    if !is_form || items.is_empty() {
        lines.answers(noted);
    }
}

/// The template that a message without text was made of by WhatsApp, and what stood in its gaps.
pub(crate) fn write_template(html: &mut Html, message: &Message, is_first: bool, settings: &Settings) {
    let Some(template) = message.additional_attributes.get("template_params") else { return };
    let mut lines = Lines { html, settings, is_first };
    lines.fact("Template", template.get("name").and_then(|name| plain(name, settings)));
    let gaps = template.get("processed_params").map(|gaps| gaps.get("body").unwrap_or(gaps));
    let gaps = gaps.and_then(Value::as_object).map(|gaps| gaps.values().filter_map(|gap| plain(gap, settings)));
    lines.fact("With", gaps.map(|gaps| gaps.collect::<Vec<_>>().join(", ")).filter(|gaps| !gaps.is_empty()));
}

fn objects(value: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    value.as_array().into_iter().flatten().filter_map(Value::as_object)
}

struct Lines<'a> {
    html: &'a mut Html,
    settings: &'a Settings,
    is_first: bool,
}

impl Lines<'_> {
    fn begin(&mut self) {
        if !self.is_first {
            self.html.line_break();
        }
        self.is_first = false;
    }

    fn text(&self, of: &Map<String, Value>, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|key| plain(of.get(*key)?, self.settings))
    }

    fn write(&mut self, text: &str) {
        let text = masked_unless_shown(text, self.settings);
        self.html.isolated(&line(&text, PART));
    }

    fn fact(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value {
            self.begin();
            self.html.text(name);
            self.html.text(": ");
            self.write(&value);
        }
    }

    fn linked(&mut self, text: &str, url: Option<&str>) {
        let url = url.map(str::trim).filter(|url| is_link(url));
        if let Some(url) = url {
            self.html.open_link(url);
        }
        self.write(text);
        if url.is_some() {
            self.html.close();
        }
    }

    /// An option, a card or an article.
    fn item(&mut self, item: &Map<String, Value>) {
        let Some(title) = self.text(item, &["title", "value", "description", "link"]) else { return };
        self.begin();
        self.html.text("- ");
        self.linked(&title, item.get("link").and_then(Value::as_str));
        if let Some(description) = self.text(item, &["description"]).filter(|description| *description != title) {
            self.html.text(": ");
            self.write(&description);
        }
        let buttons: Vec<_> = item.get("actions").into_iter().flat_map(objects).take(SHOWN).collect();
        for (count, button) in buttons.iter().enumerate() {
            self.html.text(if count == 0 { " [" } else { " | " });
            let text = self.text(button, &["text", "title", "payload", "uri"]);
            self.linked(text.as_deref().unwrap_or("Button"), button.get("uri").and_then(Value::as_str));
        }
        if !buttons.is_empty() {
            self.html.text("]");
        }
    }

    /// A field of a form, with what was filled in.
    fn field(&mut self, field: &Map<String, Value>, noted: &ContentAttributes) {
        let Some(name) = self.text(field, &["label", "name", "placeholder"]) else { return };
        let is_private = [Some(name.as_str()), field.get("name").and_then(Value::as_str)];
        let is_private = is_private.into_iter().flatten().any(is_private_key);
        let of_form = objects(&noted.submitted_values);
        let answer =
            of_form.filter(|answer| answer.get("name") == field.get("name")).find_map(|answer| answer.get("value"));
        let options = field.get("options").into_iter().flat_map(objects);
        let option = options
            .filter(|option| option.get("value") == answer)
            .find_map(|option| self.text(option, &["label", "title"]));
        let answer = option.or_else(|| plain(answer?, self.settings)).filter(|_| !is_private);
        self.begin();
        self.html.text("- ");
        self.write(&name);
        if let Some(answer) = answer {
            self.html.text(": ");
            self.write(&answer);
        }
    }

    fn answers(&mut self, noted: &ContentAttributes) {
        self.fact("E-mail address", noted.submitted_email.clone());
        if let Some(survey) = noted.submitted_values.get("csat_survey_response") {
            let rating = survey.get("rating").and_then(|rating| plain(rating, self.settings));
            self.fact("Rating", rating.map(|rating| format!("{rating} of 5")));
            self.fact("Comment", survey.get("feedback_message").and_then(|comment| plain(comment, self.settings)));
        }
        for answer in objects(&noted.submitted_values).take(SHOWN) {
            let name = answer.get("name").and_then(Value::as_str).unwrap_or_default();
            if !is_private_key(name) {
                let name = if name.is_empty() { "Answer".to_owned() } else { line(&label(name), 100).into_owned() };
                self.fact(&name, self.text(answer, &["title", "value"]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{write_envelope, write_structured};
    use crate::{chatwoot::Message, render::Html, settings::Settings};

    fn shown(message: &Value) -> String {
        let message = Message::from_json(message.to_string().as_bytes());
        let mut html = Html::new(65_535);
        write_envelope(&mut html, &message, &Settings::default());
        write_structured(&mut html, &message, true, &Settings::default());
        html.finish()
    }

    #[test]
    fn shows_what_is_offered_and_what_was_answered() {
        let link = |url: &str, text: &str| format!("<a href=\"{url}\" target=\"_blank\"><u>{text}</u></a>");
        let table = [
            (
                json!({"content_type": "input_select", "content_attributes": {
                    "items": [{"title": "Sales", "value": "s"}, {"value": "h"}], "submitted_values": [{"title": "Sales", "value": "s"}]
                }}),
                "- Sales<br>- h<br>Answer: Sales".to_owned(),
            ),
            (
                json!({"content_type": "cards", "content_attributes": {"items": [{
                    "title": "Shoe", "description": "red & soft", "media_url": "https://x.example/a.png",
                    "actions": [{"type": "link", "text": "Buy", "uri": "https://x.example/buy"}, {"type": "postback", "text": "More", "payload": "M"},
                        {"type": "link", "text": "Evil", "uri": "javascript:alert(1)"}]
                }]}}),
                format!("- Shoe: red &amp; soft [{} | More | Evil]", link("https://x.example/buy", "Buy")),
            ),
            (
                json!({"content_type": "article", "content_attributes": {"items": [{"title": "Help", "description": "How", "link": "https://x.example/h"}]}}),
                format!("- {}: How", link("https://x.example/h", "Help")),
            ),
            (
                json!({"content_type": "form", "content_attributes": {
                    "items": [
                        {"name": "email", "type": "email", "label": "Your e-mail"},
                        {"name": "size", "type": "select", "label": "Size", "options": [{"label": "Medium", "value": "m"}]},
                        {"name": "pwd", "type": "text", "label": "Word"}, {"name": "note", "type": "text_area", "label": "Note"}
                    ],
                    "submitted_values": [{"name": "email", "value": "j@example.com"}, {"name": "size", "value": "m"}, {"name": "pwd", "value": "x"}]
                }}),
                "- Your e-mail: j@example.com<br>- Size: Medium<br>- Word<br>- Note".to_owned(),
            ),
            (
                json!({"content_type": "input_csat", "content_attributes": {"submitted_values": {"csat_survey_response": {"rating": 4, "feedback_message": "Quick <b>"}}}}),
                "Rating: 4 of 5<br>Comment: Quick &lt;b&gt;".to_owned(),
            ),
            (
                json!({"content_type": "input_email", "content_attributes": {"submitted_email": "j@example.com"}}),
                "E-mail address: j@example.com".to_owned(),
            ),
            (
                json!({"content_attributes": "{\"cc_emails\": [\"a@x.example\", \"b@x.example\"], \"bcc_emails\": \"c@x.example\", \"to_emails\": []}"}),
                "Cc: a@x.example, b@x.example<br>Bcc: c@x.example<br>".to_owned(),
            ),
            (
                json!({"conversation": {"id": 1}, "content_attributes": {"email": {"subject": "Offer", "cc": ["a@x.example"], "bcc": null}}}),
                "Subject: Offer<br>Cc: a@x.example<br>".to_owned(),
            ),
            (json!({"content_attributes": {"image_type": "ig_story_reply"}}), "<i>Reply to a story</i><br>".to_owned()),
            (
                json!({"content_attributes": {"submitted_values": [{"name": "card_number", "value": "1"}, {"value": "4111 1111 1111 1111"}]}}),
                "Answer: •••• •••• •••• 1111".to_owned(),
            ),
        ];
        for (message, expected) in table {
            assert_eq!(shown(&message), expected, "{message}");
        }
        let many = json!({"content_attributes": {"items": vec![json!({"title": "x"}); 12]}});
        assert!(shown(&many).ends_with("<br>and 2 more"));
    }

    #[test]
    fn shows_nothing_of_any_other_shape() {
        for noted in [
            json!(null),
            json!(5),
            json!([]),
            json!("x"),
            json!({"items": {}, "submitted_values": "x", "email": [], "cc_emails": 0}),
            json!({"items": [5, null, {}, {"title": {}}, {"title": null, "actions": 5}], "submitted_values": [5, {}]}),
            json!({"submitted_values": {"csat_survey_response": []}}),
        ] {
            let shown = shown(&json!({"content_type": "cards", "content_attributes": noted}));
            assert!(shown.is_empty() || shown == "Cc: 0<br>", "{noted}: {shown}");
        }
    }
}
