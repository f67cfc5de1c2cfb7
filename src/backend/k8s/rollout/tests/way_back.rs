//! Where a rollback leads, request by request, and where it does not.

use super::*;

#[test]
fn a_rollback_takes_the_traffic_first_and_then_the_template() {
    let back = order(Action::Rollback, "web-6b7f");
    let paused = rollout(&json!({ "paused": true }), &json!({}));
    assert_eq!(next(&paused, &back), status(&json!({ "abort": true })));
    let aborted = rollout(&json!({ "paused": true }), &json!({ "abort": true }));
    let template = json!({ "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [{ "image": "app:v1" }] } });
    let put = Change {
        to: To::Workload,
        patch: Patch::Json,
        body: json!([
            { "op": "replace", "path": "/spec/template", "value": template },
            { "op": "replace", "path": "/spec/paused", "value": false },
        ]),
    };
    assert_eq!(next(&aborted, &back), Next::Ask(put));
    let put_back = json!({ "template": template });
    let unseen = rollout(&put_back, &json!({ "observedGeneration": "3" }));
    assert!(matches!(next(&unseen, &back), Next::Wait { .. }));
    let mut cut = put_back.clone();
    cut["template"]["spec"] = json!({ "containers": [{}] });
    let cut = rollout(&cut, &json!({ "observedGeneration": "3" }));
    assert!(matches!(next(&cut, &back), Next::Wait { .. }), "a definition that knows fewer fields is no reason to ask again");
    let seen = json!({ "currentPodHash": OLD });
    assert_eq!(next(&rollout(&put_back, &seen), &back), Next::Done, "what is stable climbs no steps");
    let after_promotion = json!({ "currentPodHash": OLD, "stableRS": NEW });
    assert_eq!(next(&rollout(&put_back, &after_promotion), &back), status(&json!({ "promoteFull": true })));
}

#[test]
fn a_way_back_that_was_gone_is_looked_at_and_nothing_more() {
    let template = json!({ "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [{ "image": "app:v1" }] } });
    let back = rollout(&json!({ "template": template }), &json!({ "currentPodHash": OLD, "pauseConditions": null }));
    let preview = ready(&back, Action::Rollback);
    assert_eq!((preview.sends.as_str(), preview.target.version.as_str()), ("nothing", "v1"));
    assert_eq!(next(&back, &order(Action::Rollback, "web-6b7f")), Next::Done);
}

#[test]
fn what_somebody_rolls_out_after_our_mark_is_not_rolled_back() {
    let mut third = rollout(&json!({}), &json!({ "currentPodHash": "5aa2" }));
    third.sets = owned(&objects(&[set(OLD, 1, "v1", 3), set(NEW, 2, "v2", 1), set("5aa2", 3, "v3", 0)]), "u-1").expect("sets");
    let back = third.next(&bound(&third), &order(Action::Rollback, "web-6b7f"));
    assert_eq!(back, Err("the newest template is now v3 (5aa2), not v2".to_owned()));
}

/// Argo Rollouts calls the generation of a spec that is not valid seen, and goes on telling of the version before.
#[test]
fn a_third_template_that_is_not_valid_is_another_version_all_the_same() {
    let invalid = json!({ "conditions": [{ "type": "InvalidSpec", "status": "True", "message": "no such service" }] });
    let third = json!({ "template": { "spec": { "containers": [{ "image": "app:v3" }] } } });
    let of = rollout(&third, &invalid);
    let name = "v3 (not rolled out: the spec is not valid)";
    assert_eq!((of.versions(&bound(&of)).candidate.as_str(), condition(&of)), (name, Condition::Steady));
    assert_eq!(off(&of, Action::Rollback), format!("the newest template is now {name}, not v2"));
    assert!(of.next(&bound(&of), &order(Action::Rollback, "web-6b7f")).is_err());
    assert_eq!(rollout(&json!({}), &invalid).versions(&bound(&of)).candidate, "v2", "what is not valid may be something else");
}

#[test]
fn a_pause_is_taken_off_only_where_it_leads_back() {
    let third = json!({ "paused": true, "template": { "spec": { "containers": [{ "image": "app:v3" }] } } });
    let unseen = rollout(&third, &json!({ "observedGeneration": "3" }));
    let back = next(&unseen, &order(Action::Rollback, "web-6b7f"));
    assert!(matches!(back, Next::Wait { .. }), "somebody else has paused what they rolled out: {back:?}");
}
