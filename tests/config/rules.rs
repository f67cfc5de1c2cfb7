//! One line for each rule: what is written, and what is said of it.

use super::support::{load, messages};

/// Sections with what they need, so that a case is about one key alone.
const NGINX: &str = "[backend]\nkind = \"nginx\"\nupstream_file = \"/etc/nginx/up.conf\"\nupstream = \"api\"\nbaseline = [\"a:1\"]\n\
                     candidate = [\"b:1\"]\nurl = \"http://h/\"\nversion_header = \"X-Version\"\n";
const COMMAND: &str = "[backend]\nkind = \"command\"\nstatus = [\"status\"]\n";

/// `section` with `line` instead of the line about the same key.
fn with(section: &str, line: &str) -> String {
    let key = line.split(" = ").next().unwrap_or_default();
    let kept = section.lines().filter(|other| !other.starts_with(&format!("{key} = ")));
    kept.chain([line]).flat_map(|line| [line, "\n"]).collect()
}

fn assert_refused(section: &str, cases: &[(&str, &str)]) {
    for (line, want) in cases {
        let text = with(section, line);
        let error = load(&text).expect_err(&text);
        assert_eq!(messages(&error), [*want], "{text}");
    }
}

fn assert_accepted(section: &str, lines: &[&str]) {
    for line in lines {
        let text = with(section, line);
        let refused = load(&text).err().map(|error| messages(&error));
        assert_eq!(refused, None, "{text}");
    }
}

#[test]
fn policy_ranges() {
    assert_refused(
        "[policy]",
        &[
            ("poll = \"99ms\"", "policy.poll = \"99ms\" is out of range: 100ms to 5m is allowed"),
            ("poll = \"301s\"", "policy.poll = \"301s\" is out of range: 100ms to 5m is allowed"),
            ("window = \"25h\"", "policy.window = \"25h\" is too long: 24h is the longest"),
            ("window = \"9s\"", "policy.window = \"9s\" must hold at least two polls of policy.poll = \"5s\" (default)"),
            ("window = \"60s\"", "policy.window = \"60s\" must be longer than policy.warmup = \"60s\" (default)"),
            ("warmup = \"10m\"", "policy.window = \"10m\" (default) must be longer than policy.warmup = \"10m\""),
            ("max_window = \"9m\"", "policy.max_window = \"9m\" must be at least policy.window = \"10m\" (default)"),
            ("max_window = \"73h\"", "policy.max_window = \"73h\" is too long: 72h is the longest"),
            ("alpha = 0.00009", "policy.alpha = 0.00009 is out of range: 0.0001 to 0.2 is allowed"),
            ("alpha = 0.21", "policy.alpha = 0.21 is out of range: 0.0001 to 0.2 is allowed"),
            ("alpha = nan", "policy.alpha = nan is out of range: 0.0001 to 0.2 is allowed"),
            ("error_rate = \"0.0009%\"", "policy.error_rate = \"0.0009%\" is out of range: 0.001% to 50% is allowed"),
            ("error_rate = \"51%\"", "policy.error_rate = \"51%\" is out of range: 0.001% to 50% is allowed"),
            ("p99 = \"0s\"", "policy.p99 = \"0s\" is out of range: 1ms to 10m is allowed"),
            ("p99 = \"11m\"", "policy.p99 = \"11m\" is out of range: 1ms to 10m is allowed"),
            ("verify_timeout = \"999ms\"", "policy.verify_timeout = \"999ms\" is out of range: 1s to 30m is allowed"),
            ("playbook_n = 21", "policy.playbook_n = 21 is out of range: 1 to 20 is allowed"),
            ("playbook_k = 0", "policy.playbook_k = 0 is out of range: 1 to 20 is allowed"),
            ("playbook_k = 2", "policy.playbook_k = 2 can never be reached: it must be at most policy.playbook_n = 1 (default)"),
            ("gating = []", "policy.gating = [] names no check: nothing could fail the watch"),
            ("gating = [\"latency\", \"error\"]", "policy.gating = \"error\" is no check: did you mean \"errors\"?"),
            ("gating = [\"cpu\"]", "policy.gating = \"cpu\" is no check"),
        ],
    );
    assert_accepted(
        "[policy]",
        &[
            "poll = \"100ms\"",
            "poll = \"5m\"",
            "window = \"24h\"",
            "window = \"61s\"",
            "warmup = \"0s\"",
            "max_window = \"10m\"",
            "alpha = 0.0001",
            "alpha = 0.2",
            "error_rate = \"0.001%\"",
            "error_rate = \"50%\"",
            "p99 = \"1ms\"",
            "verify_timeout = \"30m\"",
            "gating = [\"traffic\"]",
        ],
    );
}

