//! The team wall: nothing of another team's.
//!
//! Every statement denies, so that no wider policy opens it. The tag says whose a resource is:
//!
//! - what carries another team's tag is out of reach for every action, tagging included;
//! - what carries no team's tag is nobody's;
//! - what is made carries the team's tag from the first moment, and keeps it for good.
//!
//! Studio makes spaces and apps without asking for tags (unless the domain propagates them), so
//! those belong to the profile that owns them. Only a private space runs as its owner's role: a
//! shared one has the domain's role for spaces, the same for everybody in the domain.

use super::Scope;
use crate::document::Statement;
use std::collections::BTreeSet;

/// The profile of the person whose Studio session it is. Outside Studio the variables have no value;
/// then it is a profile that cannot be: no name begins with a hyphen. Without the default, the
/// statement would not be about the request at all.
const OWN_PROFILE: &str = "${sagemaker:DomainId, '-'}/${sagemaker:UserProfileName, '-'}";

/// The domain of that session, where the team's shared space is: another domain may have one of the same name,
/// which is somebody else's.
const OWN_DOMAIN: &str = "${sagemaker:DomainId, '-'}";

/// Each statement of the wall, and what it denies.
pub(super) const WALL: [(&str, &str); 16] = [
    ("WallOtherTeams", "Every action of SageMaker on what carries another team's tag."),
    ("WallUntagged", "Using, changing and deleting what carries no team's tag: it is nobody's."),
    (
        "WallCreateUntagged",
        "Making anything without the team's tag, but for apps and spaces, and versions of a model in a group of the team's.",
    ),
    (
        "WallModelGroupNames",
        "Making a group of model packages whose name does not begin with the team's key and two hyphens.",
    ),
    (
        "WallMadeOfUntagged",
        "Making an endpoint of a configuration, or a trial in an experiment, that is nobody's.",
    ),
    ("WallTagAsOther", "Tagging anything as another team's, also what is being made."),
    ("WallRetag", "Setting the team's tag, in any spelling, on what is there already."),
    ("WallUntag", "Removing the team's tag, in any spelling."),
    ("WallTagUntagged", "Tagging what is nobody's."),
    ("WallStudioTags", "Tagging and untagging domains and user profiles."),
    (
        "WallOthersSpaces",
        "Making, changing and deleting apps and spaces that are not the own profile's.",
    ),
    (
        "WallTeamSpace",
        "Running apps in a space of the name of the team's shared space that is not shared. Only where the team has one.",
    ),
    (
        "WallSharedSpaces",
        "Making shared spaces, and apps in them, but for the team's own: they run as the domain's role for spaces, outside this wall.",
    ),
    ("WallOthersLinks", "Making a link into Studio for any profile but the own one."),
    ("WallOtherRoles", "Passing any role but the team's own."),
    (
        "WallAdministration",
        "What is an admin's: domains, profiles, notebook instances, what is account-wide.",
    ),
];

/// What keeps the team's role away from what is not the team's.
pub fn team_wall(scope: &Scope) -> Vec<Statement> {
    let mut wall = resources(scope);
    wall.extend(tagging(scope));
    wall.extend(studio(scope));
    wall.push(
        Statement::deny("WallOtherRoles")
            .actions(["iam:PassRole"])
            .not_resources([scope.role_arn.as_str()]),
    );
    wall.push(administration());
    wall
}

/// What is used, changed and deleted, and what is made.
fn resources(scope: &Scope) -> Vec<Statement> {
    let other = Statement::deny("WallOtherTeams")
        .actions(["sagemaker:*"])
        .resources(["*"])
        .when("StringNotEquals", scope.resource_tag(), [scope.tag_value.as_str()])
        .when("Null", scope.resource_tag(), ["false"]);
    let nobodys = Statement::deny("WallUntagged")
        .not_actions(NOT_BY_TAG)
        // Only an ARN of SageMaker's is about its actions.
        .resources([scope.anywhere("*")])
        .when("Null", scope.resource_tag(), ["true"]);
    let untagged = Statement::deny("WallCreateUntagged")
        .actions(["sagemaker:Create*"])
        .not_resources(
            ["app/*", "space/*", "user-profile/*"].map(|resource| scope.anywhere(resource)),
        )
        .not_resources([scope.anywhere(&format!("model-package/{}*", scope.prefix()))])
        .when("Null", scope.request_tag(), ["true"]);
    // A version takes its group's tags and can be given none: its group's name says whose it is.
    let groups = Statement::deny("WallModelGroupNames")
        .actions(["sagemaker:CreateModelPackageGroup"])
        .not_resources([scope.anywhere(&format!("model-package-group/{}*", scope.prefix()))]);
    // What is made may be made of something that is there, which then is no new thing.
    let parts = Statement::deny("WallMadeOfUntagged")
        .actions(["sagemaker:CreateEndpoint", "sagemaker:CreateTrial"])
        .resources(["endpoint-config/*", "experiment/*"].map(|resource| scope.anywhere(resource)))
        .when("Null", scope.resource_tag(), ["true"]);
    vec![other, nobodys, untagged, groups, parts]
}

/// Actions on resources that need not carry the team's tag: what is being made has no tags yet;
/// apps and spaces are by owner; a domain is everybody's who is in it; lists show names only.
const NOT_BY_TAG: [&str; 9] = [
    "sagemaker:AddTags",
    "sagemaker:Create*",
    "sagemaker:DeleteApp",
    "sagemaker:DeleteSpace",
    "sagemaker:DescribeApp",
    "sagemaker:DescribeDomain",
    "sagemaker:DescribeSpace",
    "sagemaker:List*",
    "sagemaker:UpdateSpace",
];

