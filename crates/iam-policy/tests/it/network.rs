//! AWS's own examples of restricting presigned URLs to networks: what each decides, request by
//! request, as the text around it says.

use iam_policy::evaluate::{Compiled, Policies};
use iam_policy::request::Request;
use serde_json::Value;
use std::sync::Arc;

const CASES: &str = include_str!("network/cases.json");
const ROLE: &str = "arn:aws:iam::111122223333:role/presign";

fn documents(list: &Value) -> Vec<Arc<Compiled>> {
    let document = |value: &Value| Arc::new(Compiled::parse(&value.to_string()).unwrap());
    list.as_array().into_iter().flatten().map(document).collect()
}

fn policies(value: &Value) -> Policies {
    let levels = value["scp"].as_array().into_iter().flatten().map(documents).collect();
    Policies { identity: documents(&value["identity"]), scp: levels, ..Policies::default() }
}

fn request(value: &Value) -> Request {
    let text = |key: &str| value[key].as_str().unwrap();
    let mut request = Request::new(ROLE, text("action"), text("resource"));
    for (key, given) in value["context"].as_object().unwrap() {
        let texts = match given {
            Value::Array(list) => list.iter().map(|v| v.as_str().unwrap()).collect(),
            one => vec![one.as_str().unwrap()],
        };
        request = request.with(key, texts);
    }
    request
}

#[test]
fn the_examples_of_the_documentation_decide_what_their_text_says() {
    let cases: Vec<Value> = serde_json::from_str(CASES).unwrap();
    let mut decided = 0;
    for case in &cases {
        let policies = policies(&case["policies"]);
        for asked in case["requests"].as_array().unwrap() {
            let answer = policies.decide(&request(asked));
            let expected = asked["decision"].as_str().unwrap();
            assert_eq!(answer.decision.to_string(), expected, "{}: {asked}", case["name"]);
            decided += 1;
        }
    }
    assert_eq!((cases.len(), decided), (6, 52));
}
