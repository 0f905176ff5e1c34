//! What is sent to templates: properties, from which each device's template makes a notification of
//! its platform.

use crate::model::Invalid;
use crate::wire::apns;
use crate::wire::notification_hub::{self as wire, APNS_EXPIRY, Format, HubPlatform, Installation};

use super::Content;
use super::rows::TargetRow;
use super::senders;
use super::template::{Kind, Properties, PushVariables, Template};

/// Checks that a template can be rendered.
///
/// # Errors
/// [`Invalid`] says what of it is malformed.
pub(super) fn check(template: &wire::Template) -> Result<(), Invalid> {
    Template::parse(&template.body, Kind::of_body(&template.body))?;
    let headers = template.headers.iter().map(|(_, value)| value);
    let values = headers.chain(&template.expiry).chain(&template.priority);
    for value in values {
        Template::parse(value, Kind::Header)?;
    }
    Ok(())
}

/// Checks all templates of an installation.
///
/// # Errors
/// As [`check`].
pub(super) fn check_installation(installation: &Installation) -> Result<(), Invalid> {
    let tiles = installation.secondary_tiles.values();
    let of_tiles = tiles.flat_map(|tile| tile.templates.values());
    for template in installation.templates.values().chain(of_tiles) {
        Template::parse(&template.body, Kind::of_body(&template.body))?;
        for value in template.headers.values().chain(&template.expiry) {
            Template::parse(value, Kind::Header)?;
        }
    }
    Ok(())
}

/// The notification that a device's template makes of the properties, complete for its push service.
///
/// # Errors
/// [`Invalid`] where the template or what it gives is malformed.
pub(super) fn render(target: &TargetRow, properties: &Properties) -> Result<Content, Invalid> {
    let missing = || Invalid::new("registration", "has no template");
    let template = target.template.as_ref().ok_or_else(missing)?;
    let variables = PushVariables::new(&target.variables);
    let value = |text: &str, kind| Template::parse(text, kind)?.render(properties, &variables);
    let format = Format::Native(target.platform);
    let mut content = Content::new(
        format,
        value(&template.body, Kind::of_body(&template.body))?,
    );
    let headers = template.headers.iter();
    let headers = headers.map(|(name, text)| (name.as_str(), Some(text)));
    let of_apple = [
        (APNS_EXPIRY, template.expiry.as_ref()),
        (apns::PRIORITY, template.priority.as_ref()),
    ];
    let of_apple = of_apple
        .into_iter()
        .filter(|_| target.platform == HubPlatform::Apple);
    for (name, text) in headers.chain(of_apple) {
        let rendered = text.map(|text| value(text, Kind::Header)).transpose()?;
        if let Some(rendered) = rendered.filter(|rendered| !rendered.is_empty()) {
            content = content.replacing(name, rendered);
        }
    }
    senders::complete(content)
}
