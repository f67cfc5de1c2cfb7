//! What a configuration's own checks read off a page: counters of events and of what could have been one, or a gauge.

use std::collections::BTreeMap;

use super::{
    counts,
    family::{Family, Picker, Series},
    pattern::Selector,
};
use crate::{
    config::file,
    engine::{custom::Aggregate, intake::CustomTotals, time::Time},
    source::exposition::{Kind, Sample, Text, Visitor},
};

/// The checks of a configuration.
#[derive(Clone, Debug, Default)]
pub(super) struct Checks(Vec<Check>);

#[derive(Clone, Debug)]
struct Check {
    id: String,
    read: Read,
}

#[derive(Clone, Debug)]
enum Read {
    Counts { of: Chosen, events: Chosen },
    Gauge(Chosen, Aggregate),
}

/// The series of a family that match.
#[derive(Clone, Debug)]
struct Chosen {
    family: String,
    select: Selector,
    /// The key that says which series.
    key: String,
}

/// What was read: of each check its totals, or why there are none.
#[derive(Debug, Default)]
pub(super) struct CustomRead {
    pub(super) totals: BTreeMap<String, CustomTotals>,
    pub(super) missing: BTreeMap<String, String>,
    pub(super) remarks: Vec<String>,
}

impl Checks {
    /// The checks of a configuration that was validated; one that names nothing to read is left out.
    ///
    /// # Errors
    /// The key whose regular expression is none.
    pub(super) fn build(checks: &BTreeMap<String, file::Check>) -> Result<Self, String> {
        let chosen = |id: &str, family: &Option<String>, name: &str, patterns: &BTreeMap<String, String>| {
            let key = format!("checks.{id}.{name}");
            let select = Selector::build(patterns).map_err(|why| format!("{key}: {why}"))?;
            Ok::<_, String>(family.clone().map(|family| Chosen { family, select, key }))
        };
        let mut built = Vec::new();
        for (id, check) in checks {
            let of = chosen(id, &check.of, "of_where", &check.of_where)?;
            let events = chosen(id, &check.events, "events_where", &check.events_where)?;
            let gauge = chosen(id, &check.gauge, "gauge_where", &check.gauge_where)?;
            let read = match (of, events, gauge) {
                (Some(of), Some(events), _) => Read::Counts { of, events },
                (_, _, Some(gauge)) => Read::Gauge(gauge, check.aggregate.unwrap_or_default().into()),
                _ => continue,
            };
            built.push(Check { id: id.clone(), read });
        }
        Ok(Self(built))
    }

    /// The families that are read.
    pub(super) fn families(&self) -> Vec<String> {
        let mut families = Vec::new();
        for chosen in self.0.iter().flat_map(Check::chosen) {
            if !families.contains(&chosen.family) {
                families.push(chosen.family.clone());
            }
        }
        families
    }

    pub(super) fn read(&self, picker: &Picker<'_, '_>, now: Time) -> CustomRead {
        let mut read = CustomRead::default();
        for check in &self.0 {
            match check.read(picker, now) {
                Ok(totals) => drop(read.totals.insert(check.id.clone(), totals)),
                Err(why) => drop(read.missing.insert(check.id.clone(), why)),
            }
            read.remarks.extend(check.chosen().into_iter().filter_map(|chosen| chosen.remark(picker)));
        }
        read
    }
}

impl Check {
    fn chosen(&self) -> Vec<&Chosen> {
        match &self.read {
            Read::Counts { of, events } => vec![of, events],
            Read::Gauge(gauge, _) => vec![gauge],
        }
    }

    fn read(&self, picker: &Picker<'_, '_>, now: Time) -> Result<CustomTotals, String> {
        match &self.read {
            Read::Counts { of, events } => {
                Ok(CustomTotals::Counts { of: of.counters(picker, now)?, events: events.counters(picker, now)? })
            }
            Read::Gauge(gauge, aggregate) => {
                let values = gauge.values(picker, now)?;
                let none = || format!("no series of {} has the labels of {}", gauge.family, gauge.key);
                Ok(CustomTotals::Gauge(aggregate.of(&values).ok_or_else(none)?))
            }
        }
    }
}

impl Chosen {
    fn present<'f, 'p>(&self, picker: &'f Picker<'p, '_>) -> Result<&'f Family<'p>, String> {
        picker.family(&self.family).filter(|family| family.is_present).ok_or_else(|| counts::absent(&self.family))
    }

    fn series<'f, 'p>(&self, family: &'f Family<'p>) -> impl Iterator<Item = &'f Series<'p>> {
        family.plain.iter().filter(|series| self.select.matches(&series.labels))
    }

    /// The matching series' labels and totals. None matching is nothing counted.
    fn counters(&self, picker: &Picker<'_, '_>, now: Time) -> Result<Vec<(String, f64)>, String> {
        let (family, name) = (self.present(picker)?, &self.family);
        match family.kind {
            Some(Kind::Gauge) => return Err(format!("{name} is a gauge: events are counted by a counter")),
            Some(Kind::Histogram | Kind::Summary) => {
                return Err(format!("{name} is no counter: its observations are counted by {name}_count"));
            }
            _ => {}
        }
        let total = |series| counts::counter(name, series, |_| false, now).map(|counter| (counter.key, counter.total));
        self.series(family).map(total).collect()
    }

    fn values(&self, picker: &Picker<'_, '_>, now: Time) -> Result<Vec<f64>, String> {
        let (family, name) = (self.present(picker)?, &self.family);
        match family.kind {
            Some(Kind::Counter) => return Err(format!("{name} is a counter, which only rises: give it as events, with of")),
            Some(Kind::Histogram | Kind::Summary) => return Err(format!("{name} is no gauge")),
            _ => {}
        }
        self.series(family).map(|series| counts::value(name, series, now)).collect()
    }

    /// None matching may be right; but a label that no series has may as well be misspelt.
    fn remark(&self, picker: &Picker<'_, '_>) -> Option<String> {
        let family = self.present(picker).ok().filter(|family| !family.plain.is_empty())?;
        let has = |name: &str| family.plain.iter().any(|series| series.labels.iter().any(|label| label.name.is(name)));
        let missing = self.select.names().find(|name| !has(name))?;
        Some(format!("no series of {} has the label {missing} of {} so far", self.family, self.key))
    }
}

/// Shows a page to two pickers: a family may be wanted by both.
pub(super) struct Both<'x, 'p, 'a>(pub(super) &'x mut Picker<'p, 'a>, pub(super) &'x mut Picker<'p, 'a>);

impl<'p> Visitor<'p> for Both<'_, 'p, '_> {
    fn declared(&mut self, family: Text<'p>, kind: Option<Kind>) {
        self.0.declared(family, kind);
        self.1.declared(family, kind);
    }

    fn sample(&mut self, sample: Sample<'_, 'p>) {
        self.0.sample(sample);
        self.1.sample(sample);
    }
}
