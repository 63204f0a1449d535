use crate::{
    chatwoot::{Conversation, Message},
    harmless::Place,
    render::line,
};

const WIDTH: usize = 255;

const START: &str = "Message from ";

/// A host that leaves room for the longest numbers and some letters of a name.
const LONGEST_HOST: usize = 120;

/// `Conversation #42 (chat.example.com/1)`: the same for the conversation's whole life, and no other's, whatever other
/// Chatwoots fill the same Krayin.
pub(crate) fn of_conversation(conversation: &Conversation) -> String {
    match origin(conversation) {
        Some(origin) => format!("{} ({origin})", number(conversation)),
        None => number(conversation),
    }
}

/// `Message from Jane Doe - Conversation #42 (chat.example.com/1 · message 7788)`
pub(super) fn of_message(sender: &str, message: &Message) -> String {
    let mut end = String::with_capacity(WIDTH);
    end.push_str(" - ");
    match message.conversation.as_deref() {
        Some(conversation) => {
            end.push_str(&number(conversation));
            end.push_str(" (");
            if let Some(origin) = origin(conversation) {
                end.push_str(&origin);
                end.push_str(" · ");
            }
        }
        None => end.push_str("Conversation ("),
    }
    end.push_str("message ");
    end.push_str(&message.id.to_string());
    end.push(')');
    let room = WIDTH.saturating_sub(START.len() + end.chars().count());
    let mut title = String::with_capacity(WIDTH);
    title.push_str(START);
    // A title with a comma cannot be searched for.
    title.push_str(&line(&Place::Line.harmless(&sender.replace(',', " ")), room));
    title.push_str(&end);
    title
}

/// Whether a conversation's title says where it is, so that no other Chatwoot's has it.
pub(crate) fn says_where(title: &str) -> bool {
    title.contains(" (")
}

fn number(conversation: &Conversation) -> String {
    let start = "Conversation #";
    match (conversation.display_id, conversation.id) {
        (0, id) => [start, "0-", &id.to_string()].concat(),
        (display_id, _) => [start, &display_id.to_string()].concat(),
    }
}

/// The Chatwoot and the account that numbered the conversation: `chat.example.com/1`.
fn origin(conversation: &Conversation) -> Option<String> {
    let host = conversation.url.as_deref().and_then(host);
    match (host, conversation.account_id) {
        (Some(host), 0) => Some(host),
        (Some(host), account) => Some(format!("{host}/{account}")),
        (None, 0) => None,
        (None, account) => Some(format!("account {account}")),
    }
}

fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?.to_lowercase();
    let is_plain = host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']'));
    (is_plain && !host.is_empty() && host.chars().count() <= LONGEST_HOST).then_some(host)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{of_conversation, of_message};
    use crate::chatwoot::{Conversation, Message};

    fn conversation(value: &Value) -> Conversation {
        Conversation::from_json(value.to_string().as_bytes())
    }

    #[test]
    fn names_the_conversation_and_where_it_is() {
        let table = [
            (
                json!({"display_id": 42, "account_id": 1, "url": "https://Chat.example.com/app/accounts/1/conversations/42"}),
                "Conversation #42 (chat.example.com/1)",
            ),
            (
                json!({"display_id": 42, "account_id": 1, "url": "http://u:p@[::1]:3000/x"}),
                "Conversation #42 ([::1]:3000/1)",
            ),
            (json!({"display_id": 42, "account_id": 1, "url": "https://a,b/"}), "Conversation #42 (account 1)"),
            (json!({"display_id": 42, "url": "https://a.example"}), "Conversation #42 (a.example)"),
            (json!({"display_id": 42}), "Conversation #42"),
            (json!({"id": 7}), "Conversation #0-7"),
        ];
        for (value, expected) in table {
            assert_eq!(of_conversation(&conversation(&value)), expected);
        }
    }

    #[test]
    fn names_the_message_and_who_wrote_it() {
        let message = |conversation: Value| {
            Message::from_json(json!({"id": 7788, "conversation": conversation}).to_string().as_bytes())
        };
        let whole = message(json!({"display_id": 42, "account_id": 1, "url": "https://chat.example.com/"}));
        assert_eq!(
            of_message("Doe, Jane", &whole),
            "Message from Doe Jane - Conversation #42 (chat.example.com/1 · message 7788)"
        );
        assert_eq!(of_message("Jane", &message(json!(null))), "Message from Jane - Conversation (message 7788)");
        let long = of_message(&"é".repeat(400), &whole);
        assert_eq!(long.chars().count(), 255);
        assert!(
            long.ends_with("…  - Conversation #42 (chat.example.com/1 · message 7788)".replace("  ", " ").as_str())
        );
    }

    #[test]
    fn fits_whatever_it_is_made_of() {
        let most = json!({
            "display_id": u64::MAX, "account_id": u64::MAX, "url": format!("https://{}/", "h".repeat(120))
        });
        assert!(of_conversation(&conversation(&most)).chars().count() <= 255);
        let message = json!({"id": u64::MAX, "conversation": most});
        let title = of_message("Jane", &Message::from_json(message.to_string().as_bytes()));
        assert!(title.chars().count() <= 255 && title.starts_with("Message from Jane - "), "{title}");
        let longer = json!({"display_id": 1, "account_id": 2, "url": format!("https://{}/", "h".repeat(121))});
        assert_eq!(of_conversation(&conversation(&longer)), "Conversation #1 (account 2)");
    }
}
