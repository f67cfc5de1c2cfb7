//! Two engineers at two laptops, each with the same bad rollout on the screen, who roll it back in the same moment.

use serde_json::Value;

use crate::{
    bed::{Cluster, Namespace},
    laptop::{Laptop, deployed, image, paused_on_the_way, target},
    program::json_lines,
    service::Service,
    terminal::Terminal,
};

const TAKEN_BACK: &str = "✓ ROLLED BACK";
const WAS_SECOND: &str = "ENDED ELSEWHERE";

/// Somebody's screen, and the services that it judges.
struct Screen {
    user: &'static str,
    terminal: Terminal,
    _services: (Service, Service),
}

impl Screen {
    fn new(user: &'static str, size: (u16, u16), cluster: &Cluster, target: &str) -> Self {
        let laptop = Laptop::new(cluster, true);
        laptop.configure("");
        let Laptop { home, services } = laptop;
        let command = [env!("CARGO_BIN_EXE_rollwatch"), "watch", target, "-c", "rollwatch.toml"];
        Self { user, terminal: Terminal::running(home, size, &command, &[("USER", user)]), _services: services }
    }

    /// Whether it was this one that rolled back, once it is over.
    fn was_first(&self) -> bool {
        self.terminal.comes("the end of the watch", |screen| screen.contains(TAKEN_BACK) || screen.contains(WAS_SECOND));
        self.terminal.contents().contains(TAKEN_BACK)
    }

    /// Leaves it: the exit code, and what its journal tells.
    fn leave(&mut self) -> (u32, Vec<Value>) {
        self.terminal.type_keys(b"q");
        let (status, _) = self.terminal.ended();
        (status.exit_code(), json_lines(&self.terminal.journal()))
    }
}

fn all<'a>(journal: &'a [Value], event: &str) -> Vec<&'a Value> {
    journal.iter().filter(|line| line["event"] == event).collect()
}

fn end(journal: &[Value]) -> (&str, &str) {
    let ended = all(journal, "watch.ended");
    assert_eq!(ended.len(), 1, "{ended:?}");
    (ended[0]["outcome"].as_str().expect("an outcome"), ended[0]["sentence"].as_str().expect("a sentence"))
}

/// How the server answered to each write since there were `before`.
fn answers(namespace: &Namespace, before: usize) -> Vec<u64> {
    let writes = namespace.writes().into_iter().skip(before);
    writes.map(|write| write["responseStatus"]["code"].as_u64().expect("an answer")).collect()
}

#[test]
fn two_screens_roll_back_at_once_and_the_second_says_who_was_first() {
    let Some(cluster) = Cluster::shared() else { return };
    let namespace = deployed(cluster, "screens");
    paused_on_the_way(&namespace);
    let at = target(&namespace, "deployment/web");
    let mut screens = [("ana", (120, 40)), ("ben", (80, 24))].map(|(user, size)| Screen::new(user, size, cluster, &at));
    let before = namespace.writes().len();
    for screen in &mut screens {
        screen.terminal.shows("✗ BAD");
        screen.terminal.type_keys(b"R");
    }
    for screen in &screens {
        screen.terminal.shows(&format!("Roll back {}.web in bed?", namespace.name()));
    }
    assert_eq!(answers(&namespace, before), [0; 0], "nobody has said yes yet");
    let [one, other] = &mut screens;
    one.terminal.type_keys(b"y");
    other.terminal.write(b"y");
    screens.sort_by_key(|screen| !screen.was_first());
    let [first, second] = &mut screens;
    second.terminal.shows(WAS_SECOND);
    let sentence = format!("web was taken back to v1 by {} on ", first.user);
    second.terminal.shows(&sentence);

    let mut answers = answers(&namespace, before);
    answers.sort_unstable();
    assert_eq!((answers[0], answers[1..].iter().all(|code| *code == 409)), (200, true), "{answers:?}");
    assert_eq!(image(&namespace), "app:v1");

    let (code, journal) = first.leave();
    assert_eq!((code, end(&journal).0), (11, "rolled_back"));
    assert_eq!((all(&journal, "action.sent").len(), all(&journal, "action.verified").len()), (1, 1));
    let (code, journal) = second.leave();
    assert_eq!((code, end(&journal).0), (13, "ended_elsewhere"));
    assert!(end(&journal).1.starts_with(&sentence), "{}", end(&journal).1);
    assert_eq!(all(&journal, "action.sent").len(), 0, "nothing of it was taken");
    // It asked too, unless it saw in the same moment that there was nothing left to ask for.
    let not_begun = format!("not begun: {} on ", first.user);
    for failed in all(&journal, "action.failed") {
        let error = failed["error"].as_str().expect("why");
        assert!(error.starts_with(&not_begun) && error.contains(" was first: rollback to v1"), "{error}");
    }
    assert_eq!(all(&journal, "action.failed").len(), all(&journal, "action.requested").len());
}
