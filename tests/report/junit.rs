//! JUnit XML read back as GitLab and Jenkins do: one suite, its counts, and each case with what became of it.

use roxmltree::{Document, Node};

/// A suite that was read back.
pub(crate) struct Suite {
    pub(crate) cases: Vec<Case>,
    pub(crate) properties: Vec<(String, String)>,
}

/// A case with the element that says what became of it.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) class: String,
    kind: String,
    text: String,
}

impl Suite {
    /// What became of a case, and the first line of why.
    pub(crate) fn case(&self, name: &str) -> (String, String) {
        let case = self.cases.iter().find(|case| case.name == name).expect("a case of that name");
        (case.kind.clone(), case.text.lines().next().unwrap_or_default().to_owned())
    }
}

fn number(node: Node<'_, '_>, name: &str) -> usize {
    node.attribute(name).expect(name).parse().expect(name)
}

fn seconds(node: Node<'_, '_>) -> f64 {
    node.attribute("time").expect("there").parse().expect("a number")
}

fn attributes(node: Node<'_, '_>) -> Vec<String> {
    node.attributes().map(|attribute| attribute.name().to_owned()).collect()
}

/// Reads a document and holds it to the rules that its readers share.
pub(crate) fn suite(xml: &str) -> Suite {
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), "{xml}");
    let document = Document::parse(xml).expect("well-formed");
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    assert_eq!(attributes(root), ["name", "time", "tests", "failures", "errors"]);
    let suites: Vec<Node<'_, '_>> = root.children().filter(Node::is_element).collect();
    let [suite] = suites.as_slice() else { unreachable!("one watch is one suite") };
    assert_eq!(attributes(*suite), ["name", "tests", "failures", "errors", "skipped", "time", "timestamp"]);
    let stamp: Vec<char> = suite.attribute("timestamp").expect("there").chars().collect();
    assert!(stamp.len() == 19 && stamp[10] == 'T', "{stamp:?}");
    let children: Vec<Node<'_, '_>> = suite.children().filter(Node::is_element).collect();
    let (first, rest) = children.split_first().expect("properties");
    assert_eq!(first.tag_name().name(), "properties");
    let properties = first.children().filter(Node::is_element).map(|property| {
        assert_eq!((property.tag_name().name(), attributes(property)), ("property", vec!["name".to_owned(), "value".to_owned()]));
        let of = |name| property.attribute(name).expect("there").to_owned();
        (of("name"), of("value"))
    });
    let cases: Vec<Case> = rest.iter().map(|node| case(*node)).collect();
    let count = |kind: &str| cases.iter().filter(|case| case.kind == kind).count();
    for node in [root, *suite] {
        assert_eq!(number(node, "tests"), cases.len());
        assert_eq!((number(node, "failures"), number(node, "errors")), (count("failure"), count("error")));
        assert!(seconds(node) >= 0.0);
    }
    assert_eq!(number(*suite, "skipped"), count("skipped"));
    Suite { properties: properties.collect(), cases }
}

fn case(node: Node<'_, '_>) -> Case {
    assert_eq!(node.tag_name().name(), "testcase");
    assert_eq!(attributes(node), ["name", "classname", "time"]);
    assert!(seconds(node) >= 0.0);
    let children: Vec<Node<'_, '_>> = node.children().filter(Node::is_element).collect();
    let [said] = children.as_slice() else { unreachable!("one thing became of a case") };
    let kind = said.tag_name().name().to_owned();
    match kind.as_str() {
        "failure" | "error" | "skipped" => assert_eq!(attributes(*said), ["type", "message"]),
        "system-out" => assert_eq!(attributes(*said), [""; 0]),
        other => unreachable!("{other} is no element of a case"),
    }
    let of = |name| node.attribute(name).expect("there").to_owned();
    Case { name: of("name"), class: of("classname"), kind, text: said.text().unwrap_or_default().to_owned() }
}
