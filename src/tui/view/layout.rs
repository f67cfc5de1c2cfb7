//! Where each pane goes at each size.
//!
//! Between two sizes whole panes come and go, so that nothing is squeezed. When rows are short, the events go to one line first, then
//! go the versions and the window's row, then all checks but two; when columns are short, the details go first, then the versions and
//! one of the charts.

use ratatui::layout::Rect;

/// The smallest screen that has panes, and on which keys act: a panel that must be read fits from here on.
pub(in crate::tui) const SMALLEST: (u16, u16) = (60, 18);

/// From here on there is room for whole sentences and for a row of the window.
const WIDE: u16 = 100;
/// From here on the events have a box.
const TALL: u16 = 30;
/// Under this width there is one chart.
const TWO_CHARTS: u16 = 80;
/// From here on there are four charts.
const SECOND_CHARTS: u16 = 52;
/// From this size on there are details, and how wide they are.
const DETAILS_FROM: (u16, u16) = (160, 45);
const DETAILS: (u16, u16) = (48, 72);
/// What the panes beside the details want for themselves.
const PANES: u16 = 136;
/// From here on the versions stand beside the checks.
const VERSIONS_FROM: u16 = 112;

/// What fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing at all.
    Nothing,
    /// Glyph, word and percentage.
    Line,
    /// Words only.
    Words,
    /// The overview.
    Panes(Plan),
}

/// The overview's panes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub header: Rect,
    /// Two to four rows.
    pub verdict: Rect,
    pub charts: Charts,
    /// The difference and the requests, under the charts of a tall screen.
    pub second: Option<(Rect, Rect)>,
    pub checks: Rect,
    pub versions: Option<Rect>,
    /// A box, one line, or none.
    pub events: Rect,
    /// A column at the right of all panes.
    pub details: Option<Rect>,
    /// One row or two.
    pub keys: Rect,
}

/// One chart, that of the worst metric, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charts {
    One(Rect),
    Both(Rect, Rect),
}

/// Lays out a screen. `checks` is how many there are, so that their pane does not outgrow them.
pub(super) fn plan(area: Rect, checks: usize) -> Shape {
    if area.is_empty() {
        return Shape::Nothing;
    }
    if area.width < 24 || area.height < 3 {
        return Shape::Line;
    }
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return Shape::Words;
    }
    Shape::Panes(panes(area, checks))
}

/// Whether the overview has a chart of the error rate and another one.
pub(in crate::tui) fn has_two_charts((columns, rows): (u16, u16), checks: usize) -> bool {
    match plan(Rect::new(0, 0, columns, rows), checks) {
        Shape::Panes(plan) => matches!(plan.charts, Charts::Both(..)),
        Shape::Nothing | Shape::Line | Shape::Words => false,
    }
}

fn panes(area: Rect, checks: usize) -> Plan {
    let rows = Rows::share(area.width, area.height, checks);
    let aside = details(area);
    let mut y = area.y;
    let mut next = |height: u16, width: u16| {
        let row = Rect { y, height, width, ..area };
        y += height;
        row
    };
    let (whole, left) = (area.width, area.width - aside);
    let header = next(1, whole);
    let verdict = next(rows.verdict, whole);
    let charts = charts(next(rows.charts, left));
    let second = halves(next(rows.second, left));
    let (checks, versions) = beside(next(rows.checks, left));
    let events = next(rows.events, left);
    let keys = next(rows.keys, whole);
    let details = Rect { x: area.x + left, y: verdict.bottom(), width: aside, height: keys.y - verdict.bottom() };
    Plan { header, verdict, charts, second, checks, versions, events, details: (aside > 0).then_some(details), keys }
}

/// How wide the details are; nothing where a screen has no room for them.
fn details(area: Rect) -> u16 {
    if area.width < DETAILS_FROM.0 || area.height < DETAILS_FROM.1 {
        return 0;
    }
    (area.width - PANES).clamp(DETAILS.0, DETAILS.1)
}

struct Rows {
    verdict: u16,
    charts: u16,
    second: u16,
    checks: u16,
    events: u16,
    keys: u16,
}

impl Rows {
    /// Shares the height out: each pane its least, then what is left in the order in which panes grow.
    fn share(width: u16, height: u16, checks: usize) -> Self {
        let tall = height >= TALL;
        let verdict = match height {
            TALL.. if width >= WIDE => 4,
            19.. => 3,
            _ => 2,
        };
        let keys = if height >= 20 { 2 } else { 1 };
        let mut rows = if tall {
            Self {
                verdict,
                charts: 10,
                second: if height >= SECOND_CHARTS && width >= TWO_CHARTS { 11 } else { 0 },
                checks: 9,
                events: 4,
                keys,
            }
        } else {
            Self { verdict, charts: 9, second: 0, checks: 5, events: u16::from(height >= 21), keys }
        };
        let mut spare = height - 1 - rows.verdict - rows.charts - rows.second - rows.checks - rows.events - rows.keys;
        let mut grow = |pane: &mut u16, to: u16| {
            let more = spare.min(to.saturating_sub(*pane));
            *pane += more;
            spare -= more;
        };
        if tall {
            let all_checks = u16::try_from(checks).unwrap_or(u16::MAX).saturating_add(3);
            grow(&mut rows.charts, 16);
            grow(&mut rows.events, 8);
            if rows.second > 0 {
                grow(&mut rows.second, 14);
            }
            grow(&mut rows.charts, 19);
            grow(&mut rows.checks, all_checks.min(14));
            grow(&mut rows.events, if rows.second > 0 { 10 } else { 22 });
        } else {
            grow(&mut rows.checks, 7);
        }
        grow(&mut rows.charts, u16::MAX);
        rows
    }
}

