//! Any line that can be written is read back as it was, to the last bit of every number.

use proptest::{
    collection::{btree_map, vec},
    num::f64 as float,
    option,
    prelude::*,
};
use rollwatch::{
    engine::{
        action::{Action, Actor, ActorKind, Condition, Fact, Target},
        asked::{Addresses, Asked},
        custom::Custom,
        driven::Driven,
        event::{CheckChange, Ended, Event, Evidence, Figures, Line, Poll, Reason, SCHEMA, Started, VerdictChange},
        policy::BaselineMode,
        role::{Role, Sides},
        sample::{self, Buckets, CheckState, Health, HealthCheck, HealthState, Missing, Sample, SourceKind},
        time::Time,
        verdict::{CheckVerdict, Outcome, Phase, Verdict},
    },
    journal::line::{decode, encode},
};
use serde_json::{Value, json};

/// Any finite number, the smallest and the largest among them.
fn number() -> impl Strategy<Value = f64> {
    let finite = float::POSITIVE | float::NEGATIVE | float::NORMAL | float::SUBNORMAL | float::ZERO;
    prop_oneof![
        8 => finite,
        1 => prop::sample::select(vec![0.0, -0.0, f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, 0.1, 1e21, 9_007_199_254_740_993.0]),
    ]
}

fn maybe() -> impl Strategy<Value = Option<f64>> {
    option::of(number())
}

/// Any text, control characters and all.
fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..6).prop_map(String::from_iter)
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        number().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((text(), inner), 0..4).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn role() -> impl Strategy<Value = Role> {
    prop::sample::select(&Role::BOTH[..])
}

fn check_verdict() -> impl Strategy<Value = CheckVerdict> {
    use CheckVerdict::{Fail, Insufficient, Muted, NoData, Pass, ProviderError, Shared, Warn};
    prop::sample::select(vec![Pass, Warn, Fail, Insufficient, NoData, ProviderError, Shared, Muted])
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop::sample::select(vec![Verdict::Pass, Verdict::Fail, Verdict::Inconclusive])
}

fn phase() -> impl Strategy<Value = Phase> {
    use Phase::{Acting, Attaching, Ended, Holding, Verifying, WarmingUp, Watching};
    prop::sample::select(vec![Attaching, WarmingUp, Watching, Holding, Acting, Verifying, Ended])
}

fn outcome() -> impl Strategy<Value = Outcome> {
    use Outcome::{
        EndedElsewhere, Interrupted, None, Paused, Promoted, PromotionFailed, RollbackFailed, RolledBack, Stuck, Superseded,
        Timeout,
    };
    prop::sample::select(vec![
        None,
        Promoted,
        RolledBack,
        RollbackFailed,
        PromotionFailed,
        EndedElsewhere,
        Superseded,
        Stuck,
        Paused,
        Timeout,
        Interrupted,
    ])
}

fn asked() -> impl Strategy<Value = Asked> {
    let series = prop::collection::btree_map(text(), vec(text(), 0..3), 0..3);
    let addresses = || (vec(text(), 0..3), 0..9_usize).prop_map(|(first, others)| Addresses { first, others });
    (addresses(), addresses(), option::of(text()), series).prop_map(|(pages, health, whose, series)| Asked {
        pages,
        health,
        whose,
        series,
    })
}

fn started() -> impl Strategy<Value = Event> {
    let names = (text(), text(), text(), text(), text(), text(), text());
    let pins = || (text(), text()).prop_map(|(baseline, candidate)| Sides { baseline, candidate });
    let driven = option::of((text(), pins()).prop_map(|(by, pins)| Driven { by, pins }));
    (names, number(), json_value(), vec(number(), 0..4), text(), text(), any::<bool>(), driven, asked()).prop_map(
        |(
            (deployment, environment, backend, locator, strategy, baseline, candidate),
            window_s,
            policy,
            steps,
            sha,
            version,
            resumed,
            driven,
            candidate_asked,
        )| {
            Event::WatchStarted(Box::new(Started {
                deployment,
                environment,
                backend,
                locator,
                strategy,
                baseline,
                candidate,
                window_s,
                policy,
                config_sha256: sha,
                driven,
                steps,
                rollwatch: version,
                resumed,
                asked: Sides { baseline: Asked::default(), candidate: candidate_asked },
            }))
        },
    )
}

