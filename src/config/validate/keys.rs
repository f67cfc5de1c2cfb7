//! Rules about `[keys]`: what the screen's own table of keys objects to.

use super::Rules;
use crate::{
    config::{path::KeyPath, tree::Value},
    tui::keymap,
};

pub(super) fn rules(rules: &mut Rules<'_>) {
    for objection in keymap::objections(&rules.file.keys.chosen()) {
        let action = KeyPath::from("keys").key(&objection.action);
        let is_list = matches!(rules.tree.get(&action).map(|node| &node.value), Some(Value::Array(_)));
        let key = if is_list { action.index(objection.nth) } else { action };
        rules.refuse(key, &objection.problem, &objection.problem.advice());
    }
}
