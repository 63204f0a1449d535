use std::{
    collections::HashMap,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::server::may_connect;

/// Addresses that are known without asking the system.
pub(in crate::api) type Names = Arc<HashMap<String, Vec<IpAddr>>>;

/// Resolves a name and, where it is guarded, lets through only addresses that it may have. What is checked here is what is connected to: a
/// name that answers differently the next time gains nothing.
#[derive(Debug)]
pub(in crate::api) struct Resolver {
    pub(in crate::api) guarded: bool,
    pub(in crate::api) names: Names,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guarded, known) = (self.guarded, self.names.get(name.as_str()).cloned());
        Box::pin(async move {
            let found: Vec<SocketAddr> = match known {
                Some(addresses) => addresses.into_iter().map(|address| (address, 0).into()).collect(),
                None => tokio::net::lookup_host((name.as_str(), 0)).await?.collect(),
            };
            if guarded && !found.iter().all(|address| may_connect(name.as_str(), address.ip())) {
                return Err(PrivateAddress.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// A name has an address that it may not have.
#[derive(Debug)]
pub(in crate::api) struct PrivateAddress;

impl fmt::Display for PrivateAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host has a private address")
    }
}

impl std::error::Error for PrivateAddress {}
