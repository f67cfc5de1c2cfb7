//! Where journals are kept, found again and thrown away.

use std::{fs, path::PathBuf, time::Duration};

use rollwatch::{
    engine::{
        action::{Action, Actor, ActorKind, Target, Usual},
        event::{Event, Line},
        time::Time,
    },
    journal::{
        durations::durations,
        store::{KEPT, Store},
        writer::Writer,
    },
};

use crate::events::{START, directory, ended, line, poll, started};

/// Records a watch that began `minute` minutes after the start.
fn record(store: &Store, deployment: &str, minute: u64, events: &[Event]) -> PathBuf {
    let at = START.plus(Duration::from_secs(60 * minute));
    let mut writer = store.create(deployment, "v2.5.0", at).expect("created");
    for (seq, event) in (1..).zip(events) {
        writer.append(&Line { at, ..line(seq, event.clone()) }).expect("appended");
    }
    writer.path().to_owned()
}

fn finished(deployment: &str) -> [Event; 3] {
    [started(deployment, "v2.5.0"), poll(2).event, ended()]
}

#[test]
fn a_journals_name_says_when_and_what() {
    let dir = directory();
    let writer = Store::at(dir.path()).create("api/server", "feature/x y", START).expect("created");
    let name = writer.path().file_name().expect("a name").to_str().expect("text");
    let (head, chance) = name.strip_suffix(".jsonl").and_then(|name| name.rsplit_once('-')).expect("parts");
    assert_eq!(head, "20261122-201403-feature-x-y");
    assert!(chance.len() == 8 && chance.bytes().all(|byte| byte.is_ascii_hexdigit()), "{chance}");
    let folder = writer.path().parent().and_then(|path| path.file_name()).expect("a folder").to_str().expect("text");
    assert!(folder.starts_with("api-server-"), "{folder}");
}

#[test]
fn watches_are_listed_newest_first_with_what_became_of_them() {
    let dir = directory();
    let store = Store::at(dir.path().join("rollwatch"));
    assert_eq!(store.list().expect("nothing yet"), rollwatch::journal::store::Listing::default());

    let oldest = record(&store, "api", 0, &finished("api"));
    let cut_off = record(&store, "api", 2, &[started("api", "v2.5.0"), poll(2).event]);
    let other = record(&store, "web", 1, &finished("web"));
    let resumed = record(&store, "api", 3, &[started("api", "v2.5.0"), ended(), started("api", "v2.5.0"), poll(4).event]);
    let told_late = Event::Notify { channel: "webhook".to_owned(), ok: true, error: None };
    let newest = record(&store, "api", 4, &[started("api", "v2.5.0"), ended(), told_late]);

    let listing = store.list().expect("listed");
    let found: Vec<_> = listing.watches.iter().map(|watch| (watch.path.clone(), watch.ended.is_some())).collect();
    let want = [(newest.clone(), true), (resumed.clone(), false), (cut_off, false), (other, true), (oldest, true)];
    assert_eq!(found, want);
    assert_eq!(listing.watches[0].at, START.plus(Duration::from_secs(240)));
    assert_eq!(listing.watches[3].started.deployment, "web");
    assert_eq!(listing.watches[4].ended.as_ref().map(|end| end.exit_code), Some(0));
    assert_eq!(listing.unreadable, []);

    assert_eq!(store.newest("api").expect("listed").map(|watch| watch.path), Some(newest));
    assert_eq!(store.newest_unfinished("api").expect("listed").map(|watch| watch.path), Some(resumed));
    assert_eq!(store.newest_unfinished("web").expect("listed"), None);
    assert_eq!(store.newest("unheard of").expect("listed"), None);
}

#[test]
fn the_end_is_found_in_a_long_and_torn_journal() {
    let dir = directory();
    let store = Store::at(dir.path());
    let mut events = vec![started("api", "v2.5.0")];
    events.extend((0..3000).map(|i| poll(i).event));
    events.push(ended());
    let path = record(&store, "api", 0, &events);
    let text = fs::read_to_string(&path).expect("read");
    assert!(text.len() > 200_000);
    assert!(store.newest("api").expect("listed").expect("one").ended.is_some());

    fs::write(&path, &text.as_bytes()[..text.len() - 9]).expect("torn");
    assert!(store.newest("api").expect("listed").expect("one").ended.is_none(), "an end that was not written is none");
}

#[test]
fn names_that_look_alike_are_kept_apart() {
    let dir = directory();
    let store = Store::at(dir.path());
    let spaced = record(&store, "api server", 0, &finished("api server"));
    let dashed = record(&store, "api-server", 1, &finished("api-server"));
    assert_eq!(store.newest("api server").expect("listed").map(|watch| watch.path), Some(spaced));
    assert_eq!(store.newest("api-server").expect("listed").map(|watch| watch.path), Some(dashed));
    assert_eq!(store.newest("API-server").expect("listed"), None);
}

