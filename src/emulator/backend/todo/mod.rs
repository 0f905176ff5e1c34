//! The to-do list of the Mobile Services tutorials, `/tables/TodoItem`: a user's items are the user's
//! alone, and an item that is inserted is pushed to the devices of who inserted it.
//!
//! What Mobile Services' clients send along (`X-ZUMO-*`, `__systemproperties`) changes nothing, but
//! for `X-ZUMO-AUTH`, which is a sign-in.

mod query;
mod rows;

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json as value};

use crate::emulator::hub::Content;
use crate::emulator::random;
use crate::model::{DisplayText, NotificationId, Platform, UserName};
use crate::wire::app_backend::MAX_TOAST;
use crate::wire::todo_list::{TodoChange, TodoInserted, TodoItem, TodoPush};

use super::answer::{Refusal, WholeBody, json, read_json, uncached};
use super::caller::Caller;
use super::{AppBackend, forms};
use query::Wanted;
use rows::Inserted;

/// The one table there is.
const TABLE: &str = "TodoItem";

/// `POST /tables/TodoItem`: 201 with the item, which is stored, whatever becomes of its push; that
/// stands beside it.
pub(super) async fn insert(
    State(backend): State<Arc<AppBackend>>,
    caller: Caller,
    Path(table): Path<String>,
    WholeBody(body): WholeBody,
) -> Result<Response, Refusal> {
    check_table(&table)?;
    let change: TodoChange = read_json(&body)?;
    let text = check_text(change.text)?
        .ok_or_else(|| Refusal::BadRequest("the item has no text".to_owned()))?;
    let shown = DisplayText::new(&text);
    let forms = forms::toasts(Platform::ALL, shown.as_str())?;
    let id = match change.id {
        Some(id) => NotificationId::parse(id)
            .map_err(|_| Refusal::BadRequest("the item's id is none".to_owned()))?,
        None => NotificationId::parse(random::hex_128())?,
    };
    let now = rows::kept(backend.clock.now());
    let item = TodoItem {
        id: id.to_string(),
        text,
        complete: change.complete.unwrap_or(false),
        created_at: now,
        updated_at: now,
    };
    // A text of invisible characters is nothing to show.
    let forms = (!shown.is_empty()).then_some(forms);
    let (inserter, row) = (backend.clone(), item.clone());
    let inserted = backend.to_its_end(async move {
        let owner = caller.user;
        inserter.insert_item(&owner, row).await?;
        Ok(inserter.push_item(&owner, forms).await)
    });
    let push = inserted.await?;
    let location = HeaderValue::from_str(&format!("/tables/{TABLE}/{id}"));
    let mut response = uncached((StatusCode::CREATED, axum::Json(TodoInserted { item, push })));
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `GET /tables/TodoItem`: the caller's items, the oldest first.
pub(super) async fn list(
    State(backend): State<Arc<AppBackend>>,
    caller: Caller,
    Path(table): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    check_table(&table)?;
    let wanted = Wanted::read(query.as_deref().unwrap_or_default())?;
    let counted = wanted.counted;
    let (items, count) = backend
        .store
        .read(move |c| rows::list(c, &caller.user, &wanted))
        .await?;
    if !counted {
        return Ok(json(items));
    }
    let results: Value = serde_json::to_value(items).unwrap_or_default();
    Ok(json(value!({ "results": results, "count": count })))
}

/// `GET /tables/TodoItem/{id}`.
pub(super) async fn read(
    State(backend): State<Arc<AppBackend>>,
    caller: Caller,
    Path((table, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    check_table(&table)?;
    let found = backend
        .store
        .read(move |c| rows::find(c, &caller.user, &id))
        .await?;
    found.map(json).ok_or(Refusal::NotFound)
}

/// `PATCH /tables/TodoItem/{id}`: 200 with the item as it is now.
pub(super) async fn update(
    State(backend): State<Arc<AppBackend>>,
    caller: Caller,
    Path((table, id)): Path<(String, String)>,
    WholeBody(body): WholeBody,
) -> Result<Response, Refusal> {
    check_table(&table)?;
    let change: TodoChange = read_json(&body)?;
    if change.id.is_some_and(|named| named != id) {
        return Err(Refusal::BadRequest(
            "the body names another item than the URL".to_owned(),
        ));
    }
    let text = check_text(change.text)?;
    let now = backend.clock.now();
    let changed = backend
        .store
        .write(move |c| rows::update(c, &caller.user, &id, (text, change.complete), now))
        .await?;
    changed.map(json).ok_or(Refusal::NotFound)
}

/// `DELETE /tables/TodoItem/{id}`: 204.
pub(super) async fn delete(
    State(backend): State<Arc<AppBackend>>,
    caller: Caller,
    Path((table, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    check_table(&table)?;
    let deleted = backend
        .store
        .write(move |c| rows::delete(c, &caller.user, &id))
        .await?;
    if !deleted {
        return Err(Refusal::NotFound);
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl AppBackend {
    async fn insert_item(&self, owner: &UserName, item: TodoItem) -> Result<(), Refusal> {
        let owner = owner.clone();
        let inserted = self.store.write(move |c| rows::insert(c, &owner, &item));
        match inserted.await? {
            Inserted::Done => Ok(()),
            Inserted::Exists => Err(Refusal::Conflict("you have an item with this id")),
            Inserted::Full => Err(Refusal::TooMany("you have too many items: delete some")),
        }
    }

    async fn push_item(&self, owner: &UserName, forms: Option<Vec<Content>>) -> TodoPush {
        let Some(forms) = forms else {
            return TodoPush::default();
        };
        match self.push(owner, forms).await {
            Ok(deliveries) => TodoPush {
                deliveries,
                error: None,
            },
            Err(error) => TodoPush {
                deliveries: Vec::new(),
                error: Some(Refusal::from(error).into_words()),
            },
        }
    }
}

/// Tables are named in any case, as ASP.NET takes them.
fn check_table(table: &str) -> Result<(), Refusal> {
    if table.eq_ignore_ascii_case(TABLE) {
        Ok(())
    } else {
        Err(Refusal::NotFound)
    }
}

fn check_text(text: Option<String>) -> Result<Option<String>, Refusal> {
    match text {
        Some(text) if text.len() > MAX_TOAST => {
            Err(Refusal::TooLarge("the item's text is larger than 2 KiB"))
        }
        text => Ok(text),
    }
}
