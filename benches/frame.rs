//! What a frame costs: 200 x 60 cells of a full screen (charts of seven lines of 600 points, an explanation, twelve instances), beside
//! ratatui's own chart with four of those lines.
//!
//! Run with `cargo bench --bench frame`. Both are measured in the same run, so the ratio holds on any machine.

#[path = "../tests/screen/fixture.rs"]
#[expect(dead_code, reason = "the states that are not measured")]
#[expect(clippy::assigning_clones, reason = "a fixture is read, not measured")]
mod fixture;
#[path = "../tests/screen/fixture_views.rs"]
#[expect(dead_code, reason = "the states that are not measured")]
#[expect(clippy::assigning_clones, reason = "a fixture is read, not measured")]
mod fixture_views;

use std::{
    hint::black_box,
    io::{self, Write as _},
    sync::Arc,
    time::{Duration, Instant},
};

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Style},
    symbols::Marker,
    widgets::{Axis, Chart, Dataset, GraphType, Widget as _},
};
use rollwatch::{
    engine::{
        role::{Role, Sides},
        snapshot::{Band, Differences, Point, Reading, Snapshot},
    },
    tui::{
        model::UiState,
        surface::Surface,
        theme::{Depth, Glyphs, Palette, Shade, Theme},
        view,
    },
};

const SIZE: (u16, u16) = (200, 60);
const FRAMES: u32 = 500;

/// The least time of a frame, and the bytes of the middle one.
struct Cost {
    time: Duration,
    bytes: usize,
}

fn main() -> io::Result<()> {
    let second = Duration::from_secs(1);
    let watch = |points, poll, step| Watch::new(watched(points, poll), step);
    let changed = measure(watch(600, second * 6 / 5, 1).frames());
    let unchanged = measure(watch(600, second * 6 / 5, 0).frames());
    let few = measure(watch(120, second * 6, 1).frames());
    let long = measure(watch(3600, second * 6, 1).frames());
    let dense = measure(watch(3600, second / 5, 1).frames());
    let lines = lines(&watched(600, second));
    let ratatui = measure(|nth, surface| surface.paint(|frame| chart(frame, &lines, nth)).len());
    let ratatui_unchanged = measure(|_, surface| surface.paint(|frame| chart(frame, &lines, 0)).len());
    let mut out = io::stdout().lock();
    writeln!(out, "200 x 60, least of {FRAMES} frames               time        bytes")?;
    for (name, cost) in [
        ("the overview, a poll later", &changed),
        ("the overview, unchanged", &unchanged),
        ("  120 points, all in sight", &few),
        ("  3600 points, 120 of them in sight", &long),
        ("  3600 points, all in sight", &dense),
        ("ratatui's chart alone, a poll later", &ratatui),
        ("ratatui's chart alone, unchanged", &ratatui_unchanged),
    ] {
        writeln!(out, "{name:<40} {:>7.1} µs {:>9}", cost.time.as_secs_f64() * 1e6, cost.bytes)?;
    }
    writeln!(out, "overview / ratatui's chart: {:.2}", changed.time.as_secs_f64() / ratatui.time.as_secs_f64())?;
    writeln!(out, "6 h of history / 12 min:    {:.2}", long.time.as_secs_f64() / few.time.as_secs_f64())
}

/// Many frames; the first one, which paints every cell, is left out.
fn measure(mut frame: impl FnMut(u32, &mut Surface) -> usize) -> Cost {
    let mut surface = Surface::new(SIZE.0, SIZE.1);
    frame(0, &mut surface);
    let mut bytes = Vec::new();
    let mut time = Duration::MAX;
    for nth in 1..=FRAMES {
        #[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
        let begun = Instant::now();
        bytes.push(black_box(frame(nth, &mut surface)));
        time = time.min(begun.elapsed());
    }
    bytes.sort_unstable();
    Cost { time, bytes: bytes[bytes.len() / 2] }
}

/// A screen whose data moves on by `step` polls a frame.
struct Watch {
    snapshot: Snapshot,
    ui: UiState,
    theme: Theme,
    step: u32,
}

impl Watch {
    fn new(snapshot: Snapshot, step: u32) -> Self {
        let mut ui = UiState::default();
        ui.resize(SIZE.0, SIZE.1);
        ui.observe(&snapshot);
        Self {
            snapshot,
            ui,
            theme: Theme { depth: Depth::True, shade: Shade::Dark, palette: Palette::Standard, glyphs: Glyphs::Braille },
            step,
        }
    }

