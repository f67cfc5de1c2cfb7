//! The desktop channel on real session buses.
//!
//! A D-Bus connection takes the bus's address from the process's environment, so each test runs its second half, an ignored test of
//! this binary, in a process of its own with the environment it needs.

use std::{
    io::{self, Write as _},
    os::unix::net::UnixListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use rollwatch::{
    engine::notice::Notice,
    notify::{Channels, LIMIT, Surroundings, Told, terminal::TerminalKind},
};
use tokio::{sync::mpsc, time::Instant};

use crate::notices::{config, notice};

const ADDRESS: &str = "DBUS_SESSION_BUS_ADDRESS";
const NAME: &str = "org.freedesktop.Notifications";

/// Runs the ignored test `name` by `command`, which ends in running a program with its arguments, and demands that it passed.
fn other_half(mut command: Command, name: &str) {
    let Output { status, stdout, stderr } =
        command.args([name, "--exact", "--ignored"]).stdin(Stdio::null()).output().expect("it runs");
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success() && said.contains("1 passed"), "{said}");
}

fn myself() -> Command {
    Command::new(std::env::current_exe().expect("this binary has a path"))
}

fn channels(terminal: Option<mpsc::Sender<Vec<u8>>>) -> Channels {
    let around = Surroundings {
        dbus_address: std::env::var_os(ADDRESS),
        terminal: terminal.map(|out| (TerminalKind::detect("xterm", "", ""), out)),
        ..Surroundings::default()
    };
    Channels::build(&config(true, true), around).expect("built")
}

