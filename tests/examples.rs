//! Each example runs, and the one in the README is the one that does.

mod map_contact {
    include!("../crates/krayin_core/examples/map_contact.rs");

    #[test]
    fn runs() {
        main().unwrap();
    }
}

mod sync_contact {
    include!("examples/sync_contact.rs");

    #[test]
    fn runs() {
        main().unwrap();
    }
}

#[test]
fn the_readme_shows_what_runs() {
    let readme = include_str!("../README.md");
    let example = include_str!("examples/sync_contact.rs");
    assert!(readme.contains(&format!("```rust\n{example}```\n")));
}
