//! Each rule finds what it is for, where it stands, and leaves what is right alone.

use super::*;
use crate::document::Statement;
use std::collections::BTreeSet;

/// A rule, a kind, a statement that breaks it, where, and one that does not.
type Example = (Rule, Kind, &'static str, &'static str, &'static str);

use Kind::{Boundary, Identity, Rcp, Resource, Scp, Trust};

const EXAMPLES: &[Example] = &[
    (
        Rule::VariableInOldVersion,
        Identity,
        r#"VERSION 2008 {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}"}"#,
        "/Statement/0/Resource/0",
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}"}"#,
    ),
    (
        Rule::OldVersion,
        Identity,
        r#"VERSION 2008 {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/x"}"#,
        "/Version",
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/x"}"#,
    ),
    (
        Rule::MissingVersion,
        Identity,
        r#"VERSION none {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/x"}"#,
        "",
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/x"}"#,
    ),
    (
        Rule::DuplicateSid,
        Identity,
        r#"{"Sid":"A","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/x"},
           {"Sid":"A","Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/x"}"#,
        "/Statement/1/Sid",
        r#"{"Sid":"A","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/x"},
           {"Sid":"a","Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/x"}"#,
    ),
    (
        Rule::InvalidSid,
        Identity,
        r#"{"Sid":"read data","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/x"}"#,
        "/Statement/0/Sid",
        r#"{"Sid":"ReadData2","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/x"}"#,
    ),
    (
        Rule::EmptyList,
        Identity,
        r#"{"Effect":"Allow","Action":[],"Resource":"*"}"#,
        "/Statement/0/Action",
        r#"{"Effect":"Allow","Action":["s3:ListAllMyBuckets"],"Resource":"*"}"#,
    ),
    (
        Rule::EmptyList,
        Identity,
        r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringLike":{"s3:prefix":[]}}}"#,
        "/Statement/0/Condition/StringLike/s3:prefix",
        r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringLike":{"s3:prefix":[""]}}}"#,
    ),
    (
        Rule::Whitespace,
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::b/x "]}"#,
        "/Statement/0/Resource/0",
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::b/my files/x"]}"#,
    ),
    (
        Rule::Whitespace,
        Identity,
        r#"{"Effect":"Allow","Action":["s3: GetObject"],"Resource":["arn:aws:s3:::b/x"]}"#,
        "/Statement/0/Action/0",
        r#"{"Effect":"Allow","Action":["iam:GetRole"],"Resource":["arn:aws:iam::111122223333:role/${aws:PrincipalTag/Role, 'none'}"]}"#,
    ),
    (
        Rule::Whitespace,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpc":" vpc-1"}}}"#,
        "/Statement/0/Condition/StringEquals/aws:SourceVpc/0",
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpc":"vpc-1"}}}"#,
    ),
    (
        Rule::MissingResource,
        Identity,
        r#"{"Effect":"Allow","Action":"s3:ListAllMyBuckets"}"#,
        "/Statement/0",
        r#"{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}"#,
    ),
    (
        Rule::ResourceInTrust,
        Trust,
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"111122223333"},"Resource":"*"}"#,
        "/Statement/0/Resource",
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"111122223333"}}"#,
    ),
    (
        Rule::MalformedAction,
        Identity,
        r#"{"Effect":"Allow","Action":"GetObject","Resource":"*"}"#,
        "/Statement/0/Action/0",
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#,
    ),
    (
        Rule::UnknownService,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemakr:ListApps","Resource":"*"}"#,
        "/Statement/0/Action/0",
        r#"{"Effect":"Allow","Action":"SageMaker:ListApps","Resource":"*"}"#,
    ),
    (
        Rule::UnknownAction,
        Identity,
        r#"{"Effect":"Allow","Action":["sagemaker:ListApps","sagemaker:ListAps"],"Resource":"*"}"#,
        "/Statement/0/Action/1",
        r#"{"Effect":"Allow","Action":["sagemaker:ListApps","sagemaker:listspaces"],"Resource":"*"}"#,
    ),
    (
        Rule::PatternWithoutAction,
        Identity,
        r#"{"Effect":"Deny","NotAction":"sagemaker:Destroy*","Resource":"*"}"#,
        "/Statement/0/NotAction/0",
        r#"{"Effect":"Deny","NotAction":"sagemaker:Delete*","Resource":"*"}"#,
    ),
    (
        Rule::LeadingWildcard,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:*Model","Resource":"*"}"#,
        "/Statement/0/Action/0",
        r#"{"Effect":"Deny","Action":"sagemaker:*Model","Resource":"*"}"#,
    ),
    (
        Rule::MalformedResource,
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"my-bucket/*"}"#,
        "/Statement/0/Resource/0",
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::my-bucket/*"}"#,
    ),
    (
        Rule::UnmatchedResource,
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::b/*","arn:aws:s3:::b"]}"#,
        "/Statement/0/Resource/1",
        r#"{"Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::b/*","arn:aws:s3:::b"]}"#,
    ),
    (
        Rule::UnmatchedAction,
        Identity,
        r#"{"Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":"arn:aws:s3:::b/*"}"#,
        "/Statement/0/Action/1",
        r#"{"Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":"arn:aws:s3:::b*"}"#,
    ),
    (
        Rule::NeedsAnyResource,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:ListUserProfiles","Resource":"arn:aws:sagemaker:eu-west-1:111122223333:user-profile/*"}"#,
        "/Statement/0/Action/0",
        r#"{"Effect":"Allow","Action":"sagemaker:ListUserProfiles","Resource":"*"}"#,
    ),
    (
        Rule::PartlyNeedsAnyResource,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:List*","Resource":"arn:aws:sagemaker:eu-west-1:111122223333:*"}"#,
        "/Statement/0/Action/0",
        r#"{"Effect":"Allow","Action":"sagemaker:List*","Resource":"*"}"#,
    ),
    (
        Rule::UnknownOperator,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"NullIfExists":{"aws:SourceVpc":"false"}}}"#,
        "/Statement/0/Condition/NullIfExists/aws:SourceVpc",
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"Null":{"aws:SourceVpc":"false"}}}"#,
    ),
    (
        Rule::UnknownConditionKey,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpcId":"vpc-1"}}}"#,
        "/Statement/0/Condition/StringEquals/aws:SourceVpcId",
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"StringEquals":{"aws:sourcevpc":"vpc-1"}}}"#,
    ),
    (
        Rule::KeyNeverPresent,
        Identity,
        r#"{"Effect":"Allow","Action":["sagemaker:CreateTrainingJob","sagemaker:CreateTransformJob"],"Resource":"*",
            "Condition":{"Null":{"sagemaker:VpcSubnets":"false"}}}"#,
        "/Statement/0/Condition/Null/sagemaker:VpcSubnets",
        r#"{"Effect":"Allow","Action":["sagemaker:CreateTrainingJob","sagemaker:CreateProcessingJob"],"Resource":"*",
            "Condition":{"Null":{"sagemaker:VpcSubnets":"false"}}}"#,
    ),
    (
        Rule::KeyNeverPresent,
        Identity,
        r#"{"Effect":"Allow","Action":["iam:PassRole","iam:GetRole"],"Resource":"arn:aws:iam::111122223333:role/r",
            "Condition":{"StringEquals":{"iam:PassedToService":"sagemaker.amazonaws.com"}}}"#,
        "/Statement/0/Condition/StringEquals/iam:PassedToService",
        r#"{"Effect":"Allow","Action":["iam:PassRole","iam:GetRole"],"Resource":"arn:aws:iam::111122223333:role/r",
            "Condition":{"StringEqualsIfExists":{"iam:PassedToService":"sagemaker.amazonaws.com"}}}"#,
    ),
    (
        Rule::KeyPartlyAbsent,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:Create*","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/Team":"a"}}}"#,
        "/Statement/0/Condition/StringEquals/aws:RequestTag~1Team",
        r#"{"Effect":"Allow","Action":"sagemaker:CreateModel","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/Team":"a"}}}"#,
    ),
    (
        Rule::OperatorTypeMismatch,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"StringEquals":{"aws:SourceIp":"203.0.113.7"}}}"#,
        "/Statement/0/Condition/StringEquals/aws:SourceIp",
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.7"}}}"#,
    ),
    (
        Rule::OperatorTypeMismatch,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"ArnLike":{"aws:SourceVpc":"vpc-1*"}}}"#,
        "/Statement/0/Condition/ArnLike/aws:SourceVpc",
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"StringLike":{"aws:SourceVpc":"vpc-1*"}}}"#,
    ),
    (
        Rule::TextOperator,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:CreateTrainingJob","Resource":"*","Condition":{"StringEquals":{"sagemaker:NetworkIsolation":"true"}}}"#,
        "/Statement/0/Condition/StringEquals/sagemaker:NetworkIsolation",
        r#"{"Effect":"Allow","Action":"sagemaker:CreateTrainingJob","Resource":"*","Condition":{"Bool":{"sagemaker:NetworkIsolation":"true"}}}"#,
    ),
    (
        Rule::MalformedValue,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","203.0.113.0/33"]}}}"#,
        "/Statement/0/Condition/IpAddress/aws:SourceIp/1",
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:db8::/32"]}}}"#,
    ),
    (
        Rule::MalformedValue,
        Identity,
        r#"{"Effect":"Deny","Action":"sagemaker:ListApps","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"tomorrow"}}}"#,
        "/Statement/0/Condition/DateGreaterThan/aws:CurrentTime/0",
        r#"{"Effect":"Deny","Action":"sagemaker:ListApps","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2027-01-31T00:00:00Z"}}}"#,
    ),
    (
        Rule::WildcardTakenLiterally,
        Identity,
        r#"{"Effect":"Deny","Action":"sagemaker:ListApps","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalArn":"arn:aws:iam::*:role/admin"}}}"#,
        "/Statement/0/Condition/StringNotEquals/aws:PrincipalArn/0",
        r#"{"Effect":"Deny","Action":"sagemaker:ListApps","Resource":"*","Condition":{"StringNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/admin"}}}"#,
    ),
    (
        Rule::SetOperatorOnSingleValue,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"aws:sourceVpce":"vpce-1"}}}"#,
        "/Statement/0/Condition/ForAnyValue:StringEquals/aws:sourceVpce",
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"StringEquals":{"aws:sourceVpce":"vpce-1"}}}"#,
    ),
    (
        Rule::MissingSetOperator,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:CreateModel","Resource":"*","Condition":{"StringEquals":{"aws:TagKeys":"Team"}}}"#,
        "/Statement/0/Condition/StringEquals/aws:TagKeys",
        r#"{"Effect":"Allow","Action":"sagemaker:CreateModel","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":"Team"}}}"#,
    ),
    (
        Rule::VacuousForAllValues,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:CreateTrainingJob","Resource":"*","Condition":{"ForAllValues:StringEquals":{"sagemaker:InstanceTypes":"ml.t3.medium"}}}"#,
        "/Statement/0/Condition/ForAllValues:StringEquals/sagemaker:InstanceTypes",
        r#"{"Effect":"Allow","Action":"sagemaker:CreateTrainingJob","Resource":"*","Condition":{"ForAllValues:StringEquals":{"sagemaker:InstanceTypes":"ml.t3.medium"},
            "Null":{"sagemaker:InstanceTypes":"false"}}}"#,
    ),
    (
        Rule::IfExistsFailsOpen,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"StringEqualsIfExists":{"aws:SourceVpce":"vpce-1"}}}"#,
        "/Statement/0/Condition/StringEqualsIfExists/aws:SourceVpce",
        r#"{"Effect":"Deny","Action":"sagemaker:ListApps","Resource":"*","Condition":{"StringEqualsIfExists":{"aws:SourceVpce":"vpce-1"}}}"#,
    ),
    (
        Rule::IfExistsFailsOpen,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:CreateModel","Resource":"*","Condition":{"StringEqualsIfExists":{"aws:RequestTag/Team":"a"}}}"#,
        "/Statement/0/Condition/StringEqualsIfExists/aws:RequestTag~1Team",
        r#"{"Effect":"Allow","Action":"sagemaker:CreateModel","Resource":"*","Condition":{"StringEqualsIfExists":{"aws:RequestTag/Team":"a"},
            "ForAnyValue:StringEquals":{"aws:TagKeys":"Team"}}}"#,
    ),
    (
        Rule::RedundantIfExists,
        Identity,
        r#"{"Effect":"Deny","Action":"sagemaker:ListApps","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:SourceVpce":"vpce-1"}}}"#,
        "/Statement/0/Condition/StringNotEqualsIfExists/aws:SourceVpce",
        r#"{"Effect":"Deny","Action":"sagemaker:ListApps","Resource":"*","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}}"#,
    ),
    (
        // Without tags none of them is another: there the suffix decides.
        Rule::RedundantIfExists,
        Identity,
        r#"{"Effect":"Deny","Action":"sagemaker:CreateModel","Resource":"*","Condition":{"ForAllValues:StringNotEqualsIfExists":{"aws:TagKeys":"Team"}}}"#,
        "/Statement/0/Condition/ForAllValues:StringNotEqualsIfExists/aws:TagKeys",
        r#"{"Effect":"Deny","Action":"sagemaker:CreateModel","Resource":"*","Condition":{"ForAnyValue:StringNotEqualsIfExists":{"aws:TagKeys":"Team"}}}"#,
    ),
    (
        Rule::MfaKeyMayBeAbsent,
        Identity,
        r#"{"Effect":"Deny","Action":"sagemaker:ListApps","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}"#,
        "/Statement/0/Condition/Bool/aws:MultiFactorAuthPresent",
        r#"{"Effect":"Deny","Action":"sagemaker:ListApps","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}"#,
    ),
    (
        Rule::UnknownVariable,
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::${Bucket}/*"}"#,
        "/Statement/0/Resource/0",
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/Team, 'none'}/${*}"}"#,
    ),
    (
        Rule::MisplacedVariable,
        Trust,
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::${aws:PrincipalAccount}:root"}}"#,
        "/Statement/0/Principal/AWS/0",
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:root"}}"#,
    ),
    (
        Rule::VpcSourceIpWithoutVpc,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:DescribeUserProfile","Resource":"*","Condition":{"IpAddress":{"aws:VpcSourceIp":"10.100.10.0/24"}}}"#,
        "/Statement/0/Condition/IpAddress/aws:VpcSourceIp",
        r#"{"Effect":"Allow","Action":"sagemaker:DescribeUserProfile","Resource":"*","Condition":{"IpAddress":{"aws:VpcSourceIp":"10.100.10.0/24"},"StringEquals":{"aws:SourceVpc":"vpc-1"}}}"#,
    ),
    (
        Rule::VpcSourceIpWithoutVpc,
        Scp,
        r#"{"Effect":"Deny","Action":"sagemaker:CreatePresignedDomainUrl","Resource":"*","Condition":{"NotIpAddress":{"aws:VpcSourceIp":"10.100.10.0/24"}}}"#,
        "/Statement/0/Condition/NotIpAddress/aws:VpcSourceIp",
        r#"{"Effect":"Deny","Action":"sagemaker:CreatePresignedDomainUrl","Resource":"*","Condition":{"NotIpAddress":{"aws:VpcSourceIp":"10.100.10.0/24"}}},
           {"Effect":"Deny","Action":"sagemaker:CreatePresignedDomainUrl","Resource":"*","Condition":{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}}"#,
    ),
    (
        Rule::PrivateSourceIp,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","fd00::/8"]}}}"#,
        "/Statement/0/Condition/IpAddress/aws:SourceIp",
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","203.0.113.0/24"]}}}"#,
    ),
    (
        Rule::SourceIpBreaksEndpoints,
        Identity,
        r#"{"Effect":"Deny","Action":"sagemaker:ListApps","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}"#,
        "/Statement/0/Condition/NotIpAddress/aws:SourceIp",
        r#"{"Effect":"Deny","Action":"sagemaker:ListApps","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"},
            "StringNotEquals":{"aws:SourceVpce":"vpce-1"},"Bool":{"aws:ViaAWSService":"false"}}}"#,
    ),
    (
        Rule::AnyNetwork,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}}"#,
        "/Statement/0/Condition/IpAddress/aws:SourceIp",
        r#"{"Effect":"Allow","Action":"sagemaker:ListApps","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}"#,
    ),
    (
        Rule::PresignAnyProfile,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:CreatePresigned*","Resource":"arn:aws:sagemaker:eu-west-1:111122223333:user-profile/*/*"}"#,
        "/Statement/0/Action/0",
        r#"{"Effect":"Allow","Action":"sagemaker:CreatePresigned*","Resource":"arn:aws:sagemaker:eu-west-1:111122223333:user-profile/${sagemaker:DomainId}/${sagemaker:UserProfileName}"}"#,
    ),
    (
        Rule::PresignFromAnywhere,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:CreatePresignedDomainUrl","Resource":"arn:aws:sagemaker:eu-west-1:111122223333:user-profile/d-abc/ana"}"#,
        "/Statement/0/Action/0",
        r#"{"Effect":"Allow","Action":"sagemaker:CreatePresignedDomainUrl","Resource":"arn:aws:sagemaker:eu-west-1:111122223333:user-profile/d-abc/ana"},
           {"Effect":"Deny","Action":"sagemaker:*","Resource":"*","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}}"#,
    ),
    (
        Rule::AppsOfOthers,
        Identity,
        r#"{"Effect":"Allow","Action":["sagemaker:DescribeApp","sagemaker:DeleteApp"],"Resource":"arn:aws:sagemaker:*:*:app/*"}"#,
        "/Statement/0/Action/1",
        r#"{"Effect":"Allow","Action":"sagemaker:DeleteApp","Resource":"arn:aws:sagemaker:*:*:app/*",
            "Condition":{"StringEquals":{"sagemaker:ResourceTag/Team":"a"}}}"#,
    ),
    (
        Rule::TaggingUnderminesAbac,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:AddTags","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/Team":"a"}}},
           {"Effect":"Allow","Action":"sagemaker:DeleteModel","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/Team":"a"}}}"#,
        "/Statement/0/Action/0",
        r#"{"Effect":"Allow","Action":"sagemaker:AddTags","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/Team":"a"}}},
           {"Effect":"Allow","Action":"sagemaker:DeleteModel","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/Team":"a"}}}"#,
    ),
    (
        Rule::UnconditionalTagging,
        Identity,
        r#"{"Effect":"Allow","Action":"sagemaker:DeleteTags","Resource":"*"}"#,
        "/Statement/0/Action/0",
        r#"{"Effect":"Allow","Action":"sagemaker:AddTags","Resource":"*","Condition":{"StringEquals":{"sagemaker:TaggingAction":"CreateSpace"}}}"#,
    ),
    (
        Rule::AllowsEverything,
        Identity,
        r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#,
        "/Statement/0/Action/0",
        r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#,
    ),
    (
        Rule::AllowsWholeService,
        Identity,
        r#"{"Effect":"Allow","Action":"glue:*","Resource":"*"}"#,
        "/Statement/0/Action/0",
        r#"{"Effect":"Allow","Action":"glue:Get*","Resource":"*"}"#,
    ),
    (
        Rule::PermissionsManagement,
        Identity,
        r#"{"Effect":"Allow","Action":["ecr:DescribeImages","ecr:Set*"],"Resource":"*"}"#,
        "/Statement/0/Action/1",
        r#"{"Effect":"Allow","Action":["ecr:DescribeImages","ecr:Set*"],"Resource":"arn:aws:ecr:eu-west-1:111122223333:repository/a"}"#,
    ),
    (
        Rule::AllowNotAction,
        Identity,
        r#"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#,
        "/Statement/0/NotAction",
        r#"{"Effect":"Deny","NotAction":"iam:*","Resource":"*"}"#,
    ),
    (
        Rule::AllowNotResource,
        Identity,
        r#"{"Effect":"Allow","Action":"s3:GetObject","NotResource":"arn:aws:s3:::b/*"}"#,
        "/Statement/0/NotResource",
        r#"{"Effect":"Deny","Action":"s3:GetObject","NotResource":"arn:aws:s3:::b/*"}"#,
    ),
    (
        Rule::AllowNotPrincipal,
        Resource,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","NotPrincipal":{"AWS":"111122223333"}}"#,
        "/Statement/0/NotPrincipal",
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Principal":{"AWS":"111122223333"}}"#,
    ),
    (
        Rule::DenyNotPrincipal,
        Resource,
        r#"{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","NotPrincipal":{"AWS":"111122223333"}}"#,
        "/Statement/0/NotPrincipal",
        r#"{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Principal":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/r"}}}"#,
    ),
    (
        Rule::PassroleAnyRole,
        Identity,
        r#"{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/*"}"#,
        "/Statement/0/Resource/0",
        r#"{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/studio/*"}"#,
    ),
    (
        Rule::PassroleWildcard,
        Identity,
        r#"{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/*AmazonSageMaker*"}"#,
        "/Statement/0/Resource/0",
        r#"{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/AmazonSageMaker"}"#,
    ),
    (
        Rule::PassroleAnyService,
        Identity,
        r#"{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/r"}"#,
        "/Statement/0/Action/0",
        r#"{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/r","Condition":{"StringEquals":{"iam:PassedToService":"sagemaker.amazonaws.com"}}}"#,
    ),
    (
        Rule::ForeignBuckets,
        Identity,
        r#"{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::*sagemaker*"}"#,
        "/Statement/0/Resource/0",
        r#"{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::*sagemaker*","Condition":{"StringEquals":{"aws:ResourceAccount":"111122223333"}}}"#,
    ),
    (
        Rule::MissingPrincipal,
        Trust,
        r#"{"Effect":"Allow","Action":"sts:AssumeRole"}"#,
        "/Statement/0",
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"111122223333"}}"#,
    ),
    (
        Rule::MisplacedPrincipal,
        Scp,
        r#"{"Effect":"Deny","Action":"s3:GetObject","Resource":"*","Principal":"*"}"#,
        "/Statement/0/Principal",
        r#"{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}"#,
    ),
    (
        Rule::PublicAccess,
        Resource,
        r#"{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*","Principal":"*"}"#,
        "/Statement/0/Principal",
        r#"{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*","Principal":"*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1"}}}"#,
    ),
    (
        Rule::PublicAccess,
        Trust,
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"},"Condition":{"StringEquals":{"sts:ExternalId":"7f1c"}}}"#,
        "/Statement/0/Principal",
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"},"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}"#,
    ),
    (
        Rule::ConfusedDeputy,
        Resource,
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*","Principal":{"Service":["events.amazonaws.com"]}}"#,
        "/Statement/0/Principal/Service/0",
        r#"{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*","Principal":{"Service":["events.amazonaws.com"]},"Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:events:eu-west-1:111122223333:rule/r"}}}"#,
    ),
    (
        Rule::ServiceTrustWithoutSource,
        Trust,
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"sagemaker.amazonaws.com"}}"#,
        "/Statement/0/Principal/Service/0",
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}"#,
    ),
    (
        Rule::FederatedWithoutCondition,
        Trust,
        r#"{"Effect":"Allow","Action":"sts:AssumeRoleWithSAML","Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/idp"}}"#,
        "/Statement/0/Principal/Federated/0",
        r#"{"Effect":"Allow","Action":"sts:AssumeRoleWithSAML","Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/idp"},"Condition":{"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}}}"#,
    ),
    (
        Rule::TrustAction,
        Trust,
        r#"{"Effect":"Allow","Action":["sts:AssumeRole","s3:GetObject"],"Principal":{"AWS":"111122223333"}}"#,
        "/Statement/0/Action/1",
        r#"{"Effect":"Allow","Action":["sts:AssumeRole","sts:SetSourceIdentity","sts:TagSession"],"Principal":{"AWS":"111122223333"}}"#,
    ),
    (
        Rule::ScpAllowsLess,
        Scp,
        r#"{"Effect":"Allow","Action":"sagemaker:*","Resource":"*"}"#,
        "/Statement/0/Effect",
        r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#,
    ),
    (
        Rule::RcpAllow,
        Rcp,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Principal":"*"}"#,
        "/Statement/0/Effect",
        r#"{"Effect":"Deny","Action":"s3:GetObject","Resource":"*","Principal":"*"}"#,
    ),
    (
        Rule::RcpElement,
        Rcp,
        r#"{"Effect":"Deny","Action":"s3:GetObject","Resource":"*","Principal":{"AWS":"111122223333"}}"#,
        "/Statement/0/Principal",
        r#"{"Effect":"Deny","Action":"s3:GetObject","Resource":"*","Principal":"*"}"#,
    ),
];

