//! The README's example is the one that runs.

#[test]
fn the_readme_shows_what_runs() {
    let readme = include_str!("../README.md");
    let example = include_str!("examples/sync_contact.rs");
    let shown: String = example.split_inclusive('\n').skip_while(|line| !line.starts_with("use ")).collect();
    assert!(shown.contains("fn main()"));
    assert!(readme.contains(&format!("```rust\n{shown}```\n")));
}
