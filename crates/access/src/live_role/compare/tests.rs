//! Each way in which a role can differ from the map's, and those in which it cannot.

use super::*;
use iam_policy::PrincipalKind;
use iam_policy::bundle::{NamedPolicy, RoleKind};

fn read_data() -> Statement {
    Statement::allow("ReadData").actions(["s3:GetObject"]).resources(["arn:aws:s3:::fraud/*"])
}

fn wall() -> Statement {
    Statement::deny("TeamWall").actions(["sagemaker:*"]).resources(["*"]).when(
        "StringNotEquals",
        "aws:ResourceTag/Team",
        ["fraud"],
    )
}

fn trusts_sagemaker() -> Document {
    Document::new([Statement::allow("SageMaker")
        .actions(["sts:AssumeRole", "sts:SetSourceIdentity"])
        .principals(PrincipalKind::Service, ["sagemaker.amazonaws.com"])])
}

fn wanted() -> Role {
    let named = |name: &str, statement| NamedPolicy {
        name: name.to_owned(),
        description: String::new(),
        document: Document::new([statement]),
    };
    Role {
        kind: RoleKind::Execution { teams: BTreeSet::from(["fraud".to_owned()]) },
        partition: "aws".to_owned(),
        account_id: "111122223333".to_owned(),
        path: "/".to_owned(),
        name: "studio-fraud".to_owned(),
        description: String::new(),
        trust: trusts_sagemaker(),
        managed: vec![named("StudioFraud", read_data()), named("StudioFraudWall", wall())],
        inline: Vec::new(),
        boundary: Some("arn:aws:iam::111122223333:policy/Wall".to_owned()),
        tags: BTreeMap::from([("Team".to_owned(), "fraud".to_owned())]),
        max_session_seconds: 7200,
    }
}

/// The role that the map means, as IAM would tell it.
fn sound() -> LiveRole {
    let wanted = wanted();
    let attached = |policy: &NamedPolicy| AttachedPolicy {
        arn: format!("arn:aws:iam::111122223333:policy/{}", policy.name),
        document: Some(policy.document.to_compact_json()),
    };
    LiveRole {
        arn: wanted.arn(),
        trust: wanted.trust.to_compact_json(),
        max_session_seconds: 7200,
        boundary: wanted.boundary.clone(),
        tags: wanted.tags.clone(),
        attached: wanted.managed.iter().map(attached).collect(),
        inline: BTreeMap::new(),
    }
}

fn told(live: &LiveRole) -> Vec<String> {
    compare(live, &wanted()).iter().map(|d| format!("{}: {}", d.code, d.text)).collect()
}

fn of_aws(name: &str) -> AttachedPolicy {
    AttachedPolicy { arn: format!("arn:aws:iam::aws:policy/{name}"), document: None }
}

#[test]
fn the_role_that_the_map_means_has_nothing_to_tell() {
    assert_eq!(told(&sound()), Vec::<String>::new());
}

#[test]
fn names_order_and_division_of_policies_say_nothing() {
    let both = Document::new([wall(), read_data()]);
    let live = LiveRole {
        attached: Vec::new(),
        inline: BTreeMap::from([("by-hand".to_owned(), both.to_canonical_json())]),
        max_session_seconds: 3600,
        tags: BTreeMap::from([
            ("Team".to_owned(), "fraud".to_owned()),
            ("Owner".to_owned(), "ana".to_owned()),
        ]),
        ..sound()
    };
    assert_eq!(told(&live), Vec::<String>::new());
}

#[test]
fn what_the_map_does_not_say_is_told_with_its_place() {
    let more = Statement::allow("Handy").actions(["s3:*"]).resources(["*"]);
    let mut live = sound();
    live.inline.insert("extra".to_owned(), Document::new([more]).to_compact_json());
    assert_eq!(
        told(&live),
        ["role-grants-more: it may do what the map does not say (inline policy extra): Handy: \
             Allow s3:* on *; for instance s3:AbortMultipartUpload on \
             arn:aws:s3:eu-west-1:111122223333:accesspoint/x/object/x"]
    );
}

#[test]
fn a_wall_that_is_missing_gives_more_and_a_grant_that_is_missing_less() {
    let mut live = sound();
    live.attached.truncate(1);
    assert_eq!(
        told(&live),
        [
            "role-grants-more: it is not denied what the map denies: TeamWall: Deny sagemaker:* on *, \
          with conditions; \
          nothing that was read allows it otherwise"
        ]
    );
    let mut live = sound();
    live.attached.remove(0);
    assert_eq!(
        told(&live),
        ["role-grants-less: it may not do what the map says: ReadData: Allow s3:GetObject on \
          arn:aws:s3:::fraud/*; for instance s3:GetObject on arn:aws:s3:::fraud/x"]
    );
}