#[test]
fn texts_need_their_units() {
    assert_refused(
        "[policy]",
        &[
            ("poll = 5", "policy.poll = 5: a duration needs a unit: write \"5s\" for seconds"),
            ("poll = \"5\"", "policy.poll = \"5\": a duration needs a unit: write \"5s\" for seconds"),
            ("poll = \"soon\"", "policy.poll = \"soon\": \"soon\" is no duration: write \"5s\", \"10m\" or \"1h 30m\""),
            ("poll = \"1us\"", "policy.poll = \"1us\": \"1us\" is finer than a millisecond: write whole milliseconds"),
            ("poll = true", "policy.poll = true: it must be a duration as text, such as \"5s\""),
            (
                "error_rate = 0.01",
                "policy.error_rate = 0.01: a percentage needs its sign: write \"0.01%\", or \"1%\" if 0.01 was meant as a fraction",
            ),
            (
                "error_rate = \"0.07\"",
                "policy.error_rate = \"0.07\": a percentage needs its sign: write \"0.07%\", or \"7%\" if 0.07 was meant as a fraction",
            ),
            ("error_rate = \"few\"", "policy.error_rate = \"few\": \"few\" is no percentage: write \"1%\""),
        ],
    );
}

#[test]
fn types() {
    assert_refused("[deployment]", &[("protected = \"yes\"", "deployment.protected = \"yes\" must be true or false")]);
    assert_refused("[deployment]", &[("name = 1", "deployment.name = 1 must be a text in quotes")]);
    assert_refused(
        "[health]",
        &[
            ("rise = -1", "health.rise = -1 must be a whole number from 0 to 4294967295"),
            ("rise = 1.5", "health.rise = 1.5 must be a whole number from 0 to 4294967295"),
            ("passes = \"ok\"", "health.passes = \"ok\" must be a list of texts: [\"…\", \"…\"]"),
            ("passes = [\"good\", 1]", "health.passes = 1 must be a text in quotes"),
        ],
    );
    assert_refused("[limits]", &[("page_bytes = \"1\"", "limits.page_bytes = \"1\" must be a whole number, not negative")]);
    assert_refused(
        "[policy]",
        &[
            ("alpha = \"1%\"", "policy.alpha = \"1%\" must be a number"),
            ("kind = \"statistics\"", "policy.kind = \"statistics\" is not known: did you mean \"statistical\"?"),
            ("kind = \"bayes\"", "policy.kind = \"bayes\" is not known"),
            ("kind = 1", "policy.kind = 1 is not known"),
        ],
    );
    assert_refused("", &[("policy = 5", "policy = 5 must be a table with keys of its own")]);
    assert_refused("", &[("[[policy]]", "policy must be a table with keys of its own")]);
}