/// Bounds rise and are positive, as in a histogram.
fn buckets() -> impl Strategy<Value = Buckets> {
    let bounds = prop::collection::btree_set((0.0_f64..1e300).prop_map(f64::to_bits), 0..5);
    (bounds, vec(number(), 6)).prop_map(|(bits, mut count)| {
        let mut le_ms: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
        le_ms.push(f64::INFINITY);
        count.truncate(le_ms.len());
        Buckets { le_ms, count }
    })
}

fn health() -> impl Strategy<Value = Health> {
    let state = prop::sample::select(vec![HealthState::Up, HealthState::Down, HealthState::Unknown]);
    let word = prop::sample::select(vec![CheckState::Passes, CheckState::Fails, CheckState::Other]);
    let checks = vec((text(), text(), word).prop_map(|(name, said, state)| HealthCheck { name, said, state }), 0..3);
    (state, any::<bool>(), checks).prop_map(|(state, served, checks)| Health { state, served, checks })
}

fn custom() -> impl Strategy<Value = Custom> {
    prop_oneof![
        (number(), number()).prop_map(|(of, events)| Custom::Counts { of, events }),
        number().prop_map(|gauge| Custom::Gauge { gauge }),
    ]
}

fn sample() -> impl Strategy<Value = Event> {
    let source = prop::sample::select(vec![SourceKind::Metrics, SourceKind::Health]);
    let names = (source, role(), text(), text(), option::of(text()));
    let numbers = (maybe(), maybe(), option::of(buckets()), option::of(health()));
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), option::of(0..=4_000_000_000_000_i64));
    let checks = (btree_map(text(), custom(), 0..3), btree_map(text(), text(), 0..3));
    (names, numbers, flags, (option::of(text()), option::of(text())), checks, option::of(pod())).prop_map(
        |(
            (source, role, version, instance, reason),
            (requests, errors, buckets, health),
            (ok, reset, reference, began),
            missing,
            (custom, lacks),
            pod,
        )| {
            Event::Sample(Box::new(Sample {
                source,
                role,
                version,
                instance,
                ok,
                reason,
                requests,
                errors,
                buckets,
                custom,
                health,
                reset,
                reference,
                missing: Missing { errors: missing.0, latency: missing.1, custom: lacks },
                started: began.map(Time::from_ms),
                pod,
            }))
        },
    )
}

fn pod() -> impl Strategy<Value = sample::Pod> {
    use sample::Phase::{Leaving, Looping, Running, Starting};
    let since = option::of(0..=4_000_000_000_000_i64);
    let phase = prop::sample::select(vec![Running, Starting, Looping, Leaving]);
    (any::<bool>(), any::<u32>(), phase, option::of(text()), since).prop_map(|(ready, restarts, phase, reason, since)| {
        sample::Pod { ready, restarts, phase, reason, since: since.map(Time::from_ms) }
    })
}

fn figures() -> impl Strategy<Value = Figures> {
    (maybe(), maybe(), maybe(), maybe()).prop_map(|(requests, bad, value, of)| Figures { requests, bad, value, of })
}

fn evidence() -> impl Strategy<Value = Evidence> {
    (figures(), figures(), maybe(), option::of((number(), number())), maybe(), maybe(), maybe()).prop_map(
        |(baseline, candidate, difference, band, limit, rollback_nats, promote_nats)| Evidence {
            sides: Sides { baseline, candidate },
            difference,
            band,
            limit,
            rollback_nats,
            promote_nats,
        },
    )
}

fn check() -> impl Strategy<Value = Event> {
    (text(), check_verdict(), option::of(check_verdict()), text(), evidence()).prop_map(
        |(check, verdict, was, sentence, evidence)| {
            let explanation = vec![Reason::new("counted", sentence.clone())];
            Event::Check(Box::new(CheckChange { check, verdict, was, sentence, evidence, explanation }))
        },
    )
}

fn requested() -> impl Strategy<Value = Event> {
    let target = (text(), text(), maybe()).prop_map(|(version, reference, weight)| Target { version, reference, weight });
    let kind = prop::sample::select(vec![ActorKind::Engine, ActorKind::Key, ActorKind::Cli]);
    let actor = (kind, text()).prop_map(|(kind, user)| Actor { kind, user });
    (text(), prop::sample::select(&Action::ALL[..]), target, actor, text(), option::of(text()), maybe()).prop_map(
        |(id, action, target, actor, token, reason, limit_s)| Event::ActionRequested {
            id,
            action,
            target,
            actor,
            token,
            reason,
            limit_s,
        },
    )
}

fn ended() -> impl Strategy<Value = Event> {
    (verdict(), outcome(), any::<u8>(), text(), number(), number()).prop_map(
        |(verdict, outcome, exit_code, sentence, watched_s, blind_s)| {
            Event::WatchEnded(Ended { verdict, outcome, exit_code, sentence, watched_s, blind_s })
        },
    )
}

