//! The control API of a running phone, and its client.