#[test]
fn unknown_keys() {
    assert_refused(
        "[policy]",
        &[
            ("windw = \"5m\"", "policy.windw is not known: did you mean window?"),
            ("max-window = \"5m\"", "policy.max-window is not known: did you mean max_window?"),
            ("weights = [\"5%\"]", "policy.weights is not known: weights is a key of [steps]"),
            ("zebra = 1", "policy.zebra is not known"),
            ("\"a b\" = 1", "policy.\"a b\" is not known"),
        ],
    );
    assert_refused("", &[("[polcy]", "polcy is not known: did you mean policy?")]);
    assert_refused("", &[("poll = \"5s\"", "poll is not known: poll is a key of [policy]")]);
    assert_refused("[auth]", &[("bearer = { env = \"A\", fiel = \"x\" }", "auth.bearer.fiel is not known: did you mean file?")]);
    assert_refused(COMMAND, &[("roll_back = [\"a\"]", "backend.roll_back is not known: did you mean rollback?")]);
}

#[test]
fn steps() {
    assert_refused(
        "[steps]",
        &[
            ("weights = []", "steps.weights = [] has 0 steps: 1 to 20 are allowed"),
            (
                "weights = [\"0%\", \"100%\"]",
                "steps.weights = \"0%\" must be more than 0%: each step sends more traffic than the one before",
            ),
            (
                "weights = [\"50%\", \"50%\", \"100%\"]",
                "steps.weights = \"50%\" must be more than 50%: each step sends more traffic than the one before",
            ),
            ("weights = [\"5%\", \"50%\"]", "steps.weights = [\"5%\", \"50%\"] ends at 50%: the last step must be 100%"),
            ("weights = [\"5%\", \"101%\"]", "steps.weights = \"101%\" is more than all traffic: 100% is the most"),
            (
                "strategy = \"blue-green\"\nweights = [\"100%\"]",
                "steps.weights = [\"100%\"] means nothing with steps.strategy = \"blue-green\"",
            ),
            ("batches = 3", "steps.batches = 3 means nothing with steps.strategy"),
            ("strategy = \"rolling\"\nbatches = 21", "steps.batches = 21 is out of range: 1 to 20 is allowed"),
            ("bake = \"25h\"", "steps.bake = \"25h\" is out of range: 0s to 24h is allowed"),
        ],
    );
    let ladder = "[steps]\nweights = [\"50%\", \"100%\"]\n";
    assert_refused(
        ladder,
        &[
            ("window = \"30s\"", "steps.window = \"30s\" must be longer than policy.warmup = \"60s\" (default)"),
            ("window = \"25h\"", "steps.window = \"25h\" is too long: 24h is the longest"),
        ],
    );
    let many = (1..=21).map(|n| format!("\"{n}%\"")).collect::<Vec<_>>().join(", ");
    let error = load(&format!("[steps]\nweights = [{many}]\n")).expect_err("too many");
    assert!(messages(&error)[0].ends_with("has 21 steps: 1 to 20 are allowed"));
    let both = load(&format!("{ladder}window = \"20m\"\n[policy]\nmax_window = \"15m\"\n")).expect_err("too short");
    assert_eq!(messages(&both), ["policy.max_window = \"15m\" must be at least steps.window = \"20m\""]);
}

#[test]
fn names() {
    assert_refused(
        "[deployment]",
        &[
            ("name = \" \"", "deployment.name = \" \" is empty: a name is needed"),
            ("name = \"a/b\"", "deployment.name = \"a/b\" cannot name files: a \"/\" and a leading \".\" are not allowed"),
            ("name = \"..\"", "deployment.name = \"..\" cannot name files: a \"/\" and a leading \".\" are not allowed"),
            (
                "environment = \"a\\u0007\"",
                "deployment.environment = \"a\\u0007\" holds a control character or an invisible one: a name has none",
            ),
        ],
    );
    assert_refused(
        "[candidate]",
        &[
            ("version = \"\"", "candidate.version = \"\" is empty: a name is needed"),
            ("version = \"--force\"", "candidate.version = \"--force\" begins with \"-\": a command would take it for an option"),
            (
                "version = \"v\\u202e2\"",
                "candidate.version = \"v\\u202e2\" holds a control character or an invisible one: a name has none",
            ),
            (
                "version = \"baseline\"",
                "candidate.version = \"baseline\" is the same as baseline.version = \"baseline\" (default): nobody could tell the versions apart",
            ),
        ],
    );
    let error = load(&format!("[baseline]\nversion = \"{}\"\n", "v".repeat(101))).expect_err("too long");
    assert!(messages(&error)[0].ends_with("is too long: a name has at most 100 characters"));
}

