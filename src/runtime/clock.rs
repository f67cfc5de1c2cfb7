//! The watch's clock: the wall clock's time at the start, carried on by a monotonic one, at any speed.
//!
//! The demo's clock can be held: it stands still while a poll or a read-back is in flight and never runs past the next poll, so that a
//! busy machine makes a demo slower but never different.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use crate::engine::time::Time;

/// Tells the watch's time. Clones tell the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    speed: f64,
    can_stand: bool,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    base: Time,
    since: Instant,
    holds: u32,
    /// A clock that can stand does not run past this before the next [`Clock::tick`].
    cap: Option<Time>,
}

/// While this lives, a clock that can stand does.
#[derive(Debug)]
pub struct Hold {
    clock: Option<Clock>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(clock) = self.clock.take() {
            let mut state = clock.state();
            state.holds -= 1;
            state.since = Instant::now();
            drop(state);
            clock.inner.changed.notify_waiters();
        }
    }
}

impl Clock {
    /// The ordinary clock: real seconds from `start` on.
    #[must_use]
    pub fn real(start: Time) -> Self {
        Self::scaled(start, 1.0)
    }

    /// A replay's clock: `speed` of its seconds pass in one.
    #[must_use]
    pub fn scaled(start: Time, speed: f64) -> Self {
        Self::new(start, speed, None)
    }

    /// The demo's clock: `speed` of its seconds pass in one, it can be held, and it stands until the first poll.
    #[must_use]
    pub fn stepped(start: Time, speed: f64) -> Self {
        Self::new(start, speed, Some(start))
    }

    fn new(base: Time, speed: f64, cap: Option<Time>) -> Self {
        let can_stand = cap.is_some();
        let state = State { base, since: Instant::now(), holds: 0, cap };
        Self { inner: Arc::new(Inner { speed, can_stand, state: Mutex::new(state), changed: Notify::new() }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Time {
        self.read(&self.state())
    }

    fn read(&self, state: &State) -> Time {
        if state.holds > 0 {
            return state.base;
        }
        let now = state.base.plus(state.since.elapsed().mul_f64(self.inner.speed));
        state.cap.map_or(now, |cap| now.min(cap.max(state.base)))
    }

    /// Holds the clock where it is, if it is one that can stand.
    #[must_use]
    pub fn hold(&self) -> Hold {
        if !self.inner.can_stand {
            return Hold { clock: None };
        }
        let mut state = self.state();
        state.base = self.read(&state);
        state.since = Instant::now();
        state.holds += 1;
        Hold { clock: Some(self.clone()) }
    }

    /// Begins the poll that is due at `at`. A clock that can stand shows exactly `at` until the hold is dropped, and does not run past
    /// `next` after that.
    #[must_use]
    pub fn tick(&self, at: Time, next: Time) -> Hold {
        let hold = self.hold();
        if self.inner.can_stand {
            let mut state = self.state();
            state.base = state.base.max(at);
            state.cap = Some(next);
        }
        hold
    }

    /// Waits until the clock shows `at`.
    pub async fn sleep_until(&self, at: Time) {
        loop {
            let changed = self.inner.changed.notified();
            let (now, is_held) = {
                let state = self.state();
                (self.read(&state), state.holds > 0)
            };
            if now >= at {
                return;
            }
            if is_held {
                changed.await;
            } else {
                let real = at.since(now).div_f64(self.inner.speed).max(Duration::from_micros(100));
                tokio::select! {
                    () = tokio::time::sleep(real) => {}
                    () = changed => {}
                }
            }
        }
    }

    /// Waits for `span` of the clock's time.
    pub async fn sleep(&self, span: Duration) {
        self.sleep_until(self.now().plus(span)).await;
    }
}

/// The wall clock's time. Asked once, at the start.
#[must_use]
pub fn wall_clock() -> Time {
    Time::from_ms(jiff::Timestamp::now().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Time {
        Time::from_ms(ms)
    }

    #[tokio::test(start_paused = true)]
    async fn real_time_passes_at_its_own_pace() {
        let clock = Clock::real(at(1000));
        clock.sleep_until(at(6000)).await;
        assert_eq!(clock.now(), at(6000));
        let hold = clock.hold();
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(clock.now(), at(7000));
        drop(hold);
    }

    #[tokio::test(start_paused = true)]
    async fn virtual_time_is_scaled_held_and_capped_at_the_next_poll() {
        let clock = Clock::stepped(at(0), 60.0);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(clock.now(), at(0));
        drop(clock.tick(at(0), at(60_000)));
        let before = Instant::now();
        clock.sleep_until(at(60_000)).await;
        assert!(before.elapsed() <= Duration::from_millis(1100));
        let hold = clock.tick(at(60_000), at(65_000));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(clock.now(), at(60_000));
        drop(hold);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(clock.now(), at(65_000));
    }

    #[tokio::test(start_paused = true)]
    async fn a_sleeper_wakes_after_a_hold() {
        let clock = Clock::stepped(at(0), 1.0);
        drop(clock.tick(at(0), at(60_000)));
        let hold = clock.hold();
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(2)).await }
        });
        tokio::time::advance(Duration::from_secs(30)).await;
        assert!(!sleeper.is_finished());
        drop(hold);
        tokio::time::timeout(Duration::from_secs(3), sleeper).await.expect("woken").expect("no panic");
    }
}
