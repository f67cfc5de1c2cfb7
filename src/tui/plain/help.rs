//! Which keys there are, as they are now, and why one does nothing.

use crate::{
    engine::snapshot::{Mode, Snapshot},
    tui::{
        keymap::{self, Command, Group, Keymap},
        model::View,
    },
};

/// The keys that answer in lines, with what they do here.
const LOOKS: [(&[Command], &str); 7] = [
    (&[Command::Explain, Command::Open], "explain the worst check; again: the next one"),
    (&[Command::View(View::Overview)], "the present state"),
    (&[Command::Redraw], "say again what is asked, or the present state"),
    (&[Command::Help], "all keys"),
    (&[Command::Suspend], "put aside; fg brings it back"),
    (&[Command::Quit], "quit; asks while auto-rollback is armed"),
    (&[Command::Interrupt], "twice: quit at once"),
];

/// "Keys: p promote, R roll back, e explain, 1 state, ? all keys, q quit."
pub(super) fn greeting(keymap: &Keymap, snapshot: &Snapshot) -> String {
    let acts = keymap.act_keys(snapshot).map(|(name, key)| format!("{name} {}", key.label));
    let looks = [
        (Command::Explain, "explain"),
        (Command::View(View::Overview), "present state"),
        (Command::Help, "all keys"),
        (Command::Quit, "quit"),
    ];
    let looks = looks.map(|(command, does)| (keymap.name(command), does));
    let looks = looks.iter().filter(|(name, _)| !name.is_empty()).map(|(name, does)| format!("{name} {does}"));
    let keys: Vec<String> = acts.chain(looks).collect();
    let inert = inert(snapshot).map(|why| format!("{why} ")).unwrap_or_default();
    format!("{inert}Keys: {}.", keys.join(", "))
}

/// Every key that does something here, one a line.
pub(super) fn lines(keymap: &Keymap, snapshot: &Snapshot) -> Vec<String> {
    let acts = keymap.act_keys(snapshot).map(|(name, key)| {
        let note = key.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
        format!("  {name}: {}{note}", key.label)
    });
    let acts: Vec<String> = acts.collect();
    let heading = if acts.is_empty() { None } else { Some("Keys that act; each asks once more:".to_owned()) };
    let looks = LOOKS.iter().filter_map(|(commands, does)| {
        let lines = keymap.lines().filter(|(binding, _)| commands.contains(&binding.command));
        let names: Vec<&str> = lines.flat_map(|(_, keys)| keys).map(|(_, name)| name.as_str()).collect();
        (!names.is_empty()).then(|| format!("  {}: {does}", names.join(" or ")))
    });
    let heads = inert(snapshot).into_iter().chain(heading).chain(acts);
    heads.chain(["Other keys:".to_owned()]).chain(looks).collect()
}

/// Why a key that acts has nothing to ask about here; none for another key, and where it has.
pub(super) fn not_here(command: Command, snapshot: &Snapshot) -> Option<String> {
    let Command::Act(slot) = command else { return None };
    let is_here = snapshot.keys.iter().any(|key| keymap::slot(key.what) == Some(slot));
    (!is_here).then(|| inert(snapshot).unwrap_or_else(|| "That cannot be done here.".to_owned()))
}

/// A key about something that only a screen shows.
pub(super) fn needs_the_screen(keymap: &Keymap, command: Command) -> Option<String> {
    let (binding, _) = keymap.lines().find(|(binding, _)| binding.command == command && binding.group != Group::Panel)?;
    Some(format!("Only on the screen, without --plain: {}.", binding.help))
}

/// Why no key acts in this session.
fn inert(snapshot: &Snapshot) -> Option<String> {
    match &snapshot.deployment.mode {
        Mode::ReadOnly(why) => Some(format!("Read-only: {why}.")),
        Mode::Replay => Some("A recorded watch is played: no key acts.".to_owned()),
        Mode::Manual | Mode::Armed | Mode::Used => None,
    }
}
