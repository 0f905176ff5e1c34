//! Reading a password or a token: from standard input, or from whoever sits at the terminal.

use std::io::{self, IsTerminal as _, Read as _};

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::exit::{Exit, Failure};

/// The longest secret that is read, in bytes.
const MAX_SECRET: usize = 16 * 1024;

/// The first line of standard input.
pub(super) fn from_stdin(what: &str) -> Result<SecretString, Failure> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_SECRET + 1));
    let limit = u64::try_from(MAX_SECRET + 1).unwrap_or(u64::MAX);
    io::stdin()
        .lock()
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|error| {
            Failure::usage(format!(
                "the {what} could not be read from standard input: {error}"
            ))
        })?;
    if bytes.len() > MAX_SECRET {
        return Err(Failure::usage(format!(
            "the {what} on standard input is longer than {MAX_SECRET} bytes"
        )));
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::usage(format!("the {what} on standard input is not UTF-8")))?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(Failure::usage(format!(
            "standard input holds no {what}: write it in its first line"
        )));
    }
    Ok(line.into())
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
