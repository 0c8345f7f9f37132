//! The prover against brute force: small random policies, over a universe in which every request is
//! tried. A proof must hold for each of them; a refutation must be one in the evaluator's eyes.

use iam_policy::evaluate::Policies;
use iam_policy::prove::{Claim, Demand, Documents, Subject, Verdict, prove};
use iam_policy::request::Request;
use iam_policy::{Document, Effect, Statement};
use proptest::prelude::*;

const ROLE: &str = "arn:aws:iam::111122223333:role/r";

const ACTIONS: [&str; 7] = ["ecr:A", "ecr:B", "ecr:*", "*", "ecr:?", "*:A", "ecr:a*"];
const RESOURCES: [&str; 12] = [
    "*",
    "x",
    "x/*",
    "x/a",
    "*/a",
    "x/?",
    "x/${aws:PrincipalTag/t}",
    "x/${aws:PrincipalTag/t}/*",
    "x/${aws:username, 'b'}",
    "x*a",
    "arn:aws:s::*:x",
    "arn:aws:s::444455556666:x",
];
/// Operator, key, values.
const TESTS: [(&str, &str, &[&str]); 34] = [
    ("StringEquals", "aws:PrincipalTag/t", &["a"]),
    ("StringLike", "aws:PrincipalTag/t", &["a*", "b"]),
    ("StringNotEquals", "aws:PrincipalTag/t", &["${aws:ResourceTag/t}"]),
    ("Null", "aws:PrincipalTag/t", &["false"]),
    ("StringEquals", "aws:ResourceTag/t", &["${aws:PrincipalTag/t}"]),
    ("StringEquals", "ecr:ResourceTag/t", &["${aws:PrincipalTag/t}"]),
    ("StringNotEquals", "aws:ResourceTag/t", &["${aws:PrincipalTag/t}", "a"]),
    ("StringNotEqualsIfExists", "aws:ResourceTag/t", &["${aws:PrincipalTag/t, 'b'}"]),
    ("StringEqualsIfExists", "aws:ResourceTag/t", &["a", "b"]),
    ("Null", "aws:ResourceTag/t", &["true"]),
    ("Null", "aws:ResourceTag/t", &["false"]),
    ("StringEqualsIgnoreCase", "aws:ResourceTag/t", &["A"]),
    ("StringEquals", "aws:RequestTag/t", &["${aws:PrincipalTag/t}"]),
    ("StringNotEquals", "aws:RequestTag/t", &["a"]),
    ("Null", "aws:RequestTag/t", &["true"]),
    ("ForAnyValue:StringEquals", "aws:TagKeys", &["t"]),
    ("ForAllValues:StringEquals", "aws:TagKeys", &["t", "u"]),
    ("ForAnyValue:StringNotEquals", "aws:TagKeys", &["t"]),
    ("ForAllValues:StringLike", "aws:TagKeys", &["t*"]),
    ("StringEquals", "aws:TagKeys", &["t"]),
    ("ForAnyValue:StringEqualsIgnoreCase", "aws:TagKeys", &["T"]),
    ("IpAddress", "aws:SourceIp", &["10.0.0.0/8"]),
    ("NotIpAddress", "aws:SourceIp", &["10.0.0.0/16", "fd00::/8"]),
    ("IpAddress", "aws:VpcSourceIp", &["10.0.0.0/8"]),
    ("NotIpAddressIfExists", "aws:VpcSourceIp", &["10.0.0.0/8"]),
    ("StringEquals", "aws:SourceVpc", &["v"]),
    ("StringNotEquals", "aws:SourceVpc", &["v"]),
    ("NumericLessThan", "ecr:n", &["3"]),
    ("NumericNotEquals", "ecr:n", &["3", "5"]),
    ("NumericGreaterThanEqualsIfExists", "ecr:n", &["2.5"]),
    ("Bool", "ecr:b", &["true"]),
    ("ArnLike", "ecr:arn", &["arn:aws:s:*:1:x/*"]),
    ("ArnNotLike", "ecr:arn", &["arn:aws:s::1:${aws:PrincipalTag/t}"]),
    ("DateLessThan", "aws:CurrentTime", &["2026-11-21T00:00:00Z"]),
];

