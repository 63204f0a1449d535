use super::contact_identity::network;
use crate::{
    chatwoot::{Channel, Contact},
    krayin::{ActivityLink, ActivityType, NewActivity},
    render::{Html, line},
    text,
};

/// Where a network knows the contact: what a salesperson finds it by who has neither an address nor a number.
struct Profile {
    network: &'static str,
    handle: Option<String>,
    id: Option<String>,
    address: Option<String>,
}

/// `Telegram: @jane_doe`, the id where there is no handle.
pub(super) fn handle(contact: &Contact) -> Option<String> {
    let profile = profile(contact)?;
    let handle = profile.handle.map(|handle| format!("@{}", handle.trim_start_matches('@')));
    Some(format!("{}: {}", profile.network, handle.or(profile.id)?))
}

/// The note that has the profile's address; `None` where there is none. Its title is the contact's alone.
pub(crate) fn map_to_profile_note(contact: &Contact, link: ActivityLink) -> Option<NewActivity> {
    let profile = profile(contact)?;
    let (handle, address) = (profile.handle?, profile.address?);
    let mut comment = Html::new(4_096);
    comment.text(profile.network);
    comment.text(": ");
    comment.open_link(&address);
    comment.isolated(&line(&handle, 255));
    comment.close();
    comment.text(" · ");
    comment.text(&address);
    let account = if contact.account_id == 0 { String::new() } else { format!(" (account {})", contact.account_id) };
    Some(NewActivity {
        kind: ActivityType::Note,
        title: format!("{} profile of contact #{}{account}", profile.network, contact.id),
        comment: comment.finish(),
        schedule_from: None,
        schedule_to: None,
        additional: None,
        is_done: true,
        link,
    })
}

fn profile(contact: &Contact) -> Option<Profile> {
    let known = |channel: &Channel| network(*channel).is_some_and(|_| !keys(*channel).is_empty());
    let inbox = contact.contact_inboxes.iter().find(|inbox| known(&inbox.channel()))?;
    let social = |key: &str| contact.additional_attributes.get("social_profiles").and_then(|known| text_at(known, key));
    let of = |key: &str| contact.attribute(&[&format!("social_{key}_user_name")]).or_else(|| social(key));
    // What is on a page of Facebook's may be Instagram's.
    let (key, handle) = match keys(inbox.channel()).iter().find_map(|key| Some((*key, of(key)?))) {
        Some((key, handle)) => (key, Some(handle)),
        None => (keys(inbox.channel()).first().copied()?, contact.attribute(&["username", "screen_name"])),
    };
    let handle = handle.map(|handle| text::one_line(&handle)).filter(|handle| !text::is_blank(handle));
    Some(Profile {
        network: if key == "instagram" { Channel::Instagram.name() } else { inbox.channel().name() },
        address: handle.as_deref().and_then(|handle| address(key, handle)),
        handle,
        id: inbox.source_id.clone(),
    })
}

/// The networks that a channel's contacts have profiles on, by their keys among a contact's attributes.
fn keys(channel: Channel) -> &'static [&'static str] {
    match channel {
        Channel::Telegram => &["telegram"],
        Channel::FacebookPage => &["facebook", "instagram"],
        Channel::Instagram => &["instagram"],
        Channel::Line => &["line"],
        Channel::Tiktok => &["tiktok"],
        Channel::TwitterProfile => &["twitter"],
        Channel::Whatsapp => &["whatsapp"],
        _ => &[],
    }
}

/// A profile's page: a handle that is more than letters, digits and `._-` may lead elsewhere, so it has none.
fn address(network: &str, handle: &str) -> Option<String> {
    let handle = handle.trim().trim_start_matches('@').trim_end_matches('/');
    let handle = handle.rsplit('/').next().unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if handle.is_empty() || !handle.chars().all(is_plain) || handle.starts_with('.') {
        return None;
    }
    let page = match network {
        "telegram" => "https://t.me/",
        "facebook" => "https://www.facebook.com/",
        "instagram" => "https://www.instagram.com/",
        "tiktok" => "https://www.tiktok.com/@",
        "twitter" => "https://x.com/",
        _ => return None,
    };
    Some(format!("{page}{handle}"))
}

fn text_at(profiles: &serde_json::Value, key: &str) -> Option<String> {
    let handle = profiles.get(key)?.as_str()?.trim();
    (!handle.is_empty()).then(|| handle.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{handle, map_to_profile_note};
    use crate::{chatwoot::Contact, krayin::ActivityLink};

    fn on(channel: &str, attributes: Value) -> Contact {
        let contact = json!({
            "id": 7, "account_id": 2, "additional_attributes": attributes,
            "contact_inboxes": [{"channel_type": format!("Channel::{channel}"), "source_id": "4711"}]
        });
        Contact::from_json(contact.to_string().as_bytes())
    }

    #[test]
    fn each_channel_tells_where_the_contact_is_found() {
        let table = [
            (
                "Telegram",
                json!({"social_telegram_user_name": "jane_d", "username": "jane_d"}),
                "Telegram: @jane_d",
                Some("https://t.me/jane_d"),
            ),
            ("Telegram", json!({"username": "jane_d"}), "Telegram: @jane_d", Some("https://t.me/jane_d")),
            ("Telegram", json!({}), "Telegram: 4711", None),
            (
                "Instagram",
                json!({"social_profiles": {"instagram": "jane.d"}}),
                "Instagram: @jane.d",
                Some("https://www.instagram.com/jane.d"),
            ),
            (
                "FacebookPage",
                json!({"social_instagram_user_name": "jane.d"}),
                "Instagram: @jane.d",
                Some("https://www.instagram.com/jane.d"),
            ),
            (
                "FacebookPage",
                json!({"social_profiles": {"facebook": "jane"}}),
                "Facebook Messenger: @jane",
                Some("https://www.facebook.com/jane"),
            ),
            ("FacebookPage", json!({}), "Facebook Messenger: 4711", None),
            ("Line", json!({"social_line_user_id": "U1"}), "LINE: 4711", None),
            (
                "Tiktok",
                json!({"social_profiles": {"tiktok": "@jane"}}),
                "TikTok: @jane",
                Some("https://www.tiktok.com/@jane"),
            ),
            ("TwitterProfile", json!({"screen_name": "jane"}), "X: @jane", Some("https://x.com/jane")),
            ("Telegram", json!({"username": "x/../evil?a=b"}), "Telegram: @x/../evil?a=b", None),
        ];
        for (channel, attributes, expected, address) in table {
            let contact = on(channel, attributes);
            assert_eq!(handle(&contact).as_deref(), Some(expected));
            let note = map_to_profile_note(&contact, ActivityLink::Person(5));
            assert_eq!(note.is_some(), address.is_some(), "{expected}");
            if let (Some(note), Some(address)) = (note, address) {
                assert!(note.comment.contains(&format!("href=\"{address}\"")), "{}", note.comment);
                assert!(note.title.ends_with("profile of contact #7 (account 2)"), "{}", note.title);
            }
        }
        for channel in ["WebWidget", "Api", "Email", "Sms"] {
            assert_eq!(handle(&on(channel, json!({"username": "jane"}))), None, "{channel}");
        }
    }
}
