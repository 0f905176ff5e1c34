//! `handset backend-profile`

use crate::backend;
use crate::cli::arguments::BackendProfile;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;

pub(super) fn print(wish: &BackendProfile, output: &Output) -> Result<Exit, Failure> {
    let text = backend::BackendProfile::built_in_text(&wish.name);
    let text = text.ok_or_else(|| Failure::usage("no backend profile of this name is built in"))?;
    output.line(text.trim_end().to_owned());
    Ok(Exit::Done)
}
