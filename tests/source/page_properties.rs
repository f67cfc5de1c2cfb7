//! What holds for every page: cuts are seen, no bytes bring the parser down, order and notation of labels do not matter.

use proptest::{prelude::*, sample::Index};
use rollwatch::source::exposition::{self, Fault, Format, Kind, Limits, Refusal, Sample, Text, Visitor, key};

const LIMITS: Limits = Limits { samples: 1000, labels: 64 };

/// Each sample's name, key and value.
#[derive(Default)]
struct Series(Vec<(String, String, u64)>);

impl<'p> Visitor<'p> for Series {
    fn declared(&mut self, _: Text<'p>, _: Option<Kind>) {}

    fn sample(&mut self, sample: Sample<'_, 'p>) {
        self.0.push((sample.name.text().into_owned(), key(sample.labels), sample.value.to_bits()));
    }
}

fn parse(page: &[u8], format: Format) -> Result<Series, Refusal> {
    let mut series = Series::default();
    exposition::parse(page, format, LIMITS, &mut series).map(|()| series)
}

/// Names and values of labels, each name once.
fn labels() -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::btree_map("[a-zA-Z_][a-zA-Z0-9_]{0,6}|[a-z.\\\\\"\n é]{1,5}", "[ -~é\n\\\\\"]{0,12}", 0..20)
        .prop_map(|map| map.into_iter().collect())
}

/// A line for a series; `unusual` chooses notations that mean the same.
fn line(labels: &[(String, String)], value: &str, unusual: bool) -> String {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"");
    let is_bare = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !name.as_bytes()[0].is_ascii_digit();
    let label = |(name, value): &(String, String)| {
        let name = if is_bare(name) && !unusual { name.clone() } else { format!("\"{}\"", escaped(name)) };
        let equals = if unusual { " =\t" } else { "=" };
        format!("{name}{equals}\"{}\"", escaped(value))
    };
    let labels: Vec<_> = labels.iter().map(label).collect();
    if unusual {
        format!("{{{} ,\"m\" }} {value}\n", labels.join(" , ")).replace("{ ,", "{")
    } else {
        format!("m{{{}}} {value}\n", labels.join(","))
    }
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof!["[0-9]{1,18}", "-?[0-9]{1,3}\\.[0-9]{0,9}(e[+-]?[0-9]{1,3})?", Just("+Inf".to_owned())]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_cut_text_page_is_refused_unless_it_was_cut_behind_a_line_end(sets in proptest::collection::vec((labels(), value()), 1..4)) {
        // Each line has a name of its own: `m` becomes `n0m`.
        let lines: Vec<_> = sets.iter().enumerate().map(|(n, (labels, value))| format!("n{n}{}", line(labels, value, false))).collect();
        let page = lines.concat();
        let whole = parse(page.as_bytes(), Format::Text).expect("a valid page").0;
        for cut in 0..page.len() {
            let read = parse(&page.as_bytes()[..cut], Format::Text);
            if cut == 0 || page.as_bytes()[cut - 1] == b'\n' {
                let lines = memchr::memchr_iter(b'\n', &page.as_bytes()[..cut]).count();
                prop_assert_eq!(&read.expect("whole lines").0[..], &whole[..lines]);
            } else {
                prop_assert_eq!(read.err().map(|refusal| refusal.fault), Some(Fault::Cut));
            }
        }
    }

    #[test]
    fn labels_in_any_order_and_notation_are_the_same_series(labels in labels(), value in value(), moves in any::<[Index; 8]>()) {
        let mut shuffled = labels.clone();
        for (n, to) in moves.iter().enumerate().take(labels.len()) {
            shuffled.swap(n, to.index(labels.len()));
        }
        let (a, b) = (line(&labels, &value, false), line(&shuffled, &value, true));
        prop_assert_eq!(parse(a.as_bytes(), Format::Text).expect("valid").0, parse(b.as_bytes(), Format::Text).expect("valid too").0);
        let refusal = parse((a + &b).as_bytes(), Format::Text).err();
        prop_assert_eq!(refusal.map(|refusal| refusal.fault), Some(Fault::SeriesTwice { first: 1 }));
    }

    #[test]
    fn different_labels_are_different_series(a in labels(), b in labels()) {
        prop_assume!(a != b);
        let page = line(&a, "1", false) + &line(&b, "2", false);
        let series = parse(page.as_bytes(), Format::Text).expect("two series").0;
        prop_assert_ne!(&series[0].1, &series[1].1);
    }

    #[test]
    fn values_are_those_of_the_standard_library(value in value()) {
        let read = parse(line(&[], &value, false).as_bytes(), Format::Text).expect("valid").0;
        prop_assert_eq!(read[0].2, value.parse::<f64>().expect("a number").to_bits());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        never_half(&bytes)?;
    }

    #[test]
    fn damaged_pages_are_read_or_refused(at in any::<Index>(), bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b'\\'), Just(b'{'), Just(b'\n')], 0..4)) {
        let mut page = OPENMETRICS.as_bytes().to_vec();
        let at = at.index(page.len());
        let end = page.len().min(at + bytes.len());
        page.splice(at..end, bytes);
        never_half(&page)?;
    }
}

/// A refusal names a place that is on the page.
fn never_half(page: &[u8]) -> Result<(), TestCaseError> {
    let lines = page.split(|byte| *byte == b'\n').collect::<Vec<_>>();
    for format in [Format::Text, Format::OpenMetrics] {
        if let Err(Refusal { place: Some(place), .. }) = parse(page, format) {
            prop_assert!(place.line <= lines.len() && place.column <= lines[place.line - 1].len() + 1, "{place:?}");
        }
    }
    Ok(())
}

const OPENMETRICS: &str = include_str!("../data/exposition/openmetrics.prom");

#[test]
fn every_cut_of_an_openmetrics_page_is_seen() {
    parse(OPENMETRICS.as_bytes(), Format::OpenMetrics).expect("a valid page");
    // Only the line end behind "# EOF" may be missing.
    for cut in 0..OPENMETRICS.len() - 1 {
        let fault = parse(&OPENMETRICS.as_bytes()[..cut], Format::OpenMetrics).err().map(|refusal| refusal.fault);
        assert_eq!(fault, Some(Fault::NoEof), "cut at {cut}");
    }
}
