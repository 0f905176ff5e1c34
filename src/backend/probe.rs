//! Whether a backend is there at all.

use reqwest::Method;
use reqwest::header::DATE;

use super::exchange::Call;
use super::{BackendClient, BackendError, address};

impl BackendClient {
    /// Asks for the base URL, without any credential, and returns what time the backend says it
    /// is (`Date`, RFC 9110 §6.6.1), if it does. Any answer will do, a refusal as well.
    ///
    /// # Errors
    /// [`BackendError`] when no answer came.
    pub async fn date(&self) -> Result<Option<String>, BackendError> {
        let call = Call::bare(Method::GET, address::below::<&str>(&self.origin, &[]));
        let answer = self.exchange(call).await?;
        let date = answer.response.headers().get(DATE);
        Ok(date.and_then(|date| date.to_str().ok()).map(str::to_owned))
    }
}
