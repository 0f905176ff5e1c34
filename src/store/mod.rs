//! SQLite: opening, migrations, and the one writer that commits in groups.
