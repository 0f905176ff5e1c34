//! What is written is read again, and nothing panics.

use proptest::prelude::*;

use super::*;

/// A text as it stands in an element that is trimmed.
fn trimmed() -> impl Strategy<Value = String> + Clone {
    "[A-Za-z0-9<&$({]([^\\p{C}]{0,20}[A-Za-z0-9>;)}])?"
}

fn handles() -> impl Strategy<Value = (HubPlatform, PnsHandle)> {
    let keys = ("[A-Za-z0-9_-]{1,88}", "[A-Za-z0-9_-]{1,24}");
    let parts = ("([0-9a-fA-F]{2}){1,40}", "[!-~]{1,60}", keys);
    (0..HubPlatform::ALL.len(), parts).prop_map(|(platform, (hex, opaque, (p256dh, auth)))| {
        let platform = HubPlatform::ALL[platform];
        let text = match platform {
            HubPlatform::Apple => hex,
            HubPlatform::Windows | HubPlatform::WindowsPhone | HubPlatform::Browser => {
                format!("https://push.example/{opaque}")
            }
            HubPlatform::Baidu => format!("user-{opaque}"),
            HubPlatform::FcmV1 | HubPlatform::Gcm | HubPlatform::Adm | HubPlatform::Xiaomi => {
                opaque
            }
        };
        let keys = SubscriptionKeys { p256dh, auth };
        (
            platform,
            PnsHandle::parse(platform, &text, Some(keys)).unwrap(),
        )
    })
}

fn templates(platform: HubPlatform) -> impl Strategy<Value = Option<Template>> {
    let name = prop::option::of(trimmed());
    let body = "([^\\p{C}]|[\r\n\t]|\\]\\]>|<!\\[CDATA\\[){0,40}x";
    let header = prop::option::of(trimmed()).prop_map(Option::unwrap_or_default);
    let most = if header_prefix(platform).is_some() {
        5
    } else {
        0
    };
    let headers = prop::collection::btree_map("[a-z][a-z0-9-]{0,12}", header, 0..=most);
    let apple = platform == HubPlatform::Apple;
    let only_apple = move |text: Option<String>| text.filter(|_| apple);
    let expiry = prop::option::of(trimmed()).prop_map(only_apple);
    let priority = prop::option::of(trimmed()).prop_map(only_apple);
    let template = (name, body, headers, expiry, priority).prop_map(
        |(name, body, headers, expiry, priority)| Template {
            name,
            body,
            headers: headers.into_iter().collect(),
            expiry,
            priority,
        },
    );
    prop::option::of(template)
}

fn registrations() -> impl Strategy<Value = Registration> {
    let tags = prop::collection::btree_set("[a-z0-9_@#.:-]{1,16}", 0..8);
    let variables = prop::collection::btree_map(".{0,10}", ".{0,20}", 0..4);
    let tile = prop::option::of(trimmed());
    handles().prop_flat_map(move |(platform, handle)| {
        let parts = (
            tags.clone(),
            variables.clone(),
            tile.clone(),
            templates(platform),
        );
        parts.prop_map(move |(tags, push_variables, tile, template)| {
            let has_tiles = matches!(platform, HubPlatform::Windows | HubPlatform::WindowsPhone);
            Registration {
                platform,
                handle: handle.clone(),
                tags: tags
                    .into_iter()
                    .map(|tag| Tag::parse(tag).unwrap())
                    .collect(),
                push_variables,
                secondary_tile: tile.filter(|_| has_tiles),
                template,
            }
        })
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(registration in registrations()) {
        let written = written(&registration, Timestamp::UNIX_EPOCH);
        prop_assert_eq!(Registration::read(written.as_bytes()).unwrap(), registration);
    }

    #[test]
    fn no_document_panics(inner in "(<|</|Tags|>|WnsHeaders|WnsHeader|Value|ChannelUri|<!\\[CDATA\\[|\\]\\]>|\"|&|;|#x|[a-z ]|/>|é){0,60}") {
        drop(Registration::read(inner.as_bytes()));
        drop(read(&inner));
        let windows = format!("<WindowsTemplateRegistrationDescription>{inner}</WindowsTemplateRegistrationDescription>");
        drop(read(&windows));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(Registration::read(&bytes));
    }
}
