//! The line in which a command is typed by its name: what it knows, what it proposes, what it makes of what was typed.
//!
//! Every action of the keys has a name, and the names are those of `[keys]`. Blanks, `-` and `_` make no difference.

use ratatui::layout::Rect;
use serde::{Deserialize, Serialize};

use crate::{
    nearest::{listed, nearest},
    text::clean,
    tui::{
        field::Field,
        keymap::{BINDINGS, Command},
        pen::{Pen, Run, cells, tail, width},
        theme::{Ground, Role, ThemeName},
        view::chart::Metric,
    },
};

/// Columns that stay free for proposals.
const PROPOSALS: u16 = 40;

/// What is typed so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    field: Field,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Order {
    /// What a key does.
    Command(Command),
    /// A theme.
    Theme(ThemeName),
    /// A metric in the chart.
    Metric(Metric),
    /// A filter of the list that is shown, else of the events.
    Filter(String),
}

/// The command that takes any text.
const FILTER: &str = "filter";

/// The names of everything that can be asked for.
fn names() -> impl Iterator<Item = &'static str> {
    let actions = BINDINGS.iter().map(|binding| binding.command).filter(|command| *command != Command::Line);
    actions.filter_map(Command::action).chain(["metric"])
}

/// A name without what makes no difference.
fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl Line {
    /// One more letter.
    pub(in crate::tui) fn put(&mut self, letter: char) {
        self.field.put(letter);
    }

    /// Takes the last letter back; false when there was none.
    pub(in crate::tui) fn erase(&mut self) -> bool {
        let had = !self.field.text().is_empty();
        self.field.erase();
        had
    }

    /// Goes on as far as all proposals agree.
    pub(in crate::tui) fn complete(&mut self) {
        let (start, proposals) = self.proposals();
        let Some((first, others)) = proposals.split_first() else { return };
        let agreed = |nth: usize, letter: char| others.iter().all(|other| other.chars().nth(nth) == Some(letter));
        let typed = start.chars().count();
        let rest: String =
            first.chars().enumerate().take_while(|(nth, letter)| agreed(*nth, *letter)).map(|(_, c)| c).skip(typed).collect();
        let takes_more = others.is_empty() && (*first == FILTER || !words_of(first).is_empty());
        rest.chars().chain(takes_more.then_some(' ')).for_each(|letter| self.field.put(letter));
    }

    /// The beginning of the word that is being typed, and the words that it could become.
    fn proposals(&self) -> (&str, Vec<&'static str>) {
        let text = self.field.text().trim_start();
        let (start, known) = match text.split_once(' ') {
            None => (text, names().collect()),
            Some((name, word)) => (word, words_of(name)),
        };
        (start, known.into_iter().filter(|word| word.starts_with(start)).collect())
    }

    /// What was asked for.
    ///
    /// # Errors
    /// One sentence: there is no such command, or no such word.
    pub(in crate::tui) fn order(&self) -> Result<Order, String> {
        let text = self.field.text().trim();
        if let Some(command) = command(text) {
            return Ok(Order::Command(command));
        }
        let (name, rest) = text.split_once(' ').map_or((text, ""), |(name, rest)| (name, rest.trim()));
        match bare(name).as_str() {
            "theme" => {
                chosen(rest, [ThemeName::Auto].into_iter().chain(ThemeName::ALL), ThemeName::word, "theme").map(Order::Theme)
            }
            "metric" => chosen(rest, Metric::ALL, Metric::word, "metric").map(Order::Metric),
            FILTER if !rest.is_empty() => Ok(Order::Filter(rest.to_owned())),
            _ => Err(unknown("command", text, names())),
        }
    }
}

/// The words that a command takes; none for most.
fn words_of(name: &str) -> Vec<&'static str> {
    match bare(name).as_str() {
        "theme" => [ThemeName::Auto].into_iter().chain(ThemeName::ALL).map(ThemeName::word).collect(),
        "metric" => Metric::ALL.map(Metric::word).to_vec(),
        _ => Vec::new(),
    }
}

fn command(text: &str) -> Option<Command> {
    let named = |command: &Command| command.action().is_some_and(|name| bare(name) == bare(text));
    BINDINGS.iter().map(|binding| binding.command).find(named).filter(|command| *command != Command::Line)
}

