//! Rules about what can act: `[backend]`. Texts that end up in a configuration of nginx cannot end a directive or begin another one.

use std::{collections::BTreeSet, time::Duration};

use super::{Rules, entries, http_url, is_header_name};
use crate::{
    config::{
        file::{Backend, Command, File, Kubernetes, Nginx},
        path::KeyPath,
        value::Dur,
    },
    target::Target,
};

/// Characters that mean something to nginx inside a directive.
const SPECIAL: &str = ";{}#'\"\\$";

pub(super) fn rules(rules: &mut Rules<'_>) {
    match &rules.file.backend {
        Some(Backend::Nginx(nginx)) => {
            files(rules, nginx);
            upstream(rules, nginx);
            servers(rules, nginx);
            url(rules, nginx);
            version(rules, nginx);
            program(rules, nginx);
            directives(rules, nginx);
        }
        Some(Backend::Command(command)) => {
            commands(rules, command);
            timeout(rules, command);
        }
        Some(Backend::Kubernetes(kubernetes)) => cluster(rules, kubernetes),
        Some(Backend::Demo(demo)) => {
            if let Err(problem) = http_url(&demo.router) {
                rules.refuse("backend.router", problem, "");
            }
        }
        None => {}
    }
}

pub(super) fn names_programs(file: &File) -> bool {
    match &file.backend {
        Some(Backend::Nginx(nginx)) => !nginx.nginx.is_empty(),
        Some(Backend::Command(_)) => true,
        // What a kubeconfig runs is its own matter; what it may run is named here.
        Some(Backend::Kubernetes(kubernetes)) => !kubernetes.allow_exec.is_empty(),
        Some(Backend::Demo(_)) | None => false,
    }
}

fn files(rules: &mut Rules<'_>, nginx: &Nginx) {
    if nginx.upstream_file.file_name().is_none() {
        rules.refuse("backend.upstream_file", "names no file", "write the path of the file with the upstream block");
    }
    if nginx.pid_file.as_ref().is_some_and(|path| path.file_name().is_none()) {
        rules.refuse("backend.pid_file", "names no file", "write the path of nginx's pid file, or leave the key out");
    }
}

fn upstream(rules: &mut Rules<'_>, nginx: &Nginx) {
    let name = &nginx.upstream;
    let fits = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if name.is_empty() || name.starts_with('-') || !name.chars().all(fits) {
        rules.refuse("backend.upstream", "is no name of an upstream: letters, digits, _, . and - are allowed", "");
    }
}

fn servers(rules: &mut Rules<'_>, nginx: &Nginx) {
    for (key, list) in [("backend.baseline", &nginx.baseline), ("backend.candidate", &nginx.candidate)] {
        if list.is_empty() {
            rules.refuse(key, "names no server", "write each server as \"10.0.0.1:8081\"");
        }
        let mut seen = BTreeSet::new();
        for (key, server) in entries(key, list) {
            if server.is_empty() || server.chars().any(|c| c.is_whitespace() || c.is_control() || SPECIAL.contains(c)) {
                rules.refuse(key, "is no server: write an address and a port, \"10.0.0.1:8081\", and nothing else", "");
            } else if !seen.insert(server) {
                rules.refuse(key, "is listed twice", "");
            }
        }
    }
    let baseline: BTreeSet<&String> = nginx.baseline.iter().collect();
    for (key, _) in entries("backend.candidate", &nginx.candidate).filter(|(_, server)| baseline.contains(server)) {
        rules.refuse_because_of(
            &[key, "backend.baseline".into()],
            "is a server of the baseline too: a server runs one version",
            "",
        );
    }
}

fn url(rules: &mut Rules<'_>, nginx: &Nginx) {
    if let Err(problem) = http_url(&nginx.url) {
        rules.refuse("backend.url", problem, "");
    }
}