fn document(example: &str) -> Document {
    Document::parse(&text(example)).unwrap()
}

fn text(example: &str) -> String {
    let (version, statements) = match example.strip_prefix("VERSION ") {
        Some(rest) => rest.split_once(' ').unwrap(),
        None => ("2012", example),
    };
    let version = match version {
        "2012" => r#""Version":"2012-10-17","#,
        "2008" => r#""Version":"2008-10-17","#,
        _ => "",
    };
    format!("{{{version}\"Statement\":[{statements}]}}")
}

#[test]
fn every_rule_finds_its_example_where_it_stands_and_spares_what_is_right() {
    for (rule, kind, bad, pointer, good) in EXAMPLES {
        let found = lint(&document(bad), *kind);
        let places: Vec<_> = found.iter().filter(|f| f.rule == *rule).map(|f| &f.pointer).collect();
        assert_eq!(places, [pointer], "{} of {bad}: {found:#?}", rule.code());
        let found = lint(&document(good), *kind);
        let still: Vec<_> = found.iter().filter(|f| f.rule == *rule).collect();
        assert!(still.is_empty(), "{} of {good}: {still:#?}", rule.code());
    }
}

#[test]
fn every_rule_has_an_example() {
    let with: BTreeSet<Rule> = EXAMPLES.iter().map(|example| example.0).collect();
    let without: Vec<&str> =
        Rule::ALL.iter().filter(|rule| !with.contains(rule)).map(|rule| rule.code()).collect();
    // These have tests of their own; a document that is none never comes this far.
    assert_eq!(
        without,
        [
            "malformed-document",
            "too-large",
            "large",
            "sagemaker-full-access",
            "administrator-access",
            "full-access",
            "too-many-attachments",
        ]
    );
}

