//! The colours themselves: one line a role, one column a kind of terminal.
//!
//! Chosen so that what shares a form (two lines, two words) can be told apart by people who see red and green alike; the test below
//! computes it.

use ratatui::style::{Color, Modifier};

/// A foreground on each kind of terminal.
#[derive(Clone, Copy)]
pub(super) struct Ink {
    pub dark: u32,
    pub light: u32,
    /// On a dark and on a light background, as below.
    pub indexed: (u8, u8),
    pub sixteen: (Color, Color),
    pub mono: Modifier,
}

/// A background on each kind of terminal.
#[derive(Clone, Copy)]
pub(super) struct Ground {
    pub dark: u32,
    pub light: u32,
    pub indexed: (u8, u8),
    pub sixteen: Modifier,
    pub mono: Modifier,
}

const fn ink(dark: u32, light: u32, indexed: (u8, u8), sixteen: (Color, Color), mono: Modifier) -> Ink {
    Ink { dark, light, indexed, sixteen, mono }
}

const fn tint(dark: u32, light: u32, indexed: (u8, u8)) -> Ground {
    Ground { dark, light, indexed, sixteen: NONE, mono: NONE }
}

const NONE: Modifier = Modifier::empty();
const BOLD: Modifier = Modifier::BOLD;
const FADED: Modifier = Modifier::DIM;

/// The terminal's own text colour: unlike "white" it can be read on any background.
const OWN: (Color, Color) = (Color::Reset, Color::Reset);
const GREY: (Color, Color) = (Color::DarkGray, Color::DarkGray);

pub(super) const TEXT: Ink = ink(0xd6_dae2, 0x2a_2f3a, (252, 235), OWN, NONE);
pub(super) const STRONG: Ink = ink(0xff_ffff, 0x00_0000, (231, 16), (Color::White, Color::Black), BOLD);
pub(super) const DIM: Ink = ink(0x98_a1b2, 0x56_6073, (247, 241), OWN, NONE);
pub(super) const FAINT: Ink = ink(0x56_6073, 0x98_a1b2, (240, 247), GREY, FADED);
pub(super) const RULE: Ink = ink(0x3d_4656, 0xc3_c9d4, (238, 251), GREY, FADED);
pub(super) const FOCUS: Ink = ink(0x8d_99b0, 0x2a_2f3a, (103, 235), (Color::White, Color::Black), BOLD);
pub(super) const BASELINE: Ink = ink(0x66_c2ff, 0x0d_4bb0, (81, 25), (Color::LightBlue, Color::Blue), NONE);
pub(super) const CANDIDATE: Ink = ink(0xff_be0d, 0xa0_5a00, (214, 130), (Color::LightYellow, Color::Yellow), BOLD);
pub(super) const GOOD: Ink = ink(0x98_f0d0, 0x07_4a26, (122, 22), (Color::LightGreen, Color::Green), BOLD);
pub(super) const BAD: Ink = ink(0xfe_626e, 0xcf_1160, (203, 161), (Color::LightRed, Color::Red), BOLD);
pub(super) const HELD: Ink = ink(0xb9_7aff, 0x60_10e0, (141, 56), (Color::LightMagenta, Color::Magenta), BOLD);
pub(super) const UNSURE: Ink = ink(0x9c_a5ae, 0x10_141c, (109, 233), (Color::Gray, Color::DarkGray), NONE);
pub(super) const LIMIT: Ink = ink(0xb8_595f, 0xc4_607c, (131, 168), (Color::Red, Color::Red), NONE);
/// On a fill.
pub(super) const INK: Ink = ink(0x0c_0e13, 0xff_ffff, (233, 231), (Color::Black, Color::White), NONE);

pub(super) const BAR: Ground = tint(0x1b_202b, 0xe9_ecf1, (234, 255));
pub(super) const BAD_TINT: Ground = tint(0x3a_181c, 0xff_e3ea, (52, 224));
pub(super) const GOOD_TINT: Ground = tint(0x0f_2f2a, 0xdc_f5ec, (22, 194));
pub(super) const HELD_TINT: Ground = tint(0x2a_2142, 0xee_e5ff, (54, 189));
pub(super) const UNSURE_TINT: Ground = tint(0x23_2833, 0xec_eef2, (235, 254));
pub(super) const SELECTED: Ground =
    Ground { dark: 0x2b_3344, light: 0xd8_e0ee, indexed: (237, 253), sixteen: Modifier::UNDERLINED, mono: Modifier::REVERSED };
pub(super) const WARM_UP: Ground = tint(0x1f_232c, 0xee_f0f3, (234, 255));
pub(super) const BAND: Ground = tint(0x14_273b, 0xdc_ebfb, (17, 195));
pub(super) const CANDIDATE_BAND: Ground = tint(0x4a_3500, 0xff_e9c2, (58, 223));
pub(super) const TOLERATED: Ground = tint(0x22_303a, 0xe3_eef0, (235, 254));
pub(super) const KEY: Ground = tint(0x2b_3140, 0xdd_e2ea, (236, 253));
pub(super) const PANEL: Ground = tint(0x17_1b24, 0xf5_f6f9, (234, 255));

#[cfg(test)]
mod tests {
    use super::{super::*, INK, Ink};

    type Vector = [f64; 3];