#[test]
fn pages() {
    assert_refused(
        "[baseline]",
        &[
            (
                "metrics = [\"10.0.0.1:8081\"]",
                "baseline.metrics = \"10.0.0.1:8081\" is no address: it must begin with http:// or https://",
            ),
            (
                "metrics = [\"http://\"]",
                "baseline.metrics = \"http://\" is no address: write it as \"http://10.0.0.1:8081/metrics\"",
            ),
            (
                "health = [\"http://a/#x\"]",
                "baseline.health = \"http://a/#x\" has a part after \"#\", which is never sent: leave it out",
            ),
            (
                "metrics = [\"http://me:pw@a/\"]",
                "baseline.metrics = \"http://*****@a/\" holds a user name or a password: these belong to [auth]",
            ),
            (
                "metrics = [\"http://a b/\"]",
                "baseline.metrics = \"http://a b/\" holds a space or a control character: an address has none",
            ),
            (
                "metrics = [\"http://a\", \"http://a\"]",
                "baseline.metrics = \"http://a\" is listed twice: an instance would count twice",
            ),
            ("select = { \"\" = \"x\" }", "baseline.select.\"\" = \"x\" has no label: its name is empty"),
        ],
    );
    let many = (0..1001).map(|n| format!("\"http://a/{n}\"")).collect::<Vec<_>>().join(", ");
    let error = load(&format!("[baseline]\nmetrics = [{many}]\n")).expect_err("too many");
    assert!(messages(&error)[0].ends_with("001 pages: at most 1000 can be read"), "{error:?}");
    let error = load("[baseline]\nselect = { a = \"(\" }\n").expect_err("no regular expression");
    assert!(messages(&error)[0].starts_with("baseline.select.a = \"(\" is no regular expression: "), "{error:?}");
    assert_refused(
        "[metrics]\nrequests = \"r\"",
        &[("errors = {}", "metrics.errors names no label: no request could be an error")],
    );
    assert_refused(
        "[metrics]\nerrors = { a = \"b\" }\nlatency = \"l\"",
        &[("requests = \"a b\"", "metrics.requests = \"a b\" is no name of a metric: it must have a character and no space")],
    );
}

#[test]
fn a_page_of_both_sides_needs_labels() {
    let shared = "baseline.metrics = [\"http://a\"]\ncandidate.metrics = [\"http://b\", \"http://a\"]\n";
    let error = load(shared).expect_err("nothing tells the versions apart");
    assert_eq!(
        messages(&error),
        ["candidate.metrics = \"http://a\" is a page of the baseline too, and no labels tell the versions apart"]
    );
    assert_accepted(shared, &["candidate.select = { v = \"2\" }"]);
}

#[test]
fn health_and_limits() {
    assert_refused(
        "[health]",
        &[
            ("rise = 0", "health.rise = 0 is out of range: 1 to 20 is allowed"),
            ("fall = 21", "health.fall = 21 is out of range: 1 to 20 is allowed"),
            ("passes = [\"\"]", "health.passes = \"\" is empty: write the word that the page shows"),
        ],
    );
    assert_refused(
        "[health]\npasses = [\"Fine\"]",
        &[("fails = [\"fine\"]", "health.fails = \"fine\" is among health.passes too: a word can mean only one thing")],
    );
    assert_refused(
        "[limits]",
        &[
            ("timeout = \"1ms\"", "limits.timeout = \"1ms\" is out of range: 50ms to 1m is allowed"),
            ("page_bytes = 0", "limits.page_bytes = 0 is out of range: 1024 to 268435456 is allowed"),
            ("samples = 0", "limits.samples = 0 is out of range: 1 to 10000000 is allowed"),
            ("labels = 1001", "limits.labels = 1001 is out of range: 1 to 1000 is allowed"),
        ],
    );
}

