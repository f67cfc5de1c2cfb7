//! Rules about credentials: `[auth]` and the webhook's `url_from`.

use super::{Rules, is_header_name};
use crate::config::{file::File, path::KeyPath, secret::SecretRef, variables};

pub(super) fn rules(rules: &mut Rules<'_>) {
    for (key, secret) in all(rules.file) {
        reference(rules, &key, secret);
    }
    headers(rules);
    one_authorization(rules);
    client_certificate(rules);
}

pub(super) fn names_programs(file: &File) -> bool {
    all(file).iter().any(|(_, secret)| secret.command.is_some())
}

/// Every reference to a secret, with its place.
fn all(file: &File) -> Vec<(KeyPath, &SecretRef)> {
    let auth = &file.auth;
    let headers = auth.headers.iter().map(|(name, secret)| (KeyPath::from("auth.headers").key(name), secret));
    let single = [
        ("auth.bearer", auth.bearer.as_ref()),
        ("auth.basic.password", auth.basic.as_ref().map(|basic| &basic.password)),
        ("notify.webhook.url_from", file.notify.webhook.as_ref().and_then(|webhook| webhook.url_from.as_ref())),
    ];
    single.into_iter().filter_map(|(key, secret)| Some((key.into(), secret?))).chain(headers).collect()
}

/// A secret is kept in one place, and that place has a name.
fn reference(rules: &mut Rules<'_>, key: &KeyPath, secret: &SecretRef) {
    let places = [secret.env.is_some(), secret.file.is_some(), secret.command.is_some()];
    if places.iter().filter(|given| **given).count() != 1 {
        rules.refuse(key.clone(), "must name one place: exactly one of env, file and command", "");
    } else if secret.env.as_deref().is_some_and(|name| !variables::is_name(name)) {
        // The value is not shown: what stands here by mistake may be the secret itself.
        let help = "write the name of an environment variable: { env = \"TOKEN\" }";
        rules.refuse(key.clone(), "has an env that is no variable's name", help);
    } else if secret.file.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
        rules.refuse(key.key("file"), "is empty: write the file's path", "");
    } else if secret.command.as_ref().is_some_and(|argv| argv.first().is_none_or(String::is_empty)) {
        rules.refuse(key.key("command"), "names no program: the first entry must be one", "");
    }
}

fn headers(rules: &mut Rules<'_>) {
    for name in rules.file.auth.headers.keys().filter(|name| !is_header_name(name)) {
        let key = KeyPath::from("auth.headers").key(name);
        rules.refuse(key, "is no name of a header: letters, digits and - are allowed", "");
    }
}

fn one_authorization(rules: &mut Rules<'_>) {
    let auth = &rules.file.auth;
    let header = auth.headers.keys().find(|name| name.eq_ignore_ascii_case("authorization"));
    let header = header.map(|name| KeyPath::from("auth.headers").key(name));
    let given = [auth.bearer.as_ref().map(|_| "auth.bearer".into()), auth.basic.as_ref().map(|_| "auth.basic".into()), header];
    if let [first, second, ..] = given.into_iter().flatten().collect::<Vec<KeyPath>>().as_slice() {
        let problem = format!("and {first} both set the Authorization header: keep one");
        rules.refuse_because_of(&[second.clone(), first.clone()], problem, "");
    }
}

fn client_certificate(rules: &mut Rules<'_>) {
    let auth = &rules.file.auth;
    let (alone, other) = match (&auth.client_cert, &auth.client_key) {
        (Some(_), None) => ("auth.client_cert", "auth.client_key"),
        (None, Some(_)) => ("auth.client_key", "auth.client_cert"),
        _ => return,
    };
    rules.refuse(alone, format_args!("needs {other}: a certificate and its key come together"), "");
}
