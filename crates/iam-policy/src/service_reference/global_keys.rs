//! AWS's global condition keys, from the IAM user guide, "AWS global condition context keys".
//!
//! The packages of IAM data do not have them. Keys that a credential brings along with every request,
//! whatever the service (`lambda:SourceFunctionArn`), are here as well.

use super::{ConditionKey, ValueType};
use crate::pattern::{Pattern, Syntax};

/// When a request carries a global key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// In every request.
    Always,
    /// Only with this path, principal, session or resource; conditions must reckon with its absence.
    Sometimes,
    /// Only with actions that list it: keys of tags.
    ByAction,
}

/// A global key.
#[derive(Debug, Clone, Copy)]
pub struct GlobalKey {
    /// The key.
    pub key: ConditionKey,
    /// When a request carries it.
    pub availability: Availability,
}

const fn one(name: &'static str, value_type: ValueType, availability: Availability) -> GlobalKey {
    GlobalKey { key: ConditionKey { name, value_type, multivalued: false }, availability }
}

const fn many(name: &'static str, availability: Availability) -> GlobalKey {
    let key = ConditionKey { name, value_type: ValueType::String, multivalued: true };
    GlobalKey { key, availability }
}

use Availability::{Always, ByAction, Sometimes};
use ValueType::{Arn, Bool, Date, IpAddress, Numeric, String};

/// All of them, by what they are about.
pub const GLOBAL_KEYS: &[GlobalKey] = &[
    // The principal.
    one("aws:PrincipalArn", Arn, Sometimes),
    one("aws:PrincipalAccount", String, Sometimes),
    many("aws:PrincipalOrgPaths", Sometimes),
    one("aws:PrincipalOrgID", String, Sometimes),
    one("aws:PrincipalTag/${TagKey}", String, Sometimes),
    one("aws:PrincipalIsAWSService", Bool, Always),
    one("aws:PrincipalServiceName", String, Sometimes),
    many("aws:PrincipalServiceNamesList", Sometimes),
    one("aws:PrincipalType", String, Always),
    one("aws:userid", String, Always),
    one("aws:username", String, Sometimes),
    // Its session.
    one("aws:AssumedRoot", Bool, Sometimes),
    one("aws:FederatedProvider", String, Sometimes),
    one("aws:TokenIssueTime", Date, Sometimes),
    one("aws:MultiFactorAuthAge", Numeric, Sometimes),
    one("aws:MultiFactorAuthPresent", Bool, Sometimes),
    one("aws:ChatbotSourceArn", Arn, Sometimes),
    one("aws:Ec2InstanceSourceVpc", String, Sometimes),
    one("aws:Ec2InstanceSourcePrivateIPv4", IpAddress, Sometimes),
    one("aws:SourceIdentity", String, Sometimes),
    one("aws:SignInSessionArn", Arn, Sometimes),
    one("codebuild:BuildArn", Arn, Sometimes),
    one("codebuild:ProjectArn", Arn, Sometimes),
    one("ec2:RoleDelivery", Numeric, Sometimes),
    one("ec2:SourceInstanceArn", Arn, Sometimes),
    one("glue:CredentialIssuingService", String, Sometimes),
    one("glue:RoleAssumedBy", String, Sometimes),
    one("identitystore:UserId", String, Sometimes),
    one("lambda:SourceFunctionArn", Arn, Sometimes),
    one("sagemaker:DomainId", String, Sometimes),
    one("sagemaker:UserProfileName", String, Sometimes),
    one("ssm:SourceInstanceArn", Arn, Sometimes),
    // The network.
    one("aws:SourceIp", IpAddress, Sometimes),
    one("aws:SourceVpc", String, Sometimes),
    one("aws:SourceVpcArn", Arn, Sometimes),
    one("aws:SourceVpce", String, Sometimes),
    one("aws:VpceAccount", String, Sometimes),
    one("aws:VpceOrgID", String, Sometimes),
    many("aws:VpceOrgPaths", Sometimes),
    one("aws:VpcSourceIp", IpAddress, Sometimes),
    // The resource.
    one("aws:ResourceAccount", String, Sometimes),
    many("aws:ResourceOrgPaths", Sometimes),
    one("aws:ResourceOrgID", String, Sometimes),
    one("aws:ResourceTag/${TagKey}", String, ByAction),
    // The request.
    many("aws:CalledVia", Sometimes),
    one("aws:CalledViaFirst", String, Sometimes),
    one("aws:CalledViaLast", String, Sometimes),
    one("aws:CalledViaAWSMCP", String, Sometimes),
    one("aws:ViaAWSMCPService", Bool, Sometimes),
    one("aws:ViaAWSService", Bool, Always),
    one("aws:CurrentTime", Date, Always),
    one("aws:EpochTime", Date, Always),
    one("aws:referer", String, Sometimes),
    one("aws:RequestedRegion", String, Sometimes),
    one("aws:RequestTag/${TagKey}", String, ByAction),
    many("aws:TagKeys", ByAction),
    one("aws:SecureTransport", Bool, Sometimes),
    one("aws:SourceArn", Arn, Sometimes),
    one("aws:SourceAccount", String, Sometimes),
    many("aws:SourceOrgPaths", Sometimes),
    one("aws:SourceOrgID", String, Sometimes),
    one("aws:UserAgent", String, Sometimes),
];

