//! What the parser reads, and what it refuses.

use super::{Node, parse};
use crate::bounds::{RESPONSE, admit};
use crate::rejection::ReasonCode;

#[track_caller]
fn check(xml: &str, expected: Result<(), ReasonCode>) {
    let admitted = admit(xml.as_bytes(), &RESPONSE);
    let parsed = admitted.and_then(|text| parse(&text, &RESPONSE).map(drop));
    assert_eq!(parsed.map_err(|r| r.code()), expected, "{xml:?}");
}

#[test]
fn plain_documents_pass() {
    check("<a/>", Ok(()));
    check("\u{feff}<?xml version='1.0' encoding=\"utf-8\" standalone='no'?>\n<a>x</a>", Ok(()));
    check("<a b = '>' c='/>'><!-- <?x <!DOCTYPE --><![CDATA[<?x <!DOCTYPE]]></a>", Ok(()));
    check("<p:a xmlns:p='urn:p' xmlns='' xmlns:q='http://q/'/>", Ok(()));
}

#[test]
fn declarations_and_instructions_are_refused() {
    check("<!DOCTYPE a><a/>", Err(ReasonCode::XmlDoctype));
    check("<a><!ENTITY x 'y'></a>", Err(ReasonCode::XmlDoctype));
    check("<?pi?><a/>", Err(ReasonCode::XmlProcessingInstruction));
    check("<a><?pi?></a>", Err(ReasonCode::XmlProcessingInstruction));
    check("<?xml-stylesheet href='x'?><a/>", Err(ReasonCode::XmlProcessingInstruction));
    check(" <?xml version='1.0'?><a/>", Err(ReasonCode::XmlProcessingInstruction));
    check("<?xml version='1.0' encoding='UTF-16'?><a/>", Err(ReasonCode::NotUtf8));
    check("<?xml version='1.1'?><a/>", Err(ReasonCode::XmlMalformed));
}

#[test]
fn empty_prefixes_are_refused() {
    check("<:a/>", Err(ReasonCode::XmlMalformed));
    check("<a></:a>", Err(ReasonCode::XmlMalformed));
    check("<a :b=''/>", Err(ReasonCode::XmlMalformed));
    check("<a : b=''/>", Err(ReasonCode::XmlMalformed));
    check("<a b=':c'>:d</a>", Ok(()));
}

#[test]
fn namespaces_must_be_absolute_and_declared_once() {
    check("<a xmlns='x'/>", Err(ReasonCode::XmlRelativeNamespace));
    check("<a xmlns:p='../x'/>", Err(ReasonCode::XmlRelativeNamespace));
    check("<a xmlns:p=''/>", Err(ReasonCode::XmlRelativeNamespace));
    check("<a xmlns:p='urn:&#120;'/>", Err(ReasonCode::XmlRelativeNamespace));
    check("<a xmlns='urn:a>'/>", Err(ReasonCode::XmlRelativeNamespace));
    // libxml2 canonicalises none of these.
    for name in [
        "urn:a%20b",
        "urn:%zz",
        "urn:[a]",
        "http://a/]",
        "urn:a#b#c",
        "http://a:/",
        "http://a:b/",
        "http://:",
        "http://a:1:2/",
    ] {
        check(&format!("<a xmlns:p='{name}'/>"), Err(ReasonCode::XmlRelativeNamespace));
    }
    for name in ["http://a:80/x?y=':'#z", "https://a", "urn:a:b:c", "mailto:a@b", "http://a/b:c"] {
        check(&format!("<a xmlns:p=\"{name}\"/>"), Ok(()));
    }
    check("<a xmlns='urn:a\"'/>", Err(ReasonCode::XmlRelativeNamespace));
    check("<a xmlns='urn:a' xmlns='urn:b'/>", Err(ReasonCode::XmlMalformed));
    check("<a xmlns:p='urn:p' p:xmlns='urn:b'/>", Err(ReasonCode::XmlMalformed));
    check("<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>", Err(ReasonCode::XmlMalformed));
}

/// A text form of the tree: elements by expanded name, values in quotes.
fn outline(xml: &str) -> String {
    fn written(node: Node<'_, '_>) -> String {
        if let Some(text) = node.text() {
            return format!("{text:?}");
        }
        if node.is_comment() {
            return "#".to_owned();
        }
        let expanded =
            |local: &str, space: Option<&str>| format!("{local}{{{}}}", space.unwrap_or(""));
        let attributes: Vec<_> = node
            .attributes()
            .iter()
            .map(|a| format!(" {}={:?}", expanded(a.name(), a.namespace()), a.value()))
            .collect();
        let children: Vec<_> = node.children().map(written).collect();
        let name = expanded(node.tag_name().name(), node.tag_name().namespace());
        format!("({name}{}: {})", attributes.concat(), children.concat())
    }
    let text = admit(xml.as_bytes(), &RESPONSE).unwrap();
    written(parse(&text, &RESPONSE).unwrap().root_element())
}