#[test]
fn every_finding_has_a_place() {
    for (rule, kind, bad, ..) in EXAMPLES {
        let source = crate::Source::parse(&text(bad)).unwrap();
        for finding in lint(source.document(), *kind) {
            assert!(
                source.place(&finding.pointer).is_some(),
                "{} {}",
                rule.code(),
                finding.pointer
            );
        }
    }
}

#[test]
fn what_goes_with_assuming_a_role_is_one_request() {
    let trust = r#"{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],
        "Principal":{"AWS":"111122223333"},"Condition":{"StringEquals":{"sts:ExternalId":"7f1c"},"StringLike":{"sts:RoleSessionName":"door-*"}}}"#;
    assert!(lint(&document(trust), Trust).is_empty());
}

#[test]
fn codes_are_distinct() {
    let codes: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.code()).collect();
    assert_eq!(codes.len(), Rule::ALL.len());
    assert!(codes.iter().all(|code| code.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
}

#[test]
fn sizes_are_those_of_the_kind() {
    let of = |count: usize| {
        let resources = (0..count).map(|n| format!("\"arn:aws:s3:::bucket-{n:04}/*\""));
        let list: Vec<String> = resources.collect();
        document(&format!(
            r#"{{"Effect":"Allow","Action":"s3:GetObject","Resource":[{}]}}"#,
            list.join(",")
        ))
    };
    let codes = |document: &Document, kind| -> Vec<&str> {
        lint(document, kind).iter().map(|f| f.rule.code()).collect()
    };
    let (small, middle, big) = (of(100), of(230), of(400));
    assert_eq!(
        (small.compact_len(), middle.compact_len(), big.compact_len()),
        (2_994, 6_764, 11_694)
    );
    assert_eq!(codes(&small, Identity), Vec::<&str>::new());
    assert_eq!(codes(&middle, Identity), ["large"]);
    assert_eq!(codes(&big, Identity), ["too-large"]);
    assert_eq!(codes(&middle, Boundary), ["too-large"]);
    assert_eq!(codes(&small, Kind::Session), ["too-large"]);
    assert_eq!(codes(&middle, Scp), ["too-large", "scp-allows-less"]);
}

#[test]
fn managed_policies_of_aws_are_judged_by_name() {
    let found = lint_attachments(&[
        "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess",
        "arn:aws:iam::aws:policy/AdministratorAccess",
        "arn:aws-cn:iam::aws:policy/AmazonS3FullAccess",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        "arn:aws:iam::111122223333:policy/AmazonSageMakerFullAccess",
    ]);
    let found: Vec<_> = found.iter().map(|f| (f.rule.code(), f.pointer.as_str())).collect();
    assert_eq!(
        found,
        [("sagemaker-full-access", "/0"), ("administrator-access", "/1"), ("full-access", "/2")]
    );
    let many = vec!["arn:aws:iam::111122223333:policy/p"; 11];
    let found: Vec<_> = lint_attachments(&many).iter().map(|f| f.rule.code()).collect();
    assert_eq!(found, ["too-many-attachments"]);
    assert!(lint_attachments(&many[..10]).is_empty());
}

#[test]
fn documents_in_force_together_answer_for_each_other() {
    let allow = document(
        r#"{"Effect":"Allow","Action":"sagemaker:CreatePresignedDomainUrl","Resource":"arn:aws:sagemaker:eu-west-1:111122223333:user-profile/d-abc/ana"}"#,
    );
    let deny = document(
        r#"{"Effect":"Deny","Action":"sagemaker:*","Resource":"*","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}}"#,
    );
    let codes = |found: &[Finding]| found.iter().map(|f| f.rule.code()).collect::<Vec<_>>();
    assert_eq!(codes(&lint(&allow, Identity)), ["presign-from-anywhere"]);
    let found = lint_all(&[(&allow, Identity), (&deny, Scp)]);
    assert_eq!(found.iter().map(|f| codes(f)).collect::<Vec<_>>(), [vec![], Vec::<&str>::new()]);

    let tagging = document(r#"{"Effect":"Allow","Action":"sagemaker:AddTags","Resource":"*"}"#);
    let by_tag = document(
        r#"{"Effect":"Allow","Action":"sagemaker:DeleteModel","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/Team":"a"}}}"#,
    );
    assert_eq!(codes(&lint(&tagging, Identity)), ["unconditional-tagging"]);
    let found = lint_all(&[(&tagging, Identity), (&by_tag, Identity)]);
    assert_eq!(codes(&found[0]), ["tagging-undermines-abac"]);
}

#[test]
fn conditions_that_an_action_cannot_meet_keep_it_out() {
    // Presigning carries no tags: `Create*` with a tag required does not reach it.
    let found = lint(
        &document(
            r#"{"Effect":"Allow","Action":"sagemaker:Create*","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/Team":"a"}}}"#,
        ),
        Identity,
    );
    let codes: Vec<_> = found.iter().map(|f| f.rule.code()).collect();
    assert_eq!(codes, ["key-partly-absent", "apps-of-others"]);
}

#[test]
fn what_resources_leave_out_is_not_given() {
    let codes = |text: &str, kind| -> Vec<&str> {
        lint(&document(text), kind).iter().map(|f| f.rule.code()).collect()
    };
    let all_but_profiles = r#"{"Effect":"Allow","Action":"sagemaker:*",
        "NotResource":["arn:aws:sagemaker:*:*:user-profile/*","arn:aws:sagemaker:*:*:app/*","arn:aws:sagemaker:*:*:space/*"]}"#;
    assert_eq!(codes(all_but_profiles, Identity), ["allow-not-resource"]);
    let only_models =
        r#"{"Effect":"Allow","Action":"sagemaker:*","Resource":"arn:aws:sagemaker:*:*:model/*"}"#;
    assert_eq!(codes(only_models, Identity), ["partly-needs-any-resource"]);
}

#[test]
fn in_the_policy_of_a_resource_everything_is_that_resource() {
    let key = r#"{"Effect":"Allow","Action":"kms:*","Resource":"*","Principal":{"AWS":"arn:aws:iam::111122223333:root"}}"#;
    assert!(lint(&document(key), Resource).is_empty());
}

#[test]
fn a_perimeter_that_spares_the_own_organization_spares_its_endpoints() {
    let bucket = r#"{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Principal":"*",
        "Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"},"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}"#;
    assert!(lint(&document(bucket), Resource).is_empty());
}

