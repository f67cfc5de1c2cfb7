//! What there is to ask, from the addresses of a configuration.

use std::collections::HashSet;

use url::Url;

use super::{fleet::Place, page::Page};
use crate::{
    config::file,
    engine::role::{Role, Sides},
    source::{SourceError, exposition::Limits, health::Standing, metrics::Reader},
    text,
    wire::http::shown,
};

const METRICS: &str = "/metrics";
const READY: &str = "/health/ready";
const LIVE: &str = "/health/live";

/// Everything that is asked in a round.
#[derive(Default)]
pub(super) struct Targets {
    /// What a round brings observations of, in the configuration's order: of each version first the pages, then the instances' health.
    pub(super) seats: Vec<Seat>,
    pub(super) pages: Vec<Page>,
    pub(super) instances: Vec<Instance>,
    /// Instances of a fleet: how they are is not theirs alone to say.
    pub(super) watched: Vec<Watched>,
    /// Seats of which it is known before that there is no page, and why.
    pub(super) silent: Vec<(usize, String)>,
}

/// Whose observation it is.
pub(super) struct Seat {
    pub(super) role: Role,
    /// `host:port`, with the path where several pages of a version share that.
    pub(super) instance: String,
    /// That it brings nothing is an observation as well.
    pub(super) is_missed: bool,
}

/// The health endpoints of one instance.
pub(super) struct Instance {
    pub(super) seat: usize,
    pub(super) ready: Place,
    pub(super) live: Option<Place>,
    /// The configuration names them, so they have to be there.
    pub(super) is_configured: bool,
}

/// An instance of a fleet.
pub(super) struct Watched {
    pub(super) seat: usize,
    pub(super) standing: Standing,
    /// Its health endpoints are asked in another round; where they are asked in none, they are as good as not served.
    pub(super) is_later: bool,
}

impl Targets {
    pub(super) fn build(file: &file::File, roles: &[Role]) -> Result<Self, SourceError> {
        let sides = [(Role::Baseline, &file.baseline), (Role::Candidate, &file.candidate)];
        let [baseline, candidate] = sides.map(|(role, version)| Side::build(role, version));
        let (baseline, candidate) = (baseline?, candidate?);
        if let Some(side) = [&baseline, &candidate].into_iter().find(|side| roles.contains(&side.role) && side.is_empty()) {
            return Err(SourceError::Nothing(side.role));
        }
        let mut targets = Self::default();
        let both = [(&baseline, &candidate), (&candidate, &baseline)];
        for (side, other) in both.into_iter().filter(|(side, _)| roles.contains(&side.role)) {
            targets.add_pages(side, other, file)?;
            targets.add_health(side, other);
        }
        Ok(targets)
    }

    /// Every address that is asked.
    pub(super) fn urls(&self) -> impl Iterator<Item = &Url> {
        let health = self.instances.iter().flat_map(|instance| [&instance.ready].into_iter().chain(&instance.live));
        let places = self.pages.iter().map(|page| &page.place).chain(health);
        places.filter_map(|place| if let Place::At(url) = place { Some(url) } else { None })
    }

    pub(super) fn seat(&mut self, role: Role, instance: &str) -> usize {
        self.seats.push(Seat { role, instance: instance.to_owned(), is_missed: true });
        self.seats.len() - 1
    }

    fn add_pages(&mut self, side: &Side<'_>, other: &Side<'_>, file: &file::File) -> Result<(), SourceError> {
        let select = &side.version.select;
        let reader = reader(file, side.role)?;
        for (name, url) in &side.pages {
            let is_shared = other.pages.iter().any(|(_, page)| page == url);
            if is_shared && (select.is_empty() || *select == other.version.select) {
                return Err(SourceError::Indistinct(shown(url)));
            }
            let seat = self.seat(side.role, name);
            match self.pages.iter_mut().find(|page| page.place == Place::At(url.clone())) {
                Some(page) => page.readers.push((seat, reader.clone())),
                None => self.pages.push(Page { place: Place::At(url.clone()), readers: vec![(seat, reader.clone())] }),
            }
        }
        Ok(())
    }

    /// An instance without health endpoints of its own keeps its seat: that it has none is an observation.
    fn add_health(&mut self, side: &Side<'_>, other: &Side<'_>) {
        for health in &side.health {
            let seat = self.seat(side.role, &health.instance);
            // The page of something that speaks for both versions says nothing about the health of either.
            let is_ours = health.is_configured || !other.health.iter().any(|theirs| theirs.ready == health.ready);
            if let (Some(ready), true) = (health.ready.clone(), is_ours) {
                let (ready, live) = (Place::At(ready), health.live.clone().map(Place::At));
                self.instances.push(Instance { seat, ready, live, is_configured: health.is_configured });
            }
        }
    }
}

