//! A notice in the shape of Slack's incoming webhooks: `text` for notifications and old clients, and blocks of "Block Kit".
//!
//! Slack's limits (reference of the header and section blocks): a header of 150 characters of plain text, a section of 3000 characters, ten
//! fields of 2000. `&`, `<` and `>` are escaped everywhere, and `verbatim` keeps names from becoming links or mentions.

use serde_json::{Value, json};

use crate::engine::{notice::Notice, snapshot::Tone};

/// Longest header.
const HEADER: usize = 150;
/// Longest text of a section; the fallback text is held to it as well.
const SECTION: usize = 3000;
/// Longest field.
const FIELD: usize = 2000;
/// Longest name in a field of several.
const NAME: usize = 200;

/// The body that is posted.
pub(super) fn json(notice: &Notice) -> String {
    let title = format!("{} {}", mark(notice.tone), notice.title);
    let mut blocks =
        vec![json!({"type": "header", "text": {"type": "plain_text", "text": escaped(&title, HEADER), "emoji": false}})];
    if !notice.said().is_empty() {
        blocks.push(json!({"type": "section", "text": mrkdwn(&escaped(notice.said(), SECTION))}));
    }
    blocks.push(json!({"type": "section", "fields": fields(notice)}));
    json!({"text": escaped(&format!("{title}: {}", notice.body), SECTION), "blocks": blocks}).to_string()
}

fn fields(notice: &Notice) -> Vec<Value> {
    let name = |text: &str| escaped(text, NAME);
    let versions = format!("{} → {}", name(&notice.baseline), name(&notice.candidate));
    let was = notice.was.as_deref().map(|was| format!(" (was {})", name(was))).unwrap_or_default();
    let verdict = format!("{}: {}{was}", name(&notice.subject), name(&notice.state));
    let place = if notice.environment.is_empty() { String::new() } else { format!(" · {}", name(&notice.environment)) };
    let all = [
        ("Deployment", format!("{}{place}", name(&notice.deployment))),
        ("Versions", versions),
        ("Verdict", verdict),
        ("Next", escaped(&notice.next, FIELD - NAME)),
    ];
    let known = all.into_iter().filter(|(_, value)| !value.is_empty());
    known.map(|(label, value)| mrkdwn(&format!("*{label}*\n{value}"))).collect()
}

fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// A sign that is read before the words.
const fn mark(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "✓",
        Tone::Bad => "✗",
        Tone::Held => "≈",
        Tone::Unsure => "…",
    }
}

/// As Slack wants its three control characters, in at most `longest` characters of what is posted; nothing is cut in half.
fn escaped(text: &str, longest: usize) -> String {
    let (mut out, mut length) = (String::new(), 0);
    for c in text.chars() {
        let mut utf8 = [0; 4];
        let piece = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            c => c.encode_utf8(&mut utf8),
        };
        let more = piece.chars().count();
        // The last place is kept for the sign that something is missing.
        if length + more >= longest {
            out.push('…');
            break;
        }
        out.push_str(piece);
        length += more;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters_as_they_are_posted() {
        assert_eq!(escaped("a<b>&c", 100), "a&lt;b&gt;&amp;c");
        assert_eq!(escaped("aaaa&", 8), "aaaa…");
        assert_eq!(escaped("ääää", 3), "ää…");
        for longest in [1, 2, 7, 50] {
            assert!(escaped(&"<".repeat(100), longest).chars().count() <= longest);
        }
    }
}
