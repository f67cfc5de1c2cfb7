//! Leaving a screen while its watch goes on: a headless process takes it over.
//!
//! It resumes from the journal like any watch that was cut off, so nothing is known twice and no action is repeated. It has a process
//! group of its own: what ends the terminal does not end it.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::Edge;
use crate::{
    exit::{Failure, code},
    journal::store::Store,
};

/// A watcher that lives for so long has begun.
const BEGUN_AFTER: Duration = Duration::from_secs(1);
/// What belongs to the screen that is left, or is said anew.
const NOT_HANDED_ON: [&str; 6] = ["--tui", "--plain", "--headless", "--resume", "--auto-rollback", "--yes"];
/// Who armed a watch on its screen was asked there.
const ARMED: [&str; 2] = ["--auto-rollback", "--yes"];

/// Starts the process that goes on, and says where its output is.
pub(super) async fn start(edge: &Edge, store: Option<&Store>, deployment: &str, armed: bool) -> Result<u8, Failure> {
    let store = store.ok_or_else(|| Failure::internal("there is no journal to go on from"))?;
    let (output, lines) = store.handed_over(deployment).map_err(|error| failed(&error.to_string()))?;
    let child = spawn(&edge.around.arguments, armed, lines).map_err(|error| failed(&error.to_string()))?;
    let pid = child.id();
    if let Some(why) = ended_early(child).await {
        return Err(failed(&format!("the process that should go on {why}, see {}", output.display())));
    }
    super::print(&format!(
        "The watch of {deployment} goes on as process {pid}, {}. Its lines are in {}; kill {pid} stops it.\n",
        if armed { "auto-rollback armed" } else { "auto-rollback off" },
        output.display()
    ))?;
    Ok(code::OK)
}

fn failed(why: &str) -> Failure {
    Failure::internal(format!("nobody watches any more ({why}): run the same command with --resume to go on"))
}

fn spawn(arguments: &[OsString], armed: bool, lines: File) -> std::io::Result<Child> {
    let errors = File::try_clone(&lines)?;
    Command::new(std::env::current_exe()?)
        .args(handed_on(arguments, armed))
        .stdin(Stdio::null())
        .stdout(lines)
        .stderr(errors)
        .process_group(0)
        .spawn()
}

/// The same command, headless, going on from the journal.
fn handed_on(arguments: &[OsString], armed: bool) -> Vec<OsString> {
    let is_kept = |argument: &&OsString| !NOT_HANDED_ON.iter().any(|flag| argument.as_os_str() == OsStr::new(flag));
    let anew = ["--resume", "--headless"].into_iter().chain(armed.then_some(ARMED).into_iter().flatten());
    arguments.iter().filter(is_kept).cloned().chain(anew.map(OsString::from)).collect()
}

/// Why it has ended already; none once it lives.
async fn ended_early(mut child: Child) -> Option<String> {
    tokio::time::sleep(BEGUN_AFTER).await;
    match child.try_wait() {
        Ok(None) => None,
        Ok(Some(status)) if status.success() => None,
        Ok(Some(status)) => Some(format!("ended at once ({status})")),
        Err(error) => Some(format!("cannot be asked about ({error})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handed(arguments: &[&str], armed: bool) -> Vec<String> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        handed_on(&arguments, armed).into_iter().map(|argument| argument.into_string().expect("text")).collect()
    }

    #[test]
    fn the_same_command_goes_on_headless_and_armed_as_it_is_now() {
        assert_eq!(
            handed(&["watch", "-c", "a.toml", "--tui", "--auto-rollback", "--timeout", "1h"], false),
            ["watch", "-c", "a.toml", "--timeout", "1h", "--resume", "--headless"]
        );
        assert_eq!(handed(&["watch", "--resume"], true), ["watch", "--resume", "--headless", "--auto-rollback", "--yes"]);
    }
}
