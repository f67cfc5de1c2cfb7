//! Every odd page there is an example of: accepted or refused, where and why.

use std::{fs, path::Path};

use rollwatch::source::exposition::{self, Format, Kind, Limits, Sample, Text, Visitor};

const LIMITS: Limits = Limits { samples: 1000, labels: 64 };

/// Samples as `name{label=value;…} value @timestamp`.
#[derive(Default)]
struct Samples(Vec<String>);

impl<'p> Visitor<'p> for Samples {
    fn declared(&mut self, _: Text<'p>, _: Option<Kind>) {}

    fn sample(&mut self, sample: Sample<'_, 'p>) {
        let labels: Vec<_> = sample.labels.iter().map(|l| format!("{}={}", l.name.text(), l.value.text())).collect();
        let at = sample.timestamp_ms.map(|ms| format!(" @{ms}")).unwrap_or_default();
        self.0.push(format!("{}{{{}}} {}{at}", sample.name.text(), labels.join(";"), sample.value));
    }
}

fn parse_within(page: &[u8], format: Format, limits: Limits) -> Result<Vec<String>, String> {
    let mut samples = Samples::default();
    exposition::parse(page, format, limits, &mut samples).map_err(|refusal| refusal.to_string())?;
    Ok(samples.0)
}

fn parse(page: &[u8], format: Format) -> Result<Vec<String>, String> {
    parse_within(page, format, LIMITS)
}

fn read(file: &str) -> Result<Vec<String>, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/exposition").join(file);
    let page = fs::read(path).expect("a page of the table");
    let format = exposition::format_of(None, &page).map_err(|refusal| refusal.to_string())?;
    parse(&page, format)
}

#[test]
fn recorded_pages_are_accepted_or_refused_as_a_whole() {
    let refused: [(&str, &str); 9] = [
        ("html.prom", "expected a metrics page, got an HTML page (\"502 Bad Gateway\")"),
        ("trunc.prom", "line 2, column 24: the page was cut off: its last line has no line end"),
        ("trunc2.prom", "line 2, column 39: the page was cut off: its last line has no line end"),
        ("dup.prom", "line 2, column 9: the series occurs a second time, first on line 1"),
        ("duplabel.prom", "line 1, column 15: label l occurs twice"),
        ("nul.prom", "line 1, column 2: the page has a NUL byte"),
        ("badutf8.prom", "line 1, column 6: the page is not UTF-8"),
        ("num.prom", "line 1, column 14: expected a number as the value"),
        ("exemplar.prom", "line 1, column 5: the text format has no exemplars"),
    ];
    for (file, why) in refused {
        assert_eq!(read(file), Err(why.to_owned()), "{file}");
    }
    let accepted: [(&str, &[&str]); 10] = [
        ("esc.prom", &["a{l=} 1\n\"q\\} 1", "b{l=x y,z=\"1\"} 2"]),
        ("esc_seq.prom", &["a{l=\u{1b}]0;pwn\u{7}} 1"]),
        ("crlf.prom", &["a{l=x} 1", "b{} 2"]),
        ("empty.prom", &[]),
        ("utf8name.prom", &["a.b{l=x} 1"]),
        ("nan.prom", &["a{l=x} NaN", "b{} inf", "c{} -inf"]),
        ("ts.prom", &["a{l=x} 1 @1700000000000"]),
        ("negctr.prom", &["a{} -5"]),
        ("noinf.prom", &["h_bucket{le=0.5} 5", "h_bucket{le=1} 9", "h_sum{} 3", "h_count{} 9"]),
        ("nonmono.prom", &["h_bucket{le=1} 5", "h_bucket{le=0.5} 9", "h_bucket{le=+Inf} 4", "h_sum{} 3", "h_count{} 7"]),
    ];
    for (file, samples) in accepted {
        assert_eq!(read(file).expect(file), samples, "{file}");
    }
}

#[test]
fn pages_of_real_servers_are_accepted() {
    for (file, samples) in [("node.prom", 507), ("prom.prom", 351), ("openmetrics.prom", 8)] {
        assert_eq!(read(file).expect(file).len(), samples, "{file}");
    }
}

