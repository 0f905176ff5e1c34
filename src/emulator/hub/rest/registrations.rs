//! Registrations: made, put, read, deleted and listed, as Atom.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use url::Url;

use crate::model::{Invalid, RegistrationId, Tag};
use crate::wire::notification_hub::{
    CONTINUATION, Registration, StoredRegistration, write_entry, write_feed,
};

use crate::emulator::hub::asking::{Listing, Page, Precondition};
use crate::emulator::hub::notification_hub::NotificationHub;

use super::Call;
use super::answer::{self, ENTRY, FEED, Refusal};
use super::filter::HandleFilter;

impl Call<'_> {
    /// A new id. It is not kept: whoever puts a registration under it has it.
    pub(super) fn create_registration_id(&self) -> Result<Response, Refusal> {
        let id = NotificationHub::new_id()?;
        let at = self.addresses.of(&["registrationids", id.as_str()]);
        let response = answer::empty(StatusCode::CREATED);
        Ok(answer::with_url(response, &header::LOCATION, &at))
    }

    pub(super) async fn create_registration(&self, body: &[u8]) -> Result<Response, Refusal> {
        let stored = self.hub.create(Registration::read(body)?).await?;
        Ok(self.entry(&stored))
    }

    pub(super) async fn put_registration(
        &self,
        id: &str,
        body: &[u8],
    ) -> Result<Response, Refusal> {
        let (id, when) = (RegistrationId::parse(id)?, precondition(self.headers)?);
        let new = Registration::read(body)?;
        let stored = self.hub.put(id, new, when).await?;
        Ok(self.entry(&stored))
    }

    pub(super) async fn read_registration(&self, id: &str) -> Result<Response, Refusal> {
        let found = self.hub.registration(RegistrationId::parse(id)?).await?;
        let stored = found.ok_or(Refusal::NotFound(""))?;
        Ok(self.entry(&stored))
    }

    pub(super) async fn delete_registration(&self, id: &str) -> Result<Response, Refusal> {
        let (id, when) = (RegistrationId::parse(id)?, precondition(self.headers)?);
        self.hub.delete(id, when).await?;
        Ok(answer::empty(StatusCode::OK))
    }

    pub(super) async fn list_registrations(&self) -> Result<Response, Refusal> {
        let at = self.addresses.of(&["registrations"]);
        let Some(text) = &self.query.filter else {
            let page = self.page(Listing::All).await?;
            return Ok(self.feed(page, &at));
        };
        let filter = HandleFilter::read(text)?;
        let mut page = self
            .page(Listing::WithHandle(filter.handles.clone()))
            .await?;
        let fits = |stored: &StoredRegistration| filter.keys_fit(&stored.registration);
        page.registrations.retain(fits);
        Ok(self.feed(page, &at))
    }

    pub(super) async fn list_by_tag(&self, tag: &str) -> Result<Response, Refusal> {
        let page = self.page(Listing::WithTag(Tag::parse(tag)?)).await?;
        let at = self.addresses.of(&["tags", tag, "registrations"]);
        Ok(self.feed(page, &at))
    }

    async fn page(&self, which: Listing) -> Result<Page, Refusal> {
        let mut after = self.query.after;
        if self.query.skip > 0 {
            let left_out = self.hub.list(which.clone(), self.query.skip, after).await?;
            match left_out.next {
                Some(next) => after = Some(next),
                None => {
                    return Ok(Page {
                        registrations: Vec::new(),
                        next: None,
                    });
                }
            }
        }
        Ok(self.hub.list(which, self.query.top, after).await?)
    }

    fn entry(&self, stored: &StoredRegistration) -> Response {
        let at = self.at(stored);
        let response = answer::ok(ENTRY, write_entry(stored, &at));
        let response = answer::with_url(response, &header::CONTENT_LOCATION, &at);
        answer::with(response, "etag", &format!("W/\"{}\"", stored.etag))
    }

    fn feed(&self, page: Page, at: &Url) -> Response {
        let placed: Vec<_> = page
            .registrations
            .into_iter()
            .map(|stored| {
                let at = self.at(&stored);
                (stored, at)
            })
            .collect();
        let response = answer::ok(FEED, write_feed(&placed, at, self.clock.now()));
        match page.next {
            // Digits stay as they are, however often an SDK encodes them.
            Some(next) => answer::with(response, CONTINUATION, &next.to_string()),
            None => response,
        }
    }

    fn at(&self, stored: &StoredRegistration) -> Url {
        self.addresses.of(&["registrations", stored.id.as_str()])
    }
}

/// `If-Match`: `*`, or a version with or without `W/` and quotes. A version that is none of this hub's
/// is nobody's.
fn precondition(headers: &HeaderMap) -> Result<Precondition, Invalid> {
    let mut values = headers.get_all(header::IF_MATCH).iter();
    let Some(value) = values.next() else {
        return Ok(Precondition::None);
    };
    if values.next().is_some() {
        return Err(Invalid::new("If-Match", "is there more than once"));
    }
    let value = value.to_str().unwrap_or_default().trim();
    if value == "*" {
        return Ok(Precondition::None);
    }
    let version = value.strip_prefix("W/").unwrap_or(value).trim_matches('"');
    let digits = version.bytes().all(|byte| byte.is_ascii_digit());
    let version = version.parse().ok().filter(|_| digits);
    Ok(Precondition::Version(version.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn read(values: &[&str]) -> Result<Precondition, Invalid> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::IF_MATCH, HeaderValue::from_str(value).unwrap());
        }
        precondition(&headers)
    }

    #[test]
    fn a_version_is_read_however_it_is_quoted() {
        assert_eq!(read(&[]), Ok(Precondition::None));
        assert_eq!(read(&["*"]), Ok(Precondition::None));
        for text in ["\"12\"", "W/\"12\"", "12", " \"12\" "] {
            assert_eq!(read(&[text]), Ok(Precondition::Version(12)), "{text}");
        }
        // No registration has version 0.
        for text in [
            "",
            "\"\"",
            "x",
            "\"+1\"",
            "\"1\", \"2\"",
            "99999999999999999999999",
        ] {
            assert_eq!(read(&[text]), Ok(Precondition::Version(0)), "{text}");
        }
        assert!(read(&["*", "*"]).is_err());
    }
}
