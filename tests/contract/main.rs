//! Golden frames and files: what both sides of a wire agreed on stays readable.

mod push_socket;
mod replay;
