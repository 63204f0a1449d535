//! The examples run, each by its own test, and docs/rust.md shows them as they are.

#[path = "examples/calls.rs"]
mod calls;
#[path = "examples/sync_contact.rs"]
mod sync_contact;
#[path = "examples/webhook.rs"]
mod webhook;

const EXAMPLES: [(&str, &str); 3] = [
    ("calls", include_str!("examples/calls.rs")),
    ("sync_contact", include_str!("examples/sync_contact.rs")),
    ("webhook", include_str!("examples/webhook.rs")),
];

#[test]
fn the_documentation_shows_what_runs() {
    let document = include_str!("../docs/rust.md");
    for (name, example) in EXAMPLES {
        let (shown, _) = example.split_once("\n#[cfg(test)]").unwrap();
        let shown = &shown[shown.find("\nuse ").unwrap() + 1..];
        assert!(shown.contains("fn main()"));
        assert!(document.contains(&format!("```rust\n{shown}```\n")), "docs/rust.md shows another {name}");
        assert!(document.contains(&format!("--example {name}")), "docs/rust.md does not say how {name} is run");
    }
}
