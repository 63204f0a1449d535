use std::borrow::Cow;

use super::line::line;
use crate::chatwoot::{Direction, Message};

/// The longest name that is shown whole.
const WIDTH: usize = 255;

/// The name of who wrote a message, on one line and never blank.
pub(crate) fn sender(message: &Message) -> Cow<'_, str> {
    let known = message.sender.as_ref();
    let name =
        known.and_then(|sender| sender.name.as_deref()).map(|name| line(name, WIDTH)).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| {
        let kind = known.and_then(|sender| sender.kind.as_deref()).unwrap_or_default();
        let stand_in = match (kind, message.direction()) {
            ("AgentBot" | "Captain::Assistant", _) => "Bot",
            (_, Direction::Incoming) => "Customer",
            (_, Direction::Internal) => "Bot",
            (_, Direction::Outgoing) => "Agent",
        };
        Cow::Borrowed(stand_in)
    })
}

#[cfg(test)]
mod tests {
    use super::sender;
    use crate::chatwoot::Message;

    #[test]
    fn has_a_name_for_everyone() {
        let table = [
            (r#"{"message_type": "incoming", "sender": {"name": " Jane\nDoe", "type": "Contact"}}"#, "Jane Doe"),
            (r#"{"message_type": "outgoing", "sender": {"name": "Captain", "type": "Captain::Assistant"}}"#, "Captain"),
            (r#"{"message_type": "outgoing", "sender": {"name": "", "type": "AgentBot"}}"#, "Bot"),
            (r#"{"message_type": "outgoing", "sender": {"type": "User"}}"#, "Agent"),
            (r#"{"message_type": "incoming", "sender": null}"#, "Customer"),
            (r#"{"message_type": "outgoing"}"#, "Agent"),
            (r#"{"message_type": "incoming", "sender": {"name": "\u202eeve\u2066"}}"#, "eve"),
            (r#"{"message_type": "incoming", "sender": {"name": "\u202e"}}"#, "Customer"),
        ];
        for (json, expected) in table {
            assert_eq!(sender(&Message::from_json(json.as_bytes())), expected, "{json}");
        }
    }
}
