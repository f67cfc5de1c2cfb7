//! The command line: commands and flags as they may be typed. What they do stands in `commands`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    config::value::Dur,
    demo::scenario::Scenario,
    engine::setup::Until,
    headless::Format,
    report::Form,
    tui::theme::{GlyphSet, ThemeName},
};

/// What stands under the help: three lines that work.
const START: &str = "\
Start here:
  rollwatch demo
      a bad canary to catch, no configuration, no network
  rollwatch watch --baseline http://10.0.0.1:8080 --candidate http://10.0.0.2:8080
      compare two running versions by their /metrics and /health pages
  rollwatch config init nginx > rollwatch.toml && rollwatch watch -c rollwatch.toml
      watch, promote and roll back behind nginx";

/// Watches a running deployment, says whether the new version is worse and how sure that is, promotes or rolls back on one key.
#[derive(Debug, Parser)]
#[command(name = "rollwatch", version, after_help = START, max_term_width = 120)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Flags of every command.
    #[command(flatten)]
    pub common: Common,
}

/// Flags that mean the same everywhere.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// The configuration file
    #[arg(short, long, global = true, value_name = "FILE", env = "ROLLWATCH_CONFIG")]
    pub config: Option<PathBuf>,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Log more, to stderr (headless) or to the log file beside the journals; -vv for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// How the screen looks; each wins over its key in `[screen]`.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Screen")]
pub struct Look {
    /// Which colours
    #[arg(long, value_enum, value_name = "THEME")]
    pub theme: Option<ThemeName>,
    /// Which characters: auto chooses by terminal, locale and font
    #[arg(long, value_enum, value_name = "SET", conflicts_with = "ascii")]
    pub glyphs: Option<GlyphSet>,
    /// Leave the mouse to the terminal
    #[arg(long)]
    pub no_mouse: bool,
    /// Leave the terminal's title and progress alone
    #[arg(long)]
    pub no_title: bool,
    /// Do not reverse row 1 for a moment when the verdict becomes bad
    #[arg(long)]
    pub calm: bool,
}

/// `--color`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// Where the terminal has them and `NO_COLOR` is not set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Watch a small deployment inside this process go wrong, and roll it back
    Demo(Demo),
    /// Attach to a running deployment and judge the new version against the old one
    Watch(Watch),
    /// Give the candidate more traffic: one step, or all with --full
    Promote(Promote),
    /// Keep the rollout where it is
    Pause(OneShot),
    /// Go on after a pause
    Resume(OneShot),
    /// Take the candidate out of traffic, keep it running
    Abort(OneShot),
    /// Start an aborted rollout again
    Retry(OneShot),
    /// Bring all traffic back to the baseline
    Rollback(Rollback),
    /// Check configuration files: 0 clean, 10 with findings, 2 unreadable
    Lint(Lint),
    /// Play recorded watches again
    Replay(Replay),
    /// Say what another policy would have made of recorded watches, and when
    Backtest(Backtest),
    /// Record what the old version does before the deploy, or show what was recorded
    #[command(subcommand)]
    Baseline(Baseline),
    /// Try every notification channel once
    #[command(subcommand)]
    Notify(Notify),
    /// Write, describe or show the configuration
    #[command(subcommand)]
    Config(Config),
    /// List the recorded watches
    Journals,
    /// Print what a recorded watch came to: verdict, reasons, steps, what was done
    Report(Report),
    /// Print shell completions
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// A screen or lines.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Shape {
    /// Print lines instead of drawing a screen (the default without a terminal)
    #[arg(long, conflicts_with_all = ["tui", "plain"])]
    pub headless: bool,
    /// Draw the screen, even where it would not be chosen
    #[arg(long, conflicts_with = "plain")]
    pub tui: bool,
    /// Print lines and answer keys in lines, for screen readers: no cursor movement, no table, no colour
    #[arg(long)]
    pub plain: bool,
}