#[test]
fn messages_name_what_is_meant() {
    let message = |text: &str, kind| lint(&document(text), kind)[0].message.clone();
    assert_eq!(
        message(
            r#"{"Effect":"Allow","Action":"sagemaker:DescribeUserprofiles","Resource":"*"}"#,
            Identity
        ),
        "`sagemaker` has no action `DescribeUserprofiles`: did you mean `sagemaker:DescribeUserProfile`?"
    );
    assert_eq!(
        message(r#"{"Effect":"Allow","Action":"s3:Frobnicate","Resource":"*"}"#, Identity),
        "`s3` has no action `Frobnicate`"
    );
    assert_eq!(
        message(
            r#"{"Effect":"Deny","Action":"iam:GetRole","Resource":"*","Condition":{"StringNotEquals":{"sagemaker:InstanceTypes":"a"}}}"#,
            Identity
        ),
        "`sagemaker:InstanceTypes` can have several values"
    );
    assert_eq!(
        message(
            r#"{"Effect":"Deny","Action":"iam:GetRole","Resource":"*","Condition":{"StringNotEquals":{"iam:PassedToService":"a"}}}"#,
            Identity
        ),
        "requests of `iam:GetRole` never carry `iam:PassedToService`: for them this asks nothing, and denies"
    );
}

#[test]
fn the_reference_page_has_a_row_for_each_rule() {
    let page = reference();
    let rows = page.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, Rule::ALL.len());
    assert!(page.contains(
        "| `passrole-any-role` | error | `iam:PassRole` for every role of the account. |"
    ));
}

#[test]
fn a_space_before_the_default_of_a_variable_is_the_languages_own() {
    let with = |resource: &str| {
        let statement =
            Statement::allow("A").actions(["sagemaker:CreateApp"]).resources([resource]);
        let findings = lint(&Document::new([statement]), Kind::Identity);
        findings.iter().any(|finding| finding.rule.code() == "whitespace")
    };
    let app =
        |profile: &str| format!("arn:aws:sagemaker:eu-west-1:111122223333:app/d-x/{profile}/*");
    assert!(!with(&app("${sagemaker:UserProfileName, '-'}")));
    assert!(with(&app("${sagemaker:UserProfileName, '-'} ")));
    assert!(with(&app("a b")));
    assert!(with(&app("${sagemaker:UserProfileName, '-'")));
}
