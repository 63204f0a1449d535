use std::{fmt, ops::RangeInclusive};

use serde_json::Value;

use super::{StageRef, lines};

/// What moves a lead along.
///
/// As a text `label vip -> Negotiation`; several with a semicolon or a new line between them, or a list of texts. On the
/// left is the [cause](Cause), on the right the stage's name, code or id. `lost because too dear` gives the reason why, and
/// `, back` behind it lets the lead go back too, or out of won and lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageRule {
    /// When.
    pub cause: Cause,
    /// Where to.
    pub stage: StageRef,
    /// Why the lead is lost.
    pub lost_reason: Option<String>,
    /// Whether it may go back, too.
    pub back: bool,
}

/// What happens in a conversation. Each fires once for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// `created`: it began.
    Created,
    /// `first reply`: a colleague replied for the first time.
    FirstReply,
    /// `resolved`.
    Resolved,
    /// `reopened`: it is open again.
    Reopened,
    /// `label vip`, `label vip removed`, `contact label vip` and `contact label vip removed`.
    Label {
        /// Which.
        name: String,
        /// Whether the contact bears it.
        of_contact: bool,
        /// Whether it was taken away.
        removed: bool,
    },
    /// `agent ann@example.com`: assigned to whom, by name or address; `agent` to anyone.
    Agent(Option<String>),
    /// `team sales`, or `team`.
    Team(Option<String>),
    /// `priority urgent`.
    Priority(String),
    /// `inbox Website`: by name or id.
    Inbox(String),
    /// `csat`, `csat 5` or `csat 1-2`: the survey was answered.
    Csat(RangeInclusive<u64>),
    /// `attribute plan = gold`, `attribute plan`, and the same with `contact` before it: a custom attribute has a value.
    Attribute {
        /// Its key.
        key: String,
        /// Which value; any where `None`.
        value: Option<String>,
        /// Whether it is the contact's.
        of_contact: bool,
    },
}

impl StageRule {
    /// Reads a text or a list of texts; `None` for what is none.
    pub fn parse(value: &Value) -> Option<Vec<Self>> {
        lines::read(value, Self::line)
    }

    fn line(line: &str) -> Option<Self> {
        let (cause, to) = line.split_once("->").or_else(|| line.split_once('→'))?;
        let (to, back) = match to.rsplit_once(',') {
            Some((to, word)) if word.trim().eq_ignore_ascii_case("back") => (to, true),
            _ => (to, false),
        };
        let (stage, lost_reason) = match to.split_once(" because ") {
            Some((stage, reason)) => (stage.trim(), Some(reason.trim())),
            None => (to.trim(), None),
        };
        let has_reason = lost_reason.is_none_or(|reason| !reason.is_empty() && stage.eq_ignore_ascii_case("lost"))
            && !stage.ends_with(" because");
        (!stage.is_empty() && has_reason).then_some(Self {
            cause: Cause::parse(cause)?,
            stage: StageRef::of(stage),
            lost_reason: lost_reason.map(str::to_owned),
            back,
        })
    }
}

impl fmt::Display for StageRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.cause, self.stage)?;
        if let Some(reason) = &self.lost_reason {
            write!(f, " because {reason}")?;
        }
        f.write_str(if self.back { ", back" } else { "" })
    }
}