#[test]
fn credentials() {
    let kept = "auth.bearer must say where the secret is kept; the secret itself is never written here";
    assert_refused(
        "[auth]",
        &[
            ("bearer = \"s3cret\"", kept),
            ("bearer = {}", "auth.bearer must name one place: exactly one of env, file and command"),
            ("bearer = { env = \"A\", file = \"/a\" }", "auth.bearer must name one place: exactly one of env, file and command"),
            ("bearer = { env = \"to-ken\" }", "auth.bearer has an env that is no variable's name"),
            ("bearer = { file = \"\" }", "auth.bearer.file = \"\" is empty: write the file's path"),
            ("bearer = { command = [] }", "auth.bearer.command = [] names no program: the first entry must be one"),
            (
                "headers = { \"a b\" = { env = \"A\" } }",
                "auth.headers.\"a b\" is no name of a header: letters, digits and - are allowed",
            ),
            ("client_key = \"/k\"", "auth.client_key = \"/k\" needs auth.client_cert: a certificate and its key come together"),
        ],
    );
    assert_refused(
        "[auth]\nbearer = { env = \"A\" }",
        &[
            (
                "basic = { user = \"me\", password = { env = \"B\" } }",
                "auth.basic and auth.bearer both set the Authorization header: keep one",
            ),
            (
                "headers = { authorization = { env = \"B\" } }",
                "auth.headers.authorization and auth.bearer both set the Authorization header: keep one",
            ),
        ],
    );
    assert_refused("[auth]", &[("basic = { user = \"me\" }", "auth.basic.password is missing")]);
    assert_refused(
        "[notify]",
        &[
            ("webhook = {}", "notify.webhook has no address: give url or url_from"),
            (
                "webhook = { url = \"http://a\", url_from = { env = \"A\" } }",
                "notify.webhook has both url and url_from: give one of them",
            ),
            ("webhook = { url = \"a\" }", "notify.webhook.url = \"a\" is no address: it must begin with http:// or https://"),
            (
                "webhook = { url = \"http://a\", format = \"jsn\" }",
                "notify.webhook.format = \"jsn\" is not known: did you mean \"json\"?",
            ),
        ],
    );
}

#[test]
fn nginx() {
    let server = "is no server: write an address and a port, \"10.0.0.1:8081\", and nothing else";
    let single = "is not a single directive: quotes, braces, \"#\", \"\\\" and a second \";\" are not allowed";
    assert_refused(
        NGINX,
        &[
            ("baseline = []", "backend.baseline = [] names no server"),
            ("baseline = [\"a:1\", \"a:1;\"]", &format!("backend.baseline = \"a:1;\" {server}")),
            ("baseline = [\"a:1 backup\"]", &format!("backend.baseline = \"a:1 backup\" {server}")),
            ("baseline = [\"a\\n\"]", &format!("backend.baseline = \"a\\n\" {server}")),
            ("baseline = [\"b:1\"]", "backend.candidate = \"b:1\" is a server of the baseline too: a server runs one version"),
            ("upstream = \"a b\"", "backend.upstream = \"a b\" is no name of an upstream: letters, digits, _, . and - are allowed"),
            ("upstream_file = \"/\"", "backend.upstream_file = \"/\" names no file"),
            ("url = \"h\"", "backend.url = \"h\" is no address: it must begin with http:// or https://"),
            (
                "version_header = \"a b\"",
                "backend.version_header = \"a b\" is no name of a header: letters, digits and - are allowed",
            ),
            ("version_field = \"v\"", "backend has both version_header and version_field: give one of them"),
            ("nginx = [\"\"]", "backend.nginx = [\"\"] names no program: the first entry must be one"),
            ("directives = [\"keepalive 32\"]", "backend.directives = \"keepalive 32\" must end with \";\""),
            ("directives = [\"a; b;\"]", &format!("backend.directives = \"a; b;\" {single}")),
            (
                "directives = [\"server c:1;\"]",
                "backend.directives = \"server c:1;\" is a server: servers belong to backend.baseline and backend.candidate",
            ),
        ],
    );
    let neither = NGINX.replace("version_header = \"X-Version\"\n", "");
    let error = load(&neither).expect_err("no version");
    assert_eq!(messages(&error), ["backend cannot tell which version answers: version_header or version_field is missing"]);
    assert_accepted(
        NGINX,
        &["directives = [\"keepalive 32;\", \"hash $request_uri consistent;\"]", "baseline = [\"unix:/run/a.sock\"]"],
    );
}

