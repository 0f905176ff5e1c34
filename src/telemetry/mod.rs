//! What people and programs can follow: the events of a device and of the services, and the
//! tracing set-up.

mod event;
mod logging;
mod stream;

pub use event::{Event, EventName, ToastFields};
pub use logging::{LogOptions, init_logging};
pub use stream::{EventReceiver, EventStream, Lagged};
