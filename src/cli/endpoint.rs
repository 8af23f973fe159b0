//! `HOST[:PORT]` and `[ADDR:]PORT`.

use std::ffi::OsStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::config::{Endpoint, Host};
use super::failure::quote;

/// What `--allow-network-client` takes: a name, an address, a network in CIDR form or `*`, with a port or without.
pub fn client(text: &OsStr) -> Result<Endpoint, String> {
    let text = &*text.to_string_lossy();
    let shown = quote(text);
    if text.is_empty() {
        return Err("empty address; write HOST or HOST:PORT".to_owned());
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("{shown} is not a host; for this port of any host write '*:{text}'"));
    }
    let (host_text, port_text) = split(text)?;
    let port = port_text.map(|digits| port(digits, &shown)).transpose()?;
    if port == Some(0) {
        return Err(format!("{shown}: nobody connects to port 0; give 1 to 65535"));
    }
    Ok(Endpoint { host: host(host_text, &shown)?, port })
}

/// What `--allow-network-server` takes: a port, with an address before it or without.
pub fn server(text: &OsStr) -> Result<Endpoint, String> {
    let text = &*text.to_string_lossy();
    let shown = quote(text);
    if text.is_empty() {
        return Err("empty port; write PORT or ADDR:PORT".to_owned());
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(Endpoint { host: Host::Any, port: Some(port(text, &shown)?) });
    }
    let (host_text, port_text) = split(text)?;
    let host = host(host_text, &shown)?;
    let Some(digits) = port_text else {
        return Err(format!("{shown} has no port; write PORT or ADDR:PORT"));
    };
    Ok(Endpoint { host, port: Some(port(digits, &shown)?) })
}

/// Parts the host from the port. Two colons without brackets are an IPv6 address without a port (RFC 4038, 5.1).
fn split(text: &str) -> Result<(&str, Option<&str>), String> {
    if let Some(inside) = text.strip_prefix('[') {
        let shown = quote(text);
        let Some((host, rest)) = inside.split_once(']') else {
            return Err(format!("{shown} lacks the closing ']'"));
        };
        return match (host.contains(':'), rest.strip_prefix(':')) {
            (false, _) => Err(format!("{shown}: only an IPv6 address stands in brackets")),
            (true, None) if !rest.is_empty() => {
                Err(format!("{shown}: after ']' only ':PORT' can follow"))
            }
            (true, port) => Ok((host, port)),
        };
    }
    if text.contains("://") {
        return Err(format!("{} is a URL; give HOST or HOST:PORT", quote(text)));
    }
    Ok(match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, Some(port)),
        _ => (text, None),
    })
}

fn port(digits: &str, shown: &str) -> Result<u16, String> {
    // u16's own parser would take a plus sign.
    let number = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok());
    number
        .flatten()
        .ok_or_else(|| format!("{shown}: bad port {}; ports are 0 to 65535", quote(digits)))
}

fn host(text: &str, shown: &str) -> Result<Host, String> {
    if text == "*" {
        return Ok(Host::Any);
    }
    if let Some((address, length)) = text.split_once('/') {
        return network(address, length, shown);
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        let full = if address.is_ipv4() { 32 } else { 128 };
        return Ok(Host::Net(address, full));
    }
    if text.contains('%') {
        return Err(format!(
            "{shown}: an address has no zone here; leave out '%' and what follows"
        ));
    }
    if text.contains(':') {
        return Err(format!("{shown}: {} is not an IPv6 address", quote(text)));
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !text.is_empty() {
        return Err(format!("{shown}: {} is not an IPv4 address", quote(text)));
    }
    name(text, shown)
}

/// A host name (RFC 1123, 2.1; the underscore is common enough).
fn name(text: &str, shown: &str) -> Result<Host, String> {
    if text.contains('*') {
        return Err(format!(
            "{shown}: names are resolved once, at start, so '*' cannot be part of one"
        ));
    }
    let label = |label: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        (1..=63).contains(&label.len()) && !label.starts_with('-') && label.bytes().all(plain)
    };
    let whole = text.strip_suffix('.').unwrap_or(text);
    if whole.len() > 253 || !whole.split('.').all(label) {
        return Err(format!("{shown}: {} is not a host name", quote(text)));
    }
    Ok(Host::Name(text.to_owned()))
}

fn network(address: &str, length: &str, shown: &str) -> Result<Host, String> {
    let Ok(address) = address.parse::<IpAddr>() else {
        return Err(format!("{shown}: {} is not an address", quote(address)));
    };
    let full = if address.is_ipv4() { 32 } else { 128 };
    let length = match length.parse::<u8>() {
        Ok(length) if length <= full => length,
        _ => {
            return Err(format!("{shown}: bad prefix length {}; it is 0 to {full}", quote(length)));
        }
    };
    let base = first_address(address, length);
    if base == address {
        Ok(Host::Net(address, length))
    } else {
        Err(format!(
            "{shown} is an address inside a network; write {base}/{length} for the network, or leave out '/{length}'"
        ))
    }
}

/// The address with all bits after the prefix cleared.
fn first_address(address: IpAddr, length: u8) -> IpAddr {
    let length = u32::from(length);
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & mask).into()
        }
    }
}
