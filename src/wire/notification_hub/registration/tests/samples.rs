//! What SDKs and the service write.

use url::Url;

use super::*;

const WINDOWS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><entry xmlns="http://www.w3.org/2005/Atom"><updated>2026-11-20T17:13:49.302Z</updated><content type="application/xml"><WindowsRegistrationDescription xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><Tags>suite:6a44cd03:a,username:alice,suite:6a44cd03:Mixed</Tags><ChannelUri>https://db5p.notify.windows.com/w/?token=c27804e90a098dcbc7a42538%2b%2f%3d</ChannelUri></WindowsRegistrationDescription></content></entry>"#;

const STORED: &str = r#"<entry a:etag="W/&quot;1&quot;" xmlns="http://www.w3.org/2005/Atom" xmlns:a="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"><id>https://localhost:8443/hub/registrations/6606335389630086739-4595708549870886645-2?api-version=2020-06</id><title type="text">6606335389630086739-4595708549870886645-2</title><published>2026-11-20T17:13:49Z</published><updated>2026-11-20T17:13:49Z</updated><link rel="self" href="https://localhost:8443/hub/registrations/6606335389630086739-4595708549870886645-2?api-version=2020-06"/><content type="application/xml"><WindowsRegistrationDescription xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><ETag>1</ETag><ExpirationTime>9999-12-31T23:59:59.999</ExpirationTime><RegistrationId>6606335389630086739-4595708549870886645-2</RegistrationId><Tags>suite:6a44cd03:a,username:alice,suite:6a44cd03:Mixed</Tags><ChannelUri>https://db5p.notify.windows.com/w/?token=c27804e90a098dcbc7a42538%2b%2f%3d</ChannelUri></WindowsRegistrationDescription></content></entry>"#;

fn at(id: &str) -> Url {
    Url::parse(&format!(
        "https://localhost:8443/hub/registrations/{id}?api-version=2020-06"
    ))
    .unwrap()
}

fn stored(registration: Registration) -> StoredRegistration {
    StoredRegistration {
        id: RegistrationId::parse("6606335389630086739-4595708549870886645-2").unwrap(),
        etag: 1,
        expires: None,
        updated: "2026-11-20T17:13:49.302Z".parse().unwrap(),
        registration,
    }
}

#[test]
fn an_entry_is_read_and_written_as_the_sdk_for_js_writes_it() {
    let registration = Registration::read(WINDOWS.as_bytes()).unwrap();
    assert_eq!(
        tags(&registration),
        ["suite:6a44cd03:a", "username:alice", "suite:6a44cd03:Mixed"]
    );
    let time = "2026-11-20T17:13:49.302Z".parse().unwrap();
    assert_eq!(written(&registration, time), WINDOWS);
}

#[test]
fn a_stored_registration_is_answered_as_the_service_answers() {
    let stored = stored(Registration::read(WINDOWS.as_bytes()).unwrap());
    let url = at("6606335389630086739-4595708549870886645-2");
    assert_eq!(write_entry(&stored, &url), STORED);
    assert_eq!(
        Registration::read(STORED.as_bytes()).unwrap(),
        stored.registration
    );
    let expires = StoredRegistration {
        expires: Some("2027-01-02T03:04:05.678Z".parse().unwrap()),
        ..stored
    };
    let entry = write_entry(&expires, &url);
    assert!(
        entry.contains("<ExpirationTime>2027-01-02T03:04:05.678Z</ExpirationTime>"),
        "{entry}"
    );
}

