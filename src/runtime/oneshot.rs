//! One action from the shell: the guards, the journal and the read-back of the key, without a watch.

use std::time::Duration;

use tokio::sync::mpsc;

use super::{clock::Clock, dispatcher::Happening, perform::Performance, recorder::Recorder, session::Right};
use crate::{
    backend::Backend,
    engine::{
        action::{Ability, Action, Actor, Order, Preview, Stage},
        effect::Input,
        event::{Ended, Event, Line, SCHEMA, Started},
        time::Time,
        verdict::{Outcome, Verdict},
    },
    exit::{Failure, code},
    journal::writer::Writer,
};

/// An action that passed its guards.
#[derive(Debug)]
pub struct OneShot {
    /// The backend; it has hands.
    pub backend: Backend,
    /// The right to act.
    pub right: Right,
    /// Where it is written down.
    pub journal: Writer,
    /// What the journal begins with.
    pub started: Started,
    /// The clock.
    pub clock: Clock,
    /// What to do.
    pub order: Order,
    /// How long its effect is looked for.
    pub limit: Duration,
}

/// The present state of a backend, and what `action` would do in it.
///
/// # Errors
/// When the backend cannot be read, or the action cannot be asked for now.
pub async fn look(backend: &Backend, action: Action) -> Result<(String, Preview), Failure> {
    let rollout = backend.eyes.observe().await.map_err(|error| Failure::Backend { what: error.to_string() })?;
    match rollout.abilities.get(&action) {
        Some(Ability::Ready(preview)) => Ok((rollout.token, preview.clone())),
        Some(Ability::Off(why)) => Err(Failure::usage(format!("cannot {}: {why}", action.verb()), "nothing was asked for")),
        None => Err(Failure::usage(format!("{} cannot {}", backend.kind, action.verb()), "nothing was asked for")),
    }
}

/// The order that follows from a look.
#[must_use]
pub fn order(action: Action, token: String, preview: Preview, actor: Actor, reason: Option<String>, at: Time) -> Order {
    Order { id: format!("{:x}-1", at.ms()), action, target: preview.target, actor, token, reason }
}

impl OneShot {
    /// Does it and prints each piece of news through `say`; answers with the exit code.
    pub async fn run(self, mut say: impl FnMut(&Line)) -> u8 {
        let (recorder, writing) = Recorder::start(self.journal);
        let mut lines = Lines { seq: 0, recorder: recorder.clone(), clock: self.clock.clone() };
        say(&lines.write(Event::WatchStarted(Box::new(self.started))));
        let order = self.order.clone();
        say(&lines.write(Event::ActionRequested {
            id: order.id,
            action: order.action,
            target: order.target,
            actor: order.actor,
            token: order.token,
            reason: order.reason,
            limit_s: Some(self.limit.as_secs_f64()),
        }));
        let action = self.order.action;
        let (news, mut inbox) = mpsc::channel(16);
        let performance = Performance {
            backend: self.backend,
            order: self.order,
            limit: self.limit,
            clock: self.clock,
            recorder: Some(recorder),
            keeper: Some(self.right.keeper()),
            news,
        };
        let right = self.right;
        let doing = tokio::spawn(performance.run(move || right.take()));
        let mut code = code::ACTION_FAILED;
        while let Some(Happening { input, .. }) = inbox.recv().await {
            let report = match input {
                Input::Report(report) => report,
                Input::Noted(about, sentence) => {
                    say(&lines.write(Event::Note { about, sentence }));
                    continue;
                }
                _ => continue,
            };
            if let Some((event, end)) = told(&report.id, report.stage) {
                say(&lines.write(event));
                code = end.unwrap_or(code);
            }
        }
        if doing.await.is_err() {
            tracing::error!("the action broke");
        }
        say(&lines.write(Event::WatchEnded(ended(action, code))));
        if lines.recorder.sync().await.is_err() {
            tracing::error!("the journal's last lines may not have reached the disk");
        }
        drop(lines);
        drop(writing);
        code
    }
}

/// What the journal says of a piece of news, and the exit code if it is the last.
fn told(id: &str, stage: Stage) -> Option<(Event, Option<u8>)> {
    let id = id.to_owned();
    match stage {
        Stage::Sent => Some((Event::ActionSent { id }, None)),
        Stage::Looked(_) => None,
        Stage::Verified { took_s, seen } => Some((Event::ActionVerified { id, took_s, facts: seen.facts }, Some(code::OK))),
        Stage::Failed { error } => Some((Event::ActionFailed { id, error }, Some(code::ACTION_FAILED))),
        Stage::Unverified { seen } => Some((Event::ActionUnverified { id, seen, facts: Vec::new() }, Some(code::ACTION_FAILED))),
        Stage::Elsewhere { by } => {
            let error = format!("{}{by}", crate::engine::watch::act::NOT_BEGUN);
            Some((Event::ActionFailed { id, error }, Some(code::ELSEWHERE)))
        }
    }
}

fn ended(action: Action, exit_code: u8) -> Ended {
    let (outcome, sentence) = match exit_code {
        code::OK if action.is_retreat() => (Outcome::RolledBack, "done and seen"),
        code::OK if action.is_promotion() => (Outcome::Promoted, "done and seen"),
        code::OK => (Outcome::None, "done and seen"),
        code::ELSEWHERE => (Outcome::EndedElsewhere, "not begun: somebody else was first"),
        _ if action.is_retreat() => (Outcome::RollbackFailed, "failed or not seen to work; a human is needed"),
        _ => (Outcome::PromotionFailed, "failed or not seen to work; a human is needed"),
    };
    let sentence = format!("{}: {sentence}", action.verb());
    Ended { verdict: Verdict::Inconclusive, outcome, exit_code, sentence, watched_s: 0.0, blind_s: 0.0 }
}

/// Numbers the lines and hands them to the journal.
struct Lines {
    seq: u64,
    recorder: Recorder,
    clock: Clock,
}

impl Lines {
    fn write(&mut self, event: Event) -> Line {
        self.seq += 1;
        let line = Line { v: SCHEMA, seq: self.seq, at: self.clock.now(), event };
        if let Err(error) = self.recorder.write(line.clone()) {
            tracing::error!(%error, "the journal ends here");
        }
        line
    }
}
