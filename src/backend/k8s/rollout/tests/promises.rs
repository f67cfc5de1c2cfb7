//! What is promised before an action is what the strategy does.

use super::*;

#[test]
fn a_switch_that_its_controller_still_waits_before_is_not_promised() {
    let blue_green = |enabled: bool| json!({ "paused": true, "strategy": { "blueGreen": { "autoPromotionEnabled": enabled } } });
    let early = json!({ "pauseConditions": null, "controllerPause": null });
    let why = "it is paused by hand and does not wait for a promotion yet: resume first, or promote --full";
    assert_eq!(off(&rollout(&blue_green(false), &early), Action::Promote), why);
    ready(&rollout(&blue_green(true), &early), Action::Promote);
    let waits = json!({ "pauseConditions": [{ "reason": "BlueGreenPause" }] });
    assert_eq!(ready(&rollout(&blue_green(false), &waits), Action::Promote).target.weight, Some(1.0));
}

#[test]
fn a_switch_back_that_waits_for_bad_pods_is_not_promised() {
    let blue_green = json!({ "strategy": { "blueGreen": {} } });
    let switched = json!({ "pauseConditions": null, "blueGreen": { "activeSelector": NEW } });
    let bad = rollout(&blue_green, &switched);
    let why = "Argo Rollouts switches back only while all pods of v2 are ready, and 1 of 4 is: roll back instead";
    assert_eq!(off(&bad, Action::Abort), why);
    let happens = ready(&bad, Action::Rollback).happens;
    assert_eq!(happens[0], "the update is aborted");
    let mut good = rollout(&blue_green, &switched);
    good.sets.iter_mut().for_each(|set| set.ready = 4);
    ready(&good, Action::Abort);
    assert_eq!(ready(&good, Action::Rollback).happens[0], "the update is aborted: all traffic goes to the stable version");
    ready(&rollout(&blue_green, &json!({ "blueGreen": { "activeSelector": OLD } })), Action::Abort);
}

#[test]
fn a_preview_promises_what_the_strategy_does() {
    let happens = |spec: &Value, status: &Value, action: Action| ready(&rollout(spec, status), action).happens;
    let abort = |strategy: Value| happens(&json!({ "strategy": strategy }), &json!({}), Action::Abort).pop().expect("a line");
    assert_eq!(abort(json!({ "canary": {} })), "the pods of v2 are taken away");
    assert_eq!(abort(json!({ "blueGreen": {} })), "the pods of v2 are taken away 30 s after all of v1 are ready");
    let routed = |more: Value| {
        let mut canary = json!({ "trafficRouting": {} });
        merge(&mut canary, &more);
        json!({ "canary": canary })
    };
    let late = abort(routed(json!({ "abortScaleDownDelaySeconds": 90 })));
    assert_eq!(late, "the pods of v2 are taken away 1m30s after all of v1 are ready");
    let kept = abort(routed(json!({ "abortScaleDownDelaySeconds": 0 })));
    assert_eq!(kept, "the pods of v2 stay, without traffic (abortScaleDownDelaySeconds is 0)");
    let moving = json!({ "strategy": routed(json!({ "dynamicStableScale": true })) });
    assert_eq!(
        happens(&moving, &json!({}), Action::Abort),
        [
            "Argo Rollouts gives the traffic back to v1, the stable version, as fast as its pods come back (dynamicStableScale)",
            "the pods of v2 are taken away meanwhile",
        ]
    );
    let blue_green = json!({ "strategy": { "blueGreen": { "autoPromotionEnabled": false } } });
    let pause = happens(&blue_green, &json!({}), Action::Pause);
    assert_eq!(pause, ["Argo Rollouts does not switch the traffic, to v2 or back; pods of v2 are started all the same"]);
    let running = json!({ "canary": { "currentBackgroundAnalysisRunStatus": { "name": "r", "status": "Running" } } });
    let pause = ready(&rollout(&json!({}), &running), Action::Pause);
    assert!(pause.not_undone.contains(&"its analysis r goes on: if it fails, the update is aborted".to_owned()), "{pause:?}");
    let retry = happens(&blue_green, &json!({ "abort": true }), Action::Retry);
    assert_eq!(retry, ["the abort is taken back", "Argo Rollouts begins with v2 again"]);
    let held = happens(&json!({ "paused": true }), &json!({ "abort": true }), Action::Retry);
    assert_eq!(held[2], "it is paused by hand, and does nothing before a resume");
    let unsure = json!({
        "pauseConditions": [{ "reason": "InconclusiveAnalysisRun" }],
        "blueGreen": { "activeSelector": OLD, "prePromotionAnalysisRunStatus": { "name": "pre", "status": "Inconclusive" } },
    });
    let again = "Argo Rollouts runs the analysis pre again, and gives all traffic to v2 if it succeeds then";
    assert_eq!(happens(&blue_green, &unsure, Action::Promote), ["the pause is taken off", again]);
    let beside = json!({
        "pauseConditions": [{ "reason": "InconclusiveAnalysisRun" }],
        "canary": { "currentBackgroundAnalysisRunStatus": { "name": "all", "status": "Inconclusive" } },
    });
    assert_eq!(happens(&json!({}), &beside, Action::Promote)[0], "the pause is ended, and the analysis all is run again");
}