#[test]
fn what_the_text_format_allows() {
    for (page, samples) in [
        ("\n  \t\n# just a remark\n#HELPFUL too\na 1\n", &["a{} 1"][..]),
        ("  a   {  l = \"x\" , m=\"y\" , }   1   5  \n", &["a{l=x;m=y} 1 @5"]),
        ("a{} 1\nb{}2\n", &["a{} 1", "b{} 2"]),
        (
            "# TYPE \"a.b\" untyped\n{\"a.b\"} 1\n{l=\"x\",\"a.b\"} 2\n{\"a.b\",\"l.m\"=\"}\"} 3\n",
            &["a.b{} 1", "a.b{l=x} 2", "a.b{l.m=}} 3"],
        ),
        ("a{l=\"C:\\dir\"} 1\n", &["a{l=C:\\dir} 1"]),
        ("a{l=\"é\u{202e}\"} 1e400\n", &["a{l=é\u{202e}} inf"]),
        ("a:b 1\na_b 1\n", &["a:b{} 1", "a_b{} 1"]),
        ("a 1 -1\n", &["a{} 1 @-1"]),
        ("a{l=\"x\\\\\"} 1\na{l=\"x\"} 2\n", &["a{l=x\\} 1", "a{l=x} 2"]),
    ] {
        assert_eq!(parse(page.as_bytes(), Format::Text).expect(page), samples, "{page:?}");
    }
}

#[test]
fn what_the_text_format_forbids() {
    for (page, why) in [
        ("a 1_000\n", "line 1, column 8: expected a number as the value"),
        ("a\n", "line 1, column 2: expected a number as the value"),
        ("a 1 2 3\n", "line 1, column 7: unexpected text at the end of the line"),
        ("a 1 2.5\n", "line 1, column 8: expected a timestamp"),
        ("a 1 # trace\n", "line 1, column 5: the text format has no exemplars"),
        ("a.5 1\n", "line 1, column 2: expected a metric name"),
        ("1a 1\n", "line 1, column 1: expected a metric name"),
        ("{} 1\n", "line 1, column 3: expected a metric name"),
        ("{\"\"} 1\n", "line 1, column 4: expected a label name"),
        ("{l=\"x\"} 1\n", "line 1, column 8: expected a metric name"),
        ("a{\"b\"} 1\n", "line 1, column 6: a second metric name"),
        ("a{\"\"=\"x\"} 1\n", "line 1, column 5: expected a label name"),
        ("a{,} 1\n", "line 1, column 3: expected a label name"),
        ("a{1=\"x\"} 1\n", "line 1, column 3: expected a label name"),
        ("a{l:m=\"x\"} 1\n", "line 1, column 4: expected \"=\" after the label name"),
        ("a{l} 1\n", "line 1, column 4: expected \"=\" after the label name"),
        ("a{l=x} 1\n", "line 1, column 5: expected a quoted label value"),
        ("a{l=\"x\"m=\"y\"} 1\n", "line 1, column 8: expected \",\" or \"}\""),
        ("a{l=\"x\n\"} 1\n", "line 1, column 7: a quoted text is not closed on its line"),
        ("a{l=\"x\\\n", "line 1, column 8: a quoted text is not closed on its line"),
        ("a{\n", "line 1, column 3: the labels are not closed on their line"),
        ("a{\"l\n", "line 1, column 5: a quoted text is not closed on its line"),
        ("a{l=\"x\"\n", "line 1, column 8: the labels are not closed on their line"),
        ("\u{feff}a 1\n", "line 1, column 1: expected a metric name"),
        ("# TYPE a odd\na 1\n", "line 1, column 13: unknown metric type"),
        ("# TYPE a info\n", "line 1, column 14: unknown metric type"),
        ("# TYPE a\n", "line 1, column 9: unknown metric type"),
        ("# TYPE a counter really\n", "line 1, column 18: unexpected text at the end of the line"),
        ("# HELP\n", "line 1, column 7: expected a metric name"),
        (
            "a 1\nb{l=\"1\",m=\"2\"} 1\nb{m=\"2\", l=\"1\"} 1\n",
            "line 3, column 16: the series occurs a second time, first on line 2",
        ),
        ("a{l=\"\\n\"} 1\n{\"l\"=\"\\n\",\"a\"} 1\n", "line 2, column 15: the series occurs a second time, first on line 1"),
        ("{\"status\": \"ok\"}\n", "line 1, column 10: expected \"=\" after the label name"),
        ("a 1\n\nb", "line 3, column 2: the page was cut off: its last line has no line end"),
        ("a 1\r", "line 1, column 5: the page was cut off: its last line has no line end"),
    ] {
        assert_eq!(parse(page.as_bytes(), Format::Text), Err(why.to_owned()), "{page:?}");
    }
}

