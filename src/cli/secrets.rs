//! Reading a password or a token: from standard input, or from whoever sits at the terminal.

use std::io::{self, IsTerminal as _};

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::exit::{Exit, Failure};

/// The longest secret that is read, in bytes.
const MAX_SECRET: usize = 16 * 1024;

/// The first line of standard input. What follows it is not waited for: whoever writes may keep
/// the pipe open.
pub(super) fn from_stdin(what: &str) -> Result<SecretString, Failure> {
    let bytes = first_line(unbuffered_stdin()).map_err(|error| {
        Failure::usage(format!(
            "the {what} could not be read from standard input: {error}"
        ))
    })?;
    if bytes.len() > MAX_SECRET {
        return Err(Failure::usage(format!(
            "the {what} on standard input is longer than {MAX_SECRET} bytes: write it alone in its first line"
        )));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        Failure::usage(format!(
            "the {what} on standard input is not UTF-8 text: write it as it would be typed"
        ))
    })?;
    let line = text.strip_suffix('\r').unwrap_or(text);
    if line.is_empty() {
        return Err(Failure::usage(format!(
            "standard input holds no {what}: write it in its first line"
        )));
    }
    Ok(line.into())
}

/// Reads up to the first line break, which is left out, or one byte more than a secret may have.
/// The bytes are wiped from memory when they are dropped.
fn first_line(from: io::Result<impl io::Read>) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut from = from?;
    let mut bytes = Zeroizing::new(vec![0; MAX_SECRET + 1]);
    let mut length = 0;
    while length < bytes.len() {
        let read = match from.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let line_break = bytes[length..length + read]
            .iter()
            .position(|b| *b == b'\n');
        length += line_break.unwrap_or(read);
        if line_break.is_some() {
            break;
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

/// The standard library's own handle keeps a copy of what it read, which nobody wipes.
fn unbuffered_stdin() -> io::Result<std::fs::File> {
    let stdin = io::stdin();
    #[cfg(unix)]
    let own = std::os::fd::AsFd::as_fd(&stdin).try_clone_to_owned();
    #[cfg(windows)]
    let own = std::os::windows::io::AsHandle::as_handle(&stdin).try_clone_to_owned();
    own.map(std::fs::File::from)
}

/// The password, typed unseen.
pub(super) fn from_terminal(user: &str) -> Result<SecretString, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "there is no terminal to ask for the password: give it with --password-stdin, or a token with --token-stdin",
        ));
    }
    match rpassword::prompt_password(format!("Password of {user}: ")) {
        Ok(password) if password.is_empty() => Err(Failure::usage("the password is empty")),
        Ok(password) => Ok(password.into()),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
            Err(Failure::new(Exit::Interrupted, "interrupted"))
        }
        Err(error) => Err(Failure::usage(format!(
            "the password could not be read: {error}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_read_and_no_more_is_waited_for() {
        for (input, line) in [
            (&b"alice"[..], &b"alice"[..]),
            (b"alice\nbob", b"alice"),
            (b"\nalice", b""),
            (b"", b""),
        ] {
            assert_eq!(*first_line(Ok(input)).unwrap(), line);
        }
        let slowly = io::Read::chain(&b"al"[..], io::Read::chain(&b"ice\n"[..], Unread));
        assert_eq!(*first_line(Ok(slowly)).unwrap(), b"alice");
        let endless = first_line(Ok(io::repeat(b'x'))).unwrap();
        assert_eq!(endless.len(), MAX_SECRET + 1);
    }

    struct Unread;

    impl io::Read for Unread {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("the line was over")
        }
    }
}
