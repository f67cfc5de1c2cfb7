//! The pods of a workload's two versions: who is there, how each is by its node, and its pages through the API server or at its own address.
//!
//! All pods are listed in each poll. Pages are asked of a limited number of them: where there are more, those that were asked longest ago.
//! A pod that is asked in every second poll still brings all that it counted meanwhile, so nothing is left out of the counts of a version;
//! they only come later. Decides nothing about a version.

mod answer;
mod life;
mod port;
mod turn;

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};

use self::turn::Turn;
use super::{
    health::Probe,
    poll::{Behind, Crew, Fleet, Member, Reach},
};
use crate::{
    engine::{
        asked::Asked,
        role::{Role, Sides},
        time::Time,
    },
    humanize, text,
    wire::kube::{ApiError, Cluster, Pod},
};

/// How many pods of a version are asked in one poll where nobody says it.
pub const MOST: usize = 20;
/// An API server that asks for more patience is asked again after this all the same.
const LONGEST: Duration = Duration::from_mins(1);

/// Which pods, and how they are asked.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where they are.
    pub namespace: String,
    /// The versions' names.
    pub names: Sides<String>,
    /// The label selector of each version's pods.
    pub selectors: Sides<String>,
    /// The port of their pages, by name or number, where somebody says it.
    pub port: Option<String>,
    /// The path of their metrics page, where somebody says it.
    pub path: Option<String>,
    /// They are asked at their own addresses, and not through the API server.
    pub is_direct: bool,
    /// How many of each version are asked in one poll.
    pub most: usize,
}

/// The pods of both versions.
pub struct Pods {
    cluster: Cluster,
    plan: Plan,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The pods as they were listed last.
    listed: Sides<Vec<Listed>>,
    turns: Sides<Turn>,
    /// The identities of pods that were ready at some time.
    were_ready: HashSet<String>,
    /// The API server asked to be left alone until then.
    quiet_until: Option<Time>,
}

/// A pod, and how it is.
#[derive(Clone, Debug)]
struct Listed {
    pod: Pod,
    life: crate::engine::sample::Pod,
}

