//! Who else writes the workload: a `GitOps` controller puts back what it has in its repository, whatever is done to the cluster.

use crate::{text, wire::kube::Meta};

/// What such a controller will do about a change of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    /// "Argo CD's application shop".
    who: String,
    /// What brings its version back: "sync".
    how: &'static str,
    /// It is told to leave this object alone.
    is_off: bool,
}

const ARGO: &str = "argocd.argoproj.io/";
const KUSTOMIZE: &str = "kustomize.toolkit.fluxcd.io/";
const HELM: &str = "helm.toolkit.fluxcd.io/";
/// Set by Argo CD where it is told to track by it, and by many others: alone it says nothing.
const INSTANCE: &str = "app.kubernetes.io/instance";

impl Owner {
    /// Whoever left a mark on the object.
    pub(super) fn of(meta: &Meta) -> Option<Self> {
        argo(meta).or_else(|| flux(meta))
    }

    /// What to know before a rollback of `workload` away from `candidate`.
    pub(super) fn warning(&self, workload: &str, candidate: &str) -> String {
        let Self { who, how, is_off } = self;
        if *is_off {
            return format!("{who} owns {workload}, but is told to leave it: once that ends, it puts {candidate} back");
        }
        format!("{who} owns {workload}: its next {how} puts {candidate} back; revert the commit, or suspend the {how} first")
    }
}

fn argo(meta: &Meta) -> Option<Owner> {
    let own = |name: &str| {
        let key = format!("{ARGO}{name}");
        meta.annotation(&key).or_else(|| meta.label(&key)).map(str::to_owned)
    };
    // APPLICATION:GROUP/KIND:NAMESPACE/NAME
    let tracked = own("tracking-id").and_then(|id| Some(id.split_once(':')?.0.to_owned()));
    let is_marked = || meta.labels.keys().chain(meta.annotations.keys()).any(|key| key.starts_with(ARGO));
    let by_instance = || meta.label(INSTANCE).filter(|_| is_marked()).map(str::to_owned);
    let name = tracked.or_else(|| own("instance")).or_else(by_instance).filter(|name| !name.is_empty())?;
    Some(Owner { who: format!("Argo CD's application {}", text::cleaned(&name)), how: "sync", is_off: false })
}

fn flux(meta: &Meta) -> Option<Owner> {
    let named = |prefix: &str| meta.label(&format!("{prefix}name"));
    let place = |prefix: &str| meta.label(&format!("{prefix}namespace")).map(|at| format!(" in {at}")).unwrap_or_default();
    let is_off = meta.annotation(&format!("{KUSTOMIZE}reconcile")) == Some("disabled");
    if let Some(name) = named(KUSTOMIZE) {
        let who = format!("Flux's Kustomization {name}{}", place(KUSTOMIZE));
        return Some(Owner { who: text::cleaned(&who), how: "reconciliation", is_off });
    }
    let who = format!("Flux's HelmRelease {}{}", named(HELM)?, place(HELM));
    Some(Owner { who: text::cleaned(&who), how: "reconciliation", is_off })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(labels: &[(&str, &str)], annotations: &[(&str, &str)]) -> Meta {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Meta { labels: map(labels), annotations: map(annotations), ..Meta::default() }
    }

    fn warned(labels: &[(&str, &str)], annotations: &[(&str, &str)]) -> Option<String> {
        Owner::of(&meta(labels, annotations)).map(|owner| owner.warning("web", "v2"))
    }

    #[test]
    fn argo_cd_is_known_by_its_marks() {
        let want = "Argo CD's application shop owns web: its next sync puts v2 back; revert the commit, or suspend the sync first";
        for (labels, annotations) in [
            (&[][..], &[("argocd.argoproj.io/tracking-id", "shop:apps/Deployment:prod/web")][..]),
            (&[("argocd.argoproj.io/instance", "shop")], &[]),
            (&[("app.kubernetes.io/instance", "shop")], &[("argocd.argoproj.io/sync-wave", "1")]),
        ] {
            assert_eq!(warned(labels, annotations).as_deref(), Some(want));
        }
        assert_eq!(warned(&[("app.kubernetes.io/instance", "shop")], &[]), None, "Helm writes that too");
    }

    #[test]
    fn flux_is_known_by_its_marks_and_may_be_told_to_leave_it() {
        let kustomize = [("kustomize.toolkit.fluxcd.io/name", "shop"), ("kustomize.toolkit.fluxcd.io/namespace", "flux-system")];
        let want = "Flux's Kustomization shop in flux-system owns web: its next reconciliation puts v2 back; revert the commit, or \
                    suspend the reconciliation first";
        assert_eq!(warned(&kustomize, &[]).as_deref(), Some(want));
        let off = warned(&kustomize, &[("kustomize.toolkit.fluxcd.io/reconcile", "disabled")]).expect("it is owned");
        assert!(off.ends_with("owns web, but is told to leave it: once that ends, it puts v2 back"), "{off}");
        let helm = warned(&[("helm.toolkit.fluxcd.io/name", "shop")], &[]).expect("it is owned");
        assert!(helm.starts_with("Flux's HelmRelease shop owns web"), "{helm}");
        assert_eq!(warned(&[], &[]), None);
    }
}
