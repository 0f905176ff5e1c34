//! Which renderers draw a phone's toasts: chosen by what is there.

use std::sync::Arc;
use std::time::Duration;

use super::output::{self, Output};
use crate::settings::{AppPackage, Home, ToastChoice};
use crate::toast::{
    DesktopOptions, DesktopRenderer, JsonRenderer, PacedRenderer, Package, Renderer,
    TerminalRenderer, TerminalStyle, Toaster,
};

/// Renderers, and a sentence about the choice.
pub(super) struct Chosen {
    pub(super) toaster: Toaster,
    pub(super) why: String,
}

/// Chooses renderers: what was asked for, else the desktop where a daemon answers, else the
/// terminal. A daemon has `patience` to answer. The terminal stands behind the desktop, for when its daemon fails.
pub(super) async fn choose(
    asked: Option<ToastChoice>,
    patience: Duration,
    home: &Home,
    app: &AppPackage,
    output: &Output,
) -> Chosen {
    let chosen = |renderers: Vec<Arc<dyn Renderer>>, why: String| Chosen {
        toaster: Toaster::new(renderers),
        why,
    };
    match asked {
        Some(ToastChoice::None) => chosen(Vec::new(), "toasts are not drawn".to_owned()),
        Some(ToastChoice::Json) => {
            chosen(vec![json(output)], "toasts are drawn as JSON".to_owned())
        }
        Some(ToastChoice::Terminal) => chosen(
            vec![terminal(output)],
            "toasts are drawn in the terminal".to_owned(),
        ),
        Some(ToastChoice::Desktop) => chosen(
            vec![desktop(home, app), terminal(output)],
            "toasts are drawn on the desktop".to_owned(),
        ),
        None => match DesktopRenderer::probe(patience).await {
            Ok(daemon) => chosen(
                vec![desktop(home, app), terminal(output)],
                format!(
                    "toasts are drawn on the desktop by {} {}",
                    daemon.name, daemon.version
                ),
            ),
            Err(error) => {
                tracing::info!(%error, "no notification daemon");
                chosen(
                    vec![terminal(output)],
                    "there is no notification daemon: toasts are drawn in the terminal".to_owned(),
                )
            }
        },
    }
}

fn desktop(home: &Home, app: &AppPackage) -> Arc<dyn Renderer> {
    let options = DesktopOptions {
        app_name: app.manifest.name().to_string(),
        icon_folder: Some(home.icons()),
        package: app.folder.clone().map(Package::new),
        icon: app.manifest.icon().map(str::to_owned),
        ..DesktopOptions::default()
    };
    let title = options.app_name.clone();
    Arc::new(PacedRenderer::new(
        Arc::new(DesktopRenderer::new(options)),
        title,
    ))
}

fn terminal(output: &Output) -> Arc<dyn Renderer> {
    let style = TerminalStyle {
        width: output.width(),
        colour: output.has_colour(),
        boxed: output.is_terminal(),
    };
    Arc::new(TerminalRenderer::new(
        output::people(output.is_json()),
        style,
    ))
}

/// With `--json` the event of a toast is its picture already: a second line would be no event.
fn json(output: &Output) -> Arc<dyn Renderer> {
    let to: Box<dyn std::io::Write + Send> = if output.is_json() {
        Box::new(std::io::sink())
    } else {
        Box::new(std::io::stdout())
    };
    Arc::new(JsonRenderer::new(to))
}