impl Pods {
    /// Looks who is there of the versions in `roles` for the first time.
    ///
    /// # Errors
    /// When the pods may not be listed, in a sentence.
    pub async fn find(cluster: Cluster, plan: Plan, roles: &[Role], now: Time, limit: Duration) -> Result<Self, String> {
        let pods = Self { cluster, plan, state: Mutex::default() };
        let listed = pods.list(roles, limit).await;
        let forbidden = listed.iter().filter_map(|(_, list)| list.as_ref().err()).find(|error| error.is_forbidden());
        if let Some(error) = forbidden {
            return Err(pods.unlisted(error));
        }
        pods.take(now, listed);
        Ok(pods)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn list(&self, roles: &[Role], limit: Duration) -> Vec<(Role, Result<Vec<Pod>, ApiError>)> {
        let path = format!("/api/v1/namespaces/{}/pods", self.plan.namespace);
        let path = &path;
        let list = |role: Role| async move {
            let listed = tokio::time::timeout(limit, self.cluster.list(path, self.plan.selectors.of(role))).await;
            let listed = listed.unwrap_or_else(|_| Err(ApiError::timeout(self.cluster.server(), limit)));
            let pods = listed.and_then(|objects| objects.into_iter().map(Pod::of).collect::<Result<Vec<_>, _>>());
            (role, pods)
        };
        join_all(roles.iter().map(|role| list(*role))).await
    }

    /// Takes what was listed; of a version whose pods could not be listed, why.
    fn take(&self, now: Time, listed: Vec<(Role, Result<Vec<Pod>, ApiError>)>) -> Sides<Option<String>> {
        let mut failed = Sides::default();
        let state = &mut *self.state();
        state.quiet_until = None;
        for (role, pods) in listed {
            match pods {
                Ok(pods) => *state.listed.of_mut(role) = live(pods, &mut state.were_ready),
                Err(error) => {
                    state.quiet_until = error.wait.map(|wait| now.plus(wait.min(LONGEST))).or(state.quiet_until);
                    *failed.of_mut(role) = Some(self.unlisted(&error));
                }
            }
        }
        let there: HashSet<&str> =
            Role::BOTH.into_iter().flat_map(|role| state.listed.of(role)).map(|listed| listed.pod.meta.uid.as_str()).collect();
        state.were_ready.retain(|uid| there.contains(uid.as_str()));
        failed
    }

    fn unlisted(&self, error: &ApiError) -> String {
        if error.is_forbidden() {
            format!("you may not list pods in {}: which pods there are is not known", self.plan.namespace)
        } else {
            error.message.clone()
        }
    }

    /// Who is there as far as is known, and who is asked now.
    fn crew(&self, roles: &[Role], failed: &Sides<Option<String>>) -> Crew {
        let state = &mut *self.state();
        let mut crew = Crew { nobody: Sides::build(|role| self.nobody(role, failed.of(role).as_deref())), ..Crew::default() };
        for &role in roles {
            let is_known = failed.of(role).is_none();
            crew.notes.extend(failed.of(role).iter().map(|why| format!("{}: {why}", role.word())));
            let listed = state.listed.of(role);
            let can: Vec<&str> = listed.iter().filter(|it| life::can_answer(&it.pod)).map(|it| it.pod.meta.name.as_str()).collect();
            crew.notes.extend(self.many(role, can.len()));
            let now = state.turns.of_mut(role).take(&can, self.plan.most);
            for Listed { pod, life } in listed {
                let name = pod.meta.name.clone();
                let reach = if life::can_answer(pod) && !now.contains(&name) { Reach::Later } else { self.reach(pod, life) };
                crew.members.push(Member { role, name, reach, pod: is_known.then(|| life.clone()), is_tested: pod.is_tested });
            }
        }
        crew
    }

    fn reach(&self, pod: &Pod, life: &crate::engine::sample::Pod) -> Reach {
        let name = &pod.meta.name;
        if !life::can_answer(pod) {
            return Reach::Never(format!("{name} {}", life.reason.as_deref().unwrap_or("does not run")));
        }
        match port::pages(pod, &self.plan) {
            Ok(pages) => Reach::Now(Box::new(pages)),
            Err(why) => Reach::Never(format!("{name} {why}")),
        }
    }

    fn nobody(&self, role: Role, failed: Option<&str>) -> String {
        failed.map_or_else(|| format!("{} has no pods", self.plan.names.of(role)), str::to_owned)
    }

    /// That not all are asked in each poll.
    fn many(&self, role: Role, can: usize) -> Option<String> {
        let most = self.plan.most;
        (can > most).then(|| {
            let asked = humanize::plural(most as f64, "pod is", "pods are");
            format!("{}: {asked} asked in one poll; {} has more, which have their turn", role.word(), self.plan.names.of(role))
        })
    }
}

/// The pods that are there, by name, each with how it is.
fn live(pods: Vec<Pod>, were_ready: &mut HashSet<String>) -> Vec<Listed> {
    let mut listed: Vec<Listed> = pods
        .into_iter()
        .filter(|pod| !pod.is_over)
        .map(|pod| {
            if pod.is_ready {
                were_ready.insert(pod.meta.uid.clone());
            }
            let life = life::of(&pod, were_ready.contains(&pod.meta.uid));
            Listed { pod, life }
        })
        .collect();
    listed.sort_by(|a, b| a.pod.meta.name.cmp(&b.pod.meta.name));
    listed
}

impl Fleet for Pods {
    fn look<'a>(&'a self, now: Time, limit: Duration, roles: &'a [Role]) -> BoxFuture<'a, Crew> {
        async move {
            let quiet_until = self.state().quiet_until.filter(|until| now < *until);
            let failed = match quiet_until {
                Some(until) => {
                    let (server, until) = (self.cluster.server(), humanize::clock(until));
                    Sides::build(|_| Some(format!("the API server {server} asked to be left alone until {until}")))
                }
                None => self.take(now, self.list(roles, limit).await),
            };
            self.crew(roles, &failed)
        }
        .boxed()
    }

    fn fetch<'a>(&'a self, page: &'a Behind, accept: &'static str, most: usize, limit: Duration) -> BoxFuture<'a, Probe> {
        answer::fetch(&self.cluster, &self.plan.namespace, page, accept, most, limit).boxed()
    }

    fn asked(&self, roles: &[Role]) -> Sides<Asked> {
        let state = self.state();
        Sides::build(|role| {
            if !roles.contains(&role) {
                return Asked::default();
            }
            let pages = || state.listed.of(role).iter().filter_map(|it| port::pages(&it.pod, &self.plan).ok());
            let selector = self.plan.selectors.of(role);
            let (namespace, most) = (&self.plan.namespace, self.plan.most);
            let whose =
                format!("of the pods that kubectl get pods -n {namespace} -l '{selector}' lists then, at most {most} of them");
            Asked {
                pages: pages().map(|pages| port::by_hand(&pages.metrics)).collect(),
                health: pages().flat_map(|pages| [port::by_hand(&pages.ready), port::by_hand(&pages.live)]).collect(),
                whose: Some(text::cleaned(&whose)),
                series: BTreeMap::new(),
            }
        })
    }
}

impl fmt::Debug for Pods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pods").field("plan", &self.plan).finish_non_exhaustive()
    }
}
