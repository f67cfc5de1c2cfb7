//! What a terminal tells by itself or when it is asked: its background, where the cursor is, what the mouse did. None of it is a key.

use crate::tui::theme::Shade;

/// Something that was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// The background, asked for with OSC 11.
    Background(Shade),
    /// The cursor's column from 1, asked for with CSI 6 n.
    Column(u16),
    /// The mouse.
    Mouse(Mouse),
}

/// What the mouse did, and in which cell, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// What.
    pub what: Gesture,
    /// In which column.
    pub column: u16,
    /// In which row.
    pub row: u16,
}

/// Gestures of a mouse that mean something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gesture {
    /// The left button went down.
    Click,
    /// The wheel turned away from the hand.
    WheelUp,
    /// The wheel turned towards the hand.
    WheelDown,
}

/// A control sequence with these parameters and this last byte.
pub(super) fn sequence(params: &[u8], last: u8) -> Option<Told> {
    let text = std::str::from_utf8(params).ok()?;
    match last {
        b'R' => Some(Told::Column(text.split_once(';')?.1.parse().ok()?)),
        b'M' => mouse(text.strip_prefix('<')?),
        _ => None,
    }
}

/// An SGR report of a press: button, column, row. Buttons with a modifier, motion and the other buttons are the terminal's own affair.
fn mouse(report: &str) -> Option<Told> {
    let mut numbers = report.split(';').map(str::parse::<u16>);
    let what = match numbers.next()?.ok()? {
        0 => Gesture::Click,
        64 => Gesture::WheelUp,
        65 => Gesture::WheelDown,
        _ => return None,
    };
    let (column, row) = (numbers.next()?.ok()?.checked_sub(1)?, numbers.next()?.ok()?.checked_sub(1)?);
    numbers.next().is_none().then_some(Told::Mouse(Mouse { what, column, row }))
}

/// An operating system command with this text.
pub(super) fn command(text: &[u8]) -> Option<Told> {
    let color = std::str::from_utf8(text).ok()?.strip_prefix("11;")?;
    let parts = color.strip_prefix("rgb:").or_else(|| color.strip_prefix("rgba:"))?;
    let mut parts = parts.split('/').map(part);
    let (red, green, blue) = (parts.next()??, parts.next()??, parts.next()??);
    // How bright a colour seems: the weights of ITU-R BT.601.
    let brightness = 0.299 * red + 0.587 * green + 0.114 * blue;
    Some(Told::Background(if brightness > 0.5 { Shade::Light } else { Shade::Dark }))
}

/// One to four hexadecimal digits as a part of the most that so many can say.
fn part(digits: &str) -> Option<f64> {
    let most = f64::from(16_u32.checked_pow(u32::try_from(digits.len()).ok().filter(|n| (1..=4).contains(n))?)? - 1);
    Some(f64::from(u16::from_str_radix(digits, 16).ok()?) / most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_background_is_dark_or_light_however_it_is_written() {
        for (text, want) in [
            ("11;rgb:0c0c/0e0e/1313", Some(Shade::Dark)),
            ("11;rgb:ffff/ffff/ffff", Some(Shade::Light)),
            ("11;rgb:fd/f6/e3", Some(Shade::Light)),
            ("11;rgba:0000/2b2b/3636/ffff", Some(Shade::Dark)),
            ("11;rgb:f/f/f", Some(Shade::Light)),
            ("10;rgb:ffff/ffff/ffff", None),
            ("11;rgb:ffff/ffff", None),
            ("11;rgb:fffff/0/0", None),
            ("11;rgb://", None),
            ("11;?", None),
        ] {
            assert_eq!(command(text.as_bytes()), want.map(Told::Background), "{text}");
        }
    }

    #[test]
    fn a_mouse_clicks_and_turns_its_wheel_and_nothing_else() {
        let told = |what, column, row| Some(Told::Mouse(Mouse { what, column, row }));
        assert_eq!(sequence(b"<0;10;3", b'M'), told(Gesture::Click, 9, 2));
        assert_eq!(sequence(b"<64;1;1", b'M'), told(Gesture::WheelUp, 0, 0));
        assert_eq!(sequence(b"<65;300;100", b'M'), told(Gesture::WheelDown, 299, 99));
        for (params, last) in [
            (&b"<0;10;3"[..], b'm'),
            (b"<1;1;1", b'M'),
            (b"<4;1;1", b'M'),
            (b"<32;1;1", b'M'),
            (b"<0;0;1", b'M'),
            (b"<0;1;1;1", b'M'),
            (b"", b'M'),
        ] {
            assert_eq!(sequence(params, last), None, "{params:?}");
        }
        assert_eq!(sequence(b"1;3", b'R'), Some(Told::Column(3)));
    }
}
