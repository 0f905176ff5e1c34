//! The URLs of the REST API.

use url::Url;

use crate::model::BackendOrigin;

/// The URL of `segments` below `origin`, which may have a path of its own. Each segment is
/// percent-encoded as one segment, whatever is in it.
pub(super) fn below<S: AsRef<str>>(origin: &BackendOrigin, segments: &[S]) -> Url {
    let mut url = origin.url().clone();
    // An http or https URL always has a path.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// The method and the URL as an error names them: without the query, which may hold a handle.
pub(super) fn shown(method: &reqwest::Method, url: &Url) -> String {
    let mut bare = url.clone();
    bare.set_query(None);
    format!("{method} {bare}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_id_stays_in_its_segment() {
        let origin = BackendOrigin::parse("http://127.0.0.1:8480/base").unwrap();
        for id in [
            "../../admin",
            "a/b",
            "a\\..\\b",
            "%2e%2e",
            "%2F",
            "a?x=1",
            "a#b",
            "a;b",
            "a b",
            "//evil",
        ] {
            let url = below(&origin, &["api", "register", id]);
            assert_eq!(url.host_str(), Some("127.0.0.1"), "{id}");
            let path: Vec<&str> = url.path_segments().unwrap().collect();
            assert_eq!(path.len(), 4, "{id}: {url}");
            assert_eq!(path[..3], ["base", "api", "register"], "{id}");
            let read = percent_encoding::percent_decode_str(path[3])
                .decode_utf8()
                .unwrap();
            assert_eq!(read, id);
            assert_eq!((url.query(), url.fragment()), (None, None), "{id}");
        }
    }

    #[test]
    fn an_error_shows_no_query() {
        let url = Url::parse("http://h/api/register?handle=secret").unwrap();
        assert_eq!(
            shown(&reqwest::Method::POST, &url),
            "POST http://h/api/register"
        );
    }
}
