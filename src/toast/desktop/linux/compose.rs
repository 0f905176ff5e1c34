//! A toast as the specification's `Notify` takes it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use url::Url;
use zbus::zvariant::Value;

use super::{Daemon, listen};
use crate::model::{DisplayText, ToastContent};
use crate::toast::desktop::Order;

/// `app_name, replaces_id, app_icon, summary, body, actions, hints, expire_timeout`
pub(super) type Notify = (
    String,
    u32,
    String,
    String,
    String,
    Vec<String>,
    HashMap<&'static str, Value<'static>>,
    i32,
);

/// What a tap on the toast itself is called, where a daemon shows that.
const OPEN: &str = "Open";

pub(super) fn compose(order: &Order, daemon: &Daemon, replaces: u32) -> Notify {
    let (content, look) = (&order.content, &order.look);
    let mut hints = HashMap::from([("category", Value::from("im.received".to_owned()))]);
    let picture = content.image.as_ref().and_then(|image| look.image(image));
    if let Some(uri) = picture.as_deref().and_then(uri_of) {
        hints.insert("image-path", Value::from(uri));
    }
    let actions = match daemon.offers_actions {
        true => actions(content),
        false => Vec::new(),
    };
    (
        look.app_name.clone(),
        replaces,
        look.icon().unwrap_or_default().to_owned(),
        content.title.as_str().replace('\n', " "),
        body_for(&content.body, daemon.interprets_markup).into_owned(),
        actions,
        hints,
        // Zero is the specification's own word for a toast that stays.
        i32::try_from(look.visible.as_millis()).unwrap_or(0),
    )
}

/// Pairs of a name that comes back when it is pressed, and what stands on it. A button's name is
/// its place: its arguments are between handset and the app.
fn actions(content: &ToastContent) -> Vec<String> {
    let mut pairs = vec![listen::DEFAULT.to_owned(), OPEN.to_owned()];
    for (place, action) in content.actions.iter().enumerate() {
        pairs.push(place.to_string());
        pairs.push(action.content.as_str().replace('\n', " "));
    }
    pairs
}

fn uri_of(path: &Path) -> Option<String> {
    Url::from_file_path(path).ok().map(String::from)
}

/// The body so that the daemon draws it as it is.
fn body_for(body: &DisplayText, interprets_markup: bool) -> Cow<'_, str> {
    let text = body.as_str();
    if !interprets_markup || !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 32);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ToastAction;
    use crate::toast::tests::toast;

    #[test]
    fn a_body_is_escaped_only_for_a_daemon_that_interprets_it() {
        let body = DisplayText::new("<b>1 & 2</b> \"x\" 'y' \0\u{202E}");
        assert_eq!(
            body_for(&body, true),
            "&lt;b&gt;1 &amp; 2&lt;/b&gt; &quot;x&quot; &#39;y&#39; "
        );
        assert_eq!(body_for(&body, false), "<b>1 & 2</b> \"x\" 'y' ");
    }

    #[test]
    fn no_nul_ever_reaches_a_daemon() {
        let content = toast("m", "a\0b", "c\0d");
        assert!(!content.title.as_str().contains('\0'));
        assert!(!body_for(&content.body, false).contains('\0'));
        assert!(!body_for(&content.body, true).contains('\0'));
    }

    #[test]
    fn a_button_is_named_by_its_place() {
        let mut content = toast("m", "t", "b");
        content.actions = vec![ToastAction {
            content: "Reply\nnow".into(),
            arguments: "reply\0".to_owned(),
        }];
        assert_eq!(actions(&content), ["default", "Open", "0", "Reply now"]);
    }
}