#[test]
fn another_condition_is_told_with_both() {
    let mut live = sound();
    let other = Document::new([Statement { condition: BTreeMap::new(), ..wall() }.when(
        "StringNotEquals",
        "aws:ResourceTag/Team",
        ["fraud", "risk"],
    )]);
    live.attached[1].document = Some(other.to_compact_json());
    assert_eq!(
        told(&live),
        ["role-conditions: conditions are not those of the map (managed policy StudioFraudWall): \
          TeamWall: Deny sagemaker:* on *, when StringNotEquals aws:ResourceTag/Team fraud | risk \
          instead of when StringNotEquals aws:ResourceTag/Team fraud; nothing that was read allows \
          it otherwise"]
    );
}

#[test]
fn policies_of_aws_are_known_by_name() {
    let mut live = sound();
    live.attached.push(of_aws("AmazonSageMakerFullAccess"));
    live.attached.push(of_aws("AmazonS3ReadOnlyAccess"));
    assert_eq!(
        told(&live),
        [
            "role-full-access: AmazonSageMakerFullAccess is attached to it, which gives every \
             team's resources",
            "role-policy-unknown: AWS's policy AmazonS3ReadOnlyAccess is attached to it and not to \
             the map's role",
        ]
    );
}

#[test]
fn boundary_trust_tags_and_session_are_held_against_the_map() {
    let everybody =
        Document::new([Statement::allow("Open").actions(["sts:AssumeRole"]).everybody()]);
    let live = LiveRole {
        boundary: None,
        trust: everybody.to_compact_json(),
        tags: BTreeMap::from([("Team".to_owned(), "risk".to_owned())]),
        max_session_seconds: 43_200,
        ..sound()
    };
    let codes: Vec<&str> =
        compare(&live, &wanted()).iter().map(|difference| difference.code.as_str()).collect();
    assert_eq!(codes, ["role-trust-drift", "role-boundary", "role-tag-drift", "role-session"]);
    let other = LiveRole { boundary: Some("arn:aws:iam::111122223333:policy/X".into()), ..sound() };
    assert_eq!(
        told(&other),
        ["role-boundary: its permissions boundary is arn:aws:iam::111122223333:policy/X"]
    );
    // A boundary that nobody asked for takes away and gives nothing.
    let unasked = Role { boundary: None, ..wanted() };
    assert_eq!(compare(&sound(), &unasked), []);
}

#[test]
fn a_document_that_makes_no_sense_hides_nothing_else() {
    let mut live = sound();
    live.inline.insert("odd".to_owned(), "[]".to_owned());
    let alone = told(&live);
    assert_eq!(alone.len(), 1, "of a part of what a role may do nothing follows: {alone:?}");
    assert!(alone[0].starts_with("role-unreadable: its inline policy odd cannot be understood:"));
    live.attached.push(of_aws("AmazonSageMakerFullAccess"));
    live.attached.push(of_aws("AmazonS3ReadOnlyAccess"));
    live.inline.insert("worse".to_owned(), "{".to_owned());
    live.trust = "{".to_owned();
    live.boundary = None;
    live.tags.clear();
    live.max_session_seconds = 43_200;
    let codes: Vec<_> = compare(&live, &wanted()).iter().map(|it| it.code.as_str()).collect();
    assert_eq!(
        codes,
        [
            "role-full-access",
            "role-unreadable",
            "role-boundary",
            "role-unreadable",
            "role-unreadable",
            "role-policy-unknown",
            "role-tag-drift",
            "role-session",
        ]
    );
}

#[test]
fn of_many_differences_the_first_are_told_and_the_rest_counted() {
    let many = (0..5).map(|n| {
        Statement::allow(format!("S{n}")).actions([format!("s{n}:*")]).resources([format!("r{n}")])
    });
    let mut live = sound();
    live.inline.insert("extra".to_owned(), Document::new(many).to_compact_json());
    let told = told(&live);
    assert!(told[0].contains("; and 2 more; for instance "), "{told:?}");
}

#[test]
fn a_denial_that_the_map_does_not_know_gives_less() {
    let mut live = sound();
    let cut = Document::new([Statement::deny("CutOff").actions(["*"]).resources(["*"])]);
    live.inline.insert("deny-ana".to_owned(), cut.to_compact_json());
    assert_eq!(
        told(&live),
        ["role-grants-less: it is denied what the map does not deny (inline policy deny-ana): \
          CutOff: Deny * on *; for instance s3:GetObject on arn:aws:s3:::fraud/x"]
    );
}

#[test]
fn a_statement_cut_into_parts_gives_nothing_more() {
    let mut live = sound();
    let parts = ["fraud/a*", "fraud/*"].map(|part| {
        let resource = format!("arn:aws:s3:::{part}");
        Statement::allow("Part").actions(["s3:GetObject"]).resources([resource])
    });
    live.attached[0].document = Some(Document::new(parts).to_compact_json());
    assert_eq!(told(&live), Vec::<String>::new());
}
