//! What a status program prints: one JSON document, checked before anything in it is used.

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;

use crate::{
    config::value::Percent,
    engine::{
        action::Action,
        role::{Role, Sides},
    },
    text::{clean, cleaned},
};

/// Most sentences of `not_undone` that are shown.
const MOST_SENTENCES: usize = 10;

/// The document. Keys that are not here are ignored.
#[derive(Clone, Debug, Deserialize)]
struct Document {
    token: String,
    baseline: Told,
    candidate: Told,
    #[serde(default)]
    paused: bool,
    #[serde(default)]
    can: BTreeMap<String, Can>,
    #[serde(default)]
    not_undone: Vec<String>,
    done: Option<Done>,
}

#[derive(Clone, Debug, Deserialize)]
struct Told {
    version: String,
    weight: Option<Percent>,
    #[serde(rename = "ref")]
    reference: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Done {
    id: String,
}

/// `true`, or the reason why not.
#[derive(Clone, Debug)]
enum Can {
    Yes,
    No(String),
}

impl<'de> Deserialize<'de> for Can {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Can;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, or the reason why not as text")
            }
            fn visit_bool<E>(self, yes: bool) -> Result<Can, E> {
                Ok(if yes { Can::Yes } else { Can::No("the status program says that it cannot be done now".to_owned()) })
            }
            fn visit_str<E>(self, reason: &str) -> Result<Can, E> {
                Ok(Can::No(cleaned(reason)))
            }
        }
        input.deserialize_any(Visitor)
    }
}

/// The state that a status program told.
#[derive(Clone, Debug)]
pub(super) struct Status {
    /// Stands for this very state.
    pub(super) token: String,
    /// Names of both versions.
    pub(super) versions: Sides<String>,
    /// The program's own names of what each version is; the version's name where it gave none.
    pub(super) references: Sides<String>,
    /// Shares of traffic as fractions, where it told them.
    pub(super) weights: Option<Sides<f64>>,
    /// Nobody goes on before a resume.
    pub(super) paused: bool,
    /// What an action would leave as it is.
    pub(super) not_undone: Vec<String>,
    /// The last decision that was carried out, where it told one.
    pub(super) done: Option<String>,
    can: BTreeMap<String, Can>,
}

impl Status {
    /// Reads the document.
    ///
    /// # Errors
    /// A phrase that names the key and what is wrong with it.
    pub(super) fn parse(printed: &[u8]) -> Result<Self, String> {
        let mut input = serde_json::Deserializer::from_slice(printed);
        let document: Document = serde_path_to_error::deserialize(&mut input).map_err(|error| {
            let path = error.path().to_string();
            let why = cleaned(&error.into_inner().to_string());
            if path == "." { why } else { format!("`{}`: {why}", cleaned(&path)) }
        })?;
        input.end().map_err(|_| "there is more after the JSON document".to_owned())?;
        document.checked()
    }

    /// Why the program says that `action` cannot be done, if it says so.
    pub(super) fn why_not(&self, action: Action) -> Option<&str> {
        match self.can.get(action.word()) {
            Some(Can::No(reason)) => Some(reason),
            Some(Can::Yes) | None => None,
        }
    }
}

impl Document {
    fn checked(self) -> Result<Status, String> {
        plain("token", &self.token)?;
        for (role, side) in [(Role::Baseline, &self.baseline), (Role::Candidate, &self.candidate)] {
            plain(&format!("{}.version", role.word()), &side.version)?;
            side.reference.as_deref().map_or(Ok(()), |text| plain(&format!("{}.ref", role.word()), text))?;
        }
        if let Some(done) = &self.done {
            plain("done.id", &done.id)?;
        }
        let weights = weights(self.baseline.weight, self.candidate.weight)?;
        let reference = |side: &Told| side.reference.clone().unwrap_or_else(|| side.version.clone());
        Ok(Status {
            references: Sides { baseline: reference(&self.baseline), candidate: reference(&self.candidate) },
            versions: Sides { baseline: self.baseline.version, candidate: self.candidate.version },
            weights,
            token: self.token,
            paused: self.paused,
            not_undone: self.not_undone.iter().take(MOST_SENTENCES).map(|text| cleaned(text)).collect(),
            done: self.done.map(|done| done.id),
            can: self.can,
        })
    }
}

/// A text that is passed on and compared must be what is shown: nothing invisible, nothing cut.
fn plain(key: &str, text: &str) -> Result<(), String> {
    if text.is_empty() {
        Err(format!("`{key}` is empty"))
    } else if clean(text) != text {
        Err(format!("`{key}` has control characters or is longer than 400 characters"))
    } else {
        Ok(())
    }
}

