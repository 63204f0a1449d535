//! The e-mails and numbers of all persons, side by side in memory: nearly every search looks at them and at nothing
//! else, and rows scattered over the heap take ten times as long to walk.

/// Where one person's texts are.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: usize,
    emails: usize,
    numbers: usize,
}

/// The stored JSON of both columns by person.
#[derive(Debug, Default)]
pub(crate) struct Contacts {
    texts: String,
    /// By id less one. An empty span is no person.
    spans: Vec<Span>,
    /// Bytes of `texts` that no span points at any more.
    waste: usize,
}

/// Waste below this is not worth a new arrangement.
const TOLERATED: usize = 1 << 20;

impl Contacts {
    pub(crate) fn put(&mut self, id: u64, emails: &str, numbers: Option<&str>) {
        self.remove(id);
        let Some(at) = at(id) else {
            return;
        };
        if self.spans.len() <= at {
            self.spans.resize(at + 1, Span::default());
        }
        let numbers = numbers.unwrap_or_default();
        let span = Span { start: self.texts.len(), emails: emails.len(), numbers: numbers.len() };
        self.texts.push_str(emails);
        self.texts.push_str(numbers);
        if let Some(slot) = self.spans.get_mut(at) {
            *slot = span;
        }
        if self.waste > TOLERATED.max(self.texts.len() / 2) {
            self.arrange();
        }
    }

    pub(crate) fn remove(&mut self, id: u64) {
        if let Some(slot) = at(id).and_then(|at| self.spans.get_mut(at)) {
            self.waste += slot.emails + slot.numbers;
            *slot = Span::default();
        }
    }

    /// The persons whose e-mails and numbers `matches`, in the order of their ids. A null column is a blank text.
    pub(crate) fn scan<'a>(&'a self, matches: impl Fn(&str, &str) -> bool + 'a) -> impl Iterator<Item = u64> + 'a {
        (1..).zip(&self.spans).filter(|(_, span)| span.emails > 0).filter_map(move |(id, span)| {
            let (emails, numbers) = self.texts_of(span)?;
            matches(emails, numbers).then_some(id)
        })
    }

    fn texts_of(&self, span: &Span) -> Option<(&str, &str)> {
        let between = span.start + span.emails;
        Some((self.texts.get(span.start..between)?, self.texts.get(between..between + span.numbers)?))
    }

    fn arrange(&mut self) {
        let mut texts = String::with_capacity(self.texts.len() - self.waste);
        for span in &mut self.spans {
            let start = texts.len();
            texts.push_str(self.texts.get(span.start..span.start + span.emails + span.numbers).unwrap_or_default());
            span.start = start;
        }
        self.texts = texts;
        self.waste = 0;
    }
}

fn at(id: u64) -> Option<usize> {
    usize::try_from(id).ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_survive_changes_and_new_arrangements() {
        let mut contacts = Contacts::default();
        let long = "x".repeat(1000);
        for id in 1..=100 {
            contacts.put(id, &format!("[{id}]"), None);
        }
        for round in 0..100 {
            for id in 1..=100 {
                contacts.put(id, &format!("[{round}-{id}]"), Some(&long));
            }
        }
        contacts.remove(7);
        assert!(contacts.texts.len() < 4 << 20, "{}", contacts.texts.len());
        let found: Vec<u64> = contacts.scan(|emails, numbers| emails.starts_with("[99-") && numbers == long).collect();
        assert_eq!(found, (1..=100).filter(|id| *id != 7).collect::<Vec<u64>>());
        assert_eq!(contacts.scan(|emails, _| emails == "[99-42]").collect::<Vec<u64>>(), [42]);
    }
}
