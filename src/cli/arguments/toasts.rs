//! What the user does with toasts, and the badge.

use clap::Args;

use super::values::toast_id;
use crate::model::Badge;

/// List the toasts in the action centre, newest first
///
/// With --json each has all its fields: image, actions, launch argument, tag, group, expiration.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  handset toasts\n  handset toasts --json")]
pub(in crate::cli) struct Toasts {}

/// Tap a toast, or press one of its buttons
///
/// The app is told the toast's launch argument, or the button's. The toast leaves the action centre
/// and the desktop, and the payload it showed counts as read at the backend. A toast that asks to
/// sign in opens the sign-in here; without a terminal the exit code is 4.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset toasts
  handset tap 7
  handset tap 7 --action reply=yes
  handset tap 7 --action Yes")]
pub(in crate::cli) struct Tap {
    /// The toast's number, as `handset toasts` lists it
    #[arg(value_name = "ID", value_parser = toast_id())]
    pub(in crate::cli) id: i64,
    /// Press the button with these arguments, or with this caption
    #[arg(long, value_name = "ARGUMENTS")]
    pub(in crate::cli) action: Option<String>,
}

/// Sweep a toast away
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  handset toasts\n  handset dismiss 7")]
pub(in crate::cli) struct Dismiss {
    /// The toast's number, as `handset toasts` lists it
    #[arg(value_name = "ID", value_parser = toast_id())]
    pub(in crate::cli) id: i64,
}

/// Clear the action centre
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  handset clear")]
pub(in crate::cli) struct Clear {}

/// Show or set the badge on the app's icon
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset badge
  handset badge 7
  handset badge newMessage
  handset badge none

Glyphs: activity, alarm, alert, attention, available, away, busy, error, newMessage, paused,
playing, unavailable. A number above 99 is shown as 99+.")]
pub(in crate::cli) struct BadgeWish {
    /// None, a number or a glyph [default: show it as it is]
    #[arg(value_name = "VALUE")]
    pub(in crate::cli) badge: Option<Badge>,
}
