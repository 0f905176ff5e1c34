//! The device's end of the push channel.
