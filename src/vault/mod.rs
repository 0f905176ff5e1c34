//! Where a secret lives: OS keyring, memory, file.
