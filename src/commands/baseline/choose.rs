//! Which recording a watch begins with, by its policy; and what is said when there is none.

use super::{captured, key};
use crate::{
    baseline::{Recording, feed::Feed},
    cli::Run,
    commands::Edge,
    config::file::File,
    engine::{
        event::ONE_SHOT,
        policy::{BaselineMode, Policy},
        time::Time,
        verdict::{Outcome, Verdict},
        watch::Watch,
    },
    exit::Failure,
    humanize,
    journal::{
        reader,
        store::{Entry, Store},
    },
    runtime::polling::Past,
};

/// What to do about a captured baseline that cannot be used.
const AGAIN: &str =
    "run `rollwatch baseline capture` again before the deploy, or set policy.baseline to \"concurrent\" or \"static\"";

/// Finds what a new watch needs of the baseline from another time, and settles the policy by that.
///
/// # Errors
/// When the policy asks for a captured baseline and there is none that can be used.
pub(in crate::commands) fn choose(
    edge: &Edge,
    store: Option<&Store>,
    policy: &mut Policy,
    file: &File,
    run: &Run,
    now: Time,
) -> Result<Past, Failure> {
    policy.may_convict = run.auto_rollback || !policy.baseline.is_earlier();
    match policy.baseline {
        BaselineMode::Static => Ok(Past::default()),
        BaselineMode::Concurrent => Ok(history(store, &key(edge, file), policy, file, now)),
        BaselineMode::Before => before(store, &key(edge, file), policy, file, now),
        BaselineMode::Previous => Ok(previous(store, policy, file, now)),
    }
}

/// Beside a live baseline a fresh capture tells how noisy the service is before the candidate has shown anything.
fn history(store: Option<&Store>, key: &str, policy: &Policy, file: &File, now: Time) -> Past {
    let version = &file.baseline.version;
    match store.map_or(Ok(None), |store| captured(store, key)) {
        Ok(Some(recording)) => match recording.is_history(version, policy.poll_s, now) {
            Ok(()) => {
                let (span, ended) = (humanize::duration(recording.span()), humanize::clock(recording.ended()));
                let note = format!("{version} is known from before this watch: {span}, captured until {ended}");
                Past { history: recording.polls().to_vec(), notes: vec![note], ..Past::default() }
            }
            Err(why) => {
                tracing::info!("the captured baseline is not used: {why}");
                Past::default()
            }
        },
        Ok(None) => Past::default(),
        Err(why) => Past { notes: vec![format!("The captured baseline is not used: {why}")], ..Past::default() },
    }
}

fn before(store: Option<&Store>, key: &str, policy: &mut Policy, file: &File, now: Time) -> Result<Past, Failure> {
    let version = &file.baseline.version;
    let none = || {
        let what = format!("policy.baseline = \"before\", but no baseline of {key} was captured");
        Failure::usage(what, AGAIN.replace(" again", ""))
    };
    let unusable = |why: String| Failure::usage(format!("the captured baseline cannot be used: {why}"), AGAIN);
    let recording = captured(store.ok_or_else(none)?, key).map_err(unusable)?.ok_or_else(none)?;
    recording.stands_in(version, policy.poll_s).map_err(unusable)?;
    Ok(fed("The captured baseline", recording, policy, now))
}

/// Without a good watch of the version that is the baseline now, only the limits are left.
fn previous(store: Option<&Store>, policy: &mut Policy, file: &File, now: Time) -> Past {
    let (version, candidate) = (&file.baseline.version, &file.candidate.version);
    let mut refused = None;
    for recording in store.into_iter().flat_map(|store| good_watches(store, file)) {
        match recording.stands_in(version, policy.poll_s) {
            Ok(()) => return fed(&format!("The last good watch of {version}"), recording, policy, now),
            Err(why) => refused = refused.or(Some(why)),
        }
    }
    policy.baseline = BaselineMode::Static;
    let why = match refused {
        Some(why) => format!("The last good watch of {version} cannot be used: {why}"),
        None => format!("There is no good watch of {version} to compare with"),
    };
    let note = format!("{why}. {candidate} is judged by the limits only, and cannot pass by itself");
    Past { notes: vec![note], ..Past::default() }
}

/// A recording in the baseline's place, with what is to be said about it.
fn fed(what: &str, recording: Recording, policy: &mut Policy, now: Time) -> Past {
    policy.earlier = Some(recording.earlier());
    let mut notes = Vec::new();
    if let Some(old) = recording.age_warning(now) {
        notes.push(format!("{what} is used, but {old}"));
    }
    if recording.span() < policy.window() {
        let (span, window) = (humanize::duration(recording.span()), humanize::duration(policy.window()));
        notes.push(format!("{what} lasts {span} and the window {window}: what comes later is compared with nothing"));
    }
    if !policy.may_convict {
        notes.push(format!("{what} is from another time: a comparison with it warns, and convicts only with --auto-rollback"));
    }
    Past { feed: Some(Feed::new(recording, policy.poll())), notes, ..Past::default() }
}

/// What the version that is the baseline now did in its own good watches, the newest first.
fn good_watches(store: &Store, file: &File) -> impl Iterator<Item = Recording> {
    let watches = store.list_of(&file.deployment.name).map(|all| all.watches).unwrap_or_default();
    let version = file.baseline.version.clone();
    let good = watches.into_iter().filter(move |entry| entry.started.candidate == version && is_good(entry));
    good.filter_map(|entry| Recording::of_candidate(&reader::read(&entry.path).ok()?.lines))
}

/// A watch that passed or was promoted, and not against its verdict.
fn is_good(entry: &Entry) -> bool {
    let is_well = |verdict, outcome| verdict == Verdict::Pass || (outcome == Outcome::Promoted && verdict != Verdict::Fail);
    let never_back = |outcome| !matches!(outcome, Outcome::RolledBack | Outcome::EndedElsewhere | Outcome::RollbackFailed);
    entry.started.strategy != ONE_SHOT
        && entry.ended.as_ref().is_some_and(|ended| is_well(ended.verdict, ended.outcome) && never_back(ended.outcome))
}

/// For a watch that goes on: the rest of the recording that it began with. `polled` is when its first and its last poll were.
pub(in crate::commands) fn again(
    edge: &Edge,
    store: Option<&Store>,
    file: &File,
    watch: &Watch,
    polled: Option<(Time, Time)>,
) -> Past {
    let policy = &watch.setup().policy;
    let Some(earlier) = &policy.earlier else { return Past::default() };
    let found = store.and_then(|store| match policy.baseline {
        BaselineMode::Previous => good_watches(store, file).find(|recording| recording.at == earlier.at),
        _ => captured(store, &key(edge, file)).ok().flatten().filter(|recording| recording.at == earlier.at),
    });
    let Some(recording) = found else {
        let note = format!("The recording of {} that this watch began with is gone", watch.setup().names.baseline);
        return Past { notes: vec![note], ..Past::default() };
    };
    let feed = Feed::new(recording, policy.poll());
    let feed = match polled {
        Some((first, last)) => feed.resumed(first, last),
        None => feed,
    };
    Past { feed: Some(feed), ..Past::default() }
}
