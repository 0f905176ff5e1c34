//! `handset toasts`

use jiff::tz::TimeZone;

use crate::action_centre::ShownToast;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::reach;
use crate::control;
use crate::model::{DisplayText, ToastContent};
use crate::settings::Settings;

/// Where a toast's text begins: behind its number and its time.
const INDENT: &str = "\n                            ";

/// The longest name of a tag, a group or a button in the list, in characters.
const LONGEST_NAME: usize = 64;

pub(super) async fn run(settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    let (toasts, badge) = reach::ask(
        settings,
        async |client| Ok((client.toasts().await?, client.badge().await?)),
        async |device| Ok((control::toasts(device).await?, control::badge(device))),
    )
    .await?;
    if output.is_json() {
        for toast in &toasts {
            output.result(toast, |_| String::new());
        }
        return Ok(Exit::Done);
    }
    if toasts.is_empty() {
        output.note("no toast is in the action centre");
    }
    for toast in &toasts {
        output.note(text(toast, output));
    }
    if let Some(shown) = badge.shown {
        output.note(format!("the badge on the icon is {}", output.bold(&shown)));
    }
    Ok(Exit::Done)
}

fn text(toast: &ShownToast, output: &Output) -> String {
    let shown = toast
        .shown_at
        .to_zoned(TimeZone::system())
        .strftime("%Y-%m-%d %H:%M:%S");
    let content = &toast.content;
    let said = match content.title.is_empty() {
        true => content.body.to_string(),
        false => format!("{}: {}", output.bold(content.title.as_str()), content.body),
    };
    let said = said.replace('\n', INDENT);
    let marks = match marks(content) {
        marks if marks.is_empty() => String::new(),
        marks => format!("{INDENT}{}", output.dim(&marks.join(" · "))),
    };
    let shown = output.dim(&shown.to_string());
    format!("{:>5}  {shown}  {said}{marks}", toast.id)
}

/// What a toast has besides its texts.
fn marks(content: &ToastContent) -> Vec<String> {
    let name = |text: &str| DisplayText::excerpt(text, LONGEST_NAME);
    let mut marks = Vec::new();
    if content.key.is_sign_in() {
        marks.push("tap it to sign in".to_owned());
    }
    if let Some(tag) = &content.tag {
        marks.push(format!("tag {}", name(tag.as_str())));
    }
    if let Some(group) = &content.group {
        marks.push(format!("group {}", name(group.as_str())));
    }
    if content.image.is_some() {
        marks.push("image".to_owned());
    }
    let buttons = content.actions.iter();
    let buttons: Vec<_> = buttons
        .map(|action| name(action.content.as_str()))
        .collect();
    if !buttons.is_empty() {
        marks.push(format!("[{}]", buttons.join("] [")));
    }
    marks
}
