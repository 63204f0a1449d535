//! The tables of `docs/` that are made of what the core knows: reasons in three languages, and fields.
//!
//! After a change that is meant, `UPDATE_DOCS=1 cargo test -p krayin_tests --test documents` writes them anew.

use std::{fs, path::Path};

use krayin_core::{
    field::{Field, Write},
    language::Language,
    mapper::FIELDS,
    problem::Problem,
    reason::Reason,
};
use serde_json::{Value, json};

/// What any reason may tell besides its code.
fn example() -> Value {
    json!({
        "entity": "lead", "field": "title", "fields": ["emails.0.value"], "place": "stage", "entered": "Handshake",
        "known": ["New", "Won", "Lost"], "name": "Sales", "pipeline": "Default Pipeline", "places": [2], "rule": "created",
        "count": 2, "contact": 7, "persons": [12, 13], "person": 12, "other": 13, "into": 12, "choice": "carry",
        "attributes": ["lead.plan"], "extension": "Plan", "step": "before_sync", "setting": "stage_rules", "what": "label",
        "key": "ca_file", "wanted": "text", "header": "Cookie", "policy": "on_label", "attribute": "lead.plan",
        "source": "contact.plan",
    })
}

/// What some of them tell instead.
fn of_its_own(code: &str) -> Value {
    match code {
        "changed_hands" => json!({ "persons": [12] }),
        "none_there" => json!({ "place": "source" }),
        "inbox_unknown" => json!({ "entered": "Shop", "known": ["Website", "WhatsApp"] }),
        "not_in_chatwoot" => json!({ "entered": "vip" }),
        "value_wrong" => json!({ "key": "attempt_timeout", "wanted": "seconds" }),
        "list_missing" => json!({ "key": "lead_labels" }),
        _ => json!({}),
    }
}

/// `NoIdentity` as `no_identity`.
fn code(name: &str) -> String {
    let mut code = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !code.is_empty() {
            code.push('_');
        }
        code.push(letter.to_ascii_lowercase());
    }
    code
}

fn sentence(code: &str, language: Language) -> Option<String> {
    let mut told = example();
    told["code"] = code.into();
    for (key, value) in of_its_own(code).as_object()? {
        told[key] = value.clone();
    }
    let reason: Reason = serde_json::from_value(told).ok()?;
    Some(reason.sentence(language).replace('|', "\\|"))
}

fn reasons(language: Language) -> Vec<[String; 2]> {
    // These two are what other enums say.
    let own = Reason::NAMES.iter().filter(|name| !["Settings", "Attempt"].contains(name));
    own.chain(Problem::NAMES)
        .map(|name| {
            let code = code(name);
            let sentence = sentence(&code, language).unwrap_or_else(|| panic!("the example lacks what {code} tells"));
            [format!("`{code}`"), sentence]
        })
        .collect()
}

fn fields() -> Vec<[String; 4]> {
    let mut attribute = "";
    FIELDS
        .iter()
        .map(|field| {
            let is_line = field.write == Write::AsLine;
            if !is_line {
                attribute = &field.attribute;
            }
            let place = format!("{}'s `{attribute}`", field.entity.name());
            [place, named(field, is_line), field.from.to_string(), field.write.name().to_owned()]
        })
        .collect()
}

fn named(field: &Field, is_line: bool) -> String {
    let label = field.label.in_language(Language::En);
    match (is_line, label) {
        (true, "") => format!("{}, without a label", field.key.replace('_', " ")),
        _ => label.to_owned(),
    }
}

fn table<const N: usize>(heads: [&str; N], rows: &[[String; N]]) -> String {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let rules = format!("|{}", "---|".repeat(N));
    let mut lines = vec![line(&heads.map(str::to_owned)), rules];
    lines.extend(rows.iter().map(|row| line(row)));
    lines.join("\n")
}

/// The document with the table between its marks.
fn with_table(document: &str, mark: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- {mark} -->\n"), format!("\n<!-- end of {mark} -->"));
    let (before, rest) = document.split_once(&begin).expect("a mark where the table begins");
    let (_, after) = rest.split_once(&end).expect("a mark where it ends");
    format!("{before}{begin}{table}{end}{after}")
}

#[test]
fn the_tables_are_what_the_core_knows() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let tables = [
        ("reasons.md", "reasons", table(["code", "sentence"], &reasons(Language::En))),
        ("pt/reasons.md", "reasons", table(["código", "frase"], &reasons(Language::Pt))),
        ("es/reasons.md", "reasons", table(["código", "frase"], &reasons(Language::Es))),
        ("fields.md", "fields", table(["Krayin's", "called", "from the contact's", "written"], &fields())),
    ];
    let mut stale = Vec::new();
    for (name, mark, table) in tables {
        let path = docs.join(name);
        let document = fs::read_to_string(&path).unwrap();
        let written = with_table(&document, mark, &table);
        if std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") {
            fs::write(&path, written).unwrap();
        } else if document != written {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "{stale:?}: UPDATE_DOCS=1 cargo test -p krayin_tests --test documents");
}
