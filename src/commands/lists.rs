//! Small commands that print something: recorded watches, completions, the manual page, a test notice.

use std::time::Duration;

use clap::CommandFactory as _;

use super::{Edge, Form, attach, print};
use crate::{
    cli::Cli,
    engine::{notice::Notice, snapshot::Tone, verdict::Outcome},
    exit::{Failure, code},
    humanize,
    journal::store::{Entry, Listing},
    runtime::{clock::wall_clock, notifying},
};

/// `journals`
pub(super) fn journals(edge: &Edge) -> Result<u8, Failure> {
    let store = attach::store(edge).map_err(|error| Failure::usage(error.to_string(), "journals are kept there"))?;
    let Listing { watches, unreadable } = store.list().map_err(Failure::internal)?;
    if watches.is_empty() && unreadable.is_empty() {
        print("No watch has been recorded yet.\n")?;
        return Ok(code::OK);
    }
    let rows: Vec<[String; 5]> = watches.iter().map(row).collect();
    let head = ["STARTED (UTC)", "DEPLOYMENT", "CANDIDATE", "OUTCOME", "JOURNAL"].map(str::to_owned);
    print(&table(&head, &rows))?;
    for error in unreadable {
        tracing::warn!("{error}");
    }
    Ok(code::OK)
}

fn row(entry: &Entry) -> [String; 5] {
    let outcome = entry.ended.as_ref().map_or_else(
        || "unfinished".to_owned(),
        |ended| match ended.outcome {
            Outcome::None => format!("{} ({})", ended.verdict.word(), ended.exit_code),
            outcome => format!("{} ({})", outcome.word(), ended.exit_code),
        },
    );
    let at = humanize::date_time(entry.at);
    [at, entry.started.deployment.clone(), entry.started.candidate.clone(), outcome, entry.path.display().to_string()]
}

fn table(head: &[String; 5], rows: &[[String; 5]]) -> String {
    let all = || std::iter::once(head).chain(rows);
    let width = |i: usize| all().map(|row| row[i].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..4).map(width).collect();
    let line = |row: &[String; 5]| {
        let cells: Vec<String> = widths.iter().zip(row).map(|(w, cell)| format!("{cell:w$}")).collect();
        format!("{}  {}\n", cells.join("  "), row[4])
    };
    all().map(line).collect()
}

/// `completions`
pub(super) fn completions(shell: clap_complete::Shell) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "rollwatch", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(code::OK)
}

/// `man`
pub(super) fn man() -> Result<u8, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(Failure::internal)?;
    print(&String::from_utf8_lossy(&page))?;
    Ok(code::OK)
}

/// `notify test`
pub(super) async fn notify_test(edge: &Edge) -> Result<u8, Failure> {
    let loaded = attach::load(edge, &[])?;
    let (channels, mut bytes) = attach::channels(edge, &loaded.file.notify, Form::Lines).await?;
    let deployment = loaded.file.deployment;
    let notice = Notice {
        key: "test".to_owned(),
        at: wall_clock(),
        tone: Tone::Good,
        title: format!("rollwatch test · {}", deployment.name),
        body: "Notices of this deployment arrive here.".to_owned(),
        next: String::new(),
        deployment: deployment.name,
        environment: deployment.environment,
        baseline: loaded.file.baseline.version,
        candidate: loaded.file.candidate.version,
        subject: "test".to_owned(),
        state: "test".to_owned(),
        was: None,
    };
    let told = channels.test(&notice).await;
    while let Ok(Some(sequence)) = tokio::time::timeout(Duration::from_millis(1), bytes.recv()).await {
        notifying::to_terminal(&sequence);
    }
    let mut all_good = true;
    for one in told {
        all_good &= one.result.is_ok();
        print(&format!(
            "{:10} {}\n",
            one.channel,
            one.result.map_or_else(|why| format!("not delivered: {why}"), |()| "delivered".to_owned())
        ))?;
    }
    Ok(if all_good { code::OK } else { code::FINDINGS })
}
