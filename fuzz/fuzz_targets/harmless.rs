#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| krayin_tests::fuzzed::harmless(input));
