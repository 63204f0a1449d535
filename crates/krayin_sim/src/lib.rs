//! A Krayin that runs on loopback.
