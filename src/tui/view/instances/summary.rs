//! Each version in one line, and whether one of its instances stands out.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr as _;

use crate::{
    engine::{
        role::Role as Side,
        snapshot::{CheckRow, InstanceRow, Snapshot},
    },
    humanize,
    tui::{
        pen::{Pen, Run, cells, tail, width},
        theme::Role,
    },
};

/// One for each version.
pub(super) const ROWS: u16 = 2;
/// Errors under which nobody can be told from chance.
const FEW_ERRORS: f64 = 5.0;
/// Standard deviations above a fair share from which an instance stands out.
const OUTLIER: f64 = 3.0;
/// Columns of an outlier's name.
const OUTLIER_NAME: usize = 14;
/// Columns of a version's name.
const NAME: usize = 20;

/// Whether errors are shared out among the instances of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Spread {
    /// There is nothing to compare.
    Alone,
    /// No errors.
    None,
    /// Too few errors to tell.
    Few(String),
    /// No instance stands out.
    Even,
    /// This one has so many of so many.
    Outlier { name: String, own: String, all: String },
}

/// Draws both lines.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, snapshot: &Snapshot) {
    let names = Side::BOTH.map(|side| snapshot.version(side).width()).into_iter().max().unwrap_or(0).min(NAME);
    for (y, side) in (area.y..area.bottom()).zip(Side::BOTH) {
        let name = pen.shout(side.into(), tail(snapshot.version(side), names));
        pen.write(area.x + 3, y, area.right(), &[name]);
        let x = area.x + 3 + cells(names) + 2;
        let end = area.right().saturating_sub(1);
        let line = fitted(pen, snapshot, side, usize::from(end.saturating_sub(x)));
        pen.write(x, y, end, &line);
    }
}

/// As many parts as fit; the first to go are the last in this order: readiness, spread, errors, restarts, p99.
fn fitted<'a>(pen: &Pen<'_>, snapshot: &Snapshot, side: Side, room: usize) -> Vec<Run<'a>> {
    let rows: Vec<&InstanceRow> = snapshot.instances.iter().filter(|row| row.role == side).collect();
    let ready = rows.iter().filter(|row| row.ready == Some(true)).count();
    let known = rows.iter().any(|row| row.ready.is_some());
    let restarts: u32 = rows.iter().map(|row| row.restarts).sum();
    let readiness = match (rows.len(), known) {
        (0, _) => pen.say(Role::Dim, "no instance"),
        (all, false) => pen.say(Role::Dim, humanize::plural(all as f64, "instance", "instances")),
        (all, true) => {
            let longest = ready_of(snapshot.instances.len(), snapshot.instances.len()).len();
            let text = format!("{:<longest$}", ready_of(ready, all));
            pen.say(if ready < all { Role::Bad } else { Role::Text }, text)
        }
    };
    let figure = |name: &str, id: &str| {
        let check = snapshot.checks.iter().find(|check| check.id == id);
        let value = check.map_or("–", |check: &CheckRow| check.values.of(side));
        pen.say(Role::Text, format!("   {name} {value:>7}"))
    };
    let restarts = pen.say(
        if restarts > 0 { Role::Bad } else { Role::Text },
        format!("   {:>2} {:<8}", restarts, if restarts == 1 { "restart" } else { "restarts" }),
    );
    let parts = [
        readiness,
        restarts,
        figure("errors", "errors"),
        figure("p99", "latency"),
        spread_run(pen, &spread(&rows), &super::counted_for(snapshot)),
    ];
    // Places in `parts`, the least telling first.
    let mut shown = [true; 5];
    let fits = |shown: &[bool; 5]| parts.iter().zip(shown).filter(|(_, shown)| **shown).map(|(run, _)| run.width()).sum::<usize>();
    for least in [3, 1, 2, 4] {
        if fits(&shown) > room {
            shown[least] = false;
        }
    }
    let line: Vec<Run<'a>> = parts.iter().zip(shown).filter(|(_, shown)| *shown).map(|(run, _)| run.clone()).collect();
    debug_assert!(width(&line) == fits(&shown), "what is counted is what is drawn");
    line
}

