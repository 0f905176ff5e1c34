//! From what a file says to what the client goes by: each call with its own keys, checked.

use reqwest::Method;
use reqwest::header::HeaderMap;
use toml::Spanned;

use super::api::{AnswerId, Api, CallSpec, FetchCall, IdCall, SendCall, TokenCall, UnreadCall};
use super::body::Body;
use super::codes::Codes;
use super::file::{AuthTable, CallTable, File, PlatformTable};
use super::headers::{self, Auth};
use super::kind::Kind;
use super::placeholder::Placeholder;
use crate::model::Platform;

/// What is wrong with a file, and where: a place in its text.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) at: usize,
    pub(super) text: String,
}

impl Problem {
    fn new(at: usize, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { at, text }
    }
}

impl Api {
    pub(super) fn of(file: File) -> Result<Self, Problem> {
        let codes = Codes::with(
            &Codes::default(),
            file.status.success,
            file.status.sign_in,
            file.status.gone,
        );
        let auth = auth(file.auth)?;
        let headers = match file.headers {
            Some(table) => headers::constant(table.get_ref(), &auth)
                .map_err(|invalid| Problem::new(table.span().start, invalid.to_string()))?,
            None => HeaderMap::new(),
        };
        let read = |kind, table: Option<Spanned<CallTable>>| {
            table
                .map(|table| Table::of(kind, table, &codes))
                .transpose()
        };
        let plain = |kind, table| Ok::<_, Problem>(read(kind, table)?.map(|table| table.call));
        let needed = |kind: Kind, table| {
            let missing = format!(
                "it has no [{}], without which there is no phone",
                kind.name()
            );
            read(kind, table)?.ok_or_else(|| Problem::new(0, missing))
        };
        let token = |kind, table| read(kind, table)?.map(Table::token_call).transpose();
        Ok(Self {
            check: plain(Kind::Check, file.check)?,
            login: token(Kind::Login, file.login)?,
            refresh: token(Kind::Refresh, file.refresh)?,
            logout: plain(Kind::Logout, file.logout)?,
            create: read(Kind::Create, file.create)?
                .map(|table| table.id_call(AnswerId::Body))
                .transpose()?,
            put: needed(Kind::Put, file.put)?.id_call(AnswerId::Nowhere)?,
            delete: plain(Kind::Delete, file.delete)?,
            send: read(Kind::Send, file.send)?.map(Table::send_call),
            toast: plain(Kind::Toast, file.toast)?,
            fetch: needed(Kind::Fetch, file.fetch)?.fetch_call()?,
            unread: read(Kind::Unread, file.unread)?
                .map(Table::unread_call)
                .transpose()?,
            read: plain(Kind::Read, file.read)?,
            platforms: platforms(file.platforms),
            auth,
            headers,
            codes,
        })
    }
}

/// A call's table with the part that every call has read.
struct Table {
    call: CallSpec,
    rest: CallTable,
    at: usize,
    kind: Kind,
}

impl Table {
    fn of(kind: Kind, table: Spanned<CallTable>, codes: &Codes) -> Result<Self, Problem> {
        let at = table.span().start;
        let mut rest = table.into_inner();
        let name = kind.name();
        for (key, place) in rest.special_keys() {
            if let Some(place) = place.filter(|_| !kind.keys().contains(&key)) {
                return Err(Problem::new(
                    place,
                    format!("[{name}] has no use for {key}"),
                ));
            }
        }
        let body = body(kind, &mut rest)?;
        let (place, target) = (rest.request.span().start, rest.request.get_ref().clone());
        allow(
            target.placeholders(),
            kind.in_target(),
            &format!("the request of [{name}]"),
        )
        .map_err(|text| Problem::new(place, text))?;
        if kind == Kind::Check && target.method != Method::GET {
            // It is sent without a credential as well, to see whether that matters.
            return Err(Problem::new(
                place,
                "[check] must be a GET, which changes nothing",
            ));
        }
        let codes = Codes::with(
            codes,
            rest.success.take(),
            rest.sign_in.take(),
            rest.gone.take(),
        );
        let call = CallSpec {
            target,
            body,
            codes,
        };
        Ok(Self {
            call,
            rest,
            at,
            kind,
        })
    }

    fn missing(&self, key: &str) -> Problem {
        Problem::new(self.at, format!("[{}] lacks {key}", self.kind.name()))
    }

    fn token_call(self) -> Result<TokenCall, Problem> {
        if let (Some(_), Some(second)) = (&self.rest.expires_in, &self.rest.expires_at) {
            return Err(Problem::new(
                second.span().start,
                "expires_in and expires_at cannot both be there",
            ));
        }
        let missing = self.missing("token, the place of the token in the answer");
        Ok(TokenCall {
            token: plain(self.rest.token).ok_or(missing)?,
            expires_in: plain(self.rest.expires_in),
            expires_at: plain(self.rest.expires_at),
            call: self.call,
        })
    }

