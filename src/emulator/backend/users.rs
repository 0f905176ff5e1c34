//! Who may sign in: everybody whose password is their name, or those in a users file.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Argon2, Params};
use subtle::ConstantTimeEq as _;
use tokio::io::AsyncReadExt as _;

use crate::emulator::random;
use crate::model::UserName;

/// The largest users file, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// The most memory that one password check may take, in KiB.
const MAX_MEMORY: u32 = 256 * 1024;

/// The most passes that one password check may make.
const MAX_PASSES: u32 = 16;

/// A users file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    /// It cannot be read.
    #[error("cannot read the users file {path}: {cause}; check its name and permissions")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// It is larger than a users file is.
    #[error("the users file {path} is larger than {MAX_FILE} bytes: is it the right file?")]
    TooLarge {
        /// The file.
        path: String,
    },
    /// A line is not a user.
    #[error("the users file {path}, line {line}: {problem}")]
    Line {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it, with the form it must have.
        problem: String,
    },
    /// There is nobody in it.
    #[error("the users file {path} names no user: add lines of the form name:argon2id-hash")]
    Empty {
        /// The file.
        path: String,
    },
}

/// Who may sign in. Cheap to clone; `Debug` shows no hash.
#[derive(Clone)]
pub struct Users(Rule);

#[derive(Clone)]
enum Rule {
    Demo,
    File(Arc<Hashes>),
}

struct Hashes {
    by_name: HashMap<UserName, String>,
    /// Checked for a name that nobody has, so that its answer takes as long as any other.
    of_nobody: String,
}

impl Users {
    /// The demo rule: everybody may sign in whose password equals their name, in any case.
    #[must_use]
    pub fn demo() -> Self {
        Self(Rule::Demo)
    }

    /// Reads a users file: lines of `name:` and an Argon2id hash in PHC form (`$argon2id$v=19$…`);
    /// empty lines and those that begin with `#` are passed over.
    ///
    /// # Errors
    /// [`UsersError`] with the file and the line. No hash is quoted.
    pub async fn load(path: &Path) -> Result<Self, UsersError> {
        let shown = path.display().to_string();
        let unreadable = |cause| UsersError::Unreadable {
            path: path.display().to_string(),
            cause,
        };
        let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
        let mut text = String::new();
        file.take(MAX_FILE + 1)
            .read_to_string(&mut text)
            .await
            .map_err(unreadable)?;
        if text.len() as u64 > MAX_FILE {
            return Err(UsersError::TooLarge { path: shown });
        }
        Self::parse(&text, &shown)
    }

    fn parse(text: &str, path: &str) -> Result<Self, UsersError> {
        let mut by_name = HashMap::new();
        let mut params = Params::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |problem: String| UsersError::Line {
                path: path.to_owned(),
                line: index + 1,
                problem,
            };
            let (name, hash, cost) = read_line(line).map_err(wrong)?;
            if by_name.is_empty() {
                params = cost;
            }
            if by_name.insert(name.clone(), hash).is_some() {
                return Err(wrong(format!("{name} stands in the file twice")));
            }
        }
        if by_name.is_empty() {
            return Err(UsersError::Empty {
                path: path.to_owned(),
            });
        }
        let of_nobody = Argon2::from(params)
            .hash_password(random::token_256().as_bytes())
            .map_err(|error| UsersError::Line {
                path: path.to_owned(),
                line: 1,
                problem: format!("the hash's parameters cannot be used: {error}"),
            })?
            .to_string();
        Ok(Self(Rule::File(Arc::new(Hashes { by_name, of_nobody }))))
    }

    /// True for the demo rule, which must not serve other machines.
    #[must_use]
    pub fn is_demo(&self) -> bool {
        matches!(self.0, Rule::Demo)
    }

    /// True when the password is the user's. With a users file it takes tens of milliseconds of
    /// processor time and belongs on a thread of its own.
    pub(super) fn accepts(&self, user: &UserName, password: &str) -> bool {
        match &self.0 {
            Rule::Demo => {
                let given = password.to_ascii_lowercase();
                given.as_bytes().ct_eq(user.as_str().as_bytes()).into()
            }
            Rule::File(hashes) => {
                let known = hashes.by_name.get(user);
                let hash = known.unwrap_or(&hashes.of_nobody);
                let fits = PasswordHash::new(hash).is_ok_and(|hash| {
                    Argon2::default()
                        .verify_password(password.as_bytes(), &hash)
                        .is_ok()
                });
                fits && known.is_some()
            }
        }
    }
}