#[test]
fn a_feed_has_entries_without_the_atom_namespace_or_none_at_all() {
    let list = Url::parse("https://localhost:8443/hub/registrations?api-version=2017-04&$top=100")
        .unwrap();
    let now = "2018-11-07T00:18:38.5Z".parse().unwrap();
    let head = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title type="text">Registrations</title><id>https://localhost:8443/hub/registrations?api-version=2017-04&amp;$top=100</id><updated>2018-11-07T00:18:38Z</updated><link rel="self" href="https://localhost:8443/hub/registrations?api-version=2017-04&amp;$top=100"/>"#;
    assert_eq!(write_feed(&[], &list, now), format!("{head}</feed>"));

    let stored = stored(Registration::read(WINDOWS.as_bytes()).unwrap());
    let url = at(stored.id.as_str());
    let inner = STORED.replace(r#" xmlns="http://www.w3.org/2005/Atom""#, "");
    let two = [(stored.clone(), url.clone()), (stored, url)];
    assert_eq!(
        write_feed(&two, &list, now),
        format!("{head}{inner}{inner}</feed>")
    );
}

#[test]
fn azure_sb_names_the_type_in_an_attribute() {
    for kind in [
        "WindowsRegistrationDescription",
        "d:WindowsRegistrationDescription",
    ] {
        let xml = format!(
            r#"<RegistrationDescription xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="{kind}" xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect"><Tags>a, b
            ,c</Tags><ChannelUri>https://db5p.notify.windows.com/w/?token=1</ChannelUri></RegistrationDescription>"#
        );
        let registration = read(&xml).unwrap();
        assert_eq!(registration.platform, HubPlatform::Windows);
        assert_eq!(tags(&registration), ["a", "b", "c"]);
    }
}

#[test]
fn prefixes_orders_a_byte_order_mark_and_comments_do_not_matter() {
    let xml = "\u{feff}<?xml version='1.0'?>\n<!-- x --><a:entry xmlns:a='http://www.w3.org/2005/Atom'>\
        <a:author><a:name>n</a:name></a:author>\
        <a:content type='application/xml'>\n <x:AppleTemplateRegistrationDescription xmlns:x='u'>\
        <x:ApnsHeaders><x:ApnsHeader><x:Value>5</x:Value><x:Header>apns-priority</x:Header></x:ApnsHeader></x:ApnsHeaders>\
        <x:TemplateName> n </x:TemplateName><x:Unknown><x:Deep><x:Er>1</x:Er></x:Deep></x:Unknown>\
        <x:Expiry i:nil='true'/><x:Priority></x:Priority>\
        <x:BodyTemplate>{\"aps\":\"&lt;$(m)&gt;\"}</x:BodyTemplate>\
        <x:DeviceToken>e28a<!-- y -->a0f5</x:DeviceToken>\
        <x:Tags> </x:Tags></x:AppleTemplateRegistrationDescription></a:content><a:title>t</a:title></a:entry>\n";
    let registration = Registration::read(xml.as_bytes()).unwrap();
    assert_eq!(registration.handle.text.as_str(), "E28AA0F5");
    assert!(registration.tags.is_empty());
    let template = registration.template.unwrap();
    assert_eq!(template.name.as_deref(), Some("n"));
    assert_eq!(template.body, r#"{"aps":"<$(m)>"}"#);
    assert_eq!(
        template.headers,
        [("apns-priority".to_owned(), "5".to_owned())]
    );
    assert_eq!((template.expiry, template.priority), (None, None));
}

#[test]
fn push_variables_are_json() {
    let xml = r#"<AppleRegistrationDescription><Tags>t</Tags><PushVariables>{&quot;name&quot;:&quot;A &amp; &lt;B&gt;&quot;}</PushVariables><DeviceToken>e28a</DeviceToken></AppleRegistrationDescription>"#;
    let registration = read(xml).unwrap();
    assert_eq!(registration.push_variables["name"], "A & <B>");
    let written = written(&registration, Timestamp::UNIX_EPOCH);
    assert!(
        written.contains(r#"<PushVariables>{"name":"A &amp; &lt;B&gt;"}</PushVariables>"#),
        "{written}"
    );
}

#[test]
fn a_toast_template_of_dotnet_keeps_its_utf_16() {
    let body = r#"<?xml version="1.0" encoding="utf-16"?><toast><visual>$(msg)</visual></toast>"#;
    let xml = format!(
        "<WindowsTemplateRegistrationDescription><ChannelUri>https://a.example/</ChannelUri>\
         <BodyTemplate><![CDATA[{body}]]></BodyTemplate><WnsHeaders><WnsHeader><Header>X-WNS-Type</Header>\
         <Value>wns/toast</Value></WnsHeader></WnsHeaders><TemplateName>tmpl1</TemplateName>\
         </WindowsTemplateRegistrationDescription>"
    );
    let registration = read(&xml).unwrap();
    let template = registration.template.as_ref().unwrap();
    assert_eq!(template.body, body);
    assert_eq!(
        template.headers,
        [("X-WNS-Type".to_owned(), "wns/toast".to_owned())]
    );
    // The same elements in the same order come out again.
    let inner = xml.split_once("<ChannelUri>").unwrap().1;
    assert!(written(&registration, Timestamp::UNIX_EPOCH).contains(inner));
}

#[test]
fn handles_stand_where_each_platform_has_them() {
    for (platform, inner) in [
        (
            HubPlatform::Windows,
            "<WindowsRegistrationDescription …><Tags>t</Tags><ChannelUri>https://db5p.notify.windows.com/w/?token=c2%2b%2f</ChannelUri></",
        ),
        (
            HubPlatform::WindowsPhone,
            "<MpnsRegistrationDescription …><Tags>t</Tags><ChannelUri>https://db5p.notify.windows.com/w/?token=c2%2b%2f</ChannelUri></",
        ),
        (
            HubPlatform::Apple,
            "<AppleRegistrationDescription …><Tags>t</Tags><DeviceToken>62BCD348</DeviceToken></",
        ),
        (
            HubPlatform::FcmV1,
            "<FcmV1RegistrationDescription …><Tags>t</Tags><FcmV1RegistrationId>e1a3:APA91b</FcmV1RegistrationId></",
        ),
        (
            HubPlatform::Gcm,
            "<GcmRegistrationDescription …><Tags>t</Tags><GcmRegistrationId>e1a3:APA91b</GcmRegistrationId></",
        ),
        (
            HubPlatform::Browser,
            "<BrowserRegistrationDescription …><Tags>t</Tags><Endpoint>https://updates.push.services.mozilla.com/wpush/v2/dc1a</Endpoint><P256DH>opOQ</P256DH><Auth>JVhR</Auth></",
        ),
        (
            HubPlatform::Adm,
            "<AdmRegistrationDescription …><Tags>t</Tags><AdmRegistrationId>e1a3:APA91b</AdmRegistrationId></",
        ),
        (
            HubPlatform::Baidu,
            "<BaiduRegistrationDescription …><Tags>t</Tags><BaiduUserId>userId</BaiduUserId><BaiduChannelId>channel-Id</BaiduChannelId></",
        ),
        (
            HubPlatform::Xiaomi,
            "<XiaomiRegistrationDescription …><Tags>t</Tags><XiaomiRegistrationId>e1a3:APA91b</XiaomiRegistrationId></",
        ),
    ] {
        let written = written(&native(platform), Timestamp::UNIX_EPOCH);
        let namespaces = r#" xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect" xmlns:i="http://www.w3.org/2001/XMLSchema-instance""#;
        assert!(
            written.contains(&inner.replace(" …", namespaces)),
            "{written}"
        );
        assert_eq!(
            Registration::read(written.as_bytes()).unwrap(),
            native(platform)
        );
    }
    let fcm = "<FcmRegistrationDescription><FcmRegistrationId>e1a3</FcmRegistrationId></FcmRegistrationDescription>";
    assert_eq!(read(fcm).unwrap().platform, HubPlatform::Gcm);
}

#[test]
fn templates_end_as_each_platform_has_them() {
    let header = |name: &str| vec![(name.to_owned(), "v".to_owned())];
    let with = |headers, expiry: Option<&str>, priority: Option<&str>| Template {
        headers,
        expiry: expiry.map(str::to_owned),
        priority: priority.map(str::to_owned),
        ..template("{}")
    };
    let body = "<BodyTemplate><![CDATA[{}]]></BodyTemplate>";
    let name = "<TemplateName>tmpl1</TemplateName>";
    for (platform, template, end) in [
        (
            HubPlatform::Windows,
            with(vec![], None, None),
            format!("{body}<WnsHeaders></WnsHeaders>{name}"),
        ),
        (
            HubPlatform::WindowsPhone,
            with(header("X-NotificationClass"), None, None),
            format!(
                "{body}<MpnsHeaders><MpnsHeader><Header>X-NotificationClass</Header><Value>v</Value></MpnsHeader></MpnsHeaders>{name}"
            ),
        ),
        (
            HubPlatform::Apple,
            with(header("apns-topic"), Some("$(e)"), Some("5")),
            format!(
                "{body}<Expiry>$(e)</Expiry>{name}<Priority>5</Priority><ApnsHeaders><ApnsHeader><Header>apns-topic</Header><Value>v</Value></ApnsHeader></ApnsHeaders>"
            ),
        ),
        (
            HubPlatform::Apple,
            with(vec![], None, None),
            format!("{body}{name}"),
        ),
        (HubPlatform::FcmV1, template("{}"), format!("{body}{name}")),
        (HubPlatform::Gcm, template("{}"), format!("{body}{name}")),
        (
            HubPlatform::Browser,
            template("{}"),
            format!("{body}{name}"),
        ),
        (HubPlatform::Adm, template("{}"), format!("{body}{name}")),
        (HubPlatform::Baidu, template("{}"), format!("{body}{name}")),
        (HubPlatform::Xiaomi, template("{}"), format!("{body}{name}")),
    ] {
        let registration = Registration {
            template: Some(template),
            ..native(platform)
        };
        let written = written(&registration, Timestamp::UNIX_EPOCH);
        let end = format!(
            "{end}</{}TemplateRegistrationDescription>",
            kind_name(platform)
        );
        assert!(written.contains(&end), "{written}");
        assert_eq!(
            Registration::read(written.as_bytes()).unwrap(),
            registration
        );
    }
}

#[test]
fn the_service_s_answers_are_read() {
    let xml = r#"<entry a:etag="W/&quot;1&quot;" xmlns="http://www.w3.org/2005/Atom" xmlns:a="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"><id>https://sdk-sample-namespace.servicebus.windows.net/sdk-sample-nh/registrations/1?api-version=2017-04</id><title type="text">1</title><content type="application/xml"><MpnsTemplateRegistrationDescription xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><ETag>1</ETag><ExpirationTime>9999-12-31T23:59:59.999</ExpirationTime><RegistrationId>1</RegistrationId><Tags>tag1</Tags><PushVariables>{"var1":"value1"}</PushVariables><ChannelUri>https://some.url/</ChannelUri><SecondaryTileName>Tile name</SecondaryTileName><BodyTemplate><![CDATA[<wp:Notification xmlns:wp="WPNotification"/>]]></BodyTemplate><MpnsHeaders><MpnsHeader><Header>X-NotificationClass</Header><Value>1</Value></MpnsHeader><MpnsHeader><Header>X-WindowsPhone-Target</Header><Value>token</Value></MpnsHeader></MpnsHeaders><TemplateName>Template Name</TemplateName></MpnsTemplateRegistrationDescription></content></entry>"#;
    let registration = Registration::read(xml.as_bytes()).unwrap();
    assert_eq!(registration.secondary_tile.as_deref(), Some("Tile name"));
    assert_eq!(registration.push_variables["var1"], "value1");
    let template = registration.template.unwrap();
    assert_eq!(template.headers.len(), 2);
    assert_eq!(template.name.as_deref(), Some("Template Name"));
}

#[test]
fn the_hub_s_own_tags_of_an_installation_and_a_user_are_tags() {
    let with = |tags: &str| {
        read(&format!(
            "<AppleRegistrationDescription><Tags>{tags}</Tags><DeviceToken>e2</DeviceToken></AppleRegistrationDescription>"
        ))
    };
    let own = "$InstallationId:{8b3e1b9e-79c2},$UserId:{a=b@c},tag1";
    let registration = with(own).unwrap();
    assert_eq!(tags(&registration).join(","), own);
    let written = written(&registration, Timestamp::UNIX_EPOCH);
    assert!(
        written.contains(&format!("<Tags>{own}</Tags>")),
        "{written}"
    );
    let two = with("$UserId:{a},$userid:{b}").unwrap_err();
    assert!(two.to_string().contains("two tags"), "{two}");
}
