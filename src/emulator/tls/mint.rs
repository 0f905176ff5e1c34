//! Makes the authority and what it signs.

use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};
use secrecy::SecretString;

use super::{Leaf, LocalNames, Material, unusable};
use crate::emulator::EmulatorError;

/// How long everything is valid from now on: the authority, which can sign nothing more, as long
/// as what it signed.
const LIFETIME: Duration = Duration::from_secs(90 * 24 * 3600);

/// How far other clocks may be behind.
const LEEWAY: Duration = Duration::from_secs(24 * 3600);

/// The authority's name, for whoever finds it in a list of authorities.
const NAME: &str = "handset local CA (this machine only)";

/// A new authority and its certificates.
pub(super) fn material(names: &LocalNames, now: Timestamp) -> Result<Material, EmulatorError> {
    let key = KeyPair::generate().map_err(|error| unusable(&error))?;
    signed_with(key, names, now)
}

/// The authority's certificate alone, under a key that is thrown away: to compare others with.
pub(super) fn authority(names: &LocalNames, now: Timestamp) -> Result<Certificate, EmulatorError> {
    let key = KeyPair::generate().map_err(|error| unusable(&error))?;
    let params = authority_params(names, now);
    params.self_signed(&key).map_err(|error| unusable(&error))
}

/// As [`material`]: the authority's key goes with the end of this function.
pub(super) fn signed_with(
    key: KeyPair,
    names: &LocalNames,
    now: Timestamp,
) -> Result<Material, EmulatorError> {
    let issuer = CertifiedIssuer::self_signed(authority_params(names, now), key)
        .map_err(|error| unusable(&error))?;
    let leaf = |title: &str, alternatives: Vec<SanType>| {
        let key = KeyPair::generate().map_err(|error| unusable(&error))?;
        let certificate = leaf_params(title, alternatives, now)
            .signed_by(&key, &issuer)
            .map_err(|error| unusable(&error))?;
        Ok::<_, EmulatorError>(Leaf {
            certificate: certificate.pem(),
            key: SecretString::from(key.serialize_pem()),
        })
    };
    Ok(Material {
        local: leaf("handset on this machine", names.local()?)?,
        push: leaf("handset's push services", LocalNames::push()?)?,
        authority: issuer.pem(),
    })
}

fn authority_params(names: &LocalNames, now: Timestamp) -> CertificateParams {
    let mut params = params(NAME, now);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.name_constraints = Some(names.constraints());
    params
}

fn leaf_params(title: &str, alternatives: Vec<SanType>, now: Timestamp) -> CertificateParams {
    let mut params = params(title, now);
    params.is_ca = IsCa::ExplicitNoCa;
    params.subject_alt_names = alternatives;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params
}

fn params(title: &str, now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "handset");
    name.push(DnType::CommonName, title);
    params.distinguished_name = name;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let now = Duration::from_secs(u64::try_from(now.as_second()).unwrap_or(0));
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + now.saturating_sub(LEEWAY);
    params.not_after = epoch + now.saturating_add(LIFETIME);
    params
}
