//! Random questions with the prover's verdicts, written down for another judge: `cargo xtask nightly`
//! lets z3 answer them too (`tests/z3/judge.py`). Only what that script understands: single-valued keys,
//! and variables as whole values.

use iam_policy::prove::{Claim, Demand, Documents, Subject, Verdict, prove};
use iam_policy::{Document, Statement};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;
use std::fmt::Write as _;

const ROLE: &str = "arn:aws:iam::111122223333:role/r";
const SAMPLES: usize = 300;

const ACTIONS: [&str; 5] = ["s:a", "s:b*", "s:*", "*", "s:?x"];
const RESOURCES: [&str; 6] = ["*", "r/*", "r/a*", "*/b", "r/?", "q"];
const TESTS: [(&str, &str, &[&str]); 16] = [
    ("StringEquals", "t:own", &["a"]),
    ("StringLike", "t:own", &["a*", "?b"]),
    ("StringNotEquals", "t:own", &["a", "b"]),
    ("StringEquals", "t:res", &["${t:own}"]),
    ("StringNotEquals", "t:res", &["${t:own}"]),
    ("StringNotEqualsIfExists", "t:res", &["${t:own}", "z"]),
    ("StringLikeIfExists", "t:res", &["a?"]),
    ("StringNotLike", "t:res", &["*b*"]),
    ("Null", "t:res", &["true"]),
    ("Null", "t:own", &["false"]),
    ("NumericLessThan", "t:n", &["3"]),
    ("NumericGreaterThanEqualsIfExists", "t:n", &["2.5"]),
    ("NumericNotEquals", "t:n", &["3", "7"]),
    ("IpAddress", "t:ip", &["10.0.0.0/8", "192.0.2.128/25"]),
    ("NotIpAddress", "t:ip", &["10.128.0.0/9"]),
    ("NotIpAddressIfExists", "t:ip", &["10.0.0.0/16"]),
];

fn statement() -> impl Strategy<Value = Statement> {
    let some =
        |list: &'static [&'static str]| prop::collection::vec(prop::sample::select(list), 1..3);
    let tests = prop::collection::vec(prop::sample::select(&TESTS[..]), 0..4);
    (prop::bool::weighted(0.6), some(&ACTIONS), some(&RESOURCES), tests).prop_map(
        |(allow, actions, resources, tests)| {
            let made = if allow { Statement::allow("a") } else { Statement::deny("d") };
            let made = made.actions(actions).resources(resources);
            tests.iter().fold(made, |made, (operator, key, values)| {
                made.when(*operator, *key, values.iter().copied())
            })
        },
    )
}

fn document() -> impl Strategy<Value = Document> {
    prop::collection::vec(statement(), 1..5).prop_map(Document::new)
}

#[test]
fn samples_are_written_down() {
    let mut runner = TestRunner::deterministic();
    let questions = (document(), document(), document(), prop::option::of(document()));
    let mut lines = String::new();
    let mut proved = 0;
    for _ in 0..SAMPLES {
        let tree = questions.new_tree(&mut runner).unwrap();
        let (identity, scp, about, outer) = tree.current();
        let policies =
            Documents { scp: vec![vec![scp.clone()]], ..Documents::of([identity.clone()]) };
        let demand = match &outer {
            Some(outer) => Demand::OnlyIf(Box::new(Documents::of([outer.clone()]))),
            None => Demand::Never,
        };
        let name = String::new();
        let claim = Claim { name, about: Some(about.clone()), demand, still: None };
        let verdict = match prove(&Subject::new(ROLE), &policies, &claim, 1) {
            Verdict::Proved { .. } | Verdict::Vacuous { .. } => "proved",
            Verdict::Refuted { .. } => "refuted",
            Verdict::Unknown { why, .. } => panic!("{why}"),
        };
        proved += usize::from(verdict == "proved");
        let all = [Some(identity), Some(scp), Some(about)].map(|document| json!(document));
        let line = json!({ "allow": all, "refuse": outer, "verdict": verdict });
        let _ = writeln!(lines, "{line}");
    }
    assert!((SAMPLES / 10..SAMPLES).contains(&proved), "{proved}");
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/prove-samples.jsonl");
    std::fs::write(path, lines).unwrap();
}
