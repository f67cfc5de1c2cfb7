//! The post-mortem in Markdown (GitHub flavour): what was decided and why, what each step saw, what was done by whom.
//!
//! Text from outside is escaped, so that a name can neither break a table nor become markup; times are UTC.

mod figures;

use std::time::Duration;

use unicode_width::UnicodeWidthStr as _;

use super::{
    Links, plain,
    summary::{Deed, End, Kept, Step, Summary},
};
use crate::{
    engine::{
        action::{Actor, ActorKind},
        recent::Sum,
        role::{Role, Sides},
        strategy::Stage,
    },
    humanize,
};

/// The largest report in bytes.
const LARGEST: usize = 1 << 20;
/// Columns that a version's name may take beside a chart.
const NAME: usize = 24;

/// The whole report.
#[must_use]
pub fn render(summary: &Summary, links: &Links) -> String {
    let parts = [
        head(summary),
        versions(summary),
        facts(summary),
        reasons(summary),
        steps(summary),
        charts(summary),
        deeds(summary),
        notes(&summary.notes),
        pointers(links),
    ];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join("\n") + "\n";
    cut(&text, LARGEST)
}

/// The report in at most so many bytes: whole lines of it, and a word that the rest is missing.
#[must_use]
pub fn cut(text: &str, bytes: usize) -> String {
    const REST: &str = "\n_The rest of this report had no room._\n";
    if text.len() <= bytes {
        return text.to_owned();
    }
    let room = text.floor_char_boundary(bytes.saturating_sub(REST.len()));
    let whole = text.get(..room).and_then(|text| Some(text.split_at(text.rfind('\n')? + 1).0)).unwrap_or_default();
    if whole.is_empty() { String::new() } else { format!("{whole}{REST}") }
}

