//! Every state at the two drawn sizes, and one state at every kind of size and terminal.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use insta::assert_snapshot;
use rollwatch::{
    engine::snapshot::{Point, Snapshot},
    tui::{
        input::Key,
        theme::{Depth, Glyphs, Palette, Shade, Theme},
    },
};

use super::{
    fixture,
    fixture_views::full,
    render::{ASCII, DARK, Desk, styles, text},
};

const LARGE: (u16, u16) = (120, 40);
const SMALL: (u16, u16) = (80, 24);

/// The screen at both sizes after some keys.
fn both_sizes(snapshot: &Snapshot, keys: &[Key]) -> String {
    let at = |size| {
        let mut desk = Desk::new(snapshot.clone(), size);
        for key in keys {
            desk.press(*key);
        }
        desk.text()
    };
    format!("{}\n{}", at(LARGE), at(SMALL))
}

#[test]
fn every_state_looks_as_it_was_drawn() {
    for (name, snapshot) in fixture::all() {
        assert_snapshot!(name, both_sizes(&snapshot, &[]));
    }
}

#[test]
fn panels_and_help_look_as_they_were_drawn() {
    let bad = fixture::leaning_bad();
    assert_snapshot!("confirm_roll_back", both_sizes(&bad, &[Key::Char('R')]));
    let reason = [Key::Char('p'), Key::Char('h'), Key::Char('o'), Key::Char('t')];
    assert_snapshot!("confirm_promote_against_the_verdict", both_sizes(&bad, &reason));
    assert_snapshot!("confirm_disarm", both_sizes(&bad, &[Key::Char('A')]));
    assert_snapshot!("quit_while_armed", both_sizes(&bad, &[Key::Char('q')]));
    assert_snapshot!("help", both_sizes(&bad, &[Key::Char('?')]));
    assert_snapshot!("help_read_only", both_sizes(&fixture::read_only(), &[Key::Char('?')]));
    let mut protected = bad;
    protected.deployment.protected = true;
    assert_snapshot!("confirm_protected", both_sizes(&protected, &[Key::Char('R')]));
}

#[test]
fn one_state_at_every_kind_of_size() {
    let sizes = [(200, 60), (70, 50), (60, 18), (46, 9), (30, 5), (20, 2)];
    let screens: Vec<String> = sizes.into_iter().map(|size| Desk::new(fixture::leaning_bad(), size).text()).collect();
    assert_snapshot!("sizes", screens.join("\n"));
    let mut desk = Desk::new(fixture::leaning_bad(), (60, 18));
    desk.press(Key::Char('R'));
    assert_snapshot!("confirm_on_the_smallest_screen", desk.text());
}

#[test]
fn ascii_has_no_character_above_0x7e() {
    for (name, snapshot) in fixture::all() {
        let mut desk = Desk::new(snapshot, LARGE);
        for key in ['?', '?', 'R'] {
            let screen = text(&desk.draw(ASCII));
            assert!(screen.chars().all(|c| c == '\n' || (' '..='~').contains(&c)), "{name}: {screen}");
            desk.press(Key::Char(key));
        }
    }
    assert_snapshot!("ascii", text(&Desk::new(fixture::leaning_bad(), LARGE).draw(ASCII)));
}

/// Rows 1 to 4, the selected check, and both rows of keys.
const TELLING: [u16; 8] = [0, 1, 2, 3, 4, 23, 38, 39];

#[test]
fn roles_have_their_styles_on_each_kind_of_terminal() {
    let desk = Desk::new(fixture::leaning_bad(), LARGE);
    let themes = [
        ("true", DARK),
        ("light", Theme { shade: Shade::Light, ..DARK }),
        ("indexed", Theme { depth: Depth::Indexed, ..DARK }),
        ("sixteen", Theme { depth: Depth::Sixteen, ..DARK }),
        ("mono", Theme { depth: Depth::Mono, ..DARK }),
        ("high_contrast", Theme { palette: Palette::HighContrast, ..DARK }),
        ("high_contrast_light", Theme { palette: Palette::HighContrast, shade: Shade::Light, ..DARK }),
        ("colour_blind", Theme { palette: Palette::ColourBlind, ..DARK }),
    ];
    for (name, theme) in themes {
        assert_snapshot!(format!("styles_{name}"), styles(&desk.draw(theme), &TELLING));
    }
    let mut alarmed = Desk::new(fixture::bad(), LARGE);
    alarmed.ui.reversed = true;
    assert_snapshot!("styles_alarmed", styles(&alarmed.draw(DARK), &[1, 2]));
    assert_snapshot!("styles_not_seen", styles(&Desk::new(fixture::not_seen(), LARGE).draw(DARK), &[1, 2]));
}

#[test]
fn other_sets_of_characters_show_the_same() {
    for (name, glyphs) in [("blocks", Glyphs::Blocks), ("box", Glyphs::Box)] {
        let desk = Desk::new(fixture::leaning_bad(), LARGE);
        assert_snapshot!(format!("glyphs_{name}"), text(&desk.draw(Theme { glyphs, ..DARK })));
    }
}

/// What is drawn in that set: every character of every state, of help and of the panel.
fn characters(glyphs: Glyphs) -> BTreeSet<char> {
    let mut all = BTreeSet::new();
    for snapshot in fixture::all().into_iter().map(|(_, snapshot)| snapshot).chain([full()]) {
        for key in ['x', '?', 'R', 'e', 'd', '2', '3', '4', '5', '1'] {
            let mut desk = Desk::new(snapshot.clone(), if key == '1' { (200, 60) } else { LARGE });
            desk.press(Key::Char(key));
            all.extend(text(&desk.draw(Theme { glyphs, ..DARK })).chars());
            desk.press(Key::Enter);
            all.extend(text(&desk.draw(Theme { glyphs, ..DARK })).chars());
        }
    }
    all
}

