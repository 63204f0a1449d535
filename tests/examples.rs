//! The documentation's example is the one that runs.

#[test]
fn the_documentation_shows_what_runs() {
    let document = include_str!("../docs/rust.md");
    let example = include_str!("examples/sync_contact.rs");
    let shown: String = example.split_inclusive('\n').skip_while(|line| !line.starts_with("use ")).collect();
    assert!(shown.contains("fn main()"));
    assert!(document.contains(&format!("```rust\n{shown}```\n")));
}