/// Text from outside, in running text or in a cell of a table.
fn md(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '#' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// The same with a full stop.
fn sentence(text: &str) -> String {
    let text = md(text);
    if text.ends_with(['.', '?', '!', '…']) { text } else { text + "." }
}

/// Text from outside, inside a block of code.
fn code(text: &str, columns: usize) -> String {
    let mut out = String::new();
    for c in plain(text).chars().map(|c| if c == '`' { '\'' } else { c }) {
        if format!("{out}{c}").width() > columns {
            break;
        }
        out.push(c);
    }
    let missing = columns.saturating_sub(out.width());
    out + &" ".repeat(missing)
}

fn row(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

/// A table; nothing when it has no rows.
fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Vec<String> {
    let rows: Vec<String> = rows.into_iter().map(|cells| row(&cells)).collect();
    if rows.is_empty() {
        return rows;
    }
    let names: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    let rule = format!("|{}", "---|".repeat(head.len()));
    [row(&names), rule].into_iter().chain(rows).chain([String::new()]).collect()
}

fn rest<T>(kept: &Kept<T>) -> Vec<String> {
    if kept.more == 0 { Vec::new() } else { vec![format!("_and {} more_", humanize::count(kept.more as f64)), String::new()] }
}

fn span(span: Duration) -> String {
    humanize::duration(span)
}

fn seconds(s: f64) -> String {
    span(Duration::try_from_secs_f64(s.max(0.0)).unwrap_or_default())
}

fn head(summary: &Summary) -> Vec<String> {
    let started = &summary.started;
    let place = if started.environment.is_empty() { String::new() } else { format!(" in {}", md(&started.environment)) };
    let title = format!("# {}{place}: {} against {}", md(&started.deployment), md(&started.candidate), md(&started.baseline));
    let verdict = match &summary.ended {
        Some((_, ended)) => {
            let outcome = ended.outcome.words();
            format!(
                "**Verdict {}: {outcome}, exit code {}.** {}",
                ended.verdict.word(),
                ended.exit_code,
                sentence(summary.sentence())
            )
        }
        None => format!("**Not finished.** {}", sentence(summary.sentence())),
    };
    vec![title, String::new(), verdict, String::new()]
}

fn versions(summary: &Summary) -> Vec<String> {
    let (started, counted) = (&summary.started, summary.counted());
    let names = Sides { baseline: &started.baseline, candidate: &started.candidate };
    let ages = summary.verdict.as_ref().map(|(_, verdict)| verdict.ages_s).unwrap_or_default();
    let line = |name: &str, of: &dyn Fn(Role) -> String| vec![name.to_owned(), of(Role::Baseline), of(Role::Candidate)];
    let p99 = |sum: &Sum| sum.p99().map_or_else(|| "–".to_owned(), figures::p99);
    let rows = [
        line("version", &|role| md(names.of(role))),
        line("running for", &|role| ages.of(role).map_or_else(|| "–".to_owned(), seconds)),
        line("requests in all", &|role| humanize::count(counted.of(role).requests)),
        line("errors in all", &|role| figures::errors(counted.of(role))),
        line("p99 in all", &|role| p99(counted.of(role))),
    ];
    table(&["", "baseline", "candidate"], rows)
}

fn facts(summary: &Summary) -> Vec<String> {
    let started = &summary.started;
    let mut facts =
        vec![("began", humanize::date_time(summary.began) + " UTC"), ("ended", humanize::date_time(summary.end()) + " UTC")];
    if let Some((_, ended)) = &summary.ended {
        facts.push(("watched", format!("{}, blind {}", seconds(ended.watched_s), seconds(ended.blind_s))));
    }
    facts.push(("window", seconds(started.window_s)));
    let baseline = match (&summary.verdict, &summary.policy) {
        (Some((_, verdict)), _) if !verdict.baseline.is_empty() => md(&verdict.baseline),
        (_, Some(policy)) => policy.baseline.word().to_owned(),
        _ => "not known".to_owned(),
    };
    facts.push(("compared with", baseline));
    if let Some(policy) = &summary.policy {
        let limits = format!("errors {}, p99 {}", humanize::share(policy.error_rate), humanize::latency(policy.p99_ms));
        facts.push(("limits", limits));
        facts.push(("false rollbacks", format!("at most {}", humanize::share(policy.alpha))));
    }
    facts.push(("strategy", md(&started.strategy)));
    facts.push(("backend", md(format!("{} {}", started.backend, started.locator).trim())));
    facts.push(("configuration", format!("sha256 {}", md(&started.config_sha256))));
    facts.push(("rollwatch", md(&started.rollwatch)));
    table(&["what", "value"], facts.into_iter().map(|(what, value)| vec![what.to_owned(), value]))
}

fn reasons(summary: &Summary) -> Vec<String> {
    let mut lines = vec!["## Why".to_owned(), String::new()];
    let strongest = summary.strongest();
    if strongest.is_empty() {
        lines.extend(["Nothing was judged.".to_owned(), String::new()]);
    }
    for (i, judged) in strongest.into_iter().enumerate() {
        let change = &judged.change;
        let (at, word) = (humanize::clock(judged.at), change.verdict.word().replace('_', " "));
        let signal = if judged.gates { "" } else { " (a signal: nothing follows from it)" };
        lines.push(format!("{}. **{}: {word}** at {at}{signal}. {}", i + 1, md(&change.check), sentence(&change.sentence)));
        lines.extend(figures::values(change, summary.needed_nats()).into_iter().map(|text| format!("   - {text}")));
        lines.extend(judged.explanation().iter().map(|reason| format!("   - {}: {}", md(&reason.about), md(&reason.text))));
    }
    lines.push(String::new());
    lines
}

fn steps(summary: &Summary) -> Vec<String> {
    let steps = &summary.steps;
    let name = |step: &Step| {
        let stage = match step.stage {
            Stage::Smoke => ", smoke checks",
            Stage::Step => "",
            Stage::Bake => ", bake",
        };
        format!("{} of {}{stage}", step.index, step.of)
    };
    let weight = |step: &Step| step.weight.map(humanize::share);
    let rows = steps.rows.iter().map(|step| {
        let seen = |role: Role| figures::seen(step.counted.of(role));
        vec![
            name(step),
            weight(step).unwrap_or_else(|| "–".to_owned()),
            humanize::clock(step.began),
            span(step.watched),
            span(step.blind),
            seen(Role::Baseline),
            seen(Role::Candidate),
            step.verdict.map_or("–", crate::engine::verdict::Verdict::word).to_owned(),
        ]
    });
    let head = ["step", "weight", "began", "watched", "blind", "baseline", "candidate", "verdict"];
    let mut lines = vec!["## Steps".to_owned(), String::new()];
    let rows = table(&head, rows);
    if rows.is_empty() {
        lines.extend(["No step was begun.".to_owned(), String::new()]);
    }
    lines.extend(rows);
    lines.extend(rest(steps));
    for step in steps.rows.iter().filter(|step| !step.changes.rows.is_empty()) {
        let at = weight(step).map(|weight| format!(", weight {weight}")).unwrap_or_default();
        lines.extend([format!("### Step {}{at}", name(step)), String::new()]);
        let rows = step.changes.rows.iter().map(|(at, change)| {
            let was = change.was.map(|was| format!("{} → ", was.word())).unwrap_or_default();
            vec![humanize::clock(*at), md(&change.check), md(&format!("{was}{}", change.verdict.word())), md(&change.sentence)]
        });
        lines.extend(table(&["at", "check", "verdict", "because"], rows));
        lines.extend(rest(&step.changes));
    }
    lines
}

fn charts(summary: &Summary) -> Vec<String> {
    let chart = &summary.chart;
    if chart.width() == 0 {
        return Vec::new();
    }
    let policy = summary.policy.as_ref();
    let drawn = [
        draw(summary, "error rate", Sum::error_rate, humanize::rate, policy.map(|p| humanize::share(p.error_rate))),
        draw(summary, "p99", Sum::p99, figures::p99, policy.map(|p| humanize::latency(p.p99_ms))),
    ];
    let lines: Vec<String> = drawn.into_iter().flatten().collect();
    if lines.is_empty() {
        return lines;
    }
    let column = span(Duration::from_secs(chart.seconds));
    let about = format!("One column is {column}, the first begins at {}.", humanize::clock(chart.began));
    let marks = "`_` is zero, `.` low, `#` the highest, `^` beyond the last bucket, a blank: nothing known; numbers are steps.";
    let begin = ["## Charts".to_owned(), String::new(), format!("{about} {marks}"), String::new(), "```text".to_owned()];
    begin.into_iter().chain(lines).chain(["```".to_owned(), String::new()]).collect()
}

/// Title, a row for the steps, a row for each version.
fn draw(
    summary: &Summary,
    title: &str,
    of: fn(&Sum) -> Option<f64>,
    word: fn(f64) -> String,
    limit: Option<String>,
) -> Vec<String> {
    let Some((highest, rows)) = summary.chart.rows(of) else { return Vec::new() };
    let limit = limit.map(|limit| format!(", limit {limit}")).unwrap_or_default();
    let mut marks = vec![' '; summary.chart.width()];
    for step in &summary.steps.rows {
        if let Some(mark) = marks.get_mut(summary.chart.column(step.began)) {
            *mark = char::from_digit(step.index % 10, 10).unwrap_or(' ');
        }
    }
    let marks: String = marks.into_iter().collect();
    let started = &summary.started;
    let line = |role: Role, name: &str| {
        let row = rows.of(role);
        let last = row.last.map(|value| format!(" {} at the end", word(value))).unwrap_or_default();
        format!("{} |{}|{last}", code(name, NAME), row.text)
    };
    vec![
        format!("{title}, highest {}{limit}", word(highest)),
        format!("{} |{marks}|", code("step", NAME)),
        line(Role::Baseline, &started.baseline),
        line(Role::Candidate, &started.candidate),
    ]
}

fn deeds(summary: &Summary) -> Vec<String> {
    let mut lines = vec!["## What was done".to_owned(), String::new()];
    let rows = table(&["asked at", "what", "by", "why", "sent", "what became of it"], summary.deeds.rows.iter().map(deed));
    if rows.is_empty() {
        lines.extend(["Nothing was asked of the backend.".to_owned(), String::new()]);
    }
    lines.extend(rows);
    lines.extend(rest(&summary.deeds));
    lines
}

fn deed(deed: &Deed) -> Vec<String> {
    let target = &deed.target;
    let what = format!("{} to {} ({})", deed.action.verb(), target.version, target.reference);
    let end = match &deed.end {
        Some((at, End::Seen(took_s))) => format!("seen to work at {}, after {}", humanize::clock(*at), seconds(*took_s)),
        Some((at, End::Failed(error))) => format!("failed at {}: {error}", humanize::clock(*at)),
        Some((at, End::Unseen(seen))) => format!("not seen to work until {}: {seen}", humanize::clock(*at)),
        None => "no end is recorded".to_owned(),
    };
    vec![
        humanize::clock(deed.requested),
        md(&what),
        md(&who(&deed.actor)),
        deed.reason.as_deref().map_or_else(|| "–".to_owned(), md),
        deed.sent.map_or_else(|| "–".to_owned(), humanize::clock),
        md(&end),
    ]
}

fn who(actor: &Actor) -> String {
    match actor.kind {
        ActorKind::Engine => "rollwatch, by itself".to_owned(),
        ActorKind::Key => format!("{}, by a key", actor.user),
        ActorKind::Cli => format!("{}, by a command", actor.user),
    }
}

fn notes(notes: &Kept<(crate::engine::time::Time, String)>) -> Vec<String> {
    if notes.rows.is_empty() {
        return Vec::new();
    }
    let rows = notes.rows.iter().map(|(at, sentence)| format!("- {} {}", humanize::clock(*at), md(sentence)));
    let head = ["## Notes".to_owned(), String::new()];
    head.into_iter().chain(rows).chain([String::new()]).chain(rest(notes)).collect()
}

fn pointers(links: &Links) -> Vec<String> {
    let journal = links.journal.as_ref().map(|path| format!("- journal: {}", md(&path.display().to_string())));
    // An address that was parsed holds no character that could leave the brackets.
    let run = links.run.as_ref().map(|url| format!("- run: <{url}>"));
    let rows: Vec<String> = journal.into_iter().chain(run).collect();
    if rows.is_empty() {
        return rows;
    }
    ["## More".to_owned(), String::new()].into_iter().chain(rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup_or_another_cell() {
        assert_eq!(md("a|b`c`\n<img>&[x](y)"), "a\\|b\\`c\\`␊&lt;img&gt;&amp;\\[x\\](y)");
        assert_eq!(code("```\nv2", 8), "'''␊v2  ");
        assert_eq!(code("0123456789", 4), "0123");
    }

    #[test]
    fn a_report_is_cut_between_two_lines() {
        let text = "ä line\n".repeat(20);
        let short = cut(&text, 60);
        assert!(short.len() <= 60 && short.starts_with("ä line\n") && short.ends_with("no room._\n"), "{short}");
        assert_eq!(cut(&text, 10), "");
        assert_eq!(cut(&text, 1000), text);
    }
}
