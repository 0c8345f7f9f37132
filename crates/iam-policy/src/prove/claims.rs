//! The claims that are made of what Stagedoor generates.

use super::claim::{Claim, Demand};
use super::documents::Documents;
use crate::document::{Document, Statement};
use crate::persona::Conditions;

/// Makes links into Studio.
pub const PRESIGN: &str = "sagemaker:CreatePresignedDomainUrl";

/// Whose resources a team's are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The key of the tag that says so.
    pub tag_key: String,
    /// Its value on the team's own resources. `${aws:PrincipalTag/KEY}` for every team at once: each
    /// against every other, also those that nobody has thought of yet.
    pub value: String,
    /// ARN of the team's own role, the only one it may pass on. None: it says nothing of roles.
    pub role: Option<String>,
    /// Patterns of ARNs that are other teams', whatever their tags: buckets.
    pub others: Vec<String>,
}

impl Claim {
    /// No link into Studio is made from outside of these networks, each given as conditions of which
    /// all must hold.
    pub fn presign_only_from(name: impl Into<String>, networks: &[Conditions]) -> Self {
        let presign = || Statement::allow("Presign").actions([PRESIGN]).resources(["*"]);
        let inside = networks
            .iter()
            .map(|conditions| Statement { condition: conditions.clone(), ..presign() });
        Self {
            name: name.into(),
            about: Some(Document::new([presign()])),
            demand: Demand::OnlyIf(Box::new(Documents::of([Document::new(inside)]))),
            still: None,
        }
    }

    /// A team never acts on another team's resources, and never makes another's its own or its own
    /// another's.
    pub fn team_apart(name: impl Into<String>, owner: &Owner) -> Self {
        let resource_tag = format!("aws:ResourceTag/{}", owner.tag_key);
        let request_tag = format!("aws:RequestTag/{}", owner.tag_key);
        let own = [owner.value.as_str()];
        let key = [owner.tag_key.as_str()];
        let tags = |sid: &str, action: &str| {
            Statement::allow(sid).actions([action]).resources(["*"]).when(
                "ForAnyValue:StringEqualsIgnoreCase",
                "aws:TagKeys",
                key,
            )
        };
        let of = |sid: &str| Statement::allow(sid).actions(["sagemaker:*"]).resources(["*"]);
        let mut about =
            vec![
                of("OthersResource").when("Null", &resource_tag, ["false"]).when(
                    "StringNotEquals",
                    &resource_tag,
                    own,
                ),
                of("TagAsOthers").when("Null", &request_tag, ["false"]).when(
                    "StringNotEquals",
                    &request_tag,
                    own,
                ),
                // A tag that comes with what is being made is no retagging.
                tags("TakeNobodys", "sagemaker:AddTags")
                    .when("Null", &resource_tag, ["true"])
                    .when("Null", "sagemaker:TaggingAction", ["true"]),
                tags("Untag", "sagemaker:DeleteTags"),
            ];
        if let Some(role) = &owner.role {
            about.push(
                Statement::allow("PassOthersRole").actions(["iam:PassRole"]).not_resources([role]),
            );
        }
        // By the actions of their own service: of others nobody asks for them.
        about.extend(owner.others.iter().map(|arn| {
            let service = arn.split(':').nth(2).unwrap_or("*");
            Statement::allow("Others").actions([format!("{service}:*")]).resources([arn])
        }));
        let still = of("Own").when("StringEquals", &resource_tag, own);
        Self {
            name: name.into(),
            about: Some(Document::new(about)),
            demand: Demand::Never,
            still: Some(Document::new([still])),
        }
    }

    /// Nothing is allowed that these policies do not allow.
    pub fn inside(name: impl Into<String>, boundary: Documents) -> Self {
        let demand = Demand::OnlyIf(Box::new(boundary));
        Self { name: name.into(), about: None, demand, still: None }
    }

    /// Nothing is allowed that the old policies did not allow.
    pub fn nothing_new(old: Documents) -> Self {
        Self::inside("the new version grants nothing that the old one did not", old)
    }

    /// None of these requests is allowed.
    pub fn never(name: impl Into<String>, requests: Document) -> Self {
        Self { name: name.into(), about: Some(requests), demand: Demand::Never, still: None }
    }

    /// All of these requests are allowed.
    pub fn always(name: impl Into<String>, requests: Document) -> Self {
        Self { name: name.into(), about: Some(requests), demand: Demand::Always, still: None }
    }
}