/// How a watch runs and ends.
#[derive(Clone, Debug, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag, and they are independent")]
pub struct Run {
    /// A screen or lines.
    #[command(flatten)]
    pub shape: Shape,
    /// Look only: nothing that can act exists in this session
    #[arg(long, conflicts_with_all = ["auto_rollback", "auto_promote"])]
    pub read_only: bool,
    /// Roll back by itself once the candidate is convicted
    #[arg(long)]
    pub auto_rollback: bool,
    /// Promote by itself once a step has passed
    #[arg(long)]
    pub auto_promote: bool,
    /// What stdout carries in headless mode
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// When the work is done: promoted, paused, step=N or window-end [default: window-end, with --auto-promote promoted]
    #[arg(long, value_parser = until, value_name = "WHEN")]
    pub until: Option<Until>,
    /// Waiting for a promotion is success (0 instead of 40)
    #[arg(long)]
    pub success_on_pause: bool,
    /// Give up after this long (exit code 124)
    #[arg(long, value_parser = span, value_name = "DUR")]
    pub timeout: Option<Duration>,
    /// Write the journal here instead of the state directory; with --resume: go on with this one
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// At the end write what was judged as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// At the end write the report as Markdown
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// At the end append the report to the step summary of GitHub Actions, and print annotations
    #[arg(long)]
    pub github: bool,
    /// Every answer is yes
    #[arg(long)]
    pub yes: bool,
    /// How the screen looks.
    #[command(flatten)]
    pub look: Look,
}

/// `demo`
#[derive(Debug, Args)]
pub struct Demo {
    /// What goes wrong [default: bad-errors, with --ladder good]
    #[arg(long, value_enum)]
    pub scenario: Option<Scenario>,
    /// Climb 5, 25, 50, 75 and 100 % in short windows: `p` at each step, or --auto-promote
    #[arg(long)]
    pub ladder: bool,
    /// Be shown around: catch a bad canary and roll it back, in about two minutes
    #[arg(long, conflicts_with_all = ["scenario", "ladder", "headless", "plain"])]
    pub tour: bool,
    /// How many of the demo's seconds pass in one [default: 1, with --tour 2]
    #[arg(long, value_parser = speed, value_name = "N")]
    pub speed: Option<f64>,
    /// How it runs and ends.
    #[command(flatten)]
    pub run: Run,
}

/// Which deployment, where no configuration says it.
#[derive(Clone, Debug, Default, Args)]
pub struct At {
    /// What to attach to: k8s:NAMESPACE/deployment|rollout|canary/NAME; k8s:NAMESPACE takes what is rolling there
    pub target: Option<String>,
    /// The kubeconfig's context [default: its current one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// Let the kubeconfig run this program to authenticate; repeat for more
    #[arg(long, value_name = "PROGRAM")]
    pub allow_exec: Vec<String>,
}

/// `watch`
#[derive(Debug, Args)]
pub struct Watch {
    /// What to attach to.
    #[command(flatten)]
    pub at: At,
    /// An instance of the trusted version: its metrics page, or its address; repeat for more instances
    #[arg(long, value_name = "URL")]
    pub baseline: Vec<String>,
    /// An instance of the judged version
    #[arg(long, value_name = "URL")]
    pub candidate: Vec<String>,
    /// Go on with the newest unfinished watch of this deployment (or that of --journal)
    #[arg(long)]
    pub resume: bool,
    /// How it runs and ends.
    #[command(flatten)]
    pub run: Run,
}

/// An action from the shell.
#[derive(Clone, Debug, Args)]
pub struct OneShot {
    /// What to act on.
    #[command(flatten)]
    pub at: At,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Why; at least 5 letters. Needed to promote against the verdict
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Write the journal here instead of the state directory
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
}

/// `promote`
#[derive(Debug, Args)]
pub struct Promote {
    /// All traffic at once
    #[arg(long)]
    pub full: bool,
    /// The rest.
    #[command(flatten)]
    pub one: OneShot,
}

/// `rollback`
#[derive(Debug, Args)]
pub struct Rollback {
    /// The version to go back to, by name: of Kubernetes a replica set or a revision; elsewhere refused unless it is the one the
    /// backend would go back to
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
    /// The rest.
    #[command(flatten)]
    pub one: OneShot,
}

