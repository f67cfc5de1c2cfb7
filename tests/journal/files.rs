//! Who may read and write what is on disk.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt as _, chown, symlink},
    path::Path,
};

use rollwatch::journal::{
    lock::{Holder, LockError, WatchLock},
    store::Store,
    writer::Writer,
};

use crate::events::{START, directory, poll};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("changed");
}

#[test]
fn only_the_owner_may_look() {
    let dir = directory();
    let root = dir.path().join("state/rollwatch");
    let store = Store::at(&root);
    let writer = store.create("api", "v2.5.0", START).expect("created");
    let _lock = WatchLock::take(&store, "api", "", &Holder::here("ana", "rollwatch watch", START)).expect("taken");

    let locks = root.join("locks");
    let lock = fs::read_dir(&locks).expect("read").next().expect("one").expect("read").path();
    for (path, want) in [
        (root.parent().expect("a parent"), 0o700),
        (&root, 0o700),
        (&locks, 0o700),
        (writer.path().parent().expect("a parent"), 0o700),
        (writer.path(), 0o600),
        (&lock, 0o600),
    ] {
        assert_eq!(mode(path), want, "{}", path.display());
    }
}

#[test]
fn a_directory_that_others_can_write_to_is_refused() {
    let dir = directory();
    let store = Store::at(dir.path());
    for open in [0o770, 0o707, 0o777] {
        chmod(dir.path(), open);
        let refused = store.create("api", "v2", START).expect_err("others can write").to_string();
        let want = format!("cannot be used: other users can write to it (mode {open:o}); take that away with `chmod go-w`");
        assert!(refused.ends_with(&want), "{refused}");
    }
    chmod(dir.path(), 0o755);
    drop(store.create("api", "v2", START).expect("only the owner can write"));
}

#[test]
fn a_directory_of_somebody_else_is_refused() {
    let dir = directory();
    // As root we can give a directory away; as anybody else we need not.
    let foreign = if chown(dir.path(), Some(65_534), None).is_ok() { dir.path() } else { Path::new("/usr") };
    let refused = Store::at(foreign).create("api", "v2", START).expect_err("not ours").to_string();
    assert!(refused.contains("cannot be used: it belongs to the user with the number"), "{refused}");
}

#[test]
fn a_journal_that_others_can_write_to_is_not_gone_on_with() {
    let dir = directory();
    let path = dir.path().join("watch.jsonl");
    drop(Writer::create(&path).expect("created"));
    chmod(&path, 0o620);
    let refused = Writer::append_to(&path).expect_err("others can write").to_string();
    assert!(refused.contains("other users can write to it (mode 620)"), "{refused}");
}

#[test]
fn a_planted_link_is_not_followed() {
    let dir = directory();
    let victim = dir.path().join("victim");
    fs::write(&victim, "precious").expect("written");
    let store = Store::at(dir.path());
    let me = Holder::here("ana", "rollwatch watch", START);

    let journal = dir.path().join("watch.jsonl");
    symlink(&victim, &journal).expect("planted");
    for refused in
        [Writer::create(&journal).expect_err("a link").to_string(), Writer::append_to(&journal).expect_err("a link").to_string()]
    {
        assert!(refused.ends_with("it is a symbolic link, and those are not followed here"), "{refused}");
    }

    drop(WatchLock::take(&store, "api", "", &me).expect("taken"));
    let lock = fs::read_dir(dir.path().join("locks")).expect("read").next().expect("one").expect("read").path();
    fs::remove_file(&lock).expect("removed");
    symlink(&victim, &lock).expect("planted");
    let refused = WatchLock::take(&store, "api", "", &me).expect_err("a link");
    assert!(matches!(&refused, LockError::File(error) if error.why.contains("symbolic link")), "{refused}");

    assert_eq!(fs::read_to_string(&victim).expect("read"), "precious");
}

#[test]
fn what_is_there_already_is_never_overwritten() {
    let dir = directory();
    let path = dir.path().join("watch.jsonl");
    let mut writer = Writer::create(&path).expect("created");
    writer.append(&poll(1)).expect("appended");
    drop(writer);
    let refused = Writer::create(&path).expect_err("there already").to_string();
    assert!(refused.ends_with("watch.jsonl cannot be created: File exists (os error 17)"), "{refused}");
    assert_eq!(Writer::append_to(&path).expect("opened").1.lines, [poll(1)]);
}

#[test]
fn a_device_is_no_journal() {
    let refused = Writer::append_to(Path::new("/dev/full")).expect_err("a device").to_string();
    assert!(refused.starts_with("/dev/full cannot be written: "), "{refused}");
}
