use std::fmt;

use serde_json::Value;

use super::lines;
use crate::chatwoot::Inbox;

/// Which source a new lead has, by where its contact wrote to.
///
/// As a text `inbox Web shop = Shop`; several with a semicolon or a new line between them, or a list of texts. On the left is
/// an inbox by name or id, or a channel (`channel WhatsApp`), on the right the source's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRule {
    pub(crate) of: WrittenTo,
    /// The source's name.
    pub(crate) source: String,
}

/// Where somebody wrote to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WrittenTo {
    Inbox(String),
    Channel(String),
}

impl SourceRule {
    /// Reads a text or a list of texts; `None` for what is none.
    pub fn parse(value: &Value) -> Option<Vec<Self>> {
        lines::read(value, Self::line)
    }

    fn line(line: &str) -> Option<Self> {
        let (of, source) = line.rsplit_once('=')?;
        let of = of.trim();
        let source = source.trim().trim_start_matches('>').trim_start();
        let (kind, name) = of.split_once(char::is_whitespace)?;
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let of = match kind.to_lowercase().as_str() {
            "inbox" => WrittenTo::Inbox(name),
            "channel" => WrittenTo::Channel(name),
            _ => return None,
        };
        (!source.is_empty()).then(|| Self { of, source: source.to_owned() })
    }

    /// Whether it is about the inbox.
    pub(crate) fn is_of(&self, inbox: &Inbox) -> bool {
        match &self.of {
            WrittenTo::Inbox(name) => {
                inbox.name.as_deref().is_some_and(|known| same(known, name))
                    || (inbox.id != 0 && inbox.id.to_string() == *name)
            }
            WrittenTo::Channel(name) => inbox.channel_names().iter().any(|known| plain(known) == plain(name)),
        }
    }
}

impl fmt::Display for SourceRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.of {
            WrittenTo::Inbox(name) => write!(f, "inbox {name} = {}", self.source),
            WrittenTo::Channel(name) => write!(f, "channel {name} = {}", self.source),
        }
    }
}

fn same(a: &str, b: &str) -> bool {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    words(a) == words(b)
}

/// `E-mail` is `email`, `Web chat` is `webchat`.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::SourceRule;
    use crate::chatwoot::Inbox;

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        let read = |value| {
            let rules = SourceRule::parse(&value)?;
            Some(rules.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(
            read(json!("INBOX  Web   shop=Shop; channel whatsapp = Chat\nchannel e-mail => Mail; inbox a = b = c")),
            Some(
                ["inbox Web shop = Shop", "channel whatsapp = Chat", "channel e-mail = Mail", "inbox a = b = c"]
                    .map(str::to_owned)
                    .into()
            )
        );
        for wrong in [
            json!(5),
            json!([5]),
            json!("inbox = Shop"),
            json!("Web shop = Shop"),
            json!("inbox Web ="),
            json!("inbox Web"),
        ] {
            assert_eq!(read(wrong.clone()), None, "{wrong}");
        }
    }

    #[test]
    fn knows_an_inbox_by_name_or_id_and_a_channel_by_any_of_its_names() {
        let inbox = Inbox {
            id: 7,
            name: Some("Web  Shop".into()),
            channel_type: Some("Channel::WebWidget".into()),
            channel_medium: None,
        };
        let mail = Inbox { channel_type: Some("Channel::Email".into()), ..Inbox::default() };
        let is = |rule: &str, inbox: &Inbox| SourceRule::parse(&json!(rule)).unwrap()[0].is_of(inbox);
        for rule in [
            "inbox web shop = x",
            "inbox 7 = x",
            "channel Web chat = x",
            "channel web-widget = x",
            "channel website = x",
        ] {
            assert!(is(rule, &inbox) && !is(rule, &mail), "{rule}");
        }
        assert!(is("channel e-mail = x", &mail) && is("channel Email = x", &mail) && !is("inbox 0 = x", &mail));
    }
}
