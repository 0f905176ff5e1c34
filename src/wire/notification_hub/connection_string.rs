//! Connection strings: `Endpoint=sb://…/;SharedAccessKeyName=…;SharedAccessKey=…`.

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;
use zeroize::Zeroizing;

use crate::model::{BackendOrigin, Invalid};

use super::{SasKey, check_hub_name};

/// The longest connection string, in bytes.
const LONGEST: usize = 4096;

/// The most characters of a key and of its name, as the SDKs have it.
pub const MAX_SAS_KEY: usize = 256;

/// Where a hub's namespace is, and with which key one may ask there. `Debug` does not show the key.
#[derive(Debug, Clone)]
pub struct ConnectionString {
    /// The namespace's base: `https`, without a path.
    pub endpoint: Url,
    /// The key.
    pub key: SasKey,
    /// The hub, where the string names one (`EntityPath`).
    pub hub: Option<String>,
}

impl ConnectionString {
    /// Reads a connection string: parts in any order, names in any case; `sb`, `https` and, on
    /// loopback alone, `http` endpoints. Parts of other names are passed over, as SDKs do.
    ///
    /// A path in the endpoint is refused: one SDK would drop it, another ask below it.
    ///
    /// # Errors
    /// [`Invalid`] names the part that is missing or wrong, and never shows the key.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() > LONGEST {
            return Err(bad(format!("is longer than {LONGEST} bytes")));
        }
        let parts = Parts::read(text)?;
        let endpoint = parts.endpoint.ok_or_else(|| missing("Endpoint"))?;
        let name = parts.name.ok_or_else(|| missing("SharedAccessKeyName"))?;
        let key = parts.key.ok_or_else(|| missing("SharedAccessKey"))?;
        check_text("SharedAccessKeyName", name)?;
        check_text("SharedAccessKey", key)?;
        Ok(Self {
            endpoint: read_endpoint(endpoint)?,
            key: SasKey {
                name: name.to_owned(),
                key: SecretString::from(key),
            },
            hub: parts.hub.map(read_hub).transpose()?,
        })
    }

    /// The string as SDKs take it: `Endpoint=sb://host:port/;SharedAccessKeyName=…;SharedAccessKey=…`.
    /// An endpoint in plain http stays one; a hub stands behind it all as `EntityPath`.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let scheme = match self.endpoint.scheme() {
            "https" => "sb",
            other => other,
        };
        let host = self.endpoint.host_str().unwrap_or_default();
        let port = match self.endpoint.port() {
            Some(port) => format!(":{port}"),
            None => String::new(),
        };
        let hub = match &self.hub {
            Some(hub) => format!(";EntityPath={hub}"),
            None => String::new(),
        };
        let name = &self.key.name;
        let key = self.key.key.expose_secret();
        Zeroizing::new(format!(
            "Endpoint={scheme}://{host}{port}/;SharedAccessKeyName={name};SharedAccessKey={key}{hub}"
        ))
    }
}

/// The parts that are known, each at most once.
#[derive(Default)]
struct Parts<'a> {
    endpoint: Option<&'a str>,
    name: Option<&'a str>,
    key: Option<&'a str>,
    hub: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn read(text: &'a str) -> Result<Self, Invalid> {
        let mut read = Self::default();
        for part in text.split(';').map(str::trim) {
            if part.is_empty() {
                continue;
            }
            let (name, value) = part.split_once('=').ok_or_else(|| {
                bad("has a part without =: write it like Endpoint=sb://…/;SharedAccessKeyName=…;SharedAccessKey=…")
            })?;
            let (known, place) = match name.trim().to_ascii_lowercase().as_str() {
                "endpoint" => ("Endpoint", &mut read.endpoint),
                "sharedaccesskeyname" => ("SharedAccessKeyName", &mut read.name),
                "sharedaccesskey" => ("SharedAccessKey", &mut read.key),
                "entitypath" => ("EntityPath", &mut read.hub),
                _ => continue,
            };
            let value = value.trim();
            if value.is_empty() {
                return Err(bad(format!("has an empty {known}")));
            }
            if place.replace(value).is_some() {
                return Err(bad(format!("has {known} twice")));
            }
        }
        Ok(read)
    }
}

