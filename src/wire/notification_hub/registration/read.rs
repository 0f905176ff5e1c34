//! Reading an entry: any order of elements, any namespace prefix, CDATA or escaped text.

use std::collections::BTreeMap;

use crate::model::{Invalid, SubscriptionKeys};
use crate::wire::xml::{self, is_xml_char};

use super::super::{HubPlatform, MAX_BODY, PnsHandle, rules};
use super::entry::{Entry, WHAT, bad};
use super::{Registration, Template, header_prefix};

impl Registration {
    /// Reads an entry, elements in any order. A document type is refused. What only the hub says
    /// (`ETag`, `ExpirationTime`, `RegistrationId`) is let through.
    ///
    /// # Errors
    /// [`Invalid`] says what is malformed, without quoting handles or bodies.
    pub fn read(body: &[u8]) -> Result<Self, Invalid> {
        let mut entry = Entry::default();
        xml::read(WHAT, "entry", MAX_BODY, body, &mut entry)?;
        entry.finish()
    }
}

impl Entry {
    fn finish(mut self) -> Result<Registration, Invalid> {
        let Some((platform, is_template)) = self.kind else {
            return Err(bad("holds no registration description in its <content>"));
        };
        let handle = self.handle(platform)?;
        let tags = match self.take("Tags")? {
            Some(tags) => rules::tags(WHAT, tags.split(','))?,
            None => Vec::new(),
        };
        let template = if is_template {
            Some(self.template(platform)?)
        } else {
            None
        };
        Ok(Registration {
            platform,
            handle,
            tags,
            push_variables: self.push_variables()?,
            secondary_tile: self.secondary_tile(platform)?,
            template,
        })
    }

    fn handle(&mut self, platform: HubPlatform) -> Result<PnsHandle, Invalid> {
        let mut keys = None;
        let text = match platform {
            HubPlatform::Windows | HubPlatform::WindowsPhone => self.required("ChannelUri")?,
            HubPlatform::Apple => self.required("DeviceToken")?,
            HubPlatform::FcmV1 => self.required("FcmV1RegistrationId")?,
            HubPlatform::Gcm => match self.take("FcmRegistrationId")? {
                Some(fcm) => fcm,
                None => self.required("GcmRegistrationId")?,
            },
            HubPlatform::Adm => self.required("AdmRegistrationId")?,
            HubPlatform::Xiaomi => self.required("XiaomiRegistrationId")?,
            HubPlatform::Baidu => {
                let user = self.required("BaiduUserId")?;
                if user.contains('-') {
                    return Err(bad(
                        "has a <BaiduUserId> with a hyphen, which its handle cannot have",
                    ));
                }
                format!("{user}-{}", self.required("BaiduChannelId")?)
            }
            HubPlatform::Browser => {
                let (p256dh, auth) = (self.required("P256DH")?, self.required("Auth")?);
                keys = Some(SubscriptionKeys { p256dh, auth });
                self.required("Endpoint")?
            }
        };
        PnsHandle::parse(platform, &text, keys)
    }

    fn template(&mut self, platform: HubPlatform) -> Result<Template, Invalid> {
        let name = self.take("TemplateName")?;
        if let Some(name) = &name {
            rules::check_name("template", name)?;
        }
        let body = self.raw("BodyTemplate")?;
        let body = body.ok_or_else(|| bad("is a template and has no <BodyTemplate>"))?;
        let own = header_prefix(platform);
        let headers = std::mem::take(&mut self.headers).into_iter();
        let headers = headers.filter(|(list, ..)| Some(*list) == own);
        let headers = rules::headers("template", headers.map(|(_, name, value)| (name, value)))?;
        let is_apple = platform == HubPlatform::Apple;
        let apple = |text: Option<String>| text.filter(|_| is_apple);
        Ok(Template {
            name,
            body,
            headers,
            expiry: apple(self.take("Expiry")?),
            priority: apple(self.take("Priority")?),
        })
    }

    fn push_variables(&mut self) -> Result<BTreeMap<String, String>, Invalid> {
        let Some(json) = self.take("PushVariables")? else {
            return Ok(BTreeMap::new());
        };
        let variables = serde_json::from_str(&json)
            .map_err(|_| bad("has <PushVariables> that are no JSON object"))?;
        rules::variables(WHAT, variables)
    }

    fn secondary_tile(&mut self, platform: HubPlatform) -> Result<Option<String>, Invalid> {
        if !matches!(platform, HubPlatform::Windows | HubPlatform::WindowsPhone) {
            return Ok(None);
        }
        let tile = self.take("SecondaryTileName")?;
        if let Some(tile) = &tile {
            rules::check_name("secondary tile", tile)?;
        }
        Ok(tile)
    }

    fn required(&mut self, field: &'static str) -> Result<String, Invalid> {
        self.take(field)?
            .ok_or_else(|| bad(format!("has no <{field}>")))
    }

    /// A field without the white space around it; none when it is empty.
    fn take(&mut self, field: &'static str) -> Result<Option<String>, Invalid> {
        Ok(self.raw(field)?.map(|text| text.trim().to_owned()))
    }

    /// A field as it was written; none when it is empty.
    fn raw(&mut self, field: &'static str) -> Result<Option<String>, Invalid> {
        let text = self
            .fields
            .remove(field)
            .filter(|text| !text.trim().is_empty());
        match &text {
            Some(text) if !text.chars().all(is_xml_char) => Err(bad(format!(
                "has a character in <{field}> that XML does not have"
            ))),
            Some(_) | None => Ok(text),
        }
    }
}
