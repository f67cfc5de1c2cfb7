//! The custom resources of Argo Rollouts and Flagger: loose ones of our own, or the projects' where a folder with them is named.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    Cluster, until,
    yaml::{collection, documents},
};

/// Names a folder with the projects' own definitions, which check what is written against their schemas.
const FOLDER: &str = "ROLLWATCH_CRDS";

/// Creates the definitions and waits until they are served.
pub(crate) fn load(cluster: &Cluster) {
    let definitions = definitions();
    assert!(!definitions.is_empty(), "no definition is in {}", folder().display());
    let path = collection("apiextensions.k8s.io/v1", "CustomResourceDefinition", "");
    let names: Vec<String> = definitions.iter().map(|one| one["metadata"]["name"].as_str().expect("a name").to_owned()).collect();
    for (definition, name) in definitions.into_iter().zip(&names) {
        let (rest, path) = (cluster.rest(), path.clone());
        cluster
            .wait(async move { rest.create(&path, &definition).await })
            .unwrap_or_else(|error| panic!("{name}: {}", error.message));
    }
    for name in names {
        until(&format!("{name} is not served"), || {
            let (rest, path) = (cluster.rest(), format!("{path}/{name}"));
            let now = cluster.wait(async move { rest.get(&path).await.ok() })?;
            let conditions = now["status"]["conditions"].as_array()?;
            conditions.iter().any(|c| c["type"] == "Established" && c["status"] == "True").then_some(())
        });
    }
}

fn folder() -> PathBuf {
    std::env::var_os(FOLDER).map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/k8s"), PathBuf::from)
}

fn definitions() -> Vec<Value> {
    let files = fs::read_dir(folder()).unwrap_or_else(|error| panic!("{}: {error}", folder().display()));
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).filter(|path| is_yaml(path)).collect();
    files.sort();
    let texts = files.iter().map(|file| fs::read_to_string(file).expect("UTF-8"));
    let all = texts.flat_map(|text| documents(&text));
    let mut definitions: Vec<Value> = all.filter(|document| document["kind"] == "CustomResourceDefinition").collect();
    for definition in &mut definitions {
        make_old(&mut definition["spec"]);
    }
    definitions
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml")
}

/// Takes away what a server of 1.20 does not know, or reads otherwise: rules in CEL, an empty default (a null to it), and keys of lists that
/// have no default.
fn make_old(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.retain(|name, value| {
                let is_new = value.is_array() && ["x-kubernetes-validations", "selectableFields"].contains(&name.as_str());
                !is_new && !["x-kubernetes-list-map-keys", "x-kubernetes-list-type"].contains(&name.as_str())
            });
            if fields.contains_key("type") && fields.get("default").is_some_and(|default| default == "") {
                fields.remove("default");
            }
            fields.values_mut().for_each(make_old);
        }
        Value::Array(items) => items.iter_mut().for_each(make_old),
        _ => {}
    }
}
