//! Windows through the engine: what it decides, and when.

use std::{
    num::NonZero,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use rollwatch::{
    engine::{time::Time, verdict::Verdict, watch::Watch},
    trace::player::Player,
};

use super::{
    family::Family,
    window::{Terms, Window},
};

/// What the engine made of a window.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    pub(crate) verdict: Verdict,
    /// Seconds since the deployment.
    pub(crate) at_s: f64,
    pub(crate) reason: String,
}

/// Plays a window until it is decided.
pub(crate) fn play(window: &Window) -> Decision {
    let mut player = Player::new(&window.header);
    let start = Time::from_ms(0);
    let (mut watch, _) = Watch::new(window.header.setup(&window.name()), start, false);
    let mut at_s = 0.0;
    for poll in window.polls() {
        let (at, input) = player.input(&poll);
        at_s = at.secs_since(start);
        watch.handle(at, input);
        if watch.settled().is_some() {
            break;
        }
    }
    Decision { verdict: watch.settled().unwrap_or(Verdict::Inconclusive), at_s, reason: watch.reason() }
}

/// `count` windows, the families by turns, with seeds that count up from `seed`.
pub(crate) fn windows(families: &[Family], count: usize, seed: u64, terms: Terms) -> Vec<(Family, u64, Terms)> {
    let seeds = (seed..).flat_map(|seed| families.iter().map(move |family| (*family, seed, terms)));
    seeds.take(count).collect()
}

/// Does `work` with every window, on all processors; the answers are in the windows' order.
pub(crate) fn each<T: Send>(windows: &[(Family, u64, Terms)], work: impl Fn(&Window) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some((family, seed, terms)) = windows.get(index) else {
                return done;
            };
            done.push((index, work(&Window::new(*family, *seed, *terms))));
        }
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let mut done: Vec<(usize, T)> = thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(take)).collect();
        running.into_iter().flat_map(|worker| worker.join().expect("a window that can be played")).collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, answer)| answer).collect()
}
