//! The configuration's JSON Schema, and what is asked of it: which keys, words and types stand where. It is made from `file`, so
//! that nothing is said twice.

use schemars::{Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::{Value as Json, json};

use super::{
    file::File,
    layer::ALIASES,
    path::{KeyPath, Step},
    tree::Node,
};

/// The schema of a whole file.
#[derive(Debug)]
pub(super) struct Shape(Json);

/// The schema of one place in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'s> {
    root: &'s Json,
    here: &'s Json,
}

impl Shape {
    /// The schema of a file; what `defaults` gives need not stand in it.
    pub(super) fn new(defaults: &Node) -> Self {
        let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(without_null));
        let mut root = settings.into_generator().into_root_schema_for::<File>().to_value();
        relax(&mut root, defaults);
        add_aliases(&mut root);
        Self(root)
    }

    pub(super) const fn root(&self) -> Part<'_> {
        Part { root: &self.0, here: &self.0 }
    }

    /// As it is published.
    pub(super) fn text(&self) -> String {
        format!("{:#}\n", self.0)
    }
}

impl<'s> Part<'s> {
    fn part(self, here: &'s Json) -> Self {
        let target = here["$ref"].as_str().and_then(|to| self.root.pointer(to.trim_start_matches('#')));
        Self { root: self.root, here: target.unwrap_or(here) }
    }

    /// What may stand under the key `name`.
    pub(super) fn key(self, name: &str) -> Option<Self> {
        let named = self.here["properties"].get(name);
        named.or_else(|| self.here.get("additionalProperties").filter(|any| any.is_object())).map(|here| self.part(here))
    }

    /// What may stand at `path`.
    pub(super) fn at(self, path: &KeyPath) -> Option<Self> {
        path.steps().iter().try_fold(self, Self::step)
    }

    /// What may stand one step further.
    pub(super) fn step(self, step: &Step) -> Option<Self> {
        match step {
            Step::Key(key) => self.key(key),
            Step::Index(_) | Step::Gone => self.item(),
        }
    }

    /// What may stand in the list.
    pub(super) fn item(self) -> Option<Self> {
        self.here.get("items").map(|here| self.part(here))
    }

    /// The keys that are known here, in the order of the documentation.
    pub(super) fn keys(self) -> impl Iterator<Item = &'s str> {
        self.here["properties"].as_object().into_iter().flatten().map(|(key, _)| key.as_str())
    }

    /// Whether no other keys may stand here.
    pub(super) fn is_closed(self) -> bool {
        self.here["additionalProperties"] == false
    }

    /// The keys that must be written here.
    pub(super) fn required(self) -> impl Iterator<Item = &'s str> {
        self.here["required"].as_array().into_iter().flatten().filter_map(Json::as_str)
    }

    /// The forms a table may have, each with the word that its key `kind` must be.
    pub(super) fn kinds(self) -> impl Iterator<Item = (&'s str, Self)> {
        let forms = self.here["oneOf"].as_array().into_iter().flatten();
        forms.filter_map(move |form| Some((form["properties"]["kind"]["const"].as_str()?, self.part(form))))
    }

    /// The words of which the value must be one; none when it is no word.
    pub(super) fn words(self) -> impl Iterator<Item = &'s str> {
        self.here["oneOf"].as_array().into_iter().flatten().filter_map(|word| word["const"].as_str())
    }

    /// Whether a reference to a secret belongs here.
    pub(super) fn is_secret(self) -> bool {
        self.keys().eq(["env", "file", "command"])
    }

    /// Whether the value is a text with a form of its own, a duration or a percentage.
    pub(super) fn has_form(self) -> bool {
        self.here.get("pattern").is_some()
    }

    /// The word of JSON Schema for the value's type; empty where there are several forms.
    pub(super) fn kind(self) -> &'s str {
        let word = self.here["type"].as_str().unwrap_or_default();
        if word.is_empty() && self.words().next().is_some() { "string" } else { word }
    }

    /// The largest whole number that fits.
    pub(super) fn largest(self) -> Option<u32> {
        (self.here["format"] == "uint32").then_some(u32::MAX)
    }
}

/// TOML has no null: an optional key is absent.
fn without_null(schema: &mut Schema) {
    if let Some(Json::Array(types)) = schema.get_mut("type") {
        types.retain(|word| word != "null");
        if let [word] = types.as_slice() {
            let word = word.clone();
            schema.insert("type".into(), word);
        }
    }
    if let Some(Json::Array(forms)) = schema.get_mut("anyOf") {
        forms.retain(|form| form["type"] != "null");
        if let [Json::Object(form)] = forms.as_slice() {
            let form = form.clone();
            schema.remove("anyOf");
            schema.ensure_object().extend(form);
        }
    }
}

/// Takes the keys that `defaults` gives out of what each section requires.
fn relax(root: &mut Json, defaults: &Node) {
    let sections = defaults.as_table().into_iter().flatten();
    let given: Vec<(String, &Node)> = sections
        .filter_map(|(name, section)| {
            Some((root["properties"][name]["$ref"].as_str()?.trim_start_matches('#').to_owned(), section))
        })
        .collect();
    for (schema, section) in given.iter().map(|(at, section)| (at.as_str(), *section)).chain([("", defaults)]) {
        let Some(schema) = root.pointer_mut(schema).and_then(Json::as_object_mut) else { continue };
        let Some(Json::Array(required)) = schema.get_mut("required") else { continue };
        required.retain(|key| key.as_str().is_none_or(|key| section.get(&key.into()).is_none()));
        if required.is_empty() {
            schema.remove("required");
        }
    }
}

/// Lets the sections of both versions be called by their other names.
fn add_aliases(root: &mut Json) {
    let Some(sections) = root["properties"].as_object_mut() else { return };
    for (alias, name) in ALIASES {
        let schema = json!({ "description": format!("Another name of `{name}`."), "$ref": "#/$defs/Version" });
        sections.insert(alias.to_owned(), schema);
    }
}
