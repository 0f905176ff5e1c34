//! The toast renderers.
