//! The parts of an installation, each of them a target: its channel and those of its tiles take
//! native notifications, and each template what is sent to templates.

use crate::model::Tag;
use crate::wire::notification_hub::{Installation, InstallationTemplate, PnsHandle, Template};

/// What stands between the words of a part's name: names of templates and tiles do not have it.
const BETWEEN: char = '\u{1f}';

/// One part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// Its name within the installation.
    pub(super) name: String,
    pub(super) handle: &'a PnsHandle,
    pub(super) tags: Vec<String>,
    pub(super) tile: Option<&'a str>,
    pub(super) template: Option<Template>,
}

/// All parts whose channel is not known to be gone. A tile has its own tags alone; a template has
/// its name as a tag too.
pub(super) fn of(installation: &Installation) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    if !installation.channel_expired {
        let mut tags = texts(&installation.tags);
        tags.push(format!("$InstallationId:{{{}}}", installation.id));
        if let Some(user) = &installation.user_id {
            tags.push(format!("$UserId:{{{user}}}"));
        }
        let channel = Channel {
            name: "channel".to_owned(),
            handle: &installation.handle,
            tags,
            tile: None,
        };
        channel.add(installation.templates.iter(), &mut parts);
    }
    let tiles = installation.secondary_tiles.iter();
    for (name, tile) in tiles.filter(|(_, tile)| !tile.channel_expired) {
        let channel = Channel {
            name: format!("tile{BETWEEN}{name}"),
            handle: &tile.handle,
            tags: texts(&tile.tags),
            tile: Some(name),
        };
        channel.add(tile.templates.iter(), &mut parts);
    }
    parts
}

/// Takes a part away; false where that is the installation's own channel, with which all of it goes.
pub(super) fn remove(installation: &mut Installation, name: &str) -> bool {
    let words: Vec<&str> = name.split(BETWEEN).collect();
    match words.as_slice() {
        ["channel", template] => {
            installation.templates.remove(*template);
        }
        ["tile", tile] => {
            installation.secondary_tiles.remove(*tile);
        }
        ["tile", tile, template] => {
            if let Some(tile) = installation.secondary_tiles.get_mut(*tile) {
                tile.templates.remove(*template);
            }
        }
        _ => return false,
    }
    true
}

struct Channel<'a> {
    name: String,
    handle: &'a PnsHandle,
    tags: Vec<String>,
    tile: Option<&'a str>,
}

impl<'a> Channel<'a> {
    fn add(
        self,
        templates: impl Iterator<Item = (&'a String, &'a InstallationTemplate)>,
        parts: &mut Vec<Part<'a>>,
    ) {
        let of_template = |(name, template): (&'a String, &'a InstallationTemplate)| {
            let mut tags = self.tags.clone();
            tags.extend(texts(&template.tags));
            tags.extend(Tag::parse(name.as_str()).is_ok().then(|| name.clone()));
            Part {
                name: format!("{}{BETWEEN}{name}", self.name),
                handle: self.handle,
                tags,
                tile: self.tile,
                template: Some(as_of_registration(name, template)),
            }
        };
        parts.push(Part {
            name: self.name.clone(),
            handle: self.handle,
            tags: self.tags.clone(),
            tile: self.tile,
            template: None,
        });
        parts.extend(templates.map(of_template));
    }
}

fn as_of_registration(name: &str, template: &InstallationTemplate) -> Template {
    let headers = template.headers.iter();
    Template {
        name: Some(name.to_owned()),
        body: template.body.clone(),
        headers: headers
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        expiry: template.expiry.clone(),
        priority: None,
    }
}

fn texts(tags: &[Tag]) -> Vec<String> {
    tags.iter().map(|tag| tag.as_str().to_owned()).collect()
}
