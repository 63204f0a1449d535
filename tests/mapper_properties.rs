//! What holds for every record that Chatwoot could ever send, and for those that it never would.

use krayin_core::{
    chatwoot::{Conversation, Message},
    krayin::ActivityLink,
    mapper::{map_message_to_activity, map_to_activity},
    settings::Settings,
};
use krayin_tests::{
    generators::{self, instant, markup},
    well_formed::{check_activity, check_comment},
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const LINK: ActivityLink = ActivityLink::Person(5);

/// What stands in everything that must not leave.
const SECRET: &str = "zqxSECRETzqx";

fn settings(offset: Option<i32>) -> Settings {
    let settings = json!({"traits": {"utc_offset_minutes": offset}});
    Settings::from_json(settings.to_string().as_bytes()).unwrap()
}

/// Both mappers take `json` without a panic, twice the same, and what they make is well formed.
fn map(json: &[u8], offset: Option<i32>) {
    let settings = settings(offset);
    let conversation = Conversation::from_json(json);
    let activity = map_to_activity(&conversation, LINK, &settings);
    check_activity(&activity);
    assert_eq!(activity, map_to_activity(&Conversation::from_json(json), LINK, &settings));
    let message = Message::from_json(json);
    let activity = map_message_to_activity(&message, LINK, &settings);
    assert_eq!(activity.is_some(), message.is_public());
    activity.iter().for_each(check_activity);
    assert_eq!(activity, map_message_to_activity(&Message::from_json(json), LINK, &settings));
}

fn any_value() -> impl Strategy<Value = Value> {
    generators::json(prop_oneof![markup().prop_map(Value::from), instant()], markup().boxed())
}

/// An object with some of a record's own keys, each with a value of its kind or of any.
fn record(keys: Vec<&'static str>) -> impl Strategy<Value = Map<String, Value>> {
    let word = prop::sample::select(vec![
        "Channel::Email",
        "Channel::Whatsapp",
        "Channel::WebWidget",
        "incoming",
        "outgoing",
        "activity",
        "resolved",
        "https://chat.example.com/app/accounts/1/conversations/42",
        "incoming_email",
        "Contact",
        "jane@example.com",
    ]);
    let value = prop_oneof![4 => word.prop_map(Value::from), 2 => instant(), 2 => markup().prop_map(Value::from), 1 => any_value()];
    prop::collection::btree_map(prop::sample::select(keys), value, 0..12)
        .prop_map(|entries| entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn message() -> impl Strategy<Value = Map<String, Value>> {
    let keys = vec![
        "id",
        "message_type",
        "message_type",
        "private",
        "deleted",
        "content_type",
        "content",
        "content",
        "created_at",
        "sender",
        "attachments",
        "content_attributes",
    ];
    let sender = record(vec!["name", "type"]);
    let attachments = prop::collection::vec(record(vec!["file_type", "file_name", "content_type", "byte_size"]), 0..3);
    (record(keys), prop::sample::select(vec!["incoming", "outgoing"]), sender, attachments).prop_map(
        |(mut message, direction, sender, attachments)| {
            message.entry("message_type").or_insert(direction.into());
            message.entry("sender").or_insert(sender.into());
            message.entry("attachments").or_insert(attachments.into());
            message
        },
    )
}

fn conversation() -> impl Strategy<Value = Map<String, Value>> {
    let keys = vec![
        "id",
        "display_id",
        "account_id",
        "status",
        "priority",
        "channel_type",
        "inbox_name",
        "inbox_email",
        "assignee_name",
        "team_name",
        "labels",
        "additional_attributes",
        "custom_attributes",
        "created_at",
        "last_activity_at",
        "first_reply_created_at",
        "url",
        "contact",
    ];
    let attributes = prop::collection::btree_map(markup(), any_value(), 0..4);
    (record(keys), attributes, prop::collection::vec(message(), 0..8)).prop_map(
        |(mut conversation, attributes, messages)| {
            let attributes: Map<String, Value> = attributes.into_iter().collect();
            conversation.entry("custom_attributes").or_insert(attributes.into());
            conversation.insert("messages".into(), messages.into());
            conversation
        },
    )
}

/// `message` in each of the ways that must not leave.
fn kept_back(mut message: Map<String, Value>, way: usize) -> Map<String, Value> {
    message.insert("content".into(), SECRET.into());
    message.insert("sender".into(), json!({"name": SECRET, "type": "User"}));
    message.insert("attachments".into(), json!([{"file_name": SECRET}]));
    let (key, value) = match way {
        0 => ("private", json!(true)),
        1 => ("deleted", json!("true")),
        2 => ("message_type", json!("activity")),
        3 => ("message_type", json!("template")),
        4 => ("content_attributes", json!({"deleted": true})),
        _ => ("message_type", Value::Null),
    };
    message.insert(key.into(), value);
    message
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_maps(value in any_value(), offset in any::<Option<i32>>()) {
        map(value.to_string().as_bytes(), offset);
    }

    #[test]
    fn any_conversation_maps(conversation in conversation(), offset in prop::option::of(-800..900)) {
        map(Value::from(conversation).to_string().as_bytes(), offset);
    }

    #[test]
    fn any_message_maps(mut message in message(), conversation in conversation(), offset in prop::option::of(-800..900)) {
        message.insert("conversation".into(), conversation.into());
        map(Value::from(message).to_string().as_bytes(), offset);
    }

    #[test]
    fn what_must_not_leave_does_not(
        mut conversation in conversation(), messages in prop::collection::vec((message(), 0_usize..12), 1..10),
    ) {
        let mixed: Vec<Value> = messages.into_iter().map(|(message, way)| {
            if way < 6 { kept_back(message, way).into() } else { message.into() }
        }).collect();
        for message in &mixed {
            let mapped = map_message_to_activity(&Message::from_json(message.to_string().as_bytes()), LINK, &settings(None));
            let sent = serde_json::to_string(&mapped).unwrap();
            prop_assert!(!sent.contains(SECRET), "{sent}");
        }
        conversation.insert("messages".into(), mixed.into());
        let conversation = Conversation::from_json(Value::from(conversation).to_string().as_bytes());
        let sent = serde_json::to_string(&map_to_activity(&conversation, LINK, &settings(None))).unwrap();
        prop_assert!(!sent.contains(SECRET), "{sent}");
    }

    #[test]
    fn any_text_shows_as_a_message(content in markup(), is_email in any::<bool>()) {
        let channel = if is_email { "Channel::Email" } else { "Channel::WebWidget" };
        let message = json!({
            "id": 1, "message_type": "incoming", "content": content, "created_at": "2026-03-02T09:00:00Z",
            "conversation": {"id": 2, "display_id": 3, "channel_type": channel, "url": "https://chat.example.com/"}
        });
        map(message.to_string().as_bytes(), None);
    }
}

/// A text of the most that Chatwoot takes is cut, and neither the other messages nor the way back are lost.
#[test]
fn long_messages_leave_room_for_the_others() {
    for (content, shown) in
        [("é<".repeat(75_000), "é&lt;"), (format!("**{}", "a ".repeat(75_000)), "a "), ("<p>x</p>".repeat(18_000), "x")]
    {
        let messages: Vec<Value> = (1..=5)
            .map(|id| json!({"id": id, "message_type": "incoming", "sender": {"name": format!("Sender {id}")}, "content": content}))
            .collect();
        let conversation = json!({
            "id": 2, "display_id": 3, "channel_type": "Channel::Email", "messages": messages, "url": "https://chat.example.com/x"
        });
        let activity =
            map_to_activity(&Conversation::from_json(conversation.to_string().as_bytes()), LINK, &settings(None));
        check_activity(&activity);
        for id in 1..=5 {
            let (_, message) = activity.comment.split_once(&format!("<b>Sender {id}</b><br>")).unwrap();
            assert!(message.split("Sender").next().unwrap().matches(shown).count() > 1_000, "{id}");
        }
        assert!(activity.comment.ends_with("<u>Open in Chatwoot</u></a>"));
        assert!(activity.comment.len() > 65_000, "{}", activity.comment.len());
    }
}

/// The checks themselves find what they are there to find.
#[test]
fn the_checks_can_fail() {
    for comment in [
        "",
        "<b>x",
        "x</b>",
        "<b><i>x</b></i>",
        "<img src=x>",
        "a & b",
        "a \" b",
        "<a href=\"javascript:x\" target=\"_blank\"><u>x</u></a>",
        "&am",
        "x <",
    ] {
        assert!(std::panic::catch_unwind(|| check_comment(comment)).is_err(), "{comment}");
    }
    check_comment("<b>x</b> &amp; <a href=\"https://a.example\" target=\"_blank\"><u>y</u></a><br>");
}
