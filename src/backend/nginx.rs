//! nginx as a backend: a weighted upstream file that rollwatch owns.
//!
//! The file's first line carries a hash of the rest, so that a file somebody else wrote or edited is refused, never overwritten. A
//! weight is changed by replacing the file whole, testing nginx's configuration and reloading; when nginx refuses, the previous file is
//! put back. What was reached is judged by what fresh connections are answered, and by the old workers having gone.
//!
//! The file's hash is the state's token. nginx itself has no compare-and-set: the file is compared for the last time immediately
//! before it is replaced.
//!
//! Replacing gives the file a new inode. Where nginx runs in a container, mount the folder that the file is in: a mounted file would
//! go on showing the old text inside, and the read-back would say that nothing changed.

mod control;
mod eyes;
mod file;
mod hands;
mod page;
mod served;
mod state;
mod upstream;
mod workers;

use std::{path::PathBuf, sync::Arc};

use super::{Backend, BuildError, ladder::Plan};
use crate::config;

use self::{
    eyes::Eyes,
    hands::Hands,
    state::Nginx,
    upstream::{Share, Upstream},
};

/// The command that prints a first upstream file; error messages name it.
pub const PRINT_COMMAND: &str = "rollwatch config upstream";

/// The backend of a configuration, with hands unless `read_only`.
///
/// # Errors
/// When a value of the configuration cannot be used: the sentence names its key.
pub fn build(config: &config::file::Nginx, plan: &Plan, read_only: bool) -> Result<Backend, BuildError> {
    if plan.baseline == plan.candidate {
        let version = crate::text::cleaned(&plan.baseline);
        return Err(BuildError(format!("baseline and candidate are both {version:?}: no answer could tell them apart")));
    }
    let nginx = Arc::new(Nginx::new(config, plan)?);
    let hands = (!read_only).then(|| Arc::new(Hands::new(Arc::clone(&nginx))) as _);
    Ok(Backend { kind: "nginx", eyes: Arc::new(Eyes::new(nginx)), hands })
}

/// The whole upstream file that gives the candidate the weight `weight` (a fraction), for a person to put the first one in place.
///
/// # Errors
/// When a value of the configuration cannot be used, or the weight is not between 0 and 1.
pub fn upstream_text(config: &config::file::Nginx, plan: &Plan, weight: f64) -> Result<String, BuildError> {
    let share = Share::of(weight).ok_or_else(|| BuildError(format!("the weight {weight} is not between 0 and 1")))?;
    Ok(Upstream::new(config, plan)?.text(share))
}

/// An absolute path where that can be told, so that two watches name the same file alike.
fn absolute(path: &std::path::Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
