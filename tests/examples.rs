//! The examples run, and docs/rust.md shows them as they are.

/// Each as a module of its own, which runs it.
macro_rules! examples {
    ($($name:ident),+) => {
        $(mod $name {
            include!(concat!("examples/", stringify!($name), ".rs"));

            #[test]
            fn runs() {
                main().unwrap();
            }
        })+

        const EXAMPLES: &[(&str, &str)] = &[$((stringify!($name), include_str!(concat!("examples/", stringify!($name), ".rs")))),+];
    };
}

examples!(sync_contact, calls, webhook);

#[test]
fn the_documentation_shows_what_runs() {
    let document = include_str!("../docs/rust.md");
    for (name, example) in EXAMPLES {
        let shown: String = example.split_inclusive('\n').skip_while(|line| !line.starts_with("use ")).collect();
        assert!(shown.contains("fn main()"));
        assert!(document.contains(&format!("```rust\n{shown}```\n")), "docs/rust.md shows another {name}");
        assert!(document.contains(&format!("--example {name}")), "docs/rust.md does not say how {name} is run");
    }
}
