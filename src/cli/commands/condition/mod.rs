//! `handset condition`

mod table;

use serde_json::{Map, Value};

use crate::cli::arguments::{Condition, ConditionWish};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::reach;
use crate::control::{self, ConditionsBody};
use crate::model::Conditions;
use crate::settings::Settings;

pub(super) async fn run(
    wish: Condition,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let body = match wish.wish {
        Some(ConditionWish::Table { platforms }) => return table::run(&platforms, output).await,
        None | Some(ConditionWish::Get) => None,
        Some(ConditionWish::Set { conditions }) => Some(ConditionsBody {
            set: conditions.iter().map(ToString::to_string).collect(),
        }),
        Some(ConditionWish::Reset) => Some(usual()),
    };
    let conditions = match &body {
        None => {
            reach::ask(
                settings,
                async |client| client.conditions().await,
                async |device| Ok(control::conditions(device)),
            )
            .await?
        }
        Some(body) => {
            reach::ask(
                settings,
                async |client| client.set_conditions(body).await,
                async |device| control::set_conditions(device, body).await,
            )
            .await?
        }
    };
    let result: Map<String, Value> = conditions
        .states()
        .into_iter()
        .map(|(name, state)| (name.to_owned(), state.into()))
        .collect();
    output.result(&result, |output| text(&conditions, output));
    Ok(Exit::Done)
}

fn usual() -> ConditionsBody {
    let states = Conditions::default().states();
    ConditionsBody {
        set: states
            .into_iter()
            .map(|(name, state)| format!("{name}={state}"))
            .collect(),
    }
}

/// Each condition on a line; those that are not as usual stand out.
fn text(conditions: &Conditions, output: &Output) -> String {
    let usual = Conditions::default().states();
    let lines = conditions.states().into_iter().zip(usual);
    let lines = lines.map(|((name, state), (_, usual))| {
        let shown = if state == usual {
            state.to_owned()
        } else {
            output.bold(state)
        };
        format!("{}  {shown}", output.dim(&format!("{name:<17}")))
    });
    lines.collect::<Vec<_>>().join("\n")
}
