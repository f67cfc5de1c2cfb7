//! What eyes and hands share: the templates, the state that the status program tells, and what could be asked for in it.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use super::{
    status::Status,
    template::{Template, Values, has_placeholder},
};
use crate::{
    backend::{
        BackendError, BuildError, guard,
        ladder::{Lead, Plan},
        program::{Program, RunError, shown},
    },
    config::file,
    engine::{
        action::{Ability, Action, Condition, Preview, Rollout, Target},
        role::Role,
    },
};

/// How long a program may run unless the configuration says otherwise.
const LIMIT: Duration = Duration::from_secs(30);

/// The programs of a configuration.
#[derive(Debug)]
pub(super) struct Programs {
    status: Vec<String>,
    templates: BTreeMap<Action, Template>,
    plan: Plan,
    limit: Duration,
    dir: Option<PathBuf>,
}

impl Programs {
    pub(super) fn new(config: &file::Command, plan: &Plan) -> Result<Self, BuildError> {
        if config.status.first().is_none_or(String::is_empty) {
            return Err(BuildError(
                "backend.status is empty: write the program that prints the state, and its arguments".to_owned(),
            ));
        }
        if has_placeholder(&config.status) {
            return Err(BuildError("backend.status has a placeholder: it tells the whole state and is given nothing".to_owned()));
        }
        Ok(Self {
            status: config.status.clone(),
            templates: templates(config, plan)?,
            plan: plan.clone(),
            limit: config.timeout.map_or(LIMIT, |limit| limit.0),
            dir: config.dir.clone(),
        })
    }

    /// The status program as a person would type it.
    pub(super) fn name(&self) -> String {
        shown(&self.status)
    }

    /// An argv with the limit and the folder of this configuration.
    pub(super) fn program<'a>(&'a self, argv: &'a [String]) -> Program<'a> {
        Program { argv, dir: self.dir.as_deref(), limit: self.limit }
    }

    /// Runs the status program and reads what it prints.
    pub(super) async fn status(&self) -> Result<Status, BackendError> {
        let name = self.name();
        let ended = self.program(&self.status).read().await.map_err(|error| match error {
            RunError::NotStarted(why) | RunError::Cut(why) => {
                BackendError::Unreachable(format!("the status program failed: {why}"))
            }
        })?;
        if ended.code != 0 {
            let said = ended.stderr.quoted();
            return Err(BackendError::Unreachable(format!("the status program `{name}` ended with code {}{said}", ended.code)));
        }
        Status::parse(&ended.stdout)
            .map_err(|why| BackendError::Unusable(format!("the status program `{name}` printed what cannot be used: {why}")))
    }

    /// The rollout that a status describes.
    pub(super) fn rollout(&self, status: &Status) -> Rollout {
        let ability = |action| self.preview(action, status).map_or_else(Ability::Off, Ability::Ready);
        Rollout {
            token: status.token.clone(),
            weights: status.weights,
            versions: Some(status.versions.clone()),
            paused: status.paused,
            condition: Condition::Steady,
            abilities: Action::ALL.into_iter().map(|action| (action, ability(action))).collect(),
        }
    }

    /// The argv of an action.
    ///
    /// # Errors
    /// The sentence why there is none.
    pub(super) fn argv(&self, action: Action, target: &Target, token: &str, id: Option<&str>) -> Result<Vec<String>, String> {
        let template = self.template(action)?;
        let Target { version, reference, weight } = target;
        template.fill(&Values { version, reference, weight: *weight, token, id })
    }

    fn template(&self, action: Action) -> Result<&Template, String> {
        self.templates.get(&action).ok_or_else(|| format!("the config has no `{}` program", action.word()))
    }

    fn preview(&self, action: Action, status: &Status) -> Result<Preview, String> {
        self.template(action)?;
        if let Some(why) = guard::other_versions(&self.plan, &status.versions.baseline, &status.versions.candidate) {
            return Err(why);
        }
        if let Some(reason) = status.why_not(action) {
            return Err(reason.to_owned());
        }
        match action {
            Action::Pause if status.paused => return Err("it is paused already".to_owned()),
            Action::Resume if !status.paused => return Err("nothing is paused".to_owned()),
            _ => {}
        }
        let lead = self.plan.lead(action, status.weights.map(|weights| weights.candidate))?;
        let role = if action.is_retreat() { Role::Baseline } else { Role::Candidate };
        let target = Target { version: lead.version.clone(), reference: status.references.of(role).clone(), weight: lead.weight };
        let argv = shown(&self.argv(action, &target, &status.token, None)?);
        Ok(self.described(target, &lead, argv, status))
    }

    fn described(&self, target: Target, lead: &Lead, argv: String, status: &Status) -> Preview {
        Preview {
            target,
            happens: vec![
                format!("your program runs: {}", lead.says),
                format!("read back: `{}` until it tells the new state", self.name()),
            ],
            not_undone: status.not_undone.clone(),
            sends: argv,
            bound_to: format!("state {}; refused if it has changed", guard::short(&status.token)),
            limit_s: self.plan.verify_timeout.as_secs_f64(),
        }
    }
}

/// The templates by action; each is able to take the versions of the configuration.
fn templates(config: &file::Command, plan: &Plan) -> Result<BTreeMap<Action, Template>, BuildError> {
    let argv = |action| match action {
        Action::Promote => &config.promote,
        Action::PromoteFull => &config.promote_full,
        Action::Pause => &config.pause,
        Action::Resume => &config.resume,
        Action::Abort => &config.abort,
        Action::Rollback => &config.rollback,
        Action::Retry => &config.retry,
    };
    let mut templates = BTreeMap::new();
    for action in Action::ALL {
        let Some(template) = Template::parse(action.word(), argv(action))? else { continue };
        for (key, version) in [("baseline", &plan.baseline), ("candidate", &plan.candidate)] {
            if let Some(fault) = template.why_not(version) {
                return Err(BuildError(format!("{key}.version cannot be passed to backend.{}: {fault}", action.word())));
            }
        }
        templates.insert(action, template);
    }
    Ok(templates)
}