#[test]
fn prefixes_stand_for_what_the_nearest_declaration_says() {
    assert_eq!(
        outline(
            "<a xmlns='u:1' xmlns:p='u:2' k='v' p:k='w'><p:b xmlns:p='u:3' p:k=''/><b xmlns=''/>\
             <p:c xml:lang='de'/></a>"
        ),
        "(a{u:1} k{}=\"v\" k{u:2}=\"w\": (b{u:3} k{u:3}=\"\": )(b{}: )\
         (c{u:2} lang{http://www.w3.org/XML/1998/namespace}=\"de\": ))"
    );
}

#[test]
fn text_is_cut_by_comments_only_and_references_are_resolved() {
    assert_eq!(
        outline(
            "<a> x &lt;&#65;&#x42;&amp;y<!-- c --><![CDATA[<&]]]]>&#13;\r\n&quot;'&apos;&gt; ></a>"
        ),
        r##"(a{}: " x <AB&y"#"<&]]\r\n\"''> >")"##
    );
}

#[test]
fn text_after_an_element_is_not_the_elements() {
    assert_eq!(outline("<a><b>x</b>y<b/>z</a>"), "(a{}: (b{}: \"x\")\"y\"(b{}: )\"z\")");
}

#[test]
fn white_space_in_attributes_becomes_blanks_unless_it_is_a_reference() {
    assert_eq!(
        outline("<a b='1\t2\n3\r\n4&#9;&#10;&#13;&quot;' c=\"'>\"/>"),
        "(a{} b{}=\"1 2 3 4\\t\\n\\r\\\"\" c{}=\"'>\": )"
    );
}

#[test]
fn nodes_know_their_parents_and_what_is_below_them() {
    let document = parse("<a><b><c/>x</b><d/></a>", &RESPONSE).unwrap();
    let root = document.root_element();
    let names = |nodes: &mut dyn Iterator<Item = Node<'_, '_>>| {
        nodes.map(|node| node.tag_name().name().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&mut root.children()), ["b", "d"]);
    assert_eq!(names(&mut root.descendants()), ["a", "b", "c", "", "d"]);
    let c = root.descendants().find(|node| node.tag_name().name() == "c").unwrap();
    assert_eq!(names(&mut c.ancestors()), ["c", "b", "a"]);
    assert_eq!(names(&mut c.descendants()), ["c"]);
    assert_eq!(root.parent(), None);
}

const MALFORMED: &[&str] = &[
    "",
    " ",
    "x",
    "<!-- only -->",
    "<a>",
    "</a>",
    "<a></b>",
    "<a></ab>",
    "<ab></a>",
    "<p:a xmlns:p='u:1'></a>",
    "<p:a xmlns:p='u:1' xmlns:q='u:1'></q:a>",
    "<a/><a/>",
    "<a/>x",
    "<a/><![CDATA[]]>",
    "<![CDATA[]]><a/>",
    "x<a/>",
    "<a",
    "<a b",
    "<a b=",
    "<a b=c/>",
    "<a b='c/>",
    "<a b='c\"/>",
    "<a b='1'c='2'/>",
    "<a b='<'/>",
    "<a b='&#9;<'/>",
    "<a b='1' b='2'/>",
    "<a xmlns:p='u:1' xmlns:q='u:1' p:b='' q:b=''/>",
    "<p:a/>",
    "<a p:b=''/>",
    "<xmlns:a/>",
    "<xml:a/>",
    "<a:b:c xmlns:a='u:1'/>",
    "<a: xmlns:a='u:1'/>",
    "<1a/>",
    "<-a/>",
    "< a/>",
    "<a / >",
    "</ a>",
    "<a>]]></a>",
    "<a>&</a>",
    "<a>&x;</a>",
    "<a>&amp</a>",
    "<a>& amp;</a>",
    "<a>&#;</a>",
    "<a>&#x;</a>",
    "<a>&#+65;</a>",
    "<a>&#X41;</a>",
    "<a>&#0;</a>",
    "<a>&#xD800;</a>",
    "<a>&#xFFFE;</a>",
    "<a>&#x110000;</a>",
    "<a>&#99999999999999999999;</a>",
    "<a>\0</a>",
    "<a>\u{b}</a>",
    "<a>\u{ffff}</a>",
    "<a b='\u{1}'/>",
    "<a><!-- -- --></a>",
    "<a><!----->",
    "<a><!-- x</a>",
    "<a><![CDATA[ x</a>",
    "<a xmlns:x='http://www.w3.org/XML/1998/namespace'/>",
    "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
    "<?xml ?><a/>",
    "<?xml encoding='utf-8'?><a/>",
    "<?xml version='1.0' version='1.0'?><a/>",
    "<?xml version='1.0' standalone='no' encoding='utf-8'?><a/>",
    "<?xml version='1.0'encoding='utf-8'?><a/>",
    "<?xml version='1.0' standalone='maybe'?><a/>",
    "<?xml version='1.0' x='y'?><a/>",
    "<?xml version='1.0'",
    "<\u{d7}/>",
    "<a\u{d7}/>",
    "<é/>",
    "<aé/>",
    "<a é=''/>",
    "<a bé=''/>",
];

#[test]
fn what_is_not_well_formed_is_refused() {
    for xml in MALFORMED {
        check(xml, Err(ReasonCode::XmlMalformed));
    }
    check("<?xml?><a/>", Err(ReasonCode::XmlProcessingInstruction));
}