fn read_endpoint(text: &str) -> Result<Url, Invalid> {
    let wrong = |problem: &str| bad(format!("has an Endpoint that {problem}"));
    let (scheme, located) = text
        .split_once("://")
        .ok_or_else(|| wrong("does not begin with sb://"))?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "sb" | "https" => "https",
        "http" => "http",
        _ => return Err(wrong("does not begin with sb://")),
    };
    let url = Url::parse(&format!("{scheme}://{located}"))
        .map_err(|error| wrong(&format!("is no URL ({error})")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("carries a user name or password: leave it out"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("carries a query or fragment: leave it out"));
    }
    if url.path() != "/" {
        return Err(wrong(
            "has a path: leave it out, and name the hub beside it (EntityPath=…)",
        ));
    }
    let is_loopback = BackendOrigin::parse(url.as_str()).is_ok_and(|origin| origin.is_loopback());
    if scheme == "http" && !is_loopback {
        return Err(wrong("is plain http beyond this machine: write sb://"));
    }
    Ok(url)
}

fn read_hub(text: &str) -> Result<String, Invalid> {
    check_hub_name(text).map_err(|Invalid { problem, .. }| {
        bad(format!(
            "has an EntityPath that is no hub's name: it {problem}"
        ))
    })?;
    Ok(text.to_owned())
}

/// Checks a key or its name, and shows neither.
fn check_text(part: &str, text: &str) -> Result<(), Invalid> {
    if text.chars().count() > MAX_SAS_KEY {
        return Err(bad(format!(
            "has a {part} of more than {MAX_SAS_KEY} characters"
        )));
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(bad(format!("has a {part} with white space in it")));
    }
    Ok(())
}

fn missing(part: &str) -> Invalid {
    bad(format!("has no {part}"))
}

