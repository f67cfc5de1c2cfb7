//! What each command does: from typed arguments to the parts that do it, and to an exit code.

mod act;
mod attach;
mod baseline;
mod config;
mod demo;
mod hand_over;
mod lists;
mod replay;
mod report;
mod watch;

use clap::CommandFactory as _;
use miette::{GraphicalReportHandler, GraphicalTheme};

use crate::{
    cli::{Cli, Color, Command, Common, Shape},
    config::file::Screen,
    exit::{Failure, code},
    surroundings::Surroundings,
    tui::{
        terminal,
        theme::{Capabilities, ColorChoice, GlyphSet},
    },
};

/// Does what the command line says; answers with the exit code.
///
/// # Errors
/// Why it was not done.
pub async fn run(cli: Cli, around: Surroundings) -> Result<u8, Failure> {
    let Some(command) = cli.command else {
        print_help()?;
        return Ok(code::USAGE);
    };
    let edge = Edge { common: cli.common, around };
    match command {
        Command::Demo(demo) => Box::pin(demo::run(&edge, demo)).await,
        Command::Watch(watch) => Box::pin(watch::run(&edge, watch)).await,
        Command::Promote(promote) => act::promote(&edge, promote).await,
        Command::Rollback(rollback) => act::rollback(&edge, rollback).await,
        Command::Pause(one) => act::one(&edge, crate::engine::action::Action::Pause, one).await,
        Command::Resume(one) => act::one(&edge, crate::engine::action::Action::Resume, one).await,
        Command::Abort(one) => act::one(&edge, crate::engine::action::Action::Abort, one).await,
        Command::Retry(one) => act::one(&edge, crate::engine::action::Action::Retry, one).await,
        Command::Lint(lint) => config::lint(&edge, &lint),
        Command::Replay(replay) => Box::pin(replay::run(&edge, replay)).await,
        Command::Baseline(what) => baseline::run(&edge, what).await,
        Command::Notify(crate::cli::Notify::Test) => lists::notify_test(&edge).await,
        Command::Config(what) => config::run(&edge, what),
        Command::Backtest(backtest) => replay::backtest::run(&edge, &backtest),
        Command::Report(report) => report::run(&edge, &report),
        Command::Journals => lists::journals(&edge),
        Command::Completions { shell } => lists::completions(shell),
        Command::Man => lists::man(),
    }
}

/// What every command gets besides its own arguments.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) common: Common,
    pub(crate) around: Surroundings,
}

/// How a watch shows itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Lines, and nobody is there.
    Lines,
    /// Lines that answer keys.
    Plain,
    /// A screen.
    Screen,
}

impl Form {
    /// A screen where there is a terminal at both ends; `asked` is what the flags say instead.
    fn choose(edge: &Edge, asked: Shape) -> Result<Self, Failure> {
        let Shape { headless, tui, plain } = asked;
        if tui || plain {
            terminal::check().map_err(|error| Failure::Usage { what: error.to_string(), help: None })?;
        }
        Ok(if plain {
            Self::Plain
        } else if tui || (edge.around.is_interactive && !headless) {
            Self::Screen
        } else {
            Self::Lines
        })
    }

    /// Somebody is there.
    const fn stays(self) -> bool {
        !matches!(self, Self::Lines)
    }
}

/// Writes to stdout; a closed pipe is nobody's fault.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::internal(format!("stdout: {error}"))),
        _ => Ok(()),
    }
}

fn print_help() -> Result<(), Failure> {
    print(&Cli::command().render_help().to_string())
}

/// Shows a person why nothing was done: on stderr, in colour only where there is some.
#[expect(clippy::print_stderr, reason = "the edge: where errors meet people")]
pub fn complain(failure: &Failure, color: Color) {
    let colored = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => supports_color::on_cached(supports_color::Stream::Stderr).is_some(),
    };
    let theme = if colored { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let mut text = String::new();
    let drawn = GraphicalReportHandler::new_themed(theme).with_links(false).render_report(&mut text, failure);
    if drawn.is_err() {
        text = failure.to_string();
    }
    eprintln!("{}", text.trim_end());
}

/// What the terminal and the user said about colours and characters.
fn capabilities(edge: &Edge, screen: &Screen) -> Capabilities {
    let around = &edge.around;
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().map(|name| around.text(name)).find(|value| !value.is_empty());
    Capabilities {
        color: match edge.common.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        },
        no_color: !around.text("NO_COLOR").is_empty(),
        term: around.text("TERM"),
        colorterm: around.text("COLORTERM"),
        colorfgbg: around.text("COLORFGBG"),
        locale: locale.unwrap_or_default(),
        in_tmux: !around.text("TMUX").is_empty(),
        theme: screen.theme,
        glyphs: if edge.common.ascii { GlyphSet::Ascii } else { screen.glyphs },
        background: None,
        wide: false,
    }
}
