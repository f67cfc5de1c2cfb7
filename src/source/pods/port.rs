//! Where a pod's pages are: the port that somebody names, in the configuration, on the pod or by its container, and the way there.

use std::net::IpAddr;

use url::Url;

use super::Plan;
use crate::{
    source::poll::{Behind, Pages, Place},
    text,
    wire::kube::{Pod, Port},
};

const METRICS: &str = "/metrics";
const READY: &str = "/health/ready";
const LIVE: &str = "/health/live";
/// Names of ports that serve metrics, the surest first; after these, whatever begins with the last of them.
const NAMED: [&str; 3] = ["metrics", "http-metrics", "http"];

/// The pages of a pod; else why none is known: completes "web-1 ...".
pub(super) fn pages(pod: &Pod, plan: &Plan) -> Result<Pages, String> {
    let port = port(pod, plan)?;
    let annotated = |name: &str| pod.meta.annotation(&format!("prometheus.io/{name}"));
    let path = plan.path.as_deref().or_else(|| annotated("path")).unwrap_or(METRICS);
    check(path)?;
    let scheme = match annotated("scheme") {
        None | Some("http") => "http",
        Some("https") => "https",
        Some(other) => return Err(format!("asks for the scheme {:?}, which is neither http nor https", text::clean(other))),
    };
    let place =
        |path: &str| if plan.is_direct { direct(pod, scheme, port, path) } else { Ok(behind(pod, plan, scheme, port, path)) };
    Ok(Pages { metrics: place(path)?, ready: place(READY)?, live: place(LIVE)? })
}

/// How a person asks for it.
pub(super) fn by_hand(place: &Place) -> String {
    match place {
        Place::At(url) => text::cleaned(url.as_str()),
        Place::Behind(page) => text::cleaned(&format!("kubectl get --raw '{}'", page.path)),
    }
}

/// A path that a pod names stays within that pod: with dots it would lead to other objects of the API server.
fn check(path: &str) -> Result<(), String> {
    let leads_out = path.split(['/', '?']).any(|part| part == ".." || part == ".") || path.contains(['%', '\\', '#']);
    let fits = path.starts_with('/') && path.chars().all(|c| c.is_ascii_graphic());
    if fits && !leads_out { Ok(()) } else { Err(format!("names a path that cannot be asked for: {:?}", text::clean(path))) }
}

fn port(pod: &Pod, plan: &Plan) -> Result<u16, String> {
    let ports = || pod.containers.iter().flat_map(|container| &container.ports).filter(|port| port.container_port > 0);
    if let Some(wanted) = &plan.port {
        let named = || ports().find(|port| port.name == *wanted).map(|port| port.container_port);
        return wanted.parse().ok().or_else(named).ok_or_else(|| format!("has no port {wanted:?}, which [backend] port names"));
    }
    if let Some(said) = pod.meta.annotation("prometheus.io/port") {
        let why = || format!("has the annotation prometheus.io/port = {:?}, which is no port", text::clean(said));
        return said.trim().parse().ok().filter(|port| *port > 0).ok_or_else(why);
    }
    let named = NAMED.into_iter().find_map(|name| ports().find(|port| port.name == name));
    let likely = || ports().find(|port| port.name.starts_with(NAMED[2]));
    let only = || Some(ports().next()?).filter(|_| ports().count() == 1);
    let found: Option<&Port> = named.or_else(likely).or_else(only);
    found.map(|port| port.container_port).ok_or_else(|| unknown(ports().map(|port| port.container_port)))
}

fn unknown(ports: impl Iterator<Item = u16>) -> String {
    let ports: Vec<String> = ports.map(|port| port.to_string()).collect();
    let has = if ports.is_empty() { "names no port".to_owned() } else { format!("has the ports {}", ports.join(", ")) };
    format!("{has}: say which serves /metrics, with port in [backend] or the annotation prometheus.io/port")
}

