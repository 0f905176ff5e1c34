//! The history of background tasks.

use clap::{Args, Subcommand};

use super::values::{instance_number, list_length};
use crate::control::TasksQuery;

/// List the instances of background tasks that ran, newest first
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  handset tasks
  handset tasks --limit 100 --json
  handset tasks show 12"
)]
pub(in crate::cli) struct Tasks {
    #[command(subcommand)]
    pub(in crate::cli) wish: Option<TasksWish>,
    /// How many, at most
    #[arg(long, value_name = "N", default_value_t = TasksQuery::USUAL, value_parser = list_length())]
    pub(in crate::cli) limit: usize,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TasksWish {
    /// Show all that is known of one instance
    #[command(after_help = "Examples:\n  handset tasks show 12\n  handset tasks show 12 --json")]
    Show {
        /// Its number, as `handset tasks` lists it
        #[arg(value_name = "ID", value_parser = instance_number())]
        id: u64,
    },
}
