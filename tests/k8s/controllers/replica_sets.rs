//! The replica sets of a Rollout: one for each template it ever had, found again by the hash of the template.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::bed::{
    object::{hash, number, text},
    record::complain,
    rest::{Refusal, Rest},
};

/// The label by which pods of one version are told from others.
pub(crate) const HASH_LABEL: &str = "rollouts-pod-template-hash";
/// The annotation with a replica set's, and a Rollout's, revision.
pub(crate) const REVISION: &str = "rollout.argoproj.io/revision";
/// The annotation with the time until which a version that was replaced keeps its pods.
const DEADLINE: &str = "scale-down-deadline";

/// The annotation with the number of pods that the Rollout was asked for when a set was scaled last.
const SHARE_OF: &str = "rollout.argoproj.io/desired-replicas";

/// What the controller needs of a replica set.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    pub(crate) name: String,
    pub(crate) hash: String,
    pub(crate) revision: i64,
    /// How many pods it should have.
    pub(crate) wanted: i64,
    pub(crate) replicas: i64,
    pub(crate) ready: i64,
    pub(crate) available: i64,
    /// How many pods the Rollout was asked for when this was scaled last.
    pub(crate) share_of: i64,
    history: String,
    /// Until when it keeps its pods although another version has taken over.
    pub(crate) deadline: Option<Timestamp>,
}

impl Set {
    /// It came into being before another: a revision that is renewed does not make a replica set younger.
    pub(crate) fn is_older_than(&self, other: &Self) -> bool {
        let first = |set: &Self| set.history.split(',').next().and_then(|first| first.parse().ok()).unwrap_or(set.revision);
        first(self) < first(other)
    }

    /// The pods it has are kept for a while.
    pub(crate) fn is_kept(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline > Timestamp::now())
    }
}

impl From<&Value> for Set {
    fn from(set: &Value) -> Self {
        let (metadata, status) = (&set["metadata"], &set["status"]);
        Self {
            name: text(&metadata["name"]).to_owned(),
            hash: text(&metadata["labels"][HASH_LABEL]).to_owned(),
            revision: text(&metadata["annotations"][REVISION]).parse().unwrap_or(0),
            wanted: number(&set["spec"]["replicas"]),
            replicas: number(&status["replicas"]),
            ready: number(&status["readyReplicas"]),
            available: number(&status["availableReplicas"]),
            share_of: text(&metadata["annotations"][SHARE_OF]).parse().unwrap_or(0),
            deadline: text(&metadata["annotations"][DEADLINE]).parse().ok(),
            history: text(&metadata["annotations"]["rollout.argoproj.io/revision-history"]).to_owned(),
        }
    }
}

/// The replica sets of a Rollout, oldest revision first.
pub(crate) async fn of(rest: &Rest, rollout: &Value) -> Vec<Set> {
    let all = rest.list(&collection(rollout)).await;
    let own = all.iter().filter(|set| set["metadata"]["ownerReferences"][0]["uid"] == rollout["metadata"]["uid"]);
    let mut sets: Vec<Set> = own.map(Set::from).collect();
    sets.sort_by_key(|set| set.revision);
    sets
}

/// Makes the replica set of the Rollout's template, without pods.
pub(crate) async fn create(rest: &Rest, rollout: &Value, hash: &str, revision: i64) {
    let mut set = manifest(rollout);
    set["metadata"]["name"] = json!(format!("{}-{hash}", text(&rollout["metadata"]["name"])));
    set["metadata"]["labels"] = rollout["spec"]["template"]["metadata"]["labels"].clone();
    set["metadata"]["annotations"] = json!({ REVISION: revision.to_string(), SHARE_OF: asked(rollout) });
    for labels in ["/metadata/labels", "/spec/selector/matchLabels", "/spec/template/metadata/labels"] {
        set.pointer_mut(labels).expect("a template has labels")[HASH_LABEL] = json!(hash);
    }
    keep_apart(rollout, &mut set);
    let path = collection(rollout);
    complain("rollouts: creating", &path, &rest.create(&path, &set).await);
}

