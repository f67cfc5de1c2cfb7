//! What there is to ask of a fleet in one round, and what is remembered of its instances from round to round.

use std::collections::{HashMap, HashSet};

use super::{
    fleet::{Crew, Member, Reach},
    page::{Page, PageState},
    targets::{Instance, Seat, Targets, Watched},
};
use crate::{
    engine::{
        role::{Role, Sides},
        sample::Phase,
    },
    source::{health::Standing, metrics::Reader},
};

/// What is known of the pages of instances that are there, by version and name.
pub(super) type Kept = HashMap<(Role, String), PageState>;

impl Targets {
    /// What there is to ask of these instances.
    pub(super) fn of_crew(crew: &Crew, readers: &Sides<Reader>, roles: &[Role]) -> Self {
        let mut targets = Self::default();
        for &role in roles {
            let mine = || crew.members.iter().filter(|member| member.role == role);
            mine().for_each(|member| targets.add_page(member, readers.of(role)));
            mine().for_each(|member| targets.watch(member));
            if mine().next().is_none() {
                let seat = targets.seat(role, "");
                targets.silent.push((seat, crew.nobody.of(role).clone()));
            }
        }
        targets
    }

    fn add_page(&mut self, member: &Member, reader: &Reader) {
        let is_leaving = member.pod.as_ref().is_some_and(|pod| pod.phase == Phase::Leaving);
        match &member.reach {
            Reach::Later => {}
            Reach::Never(_) if is_leaving => {}
            Reach::Never(why) => {
                let seat = self.seat(member.role, &member.name);
                self.silent.push((seat, why.clone()));
            }
            Reach::Now(pages) => {
                // What is on its way out serves to the end, but need not answer.
                self.seats.push(Seat { role: member.role, instance: member.name.clone(), is_missed: !is_leaving });
                self.pages.push(Page { place: pages.metrics.clone(), readers: vec![(self.seats.len() - 1, reader.clone())] });
            }
        }
    }

    fn watch(&mut self, member: &Member) {
        let seat = self.seat(member.role, &member.name);
        if let Reach::Now(pages) = &member.reach {
            let (ready, live) = (pages.ready.clone(), Some(pages.live.clone()));
            self.instances.push(Instance { seat, ready, live, is_configured: false });
        }
        let standing = Standing { pod: member.pod.clone(), is_tested: member.is_tested };
        self.watched.push(Watched { seat, standing, is_later: matches!(member.reach, Reach::Later) });
    }

    /// What is known of the pages of this round, each out of what was kept.
    pub(super) fn states(&self, kept: &mut Kept) -> Vec<PageState> {
        let state = |page: &Page| self.key(page).and_then(|key| kept.remove(&key)).unwrap_or_else(|| page.fresh_state());
        self.pages.iter().map(state).collect()
    }

    /// Puts back what the last round has learnt. What is known of instances that are gone is forgotten.
    pub(super) fn keep(&self, states: Vec<PageState>, kept: &mut Kept, crew: &Crew) {
        kept.extend(self.pages.iter().zip(states).filter_map(|(page, state)| Some((self.key(page)?, state))));
        let there: HashSet<(Role, &str)> = crew.members.iter().map(|member| (member.role, member.name.as_str())).collect();
        kept.retain(|(role, name), _| there.contains(&(*role, name.as_str())));
    }

    fn key(&self, page: &Page) -> Option<(Role, String)> {
        let seat = self.seats.get(page.seats().next()?)?;
        Some((seat.role, seat.instance.clone()))
    }
}
