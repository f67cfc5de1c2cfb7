//! The screen from the outside: snapshots in, cells out; bytes in, intents out.

#[path = "screen/charts.rs"]
mod charts;
#[path = "screen/fixture.rs"]
#[expect(clippy::assigning_clones, reason = "a fixture is read, not measured")]
mod fixture;
#[path = "screen/fixture_views.rs"]
#[expect(clippy::assigning_clones, reason = "a fixture is read, not measured")]
mod fixture_views;
#[path = "screen/greeting.rs"]
mod greeting;
#[path = "screen/hostile.rs"]
mod hostile;
#[path = "screen/keys.rs"]
mod keys;
#[path = "screen/line.rs"]
mod line;
#[path = "screen/mouse.rs"]
mod mouse;
#[path = "screen/outside.rs"]
mod outside;
#[path = "screen/plain.rs"]
mod plain;
#[path = "screen/recorded.rs"]
mod recorded;
#[path = "screen/render.rs"]
mod render;
#[path = "screen/sizes.rs"]
mod sizes;
#[path = "screen/states.rs"]
mod states;
#[path = "screen/tour.rs"]
mod tour;
#[path = "screen/views.rs"]
mod views;
#[path = "screen/views_keys.rs"]
mod views_keys;
