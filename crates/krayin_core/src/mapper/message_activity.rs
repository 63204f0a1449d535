use std::borrow::Cow;

use super::{activity_title, activity_type, email_envelope::envelope, payload::take_given, schedule::schedule};
use crate::{
    chatwoot::{Channel, Conversation, Instant, Message},
    krayin::{ActivityLink, ActivityType, NewActivity},
    render::{COMMENT_BYTES, Html, line, link_back, sender, write_message},
    settings::Settings,
};

/// A message as an activity of the person or lead that `link` names; `None` where it must not leave Chatwoot: a note among
/// colleagues, a change that Chatwoot noted, a template that the contact has not answered, or one that was taken back.
///
/// | field | from |
/// |---|---|
/// | `type` | the channel as for a conversation; where it says nothing, `email` for what went out and `note` for what came in; `note` where the time is not known |
/// | `title` | `Message from Jane Doe - Conversation #42` with the Chatwoot, the account and the message's id; no comma |
/// | `comment` | sender and time, text, attachments, channel and inbox, a link back to Chatwoot |
/// | `schedule_from`, `schedule_to` | `created_at`, on the server's clock; none for a note |
/// | `additional` | an e-mail's sender, recipient and folder |
/// | `is_done` | always |
pub fn map_message_to_activity(message: &Message, link: ActivityLink, settings: &Settings) -> Option<NewActivity> {
    if !message.is_public() {
        return None;
    }
    let offset = settings.traits.utc_offset_minutes;
    let conversation = message.conversation.as_deref();
    let channel = conversation.map_or(Channel::Other, Conversation::channel);
    let kind = activity_type::of_message(channel, message.direction());
    let schedule = match kind {
        ActivityType::Note => None,
        ActivityType::Call | ActivityType::Email => {
            schedule(message.created_at.as_deref().and_then(Instant::parse), None, offset)
        }
    };
    let kind = if schedule.is_some() { kind } else { ActivityType::Note };
    let (schedule_from, schedule_to) = schedule.map(|schedule| (schedule.from, schedule.to)).unzip();
    let sender = sender(message);
    let mut activity = NewActivity {
        kind,
        title: activity_title::of_message(&sender, message),
        comment: comment(message, &sender, channel, settings),
        schedule_from,
        schedule_to,
        additional: (kind == ActivityType::Email).then(|| envelope(conversation, message.direction())),
        is_done: true,
        link,
    };
    take_given(&mut activity, &message.mapped);
    Some(activity)
}

fn comment(message: &Message, sender: &str, channel: Channel, settings: &Settings) -> String {
    let conversation = message.conversation.as_deref();
    let mut end = Html::new(COMMENT_BYTES / 4);
    end.line_break();
    end.line_break();
    end.open_italic();
    end.text(&conversation.map_or(Cow::Borrowed(channel.name()), Conversation::channel_name));
    if let Some(inbox) = conversation.and_then(|conversation| conversation.inbox_name.as_deref()) {
        end.text(" · ");
        end.isolated(&line(inbox, 255));
    }
    if let Some(number) = conversation.map(|conversation| conversation.display_id).filter(|number| *number > 0) {
        end.text(" · Conversation #");
        end.text(&number.to_string());
    }
    end.close();
    let mut end = end.finish();
    end.push_str(&link_back(conversation.and_then(|conversation| conversation.url.as_deref())));
    let mut html = Html::new(COMMENT_BYTES - end.len());
    write_message(&mut html, message, sender, channel, settings);
    let mut comment = html.finish();
    comment.push_str(&end);
    comment
}
