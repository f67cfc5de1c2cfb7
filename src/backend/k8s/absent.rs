//! Why a workload that was named is not there, and which one may have been meant.

use super::{
    api::Api,
    workload::{self, Place, title},
};
use crate::{
    backend::BackendError,
    nearest::nearest,
    target::{Kind, Target, Workload},
    text,
};

/// Names that are listed.
const LISTED: usize = 5;

/// As much as can be found out about it; what we may not read stays unsaid.
pub(super) async fn why(api: &Api, place: &Place) -> BackendError {
    let Place { namespace, workload } = place;
    if let Err(error) = has_namespace(api, namespace).await {
        return error;
    }
    let mut same_name = None;
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != workload.kind) {
        let other = Place { namespace: namespace.clone(), workload: Workload { kind, name: workload.name.clone() } };
        if matches!(api.get(&other.path()).await, Ok(Some(_))) {
            same_name = same_name.or(Some(other));
        }
    }
    let names = match workload::names(api, namespace, workload.kind).await {
        Ok(Some(names)) => names,
        Ok(None) if same_name.is_none() => return unknown_kind(workload.kind),
        Ok(None) | Err(_) => Vec::new(),
    };
    BackendError::Unusable(format!("{}{}", place.missing(), meant(&workload.name, &names, same_name.as_ref())))
}

/// Nothing, where the namespace is there or we may not know that.
///
/// # Errors
/// When it is not there.
pub(super) async fn has_namespace(api: &Api, namespace: &str) -> Result<(), BackendError> {
    match api.get(&format!("/api/v1/namespaces/{namespace}")).await {
        Ok(None) => Err(BackendError::Unusable(format!("there is no namespace {namespace}"))),
        Ok(Some(_)) | Err(_) => Ok(()),
    }
}

fn unknown_kind(kind: Kind) -> BackendError {
    BackendError::Unusable(format!("this cluster knows no kind {}: what defines it is not installed", title(kind)))
}

/// What may have been meant instead.
fn meant(name: &str, names: &[String], same_name: Option<&Place>) -> String {
    if let Some(Place { namespace, workload }) = same_name {
        let target = Target { namespace: Some(namespace.clone()), workload: Some(workload.clone()) };
        return format!(", but a {} of that name: {target}", title(workload.kind));
    }
    if let Some(near) = nearest(name, names.iter().map(String::as_str)) {
        return format!("; did you mean {}?", text::cleaned(near));
    }
    match names {
        [] => String::new(),
        all if all.len() <= LISTED => format!("; there is {}", text::cleaned(&all.join(", "))),
        some => {
            let (first, others) = some.split_at(LISTED);
            format!("; there is {} and {} more", text::cleaned(&first.join(", ")), others.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_meant_is_said() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let rollout = Workload { kind: Kind::Rollout, name: "web".to_owned() };
        let place = Place { namespace: "shop".to_owned(), workload: rollout };
        assert_eq!(meant("web", &names(&["api"]), Some(&place)), ", but a Rollout of that name: k8s:shop/rollout/web");
        assert_eq!(meant("wbe", &names(&["api", "web"]), None), "; did you mean web?");
        assert_eq!(meant("x", &names(&["api", "web"]), None), "; there is api, web");
        assert_eq!(
            meant("x", &names(&["aaa", "bbb", "ccc", "ddd", "eee", "fff"]), None),
            "; there is aaa, bbb, ccc, ddd, eee and 1 more"
        );
        assert_eq!(meant("x", &[], None), "");
    }
}
