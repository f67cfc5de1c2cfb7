//! The nginx program, and a configuration for it that any user can run.

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Command, Stdio},
};

/// Set it to anything and a missing nginx is a failure.
const REQUIRED: &str = "ROLLWATCH_REQUIRE_SERVERS";

/// The nginx program, also where a user's `PATH` has no `sbin`; none, after one sentence, where there is no nginx.
pub(crate) fn installed() -> Option<&'static str> {
    let runs = |program: &&str| Command::new(program).arg("-v").stderr(Stdio::null()).status().is_ok_and(|ended| ended.success());
    let found = ["nginx", "/usr/sbin/nginx"].into_iter().find(runs);
    if found.is_none() {
        let sentence = "nginx is not installed: `apt-get install -y --no-install-recommends nginx-light` does it";
        assert!(std::env::var_os(REQUIRED).is_none(), "{sentence}");
        #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
        {
            eprintln!("skipped: {sentence}");
        }
    }
    found
}

/// An address that nobody listens on.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

/// Writes a configuration that any user can run, with all its files in `dir`; the argv that uses it.
pub(crate) fn write_nginx_conf(program: &str, dir: &Path, address: SocketAddr) -> Vec<String> {
    let at = dir.display();
    // Started by root, nginx gives its workers to another user, who may not enter our folder.
    let user = if rustix::process::geteuid().is_root() { "user root root;" } else { "" };
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| format!("  {name}_temp_path {at}/{name};\n")).concat();
    let text = format!(
        "{user}
daemon off;
worker_processes 2;
pid {at}/nginx.pid;
error_log {at}/error.log notice;
events {{ worker_connections 512; }}
http {{
  access_log off;
{temporary}  include upstream.conf;
  include more.conf;
  server {{
    listen {address};
    location / {{ proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection \"\"; }}
  }}
}}
"
    );
    std::fs::write(dir.join("nginx.conf"), text).expect("written");
    std::fs::write(dir.join("more.conf"), "").expect("written");
    [program, "-p", &format!("{at}/"), "-c", &format!("{at}/nginx.conf"), "-e", &format!("{at}/error.log")]
        .map(str::to_owned)
        .to_vec()
}
