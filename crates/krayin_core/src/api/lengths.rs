use serde_json::Value;

use crate::text::{cut_bytes, cut_chars};

/// What a `varchar` column keeps.
const LINE: usize = 255;
/// What a `TEXT` column keeps.
const TEXT: usize = 65_535;

/// Cuts what the server would cut without a word, so that a reader sees that something is missing.
pub(super) fn fit(mut body: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        for (name, value) in fields {
            match (name.as_str(), &*value) {
                ("name" | "title" | "job_title" | "organization_name", Value::String(text)) => {
                    *value = cut_chars(text, LINE).into();
                }
                ("comment" | "description", Value::String(text)) => *value = cut_bytes(text, TEXT).into(),
                ("person", _) => *value = fit(value.take()),
                _ => {}
            }
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::fit;

    #[test]
    fn cuts_with_a_mark_what_would_be_cut_without() {
        let long = "é".repeat(40_000);
        let cut = fit(json!({
            "title": long, "comment": long, "person": {"name": long, "emails": []}, "lead_value": 5, "location": long
        }));
        let line = format!("{}…", "é".repeat(254));
        assert_eq!(cut["title"], line);
        assert_eq!(cut["person"]["name"], line);
        let comment = cut["comment"].as_str().unwrap();
        assert!(comment.len() <= 65_535 && comment.len() > 65_530 && comment.ends_with("é…"));
        assert_eq!(cut["location"], long.as_str());
        let short = json!({"name": "Jane", "title": null, "comment": ["x"]});
        assert_eq!(fit(short.clone()), short);
        assert_eq!(fit(json!("x")), "x");
    }
}