fn bad(problem: impl Into<String>) -> Invalid {
    Invalid::new("connection string", problem)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> ConnectionString {
        ConnectionString::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn parts_come_in_any_order_and_case() {
        let text =
            "Endpoint=sb://localhost:8443/;SharedAccessKeyName=Full;SharedAccessKey=k/+e=y==";
        for same in [
            text.to_owned(),
            format!("{text};"),
            format!(";; {text} ;\r\n"),
            format!("{text};OperationTimeout=00:01:00;TransportType=Amqp"),
            "sharedaccesskey = k/+e=y== ; SHAREDACCESSKEYNAME=Full;endpoint=SB://LOCALHOST:8443"
                .to_owned(),
            text.replace("sb:", "https:"),
        ] {
            let read = parsed(&same);
            assert_eq!(read.endpoint.as_str(), "https://localhost:8443/");
            assert_eq!(read.key.name, "Full");
            assert_eq!(read.key.key.expose_secret(), "k/+e=y==");
            assert_eq!(read.hub, None);
            assert_eq!(read.to_text().as_str(), text);
        }
    }

    #[test]
    fn a_hub_and_every_kind_of_host_read_back() {
        for text in [
            "Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey=b;EntityPath=my-hub.1",
            "Endpoint=http://127.0.0.1:8480/;SharedAccessKeyName=a;SharedAccessKey=b",
            "Endpoint=http://[::1]:8480/;SharedAccessKeyName=a;SharedAccessKey=b",
            "Endpoint=sb://[2001:db8::1]/;SharedAccessKeyName=a;SharedAccessKey=b",
        ] {
            assert_eq!(parsed(text).to_text().as_str(), text);
        }
        let hub = parsed("Endpoint=sb://h;SharedAccessKeyName=a;SharedAccessKey=b;entitypath=hub");
        assert_eq!(hub.hub.as_deref(), Some("hub"));
    }

    #[test]
    fn what_is_wrong_is_named_and_the_key_is_not() {
        let with = |endpoint: &str| {
            format!("Endpoint={endpoint};SharedAccessKeyName=s3cret;SharedAccessKey=s3cret")
        };
        let good = with("sb://h/");
        for (text, hint) in [
            (String::new(), "no Endpoint"),
            ("s3cret".to_owned(), "without ="),
            ("Endpoint=sb://h/".to_owned(), "no SharedAccessKeyName"),
            (
                "Endpoint=sb://h/;SharedAccessKeyName=s3cret".to_owned(),
                "no SharedAccessKey",
            ),
            (
                "Endpoint=sb://h/;SharedAccessKeyName=a;SharedAccessSignature=s3cret".to_owned(),
                "no SharedAccessKey",
            ),
            (
                format!("{good};SharedAccessKey=s3cret"),
                "SharedAccessKey twice",
            ),
            (format!("{good};endpoint=sb://x/"), "Endpoint twice"),
            (format!("{good};EntityPath="), "empty EntityPath"),
            (format!("{good};EntityPath=a/b"), "no hub's name"),
            (format!("{good};EntityPath=.."), "no hub's name"),
            (format!("{good};EntityPath=a-"), "no hub's name"),
            (
                good.replace("Key=s3cret", "Key=s3cret s3cret"),
                "white space",
            ),
            (
                good.replace("Key=s3cret", &format!("Key={}", "x".repeat(257))),
                "256",
            ),
            (
                with("ns.servicebus.windows.net"),
                "does not begin with sb://",
            ),
            (with("amqps://h/"), "does not begin with sb://"),
            (with("sb://"), "is no URL"),
            (with("sb://h:99999/"), "is no URL"),
            (with("sb://s3cret:s3cret@h/"), "user name or password"),
            (with("sb://h/hub"), "has a path"),
            (with("sb://h/?a=b"), "query or fragment"),
            (with("sb://h/#a"), "query or fragment"),
            (with("http://h/"), "plain http"),
            (with("http://localhost.example/"), "plain http"),
            (format!("{good};x={}", "x".repeat(LONGEST)), "longer than"),
        ] {
            let error = ConnectionString::parse(&text).unwrap_err().to_string();
            assert!(error.contains(hint), "{text}: {error}");
            assert!(!error.contains("s3cret"), "{text}: {error}");
        }
        assert!(!format!("{:?}", parsed(&good).key.key).contains("s3cret"));
    }

    proptest! {
        #[test]
        fn a_text_reads_back(
            host in "[a-z][a-z0-9]{0,10}(-[a-z0-9]{1,4})?(\\.[a-z]{2,5})?|127\\.0\\.0\\.[1-9]|\\[::[1-9a-f]\\]",
            port in proptest::option::of(1_u16..),
            name in "[!-:<-~é]{1,30}",
            key in "[!-:<-~é]{1,60}",
            hub in proptest::option::of("[a-zA-Z0-9]([a-zA-Z0-9._-]{0,30}[a-zA-Z0-9])?"),
            shuffle in any::<bool>(),
        ) {
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            let mut parts = vec![
                format!("Endpoint=sb://{host}{port}/"),
                format!("SharedAccessKeyName={name}"),
                format!("SharedAccessKey={key}"),
            ];
            parts.extend(hub.as_ref().map(|hub| format!("EntityPath={hub}")));
            if shuffle {
                parts.reverse();
            }
            let read = parsed(&parts.join(";"));
            let again = parsed(&read.to_text());
            prop_assert_eq!(&read.key.name, &name);
            prop_assert_eq!(read.key.key.expose_secret(), key.as_str());
            prop_assert_eq!(&read.hub, &hub);
            prop_assert_eq!(&again.endpoint, &read.endpoint);
            prop_assert_eq!(&again.key.name, &name);
            prop_assert_eq!(again.key.key.expose_secret(), key.as_str());
            prop_assert_eq!(again.hub, hub);
        }

        #[test]
        fn no_text_panics(text in "(Endpoint=|sb://|http://|SharedAccessKey(Name)?=|;|@|:|\\[|é|.){0,30}") {
            drop(ConnectionString::parse(&text));
        }
    }
}
