//! The Ruby extension: the only crate that knows Ruby, and the only one with `unsafe`.
//!
//! Ruby hands over JSON and gets JSON back; every public class stands in `lib/krayin_sync`, beside a file of the same
//! name here; the clients' calls are the table in `api`. `park` makes a Ruby thread wait for what `callback_queue` brings
//! and sleep by an `alarm`, `runtime` survives what `fork` counts, `ports` asks Ruby in the core's name.

#[cfg(not(unix))]
compile_error!("krayin_sync runs on Linux and macOS: it tells forks, blocks signals and waits at pipes.");

mod alarm;
mod api;
mod callback_queue;
mod contact_mapper;
mod conversation_mapper;
mod convert;
mod decision;
mod error;
mod external_id;
mod fiber;
mod fork;
mod limiter_cache;
mod memory;
mod message_mapper;
mod park;
mod payload;
mod ports;
mod processor_service;
mod runtime;
mod runtime_transport;
mod session;
mod settings_cache;
mod setup_service;
mod stack;
mod threads;

use magnus::{Error, Module, Ruby};

#[magnus::init]
fn init(ruby: &Ruby) -> Result<(), Error> {
    let native = ruby.define_module("KrayinSync")?.define_module("Native")?;
    native.const_set("VERSION", env!("CARGO_PKG_VERSION"))?;
    fork::init(ruby)?;
    threads::init();
    park::init(native)?;
    api::init(native)?;
    contact_mapper::init(native)?;
    conversation_mapper::init(native)?;
    decision::init(native)?;
    external_id::init(native)?;
    memory::init(native)?;
    message_mapper::init(native)?;
    payload::init(native)?;
    processor_service::init(native)?;
    session::init(native)?;
    setup_service::init(native)?;
    Ok(())
}
