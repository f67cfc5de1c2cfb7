//! Acting: the state is read again, and the action's program is run once.

use std::sync::Arc;

use super::state::Programs;
use crate::{
    backend::{
        Act, ActError, Answer, guard,
        program::{RunError, shown},
    },
    engine::action::Order,
};

/// The part that runs the actions' programs; a read-only session has none.
#[derive(Debug)]
pub(super) struct Hands(Arc<Programs>);

impl Hands {
    pub(super) const fn new(programs: Arc<Programs>) -> Self {
        Self(programs)
    }

    async fn perform(&self, order: &Order) -> Result<(), ActError> {
        let programs = &self.0;
        let status = programs.status().await.map_err(|error| ActError::Refused(format!("nothing was run: {error}")))?;
        let rollout = programs.rollout(&status);
        let target = &guard::admit(order, &rollout)?.target;
        let argv = programs.argv(order.action, target, &order.token, Some(&order.id)).map_err(ActError::Refused)?;
        match programs.program(&argv).perform().await {
            Ok(ended) if ended.code == 0 => Ok(()),
            Ok(ended) => {
                let why = ended.stderr.lines().first().cloned().unwrap_or_else(|| "it gave no reason".to_owned());
                Err(self.refused(order, format!("`{}` ended with code {}: {why}", shown(&argv), ended.code)).await)
            }
            Err(RunError::NotStarted(why)) => Err(ActError::Refused(why)),
            Err(RunError::Cut(why)) => Err(ActError::Unknown(format!("{why}; it may have acted"))),
        }
    }

    /// What a program's refusal means: somebody else was first, if the state is another one by now.
    async fn refused(&self, order: &Order, why: String) -> ActError {
        match self.0.status().await {
            Ok(now) if now.token != order.token => {
                let moved = guard::moved(order, &now.token, now.weights.map(|weights| weights.candidate));
                ActError::Moved(format!("{moved}; {why}"))
            }
            _ => ActError::Refused(why),
        }
    }
}

impl Act for Hands {
    fn act<'a>(&'a self, order: &'a Order) -> Answer<'a, Result<(), ActError>> {
        Box::pin(self.perform(order))
    }
}
