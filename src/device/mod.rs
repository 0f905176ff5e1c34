//! The phone: wires the rooms below into one handle.
