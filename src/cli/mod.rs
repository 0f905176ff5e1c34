//! The command line: one file per command. The only room that owns stdout and stderr.
