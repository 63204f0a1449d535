use crate::{
    chatwoot::{Channel, Direction},
    krayin::ActivityType,
};

/// What a conversation over `channel` is to a salesperson: mail is e-mail, talk by phone number is a call, the rest a
/// note.
pub(super) fn of_conversation(channel: Channel) -> ActivityType {
    own(channel).unwrap_or(ActivityType::Note)
}

/// The same of a message. Where the channel says nothing, what went out is e-mail and what came in a note.
pub(super) fn of_message(channel: Channel, direction: Direction) -> ActivityType {
    own(channel).unwrap_or(match direction {
        Direction::Outgoing => ActivityType::Email,
        Direction::Incoming | Direction::Internal => ActivityType::Note,
    })
}

fn own(channel: Channel) -> Option<ActivityType> {
    match channel {
        Channel::Email => Some(ActivityType::Email),
        Channel::TwilioSms | Channel::Sms | Channel::Whatsapp => Some(ActivityType::Call),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{of_conversation, of_message};
    use crate::{
        chatwoot::{Channel, Direction},
        krayin::ActivityType::{Call, Email, Note},
    };

    #[test]
    fn follows_the_channel_then_the_direction() {
        let table = [
            ("Channel::Email", Email, Email, Email),
            ("Channel::TwilioSms", Call, Call, Call),
            ("Channel::Sms", Call, Call, Call),
            ("Channel::Whatsapp", Call, Call, Call),
            ("Channel::WebWidget", Note, Note, Email),
            ("Channel::Telegram", Note, Note, Email),
            ("Channel::Later", Note, Note, Email),
            ("", Note, Note, Email),
        ];
        for (class, conversation, incoming, outgoing) in table {
            let channel = Channel::of(class);
            assert_eq!(of_conversation(channel), conversation, "{class}");
            assert_eq!(of_message(channel, Direction::Incoming), incoming, "{class}");
            assert_eq!(of_message(channel, Direction::Outgoing), outgoing, "{class}");
        }
    }
}
