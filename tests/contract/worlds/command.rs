//! Real programs: a deployment kept in one file, that refuses an old token and carries out each decision once, as the documentation of
//! the `command` backend asks for.

use std::{fs, os::unix::fs::PermissionsExt as _};

use super::super::world::{BEGIN, Fault, VERSIONS, World};
use crate::program::Home;

/// `status`, or `set WEIGHT TOKEN ID`. The state is one line: weight, token, the last decision. Files beside it break it.
const SCRIPT: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 9
[ -e gone ] && { echo "no such cluster" >&2; exit 1; }
[ -e refuses ] && { echo "403 Forbidden: the token has expired" >&2; exit 1; }
change() { # WEIGHT ID
  echo "$2" >> carried-out
  echo "$1 $((token + 1)) $2" > state.new
  mv state.new state
}
case $1 in
  status)
    [ -x on-status ] && ./on-status "$PPID"
    read -r weight token id < state
    printf '{"token":"%s","baseline":{"version":"v2.4.0"},"candidate":{"version":"%s","weight":"%s%%"},' "$token" "$(cat candidate)" "$weight"
    printf '"can":{"pause":"this platform has no pause"},"done":{"id":"%s"}}\n' "$id"
    ;;
  set)
    echo "$2" >> asked
    [ -e hangs ] && exec sleep 600
    exec 9> state.lock
    flock 9
    read -r weight token id < state
    [ "$4" = "$id" ] && exit 0
    [ "$3" = "$token" ] || { echo "the state is $token, not $3" >&2; exit 4; }
    [ -e nothing ] || change "$2" "$4"
    [ -e loses ] && exec sleep 600 9>&-
    exit 0
    ;;
  somebody-else)
    exec 9> state.lock
    flock 9
    read -r weight token id < state
    change 50 somebody-else
    ;;
esac
"#;

pub(crate) struct Command {
    home: Home,
}

impl Command {
    #[expect(clippy::unnecessary_wraps, reason = "a world may need something that is not installed; this one never does")]
    pub(crate) fn start() -> Option<Box<dyn World>> {
        let home = Home::new();
        let script = home.write("deploy", SCRIPT);
        fs::set_permissions(script, fs::Permissions::from_mode(0o755)).expect("executable");
        home.write("state", &format!("{BEGIN} 41 none\n"));
        home.write("candidate", VERSIONS.1);
        Some(Box::new(Self { home }))
    }

    fn lines(&self, name: &str) -> usize {
        fs::read_to_string(self.home.path(name)).unwrap_or_default().lines().count()
    }
}

impl World for Command {
    fn home(&self) -> &Home {
        &self.home
    }

    fn section(&self) -> String {
        let deploy = self.home.path("deploy");
        let deploy = deploy.to_str().expect("UTF-8");
        let set = format!("[\"{deploy}\", \"set\", \"{{weight}}\", \"{{token}}\", \"{{id}}\"]");
        format!(
            "[backend]\nkind = \"command\"\ntimeout = \"2s\"\nstatus = [\"{deploy}\", \"status\"]\n\
             promote = {set}\npause = {set}\nrollback = {set}\nabort = {set}\n"
        )
    }

    fn ports(&self) -> Vec<u16> {
        Vec::new()
    }

    fn share(&self) -> f64 {
        let state = fs::read_to_string(self.home.path("state")).expect("a state");
        let weight = state.split(' ').next().and_then(|word| word.parse::<f64>().ok());
        weight.expect("a weight") / 100.0
    }

    fn asked(&self) -> usize {
        self.lines("asked")
    }

    fn changes(&self) -> usize {
        self.lines("carried-out")
    }

    fn somebody_else_acts(&self) {
        let ran = std::process::Command::new(self.home.path("deploy")).arg("somebody-else").status().expect("it runs");
        assert!(ran.success());
    }

    fn inject(&self, fault: Fault) {
        match fault {
            Fault::RefusesUs => self.home.write("refuses", ""),
            Fault::LosesTheAnswer => self.home.write("loses", ""),
            Fault::DoesNothing => self.home.write("nothing", ""),
            Fault::Hangs => self.home.write("hangs", ""),
            Fault::HasANewerVersion => self.home.write("candidate", "v2.6.0"),
            Fault::IsGone => self.home.write("gone", ""),
            Fault::AsksForPatience | Fault::FailsHalfWay => panic!("{fault:?} is nothing that a program of one's own does"),
        };
    }
}