fn direct(pod: &Pod, scheme: &str, port: u16, path: &str) -> Result<Place, String> {
    let address: Option<IpAddr> = pod.ip.as_ref().and_then(|ip| ip.parse().ok());
    let host = match address.ok_or("has no address yet")? {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    let url = Url::parse(&format!("{scheme}://{host}:{port}{path}"));
    url.map(Place::At).map_err(|why| format!("has no page that could be asked for: {why}"))
}

fn behind(pod: &Pod, plan: &Plan, scheme: &str, port: u16, path: &str) -> Place {
    let (namespace, name) = (&plan.namespace, &pod.meta.name);
    let through = if scheme == "https" { "https:" } else { "" };
    Place::Behind(Behind {
        path: format!("/api/v1/namespaces/{namespace}/pods/{through}{name}:{port}/proxy{path}"),
        name: format!("{name}:{port}{}", path.split('?').next().unwrap_or_default()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{engine::role::Sides, wire::kube::Object};

    fn plan() -> Plan {
        Plan {
            namespace: "shop".into(),
            names: Sides::default(),
            selectors: Sides::default(),
            port: None,
            path: None,
            is_direct: false,
            most: 20,
        }
    }

    fn pod(annotations: &Value, ports: &Value) -> Pod {
        let object = json!({
            "metadata": { "name": "web-1", "annotations": annotations },
            "spec": { "containers": [{ "name": "app", "image": "app", "ports": ports }] },
            "status": { "podIP": "10.1.2.3" },
        });
        Pod::of(Object::of(object).expect("an object")).expect("a pod")
    }

    fn metrics(annotations: &Value, ports: &Value, plan: &Plan) -> Result<String, String> {
        pages(&pod(annotations, ports), plan).map(|pages| by_hand(&pages.metrics))
    }

    fn through(rest: &str) -> String {
        format!("kubectl get --raw '/api/v1/namespaces/shop/pods/{rest}'")
    }

    #[test]
    fn the_port_is_the_one_that_somebody_names() {
        let named =
            |names: &[(&str, u16)]| json!(names.iter().map(|(n, p)| json!({ "name": n, "containerPort": p })).collect::<Vec<_>>());
        let two = named(&[("http", 8080), ("metrics", 9090)]);
        let none = json!({});
        assert_eq!(metrics(&none, &two, &plan()), Ok(through("web-1:9090/proxy/metrics")));
        let annotated = json!({ "prometheus.io/port": "9102", "prometheus.io/path": "/stats?format=prometheus", "prometheus.io/scheme": "https" });
        assert_eq!(metrics(&annotated, &two, &plan()), Ok(through("https:web-1:9102/proxy/stats?format=prometheus")));
        let config = |port: &str| Plan { port: Some(port.into()), path: Some("/m".into()), ..plan() };
        assert_eq!(metrics(&annotated, &two, &config("http")), Ok(through("https:web-1:8080/proxy/m")));
        assert_eq!(metrics(&none, &two, &config("7")), Ok(through("web-1:7/proxy/m")));
        assert_eq!(metrics(&none, &named(&[("grpc", 1), ("http-admin", 2)]), &plan()), Ok(through("web-1:2/proxy/metrics")));
        assert_eq!(metrics(&none, &named(&[("web", 80)]), &plan()), Ok(through("web-1:80/proxy/metrics")));
        for (annotations, ports, plan, want) in [
            (
                &none,
                &json!([]),
                plan(),
                "names no port: say which serves /metrics, with port in [backend] or the annotation prometheus.io/port",
            ),
            (&none, &named(&[("a", 1), ("b", 2)]), plan(), "has the ports 1, 2: say which serves"),
            (&none, &two, config("admin"), "has no port \"admin\", which [backend] port names"),
            (
                &json!({ "prometheus.io/port": "web" }),
                &two,
                plan(),
                "has the annotation prometheus.io/port = \"web\", which is no port",
            ),
        ] {
            let why = metrics(annotations, ports, &plan).expect_err(want);
            assert!(why.starts_with(want), "{why}");
        }
    }

    #[test]
    fn a_pod_names_no_path_out_of_itself() {
        for path in ["/../../../secrets/x", "/a/./b", "/%2e%2e/x", "metrics", "/a b", "/a\n", "/a#b"] {
            let why =
                metrics(&json!({ "prometheus.io/port": "1", "prometheus.io/path": path }), &json!([]), &plan()).expect_err(path);
            assert!(why.starts_with("names a path that cannot be asked for"), "{why}");
        }
    }

    #[test]
    fn in_the_cluster_it_is_asked_at_its_own_address() {
        let direct = Plan { is_direct: true, ..plan() };
        let ports = json!([{ "containerPort": 80 }]);
        assert_eq!(metrics(&json!({}), &ports, &direct), Ok("http://10.1.2.3/metrics".to_owned()));
        let mut six = pod(&json!({}), &ports);
        six.ip = Some("fd00::1".into());
        let pages = pages(&six, &direct).expect("an address");
        assert_eq!(by_hand(&pages.live), "http://[fd00::1]/health/live");
    }
}
