//! How long the actions of a deployment took before, from its journals: what a person wants to know before pressing the key.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
    time::Duration,
};

use super::{line, store::Store};
use crate::engine::{
    action::{Action, Usual},
    event::Event,
};

/// Journals that are looked at, the newest first.
const JOURNALS: usize = 20;
/// How much of each is read, from its end, in bytes.
const TAIL: u64 = 1 << 20;

/// The median time that each action of `deployment` took from being sent to being seen. What cannot be read is left out: it is a hint.
#[must_use]
pub fn durations(store: &Store, deployment: &str) -> BTreeMap<Action, Usual> {
    let watches = store.list_of(deployment).map(|listing| listing.watches).unwrap_or_default();
    let mut took: BTreeMap<Action, Vec<f64>> = BTreeMap::new();
    for entry in watches.iter().take(JOURNALS) {
        for (action, took_s) in verified(&entry.path).unwrap_or_default() {
            took.entry(action).or_default().push(took_s);
        }
    }
    took.into_iter().filter_map(|(action, times)| Some((action, median(times)?))).collect()
}

fn verified(path: &Path) -> io::Result<Vec<(Action, f64)>> {
    let mut file = File::open(path)?;
    let start = file.metadata()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    let mut asked = BTreeMap::new();
    let mut took = Vec::new();
    let about_actions = tail.split(|byte| *byte == b'\n').filter(|line| memchr::memmem::find(line, b"\"action.").is_some());
    for line in about_actions.filter_map(|line| line::decode(line).ok()) {
        match line.event {
            Event::ActionRequested { id, action, .. } => {
                asked.insert(id, action);
            }
            Event::ActionVerified { id, took_s, .. } => took.extend(asked.remove(&id).map(|action| (action, took_s))),
            _ => {}
        }
    }
    Ok(took)
}

fn median(mut times: Vec<f64>) -> Option<Usual> {
    times.retain(|time| time.is_finite() && *time >= 0.0);
    times.sort_by(f64::total_cmp);
    let middle = *times.get(times.len() / 2)?;
    Some(Usual { took: Duration::from_secs_f64(middle), times: u32::try_from(times.len()).unwrap_or(u32::MAX) })
}