/// Both weights, one of them filled in from the other; together they must be all traffic, to half a percentage point.
fn weights(baseline: Option<Percent>, candidate: Option<Percent>) -> Result<Option<Sides<f64>>, String> {
    const ROUNDING: f64 = 0.005;
    for (key, weight) in [("baseline", baseline), ("candidate", candidate)] {
        if weight.is_some_and(|weight| weight.0 > 1.0) {
            return Err(format!("`{key}.weight` is more than 100%"));
        }
    }
    match (baseline, candidate) {
        (None, None) => Ok(None),
        (Some(baseline), None) => Ok(Some(Sides { baseline: baseline.0, candidate: 1.0 - baseline.0 })),
        (None, Some(candidate)) => Ok(Some(Sides { baseline: 1.0 - candidate.0, candidate: candidate.0 })),
        (Some(baseline), Some(candidate)) if (baseline.0 + candidate.0 - 1.0).abs() <= ROUNDING => {
            Ok(Some(Sides { baseline: baseline.0, candidate: candidate.0 }))
        }
        (Some(baseline), Some(candidate)) => {
            Err(format!("`baseline.weight` {baseline} and `candidate.weight` {candidate} are not 100% together"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Status, String> {
        Status::parse(text.as_bytes())
    }

    #[test]
    fn the_smallest_document_is_a_token_and_two_versions() {
        let status = parse(r#"{"token":"7","baseline":{"version":"v1"},"candidate":{"version":"v2","ref":"r2"}}"#).expect("valid");
        assert_eq!(status.token, "7");
        assert_eq!(status.versions, Sides { baseline: "v1".into(), candidate: "v2".into() });
        assert_eq!(status.references, Sides { baseline: "v1".into(), candidate: "r2".into() });
        assert_eq!((status.weights, status.paused, status.done.as_deref()), (None, false, None));
        assert_eq!(status.why_not(Action::Promote), None);
    }

    #[test]
    fn everything_else_is_optional_and_unknown_keys_are_ignored() {
        let status = parse(
            r#"{"token":"7","baseline":{"version":"v1"},"candidate":{"version":"v2","weight":"5%","colour":"blue"},"paused":true,
               "can":{"promote":"the freeze ends on Monday","pause":true,"abort":false},"not_undone":["a\u001bb"],
               "done":{"id":"a-1"},"more":{}}"#,
        )
        .expect("valid");
        assert_eq!(status.weights, Some(Sides { baseline: 0.95, candidate: 0.05 }));
        assert_eq!(status.why_not(Action::Promote), Some("the freeze ends on Monday"));
        assert_eq!(status.why_not(Action::Pause), None);
        assert!(status.why_not(Action::Abort).is_some());
        assert_eq!(status.not_undone, ["a␛b"]);
        assert_eq!(status.done.as_deref(), Some("a-1"));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_key() {
        let versions = r#""baseline":{"version":"v1"},"candidate":{"version":"v2"}"#;
        for (text, want) in [
            (format!("{{{versions}}}"), "missing field `token`"),
            (r#"{"token":"1","baseline":{"version":"v1"},"candidate":{}}"#.into(), "`candidate`: missing field `version`"),
            (r#"{"token":1}"#.into(), "`token`: invalid type: integer `1`, expected a string"),
            (format!(r#"{{"token":"","x":1,{versions}}}"#), "`token` is empty"),
            (format!(r#"{{"token":"a\n",{versions}}}"#), "`token` has control characters"),
            (format!(r#"{{"token":"1",{versions}}} x"#), "there is more after the JSON document"),
            (format!(r#"{{"token":"1",{versions},"can":{{"promote":3}}}}"#), "`can.promote`: invalid type: integer `3`"),
            ("<html>502</html>".into(), "expected value at line 1 column 1"),
            (String::new(), "EOF while parsing a value"),
        ] {
            let error = parse(&text).expect_err(&text);
            assert!(error.starts_with(want), "{error:?} should begin with {want:?}");
        }
    }

    #[test]
    fn weights_carry_their_sign_and_are_all_traffic() {
        let with = |baseline: &str, candidate: &str| {
            parse(&format!(
                r#"{{"token":"1","baseline":{{"version":"v1","weight":{baseline}}},"candidate":{{"version":"v2","weight":{candidate}}}}}"#
            ))
            .map(|status| status.weights)
        };
        assert_eq!(with("null", "\"25%\""), Ok(Some(Sides { baseline: 0.75, candidate: 0.25 })));
        assert_eq!(with("\"66.7%\"", "\"33.3%\"").map(|w| w.is_some()), Ok(true));
        let error = with("null", "25").expect_err("ambiguous");
        assert!(error.starts_with("`candidate.weight`: a percentage needs its sign: write \"25%\""), "{error}");
        assert_eq!(with("null", "\"101%\""), Err("`candidate.weight` is more than 100%".into()));
        let error = with("\"75%\"", "\"20%\"").expect_err("5 % are missing");
        assert_eq!(error, "`baseline.weight` 75% and `candidate.weight` 20% are not 100% together");
    }

    proptest! {
        #[test]
        fn no_document_is_ever_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..90) {
            let _any = Status::parse(&bytes);
            let whole = br#"{"token":"7","baseline":{"version":"v1","weight":"5%"},"candidate":{"version":"v2"},"can":{}}"#;
            prop_assert!(Status::parse(&whole[..cut]).is_err());
        }
    }
}
