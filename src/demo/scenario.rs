//! What goes wrong, and when.

use std::time::Duration;

use clap::ValueEnum;

use crate::engine::role::Role;

/// The first poll of a watch; everything turns a while after the warm-up, so that the healthy stretch is seen first.
const TURNS: Duration = Duration::from_secs(75);
/// How long a cold start lasts.
const COLD: Duration = Duration::from_secs(45);
/// When the traffic dries up.
const DRIES_UP: Duration = Duration::from_secs(40);

/// A story that the demo can tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Nothing goes wrong.
    Good,
    /// The candidate fails ten times as often.
    #[default]
    BadErrors,
    /// Some of the candidate's requests become slow.
    SlowP99,
    /// Both versions fail and slow down together: a database, not the deploy.
    SharedIncident,
    /// The traffic stops.
    NoTraffic,
    /// The metrics pages stop answering.
    ProviderDown,
    /// As bad-errors, and the router takes the rollback but does not carry it out.
    RollbackFails,
    /// The candidate starts cold: slow and a little faulty for its first minute, fine from then on.
    ColdStart,
    /// The candidate's metrics page lacks what is needed.
    MissingSeries,
}

/// How a version behaves at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Behaviour {
    /// Share of requests answered with 500.
    pub error_rate: f64,
    /// Every latency is multiplied by this.
    pub slowness: f64,
    /// Share of requests that take 400 ms longer.
    pub stalls: f64,
}

const NORMAL: Behaviour = Behaviour { error_rate: 0.003, slowness: 1.0, stalls: 0.0 };

impl Scenario {
    /// How `role` behaves `since` the demo began.
    #[must_use]
    pub fn behaviour(self, role: Role, since: Duration) -> Behaviour {
        let turned = since >= TURNS;
        match (self, role) {
            (Self::BadErrors | Self::RollbackFails, Role::Candidate) if turned => Behaviour { error_rate: 0.03, ..NORMAL },
            (Self::SlowP99, Role::Candidate) if turned => Behaviour { stalls: 0.08, ..NORMAL },
            (Self::SharedIncident, _) if turned => Behaviour { error_rate: 0.06, slowness: 2.6, ..NORMAL },
            (Self::ColdStart, Role::Candidate) if since < COLD => Behaviour { error_rate: 0.01, slowness: 3.0, ..NORMAL },
            _ => NORMAL,
        }
    }

    /// Whether users send requests.
    #[must_use]
    pub fn has_traffic(self, since: Duration) -> bool {
        self != Self::NoTraffic || since < DRIES_UP
    }

    /// Whether the metrics pages answer.
    #[must_use]
    pub fn has_metrics(self, since: Duration) -> bool {
        self != Self::ProviderDown || since < TURNS
    }

    /// Whether the router does what it accepts.
    #[must_use]
    pub fn obeys(self) -> bool {
        self != Self::RollbackFails
    }

    /// Whether that version's page has the series of requests and latencies.
    #[must_use]
    pub fn has_series(self, role: Role) -> bool {
        !(self == Self::MissingSeries && role == Role::Candidate)
    }
}