const SOME_ACTIONS: [&str; 6] = ["ecr:A", "ecr:B", "ecr:aa", "t:A", "u", "ecr:AB"];
const SOME_RESOURCES: [&str; 14] = [
    "*",
    "x",
    "y",
    "x/",
    "x/a",
    "x/b",
    "x/c",
    "x/a/",
    "x/c/a",
    "y/a",
    "xa",
    "x/ab",
    "arn:aws:s::111122223333:x",
    "arn:aws:s::444455556666:x",
];
/// Values of keys to try: every list, one key after the other.
fn domain(key: &str) -> Vec<Vec<&'static str>> {
    let texts: &[&[&str]] = match key {
        "aws:tagkeys" => {
            &[&[], &["t"], &["T"], &["u"], &["t", "u"], &["t", "w"], &["tt", "T"], &["", "t"]]
        }
        "aws:sourceip" => &[&[], &["10.0.0.1"], &["10.1.0.1"], &["8.8.8.8"], &["fd00::1"], &["z"]],
        "aws:vpcsourceip" => &[&[], &["10.0.0.1"], &["11.0.0.0"], &["9.9.9.9", "10.0.0.1"]],
        "aws:sourcevpc" => &[&[], &["v"], &["w"], &["v", "w"]],
        "ecr:n" => &[&[], &["2"], &["2.5"], &["3"], &["4"], &["5"], &["no"], &["3", "4"]],
        "ecr:b" => &[&[], &["true"], &["false"], &["x"]],
        "ecr:arn" => {
            &[&[], &["arn:aws:s:e:1:x/y"], &["arn:aws:s::1:a"], &["arn:aws:s::1:c"], &["x"]]
        }
        "aws:currenttime" => &[&[], &["2026-11-20T00:00:00Z"], &["2026-11-21T00:00:00Z"]],
        "aws:username" => &[&[], &["a"], &["b"], &["c"]],
        _ => &[&[], &["a"], &["b"], &["ab"], &["c"], &["A"], &["a", "c"], &[""]],
    };
    texts.iter().map(|list| list.to_vec()).collect()
}

/// What tests the policies of one case choose from: few, so that they meet.
type Choice = Vec<(&'static str, &'static str, &'static [&'static str])>;

fn statement(choice: Choice) -> impl Strategy<Value = Statement> {
    let some =
        |list: &'static [&'static str]| prop::collection::vec(prop::sample::select(list), 1..3);
    (
        prop::bool::weighted(0.6),
        prop::bool::weighted(0.85),
        some(&ACTIONS),
        prop::bool::weighted(0.85),
        some(&RESOURCES),
        prop::collection::vec(prop::sample::select(choice), 0..3),
    )
        .prop_map(|(allow, action, actions, resource, resources, tests)| {
            let made = if allow { Statement::allow("a") } else { Statement::deny("d") };
            let made = if action { made.actions(actions) } else { made.not_actions(actions) };
            let made =
                if resource { made.resources(resources) } else { made.not_resources(resources) };
            tests.iter().fold(made, |made, (operator, key, values)| {
                made.when(*operator, *key, values.iter().copied())
            })
        })
}

fn document(choice: Choice) -> impl Strategy<Value = Document> {
    prop::collection::vec(statement(choice), 1..4).prop_map(Document::new)
}

fn documents(choice: Choice) -> impl Strategy<Value = Documents> {
    (
        prop::collection::vec(document(choice.clone()), 1..3),
        prop::option::weighted(0.3, document(choice.clone())),
        prop::option::weighted(0.3, document(choice)),
    )
        .prop_map(|(identity, boundary, scp)| Documents {
            identity,
            boundary,
            scp: scp.into_iter().map(|document| vec![document]).collect(),
            ..Documents::default()
        })
}

fn demand(choice: Choice) -> impl Strategy<Value = Demand> {
    prop_oneof![
        Just(Demand::Never),
        documents(choice).prop_map(|documents| Demand::OnlyIf(Box::new(documents))),
        Just(Demand::Always),
    ]
}

