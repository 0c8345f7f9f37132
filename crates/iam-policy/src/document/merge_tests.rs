//! What is joined and what is not; where a document is cut.

use super::*;

fn statements(document: &Document) -> Vec<&Statement> {
    document.statements.iter().collect()
}

#[test]
fn statements_that_differ_in_actions_or_in_resources_become_one() {
    let one = Document::new([
        Statement::allow("Read").actions(["s3:GetObject"]).resources(["a"]),
        Statement::allow("List").actions(["s3:ListBucket"]).resources(["b"]),
        Statement::deny("Read").actions(["s3:PutObject"]).resources(["a"]),
    ]);
    let other = Document::new([
        Statement::allow("Write").actions(["s3:PutObject", "s3:GetObject"]).resources(["a"]),
        Statement::allow("More").actions(["s3:ListBucket"]).resources(["c"]),
    ]);
    let merged = merge([&one, &other]);
    assert_eq!(
        merged,
        Document::new([
            Statement::allow("ReadWrite")
                .actions(["s3:GetObject", "s3:PutObject"])
                .resources(["a"]),
            Statement::allow("ListMore").actions(["s3:ListBucket"]).resources(["b", "c"]),
            Statement::deny("Read").actions(["s3:PutObject"]).resources(["a"]),
        ])
    );
}

#[test]
fn what_a_statement_is_not_about_and_other_conditions_keep_it_apart() {
    let not = |name: &str| Statement::deny("Not").not_actions([name]).resources(["*"]);
    let when = |value: &str| {
        Statement::allow("When").actions(["a:B"]).resources(["*"]).when("StringLike", "k", [value])
    };
    let bare = Statement { resource: None, ..when("x") };
    let document = Document::new([not("a:B"), not("a:C"), when("x"), when("y"), bare, not("a:B")]);
    let merged = merge([&document]);
    let sids: Vec<_> = statements(&merged).iter().map(|s| s.sid.as_deref().unwrap()).collect();
    assert_eq!(sids, ["Not", "Not2", "When", "When2", "When3"]);
}

#[test]
fn names_are_not_joined_without_end() {
    let long = "L".repeat(60);
    let document = Document::new([
        Statement::allow(long.as_str()).actions(["a:B"]).resources(["*"]),
        Statement::allow("Other").actions(["a:C"]).resources(["*"]),
        Statement::allow("OK").actions(["a:D"]).resources(["*"]),
    ]);
    assert_eq!(merge([&document]).statements[0].sid, Some(long + "OK"));
}

#[test]
fn text_of_the_old_language_stays_literal() {
    let old = Document {
        version: None,
        ..Document::new([Statement::allow("Old")
            .actions(["s3:*"])
            .resources(["arn:aws:s3:::${aws:username}/*"])
            .when("StringEquals", "k", ["${v}"])
            .when("NumericEquals", "n", ["${v}"])])
    };
    let new = Document::new([Statement::allow("New").actions(["s3:*"]).resources(["${x}"])]);
    assert_eq!(merge([&old]).version, None);
    let merged = merge([&old, &new]);
    assert_eq!(merged.version, Some(Version::V2012));
    let statement = &merged.statements[0];
    assert_eq!(statement.resource, Some(vec!["arn:aws:s3:::${$}{aws:username}/*".to_owned()]));
    assert_eq!(statement.condition["StringEquals"]["k"].0, ["${$}{v}"]);
    assert_eq!(statement.condition["NumericEquals"]["n"].0, ["${v}"]);
    assert_eq!(merged.statements[1].resource, Some(vec!["${x}".to_owned()]));
}

#[test]
fn an_id_stays_if_all_have_it() {
    let with = |id: Option<&str>| Document { id: id.map(str::to_owned), ..Document::new([]) };
    assert_eq!(merge([&with(Some("i")), &with(Some("i"))]).id.as_deref(), Some("i"));
    assert_eq!(merge([&with(Some("i")), &with(None)]).id, None);
    assert_eq!(merge([&with(Some("i")), &with(Some("j"))]).id, None);
    assert_eq!(merge([]), Document::new([]));
}

fn numbered(count: usize, prefix: &str) -> Vec<String> {
    (0..count).map(|n| format!("{prefix}{n:03}")).collect()
}

#[test]
fn statements_go_into_the_first_document_with_room() {
    let statement = |sid: &str, count| {
        Statement::allow(sid).actions(["s3:GetObject"]).resources(numbered(count, "arn:aws:s3:::"))
    };
    let document = Document::new([statement("A", 200), statement("B", 200), statement("C", 20)]);
    let parts = split([&document], Limit::MANAGED_POLICY).unwrap();
    let sids: Vec<Vec<_>> = parts
        .iter()
        .map(|d| d.statements.iter().filter_map(|s| s.sid.as_deref()).collect())
        .collect();
    assert_eq!(sids, [vec!["A", "C"], vec!["B"]]);
    assert_eq!(parts[1].version, Some(Version::V2012));
    assert_eq!(split([&Document::new([])], Limit::MANAGED_POLICY), Ok(vec![]));
}

#[test]
fn a_statement_too_large_is_divided_by_its_longer_list() {
    let resources = numbered(1_000, "arn:aws:s3:::");
    let large =
        Statement::allow("Large").actions(["s3:GetObject", "s3:Put*"]).resources(&resources);
    let parts = split([&Document::new([large])], Limit::MANAGED_POLICY).unwrap();
    let all: Vec<&Statement> = parts.iter().flat_map(|d| &d.statements).collect();
    let sids: Vec<_> = all.iter().map(|s| s.sid.as_deref().unwrap()).collect();
    assert_eq!(sids, ["Large", "Large2", "Large3", "Large4"]);
    assert!(all.iter().all(|s| s.action.as_ref().unwrap().len() == 2));
    let found: Vec<&String> = all.iter().flat_map(|s| s.resource.as_ref().unwrap()).collect();
    assert_eq!(found, resources.iter().collect::<Vec<_>>());
}

#[test]
fn what_cannot_be_divided_or_is_too_much_is_refused() {
    let spared =
        Statement::deny("Spare").actions(["*"]).not_resources(numbered(1_000, "arn:aws:s3:::"));
    let error = split([&Document::new([spared])], Limit::MANAGED_POLICY).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot split statement `Spare`: it takes 19099 characters by itself, a managed policy \
         takes at most 6144, and it has neither several actions nor several resources to divide"
    );
    let many = Statement::allow("Many").actions(["*"]).resources(numbered(900, "arn:aws:s3:::"));
    let error = split([&Document::new([many])], Limit::ROLE_INLINE).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the statements fill 2 documents, and there may be at most 1 of the kind role's inline policy"
    );
}
