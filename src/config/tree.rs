//! A configuration as a tree in which every value knows where it was written. Layers are merged here; what the values mean is not
//! known here.

use std::collections::BTreeMap;

use super::{
    mask,
    origin::Origin,
    path::{KeyPath, Step},
};

/// Longest value shown in a message, in characters.
const LONGEST_SHOWN: usize = 60;

/// One value and where it was written.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) origin: Origin,
    pub(super) value: Value,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Table(BTreeMap<String, Node>),
    Array(Vec<Node>),
    /// Anything else that TOML knows.
    Leaf(toml::Value),
}

impl Node {
    pub(super) const fn table(origin: Origin) -> Self {
        Self { origin, value: Value::Table(BTreeMap::new()) }
    }

    /// A value that comes as a whole from one place.
    pub(super) fn whole(value: toml::Value, origin: &Origin) -> Self {
        let value = match value {
            toml::Value::Table(table) => Value::Table(table.into_iter().map(|(k, v)| (k, Self::whole(v, origin))).collect()),
            toml::Value::Array(array) => Value::Array(array.into_iter().map(|v| Self::whole(v, origin)).collect()),
            leaf => Value::Leaf(leaf),
        };
        Self { origin: origin.clone(), value }
    }

    pub(super) fn as_table(&self) -> Option<&BTreeMap<String, Self>> {
        if let Value::Table(table) = &self.value { Some(table) } else { None }
    }

    pub(super) fn as_table_mut(&mut self) -> Option<&mut BTreeMap<String, Self>> {
        if let Value::Table(table) = &mut self.value { Some(table) } else { None }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        if let Value::Leaf(leaf) = &self.value { leaf.as_str() } else { None }
    }

    fn child(&self, step: &Step) -> Option<&Self> {
        match (&self.value, step) {
            (Value::Table(table), Step::Key(key)) => table.get(key),
            (Value::Array(array), Step::Index(index)) => array.get(*index),
            _ => None,
        }
    }

    fn child_mut(&mut self, step: &Step) -> Option<&mut Self> {
        match (&mut self.value, step) {
            (Value::Table(table), Step::Key(key)) => table.get_mut(key),
            (Value::Array(array), Step::Index(index)) => array.get_mut(*index),
            _ => None,
        }
    }

    pub(super) fn get(&self, path: &KeyPath) -> Option<&Self> {
        path.steps().iter().try_fold(self, |node, step| node.child(step))
    }

    fn get_mut(&mut self, steps: &[Step]) -> Option<&mut Self> {
        steps.iter().try_fold(self, |node, step| node.child_mut(step))
    }

    /// The value at `path`, or the innermost table around the place where it would be.
    pub(super) fn nearest(&self, path: &KeyPath) -> &Self {
        let mut node = self;
        for step in path.steps() {
            let Some(child) = node.child(step) else { break };
            node = child;
        }
        node
    }

    /// Puts `node` at `path`; tables on the way that are not there yet are made, whatever else is in the way is replaced.
    pub(super) fn put(&mut self, path: &KeyPath, node: Self) {
        let mut here = self;
        for step in path.steps() {
            let Step::Key(key) = step else { return };
            if here.as_table().is_none() {
                *here = Self::table(node.origin.clone());
            }
            let Value::Table(table) = &mut here.value else { return };
            here = table.entry(key.clone()).or_insert_with(|| Self::table(node.origin.clone()));
        }
        *here = node;
    }

    /// Takes out the value at `path`.
    pub(super) fn remove(&mut self, path: &KeyPath) -> Option<Self> {
        let (last, before) = path.steps().split_last()?;
        match (&mut self.get_mut(before)?.value, last) {
            (Value::Table(table), Step::Key(key)) => table.remove(key),
            (Value::Array(array), Step::Index(index)) if *index < array.len() => Some(array.remove(*index)),
            _ => None,
        }
    }

    /// Replaces the value at `path`; false when there is none.
    pub(super) fn replace(&mut self, path: &KeyPath, by: &Self) -> bool {
        let Some(node) = self.get_mut(path.steps()) else { return false };
        *node = by.clone();
        true
    }

    /// Lays `above` over this tree: tables key by key, everything else as a whole. A table is said to be where it was first written.
    pub(super) fn merge(&mut self, above: Self) {
        match (&mut self.value, above.value) {
            (Value::Table(mine), Value::Table(theirs)) => {
                for (key, node) in theirs {
                    match mine.get_mut(&key) {
                        Some(below) => below.merge(node),
                        None => drop(mine.insert(key, node)),
                    }
                }
                if self.origin.is_built_in() {
                    self.origin = above.origin;
                }
            }
            (mine, theirs) => {
                *mine = theirs;
                self.origin = above.origin;
            }
        }
    }

    /// The bare values.
    pub(super) fn to_toml(&self) -> toml::Value {
        match &self.value {
            Value::Table(table) => toml::Value::Table(table.iter().map(|(k, v)| (k.clone(), v.to_toml())).collect()),
            Value::Array(array) => toml::Value::Array(array.iter().map(Self::to_toml).collect()),
            Value::Leaf(leaf) => leaf.clone(),
        }
    }

    /// The value as it was written, fit for a message; none for a table, which is no text.
    pub(super) fn written(&self) -> Option<String> {
        let text = match (&self.value, &self.origin) {
            (Value::Table(_), _) => return None,
            (_, Origin::File(spot)) => spot.written()?.to_owned(),
            _ => mask::urls(&self.to_toml().to_string()),
        };
        let mut shown: String = text.chars().take(LONGEST_SHOWN).collect();
        if text.chars().nth(LONGEST_SHOWN).is_some() {
            shown.push('…');
        }
        Some(crate::text::cleaned(&shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str, origin: &Origin) -> Node {
        Node::whole(toml::Value::Table(text.parse().expect("TOML")), origin)
    }

    #[test]
    fn tables_are_merged_key_by_key_and_lists_as_a_whole() {
        let mut below = tree("[a]\nx = 1\ny = [1, 2]\n[b]\nz = 1", &Origin::Default);
        below.merge(tree("[a]\ny = [3]\nw = 4", &Origin::Flag("--a")));
        let merged: toml::Table = "[a]\nx = 1\ny = [3]\nw = 4\n[b]\nz = 1".parse().expect("TOML");
        assert_eq!(below.to_toml(), toml::Value::Table(merged));
        let origin = |path: &str| below.get(&path.into()).expect("there").origin.to_string();
        assert_eq!([origin("a.x"), origin("a.y"), origin("b.z")], ["default", "--a", "default"]);
    }

    #[test]
    fn a_value_can_be_put_found_and_taken_out() {
        let mut tree = tree("[a]\nx = [1, 2]", &Origin::Default);
        let x = KeyPath::from("a.x");
        tree.put(&"b.c".into(), Node::whole(true.into(), &Origin::Flag("--c")));
        assert_eq!(tree.get(&"b.c".into()).and_then(Node::written).as_deref(), Some("true"));
        assert!(tree.remove(&x.index(0)).is_some() && tree.remove(&x.index(1)).is_none());
        assert_eq!(tree.get(&x).and_then(Node::written).as_deref(), Some("[2]"));
        assert_eq!(tree.nearest(&"b.d.e".into()).origin.to_string(), "--c");
    }
}
