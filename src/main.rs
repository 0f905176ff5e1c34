//! The thin binary: the command line lives in the library.

fn main() {}
