use proptest::prelude::*;

use super::*;

/// What `@azure/notification-hubs` sends, but for the handles.
const FROM_JS: &str = "--nh-boundary-1aacab1e\r\n\
    Content-type: application/json;charset=utf-8\r\n\
    Content-Disposition: inline; name=notification\r\n\
    \r\n\
    {\"aps\":{\"alert\":\"b\"}}\r\n\
    --nh-boundary-1aacab1e\r\n\
    Content-type: application/json\r\n\
    Content-Disposition: inline; name=devices\r\n\
    \r\n\
    [\"e28aa0f5\",\"65b5cd42\"]\r\n\
    --nh-boundary-1aacab1e--";

const TYPE: &str = "multipart/mixed; boundary = \"nh-boundary-1aacab1e\"";

fn read(content_type: &str, body: &str) -> SendBatch {
    read_send_batch(content_type, body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error}"))
}

fn problem(content_type: &str, body: &str) -> String {
    read_send_batch(content_type, body.as_bytes())
        .unwrap_err()
        .to_string()
}

fn expected() -> SendBatch {
    SendBatch {
        content_type: Some("application/json;charset=utf-8".to_owned()),
        notification: b"{\"aps\":{\"alert\":\"b\"}}".to_vec(),
        handles: ["e28aa0f5", "65b5cd42"]
            .map(|handle| Handle::parse(handle).unwrap())
            .to_vec(),
    }
}

#[test]
fn the_boundary_is_read_as_every_sdk_writes_it() {
    for content_type in [
        TYPE,
        "multipart/mixed;boundary=nh-boundary-1aacab1e",
        "Multipart/Mixed; charset=\"a;b=\\\"c\"; BOUNDARY=\"nh-boundary-1aacab1e\" ; x=y",
        "multipart/mixed ; boundary= nh-boundary-1aacab1e ",
    ] {
        assert_eq!(read(content_type, FROM_JS), expected(), "{content_type}");
    }
}

/// What `Microsoft.Azure.NotificationHubs` sends: a line behind the last boundary, other headers.
#[test]
fn the_other_sdk_is_understood_too() {
    let body = "--nh-batch-multipart-boundary\r\nContent-Type: application/xml; charset=utf-8\r\n\
        Content-Disposition: inline; name=notification\r\n\r\n<toast/>\r\n\
        --nh-batch-multipart-boundary\r\nContent-Type: application/json; charset=utf-8\r\n\
        Content-Disposition: inline; name=devices\r\n\r\n[\"https://db5p.notify.windows.com/w/?token=a\"]\r\n\
        --nh-batch-multipart-boundary--\r\n";
    let batch = read(
        "multipart/mixed; boundary=\"nh-batch-multipart-boundary\"",
        body,
    );
    assert_eq!(
        batch.content_type.as_deref(),
        Some("application/xml; charset=utf-8")
    );
    assert_eq!(batch.notification, b"<toast/>");
    assert_eq!(batch.handles.len(), 1);
}

#[test]
fn preamble_epilogue_order_case_and_line_ends_do_not_count() {
    let same = "read with a MIME reader\r\n--other\r\n--nh-boundary-1aacab1e \t\r\n\
        CONTENT-DISPOSITION: form-data; filename=\"x\"; NAME=\"Devices\"\r\n\
        content-transfer-encoding: 8BIT\r\n\r\n[\"e28aa0f5\",\n\"65b5cd42\"]\r\n\
        --nh-boundary-1aacab1e\r\nContent-Disposition: inline; name=else\r\n\r\n?\r\n\
        --nh-boundary-1aacab1e\r\nContent-Disposition: inline; name=notification\r\n\
        X-Other: 1\r\nContent-Type:application/json;charset=utf-8\r\n\r\n{\"aps\":{\"alert\":\"b\"}}\r\n\
        --nh-boundary-1aacab1e--\r\n--nh-boundary-1aacab1e\r\nepilogue";
    assert_eq!(read(TYPE, same), expected());
    assert_eq!(read(TYPE, &FROM_JS.replace("\r\n", "\n")), expected());
}

#[test]
fn a_notification_may_hold_anything_but_the_boundary() {
    for content in [
        "",
        "\r\n",
        "--",
        "--nh-boundary-1aacab1e-not\r\nx",
        "x --nh-boundary-1aacab1e",
        "\n\r\n\r",
        "Content-Disposition: inline; name=devices\r\n\r\n[]",
    ] {
        let body = FROM_JS.replace("{\"aps\":{\"alert\":\"b\"}}", content);
        assert_eq!(
            read(TYPE, &body).notification,
            content.as_bytes(),
            "{content:?}"
        );
    }
}

#[test]
fn what_is_no_boundary_is_named() {
    for (content_type, hint) in [
        ("application/json", "multipart/mixed"),
        ("", "multipart/mixed"),
        ("multipart/mixed", "no boundary"),
        ("multipart/mixed; boundary", "no boundary"),
        ("multipart/mixed; boundary=\"open", "no boundary"),
        ("multipart/mixed; boundary=", "1 to 70"),
        ("multipart/mixed; boundary=\"a \"", "1 to 70"),
        ("multipart/mixed; boundary=\"a\\\"b\"", "1 to 70"),
        ("multipart/mixed; boundary=other", "stands nowhere"),
        (
            &format!("multipart/mixed; boundary={}", "b".repeat(71)),
            "1 to 70",
        ),
    ] {
        let problem = problem(content_type, FROM_JS);
        assert!(problem.contains(hint), "{content_type}: {problem}");
    }
}

