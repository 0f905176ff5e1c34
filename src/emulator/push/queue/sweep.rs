//! Messages whose time is up.

use crate::emulator::trace::DropRule;
use crate::store::StoreError;

use super::{Queue, rows};

impl Queue {
    /// Forgets messages whose time to live ran out, and says so in the log.
    pub(in crate::emulator) async fn sweep(&self) -> Result<(), StoreError> {
        let now = self.clock.now().as_millisecond();
        let expired = self.store.write(move |c| rows::expire(c, now)).await?;
        for old in &expired {
            self.write_dropped(old, DropRule::Expired);
        }
        Ok(())
    }
}