/// What a page says of its version is either a header or a field.
fn version(rules: &mut Rules<'_>, nginx: &Nginx) {
    match (&nginx.version_header, &nginx.version_field) {
        (Some(header), None) if !is_header_name(header) => {
            rules.refuse("backend.version_header", "is no name of a header: letters, digits and - are allowed", "");
        }
        (None, Some(field)) if field.is_empty() => rules.refuse("backend.version_field", "is empty: write the field's name", ""),
        (None, None) => {
            let problem = "cannot tell which version answers: version_header or version_field is missing";
            rules.refuse("backend", problem, "write version_header = \"X-Version\" and let both versions send it");
        }
        (Some(_), Some(_)) => rules.refuse("backend", "has both version_header and version_field: give one of them", ""),
        _ => {}
    }
}

fn program(rules: &mut Rules<'_>, nginx: &Nginx) {
    if nginx.nginx.first().is_some_and(String::is_empty) {
        rules.refuse("backend.nginx", "names no program: the first entry must be one", "");
    }
}

fn directives(rules: &mut Rules<'_>, nginx: &Nginx) {
    for (key, line) in entries("backend.directives", &nginx.directives) {
        if let Err(problem) = directive(line) {
            rules.refuse(key, problem, "write one directive of an upstream block: \"keepalive 32;\"");
        }
    }
}

fn directive(line: &str) -> Result<(), &'static str> {
    let Some(body) = line.trim().strip_suffix(';') else { return Err("must end with \";\"") };
    if body.trim().is_empty() {
        return Err("is empty");
    }
    if body.chars().any(|c| c.is_control() || (SPECIAL.contains(c) && c != '$')) {
        return Err("is not a single directive: quotes, braces, \"#\", \"\\\" and a second \";\" are not allowed");
    }
    if body.split_whitespace().next() == Some("server") {
        return Err("is a server: servers belong to backend.baseline and backend.candidate");
    }
    Ok(())
}

fn commands(rules: &mut Rules<'_>, command: &Command) {
    if command.status.is_empty() {
        rules.refuse("backend.status", "names no program: without the present state nothing can be done", "");
    }
    for (name, argv) in command.programs() {
        if argv.first().is_some_and(String::is_empty) {
            rules.refuse(KeyPath::from("backend").key(name), "names no program: the first entry must be one", "");
        }
    }
}

fn cluster(rules: &mut Rules<'_>, kubernetes: &Kubernetes) {
    if let Err(problem) = kubernetes.target.parse::<Target>() {
        rules.refuse("backend.target", problem, "");
    }
    for (key, program) in entries("backend.allow_exec", &kubernetes.allow_exec) {
        if program.is_empty() || program.contains(char::is_whitespace) {
            rules.refuse(key, "is no program: write its name or its path, without arguments", "");
        }
    }
    let is_port = |port: &String| match port.parse::<u16>() {
        Ok(number) => number > 0,
        Err(_) => (1..=15).contains(&port.len()) && port.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
    };
    if kubernetes.port.as_ref().is_some_and(|port| !is_port(port)) {
        rules.refuse("backend.port", "is no port: write a number or the name that the pod gives it", "");
    }
    if kubernetes.path.as_ref().is_some_and(|path| !path.starts_with('/') || path.contains(char::is_whitespace)) {
        rules.refuse("backend.path", "is no path: it begins with \"/\" and has no space", "");
    }
    if let Some(most) = kubernetes.most_pods {
        rules.within("backend.most_pods", most, 1, 1000);
    }
    if let Some(Err(problem)) = kubernetes.gate.as_ref().map(|gate| http_url(gate)) {
        rules.refuse("backend.gate", problem, "");
    }
}

fn timeout(rules: &mut Rules<'_>, command: &Command) {
    if let Some(timeout) = command.timeout {
        rules.within("backend.timeout", timeout, Dur(Duration::from_millis(100)), Dur(Duration::from_secs(600)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_is_one_line_that_starts_nothing_else() {
        for good in ["keepalive 32;", "hash $request_uri consistent;", " least_conn ; "] {
            assert_eq!(directive(good), Ok(()), "{good}");
        }
        for bad in ["keepalive 32", ";", "a; b;", "a {};", "a }", "# a;", "a \"b\";", "a\nb;", "server 10.0.0.1;"] {
            assert!(directive(bad).is_err(), "{bad}");
        }
    }
}
