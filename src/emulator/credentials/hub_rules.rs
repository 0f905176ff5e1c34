//! The shared access rules of the embedded hub: who may listen, send and manage, each with a key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::wire::notification_hub::{MAX_SAS_KEY, SasClaim, SasKey};

/// The most rules of a hub; Azure takes twelve.
const MOST_RULES: usize = 64;

/// The rules of the hub, in the order of their file. `Debug` shows no key.
#[derive(Debug)]
pub struct HubRules(Vec<HubRule>);

/// A rule: a named key, and what it may do.
#[derive(Debug, Clone)]
pub struct HubRule {
    key: SasKey,
    claims: Vec<SasClaim>,
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rules: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    #[serde(serialize_with = "super::folder::exposed")]
    key: SecretString,
    claims: Vec<Claim>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Claim {
    Listen,
    Send,
    Manage,
}

impl HubRules {
    /// The two rules that every hub of Azure begins with, and one that may send alone.
    pub(super) fn generate() -> Self {
        use SasClaim::{Listen, Manage, Send};
        Self(vec![
            HubRule::generate("DefaultFullSharedAccessSignature", &[Listen, Manage, Send]),
            HubRule::generate("DefaultListenSharedAccessSignature", &[Listen]),
            HubRule::generate("DefaultSendSharedAccessSignature", &[Send]),
        ])
    }

    pub(super) fn from_json(text: &[u8]) -> Result<Self, &'static str> {
        let shape = "is not a hub's rules: {\"rules\":[{\"name\":…,\"key\":…,\"claims\":[\"Listen\",\"Send\",\"Manage\"]}]}";
        let file: File = serde_json::from_slice(text).map_err(|_| shape)?;
        if file.rules.len() > MOST_RULES {
            return Err("has more than 64 rules");
        }
        let rules: Vec<HubRule> = file
            .rules
            .into_iter()
            .map(HubRule::of)
            .collect::<Result<_, _>>()?;
        let same = |one: &HubRule, other: &HubRule| one.name() == other.name();
        let twice = |(at, rule)| rules.iter().skip(at + 1).any(|other| same(rule, other));
        if rules.iter().enumerate().any(twice) {
            return Err("has two rules of one name");
        }
        if !rules.iter().any(|rule| rule.may(SasClaim::Manage)) {
            return Err("has no rule with the claim Manage");
        }
        Ok(Self(rules))
    }

    pub(super) fn to_json(&self) -> Option<Zeroizing<Vec<u8>>> {
        let entry = |rule: &HubRule| Entry {
            name: rule.key.name.clone(),
            key: rule.key.key.clone(),
            claims: rule.claims.iter().copied().map(Claim::from).collect(),
        };
        let file = File {
            rules: self.0.iter().map(entry).collect(),
        };
        serde_json::to_vec_pretty(&file).ok().map(Zeroizing::new)
    }

    /// The rule with this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&HubRule> {
        self.0.iter().find(|rule| rule.name() == name)
    }

    /// The first rule that may do everything: what a connection string is made of.
    #[must_use]
    pub fn full(&self) -> Option<&HubRule> {
        self.0.iter().find(|rule| rule.may(SasClaim::Manage))
    }
}

impl HubRule {
    fn generate(name: &str, claims: &[SasClaim]) -> Self {
        let key = Zeroizing::new(rand::random::<[u8; 32]>());
        Self {
            key: SasKey {
                name: name.to_owned(),
                key: STANDARD.encode(key.as_slice()).into(),
            },
            claims: claims.to_vec(),
        }
    }