#[test]
fn what_openmetrics_allows_and_forbids() {
    for (page, want) in [
        ("# EOF", Ok(0)),
        ("# EOF\r\n", Ok(0)),
        ("# TYPE a gaugehistogram\n# UNIT a seconds\na 1 1.5 # {t=\"x\"} 0.5 1.25\n# EOF\n", Ok(1)),
        ("a 1\n", Err("line 2, column 1: the page was cut off: an OpenMetrics page ends with \"# EOF\"")),
        ("", Err("line 1, column 1: the page was cut off: an OpenMetrics page ends with \"# EOF\"")),
        ("# EOF\na 1\n", Err("line 3, column 1: text follows \"# EOF\"")),
        ("# EOF\n\n", Err("line 3, column 1: text follows \"# EOF\"")),
        ("# EOF\n# EOF\n", Err("line 1, column 6: text follows \"# EOF\"")),
        ("a 1\n\n# EOF\n", Err("line 2, column 1: OpenMetrics has no empty lines")),
        ("# remark\n# EOF\n", Err("line 1, column 9: OpenMetrics has no comments besides HELP, TYPE, UNIT and EOF")),
        ("# TYPE a untyped\n# EOF\n", Err("line 1, column 17: unknown metric type")),
        ("a 1 NaN\n# EOF\n", Err("line 1, column 8: expected a timestamp")),
        ("a 1 # {t=\"x\"}\n# EOF\n", Err("line 1, column 14: expected a number as the value")),
        ("a 1 # 5\n# EOF\n", Err("line 1, column 7: an exemplar has no labels in braces")),
        ("a 1 # {t=\"x\",t=\"y\"} 1\n# EOF\n", Err("line 1, column 20: label t occurs twice")),
    ] {
        let got = parse(page.as_bytes(), Format::OpenMetrics).map(|samples| samples.len());
        assert_eq!(got, want.map_err(str::to_owned), "{page:?}");
    }
}

#[test]
fn a_page_over_a_limit_fails_as_a_whole_and_names_the_key() {
    let page = "a{b=\"1\",c=\"2\"} 1\nd 1\n";
    let within =
        |samples, labels| parse_within(page.as_bytes(), Format::Text, Limits { samples, labels }).map(|samples| samples.len());
    assert_eq!(within(2, 2), Ok(2));
    assert_eq!(
        within(1, 2),
        Err("line 2, column 1: the page has more than 1 sample: if that is right, raise limits.samples".to_owned())
    );
    assert_eq!(
        within(2, 1),
        Err("line 1, column 14: a sample has more than 1 label: if that is right, raise limits.labels".to_owned())
    );
}

#[test]
fn hundreds_of_thousands_of_labels_escapes_and_series_take_no_more_than_their_length() {
    // Work that grows with the square of these would keep this test busy for many minutes.
    const MANY: usize = 200_000;
    let allowed = Limits { samples: MANY as u64, labels: MANY as u64 + 1 };
    let labels: Vec<_> = (0..MANY).map(|n| format!("l{n}=\"x\"")).collect();
    let line = |labels: &[String]| format!("a{{{}}} 1\n", labels.join(","));
    let read = parse_within(line(&labels).as_bytes(), Format::Text, allowed).expect("as many labels as allowed");
    assert!(read[0].ends_with("l199998=x;l199999=x} 1"));
    let twice = [&labels[..], &["l17=\"y\"".to_owned()]].concat();
    let refused = parse_within(line(&twice).as_bytes(), Format::Text, allowed).expect_err("a label twice");
    assert!(refused.ends_with("label l17 occurs twice"), "{refused}");

    let refused = parse(line(&labels).as_bytes(), Format::Text).expect_err("more labels than allowed");
    assert!(refused.ends_with("a sample has more than 64 labels: if that is right, raise limits.labels"), "{refused}");

    let escapes = format!("a{{l=\"{}\"}} 1\n", "\\n\\\\".repeat(MANY));
    let read = parse(escapes.as_bytes(), Format::Text).expect("escapes");
    assert_eq!(read[0].len(), "a{l=} 1".len() + 2 * MANY);

    let series: Vec<_> = (0..MANY).map(|n| format!("a{{l=\"{n}\"}} 1\n")).collect();
    assert_eq!(parse_within(series.concat().as_bytes(), Format::Text, allowed).expect("many series").len(), MANY);
}