#[test]
fn commands() {
    assert_refused(
        COMMAND,
        &[
            ("status = []", "backend.status = [] names no program: without the present state nothing can be done"),
            ("promote = [\"\"]", "backend.promote = [\"\"] names no program: the first entry must be one"),
            ("timeout = \"11m\"", "backend.timeout = \"11m\" is out of range: 100ms to 10m is allowed"),
            ("kind = \"comand\"", "backend.kind = \"comand\" is not known: did you mean \"command\"?"),
        ],
    );
    assert_refused(
        "[backend]",
        &[("status = [\"a\"]", "backend.kind is missing: it must be \"nginx\", \"command\", \"kubernetes\" or \"demo\"")],
    );
    assert_accepted(COMMAND, &["promote = []", "timeout = \"100ms\""]);
}

#[test]
fn the_router_of_a_demo() {
    let section = "[backend]\nkind = \"demo\"\nrouter = \"http://127.0.0.1:40003/\"";
    assert_accepted(section, &["router = \"http://localhost:1/\""]);
    assert_refused(
        section,
        &[("router = \"127.0.0.1:1\"", "backend.router = \"127.0.0.1:1\" is no address: it must begin with http:// or https://")],
    );
}

#[test]
fn a_wrong_value_starts_no_second_complaint() {
    let error = load("[policy]\nwindow = 30\nwarmup = \"20m\"\nmax_window = \"5m\"\n").expect_err("wrong");
    assert_eq!(messages(&error), ["policy.window = 30: a duration needs a unit: write \"30s\" for seconds"]);
}

#[test]
fn keys_of_the_screen() {
    assert_refused(
        "[keys]",
        &[
            ("rollback = \"e\"", "keys.rollback = \"e\" is the key of explain as well"),
            ("rollback = [\"Z\", \"q\"]", "keys.rollback = \"q\" is the key of quit as well"),
            (
                "rollback = \"enter\"",
                "keys.rollback = \"enter\" cannot ask for an action: enter, esc, tab, arrows and digits are pressed to look around, \
                 often without looking",
            ),
            (
                "arm = \"y\"",
                "keys.arm = \"y\" cannot ask for an action: it is the answer to the question, and one key must not do both",
            ),
            ("help = \"esc\"", "keys.help = \"esc\" always means \"back, close\" and cannot be given to anything else"),
            ("help = \"F1\"", "keys.help = \"F1\" is no key that rollwatch knows"),
            ("rolback = \"Z\"", "keys.rolback is not known: did you mean rollback?"),
            ("rollback = 5", "keys.rollback = 5: it must be a key's name, such as \"R\" or \"ctrl-l\", or a list of them"),
        ],
    );
    assert_accepted(
        "[keys]",
        &["rollback = \"Z\"", "rollback = [\"R\", \"!\"]", "abort = []", "help = [\"?\", \"h\"]", "explain = \"e\""],
    );
    let twice = load("[keys]\nrollback = \"x\"\npromote = \"x\"\n").expect_err("a conflict");
    assert_eq!(messages(&twice), ["keys.rollback = \"x\" is the key of promote as well"]);
}