    /// Names and keys have to go into a connection string, and names into a token as they are.
    fn of(entry: Entry) -> Result<Self, &'static str> {
        let in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let name = &entry.name;
        if name.is_empty() || name.len() > MAX_SAS_KEY || !name.chars().all(in_name) {
            return Err("has a rule whose name is not 1 to 256 letters, digits and ._-");
        }
        let key = entry.key.expose_secret();
        let in_key = |c: char| c.is_ascii_graphic() && c != ';';
        if key.is_empty() || key.len() > MAX_SAS_KEY || !key.chars().all(in_key) {
            return Err(
                "has a rule whose key is not 1 to 256 visible ASCII characters without a semicolon",
            );
        }
        if entry.claims.is_empty() {
            return Err("has a rule without claims");
        }
        Ok(Self {
            key: SasKey {
                name: entry.name,
                key: entry.key,
            },
            claims: entry.claims.into_iter().map(SasClaim::from).collect(),
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.key.name
    }

    /// Its key, with its name.
    #[must_use]
    pub fn key(&self) -> &SasKey {
        &self.key
    }

    /// True when it has this claim, or Manage, which holds the others.
    #[must_use]
    pub fn may(&self, claim: SasClaim) -> bool {
        let fits = |held: &SasClaim| *held == claim || *held == SasClaim::Manage;
        self.claims.iter().any(fits)
    }
}

impl From<Claim> for SasClaim {
    fn from(claim: Claim) -> Self {
        match claim {
            Claim::Listen => Self::Listen,
            Claim::Send => Self::Send,
            Claim::Manage => Self::Manage,
        }
    }
}

impl From<SasClaim> for Claim {
    fn from(claim: SasClaim) -> Self {
        match claim {
            SasClaim::Listen => Self::Listen,
            SasClaim::Send => Self::Send,
            SasClaim::Manage => Self::Manage,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::notification_hub::ConnectionString;

    fn rule(name: &str, key: &str, claims: &str) -> String {
        format!(r#"{{"name":"{name}","key":"{key}","claims":[{claims}]}}"#)
    }

    fn read(rules: &[String]) -> Result<HubRules, &'static str> {
        HubRules::from_json(format!(r#"{{"rules":[{}]}}"#, rules.join(",")).as_bytes())
    }

    #[test]
    fn the_generated_rules_are_azures_and_one_that_sends() {
        let rules = HubRules::generate();
        let full = rules.full().unwrap();
        assert_eq!(full.name(), "DefaultFullSharedAccessSignature");
        assert_eq!(full.key().key.expose_secret().len(), 44);
        let may = |name: &str| {
            let rule = rules.find(name).unwrap();
            [SasClaim::Listen, SasClaim::Send, SasClaim::Manage].map(|claim| rule.may(claim))
        };
        assert_eq!(may("DefaultFullSharedAccessSignature"), [true, true, true]);
        assert_eq!(
            may("DefaultListenSharedAccessSignature"),
            [true, false, false]
        );
        assert_eq!(
            may("DefaultSendSharedAccessSignature"),
            [false, true, false]
        );
        let again = HubRules::from_json(&rules.to_json().unwrap()).unwrap();
        let key = |rules: &HubRules| rules.full().unwrap().key().key.expose_secret().to_owned();
        assert_eq!(key(&again), key(&rules));
        assert!(!format!("{rules:?}").contains(&key(&rules)));
    }

    #[test]
    fn a_rule_of_ones_own_stands_beside_them() {
        let own = rule("RootManageSharedAccessKey", "abc+/=", r#""Manage""#);
        let rules = read(&[rule("app", "k", r#""Listen","Send""#), own]).unwrap();
        assert_eq!(rules.full().unwrap().name(), "RootManageSharedAccessKey");
        assert!(rules.find("app").unwrap().may(SasClaim::Send));
        assert!(rules.find("rootmanagesharedaccesskey").is_none());
    }

    #[test]
    fn what_a_rule_may_have_a_connection_string_takes() {
        let (name, key) = ("n".repeat(256), "k".repeat(256));
        let rules = read(&[rule(&name, &key, r#""Manage""#)]).unwrap();
        let string = ConnectionString {
            endpoint: url::Url::parse("https://localhost:8443").unwrap(),
            key: rules.full().unwrap().key().clone(),
            hub: None,
        };
        let again = ConnectionString::parse(&string.to_text()).unwrap();
        assert_eq!(again.key.key.expose_secret(), key);
    }

    #[test]
    fn what_is_no_rule_is_named_without_its_key() {
        let good = rule("a", "k", r#""Manage""#);
        for (rules, problem) in [
            (vec![], "Manage"),
            (vec![rule("a", "k", r#""Listen""#)], "Manage"),
            (vec![good.clone(), good.clone()], "one name"),
            (vec![good.clone(), rule("a b", "k", r#""Listen""#)], "name"),
            (vec![good.clone(), rule("b", "", r#""Listen""#)], "key"),
            (
                vec![good.clone(), rule("b", "se;cret", r#""Listen""#)],
                "key",
            ),
            (
                vec![good.clone(), rule("b", &"k".repeat(257), r#""Listen""#)],
                "256",
            ),
            (vec![good.clone(), rule("b", "k", "")], "claims"),
            (
                vec![good.clone(), rule("b", "k", r#""Everything""#)],
                "is not",
            ),
            (vec![good.replace("claims", "rights")], "is not"),
            (vec![good; 65], "64"),
        ] {
            let said = read(&rules).unwrap_err();
            assert!(
                said.contains(problem) && !said.contains("se;cret"),
                "{said}"
            );
        }
    }
}