impl std::fmt::Debug for Users {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Rule::Demo => f.write_str("Users(demo)"),
            Rule::File(hashes) => write!(f, "Users({} in a file)", hashes.by_name.len()),
        }
    }
}

/// Reads `name:hash`. A name may have colons, but no `$`, with which every hash begins.
fn read_line(line: &str) -> Result<(UserName, String, Params), String> {
    let form =
        "a line is name:hash, the hash in PHC form, such as $argon2id$v=19$m=19456,t=2,p=1$…";
    let (name, rest) = line.split_once(":$").ok_or(form)?;
    let name = UserName::parse(name).map_err(|invalid| format!("{invalid}; {form}"))?;
    let text = format!("${rest}");
    let hash = PasswordHash::new(&text).map_err(|_| format!("the hash cannot be read; {form}"))?;
    if hash.algorithm.as_str() != "argon2id" {
        return Err(format!("the hash is not argon2id; {form}"));
    }
    if hash.hash.is_none() || hash.salt.is_none() {
        return Err(format!("the hash is not complete; {form}"));
    }
    let params = Params::try_from(&hash)
        .map_err(|_| format!("the hash's parameters cannot be used; {form}"))?;
    if params.m_cost() > MAX_MEMORY || params.t_cost() > MAX_PASSES {
        return Err(format!(
            "the hash costs too much: at most m={MAX_MEMORY} and t={MAX_PASSES} are taken"
        ));
    }
    Ok((name, text, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cheap enough for a test.
    fn hash_of(password: &str) -> String {
        let params = Params::new(64, 1, 1, None).unwrap();
        Argon2::from(params)
            .hash_password(password.as_bytes())
            .unwrap()
            .to_string()
    }

    fn user(name: &str) -> UserName {
        UserName::parse(name).unwrap()
    }

    #[test]
    fn a_demo_password_equals_the_name_in_any_case() {
        let users = Users::demo();
        assert!(users.accepts(&user("Alice"), "alice"));
        assert!(users.accepts(&user("alice"), "Alice"));
        for wrong in ["", "bob", "alice ", "alic", "alicee"] {
            assert!(!users.accepts(&user("alice"), wrong), "{wrong:?}");
        }
    }

    #[test]
    fn a_users_file_lets_in_those_it_names() {
        let text = format!(
            "# people\n\nAlice:{}\na:b:{}\n",
            hash_of("s3cret"),
            hash_of("x")
        );
        let users = Users::parse(&text, "users").unwrap();
        assert!(users.accepts(&user("alice"), "s3cret"));
        assert!(users.accepts(&user("a:b"), "x"));
        assert!(!users.accepts(&user("alice"), "alice"));
        assert!(!users.accepts(&user("bob"), "s3cret"));
        assert!(!format!("{users:?}").contains("argon2"));
    }

    #[test]
    fn a_bad_line_is_named_and_not_quoted() {
        let good = format!("alice:{}", hash_of("s3cret"));
        let costly = "bob:$argon2id$v=19$m=99999999,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo";
        for bad in [
            "bob",
            "bob:plainsecret",
            "bob:$1$plainsecret",
            "bob:$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo",
            "bob:$argon2id$v=19$m=64,t=1,p=1",
            "b b:$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo",
            costly,
            good.as_str(),
        ] {
            let error = Users::parse(&format!("{good}\n{bad}\n"), "people").unwrap_err();
            let shown = error.to_string();
            assert!(
                matches!(error, UsersError::Line { line: 2, .. }),
                "{bad}: {shown}"
            );
            assert!(!shown.contains("plainsecret"), "{shown}");
        }
        assert!(matches!(
            Users::parse("# none\n", "people"),
            Err(UsersError::Empty { .. })
        ));
    }

    #[tokio::test]
    async fn a_missing_or_binary_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users");
        let missing = Users::load(&path).await.unwrap_err();
        assert!(missing.to_string().contains("users"), "{missing}");
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        let binary = Users::load(&path).await.unwrap_err();
        assert!(matches!(binary, UsersError::Unreadable { .. }), "{binary}");
    }
}