impl Cause {
    fn parse(text: &str) -> Option<Self> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (first, rest) = text.split_once(' ').unwrap_or((&text, ""));
        let named = || (!rest.is_empty()).then(|| rest.to_owned());
        Some(match (first.to_lowercase().as_str(), rest) {
            ("created", "") => Self::Created,
            ("first", rest) if rest.eq_ignore_ascii_case("reply") || rest.eq_ignore_ascii_case("response") => {
                Self::FirstReply
            }
            ("resolved", "") => Self::Resolved,
            ("reopened", "") => Self::Reopened,
            ("contact", rest) => match Self::parse(rest)? {
                Self::Label { name, removed, .. } => Self::Label { name, of_contact: true, removed },
                Self::Attribute { key, value, .. } => Self::Attribute { key, value, of_contact: true },
                _ => return None,
            },
            ("label", _) => {
                let name = named()?;
                let kept = name.strip_suffix(" removed").map(str::to_owned);
                Self::Label { removed: kept.is_some(), name: kept.unwrap_or(name), of_contact: false }
            }
            ("agent", _) => Self::Agent(named()),
            ("team", _) => Self::Team(named()),
            ("priority", _) => Self::Priority(named()?.to_lowercase()),
            ("inbox", _) => Self::Inbox(named()?),
            ("csat", "") => Self::Csat(1..=5),
            ("csat", ratings) => {
                let (least, most) = ratings.split_once('-').unwrap_or((ratings, ratings));
                let (least, most) = (least.trim().parse().ok()?, most.trim().parse().ok()?);
                (1 <= least && least <= most && most <= 5).then_some(Self::Csat(least..=most))?
            }
            ("attribute", _) => {
                let named = named()?;
                let (key, value) =
                    named.split_once('=').map_or((&*named, None), |(key, value)| (key, Some(value.trim())));
                let value = value.map(str::to_owned);
                let is_whole = !key.trim().is_empty() && value.as_deref() != Some("");
                is_whole.then(|| Self::Attribute { key: key.trim().to_owned(), value, of_contact: false })?
            }
            _ => return None,
        })
    }

    /// What it is kept by once it has fired; the same for the same cause, whatever its rule says.
    pub(crate) fn key(&self) -> String {
        match self {
            // As they were called when there were no others.
            Self::FirstReply => "first_response".to_owned(),
            cause => cause.to_string().to_lowercase(),
        }
    }

    /// What it looks at that is read only where somebody asks for it, by its name among the sources of a mapping.
    pub(crate) fn needs(&self) -> Option<&'static str> {
        match self {
            Self::Label { of_contact: true, .. } => Some("contact.labels"),
            Self::Csat(_) => Some("csat.rating"),
            _ => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |of_contact: &bool| if *of_contact { "contact " } else { "" };
        match self {
            Self::Created => f.write_str("created"),
            Self::FirstReply => f.write_str("first reply"),
            Self::Resolved => f.write_str("resolved"),
            Self::Reopened => f.write_str("reopened"),
            Self::Label { name, of_contact, removed } => {
                write!(f, "{}label {name}{}", of(of_contact), if *removed { " removed" } else { "" })
            }
            Self::Agent(None) => f.write_str("agent"),
            Self::Agent(Some(who)) => write!(f, "agent {who}"),
            Self::Team(None) => f.write_str("team"),
            Self::Team(Some(team)) => write!(f, "team {team}"),
            Self::Priority(priority) => write!(f, "priority {priority}"),
            Self::Inbox(inbox) => write!(f, "inbox {inbox}"),
            Self::Csat(ratings) if *ratings == (1..=5) => f.write_str("csat"),
            Self::Csat(ratings) if ratings.start() == ratings.end() => write!(f, "csat {}", ratings.start()),
            Self::Csat(ratings) => write!(f, "csat {}-{}", ratings.start(), ratings.end()),
            Self::Attribute { key, value: None, of_contact } => write!(f, "{}attribute {key}", of(of_contact)),
            Self::Attribute { key, value: Some(value), of_contact } => {
                write!(f, "{}attribute {key} = {value}", of(of_contact))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::StageRule;

    #[test]
    fn reads_what_it_writes() {
        for rule in [
            "created -> New",
            "first reply -> 2",
            "resolved -> won",
            "reopened -> Follow Up, back",
            "label vip -> Negotiation",
            "label vip removed -> lost because not a client any more",
            "contact label vip -> Negotiation",
            "contact label vip removed -> New, back",
            "agent -> Prospect",
            "agent ann@example.com -> Prospect",
            "agent Ann Lee -> Prospect",
            "team -> Prospect",
            "team sales -> Prospect",
            "priority urgent -> Negotiation",
            "inbox Web shop -> Prospect",
            "csat -> won",
            "csat 5 -> won",
            "csat 1-2 -> lost because the survey says so, back",
            "attribute plan -> Prospect",
            "attribute plan = gold -> Negotiation",
            "contact attribute plan = very gold -> Negotiation",
        ] {
            let read = StageRule::parse(&json!(rule)).unwrap_or_else(|| panic!("{rule}"));
            assert_eq!(read.iter().map(ToString::to_string).collect::<Vec<_>>(), [rule]);
        }
        let text = StageRule::parse(&json!("First  Response→Won;\n RESOLVED -> lost\n")).unwrap();
        assert_eq!(text, StageRule::parse(&json!(["first reply -> Won", "resolved -> lost"])).unwrap());
        assert_eq!(text[0].cause.key(), "first_response");
    }

    #[test]
    fn refuses_what_is_none() {
        for wrong in [
            json!(5),
            json!(["resolved"]),
            json!([5]),
            json!("resolved -> "),
            json!("-> won"),
            json!("snoozed -> won"),
            json!("resolved now -> won"),
            json!("label -> won"),
            json!("contact team -> won"),
            json!("priority -> won"),
            json!("csat 6 -> won"),
            json!("csat 3-2 -> won"),
            json!("csat good -> won"),
            json!("attribute = gold -> won"),
            json!("attribute plan = -> won"),
            json!("resolved -> won because of us"),
            json!("resolved -> lost because "),
        ] {
            assert_eq!(StageRule::parse(&wrong), None, "{wrong}");
        }
    }
}
