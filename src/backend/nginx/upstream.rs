//! The upstream file as text: rendered from weights, read back into weights, marked with a hash of itself. Pure.
//!
//! Nothing that could change the meaning of the file gets into it: names and addresses are checked character by character, and the
//! directives a configuration may add are those that leave the shares of traffic alone.

use std::{collections::BTreeSet, fmt::Write as _};

use sha2::{Digest, Sha256};

use crate::{
    backend::{BuildError, ladder::Plan},
    config::file,
    engine::{
        role::{Role, Sides},
        strategy::Kind,
    },
    humanize,
    text::cleaned,
};

/// What the first line of every file of ours begins with.
const MARK: &str = "# rollwatch upstream v1 sha256:";

/// Directives of an upstream block that do not change which server a request goes to.
const HARMLESS: [&str; 8] =
    ["keepalive", "keepalive_requests", "keepalive_time", "keepalive_timeout", "queue", "resolver", "resolver_timeout", "zone"];

/// The candidate's share in millionths: fine enough for any ladder, and exact as a ratio of server weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share(u32);

impl Share {
    const WHOLE: u32 = 1_000_000;

    /// The share nearest to a fraction; a share that is not quite nothing or all stays so. None outside 0 to 1.
    pub(super) fn of(fraction: f64) -> Option<Self> {
        if !(0.0..=1.0).contains(&fraction) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1 000 000")]
        let millionths = (fraction * f64::from(Self::WHOLE)).round() as u32;
        let inside = fraction > 0.0 && fraction < 1.0;
        Some(Self(if inside { millionths.clamp(1, Self::WHOLE - 1) } else { millionths }))
    }

    /// The share as a fraction.
    pub(super) fn fraction(self) -> f64 {
        f64::from(self.0) / f64::from(Self::WHOLE)
    }

    /// The smallest whole weights of one server of each side that give exactly this share to `servers` of the candidate.
    fn server_weights(self, servers: Sides<u64>) -> Sides<u64> {
        let candidate = u64::from(self.0) * servers.baseline;
        let baseline = u64::from(Self::WHOLE - self.0) * servers.candidate;
        let divisor = common_divisor(baseline, candidate);
        Sides { baseline: baseline / divisor, candidate: candidate / divisor }
    }
}

fn common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a.max(1) } else { common_divisor(b, a % b) }
}

/// Why a text is not an upstream file to act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    /// No mark of ours in the first line.
    Unmarked,
    /// Marked, but not as it was written.
    Edited,
    /// Ours, but not of this configuration: a sentence's end.
    Other(String),
}

/// An upstream block whose parts are known to be harmless.
#[derive(Clone, Debug)]
pub(super) struct Upstream {
    name: String,
    servers: Sides<Vec<String>>,
    directives: Vec<String>,
    versions: Sides<String>,
    /// The servers of each version are replaced batch by batch; else all of them serve at once.
    by_batches: bool,
}

impl Upstream {
    /// Checks every part of the configuration that gets into the file.
    pub(super) fn new(config: &file::Nginx, plan: &Plan) -> Result<Self, BuildError> {
        if !is_made_of(&config.upstream, "_.-") {
            return Err(wrong("upstream", &config.upstream, "a name of letters, digits and `_.-`"));
        }
        check_servers(config)?;
        for directive in &config.directives {
            check_directive(directive)?;
        }
        Ok(Self {
            name: config.upstream.clone(),
            servers: Sides { baseline: config.baseline.clone(), candidate: config.candidate.clone() },
            directives: config.directives.iter().map(|d| d.trim().to_owned()).collect(),
            versions: Sides { baseline: cleaned(&plan.baseline), candidate: cleaned(&plan.candidate) },
            by_batches: plan.strategy == Kind::Rolling,
        })
    }

    /// The upstream's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The whole file that gives the candidate this share.
    pub(super) fn text(&self, share: Share) -> String {
        let body = self.body(share);
        format!("{}\n{body}", mark(&body))
    }

