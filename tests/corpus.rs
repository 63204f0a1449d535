//! Every input that the fuzzer kept (`fuzz/corpus/TARGET/…`), through the same checks.

use std::{fs, path::Path};

use krayin_tests::fuzzed::TARGETS;

#[test]
fn every_input_that_was_kept_is_taken() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for (name, target) in TARGETS {
        let mut inputs = 0;
        for entry in fs::read_dir(corpus.join(name)).unwrap() {
            let path = entry.unwrap().path();
            let input = fs::read(&path).unwrap();
            if let Err(panic) = std::panic::catch_unwind(|| target(&input)) {
                eprintln!("{}", path.display());
                std::panic::resume_unwind(panic);
            }
            inputs += 1;
        }
        assert!(inputs >= 20, "{name} has {inputs} inputs");
    }
}
