//! A real nginx in front of two services. Its program is called through a script that keeps a record, and that breaks on demand.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt as _,
    process::{Child, Command, Stdio},
};

use axum::Router;
use rollwatch::{
    backend::{ladder::Plan, nginx::upstream_text},
    config::file,
    engine::strategy::Kind,
};
use tokio::{net::TcpListener, runtime::Runtime};

use super::super::world::{BEGIN, Fault, VERSIONS, World};
use crate::{
    program::Home,
    server::{free_address, installed, write_nginx_conf},
};

/// Runs the real program, and notes which upstream file each reload loaded.
const SCRIPT: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 9
case "$*" in
  *" -t")
    [ -e hangs ] && exec sleep 600
    ;;
  *" -s reload")
    sha256sum < upstream.conf >> reloads
    [ -e nothing ] && exit 0
    [ -e loses ] && { rm loses; "$@"; kill -9 $$; }
    ;;
esac
exec "$@"
"#;

pub(crate) struct Nginx {
    home: Home,
    config: file::Nginx,
    master: Child,
    address: SocketAddr,
    _runtime: Runtime,
}

impl Nginx {
    /// None, after one sentence, where nginx is not installed.
    pub(crate) fn start() -> Option<Box<dyn World>> {
        let program = installed()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let (baseline, candidate) = (serve(&runtime, VERSIONS.0), serve(&runtime, VERSIONS.1));
        let home = Home::new();
        let address = free_address();
        let real = write_nginx_conf(program, home.dir.path(), address);
        let script = home.write("nginx.sh", SCRIPT);
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("executable");
        let config = file::Nginx {
            upstream_file: home.path("upstream.conf"),
            upstream: "app".into(),
            baseline: vec![baseline.to_string()],
            candidate: vec![candidate.to_string()],
            url: format!("http://{address}/"),
            version_header: Some("X-Version".into()),
            version_field: None,
            nginx: [vec![script.to_str().expect("UTF-8").to_owned()], real.clone()].concat(),
            pid_file: Some(home.path("nginx.pid")),
            directives: vec![],
        };
        home.write("upstream.conf", &upstream(&config, VERSIONS.1, BEGIN));
        let master = Command::new(&real[0]).args(&real[1..]).stderr(Stdio::null()).spawn().expect("nginx starts");
        let world = Self { home, config, master, address, _runtime: runtime };
        crate::wait_for(|| version(world.address));
        Some(Box::new(world))
    }

    fn reload(&self) {
        let real = &self.config.nginx[1..];
        let ran = Command::new(&real[0]).args(&real[1..]).args(["-s", "reload"]).stderr(Stdio::null()).status().expect("it runs");
        assert!(ran.success());
    }

    fn reloads(&self) -> Vec<String> {
        fs::read_to_string(self.home.path("reloads")).unwrap_or_default().lines().map(str::to_owned).collect()
    }
}

/// A service that answers with its version.
fn serve(runtime: &Runtime, version: &'static str) -> SocketAddr {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let at = listener.local_addr().expect("bound");
    let routes = Router::new().fallback(async move || ([("x-version", version)], "hello"));
    runtime.spawn(async move { axum::serve(listener, routes).await });
    at
}

/// The upstream file for a candidate of this name.
fn upstream(config: &file::Nginx, candidate: &str, percent: u32) -> String {
    let plan = Plan {
        baseline: VERSIONS.0.into(),
        candidate: candidate.into(),
        steps: vec![],
        strategy: Kind::Canary,
        verify_timeout: std::time::Duration::from_secs(1),
    };
    upstream_text(config, &plan, f64::from(percent) / 100.0).expect("valid")
}

/// Who answers a fresh connection.
fn version(address: SocketAddr) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.lines().find_map(|line| line.strip_prefix("x-version: ")).map(str::to_owned)
}

impl World for Nginx {
    fn home(&self) -> &Home {
        &self.home
    }

    fn section(&self) -> String {
        let file::Nginx { upstream_file, baseline, candidate, url, nginx, pid_file, .. } = &self.config;
        format!(
            "[backend]\nkind = \"nginx\"\nupstream_file = \"{}\"\nupstream = \"app\"\nbaseline = {baseline:?}\n\
             candidate = {candidate:?}\nurl = {url:?}\nversion_header = \"X-Version\"\nnginx = {nginx:?}\npid_file = \"{}\"\n",
            upstream_file.display(),
            pid_file.as_ref().expect("set").display()
        )
    }

    fn ports(&self) -> Vec<u16> {
        vec![self.address.port()]
    }

    fn share(&self) -> f64 {
        const ASKED: u32 = 100;
        let answers: Vec<_> = (0..ASKED).filter_map(|_| version(self.address)).collect();
        assert_eq!(answers.len(), 100, "nginx serves");
        answers.iter().filter(|version| *version == VERSIONS.1).count() as f64 / f64::from(ASKED)
    }

    fn asked(&self) -> usize {
        self.reloads().len()
    }

    /// Reloads of another file than the one before.
    fn changes(&self) -> usize {
        let mut loaded = self.reloads();
        loaded.dedup();
        loaded.len()
    }

    fn somebody_else_acts(&self) {
        self.home.write("upstream.conf", &upstream(&self.config, VERSIONS.1, 50));
        self.reload();
    }

    fn inject(&self, fault: Fault) {
        match fault {
            Fault::LosesTheAnswer => drop(self.home.write("loses", "")),
            Fault::DoesNothing => drop(self.home.write("nothing", "")),
            Fault::Hangs => drop(self.home.write("hangs", "")),
            Fault::FailsHalfWay => drop(self.home.write("more.conf", "nonsense on;\n")),
            Fault::HasANewerVersion => {
                self.home.write("upstream.conf", &upstream(&self.config, "v2.6.0", BEGIN));
                self.reload();
            }
            Fault::IsGone => fs::remove_file(self.home.path("upstream.conf")).expect("removed"),
            Fault::RefusesUs => {
                let private = fs::Permissions::from_mode(0o000);
                fs::set_permissions(self.home.path("upstream.conf"), private).expect("set");
            }
            Fault::AsksForPatience => panic!("{fault:?} is nothing that a file does"),
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its master ends its workers; killing the master alone would leave them behind.
        let pid = i32::try_from(self.master.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process id");
        if self.master.try_wait().is_ok_and(|ended| ended.is_none()) {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is ours");
            self.master.wait().expect("it ends");
        }
    }
}
