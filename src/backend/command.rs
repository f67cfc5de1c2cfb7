//! Your own programs as a backend: one tells the state as JSON, one for each action changes it.
//!
//! Programs are run from an argv, without a shell, in a process group of their own that is ended after a limit. In the arguments of an
//! action `{version}`, `{ref}`, `{weight}` (a percentage without its sign), `{token}` and `{id}` are replaced by values that can never
//! become an option or anything else but part of one argument. The status program has no placeholders: it tells the whole state.
//!
//! # What the status program prints
//!
//! ```json
//! {
//!   "token": "41",
//!   "baseline":  {"version": "v2.4.0", "weight": "75%", "ref": "release-118"},
//!   "candidate": {"version": "v2.5.0", "weight": "25%", "ref": "release-119"},
//!   "paused": false,
//!   "can": {"promote": true, "pause": "the freeze ends on Monday"},
//!   "not_undone": ["migration 0042 stays"],
//!   "done": {"id": "…"}
//! }
//! ```
//!
//! `token` and both `version`s are needed. The token stands for this very state and changes whenever anything that matters changes.
//! A `weight` is a percentage with its sign; one is enough, the other is what is left. `ref` is the program's own name of a version,
//! passed back as `{ref}`. `can` says what is possible now, by the actions' names; what is not in it is. `not_undone` are sentences for
//! the person who is about to act. `done.id` is the last `{id}` that was carried out. Other keys are ignored. It ends with 0.
//!
//! # What an action's program does
//!
//! It makes the change and ends with 0 once it is under way; any other code means that nothing was changed, and its first line on
//! standard error says why. It should refuse when its state is not `{token}` any more, and do nothing for an `{id}` it has seen.

mod eyes;
mod hands;
mod state;
mod status;
mod template;

use std::sync::Arc;

use self::{eyes::Eyes, hands::Hands, state::Programs};
use super::{Backend, BuildError, ladder::Plan};
use crate::config::file;

/// The backend of a configuration, with hands unless `read_only`.
///
/// # Errors
/// When a template or a version's name cannot be used: the sentence names the key.
pub fn build(config: &file::Command, plan: &Plan, read_only: bool) -> Result<Backend, BuildError> {
    let programs = Arc::new(Programs::new(config, plan)?);
    let hands = (!read_only).then(|| Arc::new(Hands::new(Arc::clone(&programs))) as _);
    Ok(Backend { kind: "command", eyes: Arc::new(Eyes::new(programs)), hands })
}
