//! Direct sends to many devices at once.

use axum::body::Bytes;
use axum::response::Response;

use crate::emulator::hub::send::{Send, Target};
use crate::model::Invalid;
use crate::wire::notification_hub::{HubPlatform, MAX_BODY, PnsHandle, read_send_batch};

use super::Call;
use super::answer::Refusal;
use super::send_headers;

impl Call<'_> {
    pub(super) async fn send_batch(&self, body: &Bytes) -> Result<Response, Refusal> {
        send_headers::refuse_schedule_time(self.headers)?;
        let format = send_headers::format(self.headers)?;
        let platform = send_headers::platform(format)?;
        if !self.query.direct {
            return Err(Invalid::new("batch", "is a direct send: add ?direct").into());
        }
        if platform == HubPlatform::Browser {
            let problem = "has no keys of browsers: send to each of them directly";
            return Err(Invalid::new("batch", problem).into());
        }
        send_headers::check_no_tags(self.headers)?;
        let content_type = send_headers::content_type(self.headers)?;
        let content_type =
            content_type.ok_or_else(|| Invalid::new("Content-Type", "is missing"))?;
        let batch = read_send_batch(content_type, body)?;
        if batch.notification.len() > MAX_BODY {
            return Err(Refusal::TooLarge(MAX_BODY));
        }
        let mut content = send_headers::content(self.headers, batch.notification.into())?;
        // The request's own is that of the batch.
        content.content_type = batch.content_type;
        let handle = |handle: &crate::model::Handle| {
            let text = send_headers::handle_of(platform, handle.as_str())?;
            Ok::<_, Invalid>(PnsHandle { text, keys: None })
        };
        let handles = batch.handles.iter().map(handle).collect::<Result<_, _>>()?;
        let to = Target::Direct(handles);
        self.accept(Send { to, content }).await
    }
}
