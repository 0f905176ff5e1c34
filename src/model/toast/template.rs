//! The layouts of a toast.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::Invalid;

/// The layout of a toast, by its name in the toast schema (`ToastTemplateType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ToastTemplate {
    /// One string, wrapped over up to three lines.
    #[default]
    ToastText01,
    /// One bold line, and one string wrapped over two.
    ToastText02,
    /// One bold string wrapped over two lines, and one line.
    ToastText03,
    /// One bold line, and two lines of one string each.
    ToastText04,
    /// `ToastText01` beside an image.
    ToastImageAndText01,
    /// `ToastText02` beside an image.
    ToastImageAndText02,
    /// `ToastText03` beside an image.
    ToastImageAndText03,
    /// `ToastText04` beside an image.
    ToastImageAndText04,
    /// The adaptive layout: a heading, lines, an image and actions.
    ToastGeneric,
}

impl ToastTemplate {
    /// Every layout.
    pub const ALL: [Self; 9] = [
        Self::ToastText01,
        Self::ToastText02,
        Self::ToastText03,
        Self::ToastText04,
        Self::ToastImageAndText01,
        Self::ToastImageAndText02,
        Self::ToastImageAndText03,
        Self::ToastImageAndText04,
        Self::ToastGeneric,
    ];

    /// The name in the toast schema.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ToastText01 => "ToastText01",
            Self::ToastText02 => "ToastText02",
            Self::ToastText03 => "ToastText03",
            Self::ToastText04 => "ToastText04",
            Self::ToastImageAndText01 => "ToastImageAndText01",
            Self::ToastImageAndText02 => "ToastImageAndText02",
            Self::ToastImageAndText03 => "ToastImageAndText03",
            Self::ToastImageAndText04 => "ToastImageAndText04",
            Self::ToastGeneric => "ToastGeneric",
        }
    }

    /// True when the layout has a heading of its own; the app's name stands in its place where
    /// it has none.
    #[must_use]
    pub fn has_heading(self) -> bool {
        !matches!(self, Self::ToastText01 | Self::ToastImageAndText01)
    }

    /// True when the layout has room for an image.
    #[must_use]
    pub fn has_image(self) -> bool {
        match self {
            Self::ToastImageAndText01
            | Self::ToastImageAndText02
            | Self::ToastImageAndText03
            | Self::ToastImageAndText04
            | Self::ToastGeneric => true,
            Self::ToastText01 | Self::ToastText02 | Self::ToastText03 | Self::ToastText04 => false,
        }
    }
}

impl FromStr for ToastTemplate {
    type Err = Invalid;
    fn from_str(name: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|template| template.as_str() == name)
            .ok_or_else(|| Invalid::new("toast template", "is none that handset knows"))
    }
}
