//! Paths in messages: which call it was, and nothing that a caller may have put into it.

/// Whether a path names one record by its id.
pub(in crate::api) fn names_a_record(path: &str) -> bool {
    path.split('/').any(is_id)
}

/// The path with `{id}` in the place of ids: the same for all calls of a kind.
pub(in crate::api) fn template(path: &str) -> String {
    rewrite(path, |part| if is_id(part) { "{id}" } else { part })
}

/// The path as a message may show it: its ids stay, a part that is no word of Krayin's API goes.
pub(in crate::api) fn shown(path: &str) -> String {
    rewrite(path, |part| part)
}

fn rewrite(path: &str, part: impl Fn(&str) -> &str) -> String {
    let parts = path.trim_matches('/').split('/');
    parts.map(|word| if is_word(word) { part(word) } else { "{…}" }).collect::<Vec<_>>().join("/")
}

fn is_id(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// A word of a path, or an id: a phone number has more digits than either.
fn is_word(part: &str) -> bool {
    let letters = part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte == b'_');
    letters || (is_id(part) && part.len() <= 9)
}

#[cfg(test)]
mod tests {
    use super::{names_a_record, shown, template};

    #[test]
    fn shows_which_call_it_was_and_no_more() {
        let table = [
            ("/contacts/persons/12/", "contacts/persons/12", "contacts/persons/{id}"),
            ("leads", "leads", "leads"),
            ("", "", ""),
            ("persons/jane@example.com", "persons/{…}", "persons/{…}"),
            ("persons/+14155550182", "persons/{…}", "persons/{…}"),
            ("persons/14155550182", "persons/{…}", "persons/{…}"),
            ("leads?email=a", "{…}", "{…}"),
        ];
        for (path, message, kind) in table {
            assert_eq!((shown(path).as_str(), template(path).as_str()), (message, kind), "{path}");
        }
        assert!(names_a_record("leads/5/tags") && !names_a_record("leads/tags"));
    }
}