/// Where the strategy says so, keeps the pods of a new version from the nodes of the stable one. As there, the Rollout's own template
/// stays as it is, and the rule is looked away when a set is searched for its template.
fn keep_apart(rollout: &Value, set: &mut Value) {
    let strategies = [&rollout["spec"]["strategy"]["canary"], &rollout["spec"]["strategy"]["blueGreen"]];
    let stable = text(&rollout["status"]["stableRS"]);
    if stable.is_empty() || strategies.iter().all(|strategy| strategy["antiAffinity"].is_null()) {
        return;
    }
    let versions = json!({ "matchExpressions": [{ "key": HASH_LABEL, "operator": "In", "values": [stable] }] });
    let rule = json!({ "labelSelector": versions, "topologyKey": "kubernetes.io/hostname" });
    set["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] =
        json!([rule]);
}

/// Makes an older replica set the newest revision again.
pub(crate) async fn renew(rest: &Rest, rollout: &Value, set: &Set, revision: i64) {
    let before = if set.history.is_empty() { String::new() } else { format!("{},", set.history) };
    let annotations = json!({
        REVISION: revision.to_string(),
        "rollout.argoproj.io/revision-history": format!("{before}{}", set.revision),
    });
    let path = format!("{}/{}", collection(rollout), set.name);
    complain("rollouts: renewing", &path, &rest.merge(&path, &json!({ "metadata": { "annotations": annotations } })).await);
}

fn asked(rollout: &Value) -> String {
    rollout["spec"]["replicas"].as_i64().unwrap_or(1).to_string()
}

pub(crate) async fn scale(rest: &Rest, rollout: &Value, name: &str, replicas: i64) {
    let path = format!("{}/{name}", collection(rollout));
    let change = json!({ "metadata": { "annotations": { SHARE_OF: asked(rollout) } }, "spec": { "replicas": replicas } });
    complain("rollouts: scaling", &path, &rest.merge(&path, &change).await);
}

/// Says until when a replica set that was replaced keeps its pods, or that it is in use again.
pub(crate) async fn keep(rest: &Rest, rollout: &Value, name: &str, until: Option<Timestamp>) {
    let until = until.map(|until| until.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    let path = format!("{}/{name}", collection(rollout));
    complain("rollouts: keeping", &path, &rest.merge(&path, &json!({ "metadata": { "annotations": { DEADLINE: until } } })).await);
}

/// The hash of a template with the API server's defaults filled in, so that a template that was read back is the same as the one that
/// was written.
pub(crate) async fn template_hash(rest: &Rest, known: &mut HashMap<String, String>, rollout: &Value) -> Result<String, Refusal> {
    let raw = rollout["spec"]["template"].to_string();
    if let Some(hash) = known.get(&raw) {
        return Ok(hash.clone());
    }
    let mut set = manifest(rollout);
    set["metadata"]["generateName"] = json!("never-");
    let mut filled = rest.create(&format!("{}?dryRun=All", collection(rollout)), &set).await?;
    let template = filled["spec"]["template"].take();
    let hash = hash(&template.to_string());
    known.insert(raw, hash.clone());
    Ok(hash)
}

fn manifest(rollout: &Value) -> Value {
    let metadata = &rollout["metadata"];
    let owner = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": metadata["name"], "uid": metadata["uid"],
        "controller": true, "blockOwnerDeletion": true,
    });
    let mut template = rollout["spec"]["template"].clone();
    if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
        labels.remove(HASH_LABEL);
    }
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": { "ownerReferences": [owner] },
        "spec": {
            "replicas": 0, "selector": rollout["spec"]["selector"], "template": template,
            "minReadySeconds": number(&rollout["spec"]["minReadySeconds"]),
        },
    })
}

fn collection(rollout: &Value) -> String {
    format!("/apis/apps/v1/namespaces/{}/replicasets", text(&rollout["metadata"]["namespace"]))
}