/// What is known of the principal: a key and its values.
type Known = Option<(&'static str, &'static [&'static str])>;

const KNOWN: &[Known] = &[
    None,
    None,
    Some(("aws:principaltag/t", &["a"])),
    Some(("aws:principaltag/t", &["c"])),
    Some(("aws:principaltag/t", &[])),
    Some(("aws:resourcetag/t", &["b"])),
];

/// Policies, a claim about them, and what is known.
fn question() -> impl Strategy<Value = (Documents, Claim, Known)> {
    prop::sample::subsequence(&TESTS[..], 1..=5).prop_flat_map(|choice| {
        let about = prop::option::weighted(0.6, document(choice.clone()));
        let known = prop::sample::select(KNOWN);
        (documents(choice.clone()), about, demand(choice), known).prop_map(
            |(policies, about, demand, known)| {
                (policies, Claim { name: String::new(), about, demand, still: None }, known)
            },
        )
    })
}

/// The keys that occur anywhere, in lower case.
fn keys(all: &[&Documents]) -> Vec<String> {
    let mut text = String::new();
    for documents in all {
        let single = [&documents.boundary].into_iter().flatten();
        let every = documents.identity.iter().chain(single).chain(documents.scp.iter().flatten());
        every.for_each(|document| text.push_str(&document.to_canonical_json()));
    }
    let text = text.to_lowercase();
    let known = [
        "aws:principaltag/t",
        "aws:resourcetag/t",
        "ecr:resourcetag/t",
        "aws:requesttag/t",
        "aws:tagkeys",
        "aws:sourceip",
        "aws:vpcsourceip",
        "aws:sourcevpc",
        "ecr:n",
        "ecr:b",
        "ecr:arn",
        "aws:currenttime",
        "aws:username",
    ];
    known
        .iter()
        .filter(|key| text.contains(&format!("{key}\"")) || text.contains(&format!("{{{key}")))
        .map(|key| (*key).to_owned())
        .collect()
}

/// Whether AWS makes such requests: the documented facts, said anew.
fn is_made_by_aws(request: &Request) -> bool {
    let has = |key: &str| request.values(key).is_some();
    let endpoint = ["aws:vpcsourceip", "aws:sourcevpc"];
    if has("aws:sourceip") && endpoint.iter().any(|key| has(key)) {
        return false;
    }
    let single = [
        "aws:principaltag/t",
        "aws:resourcetag/t",
        "ecr:resourcetag/t",
        "aws:requesttag/t",
        "aws:sourceip",
        "aws:vpcsourceip",
        "aws:sourcevpc",
        "aws:currenttime",
        "aws:username",
    ];
    single.iter().all(|key| request.values(key).is_none_or(|values| values.len() == 1))
}

/// Facts that hold only among keys that are both asked about.
fn fits(request: &Request, keys: &[String]) -> bool {
    let asked = |key: &str| keys.iter().any(|asked| asked == key);
    if asked("aws:vpcsourceip") && asked("aws:sourcevpc") {
        let has = |key: &str| request.values(key).is_some();
        if has("aws:vpcsourceip") != has("aws:sourcevpc") {
            return false;
        }
    }
    // A service's own key of tags: in requests of its actions, where it is the common one.
    let (own, common) = (request.values("ecr:resourcetag/t"), request.values("aws:resourcetag/t"));
    if asked("ecr:resourcetag/t") {
        let fits = if request.action().to_lowercase().starts_with("ecr:") {
            !asked("aws:resourcetag/t") || own == common
        } else {
            own.is_none()
        };
        if !fits {
            return false;
        }
    }
    if asked("aws:requesttag/t") && asked("aws:tagkeys") {
        let sent = request.values("aws:requesttag/t").is_some();
        let told = request.values("aws:tagkeys").unwrap_or_default();
        if sent != told.iter().any(|key| key.eq_ignore_ascii_case("t")) {
            return false;
        }
    }
    is_made_by_aws(request)
}

fn tag_is_plain(request: &Request) -> bool {
    ["aws:principaltag/t", "aws:username"].iter().all(|key| {
        request
            .values(key)
            .unwrap_or_default()
            .iter()
            .all(|v| !v.contains(['/', ':', '*', '?', '$']))
    })
}

/// The first request of the universe that refutes the claim.
fn counterexample(
    policies: &Documents,
    claim: &Claim,
    known: Known,
    admitted: impl Fn(&Request) -> bool,
) -> Option<Request> {
    let about = claim.about.as_ref().map(|about| Documents::of([about.clone()]));
    let mut all: Vec<&Documents> = about.iter().chain([policies]).collect();
    if let Demand::OnlyIf(allowed) = &claim.demand {
        all.push(allowed);
    }
    let keys = keys(&all);
    let ready = Ready::new(policies, claim);
    for action in SOME_ACTIONS {
        for resource in SOME_RESOURCES {
            // Without policies of resources, other accounts are taken to allow everything.
            let request = Request::new(ROLE, action, resource).in_account("111122223333");
            let mut requests = vec![request];
            for key in &keys {
                if let Some((_, values)) = known.filter(|(known, _)| known == key) {
                    let with = |r: &Request| r.clone().with(key, values.iter().copied());
                    requests = requests.iter().map(with).collect();
                    continue;
                }
                requests = requests
                    .iter()
                    .flat_map(|request| {
                        domain(key).into_iter().map(|values| request.clone().with(key, values))
                    })
                    .collect();
            }
            let found = requests.into_iter().find(|r| admitted(r) && ready.refuted_by(r));
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

fn compiled(documents: &Documents) -> Policies {
    documents.compile().unwrap_or_else(|error| panic!("{error}"))
}

struct Ready {
    about: Option<Policies>,
    policies: Policies,
    allowed: Option<Policies>,
    always: bool,
}

impl Ready {
    fn new(policies: &Documents, claim: &Claim) -> Self {
        let about = claim.about.as_ref();
        Self {
            about: about.map(|about| compiled(&Documents::of([about.clone()]))),
            policies: compiled(policies),
            allowed: match &claim.demand {
                Demand::OnlyIf(allowed) => Some(compiled(allowed)),
                _ => None,
            },
            always: claim.demand == Demand::Always,
        }
    }

    fn refuted_by(&self, request: &Request) -> bool {
        let yes = |policies: &Policies| policies.decide(request).is_allowed();
        self.about.as_ref().is_none_or(yes)
            && yes(&self.policies) != self.always
            && !self.allowed.as_ref().is_some_and(yes)
    }
}

/// How many requests the universe has for these keys, at one action and resource.
fn size(policies: &Documents, claim: &Claim) -> usize {
    let about = claim.about.as_ref().map(|about| Documents::of([about.clone()]));
    let mut all: Vec<&Documents> = about.iter().chain([policies]).collect();
    if let Demand::OnlyIf(allowed) = &claim.demand {
        all.push(allowed);
    }
    keys(&all).iter().map(|key| domain(key).len()).product()
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn verdicts_agree_with_enumeration((policies, claim, known) in question()) {
        prop_assume!(size(&policies, &claim) <= 600);
        let subject = match known {
            Some((key, values)) => Subject::new(ROLE).knowing(key, values.iter().copied()),
            None => Subject::new(ROLE),
        };
        match prove(&subject, &policies, &claim, 3) {
            Verdict::Proved { assumptions, evidence, .. } => {
                let about = claim.about.clone().unwrap_or_else(all_requests);
                prop_assert!(compiled(&Documents::of([about])).decide(&evidence).is_allowed()
                    || claim.about.is_none());
                check_proof(&policies, &claim, known, &assumptions)?;
            }
            Verdict::Vacuous { assumptions, .. } => check_proof(&policies, &claim, known, &assumptions)?,
            Verdict::Refuted { witnesses, .. } => {
                let ready = Ready::new(&policies, &claim);
                prop_assert!(!witnesses.is_empty());
                for witness in witnesses {
                    prop_assert!(ready.refuted_by(&witness.request), "{witness:?}");
                    prop_assert!(is_made_by_aws(&witness.request), "{witness:?}");
                    if let Some((key, values)) = known {
                        prop_assert_eq!(witness.request.values(key).unwrap_or_default(), values);
                    }
                }
            }
            Verdict::Unknown { why, .. } => {
                let expected = ["stands in a variable", "stand in patterns of the same", "no whole segment"];
                prop_assert!(expected.iter().any(|text| why.contains(text)), "{}", why);
            }
        }
    }
}

fn all_requests() -> Document {
    Document::new([Statement::allow("a").actions(["*"]).resources(["*"])])
}

fn check_proof(
    policies: &Documents,
    claim: &Claim,
    known: Known,
    assumptions: &[String],
) -> Result<(), TestCaseError> {
    let all = {
        let about = claim.about.as_ref().map(|about| Documents::of([about.clone()]));
        let mut all: Vec<&Documents> = about.iter().chain([policies]).collect();
        if let Demand::OnlyIf(allowed) = &claim.demand {
            all.push(allowed);
        }
        keys(&all)
    };
    let aws = assumptions.iter().any(|fact| fact.contains("single-valued"));
    let plain = assumptions.iter().any(|fact| fact.contains("hold none of"));
    let admitted =
        |request: &Request| (!aws || fits(request, &all)) && (!plain || tag_is_plain(request));
    let found = counterexample(policies, claim, known, admitted);
    prop_assert!(found.is_none(), "proved, but {:?}", found);
    Ok(())
}

#[test]
fn the_universe_is_not_empty() {
    let all = Documents::of([all_requests()]);
    let never = Claim { name: String::new(), about: None, demand: Demand::Never, still: None };
    assert!(counterexample(&all, &never, None, |_| true).is_some());
    assert_eq!(all.identity[0].statements[0].effect, Effect::Allow);
}