    fn frames(mut self) -> impl FnMut(u32, &mut Surface) -> usize {
        move |nth, surface| {
            if self.step > 0 {
                self.poll(nth);
            }
            surface.paint(|frame| view::draw(frame, &self.snapshot, &self.ui, self.theme)).len()
        }
    }

    /// One more point, the oldest one gone, as the engine would do it.
    fn poll(&mut self, nth: u32) {
        let poll = self.snapshot.deployment.poll;
        self.snapshot.at = self.snapshot.at.plus(poll);
        let wave = |phase: f64| (f64::from(nth) / 7.0 + phase).sin();
        let reading = |base: f64, phase: f64| Reading::Solid(base * (1.0 + 0.2 * wave(phase)));
        let points = Arc::make_mut(&mut self.snapshot.charts.points);
        points.rotate_left(1);
        if let Some(last) = points.last_mut() {
            *last = Point {
                at: self.snapshot.at,
                errors: Sides { baseline: reading(0.003, 0.0), candidate: reading(0.02, 1.0) },
                p99: Sides { baseline: reading(210.0, 2.0), candidate: reading(215.0, 3.0) },
                ..*last
            };
        }
        self.ui.observe(&self.snapshot);
    }
}

/// A watch of so many polls.
fn watched(points: u32, poll: Duration) -> Snapshot {
    let mut snapshot = fixture_views::full();
    snapshot.deployment.poll = poll;
    let begun = snapshot.at.minus(poll * points);
    let point = |nth: u32| {
        let wave = |phase: f64| (f64::from(nth) / 9.0 + phase).sin();
        Point {
            at: begun.plus(poll * nth),
            errors: Sides {
                baseline: Reading::Solid(0.003 + 0.001 * wave(0.0)),
                candidate: Reading::Solid(0.02 + 0.008 * wave(1.0)),
            },
            p99: Sides { baseline: Reading::Solid(210.0 + 9.0 * wave(2.0)), candidate: Reading::Solid(215.0 + 12.0 * wave(3.0)) },
            rate: Sides { baseline: Reading::Solid(75.0 + wave(4.0)), candidate: Reading::Solid(25.0 + wave(5.0)) },
            difference: Differences { errors: Some(Band { low: 0.01, mid: 0.015, high: 0.02 }), ..Differences::default() },
            evidence: (0.0, 0.6),
            ..Point::default()
        }
    };
    snapshot.charts.points = Arc::new((1..=points).map(point).collect());
    snapshot
}

/// The same four lines for ratatui's chart: index and value between 0 and 1.
fn lines(snapshot: &Snapshot) -> Vec<Vec<(f64, f64)>> {
    let value = |point: &Point, role: Role, errors: bool| {
        let reading = if errors { point.errors.of(role) } else { point.p99.of(role) };
        reading.value().unwrap_or(0.0) / if errors { 0.04 } else { 600.0 }
    };
    let line =
        |role, errors| snapshot.charts.points.iter().enumerate().map(|(x, point)| (x as f64, value(point, role, errors))).collect();
    [true, false].into_iter().flat_map(|errors| Role::BOTH.map(|role| line(role, errors))).collect()
}

/// Two charts of ratatui's in the place of ours, moved by one point a frame.
fn chart(frame: &mut Buffer, lines: &[Vec<(f64, f64)>], nth: u32) {
    let shift = f64::from(nth % 30);
    for (half, pair) in (0_u16..).zip(lines.chunks(2)) {
        let colors = [Color::Rgb(0x66, 0xc2, 0xff), Color::Rgb(0xff, 0xbe, 0x0d)];
        let sets = pair.iter().zip(colors).map(|(line, color)| {
            Dataset::default().marker(Marker::Braille).graph_type(GraphType::Line).style(Style::new().fg(color)).data(line)
        });
        Chart::new(sets.collect())
            .x_axis(Axis::default().bounds([shift, shift + 600.0]))
            .y_axis(Axis::default().bounds([0.0, 1.0]).labels(["0", "1"]))
            .render(Rect::new(half * 100, 5, 100, 20), frame);
    }
}