/// Beside each other; none without rows.
fn halves(area: Rect) -> Option<(Rect, Rect)> {
    let left = Rect { width: area.width / 2, ..area };
    (area.height > 0).then_some((left, Rect { x: left.right(), width: area.width - left.width, ..area }))
}

/// Everything between the verdict and the keys.
pub(super) fn below_verdict(plan: &Plan) -> Rect {
    Rect { y: plan.verdict.bottom(), height: plan.keys.y - plan.verdict.bottom(), ..plan.verdict }
}

/// Both charts where they fit: beside each other, or one above the other.
pub(super) fn charts(area: Rect) -> Charts {
    if let Some((left, right)) = halves(area).filter(|_| area.width >= TWO_CHARTS) {
        return Charts::Both(left, right);
    }
    if area.height >= 20 {
        let top = Rect { height: area.height / 2, ..area };
        return Charts::Both(top, Rect { y: top.bottom(), height: area.height - top.height, ..area });
    }
    Charts::One(area)
}

fn beside(area: Rect) -> (Rect, Option<Rect>) {
    if area.width < VERSIONS_FROM {
        return (area, None);
    }
    let versions = (area.width - 78).clamp(36, 44);
    let checks = Rect { width: area.width - versions, ..area };
    (checks, Some(Rect { x: checks.right(), width: versions, ..area }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(width: u16, height: u16) -> Plan {
        match plan(Rect::new(0, 0, width, height), 6) {
            Shape::Panes(plan) => plan,
            other => panic!("{width}x{height}: {other:?}"),
        }
    }

    #[test]
    fn the_drawn_sizes_have_the_drawn_rows() {
        let heights = |p: &Plan| {
            let Charts::Both(chart, _) = p.charts else { panic!("one chart") };
            [p.verdict.height, chart.height, p.checks.height, p.events.height, p.keys.height]
        };
        assert_eq!(heights(&at(120, 40)), [4, 16, 9, 8, 2]);
        assert_eq!(heights(&at(80, 24)), [3, 10, 7, 1, 2]);
        assert_eq!(at(120, 40).second, None);
        assert_eq!((heights(&at(200, 60)), at(200, 60).second.map(|(chart, _)| chart.height)), ([4, 20, 9, 10, 2], Some(14)));
        assert_eq!(at(120, 40).versions.map(|v| v.width), Some(42));
        assert_eq!(at(80, 24).versions, None);
        assert!(matches!(at(60, 18).charts, Charts::One(_)));
    }

    #[test]
    fn details_stand_beside_the_panes_and_leave_whole_rows_alone() {
        let details = |width, height| at(width, height).details;
        assert_eq!(details(200, 60), Some(Rect::new(136, 5, 64, 53)));
        assert_eq!(details(160, 45).map(|d| d.width), Some(48));
        assert_eq!(details(400, 60).map(|d| d.width), Some(72));
        assert_eq!(details(159, 60).or(details(200, 44)), None);
        let p = at(200, 60);
        assert_eq!([p.header.width, p.verdict.width, p.keys.width, p.events.width], [200, 200, 200, 136]);
        assert!(at(160, 45).versions.is_some());
    }

    #[test]
    fn every_row_of_every_size_belongs_to_one_pane() {
        for width in SMALLEST.0..=210 {
            for height in SMALLEST.1..=90 {
                let p = at(width, height);
                assert_eq!(p.keys.bottom(), height, "{width}x{height}");
                assert!(p.checks.height >= 5 && p.events.height != 2, "{width}x{height}");
                let (Charts::One(chart) | Charts::Both(chart, _)) = p.charts;
                assert!(chart.height >= 9 && chart.width >= 38, "{width}x{height}");
            }
        }
    }

    #[test]
    fn small_screens_have_words_and_tiny_ones_a_line() {
        for (width, height, want) in [
            (0, 9, Shape::Nothing),
            (23, 9, Shape::Line),
            (80, 2, Shape::Line),
            (46, 9, Shape::Words),
            (200, 17, Shape::Words),
            (59, 60, Shape::Words),
        ] {
            assert_eq!(plan(Rect::new(0, 0, width, height), 6), want, "{width}x{height}");
        }
    }
}