fn ready_of(ready: usize, all: usize) -> String {
    format!("{ready} of {all} ready")
}

fn spread_run<'a>(pen: &Pen<'_>, spread: &Spread, span: &str) -> Run<'a> {
    match spread {
        Spread::Alone => pen.say(Role::Dim, ""),
        Spread::None => pen.say(Role::Dim, format!("   no errors in {span}")),
        Spread::Few(errors) => pen.say(Role::Dim, format!("   {errors} in {span}: too few to compare")),
        Spread::Even => pen.say(Role::Dim, "   errors are spread evenly"),
        Spread::Outlier { name, own, all } => pen.shout(Role::Bad, format!("   {name}: {own} of {all} errors in {span}")),
    }
}

/// An instance stands out when it has most of the errors, and so many that its share of the requests does not explain it: its errors
/// are binomial then, and lie over the mean by more than [`OUTLIER`] standard deviations.
fn spread(rows: &[&InstanceRow]) -> Spread {
    let sum = |of: fn(&(f64, f64)) -> f64| rows.iter().map(|row| of(&row.figures.counted)).sum::<f64>();
    let (requests, errors) = (sum(|counted| counted.0), sum(|counted| counted.1));
    if rows.len() < 2 || requests <= 0.0 {
        return Spread::Alone;
    }
    if errors < 1.0 {
        return Spread::None;
    }
    if errors < FEW_ERRORS {
        return Spread::Few(humanize::plural(errors, "error", "errors"));
    }
    let stands_out = |row: &&&InstanceRow| {
        let (own_requests, own) = row.figures.counted;
        let share = own_requests / requests;
        own > errors / 2.0 && own - errors * share > OUTLIER * (errors * share * (1.0 - share)).sqrt()
    };
    rows.iter().find(stands_out).map_or(Spread::Even, |row| Spread::Outlier {
        name: short(&row.name),
        own: humanize::count(row.figures.counted.1),
        all: humanize::count(errors),
    })
}

/// The end of a pod's name, which alone tells it from the others; the end of any other name.
fn short(name: &str) -> String {
    let end = name.rsplit('-').next().unwrap_or(name);
    tail(if end.width() < 4 { name } else { end }, OUTLIER_NAME)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::snapshot::{Figures, InstanceState};

    fn found(counted: &[(f64, f64)]) -> Spread {
        let rows: Vec<InstanceRow> = counted
            .iter()
            .enumerate()
            .map(|(nth, counted)| InstanceRow {
                name: format!("api-5c9f-{nth}"),
                role: Side::Candidate,
                state: InstanceState::Serving,
                ready: None,
                restarts: 0,
                restarted: false,
                age: String::new(),
                rate: String::new(),
                errors: String::new(),
                p99: String::new(),
                figures: Figures { counted: *counted, ..Figures::default() },
                history: Vec::new(),
                health: None,
                pod: None,
                trouble: None,
                seen: None,
            })
            .collect();
        spread(&rows.iter().collect::<Vec<_>>())
    }

    #[test]
    fn an_outlier_is_named_only_when_chance_does_not_explain_it() {
        let outlier = |name: &str, own: &str, all: &str| Spread::Outlier { name: name.into(), own: own.into(), all: all.into() };
        assert_eq!(found(&[(900.0, 18.0), (900.0, 2.0), (900.0, 2.0)]), outlier("api-5c9f-0", "18", "22"));
        assert_eq!(found(&[(900.0, 12.0), (900.0, 5.0), (900.0, 5.0)]), Spread::Even, "two deviations");
        assert_eq!(found(&[(900.0, 30.0), (100.0, 3.0)]), Spread::Even, "it has the requests too");
        assert_eq!(found(&[(900.0, 4.0), (900.0, 0.0)]), Spread::Few("4 errors".into()));
        assert_eq!(found(&[(900.0, 0.0), (900.0, 0.0)]), Spread::None);
        assert_eq!(found(&[(900.0, 90.0)]), Spread::Alone);
        assert_eq!(found(&[(0.0, 0.0), (0.0, 0.0)]), Spread::Alone);
        assert_eq!(found(&[]), Spread::Alone);
    }
}
