//! Golden frames and files: what both sides of a wire agreed on stays readable.

mod phone_database;
mod push_socket;
mod replay;
mod replay_service;
mod session;