/// The global key that is meant.
pub(super) fn find(key: &str) -> Option<&'static GlobalKey> {
    GLOBAL_KEYS.iter().find(|global| global.key.is(key))
}

/// The actions that do not support `aws:ResourceAccount` (IAM user guide, "AWS global condition context
/// keys"), in lower case.
pub(crate) const WITHOUT_RESOURCE_ACCOUNT: [&str; 30] = [
    "auditmanager:updateassessmentframeworkshare",
    "detective:acceptinvitation",
    "ds:acceptshareddirectory",
    "ebs:*",
    "ec2:accepttransitgatewaypeeringattachment",
    "ec2:acceptvpcendpointconnections",
    "ec2:acceptvpcpeeringconnection",
    "ec2:copyfpgaimage",
    "ec2:copyimage",
    "ec2:copysnapshot",
    "ec2:createtransitgatewaypeeringattachment",
    "ec2:createvolume",
    "ec2:createvpcendpoint",
    "ec2:createvpcpeeringconnection",
    "ec2:deletetransitgatewaypeeringattachment",
    "ec2:deletevpcpeeringconnection",
    "ec2:rejecttransitgatewaypeeringattachment",
    "ec2:rejectvpcendpointconnections",
    "ec2:rejectvpcpeeringconnection",
    "es:acceptinboundconnection",
    "events:*",
    "guardduty:acceptadministratorinvitation",
    "macie2:acceptinvitation",
    "route53:associatevpcwithhostedzone",
    "route53:createvpcassociationauthorization",
    "route53:deletevpcassociationauthorization",
    "route53:disassociatevpcfromhostedzone",
    "route53:listhostedzonesbyvpc",
    "securityhub:acceptadministratorinvitation",
    "workspaces:*workspaceimage*",
];

/// Whether requests of an action carry `aws:ResourceAccount`. The action is in lower case.
pub(crate) fn carries_resource_account(action: &str) -> bool {
    // Each request asks, and few services have such an action: only of those patterns are read.
    let Some((service, _)) = action.split_once(':') else { return true };
    let of_service = |one: &&&str| one.split_once(':').is_some_and(|(its, _)| its == service);
    !WITHOUT_RESOURCE_ACCOUNT.iter().filter(of_service).any(|one| covers(one, action))
}

/// Whether a pattern with `*` covers the action, both in lower case.
pub(crate) fn covers(pattern: &str, action: &str) -> bool {
    Pattern::parse(pattern, Syntax::WILDCARDS).matches_text(action)
}
