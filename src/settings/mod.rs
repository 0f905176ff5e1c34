//! Options: defaults, file, environment, flags.
