//! The colours of the other palettes, where they differ from the usual ones. Found by search: every pair that can be mistaken is at
//! least 20 apart (CIE76) for normal, deutan, protan and tritan eyes; a test in `palette` computes it.

use ratatui::style::Color;

use super::{
    Ground, Role,
    palette::{self, Ground as Back, Ink},
};
use crate::engine::snapshot::Tone;

const fn ink(dark: u32, light: u32, indexed: (u8, u8), like: Ink) -> Ink {
    Ink { dark, light, indexed, ..like }
}

const fn back(dark: u32, light: u32, indexed: (u8, u8), like: Back) -> Back {
    Back { dark, light, indexed, ..like }
}

/// At least 7 to 1 against the background and against every tint.
pub(super) const fn high_contrast(role: Role) -> Ink {
    match role {
        Role::Text => ink(0xff_ffff, 0x00_0000, (231, 16), palette::TEXT),
        Role::Strong => ink(0xff_ffff, 0x00_0000, (231, 16), palette::STRONG),
        Role::Dim => ink(0xd4_d9e2, 0x2a_3038, (253, 236), palette::DIM),
        Role::Faint => ink(0xa0_a8b5, 0x55_5c68, (248, 240), palette::DIM),
        Role::Rule => ink(0x8d_99b0, 0x56_6073, (246, 241), palette::DIM),
        Role::Focus => ink(0xff_ffff, 0x00_0000, (231, 16), palette::FOCUS),
        Role::Baseline => ink(0xa6_dbff, 0x14_1bc7, (153, 19), palette::BASELINE),
        Role::Candidate => ink(0xfd_f87f, 0x69_4d09, (228, 94), palette::CANDIDATE),
        Role::Good => ink(0x66_ffab, 0x07_340e, (85, 22), palette::GOOD),
        Role::Bad => ink(0xff_8d54, 0x94_2252, (209, 125), palette::BAD),
        Role::Held => ink(0xd7_8bff, 0x83_1f84, (177, 90), palette::HELD),
        Role::Unsure => ink(0xa8_acb4, 0x0b_0b0d, (145, 232), palette::UNSURE),
        Role::Limit => ink(0xff_8d54, 0x94_2252, (209, 125), palette::LIMIT),
    }
}

pub(super) const fn high_contrast_back(ground: Ground) -> Back {
    match ground {
        Ground::Tint(Tone::Bad) => back(0x2c_0008, 0xff_f0f3, (52, 255), palette::BAD_TINT),
        Ground::Tint(Tone::Good) => back(0x00_241c, 0xe9_faf4, (22, 255), palette::GOOD_TINT),
        Ground::Tint(Tone::Held) | Ground::Blind => back(0x1c_0a36, 0xf5_f0ff, (54, 189), palette::HELD_TINT),
        Ground::Tint(Tone::Unsure) => back(0x1a_1c20, 0xf2_f3f5, (234, 255), palette::UNSURE_TINT),
        Ground::Selected => back(0x2b_3344, 0xd8_e0ee, (237, 253), palette::SELECTED),
        other => other.back(),
    }
}

/// Verdicts and versions differ in lightness as well as in hue.
pub(super) const fn colour_blind(role: Role) -> Ink {
    const CYAN: (Color, Color) = (Color::LightCyan, Color::Cyan);
    match role {
        Role::Baseline => ink(0xa6_c7ff, 0x1b_23e6, (153, 20), palette::BASELINE),
        Role::Candidate => ink(0xff_fa80, 0x59_1c02, (228, 52), palette::CANDIDATE),
        Role::Good => Ink { sixteen: CYAN, ..ink(0x6c_ffbd, 0x01_272d, (85, 235), palette::GOOD) },
        Role::Bad => ink(0xeb_7857, 0xbd_3900, (209, 124), palette::BAD),
        Role::Held => ink(0xc9_64ff, 0x49_0085, (171, 54), palette::HELD),
        Role::Unsure => ink(0x90_9296, 0x67_6869, (246, 242), palette::UNSURE),
        Role::Limit => ink(0xb0_5a41, 0xd0_7048, (137, 130), palette::LIMIT),
        other => other.ink(),
    }
}
