//! Argument templates: placeholders inside arguments are replaced by values, and no value can become anything but that.
//!
//! A value consists of letters, digits and `._:@/+=,-` only, and never begins an argument with a dash: neither an option nor, in a
//! program that hands its arguments to a shell, a command.

use crate::{backend::BuildError, config::value::Percent, text::cleaned};

/// What stands in for a value in an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placeholder {
    Version,
    Ref,
    Weight,
    Token,
    Id,
}

impl Placeholder {
    const ALL: [(&'static str, Self); 5] = [
        ("{version}", Self::Version),
        ("{ref}", Self::Ref),
        ("{weight}", Self::Weight),
        ("{token}", Self::Token),
        ("{id}", Self::Id),
    ];
}

/// A part of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Plain(String),
    Value(Placeholder),
}

/// One action's program and arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    arguments: Vec<Vec<Piece>>,
}

/// What a template is filled with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values<'a> {
    /// The version the action is for.
    pub(super) version: &'a str,
    /// The state it leads to.
    pub(super) reference: &'a str,
    /// The candidate's weight afterwards, as a fraction.
    pub(super) weight: Option<f64>,
    /// The state it is bound to.
    pub(super) token: &'a str,
    /// The decision; none before there is one, and then the placeholder stays.
    pub(super) id: Option<&'a str>,
}

impl Template {
    /// Reads `argv`; empty means there is none. `key` is the configuration's name for it.
    ///
    /// # Errors
    /// An unknown placeholder, or one in the program's own name.
    pub(super) fn parse(key: &str, argv: &[String]) -> Result<Option<Self>, BuildError> {
        let Some(program) = argv.first() else { return Ok(None) };
        let arguments = argv.iter().map(|argument| pieces(key, argument)).collect::<Result<Vec<_>, _>>()?;
        if program.is_empty() || arguments[0].iter().any(|piece| matches!(piece, Piece::Value(_))) {
            let shown = cleaned(program);
            return Err(BuildError(format!(
                "backend.{key} begins with {shown:?}: write the program itself, without a placeholder"
            )));
        }
        Ok(Some(Self { arguments }))
    }

    /// Whether `version` could stand where this template has one; what is wrong with it if not.
    pub(super) fn why_not(&self, version: &str) -> Option<String> {
        let places = |argument: &&Vec<Piece>| argument.contains(&Piece::Value(Placeholder::Version));
        let begins = |argument: &Vec<Piece>| argument.first() == Some(&Piece::Value(Placeholder::Version));
        self.arguments.iter().filter(places).find_map(|argument| fault("version", version, begins(argument)))
    }

    /// The argv with every value in its place.
    ///
    /// # Errors
    /// The sentence why a value cannot stand there; nothing may be run then.
    pub(super) fn fill(&self, values: &Values<'_>) -> Result<Vec<String>, String> {
        self.arguments.iter().map(|argument| fill_one(argument, values)).collect()
    }
}

/// Whether `argv` has any placeholder.
pub(super) fn has_placeholder(argv: &[String]) -> bool {
    argv.iter().any(|argument| Placeholder::ALL.iter().any(|(name, _)| argument.contains(name)))
}

fn pieces(key: &str, argument: &str) -> Result<Vec<Piece>, BuildError> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = argument;
    while let Some(next) = rest.chars().next() {
        if let Some((name, placeholder)) = Placeholder::ALL.iter().find(|(name, _)| rest.starts_with(name)) {
            if !plain.is_empty() {
                pieces.push(Piece::Plain(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Value(*placeholder));
            rest = rest.strip_prefix(name).unwrap_or_default();
        } else if let Some(word) = looks_like_a_placeholder(rest) {
            let known = Placeholder::ALL.map(|(name, _)| name).join(", ");
            return Err(BuildError(format!("backend.{key} has the unknown placeholder {word}: write one of {known}")));
        } else {
            plain.push(next);
            rest = rest.strip_prefix(next).unwrap_or_default();
        }
    }
    if !plain.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Plain(plain));
    }
    Ok(pieces)
}

/// `{word}` at the beginning of a text; other braces, as in JSON, mean themselves.
fn looks_like_a_placeholder(text: &str) -> Option<String> {
    let (word, _) = text.strip_prefix('{')?.split_once('}')?;
    let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    plain.then(|| format!("{{{word}}}"))
}

fn fill_one(argument: &[Piece], values: &Values<'_>) -> Result<String, String> {
    let mut filled = String::new();
    for piece in argument {
        match piece {
            Piece::Plain(text) => filled.push_str(text),
            Piece::Value(placeholder) => {
                let value = value(*placeholder, values, filled.is_empty())?;
                filled.push_str(&value);
            }
        }
    }
    Ok(filled)
}

