//! What a configuration makes the poller ask, in words that a person can use by hand.

use std::collections::BTreeMap;

use super::{Fleet, fleet::Place, targets::Targets};
use crate::{
    config::file,
    engine::{
        asked::Asked,
        role::{Role, Sides},
    },
    source::SourceError,
};

/// What is asked about the versions in `roles`, without secrets.
///
/// # Errors
/// As [`super::Poller::build_for`], as far as addresses go.
pub fn asked(file: &file::File, roles: &[Role]) -> Result<Sides<Asked>, SourceError> {
    let targets = Targets::build(file, roles)?;
    let of = |role: Role| {
        let is_its = |seat: usize| targets.seats.get(seat).is_some_and(|seat| seat.role == role);
        let pages = targets.pages.iter().filter(|page| page.seats().any(is_its)).map(|page| page.place.shown());
        let health = targets.instances.iter().filter(|instance| is_its(instance.seat));
        let health = health.flat_map(|instance| [&instance.ready].into_iter().chain(&instance.live)).map(Place::shown);
        let version = if role == Role::Baseline { &file.baseline } else { &file.candidate };
        Asked {
            pages: pages.collect(),
            health: health.collect(),
            whose: None,
            series: if roles.contains(&role) { series(file, &version.select) } else { BTreeMap::new() },
        }
    };
    Ok(Sides::build(of))
}

/// The same of a fleet's instances.
pub fn asked_of(fleet: &dyn Fleet, file: &file::File, roles: &[Role]) -> Sides<Asked> {
    let mut asked = fleet.asked(roles);
    for &role in roles {
        asked.of_mut(role).series = series(file, &file.version(role).select);
    }
    asked
}

/// What is read off a page of a version that is selected by `select`, by the check that wants it.
fn series(file: &file::File, select: &BTreeMap<String, String>) -> BTreeMap<String, Vec<String>> {
    let chosen = |family: &str, patterns: &BTreeMap<String, String>| {
        let all = select.iter().chain(patterns).map(|(label, pattern)| format!("{label}=~{pattern:?}"));
        let all: Vec<String> = all.collect();
        crate::text::cleaned(&if all.is_empty() { family.to_owned() } else { format!("{family}{{{}}}", all.join(",")) })
    };
    let all = BTreeMap::new();
    let mut series = BTreeMap::new();
    if let Some(metrics) = &file.metrics {
        let errors = vec![chosen(&metrics.requests, &metrics.errors), chosen(&metrics.requests, &all)];
        series.insert("errors".to_owned(), errors);
        if let Some(latency) = &metrics.latency {
            series.insert("latency".to_owned(), vec![chosen(latency, &all)]);
        }
    }
    for (id, check) in &file.checks {
        let wanted = [(&check.events, &check.events_where), (&check.of, &check.of_where), (&check.gauge, &check.gauge_where)];
        let wanted = wanted.into_iter().filter_map(|(family, patterns)| Some(chosen(family.as_ref()?, patterns)));
        series.insert(id.clone(), wanted.collect());
    }
    series
}
