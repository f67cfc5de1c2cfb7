//! After a rollback: is the old version itself again? It is asked before the watch ends, because traffic that was moved back to a version
//! that fails as well has mended nothing. The rollback was seen to work before; this only adds what people want to know next.

use super::Watch;
use crate::engine::{policy::BaselineMode, role::Role, snapshot::Tone, time::Time, verdict::Outcome};
use crate::humanize;

/// Polls of the old version alone that say how it does.
const POLLS: u32 = 2;
/// Polls that are waited for at most, where it has nothing to do.
pub(super) const PATIENCE: u32 = 6;

/// A rollback that was seen to work, and is being looked after.
#[derive(Clone, Debug)]
pub(super) struct Restored {
    at: Time,
    polls: u32,
    /// What the watch ends with.
    sentence: String,
    /// Why it was rolled back; empty when nobody said.
    why: String,
}

impl Watch {
    /// The rollback was seen to work. The watch ends once the old version was heard of again.
    pub(super) fn restored(&mut self, sentence: String, why: String) {
        self.restored = Some(Restored { at: self.now, polls: 0, sentence, why });
        let is_heard =
            self.setup.policy.baseline == BaselineMode::Concurrent && self.sources.of(Role::Baseline).last_page.is_some();
        if !is_heard || self.stop.is_some() {
            self.end_restored("");
        }
    }

    /// After each poll: has the old version said enough?
    pub(super) fn look_after(&mut self) {
        let Some(restored) = &mut self.restored else { return };
        restored.polls += 1;
        let (polls, span) = (restored.polls, self.now.since(restored.at));
        let rate = self.recent.over(Role::Baseline, self.now, span).error_rate();
        let name = &self.setup.names.baseline;
        let said = match rate {
            Some(rate) if polls >= POLLS && rate <= self.setup.policy.error_rate => {
                Some((format!("; {name} fails {} of its requests", humanize::rate(rate)), None))
            }
            Some(rate) if polls >= POLLS => {
                let said =
                    format!("; but {name} fails {} of its requests as well: this was not the deploy alone", humanize::rate(rate));
                Some((said, Some(Tone::Bad)))
            }
            _ if polls >= PATIENCE || self.stop.is_some() || self.has_quit => Some((String::new(), None)),
            _ => None,
        };
        if let Some((said, tone)) = said {
            if !said.is_empty() {
                self.row("watch", said.trim_start_matches([';', ' ']).to_owned(), "after the rollback", tone);
            }
            self.end_restored(&said);
        }
    }

    fn end_restored(&mut self, said: &str) {
        let Some(Restored { sentence, why, .. }) = self.restored.take() else { return };
        self.end(Outcome::RolledBack, Some(format!("{sentence}{said}{why}")));
        self.after_action();
    }
}
