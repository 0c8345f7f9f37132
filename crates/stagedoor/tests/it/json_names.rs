//! Names of members in the JSON that the binary prints have one spelling, that of SCIM: `personName`.

use crate::process::Run;
use serde_json::Value;

/// Members whose value, if it is an object, has names that are not ours to choose, and why.
const OTHERS: [(&str, &str); 5] = [
    ("details", "what an audit entry says: sealed as it was written"),
    ("before", "the same"),
    ("after", "the same"),
    ("tags", "names of tags are the map's and AWS's"),
    ("items", "how many a store has of each kind: names of its tables; lists are no objects"),
];

impl Run {
    /// Checks every document on standard output, which it is if it says its version.
    #[track_caller]
    pub(crate) fn assert_json_names(&self) {
        for text in std::iter::once(self.stdout.as_str()).chain(self.stdout.lines()) {
            let document = serde_json::from_str::<Value>(text).unwrap_or_default();
            if document.get("apiVersion").is_some() {
                assert_eq!(wrong_names(&document), [""; 0], "{document:#}");
            }
        }
    }
}

/// Names with an underscore, in order.
fn wrong_names(document: &Value) -> Vec<&str> {
    let mut wrong = Vec::new();
    let mut open = vec![document];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    if name.contains('_') {
                        wrong.push(name.as_str());
                    }
                    let is_other = OTHERS.iter().any(|(other, _)| other == name);
                    if !(is_other && value.is_object()) {
                        open.push(value);
                    }
                }
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    wrong.sort_unstable();
    wrong
}

#[test]
fn a_name_with_an_underscore_is_found_wherever_it_is_ours() {
    let document = serde_json::json!({
        "apiVersion": "stagedoor/v1",
        "told_at": null,
        "items": [{"deep": [{"person_name": "ana_diaz"}], "details": {"home_efs_uid": "1"}}],
    });
    assert_eq!(wrong_names(&document), ["person_name", "told_at"]);
    let run = |stdout: String| Run { code: Some(0), stdout, stderr: String::new() };
    let judged = |run: Run| std::panic::catch_unwind(|| run.assert_json_names()).is_ok();
    assert!(!judged(run(document.to_string())));
    assert!(!judged(run(format!("{document:#}\n"))));
    assert!(!judged(run(format!("{{}}\n{document}\n"))));
    assert!(judged(run("a line\n{\"told_at\": \"of somebody else\"}\n".to_owned())));
}