    fn id_call(self, otherwise: AnswerId) -> Result<IdCall, Problem> {
        let id = match (self.rest.id, self.rest.id_header) {
            (Some(_), Some(header)) => {
                let both = "id and id_header cannot both be there";
                return Err(Problem::new(header.span().start, both));
            }
            (Some(path), None) => AnswerId::Field(path.into_inner()),
            (None, Some(header)) => {
                let name = header.get_ref().name();
                let at = header.span().start;
                AnswerId::Header(name.map_err(|invalid| Problem::new(at, invalid.to_string()))?)
            }
            (None, None) => otherwise,
        };
        let call = self.call;
        Ok(IdCall { call, id })
    }

    fn send_call(self) -> SendCall {
        SendCall {
            id: plain(self.rest.id),
            call: self.call,
        }
    }

    fn fetch_call(self) -> Result<FetchCall, Problem> {
        let missing = self.missing("payload, the place of the text in the answer");
        Ok(FetchCall {
            id: plain(self.rest.id),
            payload: plain(self.rest.payload).ok_or(missing)?,
            read: plain(self.rest.read),
            call: self.call,
        })
    }

    fn unread_call(self) -> Result<UnreadCall, Problem> {
        let no_id = self.missing("id, the place of the id in an entry");
        let no_payload = self.missing("payload, the place of the text in an entry");
        Ok(UnreadCall {
            items: plain(self.rest.items),
            id: plain(self.rest.id).ok_or(no_id)?,
            payload: plain(self.rest.payload).ok_or(no_payload)?,
            read: plain(self.rest.read),
            after: plain(self.rest.after).map(|name| name.0),
            call: self.call,
        })
    }
}

fn plain<T>(value: Option<Spanned<T>>) -> Option<T> {
    value.map(Spanned::into_inner)
}

fn auth(table: AuthTable) -> Result<Auth, Problem> {
    let usual = Auth::default();
    let header = match table.header {
        Some(header) => {
            let at = header.span().start;
            let name = header.get_ref().name();
            let checked = name.and_then(|name| Auth::check(&name).map(|()| name));
            checked.map_err(|invalid| Problem::new(at, invalid.to_string()))?
        }
        None => usual.header,
    };
    Ok(Auth {
        scheme: table.scheme,
        header,
        around: table.value.map_or(usual.around, |value| value.0),
    })
}

fn platforms(table: PlatformTable) -> [String; 4] {
    let PlatformTable {
        wns,
        apns,
        fcm,
        webpush,
    } = table;
    let name = |platform: Platform| {
        let own = match platform {
            Platform::Wns => &wns,
            Platform::Apns => &apns,
            Platform::Fcm => &fcm,
            Platform::WebPush => &webpush,
        };
        let usual = platform.backend_name();
        own.as_ref().map_or(usual, |own| own.0.as_str()).to_owned()
    };
    Platform::ALL.map(name)
}

fn body(kind: Kind, table: &mut CallTable) -> Result<Body, Problem> {
    let name = kind.name();
    let (at, body) = match (table.body.take(), table.form.take()) {
        (Some(_), Some(form)) => {
            let both = format!("[{name}] has a body and a form: one of them is sent");
            return Err(Problem::new(form.span().start, both));
        }
        (Some(body), None) => {
            let at = body.span().start;
            let body = body.into_inner();
            let checked = body.check();
            checked.map_err(|text| Problem::new(at, format!("the body of [{name}] {text}")))?;
            (at, Body::Json(body))
        }
        (None, Some(form)) => (form.span().start, Body::Form(form.into_inner())),
        (None, None) => return Ok(Body::Nothing),
    };
    if table.request.get_ref().method == Method::GET {
        return Err(Problem::new(
            at,
            format!("[{name}] is a GET, which has no body"),
        ));
    }
    let placeholders = body.placeholders();
    allow(
        placeholders,
        kind.in_body(),
        &format!("the body of [{name}]"),
    )
    .map_err(|text| Problem::new(at, text))?;
    Ok(body)
}

fn allow(
    found: impl IntoIterator<Item = Placeholder>,
    allowed: &[Placeholder],
    whose: &str,
) -> Result<(), String> {
    match found.into_iter().find(|one| !allowed.contains(one)) {
        Some(wrong) => Err(format!(
            "{whose} cannot have {{{}}}: it may have {}",
            wrong.name(),
            Placeholder::listed(allowed)
        )),
        None => Ok(()),
    }
}
