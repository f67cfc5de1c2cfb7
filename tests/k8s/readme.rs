//! What the README shows of Kubernetes, run as it stands there, but for the names.

use crate::{
    bed::{Cluster, User},
    home::Home,
    laptop::{deployed, paused_on_the_way, set_of},
    rollout::{Rollout, STEPS},
};

#[test]
fn the_commands_of_the_readme_work() {
    let Some(cluster) = Cluster::shared() else { return };
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("a README");
    let lines: Vec<&str> = readme.lines().filter(|line| line.starts_with("rollwatch ") && line.contains(" k8s:shop")).collect();
    assert_eq!(lines.len(), 4, "{lines:?}");
    let namespace = deployed(cluster, "readme");
    paused_on_the_way(&namespace);
    let rollout = Rollout::paused(cluster, "readme-ro", STEPS);
    let home = Home::new(cluster, &User::Admin);
    for line in lines {
        let own = if line.contains("/rollout/") { rollout.namespace.name() } else { namespace.name() };
        let line = line.replace("k8s:shop", &format!("k8s:{own}")).replace("web-6b7f9c", &set_of(&namespace, "app:v1"));
        let line = line.replace(" --headless", "").replace(" --timeout 45m", "");
        let mut words: Vec<&str> = line.split_whitespace().skip(1).collect();
        if words[0] == "watch" {
            words.extend(["--headless", "--timeout", "2s"]);
        }
        let ran = home.run(&words);
        assert_eq!(ran.code, if words[0] == "watch" { 124 } else { 0 }, "{line}: {ran:?}");
    }
}