/// Whether everything a session of our own needs is installed.
fn can_have_a_session() -> bool {
    let runs = |program: &str, arguments: &[&str]| {
        let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    let found = runs("dbus-run-session", &["--version"])
        && runs("gdbus", &["help"])
        && runs("/usr/bin/python3", &["-c", "import dbusmock"]);
    assert!(
        found || std::env::var_os("ROLLWATCH_REQUIRE_SERVERS").is_none(),
        "dbus-run-session, gdbus and python3-dbusmock are required"
    );
    if !found {
        writeln!(io::stderr(), "skipped: needs the Debian packages dbus-daemon, libglib2.0-bin and python3-dbusmock")
            .expect("stderr is open");
    }
    found
}

#[test]
fn a_daemon_shows_one_notification_for_one_notice() {
    if can_have_a_session() {
        let mut command = Command::new("dbus-run-session");
        let session = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/notify/session.conf");
        command.arg(format!("--config-file={session}")).arg("--").arg(myself().get_program());
        other_half(command, "desktop::in_a_session_of_its_own");
    }
}

/// A notification daemon that records what it is sent.
struct Daemon(Child);

impl Daemon {
    fn start() -> Self {
        let mut command = Command::new("/usr/bin/python3");
        command.args(["-m", "dbusmock", "--template", "notification_daemon"]).stdout(Stdio::null());
        let new = Self(command.spawn().expect("it starts"));
        let waited = Command::new("gdbus").args(["wait", "--session", "--timeout", "20", NAME]).status().expect("gdbus runs");
        assert!(waited.success(), "the daemon does not come up");
        new
    }

    /// Every call it got, as text.
    fn calls() -> String {
        let mut command = Command::new("gdbus");
        command.args(["call", "--session", "-d", NAME, "-o", "/org/freedesktop/Notifications"]);
        let output = command.args(["-m", "org.freedesktop.DBus.Mock.GetCalls"]).output().expect("gdbus runs");
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::test]
#[ignore = "needs a session bus: run by the test above"]
async fn in_a_session_of_its_own() {
    let (out, mut terminal) = mpsc::channel(8);
    let channels = channels(Some(out));
    let taken = vec![Told { channel: "desktop", result: Ok(()) }];

    let daemon = Daemon::start();
    let hostile = Notice { body: "1.31 % > 1 %, <a href=\"http://x\">v2</a> \u{1b}[31m".to_owned(), ..notice() };
    assert_eq!(channels.tell(&hostile).await, taken);
    let calls = Daemon::calls();
    assert_eq!(calls.matches("'Notify'").count(), 1, "{calls}");
    for part in [
        "<'rollwatch'>, <uint32 0>, <''>, <'v2.5.0 leaning bad · api-server · prod'>",
        "<'1.31 % &gt; 1 %, &lt;a href=&quot;http://x&quot;&gt;v2&lt;/a&gt; ␛[31m'>",
        "'urgency': <byte 0x02>",
    ] {
        assert!(calls.contains(part), "{part} is not in {calls}");
    }
    assert!(terminal.try_recv().is_err(), "the terminal is left alone while the desktop works");

    drop(daemon);
    let told = channels.tell(&notice()).await;
    assert_eq!(
        told.iter().map(|told| (told.channel, told.result.is_ok())).collect::<Vec<_>>(),
        [("desktop", false), ("terminal", true)]
    );
    assert!(told[0].result.as_ref().is_err_and(|why| why.contains(NAME)), "{told:?}");

    let _restarted = Daemon::start();
    assert_eq!(channels.tell(&notice()).await, taken, "a daemon that was restarted is found again");
}

/// A demo in which the candidate goes bad and nobody acts, in a home of its own; what it printed and left behind.
fn demo(home: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollwatch"));
    command.args(["demo", "--headless", "--speed", "120", "--format", "jsonl"]).env("HOME", home).env_remove("XDG_STATE_HOME");
    command.stdin(Stdio::null()).output().expect("it runs")
}

#[test]
fn a_whole_watch_tells_one_breach_once() {
    if can_have_a_session() {
        let mut command = Command::new("dbus-run-session");
        let session = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/notify/session.conf");
        command.arg(format!("--config-file={session}")).arg("--").arg(myself().get_program());
        other_half(command, "desktop::a_watch_in_a_session_of_its_own");
    }
}

#[test]
#[ignore = "needs a session bus: run by the test above"]
fn a_watch_in_a_session_of_its_own() {
    let _daemon = Daemon::start();
    let home = tempfile::tempdir().expect("a directory");
    assert_eq!(demo(home.path()).status.code(), Some(10));
    let calls = Daemon::calls();
    assert_eq!(calls.matches("'Notify'").count(), 2, "{calls}");
    assert_eq!(calls.matches("v2.5.0 error rate: warn · demo").count(), 1, "{calls}");
    assert_eq!(calls.matches("v2.5.0 is bad · demo").count(), 1, "{calls}");
}

#[test]
fn a_watch_on_a_bus_that_never_answers_ends_as_any_other() {
    let home = tempfile::tempdir().expect("a directory");
    let socket = home.path().join("bus");
    let _listener = UnixListener::bind(&socket).expect("bound");
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollwatch"));
    command.args(["demo", "--headless", "--speed", "120", "--scenario", "provider-down", "--auto-rollback", "--format", "jsonl"]);
    command.env("HOME", home.path()).env_remove("XDG_STATE_HOME").env(ADDRESS, format!("unix:path={}", socket.display()));
    let output = command.stdin(Stdio::null()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(22));
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = r#""event":"notify","channel":"desktop","ok":false,"error":"no answer within 2 s""#;
    assert!(said.contains(failed), "{said}");
}

#[test]
fn a_bus_that_never_answers_costs_two_seconds() {
    let dir = tempfile::tempdir().expect("a directory");
    let socket = dir.path().join("bus");
    // The kernel takes connections for us; nobody ever reads what they say.
    let _listener = UnixListener::bind(&socket).expect("bound");
    let mut command = myself();
    command.env(ADDRESS, format!("unix:path={}", socket.display()));
    other_half(command, "desktop::on_a_bus_that_never_answers");
}

#[tokio::test]
#[ignore = "needs a bus that never answers: run by the test above"]
async fn on_a_bus_that_never_answers() {
    let (out, mut terminal) = mpsc::channel(8);
    let (start, channels) = (Instant::now(), channels(Some(out)));
    let told = channels.tell(&notice()).await;
    assert!((LIMIT..LIMIT * 2).contains(&start.elapsed()), "{:?}", start.elapsed());
    let hung = Told { channel: "desktop", result: Err("no answer within 2 s".to_owned()) };
    assert_eq!(told, [hung, Told { channel: "terminal", result: Ok(()) }]);
    assert!(terminal.try_recv().is_ok());
}

#[test]
fn a_bus_that_is_not_there_is_an_error_at_once() {
    let mut command = myself();
    command.env(ADDRESS, "unix:path=/nonexistent/bus");
    other_half(command, "desktop::on_a_bus_that_is_not_there");
}

#[tokio::test]
#[ignore = "needs the address of no bus: run by the test above"]
async fn on_a_bus_that_is_not_there() {
    assert!(!Path::new("/nonexistent").exists());
    let (start, channels) = (Instant::now(), channels(None));
    let told = channels.tell(&notice()).await;
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
    let [Told { channel: "desktop", result: Err(why) }] = &told[..] else { unreachable!("one error of the desktop: {told:?}") };
    assert!(why.contains("No such file or directory"), "{why}");
}
