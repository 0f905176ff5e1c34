use super::*;

/// RFC 8291, appendix A.
const BODY: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
const SECRET: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

fn rfc_keys() -> DeviceKeys {
    let mut bytes = URL_SAFE_NO_PAD.decode(SECRET).unwrap();
    bytes.extend(URL_SAFE_NO_PAD.decode(AUTH).unwrap());
    DeviceKeys::from_bytes(&bytes).unwrap()
}

#[test]
fn the_example_of_rfc_8291_decrypts() {
    let plain = rfc_keys()
        .decrypt(&URL_SAFE_NO_PAD.decode(BODY).unwrap())
        .unwrap();
    assert_eq!(plain, b"When I grow up, I want to be a watermelon");
}

#[test]
fn what_is_encrypted_for_a_device_decrypts_there_alone() {
    let device = DeviceKeys::generate();
    let body = encrypt(&device.public(), b"sec-1").unwrap();
    let again = DeviceKeys::from_bytes(&device.to_bytes()).unwrap();
    assert_eq!(again.decrypt(&body).unwrap(), b"sec-1");
    assert_eq!(
        DeviceKeys::generate().decrypt(&body),
        Err(CryptoError::DoesNotDecrypt)
    );
}

#[test]
fn hostile_bodies_are_errors() {
    let device = DeviceKeys::generate();
    let body = encrypt(&device.public(), b"sec-1").unwrap();
    for cut in 0..body.len() {
        assert!(device.decrypt(&body[..cut]).is_err(), "cut at {cut}");
    }
    for place in 0..body.len() {
        let mut changed = body.clone();
        changed[place] ^= 1;
        // Another record size may be as good: the one record still fits.
        let sizes = SALT..SALT + 4;
        assert!(
            sizes.contains(&place) || device.decrypt(&changed).is_err(),
            "changed at {place}"
        );
    }
    assert!(DeviceKeys::from_bytes(&[0; 48]).is_err());
}

/// What the library http_ece 1.2 (npm) writes in records of 27 bytes, for the keys of the older
/// draft's example.
const IN_RECORDS: &str = "lngarbyKfMoi9Z75xYXmkgAAABtBBNoRDbb84JGm8g5Z5CFxurSqsXWJ11ItfXEWYVLE85Y7CYkDjXsIEc4aqxYaQ1G8BqkXCJ6DPpDrWtdWj_mugHUEIS1dSVHV9OPLLE9_q3jhJ8inVc4qnEuw0NJ9tzUD2bKYgcXZiuW6Ll0_vEcGCNocR5sFQ10moY3ZYwoCpEWvM2rBLIW_z-97GcdhnPe52V__UQAJPKdTauY-FmHMh7GtVvMNxFG3yQ";

#[test]
fn a_body_in_several_records_decrypts_unless_one_is_missing_or_moved() {
    let halves = [
        "9FWl15_QUQAWDaD3k3l50ZBZQJ4au27F1V4F0uLSD_M",
        "R29vIGdvbyBnJyBqb29iIQ",
    ];
    let halves = halves.map(|half| URL_SAFE_NO_PAD.decode(half).unwrap());
    let device = DeviceKeys::from_bytes(&halves.concat()).unwrap();
    let body = URL_SAFE_NO_PAD.decode(IN_RECORDS).unwrap();
    assert_eq!(
        device.decrypt(&body).as_deref(),
        Ok(b"I am the walrus, goo goo g'joob".as_slice())
    );
    for cut in 0..body.len() {
        assert!(device.decrypt(&body[..cut]).is_err(), "cut at {cut}");
    }
    let mut moved = body.clone();
    moved[SALT + 5 + PUBLIC_KEY..].rotate_left(27);
    assert_eq!(device.decrypt(&moved), Err(CryptoError::DoesNotDecrypt));
}

#[test]
fn the_record_size_cuts_the_body_into_records() {
    let device = DeviceKeys::generate();
    let body = encrypt(&device.public(), b"sec-1").unwrap();
    let record = u32::try_from(body.len() - SALT - 5 - PUBLIC_KEY).unwrap();
    for (size, outcome) in [
        (record, Ok(b"sec-1".to_vec())),
        (record - 1, Err(CryptoError::DoesNotDecrypt)),
        (17, Err(CryptoError::NotAes128Gcm)),
        (0, Err(CryptoError::NotAes128Gcm)),
        (u32::MAX, Ok(b"sec-1".to_vec())),
    ] {
        let mut changed = body.clone();
        changed[SALT..SALT + 4].copy_from_slice(&size.to_be_bytes());
        assert_eq!(device.decrypt(&changed), outcome, "{size}");
    }
    let long = encrypt(&device.public(), &[7; 5000]).unwrap();
    assert_eq!(device.decrypt(&long), Ok(vec![7; 5000]));
}

#[test]
fn unusable_subscription_keys_are_refused() {
    let good = DeviceKeys::generate().public();
    for (p256dh, auth) in [
        ("", ""),
        ("AAAA", good.auth.as_str()),
        (good.p256dh.as_str(), "AAAA"),
        ("!", "!"),
    ] {
        let keys = SubscriptionKeys {
            p256dh: p256dh.to_owned(),
            auth: auth.to_owned(),
        };
        assert_eq!(encrypt(&keys, b"x"), Err(CryptoError::BadKeys));
    }
}