    fn body(&self, share: Share) -> String {
        let serving = self.serving(share);
        let weights = share.server_weights(serving.map(|side| *side as u64));
        let live: usize = Role::BOTH.iter().filter(|r| *weights.of(**r) > 0).map(|r| *serving.of(*r)).sum();
        let mut lines = vec![format!("upstream {} {{", self.name)];
        // With a zone all workers share one rotation; without it a small share may never come round in a worker of its own.
        if !self.directives.iter().any(|directive| directive.split([' ', ';']).next() == Some("zone")) {
            lines.push(format!("    zone {} 256k;", self.name));
        }
        for role in Role::BOTH {
            let weight = *weights.of(role);
            let part = if role == Role::Candidate { share.fraction() } else { 1.0 - share.fraction() };
            lines.push(format!("    # {} {}: {}", role.word(), self.versions.of(role), humanize::share(part)));
            let weight_of = |nth: usize| if self.serves(role, nth, *serving.of(role)) { weight } else { 0 };
            let servers = self.servers.of(role).iter().enumerate();
            lines.extend(servers.map(|(nth, address)| format!("    server {address} {};", parameters(weight_of(nth), live))));
        }
        lines.extend(self.directives.iter().map(|directive| format!("    {directive}")));
        lines.push("}\n".to_owned());
        lines.join("\n")
    }

    /// How many servers of each version serve at that share. In batches, a version's part of its servers, rounded up.
    fn serving(&self, share: Share) -> Sides<usize> {
        let part = |role| if role == Role::Candidate { share.fraction() } else { 1.0 - share.fraction() };
        Sides::build(|role| {
            let all = self.servers.of(role).len();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a list")]
            let some = (part(role) * all as f64 - 1e-6).ceil().max(0.0) as usize;
            if self.by_batches && some > 0 { some } else { all }
        })
    }

    /// Batches replace from the front: the candidate's first servers come while the baseline's first go.
    fn serves(&self, role: Role, nth: usize, serving: usize) -> bool {
        match role {
            Role::Candidate => nth < serving,
            Role::Baseline => nth >= self.servers.baseline.len() - serving,
        }
    }

    /// The candidate's share that a file gives it.
    pub(super) fn share_in(&self, text: &str) -> Result<f64, Foreign> {
        let (first, body) = text.split_once('\n').unwrap_or((text, ""));
        if !first.starts_with(MARK) {
            return Err(Foreign::Unmarked);
        }
        if first != mark(body) {
            return Err(Foreign::Edited);
        }
        let block = format!("upstream {} {{", self.name);
        if !body.lines().any(|line| line.trim() == block) {
            return Err(Foreign::Other(format!("it does not hold the upstream `{}`", self.name)));
        }
        self.share_of(body)
    }

    /// The versions that a file of ours names, if one of those with traffic is not of this configuration: the servers have been given to
    /// another rollout. A file that an earlier rollout has left behind names strangers only where nobody is sent.
    pub(super) fn others_in(&self, text: &str) -> Option<Sides<String>> {
        let named = |role: Role| {
            let prefix = format!("# {} ", role.word());
            text.lines().find_map(|line| line.trim().strip_prefix(&prefix))?.rsplit_once(": ")
        };
        let (baseline, candidate) = (named(Role::Baseline)?, named(Role::Candidate)?);
        let nothing = humanize::share(0.0);
        let is_strange = |(name, part): (&str, &str)| part != nothing && Role::BOTH.iter().all(|r| self.versions.of(*r) != name);
        (is_strange(baseline) || is_strange(candidate))
            .then(|| Sides { baseline: baseline.0.to_owned(), candidate: candidate.0.to_owned() })
    }

