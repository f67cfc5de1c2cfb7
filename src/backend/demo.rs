//! The demo's router as a backend: HTTP on loopback, compare-and-set on its revision.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use url::Url;

use super::{Act, ActError, Answer, Backend, BackendError, BuildError, Observe, guard, ladder::Plan, patience::Patience};
use crate::{
    demo::router::{Change, State},
    engine::{
        action::{Ability, Action, Condition, Fact, Order, Preview, Rollout, Seen, Target},
        role::Sides,
    },
    humanize,
    wire::http::{Client, Method, Options, Purpose, Request, Response, header},
};

/// How long the router may take to answer.
const LIMIT: Duration = Duration::from_secs(5);

/// The backend of a demo whose router answers at the address `router`.
///
/// # Errors
/// When that is no address, or no HTTP client can be made.
pub fn build(router: &str, plan: Plan, read_only: bool) -> Result<Backend, BuildError> {
    let url = Url::parse(router).map_err(|error| BuildError(format!("backend.router is no address: {error}")))?;
    let client = Client::build(&Options::new(Purpose::Act)).map_err(|error| BuildError(error.to_string()))?;
    let demo = Arc::new(Demo { url, patience: Patience::new(client), plan });
    let hands = (!read_only).then(|| Arc::clone(&demo) as Arc<dyn Act>);
    Ok(Backend { kind: "demo", eyes: demo, hands })
}

struct Demo {
    url: Url,
    patience: Patience,
    plan: Plan,
}

impl Demo {
    async fn state(&self) -> Result<State, BackendError> {
        read(&self.patience.read(|| Request::get(&self.url, LIMIT), LIMIT).await?)
    }

    fn rollout(&self, state: &State) -> Rollout {
        let fixed = guard::other_versions(&self.plan, &state.baseline, &state.candidate);
        let ability = |action| fixed.clone().map_or_else(|| self.ability(action, state), Ability::Off);
        let abilities: BTreeMap<Action, Ability> = Action::ALL.map(|action| (action, ability(action))).into();
        Rollout {
            token: state.revision.to_string(),
            weights: Some(Sides { baseline: 1.0 - state.weight, candidate: state.weight }),
            versions: Some(Sides { baseline: state.baseline.clone(), candidate: state.candidate.clone() }),
            paused: state.paused,
            condition: Condition::Steady,
            abilities,
        }
    }

    fn ability(&self, action: Action, state: &State) -> Ability {
        match action {
            Action::Pause if state.paused => return Ability::Off("it is paused already".to_owned()),
            Action::Resume if !state.paused => return Ability::Off("it is not paused".to_owned()),
            Action::Retry => return Ability::Off("the demo does not retry".to_owned()),
            _ if action.is_promotion() && state.paused => return Ability::Off("the rollout is paused".to_owned()),
            _ => {}
        }
        let lead = match self.plan.lead(action, Some(state.weight)) {
            Ok(lead) => lead,
            Err(why) => return Ability::Off(why),
        };
        let reference =
            lead.weight.map_or_else(|| action.word().to_owned(), |weight| format!("weight {}", humanize::share(weight)));
        let sends = serde_json::to_string(&change(action, lead.weight)).unwrap_or_default();
        Ability::Ready(Preview {
            target: Target { version: lead.version, reference, weight: lead.weight },
            happens: vec![lead.says, "read back: weight, requests of the last second".to_owned()],
            not_undone: Vec::new(),
            sends: format!("PUT {} {sends}", self.url),
            bound_to: format!("router revision {}", state.revision),
            limit_s: self.plan.verify_timeout.as_secs_f64(),
        })
    }

    async fn put(&self, order: &Order) -> Result<(), ActError> {
        let state = self.patience.read_to_act(|| Request::get(&self.url, LIMIT)).await?;
        let state = read(&state).map_err(|error| ActError::Refused(error.to_string()))?;
        guard::admit(order, &self.rollout(&state))?;
        let body = serde_json::to_vec(&change(order.action, order.target.weight)).map_err(|e| ActError::Refused(e.to_string()))?;
        let revision =
            header::HeaderValue::from_str(&format!("\"{}\"", order.token)).map_err(|e| ActError::Refused(e.to_string()))?;
        let put = || Request::new(Method::PUT, &self.url, LIMIT).header(header::IF_MATCH, revision.clone());
        let (answer, is_repeated) = self.patience.act(|| put().body("application/json", body.clone())).await?;
        match answer.status() {
            200 => Ok(()),
            412 if is_repeated => {
                Err(ActError::Unknown("the router took an earlier request, or somebody else was first".to_owned()))
            }
            412 => Err(guard::moved(order, "another revision", None)),
            _ => Err(ActError::Refused(answer.refusal().to_string())),
        }
    }

    async fn look(&self, order: &Order) -> Result<Seen, BackendError> {
        let state = self.state().await?;
        let mut facts = Vec::new();
        if let Some(wanted) = order.target.weight {
            facts.push(Fact {
                text: format!("weight {}", humanize::share(state.weight)),
                holds: (state.weight - wanted).abs() < 1e-9,
            });
            if wanted <= 0.0 || wanted >= 1.0 {
                let (left, name) =
                    if wanted <= 0.0 { (state.recent.1, &state.candidate) } else { (state.recent.0, &state.baseline) };
                let text = format!("{} to {name} in the last second", humanize::plural(left as f64, "request", "requests"));
                facts.push(Fact { text, holds: left == 0 });
            }
        }
        if let Action::Pause | Action::Resume = order.action {
            let text = if state.paused { "paused" } else { "not paused" };
            facts.push(Fact { text: text.to_owned(), holds: state.paused == (order.action == Action::Pause) });
        }
        Ok(Seen { done: facts.iter().all(|fact| fact.holds), facts })
    }
}

/// What an action asks the router for.
fn change(action: Action, weight: Option<f64>) -> Change {
    let paused = match action {
        Action::Pause => Some(true),
        Action::Resume => Some(false),
        _ => None,
    };
    Change { weight, paused }
}

/// The state in an answer.
fn read(answer: &Response) -> Result<State, BackendError> {
    serde_json::from_slice(&answer.body).map_err(|error| BackendError::Unusable(format!("the router answered no state: {error}")))
}

impl fmt::Debug for Demo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Demo").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

impl Observe for Demo {
    fn locator(&self) -> String {
        format!("demo:{}", self.url.authority())
    }

    fn observe(&self) -> Answer<'_, Result<Rollout, BackendError>> {
        Box::pin(async { Ok(self.rollout(&self.state().await?)) })
    }

    fn read_back<'a>(&'a self, order: &'a Order) -> Answer<'a, Result<Seen, BackendError>> {
        Box::pin(self.look(order))
    }
}

impl Act for Demo {
    fn act<'a>(&'a self, order: &'a Order) -> Answer<'a, Result<(), ActError>> {
        Box::pin(self.put(order))
    }
}
