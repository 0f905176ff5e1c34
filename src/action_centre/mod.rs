//! The toasts that were shown, persisted: replaced by key, listed, cleared.
