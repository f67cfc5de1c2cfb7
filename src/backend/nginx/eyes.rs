//! Looking: the file says what was asked for, fresh connections say what is served.

use std::sync::{Arc, PoisonError};

use super::{
    served,
    state::{Nginx, is_whole},
    workers,
};
use crate::{
    backend::{Answer, BackendError, Observe},
    engine::action::{Fact, Order, Rollout, Seen},
    humanize,
};

/// How far two weights may be apart and still be the same: half of the file's finest share.
const SAME: f64 = 0.000_000_5;

/// The part that only reads.
#[derive(Debug)]
pub(super) struct Eyes(Arc<Nginx>);

impl Eyes {
    pub(super) const fn new(nginx: Arc<Nginx>) -> Self {
        Self(nginx)
    }

    async fn look(&self, order: &Order) -> Result<Seen, BackendError> {
        let nginx = &self.0;
        let wanted = order.target.weight.ok_or_else(|| BackendError::Unusable("the order names no weight".to_owned()))?;
        let share = nginx.read().await?.share;
        let file = Fact { text: format!("upstream file says {}", humanize::share(share)), holds: (share - wanted).abs() < SAME };
        // Before the connections: once the old workers are gone, every one of those is answered by a new one.
        let old = self.old_workers(&order.id, wanted).await;
        let served = served::look(&nginx.page).await.fact(&nginx.plan, wanted);
        let facts = vec![file, old, served];
        Ok(Seen { done: facts.iter().all(|fact| fact.holds), facts })
    }

    async fn old_workers(&self, id: &str, wanted: f64) -> Fact {
        let Some(pid_file) = &self.0.pid_file else {
            return Fact { text: "old workers not looked for: the config has no `backend.pid_file`".to_owned(), holds: true };
        };
        let reload = self.0.reload.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let before = reload.filter(|reload| reload.id == id).map(|reload| reload.before).unwrap_or_default();
        match workers::under(pid_file).await {
            Ok(workers) => old_workers_fact(workers.old(&before), wanted),
            Err(text) => Fact { text, holds: false },
        }
    }
}

/// At 0 and 100 % nobody may be left with the version that was left; between, it is enough that no old worker takes connections.
fn old_workers_fact(old: workers::Old, wanted: f64) -> Fact {
    let count = |n: usize| humanize::plural(n as f64, "old worker", "old workers");
    if old.taking > 0 {
        Fact { text: format!("{} not replaced yet", count(old.taking)), holds: false }
    } else if old.ending > 0 {
        Fact { text: format!("{} still to finish open connections", count(old.ending)), holds: !is_whole(wanted) }
    } else {
        Fact { text: "old workers gone".to_owned(), holds: true }
    }
}

impl Observe for Eyes {
    fn locator(&self) -> String {
        format!("nginx:{}", self.0.path.display())
    }

    fn observe(&self) -> Answer<'_, Result<Rollout, BackendError>> {
        Box::pin(async { Ok(self.0.rollout(&self.0.read().await?)) })
    }

    fn read_back<'a>(&'a self, order: &'a Order) -> Answer<'a, Result<Seen, BackendError>> {
        Box::pin(self.look(order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_the_ends_open_connections_may_be_finished() {
        let old = |taking, ending| workers::Old { taking, ending };
        for (old, wanted, text, holds) in [
            (old(0, 0), 0.0, "old workers gone", true),
            (old(0, 1), 0.0, "1 old worker still to finish open connections", false),
            (old(0, 2), 1.0, "2 old workers still to finish open connections", false),
            (old(0, 2), 0.25, "2 old workers still to finish open connections", true),
            (old(2, 1), 0.25, "2 old workers not replaced yet", false),
        ] {
            assert_eq!(old_workers_fact(old, wanted), Fact { text: text.to_owned(), holds });
        }
    }
}
