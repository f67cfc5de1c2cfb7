//! Restarts as they are told: those that follow one another are one story, however many, or a crash loop would push everything else out
//! of sight.

use std::time::Duration;

use super::Watch;
use crate::{
    engine::{
        role::Role,
        snapshot::{MarkerKind, Tone},
        time::Time,
    },
    humanize,
};

/// A restart so soon after another one of the same version belongs to it.
const SOON: Duration = Duration::from_secs(60);
/// What these rows are called.
const WORD: &str = "source";

/// Restarts of one version that followed one another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spell {
    first: Time,
    last: Time,
    processes: u32,
}

impl Watch {
    /// So many processes of a version began anew at this poll.
    pub(super) fn tell_restarts(&mut self, role: Role, processes: u32) {
        let now = self.now;
        let before = self.restarts.of(role).filter(|spell| now.since(spell.last) < SOON);
        let begun = before.unwrap_or(Spell { first: now, last: now, processes: 0 });
        let spell = Spell { last: now, processes: begun.processes.saturating_add(processes), ..begun };
        *self.restarts.of_mut(role) = Some(spell);
        let head = format!("{} restarted", self.setup.names.of(role));
        let mut tail = format!("{} counted from 0 again", humanize::plural(f64::from(spell.processes), "process", "processes"));
        if before.is_some() {
            self.rows.retain(|row| row.word != WORD || row.head != head || row.at < spell.first);
            tail = format!("{tail} since {}", humanize::clock(spell.first));
        } else {
            self.series.mark(now, MarkerKind::Restart, head.clone());
        }
        self.row(WORD, head, tail, Some(Tone::Held));
    }
}