#[test]
fn a_malformed_part_is_named_without_its_handles() {
    let changed = |from: &str, to: &str| problem(TYPE, &FROM_JS.replace(from, to));
    for (from, to, hint) in [
        ("--nh-boundary-1aacab1e--", "", "in the middle of a part"),
        ("e--", "e--x", "in the middle of a part"),
        (
            "name=notification",
            "name=devices",
            "two parts named devices",
        ),
        ("name=devices", "name=device", "no part named devices"),
        ("; name=notification", "", "no part named notification"),
        (
            "Content-type: application/json\r\n",
            "Content-type\r\n",
            "malformed header",
        ),
        (
            "Content-type",
            "Content-Transfer-Encoding",
            "transfer encoding",
        ),
        ("\r\n\r\n", "\r\n", "without an empty line"),
        (
            "devices\r\n\r\n[\"e28aa0f5\",\"65b5cd42\"]",
            "devices",
            "without an empty line",
        ),
        ("devices", &"x".repeat(5000), "without an empty line"),
        ("[\"e28aa0f5\",\"65b5cd42\"]", "", "no array of handles"),
        ("[\"e28aa0f5\"", "{\"e28aa0f5\"", "no array of handles"),
        ("\"e28aa0f5\"", "1", "no array of handles"),
        (
            "\"e28aa0f5\"",
            "\"e28 aa0f5\"",
            "number 1, that contains ' '",
        ),
        ("\"65b5cd42\"", "\"\"", "number 2, that is empty"),
        ("\"e28aa0f5\",\"65b5cd42\"", "", "no handles"),
    ] {
        let problem = changed(from, to);
        assert!(problem.contains(hint), "{to}: {problem}");
        assert!(
            !problem.contains("e28") && !problem.contains("65b5"),
            "{problem}"
        );
    }
}

#[test]
fn a_thousand_handles_are_the_most() {
    let with = |handles: usize| {
        let json = serde_json::to_string(&vec!["a"; handles]).unwrap();
        FROM_JS.replace("[\"e28aa0f5\",\"65b5cd42\"]", &json)
    };
    assert_eq!(read(TYPE, &with(1000)).handles.len(), 1000);
    for more in [1001, 100_000] {
        assert!(problem(TYPE, &with(more)).contains("more than 1000 handles"));
    }
    let many = FROM_JS.replace(
        "--nh-boundary-1aacab1e--",
        &"--nh-boundary-1aacab1e\r\n\r\n\r\n".repeat(100_000),
    );
    assert!(problem(TYPE, &many).contains("more than 8 parts"));
    assert!(problem(TYPE, &" ".repeat(MAX_BATCH_BODY + 1)).contains("bytes long"));
}

/// What junk is made of.
const TYPES: &[&str] = &[";", " ", "boundary", "=", "\"", "\\", "b", "é", ",", "/"];
const BODIES: &[&str] = &[
    "--b",
    "--",
    "\r",
    "\n",
    "\r\n",
    ":",
    "Content-Disposition: x; name=",
    "notification",
    "devices",
    "[",
    "]",
    "\"",
    "é",
    " ",
    "\0",
];

fn joined(words: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    let words = proptest::collection::vec(proptest::sample::select(words), 0..most);
    words.prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        boundary in "[a-zA-Z0-9'()+_,./:=?-]{1,70}",
        notification in proptest::collection::vec(any::<u8>(), 0..200),
        handles in proptest::collection::vec("[!-~]{1,30}", 1..20),
        end in prop_oneof![Just("\r\n"), Just("\n")],
    ) {
        let delimiter = format!("--{boundary}");
        let holds_it = notification
            .windows(delimiter.len())
            .any(|window| window == delimiter.as_bytes());
        // Before a bare LF a CR could belong to the line's end.
        let ends_in_doubt = end == "\n" && notification.ends_with(b"\r");
        prop_assume!(!holds_it && !ends_in_doubt);
        let json = serde_json::to_string(&handles).unwrap();
        let head = format!("{delimiter}{end}Content-Disposition: inline; name=notification{end}{end}");
        let tail = format!(
            "{end}{delimiter}{end}Content-Disposition: inline; name=devices{end}{end}{json}{end}{delimiter}--{end}"
        );
        let body = [head.as_bytes(), &notification, tail.as_bytes()].concat();
        let batch = read_send_batch(&format!("multipart/mixed; boundary=\"{boundary}\""), &body);
        let batch = batch.unwrap();
        prop_assert_eq!(batch.notification, notification);
        let texts: Vec<&str> = batch.handles.iter().map(Handle::as_str).collect();
        prop_assert_eq!(texts, handles);
    }

    #[test]
    fn no_body_panics(content_type in joined(TYPES, 12), body in joined(BODIES, 40)) {
        let content_type = format!("multipart/mixed{content_type}");
        drop(read_send_batch(&content_type, body.as_bytes()));
        drop(read_send_batch("multipart/mixed; boundary=b", body.as_bytes()));
    }
}
