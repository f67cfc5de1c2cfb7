//! What a set's template is put back as.

use super::*;

#[test]
fn a_set_is_put_back_without_what_it_had_for_its_part() {
    let mut stable = set(OLD, 1, "v1", 3);
    stable["metadata"]["annotations"][template::PASSING] =
        json!("{\"labels\":{\"role\":\"stable\"},\"annotations\":{\"note\":\"x\"}}");
    stable["spec"]["template"]["metadata"]["labels"]["role"] = json!("stable");
    stable["spec"]["template"]["metadata"]["annotations"] = json!({ "note": "x" });
    let sets = owned(&objects(&[stable]), "u-1").expect("sets");
    assert_eq!(sets[0].template["metadata"], json!({ "labels": { "app": "web" } }));
}

#[test]
fn a_set_is_put_back_without_the_rule_that_kept_it_from_the_version_before() {
    let term = |key: &str| json!({ "labelSelector": { "matchExpressions": [{ "key": key, "operator": "In", "values": [OLD] }] }, "topologyKey": "kubernetes.io/hostname" });
    let put_back = |affinity: Value| {
        let mut newer = set(NEW, 2, "v2", 1);
        newer["spec"]["template"]["spec"]["affinity"] = affinity;
        let sets = owned(&objects(&[newer]), "u-1").expect("sets");
        sets[0].template["spec"]["affinity"].clone()
    };
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
    assert_eq!(put_back(json!({ "podAntiAffinity": { required: [term(HASH)] } })), Value::Null);
    let own = json!({ "podAntiAffinity": { required: [term("app")] } });
    assert_eq!(put_back(json!({ "podAntiAffinity": { required: [term("app"), term(HASH)] } })), own);
    assert_eq!(put_back(own.clone()), own, "what somebody wrote stays");
    let weighted = json!({ "podAntiAffinity": { preferred: [{ "weight": 1, "podAffinityTerm": term(HASH) }] } });
    assert_eq!(put_back(weighted), json!({ "podAntiAffinity": { preferred: [] } }), "as the controller compares it");
    let empty = json!({ "podAntiAffinity": { required: [] } });
    assert_eq!(put_back(empty.clone()), empty);
}
