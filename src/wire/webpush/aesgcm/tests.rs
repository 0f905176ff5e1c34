use super::*;

/// The example of draft-ietf-webpush-encryption-04 §5.
const BODY: &str = "6nqAQUME8hNqw5J3kl8cpVVJylXKYqZOeseZG8UueKpA";
const SECRET: &str = "9FWl15_QUQAWDaD3k3l50ZBZQJ4au27F1V4F0uLSD_M";
const AUTH: &str = "R29vIGdvbyBnJyBqb29iIQ";
const SALT_TEXT: &str = "lngarbyKfMoi9Z75xYXmkg";
const DH: &str =
    "BNoRDbb84JGm8g5Z5CFxurSqsXWJ11ItfXEWYVLE85Y7CYkDjXsIEc4aqxYaQ1G8BqkXCJ6DPpDrWtdWj_mugHU";

fn draft_keys() -> DeviceKeys {
    let halves = [SECRET, AUTH].map(|half| URL_SAFE_NO_PAD.decode(half).unwrap());
    DeviceKeys::from_bytes(&halves.concat()).unwrap()
}

fn read(encryption: &str, crypto_key: &str) -> Result<Vec<u8>, CryptoError> {
    let headers = AesGcmHeaders::read(encryption, crypto_key)?;
    draft_keys().decrypt_aesgcm(&headers, &URL_SAFE_NO_PAD.decode(BODY).unwrap())
}

/// A record of any content, padding included, sealed for a device.
fn sealed(device: &DeviceKeys, record: &[u8], rs: u64) -> (AesGcmHeaders, Vec<u8>) {
    let agreement = Agreement::with(&device.public()).unwrap();
    let headers = AesGcmHeaders {
        salt: fresh_salt(),
        record_size: rs,
        sender: agreement.sender.clone().try_into().unwrap(),
    };
    let ring = key_ring(&agreement, &headers.salt).unwrap();
    (headers, ring.seal(record).unwrap())
}

#[test]
fn the_example_of_the_draft_decrypts_however_its_headers_are_written() {
    for (encryption, crypto_key) in [
        (format!("salt=\"{SALT_TEXT}\""), format!("dh=\"{DH}\"")),
        (format!("salt={SALT_TEXT}"), format!("dh={DH}")),
        (format!("salt={SALT_TEXT}=="), format!("dh={DH}=")),
        (
            format!("keyid=\"a\"; salt={SALT_TEXT}; rs=4096"),
            format!("keyid=\"a\"; dh={DH}"),
        ),
        // The senders' own ways of adding their VAPID key.
        (
            format!("salt={SALT_TEXT};rs=18"),
            format!("dh={DH};p256ecdsa=BA"),
        ),
        (
            format!("salt={SALT_TEXT}"),
            format!("p256ecdsa=BA,keyid=p256dh;dh={DH}"),
        ),
        (
            format!("keyid=b;salt={SALT_TEXT}"),
            format!("keyid=a;dh=BA, keyid=b;dh={DH}"),
        ),
    ] {
        assert_eq!(
            read(&encryption, &crypto_key).as_deref(),
            Ok(b"I am the walrus".as_slice()),
            "{encryption} {crypto_key}"
        );
    }
}

#[test]
fn headers_that_say_too_little_or_nonsense_are_named() {
    let (salt, dh) = (format!("salt={SALT_TEXT}"), format!("dh={DH}"));
    let long = format!("{salt};{}", "x".repeat(MAX_HEADER));
    let two = format!("keyid=a;{dh},keyid=b;{dh}");
    let point = format!("dh=BA{}", &DH[2..].replace('H', "J"));
    for (encryption, crypto_key, part) in [
        ("", dh.as_str(), "no salt"),
        ("keyid=a", &dh, "no salt"),
        ("salt=", &dh, "salt is not 16 bytes"),
        ("salt=AAAA", &dh, "salt is not 16 bytes"),
        ("salt=!!!", &dh, "salt is not 16 bytes"),
        (&salt, "", "no dh"),
        (&salt, "p256ecdsa=BA", "no dh"),
        (&salt, two.as_str(), "no dh"),
        (&salt, "dh=JcqK-OLkJZlJ3sJJWstJCA", "no point"),
        (&salt, point.as_str(), "no point"),
        (&format!("{salt};rs=2"), &dh, "no record size"),
        (&format!("{salt};rs=-1"), &dh, "no record size"),
        (&format!("{salt};rs=x"), &dh, "no record size"),
        (&long, &dh, "too long"),
    ] {
        let error = read(encryption, crypto_key).unwrap_err();
        assert!(
            matches!(error, CryptoError::BadAesGcmHeaders(text) if text.contains(part)),
            "{encryption:.60} {crypto_key:.60}: {error}"
        );
    }
}

/// What the library http_ece 1.2 (npm) writes for the draft's keys: record size, and the body.
const FROM_HTTP_ECE: [(u64, &str); 2] = [
    (
        4096,
        "6n3JYSJp0mcC75JhnhMauEN_gnUTBeMZebPFyI20ES4K0chwHlgBN0QRuSSdCUZUEqvnA3AB9BY",
    ),
    (
        10,
        "6n_JYSJp0i4ix925DeYuYiwQxeRpHZGKTYdFlxfcgb2yFRwpqJjRnBenbW5A9bFBiGoRmg1WoGV1wEQGE0c8fj4dbn8oZPVaoDKo5rPZi_thW8AlqD11wyWMt4B_eBko_9c9rCT7VOjpylY-y3XqUQH3Iec5dh4vf02Kw9jx",
    ),
];

