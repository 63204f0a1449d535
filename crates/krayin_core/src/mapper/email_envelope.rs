use serde_json::json;

use super::contact_person::{name, sendable_email};
use crate::{
    chatwoot::{Conversation, Direction},
    email,
    harmless::Place,
    render::line,
};

/// What Krayin shows of an e-mail beside its title: sender, recipients and folder, as JSON text. A page with an e-mail
/// that lacks them shows no activity at all.
pub(super) fn envelope(conversation: Option<&Conversation>, direction: Direction) -> String {
    let contact = conversation.and_then(|conversation| conversation.contact.as_ref());
    let customer = contact.map(|contact| sendable_email(contact).unwrap_or_else(|| name(contact)));
    let inbox = conversation.and_then(|conversation| {
        let address = conversation.inbox_email.as_deref().filter(|address| email::is_email(address));
        address.or(conversation.inbox_name.as_deref())
    });
    let shown = |party: Option<&str>, stand_in: &str| {
        // Where a page takes it for HTML, it stays text.
        let party = party.unwrap_or_default().replace(['<', '>'], " ");
        let party = line(&party, 255);
        if party.is_empty() { stand_in.to_owned() } else { party.into_owned() }
    };
    let (customer, inbox) = (shown(customer.as_deref(), "Customer"), shown(inbox, "Chatwoot"));
    let (from, to, folder) = match direction {
        Direction::Incoming => (customer, inbox, "inbox"),
        Direction::Outgoing | Direction::Internal => (inbox, customer, "sent"),
    };
    let envelope = json!({"from": from, "to": [to], "folders": [folder]}).to_string();
    Place::Text.harmless(&envelope).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::envelope;
    use crate::chatwoot::{Conversation, Direction};

    #[test]
    fn says_from_whom_to_whom() {
        let mail = json!({
            "contact": {"id": 1, "name": "Jane", "email": "jane@example.com"}, "inbox_name": "Support",
            "inbox_email": "support@example.com"
        });
        let chat = json!({"contact": {"id": 1, "name": "<b>Jane"}, "inbox_name": "Support", "inbox_email": "none"});
        let table = [
            (Some(&mail), Direction::Incoming, ("jane@example.com", "support@example.com", "inbox")),
            (Some(&mail), Direction::Outgoing, ("support@example.com", "jane@example.com", "sent")),
            (Some(&chat), Direction::Outgoing, ("Support", "b Jane", "sent")),
            (None, Direction::Incoming, ("Customer", "Chatwoot", "inbox")),
        ];
        for (conversation, direction, (from, to, folder)) in table {
            let conversation = conversation.map(|value| Conversation::from_json(value.to_string().as_bytes()));
            let envelope: Value = serde_json::from_str(&envelope(conversation.as_ref(), direction)).unwrap();
            assert_eq!(envelope, json!({"from": from, "to": [to], "folders": [folder]}));
        }
    }
}
