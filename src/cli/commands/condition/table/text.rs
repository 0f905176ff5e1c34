//! The table for people.

use super::{Row, Told};
use crate::cli::output::Output;

/// The table for people, in Markdown: pushes that fared alike stand in one line.
pub(super) fn text(rows: &[Row], output: &Output) -> String {
    let mut cells = vec![
        [
            "platform",
            "condition",
            "push",
            "answer",
            "under it",
            "after it",
        ]
        .map(str::to_owned),
    ];
    for row in rows {
        let (mut platform, mut condition) = (row.platform.to_string(), row.condition.clone());
        for (pushes, told) in alike(&row.pushes) {
            cells.push([
                std::mem::take(&mut platform),
                std::mem::take(&mut condition),
                pushes,
                told.sender.clone(),
                told.under.clone(),
                told.after.clone(),
            ]);
        }
    }
    aligned(&cells, output)
}

/// Neighbours that fared alike, as `2 normal, 1 high`.
fn alike(pushes: &[Told]) -> Vec<(String, &Told)> {
    let same = |one: &Told, other: &Told| {
        (&one.sender, &one.under, &one.after) == (&other.sender, &other.under, &other.after)
    };
    let named = |group: &[Told]| {
        let kinds = group.chunk_by(|one, other| one.priority == other.priority);
        let kinds = kinds.filter_map(|kind| {
            let priority = kind.first()?.priority.as_str();
            Some(format!("{} {priority}", kind.len()))
        });
        kinds.collect::<Vec<_>>().join(", ")
    };
    pushes
        .chunk_by(same)
        .filter_map(|group| Some((named(group), group.first()?)))
        .collect()
}

fn aligned(cells: &[[String; 6]], output: &Output) -> String {
    let width = |column: usize| {
        let widths = cells.iter().filter_map(|row| row.get(column));
        widths.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..6).map(width).collect();
    let line = |row: &[String; 6]| {
        let padded: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        format!("| {} |", padded.join(" | "))
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut lines: Vec<String> = cells.iter().map(line).collect();
    if let Some(head) = lines.first_mut() {
        *head = output.bold(head);
    }
    lines.insert(1, format!("| {} |", rule.join(" | ")));
    lines.join("\n")
}
