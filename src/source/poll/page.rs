//! One metrics endpoint: asked when it may be, read once for each version that is on it.

use std::time::Duration;

use super::{Asker, fleet::Place, wait};
use crate::{
    engine::{intake::Answer, time::Time},
    humanize,
    source::metrics::{Found, Reader, Reading, STALE},
    wire::http::{FetchError, Kind, Response},
};

/// Which formats are understood, the better one first.
const FORMATS: &str = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/// A metrics page and who reads it.
pub(super) struct Page {
    pub(super) place: Place,
    /// The seats it is an observation for, with the reader of each.
    pub(super) readers: Vec<(usize, Reader)>,
}

/// What is known of an endpoint from earlier polls.
#[derive(Debug)]
pub(super) struct PageState {
    /// It asked not to be asked before.
    wait_until: Option<Time>,
    /// The convention found last, for each reader.
    found: Vec<Option<Found>>,
}

/// What one request to the endpoint brought.
pub(super) struct Outcome {
    /// Something is alive there, whatever it answers.
    pub(super) has_answered: bool,
    /// One for each reader.
    pub(super) reads: Vec<Read>,
}

/// What one reader made of it.
pub(super) struct Read {
    pub(super) answer: Answer,
    pub(super) notes: Vec<String>,
}

impl Page {
    pub(super) fn fresh_state(&self) -> PageState {
        PageState { wait_until: None, found: vec![None; self.readers.len()] }
    }

    pub(super) fn seats(&self) -> impl Iterator<Item = usize> {
        self.readers.iter().map(|(seat, _)| *seat)
    }

    pub(super) async fn poll(&self, state: &mut PageState, asker: &Asker, now: Time, limit: Duration) -> Outcome {
        if let Some(until) = state.wait_until.filter(|until| now < *until) {
            return self.without(false, &format!("{} asked to be left alone until {}", self.place.shown(), humanize::clock(until)));
        }
        let answer = asker.page(&self.place, FORMATS, limit).await;
        let has_answered = answer.is_ok();
        state.wait_until = answer.as_ref().ok().and_then(|answer| wait_until(answer, now));
        match answer.and_then(Response::page) {
            Ok(page) => Outcome { has_answered, reads: self.read(&page, state, now) },
            Err(error) => self.without(has_answered, &reason(&error, state.wait_until)),
        }
    }

    fn without(&self, has_answered: bool, why: &str) -> Outcome {
        let read = |_| Read { answer: Answer::NoPage(why.to_owned()), notes: Vec::new() };
        Outcome { has_answered, reads: self.readers.iter().map(read).collect() }
    }

    fn read(&self, page: &Response, state: &mut PageState, now: Time) -> Vec<Read> {
        let age = page.header("age").and_then(|age| age.trim().parse().ok()).map(Duration::from_secs).unwrap_or_default();
        let place = self.place.shown();
        let read = |((_, reader), found): (&(usize, Reader), &mut Option<Found>)| {
            let reading = if age > STALE {
                Err(format!("comes from a cache and is {} old", humanize::duration(age)))
            } else {
                reader.read(&page.body, page.header("content-type"), found.as_ref(), now).map_err(|refusal| refusal.to_string())
            };
            match reading {
                Ok(reading) => {
                    let mut notes = notes(&place, found.as_ref(), &reading);
                    if !age.is_zero() {
                        notes.push(format!("{place} is answered by a cache: its counters may be behind"));
                    }
                    *found = reading.found.or(found.take());
                    Read { answer: Answer::Page(reading.totals), notes }
                }
                Err(why) => Read { answer: Answer::NoPage(format!("{place}: {why}")), notes: Vec::new() },
            }
        };
        self.readers.iter().zip(&mut state.found).map(read).collect()
    }
}

/// When the endpoint may be asked again, if it asks for a pause.
fn wait_until(answer: &Response, now: Time) -> Option<Time> {
    let asks = matches!(answer.status(), 429 | 503);
    answer.header("retry-after").filter(|_| asks).and_then(|retry_after| wait::until(retry_after, now))
}

fn reason(error: &FetchError, wait_until: Option<Time>) -> String {
    match (error.kind, wait_until) {
        (Kind::TooLarge, _) => format!("{error}: if that is right, raise limits.page_bytes"),
        (_, Some(until)) => format!("{error} and asks to be left alone until {}", humanize::clock(until)),
        _ => error.to_string(),
    }
}

/// What is worth telling about a page: which convention it follows, whether that has changed, what is odd.
fn notes(place: &str, before: Option<&Found>, reading: &Reading) -> Vec<String> {
    let found = reading.found.as_ref().filter(|found| before != Some(*found)).map(|found| match before {
        Some(before) if !before.is_like(found) => format!("{place} changed to {}", found.sentence),
        _ => found.sentence.clone(),
    });
    found.into_iter().chain(reading.remarks.iter().cloned()).collect()
}