#[test]
fn what_a_library_writes_decrypts_in_one_record_and_in_several() {
    for (rs, body) in FROM_HTTP_ECE {
        let headers = format!("salt={SALT_TEXT};rs={rs}");
        let headers = AesGcmHeaders::read(&headers, &format!("dh={DH}")).unwrap();
        let body = URL_SAFE_NO_PAD.decode(body).unwrap();
        let read = |body: &[u8]| draft_keys().decrypt_aesgcm(&headers, body);
        assert_eq!(
            read(&body).as_deref(),
            Ok(b"I am the walrus, goo goo g'joob".as_slice())
        );
        for cut in 0..body.len() {
            assert!(read(&body[..cut]).is_err(), "{rs}, cut at {cut}");
        }
        // Two records in the place of each other.
        let mut swapped = body.clone();
        swapped.rotate_left(26);
        assert!(read(&swapped).is_err(), "{rs}");
    }
}

#[test]
fn the_last_record_is_not_full() {
    for (rs, outcome) in [
        (18, Ok(())),
        (17, Err(CryptoError::CutOff)),
        (16, Err(CryptoError::DoesNotDecrypt)),
        (3, Err(CryptoError::DoesNotDecrypt)),
        (u64::MAX, Ok(())),
    ] {
        let encryption = format!("salt={SALT_TEXT};rs={rs}");
        let read = read(&encryption, &format!("dh={DH}"));
        assert_eq!(read.map(drop), outcome, "rs={rs}");
    }
    let device = DeviceKeys::generate();
    let (headers, body) = sealed(&device, &[0; 4096], 4096);
    assert_eq!(
        device.decrypt_aesgcm(&headers, &body),
        Err(CryptoError::CutOff)
    );
}

#[test]
fn padding_is_taken_off_and_must_be_zeros() {
    let device = DeviceKeys::generate();
    let read = |record: &[u8]| {
        let (headers, body) = sealed(&device, record, 4096);
        device.decrypt_aesgcm(&headers, &body)
    };
    assert_eq!(read(&[0, 0]), Ok(Vec::new()), "an empty message");
    assert_eq!(read(&[0, 0, b'x']), Ok(b"x".to_vec()));
    assert_eq!(read(&[0, 3, 0, 0, 0, b'x']), Ok(b"x".to_vec()));
    assert_eq!(read(&[0, 1, 0]), Ok(Vec::new()), "nothing but padding");
    for bad in [&[0, 2, 0][..], &[0xff, 0xff, 0], &[0, 2, 0, 1, b'x']] {
        assert_eq!(read(bad), Err(CryptoError::DoesNotDecrypt), "{bad:?}");
    }
    assert_eq!(read(&[0]), Err(CryptoError::TooShort));
    assert_eq!(read(&[]), Err(CryptoError::TooShort));
}

#[test]
fn what_is_encrypted_for_a_device_decrypts_there_alone() {
    let device = DeviceKeys::generate();
    for plain in [Vec::new(), b"sec-1".to_vec(), vec![7; 5000]] {
        let sealed = encrypt_aesgcm(&device.public(), &plain).unwrap();
        let headers = AesGcmHeaders::read(&sealed.encryption, &sealed.crypto_key).unwrap();
        assert_eq!(device.decrypt_aesgcm(&headers, &sealed.body), Ok(plain));
        assert_eq!(
            DeviceKeys::generate().decrypt_aesgcm(&headers, &sealed.body),
            Err(CryptoError::DoesNotDecrypt)
        );
        assert!(device.decrypt(&sealed.body).is_err(), "another encoding");
    }
}

#[test]
fn hostile_bodies_are_errors() {
    let headers = AesGcmHeaders::read(&format!("salt={SALT_TEXT}"), &format!("dh={DH}")).unwrap();
    let (device, body) = (draft_keys(), URL_SAFE_NO_PAD.decode(BODY).unwrap());
    for cut in 0..body.len() {
        assert!(device.decrypt_aesgcm(&headers, &body[..cut]).is_err());
    }
    for place in 0..body.len() {
        let mut changed = body.clone();
        changed[place] ^= 1;
        assert_eq!(
            device.decrypt_aesgcm(&headers, &changed),
            Err(CryptoError::DoesNotDecrypt),
            "changed at {place}"
        );
    }
}

proptest::proptest! {
    #[test]
    fn no_headers_and_no_body_panic(encryption in ".*", crypto_key in ".*", body: Vec<u8>) {
        drop(AesGcmHeaders::read(&encryption, &crypto_key));
        let salt = format!("salt={SALT_TEXT};{encryption}");
        if let Ok(headers) = AesGcmHeaders::read(&salt, &format!("dh={DH}")) {
            proptest::prop_assert!(draft_keys().decrypt_aesgcm(&headers, &body).is_err());
        }
    }
}