    fn share_of(&self, body: &str) -> Result<f64, Foreign> {
        let mut totals = Sides { baseline: 0_u64, candidate: 0_u64 };
        let mut seen = BTreeSet::new();
        for line in body.lines().filter_map(|line| line.trim().strip_prefix("server ")) {
            let (address, parameters) = line.trim_end_matches(';').split_once(' ').unwrap_or((line, ""));
            let role =
                self.role_of(address).ok_or_else(|| Foreign::Other(format!("its server {address} is in neither version")))?;
            *totals.of_mut(role) += weight_in(parameters).ok_or_else(|| Foreign::Other(format!("`{line}` has no weight")))?;
            seen.insert(address);
        }
        if let Some(missing) = Role::BOTH.iter().flat_map(|r| self.servers.of(*r)).find(|a| !seen.contains(a.as_str())) {
            return Err(Foreign::Other(format!("the server {missing} is missing from it")));
        }
        let all = totals.baseline + totals.candidate;
        if all == 0 {
            return Err(Foreign::Other("all its servers are down".to_owned()));
        }
        Ok(totals.candidate as f64 / all as f64)
    }

    fn role_of(&self, address: &str) -> Option<Role> {
        Role::BOTH.into_iter().find(|role| self.servers.of(*role).iter().any(|known| known == address))
    }
}

/// nginx refuses `weight=0`, so no weight is `down`. It ignores failures of an upstream's only server, but not when that has `down`
/// neighbours: one refused connection would then fail all requests for ten seconds, so the only live server is told to be patient.
fn parameters(weight: u64, live: usize) -> String {
    match weight {
        0 => "down".to_owned(),
        _ if live == 1 => format!("weight={weight} max_fails=0"),
        _ => format!("weight={weight}"),
    }
}

fn weight_in(parameters: &str) -> Option<u64> {
    if parameters == "down" {
        return Some(0);
    }
    parameters.split(' ').find_map(|p| p.strip_prefix("weight=")).and_then(|number| number.parse().ok())
}

/// The first line for a file with this rest.
fn mark(body: &str) -> String {
    format!("{MARK}{} - written by rollwatch, do not edit by hand", hash(body))
}

/// The state that a file's text is: `sha256:` and its hash.
pub(super) fn token(text: &str) -> String {
    format!("sha256:{}", hash(text))
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _infallible = write!(hex, "{byte:02x}");
        hex
    })
}

fn check_servers(config: &file::Nginx) -> Result<(), BuildError> {
    let mut seen = BTreeSet::new();
    for (key, servers) in [("baseline", &config.baseline), ("candidate", &config.candidate)] {
        if servers.is_empty() {
            return Err(BuildError(format!("backend.{key} is empty: it needs at least one server, such as \"10.0.0.1:8081\"")));
        }
        for address in servers {
            if !is_made_of(address, "_.:[]/-") || address.starts_with('-') {
                return Err(wrong(key, address, "an address as nginx writes it, such as \"10.0.0.1:8081\""));
            }
            if !seen.insert(address) {
                return Err(BuildError(format!(
                    "backend.{key} names {address}, which is there already: each server has one version"
                )));
            }
        }
    }
    Ok(())
}

fn check_directive(text: &str) -> Result<(), BuildError> {
    let form = || wrong("directives", text, "one directive that ends with `;`, such as \"keepalive 32;\"");
    let plain = text.trim().strip_suffix(';').ok_or_else(form)?;
    if !is_made_of(plain, " _.:=[]-") {
        return Err(form());
    }
    let name = plain.split(' ').next().unwrap_or_default();
    if HARMLESS.contains(&name) {
        return Ok(());
    }
    let known = HARMLESS.join(", ");
    Err(wrong("directives", text, &format!("one of {known}; others could change the share of traffic that a weight means")))
}

/// Whether it is not empty and all letters, digits and `others` of ASCII.
fn is_made_of(text: &str, others: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

fn wrong(key: &str, value: &str, wanted: &str) -> BuildError {
    BuildError(format!("backend.{key} has {:?}: write {wanted}", cleaned(value)))
}

#[cfg(test)]
mod tests;
