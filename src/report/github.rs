//! GitHub Actions: annotations as workflow commands. The step summary is the Markdown report.
//!
//! Sources: "Workflow commands for GitHub Actions" (form, escaping; stdout and stderr are read alike, a step shows ten annotations of a
//! kind) and "Adding a job summary" (1 MiB a step).

use super::{
    plain,
    summary::{Standing, Summary},
};
use crate::engine::verdict::CheckVerdict;

/// The largest step summary, in bytes.
pub const SUMMARY_BYTES: u64 = 1 << 20;

/// One annotation for the watch, and one for each of its strongest reasons that speaks against the candidate.
#[must_use]
pub fn annotations(summary: &Summary) -> Vec<String> {
    let kind = match summary.standing() {
        Standing::Good => "notice",
        Standing::Unsure => "warning",
        Standing::Bad | Standing::Broken => "error",
    };
    let started = &summary.started;
    let title = format!("{}: {} against {}", started.deployment, started.candidate, started.baseline);
    let mut lines = vec![command(kind, &title, summary.sentence())];
    for judged in summary.strongest() {
        let kind = match judged.change.verdict {
            CheckVerdict::Fail => "error",
            CheckVerdict::Warn => "warning",
            _ => continue,
        };
        let title = format!("{}: {} {}", started.deployment, judged.change.check, judged.change.verdict.word());
        lines.push(command(kind, &title, &judged.change.sentence));
    }
    lines
}

fn command(kind: &str, title: &str, message: &str) -> String {
    let title = data(&plain(title)).replace(':', "%3A").replace(',', "%2C");
    format!("::{kind} title={title}::{}", data(&plain(message)))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(command("error", "a: b, c", "1 % worse::x"), "::error title=a%3A b%2C c::1 %25 worse::x");
        assert_eq!(data("a\r\nb"), "a%0D%0Ab");
        assert!(!command("error", "a\nb", "c\r\n::set-env::d").contains(['\n', '\r']));
    }
}