/// Code page 437, which the text console has, and what it has of its control characters.
const OLD: &str = "►◄↕‼¶§▬↨↑↓→←∟↔▲▼ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■";

#[test]
fn each_set_of_characters_keeps_to_itself() {
    let strange = |glyphs, has: fn(char) -> bool| characters(glyphs).into_iter().filter(|c| !has(*c)).collect::<String>();
    let is_braille = |c: char| ('\u{2800}'..='\u{28ff}').contains(&c);
    assert_eq!(strange(Glyphs::Ascii, |c| c == '\n' || (' '..='~').contains(&c)), "");
    assert_eq!(strange(Glyphs::Box, |c| c.is_ascii() || OLD.contains(c)), "");
    assert!(!characters(Glyphs::Blocks).into_iter().any(is_braille));
    assert!(characters(Glyphs::Braille).into_iter().any(is_braille));
}

#[test]
fn t_goes_through_the_themes() {
    let mut desk = Desk::new(fixture::leaning_bad(), LARGE);
    let mut seen = Vec::new();
    for _ in 0..6 {
        desk.press(Key::Char('t'));
        seen.push(desk.ui.look.theme.word());
    }
    assert_eq!(
        seen,
        ["light", "high-contrast", "colour-blind", "mono", "dark", "light"],
        "a dark terminal is left for a light one first"
    );
    assert!(desk.text().contains("Theme: light."));
}

#[test]
fn without_colour_nothing_is_coloured() {
    let mono = Theme { depth: Depth::Mono, ..DARK };
    for (name, snapshot) in fixture::all() {
        let buffer = Desk::new(snapshot, LARGE).draw(mono);
        let coloured =
            buffer.content.iter().filter(|cell| cell.fg != ratatui::style::Color::Reset || cell.bg != ratatui::style::Color::Reset);
        assert_eq!(coloured.count(), 0, "{name}");
    }
}

#[test]
fn at_most_one_key_is_filled() {
    let fill = |role| DARK.fill(role).bg;
    for (name, snapshot) in fixture::all() {
        let tone = snapshot.badge.tone;
        let wanted = snapshot.keys.iter().filter(|key| key.filled).count();
        let buffer = Desk::new(snapshot, LARGE).draw(DARK);
        let filled: Vec<bool> = (0..120).map(|x| Some(buffer[(x, 38)].bg) == fill(tone.into())).collect();
        let runs = filled.windows(2).filter(|pair| !pair[0] && pair[1]).count();
        assert_eq!(runs, wanted, "{name}");
        assert!(wanted <= 1, "{name}");
    }
}

#[test]
fn gaps_are_gaps() {
    let blind_ground = rollwatch::tui::theme::Ground::Blind;
    let buffer = Desk::new(fixture::blind(), LARGE).draw(DARK);
    let ground = DARK.ground(blind_ground).bg;
    let plot = |x: u16| (6..19).map(move |y| (x, y));
    let tinted: Vec<u16> = (7..51).filter(|x| plot(*x).all(|at| Some(buffer[at].bg) == ground)).collect();
    assert!(tinted.len() >= 7 && tinted.contains(&50), "{tinted:?}");
    // A line may end in the first cell of a gap and begin in the last; between them there is none.
    let between = |x: &&u16| tinted.contains(&(*x - 1)) && (tinted.contains(&(*x + 1)) || **x == 50);
    for &x in tinted.iter().filter(between) {
        assert!(
            plot(x).all(|at| !('\u{2801}'..='\u{28ff}').contains(&buffer[at].symbol().chars().next().unwrap_or(' '))),
            "a line in column {x}"
        );
        assert!("▒now2:0418".contains(buffer[(x, 19)].symbol()), "the axis says it in column {x}");
    }
}

#[test]
fn one_sample_far_above_all_others_is_cut_with_its_value() {
    let mut snapshot = fixture::looks_good();
    let points = std::sync::Arc::make_mut(&mut snapshot.charts.points);
    let middle = points.len() - 60;
    points[middle].errors.candidate = rollwatch::engine::snapshot::Reading::Solid(0.31);
    points[middle].p99.candidate = rollwatch::engine::snapshot::Reading::Solid(f64::INFINITY);
    let screen = Desk::new(snapshot, LARGE).text();
    assert!(screen.contains("▲31.00 %"), "{screen}");
    assert!(screen.contains("4.0%┤"), "the scale stays");
    assert_eq!(screen.matches('▲').count(), 2, "beyond the last bucket there is a mark and no value\n{screen}");
}

#[test]
fn a_young_watch_is_shown_whole() {
    let mut young = fixture::warming_up();
    let axis = |snapshot: &Snapshot| Desk::new(snapshot.clone(), LARGE).text().lines().nth(19).unwrap_or_default().to_owned();
    let first = axis(&young);
    assert!(first.contains("20:12") && !first.contains("20:11"), "{first}");
    let points = Arc::make_mut(&mut young.charts.points);
    let began = points.first().expect("points").at;
    let earlier = Point { at: began.minus(Duration::from_secs(200)), ..points[0] };
    points.insert(0, earlier);
    let older = axis(&young);
    assert!(older.contains("20:10") && !older.contains("20:08"), "{older}");
}
