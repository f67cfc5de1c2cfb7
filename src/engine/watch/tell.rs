//! Who is told what: at most one notice for whatever one input changed, the weightiest of it.

use super::{Watch, act, checks};
use crate::engine::{
    action::Action,
    effect::Effect,
    notice::Notice,
    snapshot::Tone,
    verdict::{CheckVerdict, Verdict},
    words,
};

/// Something that changed while one input was handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// An action came to its end.
    Action(Action),
    /// Somebody else acted.
    Elsewhere,
    /// The rollout makes no progress.
    Stuck,
    /// The watch's verdict.
    Verdict,
    /// A check's verdict.
    Check {
        /// Which.
        index: usize,
        /// What it was.
        was: Option<CheckVerdict>,
    },
}

impl Watch {
    /// Turns the news of one input into one notice.
    pub(super) fn tell(&mut self) {
        let news = std::mem::take(&mut self.news);
        if self.is_replaying {
            return;
        }
        let weight = |news: &News| match news {
            News::Action(_) => 3,
            News::Elsewhere | News::Stuck => 2,
            News::Verdict => 1,
            News::Check { .. } => 0,
        };
        let checks = |news: &News| match news {
            News::Check { index, was } => self.is_worth_telling(*index, *was),
            _ => true,
        };
        if let Some(news) = news.into_iter().filter(checks).max_by_key(weight) {
            let notice = self.notice(news);
            self.out.push(Effect::Notify(notice));
        }
    }

    /// A gating check into or out of warn, fail or "no page".
    fn is_worth_telling(&self, index: usize, was: Option<CheckVerdict>) -> bool {
        let loud = |v: CheckVerdict| matches!(v, CheckVerdict::Warn | CheckVerdict::Fail | CheckVerdict::ProviderError);
        let check = &self.checks[index];
        self.setup.policy.gates(&check.id) && (check.verdict.is_some_and(loud) || was.is_some_and(loud))
    }

    fn notice(&self, news: News) -> Notice {
        let (subject, state, was, tone, title, sentence) = match news {
            News::Action(action) => {
                let (state, was, tone, title, sentence) = self.action_news(action);
                ("action".to_owned(), state, was, tone, title, sentence)
            }
            News::Elsewhere => {
                let sentence = self.ended.as_ref().map_or_else(String::new, |e| e.sentence.clone());
                ("action".to_owned(), "elsewhere".to_owned(), None, Tone::Held, "somebody else acted".to_owned(), sentence)
            }
            News::Stuck => {
                let sentence = self.stuck().unwrap_or_default().to_owned();
                ("rollout".to_owned(), "stuck".to_owned(), None, Tone::Bad, "is stuck".to_owned(), sentence)
            }
            News::Verdict => {
                let (tone, title) = match self.verdict {
                    Verdict::Fail => (Tone::Bad, "is bad"),
                    Verdict::Pass => (Tone::Good, "is good"),
                    Verdict::Inconclusive if self.step.alarm.is_some() => (Tone::Bad, "may be bad"),
                    Verdict::Inconclusive => (Tone::Unsure, "undecided"),
                };
                ("verdict".to_owned(), self.verdict.word().to_owned(), None, tone, title.to_owned(), self.verdict_sentence())
            }
            News::Check { index, was } => {
                let check = &self.checks[index];
                let verdict = check.verdict.unwrap_or(CheckVerdict::Insufficient);
                let title = format!("{}: {}", check.name, checks::spaced(verdict));
                let tone = checks::tone_of(verdict).unwrap_or(Tone::Good);
                (check.id.clone(), verdict.word().to_owned(), was.map(|w| w.word().to_owned()), tone, title, check.sentence.text())
            }
        };
        let setup = &self.setup;
        let place = if setup.environment.is_empty() {
            setup.deployment.clone()
        } else {
            format!("{} · {}", setup.deployment, setup.environment)
        };
        let next = self.snapshot_next();
        let key = format!("{}/{}/{subject}/{state}/{}", setup.deployment, setup.names.candidate, self.orders);
        Notice {
            key,
            at: self.now,
            tone,
            title: format!("{} {title} · {place}", setup.names.candidate),
            body: format!("{} {next}", words::stopped(&sentence)).trim().to_owned(),
            next: next.trim().to_owned(),
            deployment: setup.deployment.clone(),
            environment: setup.environment.clone(),
            baseline: setup.names.baseline.clone(),
            candidate: setup.names.candidate.clone(),
            subject,
            state,
            was,
        }
    }

    fn action_news(&self, action: Action) -> (String, Option<String>, Tone, String, String) {
        let done = act::done_words(action);
        if let Some(trouble) = self.action().and_then(|a| a.trouble.clone()) {
            return ("failed".to_owned(), None, Tone::Bad, format!("not {done}"), trouble);
        }
        let sentence = match &self.ended {
            Some(ended) => ended.sentence.clone(),
            None => format!("{} to {}", words::capitalised(done), self.target()),
        };
        (action.word().to_owned(), None, Tone::Good, done.to_owned(), sentence)
    }

    fn target(&self) -> String {
        self.action().map_or_else(String::new, |a| a.order.target.version.clone())
    }
}