fn verdict_change() -> impl Strategy<Value = Event> {
    let all = vec![BaselineMode::Concurrent, BaselineMode::Before, BaselineMode::Previous, BaselineMode::Static];
    let beside = (prop::sample::select(all), text(), maybe(), maybe());
    (verdict(), option::of(verdict()), text(), number(), number(), beside).prop_map(
        |(verdict, was, sentence, evidence_nats, needed_nats, (baseline_mode, baseline, old, new))| {
            let ages_s = Sides { baseline: old, candidate: new };
            Event::Verdict(VerdictChange { verdict, was, sentence, evidence_nats, needed_nats, baseline_mode, baseline, ages_s })
        },
    )
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    prop::collection::vec((text(), any::<bool>()).prop_map(|(text, holds)| Fact { text, holds }), 0..3)
}

fn poll() -> impl Strategy<Value = Event> {
    let condition = prop_oneof![
        Just(Condition::Steady),
        text().prop_map(Condition::Waiting),
        text().prop_map(Condition::Behind),
        text().prop_map(Condition::Stuck),
        text().prop_map(Condition::Ended),
    ];
    (any::<u64>(), maybe(), any::<bool>(), condition, any::<bool>())
        .prop_map(|(index, weight, paused, condition, history)| Event::Poll(Poll { index, weight, paused, condition, history }))
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        started(),
        sample(),
        poll(),
        check(),
        verdict_change(),
        (phase(), option::of(phase())).prop_map(|(phase, was)| Event::Phase { phase, was }),
        (any::<u32>(), any::<u32>(), number()).prop_map(|(index, of, weight)| Event::Step { index, of, weight }),
        requested(),
        text().prop_map(|id| Event::ActionSent { id }),
        (text(), number(), facts()).prop_map(|(id, took_s, facts)| Event::ActionVerified { id, took_s, facts }),
        (text(), text()).prop_map(|(id, error)| Event::ActionFailed { id, error }),
        (text(), text(), facts()).prop_map(|(id, seen, facts)| Event::ActionUnverified { id, seen, facts }),
        (text(), any::<bool>(), option::of(text())).prop_map(|(channel, ok, error)| Event::Notify { channel, ok, error }),
        (text(), text()).prop_map(|(about, sentence)| Event::Note { about, sentence }),
        ended(),
        Just(Event::Unknown),
    ]
}

fn any_line() -> impl Strategy<Value = Line> {
    // 1970 to 9000.
    (any::<u64>(), 0..221_845_000_000_000_i64, event()).prop_map(|(seq, ms, event)| Line {
        v: SCHEMA,
        seq,
        at: Time::from_ms(ms),
        event,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_line_comes_back_bit_for_bit(line in any_line()) {
        let text = encode(&line);
        prop_assert_eq!(text.matches('\n').count(), 1, "one line");
        let back = decode(text.as_bytes());
        prop_assert_eq!(back.as_ref(), Ok(&line));
        // Equality takes 0.0 and -0.0 for the same; their texts differ.
        prop_assert_eq!(back.map(|line| encode(&line)), Ok(text));
    }
}

#[test]
fn numbers_of_every_size_keep_every_bit() {
    for number in [5e-324, f64::MIN_POSITIVE, 0.1 + 0.2, 1.0 / 3.0, 1e16 + 2.0, 1e300, f64::MAX, -0.0, f64::EPSILON] {
        let event = Event::ActionVerified { id: "a".to_owned(), took_s: number, facts: Vec::new() };
        let line = Line { v: SCHEMA, seq: 1, at: Time::default(), event };
        let Ok(Line { event: Event::ActionVerified { took_s, .. }, .. }) = decode(encode(&line).as_bytes()) else {
            panic!("{number:e} is not read back")
        };
        assert_eq!(took_s.to_bits(), number.to_bits(), "{number:e}");
    }
}

#[test]
fn the_keys_of_a_line_are_those_of_the_contract() {
    let event = Event::Poll(Poll::default());
    let line = Line { v: SCHEMA, seq: 1, at: Time::from_ms(120), event };
    let text = encode(&line);
    let crc = text.trim_end().rsplit('"').nth(1).expect("a checksum");
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let want = json!({"v": 1, "seq": 1, "at": "1970-01-01T00:00:00.120Z", "event": "poll", "index": 0, "weight": null, "paused": false, "crc": crc});
    assert_eq!(value, want);
}