#[test]
fn what_is_no_journal_is_said_and_stops_nothing() {
    let dir = directory();
    let store = Store::at(dir.path());
    let good = record(&store, "api", 0, &finished("api"));
    let folder = good.parent().expect("a folder");
    fs::write(folder.join("empty.jsonl"), "").expect("written");
    fs::write(folder.join("notes.txt"), "not looked at").expect("written");
    fs::create_dir(folder.join("folder.jsonl")).expect("created");
    record(&store, "api", 1, &[poll(1).event]);

    let listing = store.list().expect("listed");
    assert_eq!(listing.watches.len(), 1);
    let mut why: Vec<_> = listing.unreadable.iter().map(|error| error.why.as_str()).collect();
    why.sort_unstable();
    assert_eq!(
        why,
        [
            "it does not begin with the start of a watch",
            "it is not a regular file",
            "its first line is wrong: its checksum does not fit its text"
        ]
    );
}

#[test]
fn old_watches_go_but_never_one_without_an_end_or_one_in_use() {
    let dir = directory();
    let store = Store::at(dir.path());
    let cut_off = record(&store, "api", 0, &[started("api", "v2.5.0")]);
    let in_use = record(&store, "api", 1, &finished("api"));
    let old: Vec<_> = (2..5).map(|minute| record(&store, "api", minute, &finished("api"))).collect();
    let kept: Vec<_> = (10..).take(KEPT).map(|minute| record(&store, "api", minute, &finished("api"))).collect();
    let other = record(&store, "web", 0, &finished("web"));
    let damaged = cut_off.with_file_name("00000000-000000-x.jsonl");
    fs::write(&damaged, "?").expect("written");

    let (writer, _) = Writer::append_to(&in_use).expect("opened");
    assert_eq!(store.prune("api").expect("pruned"), old.len());
    assert!(old.iter().all(|path| !path.exists()));
    assert!(kept.iter().chain([&cut_off, &in_use, &other, &damaged]).all(|path| path.exists()));

    drop(writer);
    assert_eq!(store.prune("api").expect("pruned"), 1, "the one that was in use");
    assert_eq!(store.prune("api").expect("pruned"), 0);
    assert_eq!(store.list_of("api").expect("listed").watches.len(), KEPT + 1);
}

#[test]
fn a_time_that_no_calendar_has_still_has_a_name() {
    let dir = directory();
    let writer = Store::at(dir.path()).create("api", "v2", Time::from_ms(i64::MAX)).expect("created");
    let name = writer.path().file_name().expect("a name").to_str().expect("text");
    assert!(name.starts_with("19700101-000000-v2-"), "{name}");
}

/// An action that was asked for, and seen to work after so many seconds, unless it never was.
fn acted(id: &str, action: Action, took_s: Option<f64>) -> Vec<Event> {
    let requested = Event::ActionRequested {
        id: id.to_owned(),
        action,
        target: Target { version: "v2.4.0".to_owned(), reference: "weight 0 %".to_owned(), weight: Some(0.0) },
        actor: Actor { kind: ActorKind::Key, user: "ana".to_owned() },
        token: "t".to_owned(),
        reason: None,
        limit_s: None,
    };
    let seen = took_s.map(|took_s| Event::ActionVerified { id: id.to_owned(), took_s, facts: Vec::new() });
    [Some(requested), Some(Event::ActionSent { id: id.to_owned() }), seen].into_iter().flatten().collect()
}

#[test]
fn how_long_actions_took_is_known_from_earlier_watches() {
    let dir = directory();
    let store = Store::at(dir.path().join("rollwatch"));
    assert!(durations(&store, "api").is_empty(), "nothing is recorded yet");
    for (minute, took_s) in (0..).zip([Some(3.0), Some(90.0), None, Some(4.0)]) {
        let actions = [acted("a", Action::Promote, Some(1.0)), acted("b", Action::Rollback, took_s)].concat();
        record(&store, "api", minute, &[vec![started("api", "v2.5.0")], actions, vec![ended()]].concat());
    }
    record(&store, "web", 9, &[vec![started("web", "v2")], acted("a", Action::Rollback, Some(500.0)), vec![ended()]].concat());
    let known = durations(&store, "api");
    assert_eq!(known[&Action::Rollback], Usual { took: Duration::from_secs(4), times: 3 });
    assert_eq!(known[&Action::Promote], Usual { took: Duration::from_secs(1), times: 4 });
    assert_eq!(known[&Action::Rollback].text(), "usually 4 s (3 times before)");
}

#[test]
fn the_first_visit_is_remembered_where_it_can_be() {
    let dir = directory();
    let store = Store::at(dir.path().join("state"));
    assert_eq!([store.remember_visit(), store.remember_visit()], [true, false]);
    assert_eq!(store.list().expect("readable").watches, []);
    let nowhere = Store::at("/dev/null/state");
    assert_eq!([nowhere.remember_visit(), nowhere.remember_visit()], [true, true]);
}