/// `lint`
#[derive(Debug, Args)]
pub struct Lint {
    /// Configuration files
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// `replay`
#[derive(Debug, Args)]
pub struct Replay {
    /// Journals, or traces (.ndjson, .ndjson.gz)
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Write what would have been decided, and when: one JSON line a file, in the order given
    #[arg(long, value_name = "FILE", requires = "headless")]
    pub decisions: Option<PathBuf>,
    /// A screen or lines.
    #[command(flatten)]
    pub shape: Shape,
    /// What stdout carries in headless mode
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// How many recorded seconds pass in one, on the screen or with --plain
    #[arg(long, default_value_t = 60.0, value_parser = speed, value_name = "N")]
    pub speed: f64,
    /// How the screen looks.
    #[command(flatten)]
    pub look: Look,
}

/// `backtest`
#[derive(Debug, Args)]
pub struct Backtest {
    /// A configuration file; its policy and the window of its steps are tried
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
    /// Journals, or traces (.ndjson, .ndjson.gz)
    #[arg(required = true, value_name = "JOURNAL")]
    pub files: Vec<PathBuf>,
    /// What stdout carries
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// `baseline`
#[derive(Debug, Subcommand)]
pub enum Baseline {
    /// Record what normal looks like: the baseline's counts, poll by poll
    Capture(Capture),
    /// Show what was recorded, and whether a watch would use it now
    Show(Recorded),
}

/// `baseline capture`
#[derive(Debug, Args)]
pub struct Capture {
    /// Which one.
    #[command(flatten)]
    pub of: Recorded,
    /// How long [default: the window and a tenth of it]
    #[arg(long = "for", value_parser = span, value_name = "DUR")]
    pub span: Option<Duration>,
}

/// Which recorded baseline.
#[derive(Debug, Args)]
pub struct Recorded {
    /// Whose.
    #[command(flatten)]
    pub at: At,
    /// An instance of the trusted version: its metrics page, or its address; repeat for more instances
    #[arg(long, value_name = "URL")]
    pub baseline: Vec<String>,
}

/// `report`
#[derive(Debug, Args)]
pub struct Report {
    /// A journal
    #[arg(value_name = "JOURNAL")]
    pub journal: PathBuf,
    /// What stdout carries
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Form,
}

/// `notify`
#[derive(Debug, Subcommand)]
pub enum Notify {
    /// Send a test notice by every configured channel
    Test,
}

/// `config`
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print a commented file to start from: every key with its default, or the example for a backend
    Init {
        /// nginx, command, urls, ladder or worker
        example: Option<String>,
    },
    /// Print the JSON Schema
    Schema,
    /// Print the effective values and where each came from
    Show,
    /// Print the nginx upstream file that gives the candidate a share of the traffic, to put the first one in place
    Upstream {
        /// The candidate's share
        #[arg(long, default_value = "0%", value_parser = share, value_name = "SHARE")]
        weight: f64,
    },
}

fn until(text: &str) -> Result<Until, String> {
    match (text, text.strip_prefix("step=")) {
        ("promoted", _) => Ok(Until::Promoted),
        ("paused", _) => Ok(Until::Paused),
        ("window-end", _) => Ok(Until::WindowEnd),
        (_, Some(n)) => {
            n.parse().ok().filter(|n| *n > 0).map(Until::Step).ok_or_else(|| format!("{n:?} is no step: steps count from 1"))
        }
        _ => Err("write promoted, paused, step=N or window-end".to_owned()),
    }
}

fn span(text: &str) -> Result<Duration, String> {
    let span = Dur::parse(text)?.0;
    if span.is_zero() { Err("a time limit of zero leaves no time".to_owned()) } else { Ok(span) }
}

fn share(text: &str) -> Result<f64, String> {
    let share = crate::config::value::Percent::parse(text)?.0;
    if share <= 1.0 { Ok(share) } else { Err(format!("{text:?} is more than all traffic")) }
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(n) if (0.1..=1000.0).contains(&n) => Ok(n),
        _ => Err("write a number between 0.1 and 1000".to_owned()),
    }
}
