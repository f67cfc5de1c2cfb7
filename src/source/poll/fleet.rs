//! Instances that come and go by themselves: who is there is found anew before each round.
//!
//! A fleet is looked at and asked; which of its instances are asked in which poll is its own business. What the answers mean is not.

use std::time::Duration;

use futures_util::future::BoxFuture;
use url::Url;

use crate::{
    engine::{
        asked::Asked,
        role::{Role, Sides},
        sample::Pod,
        time::Time,
    },
    source::health::Probe,
    wire::http::shown,
};

/// Where the instances of both versions are found.
pub trait Fleet: Send + Sync {
    /// Those of the versions in `roles` that are there now, and which of them are to be asked in this poll.
    fn look<'a>(&'a self, now: Time, limit: Duration, roles: &'a [Role]) -> BoxFuture<'a, Crew>;

    /// One page of one of them, by the path that a [`Place::Behind`] names.
    fn fetch<'a>(&'a self, page: &'a Behind, accept: &'static str, most: usize, limit: Duration) -> BoxFuture<'a, Probe>;

    /// What is asked about each version, in words that a person can use by hand.
    fn asked(&self, roles: &[Role]) -> Sides<Asked>;
}

/// The instances at one moment.
#[derive(Clone, Debug, Default)]
pub struct Crew {
    /// All that are there.
    pub members: Vec<Member>,
    /// Why there may be none of a version, in a sentence.
    pub nobody: Sides<String>,
    /// What is worth telling once.
    pub notes: Vec<String>,
}

/// One instance.
#[derive(Clone, Debug)]
pub struct Member {
    /// Which version it runs.
    pub role: Role,
    /// Its name: a pod's.
    pub name: String,
    /// Whether it is asked, and where.
    pub reach: Reach,
    /// How it is by the platform that runs it; null where that did not answer this time.
    pub pod: Option<Pod>,
    /// Something outside it tests whether it is ready, so that the platform's word on it is evidence.
    pub is_tested: bool,
}

/// Whether an instance is asked.
#[derive(Clone, Debug)]
pub enum Reach {
    /// In this poll.
    Now(Box<Pages>),
    /// In another one.
    Later,
    /// It cannot be, and why.
    Never(String),
}

/// Where an instance's pages are.
#[derive(Clone, Debug)]
pub struct Pages {
    /// Its metrics.
    pub metrics: Place,
    /// Whether it can serve.
    pub ready: Place,
    /// Whether it runs.
    pub live: Place,
}

/// Where a page is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At an address of its own.
    At(Url),
    /// Behind something that is asked in its stead.
    Behind(Behind),
}

/// A page behind something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// How it is asked for there.
    pub path: String,
    /// What people call it: `web-1:9090/metrics`.
    pub name: String,
}

impl Place {
    /// As people may see it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::At(url) => shown(url),
            Self::Behind(page) => page.name.clone(),
        }
    }
}