fn chosen<T: Copy>(word: &str, all: impl IntoIterator<Item = T>, name: fn(T) -> &'static str, kind: &str) -> Result<T, String> {
    let all: Vec<T> = all.into_iter().collect();
    let found = all.iter().copied().find(|one| bare(name(*one)) == bare(word));
    found.ok_or_else(|| match word {
        "" => format!("Which {kind}? {}.", listed(all.iter().map(|one| name(*one)))),
        _ => unknown(kind, word, all.iter().map(|one| name(*one))),
    })
}

fn unknown<'k>(kind: &str, word: &str, known: impl Iterator<Item = &'k str>) -> String {
    let guess = nearest(word, known).map_or_else(String::new, |near| format!(": did you mean {near}?"));
    let end = if guess.is_empty() { "." } else { "" };
    format!("No {kind} is called \"{}\"{guess}{end}", clean(word))
}

/// Draws the line over the last row of keys.
pub(in crate::tui) fn draw(pen: &mut Pen<'_>, row: Rect, line: &Line) {
    pen.clear(row);
    let end = row.right().saturating_sub(1);
    let room = usize::from(row.width.saturating_sub(PROPOSALS + 4));
    let typed = [
        pen.shout(Role::Strong, ":"),
        pen.shout(Role::Strong, tail(line.field.text(), room)),
        Run::styled(" ", ratatui::style::Style::new().add_modifier(ratatui::style::Modifier::REVERSED)),
    ];
    let x = pen.write(row.x + 1, row.y, end, &typed) + 3;
    let (_, proposals) = line.proposals();
    let mut shown = Vec::new();
    for word in proposals {
        let run = pen.say(Role::Dim, format!("{word}  "));
        if usize::from(end.saturating_sub(x)) <= width(&shown) + run.width() {
            shown.push(pen.say(Role::Dim, "…"));
            break;
        }
        shown.push(run);
    }
    pen.write(x, row.y, end, &shown);
    pen.lay(row, Ground::Selected);
    debug_assert!(cells(width(&typed)) <= row.width, "what was typed is cut at its beginning");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::{keymap::Slot, model::View};

    fn line(text: &str) -> Line {
        let mut line = Line::default();
        text.chars().for_each(|letter| line.put(letter));
        line
    }

    #[test]
    fn a_name_is_a_name_however_it_is_spelled() {
        for text in ["rollback", "roll back", "Roll-Back", " rollback "] {
            assert_eq!(line(text).order(), Ok(Order::Command(Command::Act(Slot::Rollback))), "{text}");
        }
        assert_eq!(line("zoom in").order(), Ok(Order::Command(Command::Zoom(1))));
        assert_eq!(line("instances").order(), Ok(Order::Command(Command::View(View::Instances))));
        assert_eq!(line("theme").order(), Ok(Order::Command(Command::Theme)));
        assert_eq!(line("theme high contrast").order(), Ok(Order::Theme(ThemeName::HighContrast)));
        assert_eq!(line("metric p95").order(), Ok(Order::Metric(Metric::P95)));
        assert_eq!(line("filter kind:step a b").order(), Ok(Order::Filter("kind:step a b".to_owned())));
    }

    #[test]
    fn what_is_unknown_is_one_sentence_with_the_nearest_name() {
        for (text, want) in [
            ("rolback", "No command is called \"rolback\": did you mean rollback?"),
            ("xyzzy", "No command is called \"xyzzy\"."),
            ("theme lihgt", "No theme is called \"lihgt\": did you mean light?"),
            ("metric", "Which metric? \"errors\", \"p99\", \"p95\", \"p50\" or \"requests\"."),
            ("command", "No command is called \"command\"."),
            ("", "No command is called \"\"."),
        ] {
            assert_eq!(line(text).order(), Err(want.to_owned()), "{text}");
        }
    }

    #[test]
    fn tab_goes_on_as_far_as_all_proposals_agree() {
        for (text, want) in [
            ("roll", "rollback"),
            ("zo", "zoom_"),
            ("them", "theme "),
            ("theme hi", "theme high-contrast"),
            ("fil", "filter "),
            ("q", "quit"),
            ("nothing like it", "nothing like it"),
            ("", ""),
        ] {
            let mut line = line(text);
            line.complete();
            assert_eq!(line.field.text(), want, "{text}");
        }
    }
}
