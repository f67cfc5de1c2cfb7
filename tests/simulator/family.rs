//! The kinds of deployment that are simulated.

/// A kind of deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Family {
    /// Its name in tables.
    pub(crate) name: &'static str,
    /// What is really the case.
    pub(crate) truth: Truth,
}

/// What is really the case with a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    /// It is as good as the baseline.
    Healthy,
    /// It is worse.
    Regressed,
    /// It gets no traffic: nobody can tell.
    NoData,
}

impl Truth {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Regressed => "regressed",
            Self::NoData => "nodata",
        }
    }
}

const fn family(name: &'static str, truth: Truth) -> Family {
    Family { name, truth }
}

const fn healthy(name: &'static str) -> Family {
    family(name, Truth::Healthy)
}

const fn regressed(name: &'static str) -> Family {
    family(name, Truth::Regressed)
}

/// Healthy candidates: what the bound on false rollbacks is counted over.
pub(crate) const HEALTHY: [Family; 13] = [
    healthy("healthy"),
    healthy("healthy_high_base"),
    healthy("tiny_within_margin"),
    healthy("shared_outage"),
    healthy("baseline_degrading"),
    healthy("diurnal"),
    healthy("counter_reset"),
    healthy("missing_scrapes"),
    healthy("overdispersed"),
    healthy("cold_start"),
    healthy("low_traffic_healthy"),
    healthy("gc_bursts"),
    healthy("split_shift"),
];

/// Healthy candidates under shocks that do not hit both versions alike: counted apart.
pub(crate) const HARDER: [Family; 3] = [healthy("slow_zone"), healthy("lagged_outage"), healthy("lb_burst")];

/// Candidates that are worse.
pub(crate) const REGRESSED: [Family; 19] = [
    regressed("step_error"),
    regressed("small_step_error"),
    regressed("catastrophe"),
    regressed("ramp_error"),
    regressed("slow_leak"),
    regressed("periodic_error"),
    regressed("one_bad_instance"),
    regressed("p99_tail"),
    regressed("latency_shift"),
    regressed("bimodal"),
    regressed("late_onset"),
    regressed("error_during_outage"),
    regressed("health_fail"),
    regressed("low_traffic_bad"),
    regressed("fast_fail"),
    regressed("crash_loop"),
    regressed("peak_latency"),
    regressed("leak_restart"),
    regressed("retry_storm"),
];

/// A candidate that nobody asks anything.
pub(crate) const NO_TRAFFIC: Family = family("no_canary_traffic", Truth::NoData);
