//! What opens Studio to others: presigned URLs, apps of others, tags that anybody sets.

use super::network::is_by_network;
use super::view::{ActionPattern, View, names};
use super::{Finding, Rule};
use crate::service_reference::{AccessLevel, Action, ArnTemplate};

const PRESIGN: &str = "sagemaker:CreatePresignedDomainUrl";

/// ARNs that only patterns over all domains match: nobody's domain is called so.
const SOMEBODYS_PROFILE: &str =
    "arn:${Partition}:sagemaker:${Region}:${Account}:user-profile/d-0nobodys0/nobody";
const SOMEBODYS: [&str; 2] = [
    "arn:${Partition}:sagemaker:${Region}:${Account}:app/d-0nobodys0/nobody/jupyterlab/default",
    "arn:${Partition}:sagemaker:${Region}:${Account}:space/d-0nobodys0/nobody",
];

/// Actions that change what others work with.
const ON_APPS: [&str; 5] = [
    "sagemaker:CreateApp",
    "sagemaker:CreateSpace",
    "sagemaker:DeleteApp",
    "sagemaker:DeleteSpace",
    "sagemaker:UpdateSpace",
];

/// Keys that say when a resource may be tagged.
const TAG_GUARDS: [&str; 7] = [
    "aws:ResourceTag/",
    "ec2:ResourceTag/",
    "iam:ResourceTag/",
    "s3:ExistingObjectTag/",
    "sagemaker:ResourceTag/",
    "sagemaker:TaggingAction",
    "ec2:CreateAction",
];

pub(super) fn check(view: &View<'_>, together: &[&View<'_>]) -> Vec<Finding> {
    if !view.gives() || view.is_about_everything() {
        return Vec::new();
    }
    let mut findings = presign(view, together);
    findings.extend(apps(view));
    findings.extend(view.actions.iter().filter_map(|pattern| tagging(view, pattern, together)));
    findings
}

fn is_by_tag(view: &View<'_>) -> bool {
    let keys = ["aws:ResourceTag/", "sagemaker:ResourceTag/"];
    keys.iter().any(|key| view.asks_for(key)) || by_tag_variable(view)
}

/// Whether a value is a tag of the resource: `${sagemaker:ResourceTag/Team}`.
fn by_tag_variable(view: &View<'_>) -> bool {
    let values = view.conditions.iter().flat_map(|condition| condition.values);
    values.into_iter().any(|value| value.to_ascii_lowercase().contains("resourcetag/"))
}

fn presign(view: &View<'_>, together: &[&View<'_>]) -> Vec<Finding> {
    let Some(pattern) = view.reaching(PRESIGN) else { return Vec::new() };
    if together.iter().any(|other| denies_to_all(other, PRESIGN)) {
        return Vec::new();
    }
    let find = |rule, message: &str| Finding {
        rule,
        pointer: pattern.pointer.clone(),
        message: message.to_owned(),
    };
    let mut findings = Vec::new();
    if view.covers_resource(&ArnTemplate::parse(SOMEBODYS_PROFILE))
        && !is_by_tag(view)
        && !view.asks_for("sagemaker:UserProfileName")
    {
        let message = format!(
            "`{}` lets them sign in to Studio as any user profile of the account",
            pattern.text
        );
        findings.push(find(Rule::PresignAnyProfile, &message));
    }
    let denied = together.iter().any(|other| {
        !other.allows() && other.statement.covers_action(PRESIGN) && is_by_network(other)
    });
    if !is_by_network(view) && !denied {
        let message = "URLs made by this work from any network, as does the console";
        findings.push(find(Rule::PresignFromAnywhere, message));
    }
    findings
}

/// Whether a statement takes this from everybody, whatever the resource.
fn denies_to_all(view: &View<'_>, action: &str) -> bool {
    let everything =
        view.statement.resource.as_deref().is_some_and(|all| all.contains(&"*".into()));
    !view.allows()
        && everything
        && view.conditions.is_empty()
        && view.statement.covers_action(action)
}

fn apps(view: &View<'_>) -> Option<Finding> {
    let guarded = is_by_tag(view)
        || view.asks_for("sagemaker:OwnerUserProfileArn")
        || view.asks_for("sagemaker:UserProfileName");
    let reached: Vec<&str> =
        ON_APPS.into_iter().filter(|action| view.reaching(action).is_some()).collect();
    let first = reached.first().and_then(|action| view.reaching(action))?;
    if guarded || !SOMEBODYS.iter().any(|arn| view.covers_resource(&ArnTemplate::parse(arn))) {
        return None;
    }
    let shown: Vec<String> = reached.iter().map(|action| format!("`{action}`")).collect();
    Some(Finding {
        rule: Rule::AppsOfOthers,
        pointer: first.pointer.clone(),
        message: format!("{} for every user profile of the account", shown.join(", ")),
    })
}

fn tagging(
    view: &View<'_>,
    pattern: &ActionPattern<'_>,
    together: &[&View<'_>],
) -> Option<Finding> {
    if TAG_GUARDS.iter().any(|key| view.asks_for(key)) || by_tag_variable(view) || !is_broad(view) {
        return None;
    }
    let tagging: Vec<&Action> = pattern
        .matched
        .iter()
        .copied()
        .filter(|action| action.level == AccessLevel::Tagging)
        .filter(|action| view.is_possible(action) && !is_answered(action, together))
        .collect();
    if tagging.is_empty() {
        return None;
    }
    let counts =
        |action: &&Action| together.iter().any(|other| goes_by_tags(other, action.service));
    let undermining: Vec<&Action> = tagging.iter().copied().filter(counts).collect();
    let named = pattern.text.to_ascii_lowercase().contains("tag");
    let (rule, message) = if !undermining.is_empty() {
        let message =
            format!("{} of anything, while other statements go by tags", names(undermining));
        (Rule::TaggingUnderminesAbac, message)
    } else if named {
        (Rule::UnconditionalTagging, format!("{} of anything", names(tagging)))
    } else {
        return None;
    };
    Some(Finding { rule, pointer: pattern.pointer.clone(), message })
}

/// Whether it is about more than resources it names.
fn is_broad(view: &View<'_>) -> bool {
    let name = |arn: &str| arn.splitn(6, ':').nth(5).unwrap_or("*").to_owned();
    view.statement.resource.is_none() || view.resources().iter().any(|arn| name(arn).contains('*'))
}

/// Whether a statement's conditions go by tags of this service's resources.
fn goes_by_tags(view: &View<'_>, service: &str) -> bool {
    let about = view.known_actions().is_none_or(|all| all.iter().any(|a| a.service == service));
    about && is_by_tag(view)
}

/// Whether a Deny elsewhere goes by the tags of such requests.
fn is_answered(action: &Action, together: &[&View<'_>]) -> bool {
    let name = action.to_string();
    together.iter().any(|other| {
        !other.allows()
            && other.statement.covers_action(&name)
            && (is_by_tag(other)
                || other.asks_for("aws:TagKeys")
                || other.asks_for("aws:RequestTag/"))
    })
}