/// Who sets the team's tag: whoever makes something, once, to the own team.
fn tagging(scope: &Scope) -> Vec<Statement> {
    let other = Statement::deny("WallTagAsOther")
        .actions(["sagemaker:*"])
        .resources(["*"])
        .when("StringNotEquals", scope.request_tag(), [scope.tag_value.as_str()])
        .when("Null", scope.request_tag(), ["false"]);
    // Tag keys in conditions are not case-sensitive, so no spelling of the key may be set.
    let key = [scope.tag_key.as_str()];
    let retag = Statement::deny("WallRetag")
        .actions(["sagemaker:AddTags"])
        .resources(["*"])
        .when("ForAnyValue:StringEqualsIgnoreCase", "aws:TagKeys", key)
        .when("Null", "sagemaker:TaggingAction", ["true"]);
    let untag = Statement::deny("WallUntag")
        .actions(["sagemaker:DeleteTags"])
        .resources(["*"])
        .when("ForAnyValue:StringEqualsIgnoreCase", "aws:TagKeys", key);
    let claim = Statement::deny("WallTagUntagged")
        .actions(["sagemaker:AddTags"])
        .resources(["*"])
        .when("Null", scope.resource_tag(), ["true"])
        .when("Null", "sagemaker:TaggingAction", ["true"]);
    let profiles = Statement::deny("WallStudioTags")
        .actions(["sagemaker:AddTags", "sagemaker:DeleteTags"])
        .resources(["domain/*", "user-profile/*"].map(|resource| scope.anywhere(resource)));
    vec![other, retag, untag, claim, profiles]
}

/// Apps, spaces and links: by the profile that owns them.
fn studio(scope: &Scope) -> Vec<Statement> {
    let own_profile = scope.anywhere(&format!("user-profile/{OWN_PROFILE}"));
    let shared = shared_apps(scope);
    let others = Statement::deny("WallOthersSpaces")
        .actions([
            "sagemaker:CreateApp",
            "sagemaker:CreateSpace",
            "sagemaker:DeleteApp",
            "sagemaker:DeleteSpace",
            "sagemaker:UpdateSpace",
        ])
        .not_resources([scope.anywhere(&format!("app/{OWN_PROFILE}/*"))])
        .not_resources(shared.clone())
        .when("ArnNotLike", "sagemaker:OwnerUserProfileArn", [own_profile.as_str()]);
    let team_space = (!shared.is_empty()).then(|| {
        Statement::deny("WallTeamSpace")
            .actions(["sagemaker:CreateApp", "sagemaker:DeleteApp"])
            .resources(shared)
            .when("ArnNotLike", "sagemaker:OwnerUserProfileArn", [own_profile.as_str()])
            .when("StringNotEquals", "sagemaker:SpaceSharingType", ["Shared"])
    });
    // Every other way to say this would let through what comes without the key. An app that is of
    // the profile itself is in no space.
    let spaces = Statement::deny("WallSharedSpaces")
        .actions(["sagemaker:CreateApp", "sagemaker:CreateSpace"])
        .not_resources([scope.anywhere(&format!("app/{OWN_PROFILE}/*"))])
        .not_resources(shared_apps(scope))
        .not_resources(
            spellings(scope).map(|name| scope.anywhere(&format!("space/{OWN_DOMAIN}/{name}"))),
        )
        .when("StringNotEquals", "sagemaker:SpaceSharingType", ["Private"]);
    let links = Statement::deny("WallOthersLinks")
        .actions(["sagemaker:CreatePresignedDomainUrl"])
        .not_resources([own_profile.as_str()]);
    [others].into_iter().chain(team_space).chain([spaces, links]).collect()
}

/// Apps in the team's shared space.
fn shared_apps(scope: &Scope) -> BTreeSet<String> {
    spellings(scope).map(|name| scope.anywhere(&format!("app/{OWN_DOMAIN}/{name}/*"))).collect()
}

/// The name of the team's shared space, as given and in lower case: names of spaces are not
/// case-sensitive and ARNs are, and AWS writes profile names there in lower case.
fn spellings(scope: &Scope) -> impl Iterator<Item = String> {
    scope.shared_space.iter().flat_map(|name| [name.clone(), name.to_lowercase()])
}

/// What is an admin's in every team: domains and profiles, what is account-wide, and notebook
/// instances, which stand outside every domain.
fn administration() -> Statement {
    Statement::deny("WallAdministration")
        .actions([
            "sagemaker:*NotebookInstance",
            "sagemaker:*NotebookInstanceLifecycleConfig",
            "sagemaker:CreateDomain",
            "sagemaker:CreateLineageGroupPolicy",
            "sagemaker:CreatePresignedNotebookInstanceUrl",
            "sagemaker:CreateUserProfile",
            "sagemaker:DeleteDomain",
            "sagemaker:DeleteLineageGroupPolicy",
            "sagemaker:DeleteResourcePolicy",
            "sagemaker:DeleteUserProfile",
            "sagemaker:DisableSagemakerServicecatalogPortfolio",
            "sagemaker:EnableSagemakerServicecatalogPortfolio",
            "sagemaker:ExtendTrainingPlan",
            "sagemaker:PutLineageGroupPolicy",
            "sagemaker:PutResourcePolicy",
            "sagemaker:UpdateDomain",
            "sagemaker:UpdateUserProfile",
        ])
        .resources(["*"])
}
