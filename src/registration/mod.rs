//! Keeps the installation, its handle and tags, current with the backend, per account.