fn value(placeholder: Placeholder, values: &Values<'_>, begins: bool) -> Result<String, String> {
    let (name, text) = match placeholder {
        Placeholder::Version => ("version", values.version.to_owned()),
        Placeholder::Ref => ("ref", values.reference.to_owned()),
        Placeholder::Token => ("token", values.token.to_owned()),
        Placeholder::Weight => {
            let weight = values.weight.ok_or("the program wants a weight, and the status program tells none")?;
            ("weight", Percent(weight).to_string().trim_end_matches('%').to_owned())
        }
        Placeholder::Id => match values.id {
            Some(id) => ("id", id.to_owned()),
            None => return Ok("{id}".to_owned()),
        },
    };
    fault(name, &text, begins).map_or(Ok(text), Err)
}

/// What forbids a value to stand in an argument.
fn fault(name: &str, value: &str, begins: bool) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._:@/+=,-".contains(c);
    let shown = cleaned(value);
    if value.is_empty() {
        Some(format!("the {name} is empty, and an argument needs one"))
    } else if begins && value.starts_with('-') {
        Some(format!("the {name} {shown:?} begins with a dash: the program would take it for an option"))
    } else {
        let stranger = value.chars().find(|c| !allowed(*c))?;
        let stranger = shown_character(stranger);
        Some(format!("the {name} {shown:?} has {stranger}: an argument may have letters, digits and ._:@/+=,- only"))
    }
}

fn shown_character(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        c => format!("the character {}", cleaned(&c.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn argv(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    fn template(words: &[&str]) -> Template {
        Template::parse("promote", &argv(words)).expect("valid").expect("there")
    }

    fn values(version: &str, weight: Option<f64>) -> Values<'_> {
        Values { version, reference: "r7", weight, token: "t1", id: Some("a-1") }
    }

    #[test]
    fn every_placeholder_is_replaced_inside_its_argument() {
        let template = template(&["deploy", "{version}", "--to={weight}", "{ref}@{token}", "{id}", "{\"json\": 1}", ""]);
        let filled = template.fill(&values("v2", Some(0.025))).expect("valid");
        assert_eq!(filled, ["deploy", "v2", "--to=2.5", "r7@t1", "a-1", "{\"json\": 1}", ""]);
        let preview = Values { id: None, ..values("v2", Some(1.0)) };
        assert_eq!(template.fill(&preview).expect("valid")[4], "{id}");
    }

    #[test]
    fn weights_are_percentages_without_their_sign() {
        for (weight, want) in [(0.0, "0"), (0.05, "5"), (0.07, "7"), (0.125, "12.5"), (0.001, "0.1"), (1.0, "100")] {
            assert_eq!(template(&["x", "{weight}"]).fill(&values("v2", Some(weight))).expect("valid"), ["x", want]);
        }
        let none = template(&["x", "{weight}"]).fill(&values("v2", None)).expect_err("no weight");
        assert_eq!(none, "the program wants a weight, and the status program tells none");
    }

    #[test]
    fn a_value_never_becomes_an_option_or_a_command() {
        for hostile in ["-rf", "--help", "$(touch x)", "a b", "a;b", "a\nb", "a\0b", "`id`", "a|b", "", "ä", "a'b", "\u{202e}v2"] {
            assert!(template(&["x", "{version}"]).fill(&values(hostile, None)).is_err(), "{hostile:?}");
            assert!(template(&["x", "{version}"]).why_not(hostile).is_some(), "{hostile:?}");
        }
        assert_eq!(template(&["x", "--to={version}"]).fill(&values("-1", None)).expect("harmless"), ["x", "--to=-1"]);
        assert_eq!(template(&["x", "--to={version}"]).why_not("-1"), None);
        assert_eq!(template(&["x", "fixed"]).why_not("$(x)"), None, "it is not used");
    }

    #[test]
    fn templates_are_checked_when_they_are_read() {
        let error = |words: &[&str]| Template::parse("promote", &argv(words)).expect_err("refused").0;
        assert_eq!(
            error(&["x", "{verison}"]),
            "backend.promote has the unknown placeholder {verison}: write one of {version}, {ref}, {weight}, {token}, {id}"
        );
        assert!(error(&["{version}"]).starts_with("backend.promote begins with"));
        assert!(error(&[""]).starts_with("backend.promote begins with"));
        assert_eq!(Template::parse("promote", &[]), Ok(None));
    }

    proptest! {
        #[test]
        fn whatever_the_value_an_argument_stays_one_argument(value in any::<String>()) {
            let template = template(&["x", "{version}", "--v={version}"]);
            if let Ok(filled) = template.fill(&values(&value, None)) {
                prop_assert_eq!(filled.len(), 3);
                prop_assert!(!filled[1].starts_with('-'));
                let harmless = filled[1].chars().all(|c| c.is_ascii_graphic() && !"$`;|&<>(){}[]'\"\\*?!#~".contains(c));
                prop_assert!(harmless);
                prop_assert_eq!(&filled[2], &format!("--v={value}"));
            }
        }
    }
}