/// Reads the pages of `role`'s instances.
fn reader(file: &file::File, role: Role) -> Result<Reader, SourceError> {
    let limits = Limits { samples: file.limits.samples, labels: file.limits.labels };
    let reader = Reader::build(file.metrics.as_ref(), limits).map_err(SourceError::Pattern)?;
    let reader = reader.checking(&file.checks).map_err(SourceError::Pattern)?;
    reader.selecting(&file.version(role).select).map_err(|why| SourceError::Pattern(format!("{}.{why}", role.word())))
}

/// The readers of both versions' pages.
pub(super) fn readers(file: &file::File) -> Result<Sides<Reader>, SourceError> {
    Ok(Sides { baseline: reader(file, Role::Baseline)?, candidate: reader(file, Role::Candidate)? })
}

/// The addresses of one version.
struct Side<'a> {
    role: Role,
    version: &'a file::Version,
    /// Name and address of each metrics page.
    pages: Vec<(String, Url)>,
    health: Vec<SideHealth>,
}

struct SideHealth {
    instance: String,
    ready: Option<Url>,
    live: Option<Url>,
    is_configured: bool,
}

impl<'a> Side<'a> {
    fn build(role: Role, version: &'a file::Version) -> Result<Self, SourceError> {
        let key = format!("{}.metrics", role.word());
        let urls: Vec<_> = version.metrics.iter().map(|text| page_address(&key, text)).collect::<Result<_, _>>()?;
        if let Some(url) = urls.iter().enumerate().find_map(|(n, url)| urls[..n].contains(url).then_some(url)) {
            return Err(SourceError::Twice { key, address: shown(url) });
        }
        let name = |url: &Url| {
            let is_alone = urls.iter().filter(|other| host_port(other) == host_port(url)).count() == 1;
            if is_alone { host_port(url) } else { text::cleaned(&format!("{}{}", host_port(url), url.path())) }
        };
        let pages: Vec<_> = urls.iter().map(|url| (name(url), url.clone())).collect();
        let health = match &version.health {
            Some(configured) => configured_health(role, configured, &pages)?,
            None => conventional_health(&pages),
        };
        Ok(Self { role, version, pages, health })
    }

    const fn is_empty(&self) -> bool {
        self.pages.is_empty() && self.health.is_empty()
    }
}

/// The endpoints a configuration names, each under the name of the instance it belongs to.
fn configured_health(role: Role, configured: &[String], pages: &[(String, Url)]) -> Result<Vec<SideHealth>, SourceError> {
    let key = format!("{}.health", role.word());
    let urls: Vec<_> = configured.iter().map(|text| address(&key, text)).collect::<Result<_, _>>()?;
    if urls.is_empty() {
        let unserved =
            |(name, _): &(String, Url)| SideHealth { instance: name.clone(), ready: None, live: None, is_configured: true };
        return Ok(pages.iter().map(unserved).collect());
    }
    let health = urls.iter().enumerate().map(|(n, url)| {
        let same_origin = pages.iter().find(|(_, page)| host_port(page) == host_port(url));
        let same_place = pages.get(n).filter(|_| pages.len() == urls.len());
        let instance = same_origin.or(same_place).map_or_else(|| host_port(url), |(name, _)| name.clone());
        let (ready, live) = if has_path(url) { (url.clone(), None) } else { (at(url, READY), Some(at(url, LIVE))) };
        SideHealth { instance, ready: Some(ready), live, is_configured: true }
    });
    Ok(health.collect())
}

/// The usual endpoints on the origins of the metrics pages.
fn conventional_health(pages: &[(String, Url)]) -> Vec<SideHealth> {
    let mut origins = HashSet::new();
    let first = pages.iter().filter(|(_, url)| origins.insert(url.origin()));
    let health = first.map(|(name, url)| SideHealth {
        instance: name.clone(),
        ready: Some(at(url, READY)),
        live: Some(at(url, LIVE)),
        is_configured: false,
    });
    health.collect()
}

/// The address of a metrics page; `/metrics` where it names none.
fn page_address(key: &str, text: &str) -> Result<Url, SourceError> {
    let url = address(key, text)?;
    Ok(if has_path(&url) { url } else { at(&url, METRICS) })
}

fn address(key: &str, text: &str) -> Result<Url, SourceError> {
    let refused = |why: String| SourceError::Address { key: key.to_owned(), address: without_secrets(text), why };
    let url = Url::parse(text).map_err(|error| refused(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("it begins with neither http:// nor https://".to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("it has a user or password in it, which belong into [auth] basic".to_owned()));
    }
    Ok(url)
}

/// What of an address, that may be none, is no user, password, query or fragment.
fn without_secrets(text: &str) -> String {
    let bare = text.split(['?', '#']).next().unwrap_or_default();
    text::cleaned(bare.rsplit('@').next().unwrap_or_default())
}

fn has_path(url: &Url) -> bool {
    url.path() != "/" || url.query().is_some()
}

/// Another page of the same origin.
fn at(url: &Url, path: &str) -> Url {
    let mut other = url.clone();
    other.set_path(path);
    other.set_query(None);
    other.set_fragment(None);
    other
}

fn host_port(url: &Url) -> String {
    let port = url.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}
