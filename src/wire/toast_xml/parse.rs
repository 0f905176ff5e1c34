//! From elements to a toast.

use super::{ToastXml, WHAT};
use crate::model::{DisplayText, Invalid, ToastAction, ToastContent, ToastImage, ToastTemplate};
use crate::wire::xml::{Attributes, Visitor};

/// How many bindings are looked at.
const MOST_BINDINGS: usize = 8;

/// How many texts of a binding are read; no layout draws more.
const MOST_TEXTS: usize = 16;

/// Where an image is whose source names no place.
const PACKAGE: &str = "ms-appx:///";

#[derive(Default)]
pub(super) struct Parse {
    launch: Option<String>,
    base: Option<String>,
    bindings: Vec<Binding>,
    actions: Vec<ToastAction>,
    place: Place,
}

/// Where in the document the parser is.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Elsewhere,
    /// In the binding that was begun last.
    Binding,
    /// In its last text.
    Text,
    Actions,
}

#[derive(Default)]
struct Binding {
    template: ToastTemplate,
    base: Option<String>,
    texts: Vec<Text>,
    image: Option<ToastImage>,
}

#[derive(Default)]
struct Text {
    value: String,
    /// It stands below the others, wherever it is written.
    attribution: bool,
}

impl Visitor for Parse {
    fn open(&mut self, name: &str, attributes: &Attributes) -> Result<(), Invalid> {
        match (self.place, name) {
            (_, "toast") => self.launch = argument(attributes, "launch")?,
            (_, "visual") => self.base = attributes.filled("baseUri").map(str::to_owned),
            (Place::Elsewhere, "binding") if self.bindings.len() < MOST_BINDINGS => {
                self.bindings.push(Binding::new(attributes));
                self.place = Place::Binding;
            }
            (Place::Elsewhere, "actions") => self.place = Place::Actions,
            (Place::Binding, "text") => self.place = self.begin_text(attributes),
            (Place::Binding, "image") => {
                let base = self.base.clone();
                if let Some(binding) = self.binding() {
                    binding.take_image(attributes, base);
                }
            }
            (Place::Actions, "action") => self.take_action(attributes)?,
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if self.place == Place::Text
            && let Some(last) = self.binding().and_then(|binding| binding.texts.last_mut())
        {
            last.value.push_str(text);
        }
    }

    fn close(&mut self, name: &str) {
        self.place = match (self.place, name) {
            (Place::Text, "text") => Place::Binding,
            (Place::Binding, "binding") | (Place::Actions, "actions") => Place::Elsewhere,
            (place, _) => place,
        };
    }
}

impl Parse {
    pub(super) fn finish(self) -> Result<ToastXml, Invalid> {
        let generic = |binding: &Binding| binding.template == ToastTemplate::ToastGeneric;
        let chosen = self.bindings.iter().position(generic).unwrap_or(0);
        let Some(binding) = self.bindings.into_iter().nth(chosen) else {
            return Err(Invalid::new(WHAT, "has no <binding>"));
        };
        if binding.texts.is_empty() && binding.image.is_none() {
            return Err(Invalid::new(WHAT, "has no <text> in its <binding>"));
        }
        let (attributions, texts): (Vec<Text>, Vec<Text>) =
            binding.texts.into_iter().partition(|text| text.attribution);
        let all = texts.into_iter().chain(attributions);
        Ok(ToastXml {
            template: binding.template,
            texts: all.map(|text| text.value.trim().to_owned()).collect(),
            image: binding.image,
            actions: self.actions,
            launch: self.launch,
        })
    }

    fn begin_text(&mut self, attributes: &Attributes) -> Place {
        let begun = self
            .binding()
            .is_some_and(|binding| binding.begin_text(attributes));
        if begun { Place::Text } else { self.place }
    }

    fn binding(&mut self) -> Option<&mut Binding> {
        self.bindings.last_mut()
    }

    /// A button that nobody could tell from another, or that stands in a menu, is not drawn.
    fn take_action(&mut self, attributes: &Attributes) -> Result<(), Invalid> {
        let arguments = argument(attributes, "arguments")?;
        let in_menu = attributes.get("placement") == Some("contextMenu");
        let by_system = attributes.get("activationType") == Some("system");
        let content = match (attributes.filled("content"), &arguments) {
            (Some(content), _) => DisplayText::new(content),
            (None, Some(command)) if by_system => DisplayText::new(&capitalised(command)),
            (None, _) => return Ok(()),
        };
        if !in_menu && !content.is_empty() && self.actions.len() < ToastContent::MOST_ACTIONS {
            self.actions.push(ToastAction {
                content,
                arguments: arguments.unwrap_or_default(),
            });
        }
        Ok(())
    }
}

impl Binding {
    fn new(attributes: &Attributes) -> Self {
        let known = attributes
            .get("template")
            .and_then(|name| name.parse().ok());
        Self {
            template: known.unwrap_or(ToastTemplate::ToastText02),
            base: attributes.filled("baseUri").map(str::to_owned),
            ..Self::default()
        }
    }

    fn begin_text(&mut self, attributes: &Attributes) -> bool {
        let room = self.texts.len() < MOST_TEXTS;
        if room {
            self.texts.push(Text {
                attribution: attributes.get("placement") == Some("attribution"),
                value: String::new(),
            });
        }
        room
    }

    /// The first image is the one that is drawn; one without a usable source is none.
    fn take_image(&mut self, attributes: &Attributes, base: Option<String>) {
        if self.image.is_some() || !self.template.has_image() {
            return;
        }
        let Some(source) = attributes.filled("src") else {
            return;
        };
        let base = self.base.clone().or(base);
        let source = match has_scheme(source) {
            true => source.to_owned(),
            false => format!(
                "{}{}",
                base.as_deref().unwrap_or(PACKAGE),
                source.trim_start_matches('/')
            ),
        };
        let alt = attributes.get("alt").unwrap_or_default();
        self.image = ToastImage::parse(source, alt).ok();
    }
}

/// RFC 3986 §3.1, for the sources that a toast may have.
fn has_scheme(source: &str) -> bool {
    source.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// An argument for the app: whole or not at all.
fn argument(attributes: &Attributes, name: &str) -> Result<Option<String>, Invalid> {
    let Some(value) = attributes.get(name).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    if value.len() > ToastContent::MAX_LAUNCH {
        return Err(Invalid::new(
            WHAT,
            format!("has a `{name}` of {} bytes", value.len()),
        ));
    }
    Ok(Some(value.to_owned()))
}

/// The name of a system command as it stands on its button: `Snooze`.
fn capitalised(command: &str) -> String {
    let mut rest = command.chars();
    rest.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(rest).collect()
    })
}
