//! Which format a page has: by its Content-Type, and by its looks where that says nothing.

use super::{Fault, Format, Refusal};
use crate::text;

/// How far into a page its title is looked for.
const HEAD: usize = 4096;

/// The format of a page, from its Content-Type or, where that is missing or unknown, from its first and last bytes.
///
/// # Errors
/// When the page is HTML, JSON or a binary format: the text that is shown names it.
pub fn format_of(content_type: Option<&str>, page: &[u8]) -> Result<Format, Refusal> {
    let media = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let start = page.trim_ascii_start();
    let start = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(start);
    if start.starts_with(b"<") {
        return Err(not_metrics(html(page)));
    }
    match media.as_str() {
        "application/openmetrics-text" => Ok(Format::OpenMetrics),
        "text/plain" => Ok(Format::Text),
        "application/json" | "application/problem+json" => Err(not_metrics("JSON".to_owned())),
        "application/vnd.google.protobuf" => Err(not_metrics("the protobuf format, which was not asked for".to_owned())),
        _ if page.trim_ascii_end().ends_with(b"\n# EOF") || page.trim_ascii_end() == b"# EOF" => Ok(Format::OpenMetrics),
        _ => Ok(Format::Text),
    }
}

const fn not_metrics(got: String) -> Refusal {
    Refusal { place: None, fault: Fault::NotMetrics(got) }
}

/// `an HTML page ("502 Bad Gateway")`.
fn html(page: &[u8]) -> String {
    let head = String::from_utf8_lossy(&page[..page.len().min(HEAD)]);
    title(&head).map_or_else(|| "an HTML page".to_owned(), |title| format!("an HTML page (\"{}\")", text::clean(&title)))
}

fn title(head: &str) -> Option<String> {
    // Lower-casing ASCII alone keeps every offset.
    let lower = head.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let start = open + lower.get(open..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find("</title")?;
    let words: Vec<&str> = head.get(start..end)?.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_type_decides_and_looks_help_where_it_is_silent() {
        let eof = b"a 1\n# EOF\n";
        for (content_type, page, want) in [
            (Some("text/plain; version=0.0.4; charset=utf-8"), &eof[..], Format::Text),
            (Some("application/openmetrics-text; version=1.0.0"), b"a 1\n", Format::OpenMetrics),
            (Some("Application/OpenMetrics-Text"), b"", Format::OpenMetrics),
            (None, eof, Format::OpenMetrics),
            (Some("application/octet-stream"), b"# EOF", Format::OpenMetrics),
            (Some("text/html"), b"a 1\n", Format::Text),
            (None, b"", Format::Text),
        ] {
            assert_eq!(format_of(content_type, page), Ok(want), "{content_type:?}");
        }
    }

    #[test]
    fn what_is_no_metrics_page_is_named() {
        for (content_type, page, want) in [
            (Some("text/html"), "<html><head><title>502 Bad Gateway</title>", "an HTML page (\"502 Bad Gateway\")"),
            (Some("text/plain"), "\n <!DOCTYPE html><TITLE lang=en>\n Log\n in </TITLE>", "an HTML page (\"Log in\")"),
            (None, "\u{feff}<p>nothing</p>", "an HTML page"),
            (None, "<title>\u{1b}[31m</title>", "an HTML page (\"␛[31m\")"),
            (Some("application/json"), "{}", "JSON"),
            (Some("application/vnd.google.protobuf; x=y"), "", "the protobuf format, which was not asked for"),
        ] {
            let refusal = format_of(content_type, page.as_bytes()).expect_err("no metrics page");
            assert_eq!(refusal.to_string(), format!("expected a metrics page, got {want}"));
        }
    }
}