    fn linear(rgb: u32) -> Vector {
        [rgb >> 16 & 0xff, rgb >> 8 & 0xff, rgb & 0xff].map(|c| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn times(matrix: [Vector; 3], v: Vector) -> Vector {
        matrix.map(|row| row.iter().zip(v).map(|(m, x)| m * x).sum())
    }

    /// How a colour looks to people without one kind of cone, in linear RGB: the matrices of Machado, Oliveira and Fernandes 2009, severity 1.
    const EYES: [(&str, [Vector; 3]); 4] = [
        ("normal", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        ("deutan", [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]]),
        ("protan", [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]]),
        ("tritan", [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]]),
    ];

    /// CIE L*a*b* under D65.
    fn lab(linear: Vector) -> Vector {
        let xyz = times(
            [[0.412_456, 0.357_576, 0.180_437], [0.212_673, 0.715_152, 0.072_175], [0.019_334, 0.119_192, 0.950_304]],
            linear.map(|c| c.clamp(0.0, 1.0)),
        );
        let [x, y, z] =
            [xyz[0] / 0.950_47, xyz[1], xyz[2] / 1.088_83].map(|t| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 });
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    /// CIE76: the distance of two colours in L*a*b*.
    fn distance(a: u32, b: u32, eye: [Vector; 3]) -> f64 {
        let (a, b) = (lab(times(eye, linear(a))), lab(times(eye, linear(b))));
        a.iter().zip(b).map(|(p, q)| (p - q).powi(2)).sum::<f64>().sqrt()
    }

    /// WCAG 2 relative luminance contrast.
    fn contrast(a: u32, b: u32) -> f64 {
        let luminance = |c| times([[0.2126, 0.7152, 0.0722], [0.0; 3], [0.0; 3]], linear(c))[0];
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The fixed palette of 256, from 16 on.
    fn of_256(index: u8) -> u32 {
        let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * u32::from(n) };
        if index >= 232 {
            return 0x01_0101 * (8 + 10 * u32::from(index - 232));
        }
        let n = index - 16;
        level(n / 36) << 16 | level(n / 6 % 6) << 8 | level(n % 6)
    }

    const PALETTES: [Palette; 3] = [Palette::Standard, Palette::HighContrast, Palette::ColourBlind];
    const ROLES: [Role; 6] = [Role::Baseline, Role::Candidate, Role::Good, Role::Bad, Role::Held, Role::Unsure];

    /// How an ink looks on every kind of terminal that has colours of its own.
    fn looks(ink: Ink) -> [(&'static str, u32); 4] {
        let (dark, light) = ink.indexed;
        [("dark", ink.dark), ("light", ink.light), ("dark, 256", of_256(dark)), ("light, 256", of_256(light))]
    }

    /// Lines are drawn like lines, and verdicts said like verdicts: words, glyphs, fills.
    fn share_a_form(a: Role, b: Role) -> bool {
        let is_version = |role| matches!(role, Role::Baseline | Role::Candidate);
        is_version(a) == is_version(b)
    }

    #[test]
    fn what_shares_a_form_can_be_told_apart_by_every_eye() {
        for palette in PALETTES {
            let pairs = ROLES.iter().enumerate().flat_map(|(nth, a)| ROLES.iter().skip(nth + 1).map(move |b| (*a, *b)));
            for (a, b) in pairs.filter(|(a, b)| palette == Palette::ColourBlind || share_a_form(*a, *b)) {
                for ((kind, one), (_, other)) in looks(palette.ink(a)).into_iter().zip(looks(palette.ink(b))) {
                    // With 256 colours the pairs of different forms are as far apart as these allow.
                    if kind.ends_with("256") && !share_a_form(a, b) {
                        continue;
                    }
                    for (eye, matrix) in EYES {
                        let d = distance(one, other, matrix);
                        assert!(d >= 20.0, "{palette:?}, {kind}, {a:?} and {b:?}, {eye}: {d:.0}");
                    }
                }
            }
        }
    }

    const GROUNDS: [Ground; 8] = [
        Ground::Bar,
        Ground::Tint(Tone::Bad),
        Ground::Tint(Tone::Good),
        Ground::Tint(Tone::Held),
        Ground::Tint(Tone::Unsure),
        Ground::Selected,
        Ground::Key,
        Ground::Panel,
    ];

    #[test]
    fn what_must_be_read_can_be_read() {
        for palette in PALETTES {
            let least = if palette == Palette::HighContrast { 7.0 } else { 4.5 };
            for (ground, role) in GROUNDS.iter().flat_map(|g| [Role::Text, Role::Strong, Role::Dim].map(|role| (*g, role))) {
                let (ink, back) = (palette.ink(role), palette.back(ground));
                let least_of_all = contrast(ink.dark, back.dark).min(contrast(ink.light, back.light));
                assert!(least_of_all >= least, "{palette:?}: {role:?} on {ground:?}: {least_of_all:.1}");
            }
            for role in [Role::Good, Role::Bad, Role::Held, Role::Unsure] {
                let fill = palette.ink(role);
                assert!(
                    contrast(INK.dark, fill.dark) >= 4.5 && contrast(INK.light, fill.light) >= 4.5,
                    "{palette:?}: ink on {role:?}"
                );
            }
        }
    }

    #[test]
    fn with_high_contrast_every_verdict_and_version_stands_out_from_its_tint() {
        let tints = [Tone::Bad, Tone::Good, Tone::Held, Tone::Unsure].map(|tone| Palette::HighContrast.back(Ground::Tint(tone)));
        for (role, tint) in ROLES.iter().flat_map(|role| tints.map(|tint| (*role, tint))) {
            let ink = Palette::HighContrast.ink(role);
            assert!(
                contrast(ink.dark, tint.dark) >= 7.0 && contrast(ink.light, tint.light) >= 7.0,
                "{role:?} on {:06x}",
                tint.dark
            );
        }
    }
}
