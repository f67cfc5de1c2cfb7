//! What eyes and hands share: the configuration made usable, the file's present state, and what could be asked for in it.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::Mutex,
};

use super::{
    PRINT_COMMAND,
    control::Control,
    file,
    page::Page,
    upstream::{Foreign, Upstream, token},
};
use crate::{
    backend::{BackendError, BuildError, guard, ladder::Plan},
    config,
    engine::{
        action::{Ability, Action, Condition, Preview, Rollout, Target},
        role::Sides,
    },
    humanize,
};

/// One upstream file and everything that is known about it.
#[derive(Debug)]
pub(super) struct Nginx {
    pub(super) path: PathBuf,
    pub(super) upstream: Upstream,
    pub(super) plan: Plan,
    pub(super) page: Page,
    pub(super) pid_file: Option<PathBuf>,
    pub(super) control: Control,
    pub(super) reload: Mutex<Option<Reload>>,
}

/// The workers that were there when an order's reload was sent.
#[derive(Clone, Debug)]
pub(super) struct Reload {
    /// The order.
    pub(super) id: String,
    /// Their process ids.
    pub(super) before: BTreeSet<u32>,
}

/// The upstream file as it was read.
#[derive(Clone, Debug)]
pub(super) struct Read {
    /// Its text.
    pub(super) text: String,
    /// The candidate's share in it, as a fraction.
    pub(super) share: f64,
}

impl Nginx {
    pub(super) fn new(config: &config::file::Nginx, plan: &Plan) -> Result<Self, BuildError> {
        Ok(Self {
            path: super::absolute(&config.upstream_file),
            upstream: Upstream::new(config, plan)?,
            plan: plan.clone(),
            page: Page::new(config)?,
            pid_file: config.pid_file.clone(),
            control: Control::new(config),
            reload: Mutex::new(None),
        })
    }

    /// Reads the file; one that is not ours, or not as we wrote it, is an error.
    pub(super) async fn read(&self) -> Result<Read, BackendError> {
        let text = file::read(&self.path).await.map_err(|error| unreadable(&self.path, &error))?;
        let share = self.upstream.share_in(&text).map_err(|foreign| unusable(&self.path, &foreign))?;
        Ok(Read { text, share })
    }

    /// The rollout that the file describes.
    pub(super) fn rollout(&self, read: &Read) -> Rollout {
        let others = self.upstream.others_in(&read.text);
        let other = others.as_ref().and_then(|told| guard::other_versions(&self.plan, &told.baseline, &told.candidate));
        let fixed = other.or_else(|| file::why_fixed(&self.path));
        let ours = || Sides { baseline: self.plan.baseline.clone(), candidate: self.plan.candidate.clone() };
        let token = token(&read.text);
        let ability = |action| match (self.preview(action, read.share, &token), &fixed) {
            (Ok(preview), None) => Ability::Ready(preview),
            (Ok(_), Some(why)) => Ability::Off(why.clone()),
            (Err(reason), _) => Ability::Off(reason),
        };
        Rollout {
            weights: Some(Sides { baseline: 1.0 - read.share, candidate: read.share }),
            versions: Some(others.unwrap_or_else(ours)),
            paused: false,
            condition: Condition::Steady,
            abilities: Action::ALL.into_iter().map(|action| (action, ability(action))).collect(),
            token,
        }
    }

    fn preview(&self, action: Action, present: f64, token: &str) -> Result<Preview, String> {
        match action {
            Action::Pause => return Err("nginx has no pause: the weights stay until somebody promotes or rolls back".to_owned()),
            Action::Resume => return Err("nginx has no pause, so there is nothing to resume".to_owned()),
            Action::Retry => return Err("nginx keeps no aborted rollout: promote starts the ladder again".to_owned()),
            Action::Promote | Action::PromoteFull | Action::Abort | Action::Rollback => {}
        }
        let lead = self.plan.lead(action, Some(present))?;
        let weight = lead.weight.ok_or("the next weight is not known")?;
        Ok(Preview {
            target: Target { version: lead.version, reference: self.reference(weight), weight: Some(weight) },
            happens: vec![
                format!("the upstream file is replaced: {}", lead.says),
                "nginx tests it; if it refuses, the previous file is put back".to_owned(),
                "nginx reloads: new connections get the new weights, open ones are finished as they began".to_owned(),
                format!("read back: 200 fresh connections{}", if is_whole(weight) { ", and the old workers gone" } else { "" }),
            ],
            not_undone: self.not_undone(action),
            sends: format!("replace {}, then {}", self.path.display(), self.control.shown()),
            bound_to: format!("upstream file {}; refused if it has changed", guard::short(token)),
            limit_s: self.plan.verify_timeout.as_secs_f64(),
        })
    }

    fn not_undone(&self, action: Action) -> Vec<String> {
        let Plan { baseline, candidate, .. } = &self.plan;
        if action.is_promotion() {
            return vec![format!("the servers of {baseline} keep running")];
        }
        vec![
            format!("the servers of {candidate} keep running"),
            format!("what {candidate} has written stays: data, messages, migrations"),
        ]
    }

    /// The state's own name: each version's share of the upstream.
    fn reference(&self, weight: f64) -> String {
        let Plan { baseline, candidate, .. } = &self.plan;
        let (rest, weight) = (humanize::share(1.0 - weight), humanize::share(weight));
        format!("upstream {}: {baseline} {rest}, {candidate} {weight}", self.upstream.name())
    }
}

/// Whether one version gets all traffic.
pub(super) fn is_whole(weight: f64) -> bool {
    weight <= 0.0 || weight >= 1.0
}

fn unreadable(path: &Path, error: &io::Error) -> BackendError {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => BackendError::Unusable(format!(
            "the upstream file {path} does not exist: print the first one with `{PRINT_COMMAND}` and put it there"
        )),
        io::ErrorKind::PermissionDenied => BackendError::Unauthorised(format!("this user may not read the upstream file {path}")),
        io::ErrorKind::InvalidData => BackendError::Unusable(format!("the upstream file {path} is no text of ours: {error}")),
        _ => BackendError::Unreachable(format!("the upstream file {path} cannot be read: {error}")),
    }
}

fn unusable(path: &Path, foreign: &Foreign) -> BackendError {
    let path = path.display();
    BackendError::Unusable(match foreign {
        Foreign::Unmarked => format!(
            "{path} was not written by rollwatch and is left alone: move what you need of it to `backend.directives` and replace it \
             with what `{PRINT_COMMAND}` prints"
        ),
        Foreign::Edited => format!(
            "{path} was edited after rollwatch wrote it and is left alone: undo the edit, or replace the file with what \
             `{PRINT_COMMAND}` prints"
        ),
        Foreign::Other(why) => format!(
            "{path} belongs to another configuration, {why}: correct `backend`, or replace the file with what `{PRINT_COMMAND}` prints"
        ),
    })
}
