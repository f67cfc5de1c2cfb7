//! `[keys]`: which keys do what on the screen. The actions are those of the screen's own table.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::tui::keymap::{BINDINGS, Chosen};

/// `[keys]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys(BTreeMap<String, Names>);

/// One key by its name, or several.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Names(Vec<String>);

impl Keys {
    /// Whether all keys are those of the table.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For each action that is named, its keys.
    pub fn chosen(&self) -> Chosen {
        self.0.iter().map(|(action, Names(keys))| (action.clone(), keys.clone())).collect()
    }
}

impl JsonSchema for Keys {
    fn schema_name() -> Cow<'static, str> {
        "Keys".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = |help: &str| json_schema!({"description": help, "type": ["string", "array"], "pattern": "^.+$", "items": {"type": "string"}});
        let actions =
            BINDINGS.iter().filter_map(|binding| Some((binding.command.action()?.to_owned(), one(binding.help).to_value())));
        let properties: serde_json::Map<_, _> = actions.collect();
        json_schema!({"description": "`[keys]`", "type": "object", "properties": properties, "additionalProperties": false})
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(out),
            several => several.serialize(out),
        }
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Names;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key's name, such as \"R\" or \"ctrl-l\", or a list of them")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Names, E> {
                Ok(Names(vec![text.to_owned()]))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        input.deserialize_any(Visitor)
    }
}
