//! The names that are certified.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rcgen::{CidrSubnet, GeneralSubtree, NameConstraints, SanType};
use rustls::pki_types::ServerName;
use url::Host;

use super::unusable;
use crate::emulator::EmulatorError;
use crate::emulator::names::certificate_names;

/// This machine's name for itself.
const LOCALHOST: &str = "localhost";

/// The names under which this machine is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::emulator) struct LocalNames {
    hosts: BTreeSet<String>,
    addresses: BTreeSet<IpAddr>,
}

impl LocalNames {
    /// The loopback names, the addresses that were bound, and the host that others know.
    pub(in crate::emulator) fn new(bound: &[SocketAddr], public: Option<&Host>) -> Self {
        let mut hosts = BTreeSet::from([LOCALHOST.to_owned()]);
        let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        let bound = bound.iter().map(SocketAddr::ip);
        let mut addresses: BTreeSet<IpAddr> = loopback.into_iter().chain(bound).collect();
        addresses.retain(|address| !address.is_unspecified());
        match public {
            Some(Host::Domain(name)) => {
                hosts.insert(name.trim_end_matches('.').to_ascii_lowercase());
            }
            Some(Host::Ipv4(address)) => {
                addresses.insert((*address).into());
            }
            Some(Host::Ipv6(address)) => {
                addresses.insert((*address).into());
            }
            None => {}
        }
        Self { hosts, addresses }
    }

    /// The names in the certificate for this machine.
    pub(super) fn local(&self) -> Result<Vec<SanType>, EmulatorError> {
        let hosts = self.hosts.iter().map(|host| named(host));
        let addresses = self.addresses.iter().map(|ip| Ok(SanType::IpAddress(*ip)));
        hosts.chain(addresses).collect()
    }

    /// The names in the certificate for the push hosts.
    pub(super) fn push() -> Result<Vec<SanType>, EmulatorError> {
        certificate_names().map(|name| named(&name)).collect()
    }

    /// All that the authority may vouch for.
    pub(super) fn constraints(&self) -> NameConstraints {
        let push = certificate_names().map(|name| bare(&name).to_owned());
        let hosts = self.hosts.iter().cloned().chain(push);
        let loopback = CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8);
        let others = self.addresses.iter().filter(|ip| !is_loopback_four(**ip));
        let others = others.map(|ip| CidrSubnet::from_addr_prefix(*ip, whole(*ip)));
        let subnets = std::iter::once(loopback).chain(others);
        NameConstraints {
            permitted_subtrees: hosts
                .map(GeneralSubtree::DnsName)
                .chain(subnets.map(GeneralSubtree::IpAddress))
                .collect(),
            excluded_subtrees: Vec::new(),
        }
    }

    /// What a client may ask the certificate for this machine for.
    pub(super) fn asked_local(&self) -> Vec<ServerName<'static>> {
        let hosts = self.hosts.iter().filter_map(|host| asked(host));
        let addresses = self.addresses.iter().map(|ip| ServerName::from(*ip));
        hosts.chain(addresses).collect()
    }

    /// What a client may ask the certificate for the push hosts for; any name stands for a star.
    pub(super) fn asked_push() -> Vec<ServerName<'static>> {
        certificate_names()
            .filter_map(|name| asked(&name.replacen('*', "any", 1)))
            .collect()
    }
}

fn named(name: &str) -> Result<SanType, EmulatorError> {
    let name = name.try_into().map_err(|error| unusable(&error))?;
    Ok(SanType::DnsName(name))
}

fn asked(name: &str) -> Option<ServerName<'static>> {
    ServerName::try_from(name.to_owned()).ok()
}

fn bare(name: &str) -> &str {
    name.strip_prefix("*.").unwrap_or(name)
}

fn is_loopback_four(address: IpAddr) -> bool {
    address.is_ipv4() && address.is_loopback()
}

fn whole(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}
