use super::{
    activity_title, activity_type,
    email_envelope::envelope,
    payload::{take_given, type_of},
    schedule::schedule,
};
use crate::{
    chatwoot::{Conversation, Direction, Instant, Message},
    krayin::{ActivityLink, ActivityType, NewActivity},
    render::{COMMENT_BYTES, Html, attribute, line, link_back, sender, write_message},
    settings::Settings,
};

/// How many of the latest messages a conversation's comment shows.
const MESSAGES: usize = 5;

/// The most that the facts before the messages take.
const FACTS_BYTES: usize = 16 * 1_024;

/// The longest value of a fact, in characters.
const FACT: usize = 500;

/// A conversation as an activity of the person or lead that `link` names.
///
/// | field | from |
/// |---|---|
/// | `type` | the channel: e-mail is `email`, SMS and WhatsApp are `call`, the rest `note`, and so is every one whose begin is not known |
/// | `title` | `Conversation #42` with the Chatwoot and the account it is in; no comma |
/// | `comment` | channel and status, one fact a line, the five latest public messages, a link back to Chatwoot |
/// | `schedule_from`, `schedule_to` | `created_at` and `last_activity_at`, on the server's clock; none for a note |
/// | `additional` | an e-mail's sender, recipient and folder |
/// | `is_done` | whether it is resolved |
pub fn map_to_activity(conversation: &Conversation, link: ActivityLink, settings: &Settings) -> NewActivity {
    let offset = settings.traits.utc_offset_minutes;
    let times = Times::of(conversation);
    let given = type_of(conversation.mapped.get("type"));
    let kind = given.unwrap_or_else(|| activity_type::of_conversation(conversation.channel()));
    let schedule = match kind {
        ActivityType::Note => None,
        ActivityType::Call | ActivityType::Email => schedule(times.begun, times.last_activity, offset),
    };
    let kind = if schedule.is_some() { kind } else { ActivityType::Note };
    let (schedule_from, schedule_to) = schedule.map(|schedule| (schedule.from, schedule.to)).unzip();
    let mut activity = NewActivity {
        kind,
        title: activity_title::of_conversation(conversation),
        comment: comment(conversation, &times, settings),
        schedule_from,
        schedule_to,
        additional: (kind == ActivityType::Email).then(|| envelope(Some(conversation), Direction::Incoming)),
        is_done: conversation.status.as_deref() == Some("resolved"),
        link,
    };
    take_given(&mut activity, &conversation.mapped);
    activity
}

struct Times {
    begun: Option<Instant>,
    first_reply: Option<Instant>,
    last_activity: Option<Instant>,
}

impl Times {
    fn of(conversation: &Conversation) -> Self {
        let parse = |text: &Option<String>| text.as_deref().and_then(Instant::parse);
        Self {
            begun: parse(&conversation.created_at),
            first_reply: parse(&conversation.first_reply_created_at),
            last_activity: parse(&conversation.last_activity_at),
        }
    }
}

fn comment(conversation: &Conversation, times: &Times, settings: &Settings) -> String {
    let link = link_back(conversation.url.as_deref());
    // What is kept free for the link is its own size and the empty line before it.
    let mut html = Html::new(COMMENT_BYTES - link.len() - "<br>".len());
    html.within(FACTS_BYTES, |html| write_facts(html, conversation, times, settings));
    let messages = latest(&conversation.messages);
    for (count, message) in messages.iter().enumerate() {
        html.line_break();
        html.line_break();
        // What a short message leaves is there for the ones after it.
        let share = html.room() / (messages.len() - count);
        html.within(share, |html| write_message(html, message, &sender(message), conversation.channel(), settings));
    }
    let mut comment = html.finish();
    if !link.is_empty() {
        comment.push_str("<br>");
        comment.push_str(&link);
    }
    comment
}

fn write_facts(html: &mut Html, conversation: &Conversation, times: &Times, settings: &Settings) {
    html.open_bold();
    html.text(&conversation.channel_name());
    if let Some(status) = conversation.status.as_deref() {
        html.text(" · ");
        html.isolated(&line(&attribute::label(status), 50));
    }
    html.close();
    let facts = [
        ("Subject", conversation.additional_attributes.get("mail_subject").and_then(|subject| subject.as_str())),
        ("Inbox", conversation.inbox_name.as_deref()),
        ("Assignee", conversation.assignee_name.as_deref()),
        ("Team", conversation.team_name.as_deref()),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            write_fact(html, name, &attribute::masked_unless_shown(value, settings));
        }
    }
    if let Some(priority) = conversation.priority.as_deref() {
        write_fact(html, "Priority", &attribute::label(priority));
    }
    let labels = conversation.labels.join(", ");
    write_fact(html, "Labels", &attribute::masked_unless_shown(&labels, settings));
    for (name, value) in attribute::custom(&conversation.custom_attributes, settings) {
        if html.is_full() {
            break;
        }
        write_fact(html, &name, &value);
    }
    for (name, time) in
        [("Begun", times.begun), ("First reply", times.first_reply), ("Last activity", times.last_activity)]
    {
        if let Some(time) = time {
            write_fact(html, name, &time.shown(settings.clock()));
        }
    }
}

fn write_fact(html: &mut Html, name: &str, value: &str) {
    let value = line(value, FACT);
    if !value.is_empty() {
        html.line_break();
        html.isolated(&line(name, FACT));
        html.text(": ");
        html.isolated(&value);
    }
}

/// The latest public messages, the oldest of them first.
fn latest(messages: &[Message]) -> Vec<&Message> {
    let mut public: Vec<(Option<Instant>, &Message)> = messages
        .iter()
        .filter(|message| message.is_public())
        .map(|message| (message.created_at.as_deref().and_then(Instant::parse), message))
        .collect();
    if public.iter().all(|(time, _)| time.is_some()) {
        public.sort_by_key(|(time, message)| (*time, message.id));
    } else {
        public.sort_by_key(|(_, message)| message.id);
    }
    let skipped = public.len().saturating_sub(MESSAGES);
    public.into_iter().skip(skipped).map(|(_, message)| message).collect()
}
