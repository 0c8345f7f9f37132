//! The tables of the user guide's pages on policy evaluation, row by row.

use super::*;
use crate::request::{Principal, Request};
use Decision::{Allowed, ExplicitlyDenied, ImplicitlyDenied};

const USER: &str = "arn:aws:iam::111122223333:user/ana";
const ROLE: &str = "arn:aws:iam::111122223333:role/studio";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/studio/ana";
const FEDERATED: &str = "arn:aws:sts::111122223333:federated-user/ana";
const ROOT: &str = "arn:aws:iam::111122223333:root";
const LINKED: &str =
    "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX";
const SERVICE: &str = "sagemaker.amazonaws.com";
const OTHER: &str = "444455556666";

fn document(text: &str) -> Arc<Compiled> {
    Arc::new(Compiled::parse(text).unwrap_or_else(|error| panic!("{error}: {text}")))
}

fn statement(members: &str) -> Arc<Compiled> {
    document(&format!(r#"{{"Version":"2012-10-17","Statement":{{{members}}}}}"#))
}

/// A document of an identity, an account or a session.
fn plain(what: &str) -> Arc<Compiled> {
    match what {
        "allow" => statement(r#""Sid":"A","Effect":"Allow","Action":"s3:*","Resource":"*""#),
        "silent" => statement(r#""Effect":"Allow","Action":"sqs:*","Resource":"*""#),
        "deny" => statement(r#""Sid":"D","Effect":"Deny","Action":"s3:*","Resource":"*""#),
        other => panic!("{other}"),
    }
}

/// A document of a resource: `allow` and `deny` are for everybody, any other word names somebody.
fn attached(what: &str) -> Arc<Compiled> {
    let allow = |principal: &str| {
        statement(&format!(
            r#""Sid":"R","Effect":"Allow","Principal":{principal},"Action":"s3:*","Resource":"*""#
        ))
    };
    match what {
        "allow" => allow(r#""*""#),
        "silent" => {
            statement(r#""Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*""#)
        }
        "deny" => {
            statement(r#""Sid":"D","Effect":"Deny","Principal":"*","Action":"*","Resource":"*""#)
        }
        "account" => allow(r#"{"AWS":"111122223333"}"#),
        "service" => allow(&format!(r#"{{"Service":"{SERVICE}"}}"#)),
        arn => allow(&format!(r#"{{"AWS":["{arn}"]}}"#)),
    }
}

/// Reads `identity=allow boundary=silent scp=allow,deny`; levels are parted by commas.
fn policies(layers: &str) -> Policies {
    let mut policies = Policies::default();
    for word in layers.split_whitespace() {
        let (layer, what) = word.split_once('=').unwrap();
        match layer {
            "identity" => policies.identity.push(plain(what)),
            "boundary" => policies.boundary = Some(plain(what)),
            "session" => policies.session = Some(plain(what)),
            "resource" => policies.resource = Some(attached(what)),
            "endpoint" => policies.endpoint = Some(attached(what)),
            "scp" => policies.scp = what.split(',').map(|what| vec![plain(what)]).collect(),
            "rcp" => policies.rcp = what.split(',').map(|what| vec![attached(what)]).collect(),
            other => panic!("{other}"),
        }
    }
    policies
}

fn request(principal: &str) -> Request {
    Request::new(principal, "s3:GetObject", "arn:aws:s3:::b/k")
}

#[track_caller]
fn rows(principal: &str, account: Option<&str>, rows: &[(&str, Decision)]) {
    for (layers, expected) in rows {
        let mut request = request(principal);
        if let Some(account) = account {
            request = request.in_account(account);
        }
        let answer = policies(layers).decide(&request);
        assert_eq!(answer.decision, *expected, "{principal} {account:?} {layers}: {answer:?}");
    }
}

#[test]
fn by_default_requests_are_denied() {
    for principal in [USER, ROLE, SESSION, FEDERATED, SERVICE, "*", "ana"] {
        rows(principal, None, &[("", ImplicitlyDenied), ("identity=silent", ImplicitlyDenied)]);
    }
}

#[test]
fn an_explicit_deny_overrides_in_every_layer() {
    let all = "identity=allow boundary=allow session=allow resource=allow endpoint=allow scp=allow \
               rcp=allow";
    for principal in [USER, ROLE, SESSION, FEDERATED] {
        rows(principal, None, &[(all, Allowed)]);
        for layer in ["identity", "boundary", "session", "resource", "endpoint", "scp", "rcp"] {
            let denied = all.replace(&format!("{layer}=allow"), &format!("{layer}=deny"));
            rows(principal, None, &[(&denied, ExplicitlyDenied)]);
            rows(principal, Some(OTHER), &[(&denied, ExplicitlyDenied)]);
            // Alone, too: nothing has to allow first.
            rows(principal, None, &[(&format!("{layer}=deny"), ExplicitlyDenied)]);
        }
    }
}

#[test]
fn what_identity_based_policies_allow_boundary_and_session_must_allow_too() {
    let table = [
        ("identity=allow", Allowed),
        ("identity=silent identity=allow", Allowed),
        ("identity=allow boundary=allow", Allowed),
        ("identity=allow boundary=silent", ImplicitlyDenied),
        ("identity=allow session=allow", Allowed),
        ("identity=allow session=silent", ImplicitlyDenied),
        ("identity=allow boundary=allow session=allow", Allowed),
        ("identity=allow boundary=silent session=allow", ImplicitlyDenied),
        ("identity=allow boundary=allow session=silent", ImplicitlyDenied),
        // Neither grants anything by itself.
        ("boundary=allow", ImplicitlyDenied),
        ("session=allow", ImplicitlyDenied),
        ("identity=silent boundary=allow session=allow", ImplicitlyDenied),
    ];
    for principal in [USER, ROLE, SESSION, "ana"] {
        rows(principal, None, &table);
    }
    // A federated user has nothing of the user's without a session policy.
    for (layers, expected) in table {
        let expected = if layers.contains("session=") { expected } else { ImplicitlyDenied };
        rows(FEDERATED, None, &[(layers, expected)]);
    }
}

#[test]
fn every_level_of_control_policies_must_allow_and_none_grants() {
    let table = [
        ("scp=allow,allow,allow", ImplicitlyDenied),
        ("rcp=allow", ImplicitlyDenied),
        ("identity=allow scp=allow,allow,allow", Allowed),
        ("identity=allow scp=allow,silent,allow", ImplicitlyDenied),
        ("identity=allow scp=silent", ImplicitlyDenied),
        ("identity=allow scp=allow,deny", ExplicitlyDenied),
        ("identity=allow scp=silent,deny", ExplicitlyDenied),
        ("identity=allow rcp=allow,allow", Allowed),
        ("identity=allow rcp=allow,silent", ImplicitlyDenied),
        ("identity=allow rcp=deny,allow", ExplicitlyDenied),
        ("identity=allow scp=allow rcp=silent", ImplicitlyDenied),
        ("resource=allow scp=silent", ImplicitlyDenied),
        ("resource=allow rcp=silent", ImplicitlyDenied),
        ("resource=allow endpoint=silent", ImplicitlyDenied),
        ("resource=allow endpoint=allow", Allowed),
    ];
    for principal in [USER, ROLE, SESSION] {
        rows(principal, None, &table);
    }
    for (layers, expected) in table {
        rows(FEDERATED, None, &[(&format!("{layers} session=allow"), expected)]);
    }
    // Of a level, one document is enough; a level without any allows nothing.
    let mut level = policies("identity=allow scp=silent");
    level.scp[0].push(plain("allow"));
    assert_eq!(level.decide(&request(USER)).decision, Allowed);
    level.scp.push(Vec::new());
    assert_eq!(level.decide(&request(USER)).decision, ImplicitlyDenied);
}

#[test]
fn control_policies_do_not_concern_service_linked_roles() {
    rows(
        LINKED,
        None,
        &[
            ("identity=allow scp=deny rcp=deny", Allowed),
            ("identity=allow scp=silent rcp=silent", Allowed),
            ("identity=deny scp=allow", ExplicitlyDenied),
            ("identity=allow resource=deny", ExplicitlyDenied),
        ],
    );
    let session = Principal::parse(SESSION).with_identity(LINKED);
    let asked = Request::new(session, "s3:GetObject", "arn:aws:s3:::b/k");
    assert_eq!(policies("identity=allow scp=deny").decide(&asked).decision, Allowed);
}

#[test]
fn within_an_account_the_policy_of_the_resource_grants_as_it_names() {
    // `*` and the user by name: nothing else need allow.
    for named in ["allow", USER] {
        let resource = format!("resource={named}");
        for others in ["", "identity=silent", "boundary=silent", "session=silent"] {
            rows(USER, None, &[(&format!("{resource} {others}"), Allowed)]);
        }
    }
    // A session by name, and everybody.
    for named in ["allow", SESSION] {
        let resource = format!("resource={named}");
        for others in ["", "identity=silent", "boundary=silent", "session=silent"] {
            rows(SESSION, None, &[(&format!("{resource} {others}"), Allowed)]);
        }
    }
    // A role by name: not limited by identity-based policies, but by boundary and session policy.
    for principal in [SESSION, ROLE] {
        let by_role = |others: &str| format!("resource={ROLE} {others}");
        rows(
            principal,
            None,
            &[
                (&by_role(""), Allowed),
                (&by_role("identity=silent"), Allowed),
                (&by_role("boundary=allow session=allow"), Allowed),
                (&by_role("boundary=silent"), ImplicitlyDenied),
                (&by_role("session=silent"), ImplicitlyDenied),
                (&by_role("identity=allow boundary=silent"), ImplicitlyDenied),
            ],
        );
    }
    // The account leaves it to identity-based policies.
    for named in ["account", ROOT] {
        for (principal, session) in
            [(USER, ""), (ROLE, ""), (SESSION, ""), (FEDERATED, "session=allow")]
        {
            let by = |others: &str| format!("resource={named} {session} {others}");
            rows(
                principal,
                None,
                &[
                    (&by(""), ImplicitlyDenied),
                    (&by("identity=allow"), Allowed),
                    (&by("identity=allow boundary=silent"), ImplicitlyDenied),
                ],
            );
        }
    }
    // Somebody else.
    rows(USER, None, &[(&format!("resource={ROLE}"), ImplicitlyDenied)]);
    rows(SESSION, None, &[(&format!("resource={USER}"), ImplicitlyDenied)]);
    rows(USER, None, &[(&format!("resource={USER}x"), ImplicitlyDenied)]);
    rows(USER, None, &[("resource=silent identity=allow", Allowed)]);
}

#[test]
fn a_federated_user_is_limited_where_only_the_user_is_named() {
    let principal = Principal::parse(FEDERATED).with_identity(USER);
    let asked = Request::new(principal, "s3:GetObject", "arn:aws:s3:::b/k");
    for (layers, expected) in [
        (format!("resource={FEDERATED}"), Allowed),
        (format!("resource={FEDERATED} session=silent"), Allowed),
        (format!("resource={USER}"), ImplicitlyDenied),
        (format!("resource={USER} session=allow"), Allowed),
        (format!("resource={USER} session=silent"), ImplicitlyDenied),
    ] {
        assert_eq!(policies(&layers).decide(&asked).decision, expected, "{layers}");
    }
}

#[test]
fn across_accounts_both_sides_must_allow() {
    for (principal, session) in
        [(USER, ""), (ROLE, ""), (SESSION, ""), (FEDERATED, "session=allow")]
    {
        for named in ["allow", "account", ROOT, principal] {
            let both = format!("{session} identity=allow resource={named}");
            rows(
                principal,
                Some(OTHER),
                &[
                    (&both, Allowed),
                    (&format!("resource={named}"), ImplicitlyDenied),
                    (&format!("{both} boundary=silent"), ImplicitlyDenied),
                    (
                        &both.replace("session=allow", ""),
                        if session.is_empty() { Allowed } else { ImplicitlyDenied },
                    ),
                    (&format!("{both} session=silent"), ImplicitlyDenied),
                    (&format!("{both} scp=silent"), ImplicitlyDenied),
                    (&format!("{both} rcp=silent"), ImplicitlyDenied),
                ],
            );
        }
        rows(
            principal,
            Some(OTHER),
            &[
                ("identity=allow", ImplicitlyDenied),
                ("identity=allow resource=silent", ImplicitlyDenied),
                ("identity=allow resource=arn:aws:iam::444455556666:root", ImplicitlyDenied),
            ],
        );
        let own = format!("{session} identity=allow");
        rows(principal, Some("111122223333"), &[(&own, Allowed)]);
    }
}

#[test]
fn services_and_strangers_have_only_what_the_resource_gives() {
    rows(
        SERVICE,
        Some(OTHER),
        &[
            ("resource=service", Allowed),
            ("resource=allow", Allowed),
            ("resource=account", ImplicitlyDenied),
            ("identity=allow", ImplicitlyDenied),
            ("resource=service scp=deny", Allowed),
            ("resource=service rcp=deny", ExplicitlyDenied),
            ("resource=service rcp=allow", Allowed),
            ("resource=service endpoint=silent", ImplicitlyDenied),
            ("resource=service identity=deny boundary=silent", Allowed),
        ],
    );
    rows(
        "*",
        Some(OTHER),
        &[
            ("resource=allow", Allowed),
            ("resource=account", ImplicitlyDenied),
            ("identity=allow", ImplicitlyDenied),
            ("resource=allow scp=silent", Allowed),
            ("resource=allow rcp=silent", ImplicitlyDenied),
        ],
    );
}

#[test]
fn the_root_user_needs_no_identity_based_policy() {
    rows(
        ROOT,
        None,
        &[
            ("", Allowed),
            ("scp=deny", ExplicitlyDenied),
            ("scp=silent", ImplicitlyDenied),
            ("resource=deny", ExplicitlyDenied),
            ("rcp=silent", ImplicitlyDenied),
        ],
    );
    let across = [("", ImplicitlyDenied), ("resource=account", Allowed)];
    rows(ROOT, Some(OTHER), &across);
    let answer = policies("").decide(&request(ROOT));
    let because = Because { layer: Layer::Identity, level: 0, finding: Finding::RootUser };
    assert_eq!(answer.because, [because]);
}

#[test]
fn key_policies_and_trust_policies_must_allow() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/k";
    let identity = statement(r#""Effect":"Allow","Action":["kms:*","sts:*"],"Resource":"*""#);
    let given = |principal: Option<&str>| Policies {
        identity: vec![Arc::clone(&identity)],
        resource: principal.map(|principal| {
            statement(&format!(
                r#""Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":["kms:*","sts:*"]"#
            ))
        }),
        ..Policies::default()
    };
    let target = "arn:aws:iam::111122223333:role/target";
    for (action, resource) in [
        ("kms:Decrypt", key),
        ("sts:AssumeRole", target),
        ("sts:SetSourceIdentity", target),
        ("sts:TagSession", target),
    ] {
        let asked = Request::new(USER, action, resource);
        let decide = |policies: &Policies| policies.decide(&asked).decision;
        assert_eq!(decide(&given(Some(ROOT))), Allowed, "{action}");
        assert_eq!(decide(&given(Some(USER))), Allowed, "{action}");
        assert_eq!(decide(&given(Some(ROLE))), ImplicitlyDenied, "{action}");
        // What was not given is not asked.
        assert_eq!(decide(&given(None)), Allowed, "{action}");
        // The account alone leaves it to identity-based policies; a name needs none.
        let alone = |principal| Policies { identity: Vec::new(), ..given(Some(principal)) };
        assert_eq!(decide(&alone(ROOT)), ImplicitlyDenied, "{action}");
        assert_eq!(decide(&alone(USER)), Allowed, "{action}");
    }
}

#[test]
fn the_role_of_a_session_is_known_by_its_name_whatever_the_path() {
    let path = "arn:aws:iam::111122223333:role/service-role/studio";
    rows(SESSION, None, &[(&format!("resource={path}"), Allowed)]);
    for other in [
        "arn:aws:iam::111122223333:role/studio/x",
        "arn:aws:iam::444455556666:role/studio",
        "arn:aws-cn:iam::111122223333:role/studio",
        "arn:aws:iam::111122223333:user/studio",
        "arn:aws:iam::111122223333:role/*",
        "arn:aws:sts::111122223333:assumed-role/studio/bo",
    ] {
        rows(SESSION, None, &[(&format!("resource={other}"), ImplicitlyDenied)]);
    }
    // A role that was given with its path is that one only.
    rows(ROLE, None, &[(&format!("resource={path}"), ImplicitlyDenied)]);
}

#[test]
fn not_principal_spares_whom_it_lists_with_their_account() {
    let deny = |spared: &str| {
        let not =
            format!(r#""Effect":"Deny","NotPrincipal":{spared},"Action":"s3:*","Resource":"*""#);
        Policies { resource: Some(statement(&not)), ..policies("identity=allow") }
    };
    let decide = |spared: &str, who: &str| deny(spared).decide(&request(who)).decision;
    let listed = |arns: &[&str]| format!(r#"{{"AWS":{}}}"#, serde_json::to_string(arns).unwrap());
    assert_eq!(decide(&listed(&[USER, ROOT]), USER), Allowed);
    assert_eq!(decide(&listed(&[USER, "111122223333"]), USER), Allowed);
    assert_eq!(decide(&listed(&[USER]), USER), ExplicitlyDenied);
    assert_eq!(decide(&listed(&[ROOT]), USER), ExplicitlyDenied);
    assert_eq!(decide(&listed(&[ROOT]), ROOT), Allowed);
    assert_eq!(decide(&listed(&[SESSION, ROLE, ROOT]), SESSION), Allowed);
    assert_eq!(decide(&listed(&[ROLE, ROOT]), SESSION), Allowed);
    assert_eq!(decide(&listed(&[SESSION, ROOT]), SESSION), ExplicitlyDenied);
    assert_eq!(decide(&listed(&[ROLE, ROOT]), USER), ExplicitlyDenied);
    assert_eq!(decide(&listed(&[USER, ROOT]), SERVICE), ExplicitlyDenied);
    assert_eq!(decide(&listed(&[USER, ROOT]), "*"), ExplicitlyDenied);
    let service = format!(r#"{{"Service":"{SERVICE}"}}"#);
    assert_eq!(decide(&service, SERVICE), ImplicitlyDenied);
    // Whoever has a boundary is always denied.
    let bounded = Policies { boundary: Some(plain("allow")), ..deny(&listed(&[USER, ROOT])) };
    assert_eq!(bounded.decide(&request(USER)).decision, ExplicitlyDenied);
}

#[test]
fn not_principal_in_an_allow_leaves_out_whoever_is_named_at_all() {
    let allow = format!(
        r#""Effect":"Allow","NotPrincipal":{{"AWS":"{ROLE}"}},"Action":"s3:*","Resource":"*""#
    );
    let policies = Policies { resource: Some(statement(&allow)), ..Policies::default() };
    for (who, expected) in
        [(SESSION, ImplicitlyDenied), (ROLE, ImplicitlyDenied), (USER, Allowed), ("*", Allowed)]
    {
        assert_eq!(policies.decide(&request(who)).decision, expected, "{who}");
    }
}

/// Whether a statement of an identity-based policy applies.
fn applies(members: &str, request: &Request) -> bool {
    let policies = Policies {
        identity: vec![statement(&format!(r#""Effect":"Allow",{members}"#))],
        ..Policies::default()
    };
    policies.decide(request).is_allowed()
}

#[test]
fn actions_have_wildcards_and_no_case() {
    let of = |action: &str| Request::new(USER, action, "*");
    let with = |element: &str, pattern: &str, action: &str| {
        applies(&format!(r#""{element}":"{pattern}","Resource":"*""#), &of(action))
    };
    for pattern in ["*", "s3:*", "S3:getobject", "s3:Get*", "s3:?etObject", "s3:*Object"] {
        assert!(with("Action", pattern, "s3:GetObject"), "{pattern}");
        assert!(with("Action", pattern, "S3:GETOBJECT"), "{pattern}");
        assert!(!with("NotAction", pattern, "s3:GetObject"), "{pattern}");
    }
    for pattern in ["", "s3", "s3:Get", "s3:GetObject?", "s3:${*}", "s3:GetObjectAcl", "iam:*"] {
        assert!(!with("Action", pattern, "s3:GetObject"), "{pattern}");
        assert!(with("NotAction", pattern, "s3:GetObject"), "{pattern}");
    }
}

#[test]
fn resources_have_wildcards_and_case() {
    let key = "arn:aws:s3:::b/Home/ana/x:y";
    let with = |element: &str, pattern: &str, resource: &str| {
        let asked = Request::new(USER, "s3:GetObject", resource).in_account("111122223333");
        applies(&format!(r#""Action":"*","{element}":"{pattern}""#), &asked)
    };
    for pattern in [
        "*",
        "arn:aws:s3:::b/*",
        "arn:*",
        "arn:aws:s3:::b/Home/${aws:username}/*",
        "arn:aws:s3:::b/Home/???/x:?",
        "arn:aws:s3:::b/Home/${aws:PrincipalTag/none, 'ana'}/x:y",
        "arn:aws:s3:::b/Home/ana/x:y",
    ] {
        assert!(with("Resource", pattern, key), "{pattern}");
        assert!(!with("NotResource", pattern, key), "{pattern}");
    }
    for pattern in ["arn:aws:s3:::b/home/*", "arn:aws:s3:::b", "ARN:*", "arn:aws:s3:::b/${*}"] {
        assert!(!with("Resource", pattern, key), "{pattern}");
        assert!(with("NotResource", pattern, key), "{pattern}");
    }
    // What does not resolve matches nothing, and leaves nothing out either.
    let unresolved = "arn:aws:s3:::b/${aws:userid}*";
    assert!(!with("Resource", unresolved, key) && !with("NotResource", unresolved, key));
    // No resource in particular: only `*` is about that.
    assert!(with("Resource", "*", "*") && with("Resource", "**", "*"));
    for pattern in ["arn:aws:s3:::*", "?", "?*", "${*}", "arn:*"] {
        assert!(!with("Resource", pattern, "*"), "{pattern}");
    }
    assert!(with("NotResource", "arn:aws:s3:::b", "*") && !with("NotResource", "*", "*"));
}

#[test]
fn tags_are_never_wildcards() {
    let asked = Request::new(ROLE, "s3:GetObject", "arn:aws:s3:::b/secret/x")
        .with("aws:PrincipalTag/team", ["*"])
        .with("aws:ResourceTag/team", ["blue"]);
    assert!(!applies(
        r#""Action":"*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/team}/*""#,
        &asked
    ));
    for operator in ["StringEquals", "StringLike", "StringEqualsIgnoreCase"] {
        assert!(!applies(
            &format!(
                r#""Action":"*","Resource":"*","Condition":{{"{operator}":
                    {{"aws:ResourceTag/team":"${{aws:PrincipalTag/team}}"}}}}"#
            ),
            &asked
        ));
    }
}

#[test]
fn keys_and_operators_are_all_wanted_and_values_are_alternatives() {
    let condition = r#""Action":"*","Resource":"*","Condition":{
        "StringEquals":{"aws:PrincipalTag/team":["red","blue"],"aws:RequestedRegion":"eu-west-1"},
        "NumericLessThan":{"s3:max-keys":"10"}}"#;
    let asked = |team: &str, region: &str, keys: &str| {
        Request::new(ROLE, "s3:ListBucket", "arn:aws:s3:::b")
            .with("AWS:principaltag/TEAM", [team])
            .with("aws:requestedregion", [region])
            .with("s3:max-keys", [keys])
    };
    assert!(applies(condition, &asked("red", "eu-west-1", "5")));
    assert!(applies(condition, &asked("blue", "eu-west-1", "5")));
    assert!(!applies(condition, &asked("green", "eu-west-1", "5")));
    assert!(!applies(condition, &asked("red", "eu-west-2", "5")));
    assert!(!applies(condition, &asked("red", "eu-west-1", "10")));
}

#[test]
fn the_old_version_knows_no_variables() {
    for (version, expected) in
        [(r#""Version":"2012-10-17","#, true), (r#""Version":"2008-10-17","#, false), ("", false)]
    {
        let text = format!(
            r#"{{{version}"Statement":{{"Effect":"Allow","Action":"*",
                "Resource":"arn:aws:s3:::b/${{aws:username}}/*"}}}}"#
        );
        let policies = Policies { identity: vec![document(&text)], ..Policies::default() };
        let own = Request::new(USER, "s3:GetObject", "arn:aws:s3:::b/ana/x");
        assert_eq!(policies.decide(&own).is_allowed(), expected, "{version}");
        let literal = Request::new(USER, "s3:GetObject", "arn:aws:s3:::b/${aws:username}/x");
        assert_eq!(policies.decide(&literal).is_allowed(), !expected, "{version}");
    }
}

#[test]
fn elements_that_do_not_belong_keep_a_statement_from_applying() {
    assert!(!applies(r#""Action":"*""#, &request(USER)));
    assert!(!applies(r#""Principal":"*","Action":"*","Resource":"*""#, &request(USER)));
    let nobody = statement(r#""Effect":"Allow","Action":"*","Resource":"*""#);
    let policies = Policies { resource: Some(nobody), ..Policies::default() };
    assert_eq!(policies.decide(&request(USER)).decision, ImplicitlyDenied);
}

#[test]
fn the_answer_names_the_statements_that_decide() {
    let named = |layer, document, statement, sid: &str, effect| Because {
        layer,
        level: 0,
        finding: Finding::Statement(DecidingStatement {
            document,
            statement,
            sid: Some(Arc::from(sid)),
            effect,
        }),
    };
    let answer = policies("identity=silent identity=allow boundary=allow").decide(&request(USER));
    assert_eq!(
        answer.because,
        [
            named(Layer::Identity, 1, 0, "A", Effect::Allow),
            named(Layer::Boundary, 0, 0, "A", Effect::Allow),
        ]
    );
    let answer = policies("identity=deny identity=allow scp=allow,deny").decide(&request(USER));
    let by_scp = Because { level: 1, ..named(Layer::Scp, 0, 0, "D", Effect::Deny) };
    assert_eq!(answer.because, [by_scp, named(Layer::Identity, 0, 0, "D", Effect::Deny)]);
    assert_eq!(answer.statements().count(), 2);
    let answer = policies("resource=allow identity=silent").decide(&request(USER));
    assert_eq!(answer.because, [named(Layer::Resource, 0, 0, "R", Effect::Allow)]);
}

#[test]
fn the_answer_names_the_layers_that_do_not_allow() {
    let lacking = |layers: &str, account: Option<&str>| -> Vec<(Layer, usize)> {
        let asked = account.map_or(request(USER), |account| request(USER).in_account(account));
        let answer = policies(layers).decide(&asked);
        assert_eq!(answer.decision, ImplicitlyDenied, "{layers}");
        answer.because.iter().map(|because| (because.layer, because.level)).collect()
    };
    assert_eq!(lacking("", None), [(Layer::Identity, 0)]);
    assert_eq!(lacking("identity=allow boundary=silent", None), [(Layer::Boundary, 0)]);
    assert_eq!(
        lacking("identity=silent resource=silent scp=allow,silent", None),
        [(Layer::Scp, 1), (Layer::Resource, 0), (Layer::Identity, 0)]
    );
    assert_eq!(lacking("identity=allow", Some(OTHER)), [(Layer::Resource, 0)]);
    assert_eq!(lacking("resource=allow", Some(OTHER)), [(Layer::Identity, 0)]);
    let service = policies("").decide(&request(SERVICE));
    assert_eq!(service.because.len(), 1);
    assert_eq!(service.because[0].layer, Layer::Resource);
}

#[test]
fn explaining_names_the_statements_that_came_nearest() {
    let text = r#"{"Version":"2012-10-17","Statement":[
        {"Sid":"Far","Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::other",
         "Condition":{"StringEquals":{"aws:SourceVpc":"vpc-1"}}},
        {"Sid":"Unrelated","Effect":"Allow","Action":"sqs:*","Resource":"*"},
        {"Sid":"Near","Effect":"Allow","Action":"s3:GetObject","Resource":"*",
         "Condition":{"ForAnyValue:StringLikeIfExists":{"aws:TagKeys":"a*"},
                      "IpAddress":{"aws:sourceIp":"10.0.0.0/8"}}},
        {"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::other"}]}"#;
    let policies = Policies { identity: vec![document(text)], ..Policies::default() };
    let asked = request(USER).with("aws:SourceIp", ["11.0.0.1"]);
    let answer = policies.explain(&asked);
    let failed = |operator: &str, key: &str| Failed::Condition {
        operator: operator.to_owned(),
        key: key.to_owned(),
    };
    let nearest = vec![
        NearMiss {
            document: 0,
            statement: 2,
            sid: Some(Arc::from("Near")),
            failed: vec![failed("IpAddress", "aws:sourceIp")],
        },
        NearMiss {
            document: 0,
            statement: 0,
            sid: Some(Arc::from("Far")),
            failed: vec![Failed::Resource, failed("StringEquals", "aws:SourceVpc")],
        },
    ];
    let finding = Finding::NoAllow { nearest };
    assert_eq!(answer.because, [Because { layer: Layer::Identity, level: 0, finding }]);
    assert_eq!(
        serde_json::to_string(&answer).unwrap(),
        r#"{"decision":"ImplicitlyDenied","because":[{"layer":"identity","finding":"noAllow","nearest":[{"document":0,"statement":2,"sid":"Near","failed":[{"condition":{"operator":"IpAddress","key":"aws:sourceIp"}}]},{"document":0,"statement":0,"sid":"Far","failed":["resource",{"condition":{"operator":"StringEquals","key":"aws:SourceVpc"}}]}]}]}"#
    );
    assert_eq!(policies.decide(&asked).decision, answer.decision);
}

#[test]
fn an_operator_that_does_not_exist_is_an_error() {
    let text = r#"{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"},
        {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringIs":{"a:b":"c"}}}]}"#;
    assert_eq!(
        Compiled::parse(text).unwrap_err().to_string(),
        "statement 2 of the policy document has the unknown operator `StringIs`"
    );
}
