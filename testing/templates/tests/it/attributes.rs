//! What `Ref` and `Fn::GetAtt` give for each type of resource, with made-up ids.

use serde_json::{Map, Value, json};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-west-1";

/// The property that names a resource of the type.
pub(crate) fn name_property(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "AWS::SQS::Queue" => "QueueName",
        "AWS::DynamoDB::Table" => "TableName",
        "AWS::Lambda::Function" => "FunctionName",
        "AWS::IAM::Role" => "RoleName",
        "AWS::IAM::ManagedPolicy" => "ManagedPolicyName",
        "AWS::Events::Rule" | "AWS::Scheduler::Schedule" => "Name",
        "AWS::SNS::Topic" => "TopicName",
        "AWS::Logs::LogGroup" => "LogGroupName",
        "AWS::KMS::Alias" => "AliasName",
        "AWS::ApiGateway::Stage" | "AWS::ApiGatewayV2::Stage" => "StageName",
        "AWS::ApiGateway::DomainName"
        | "AWS::ApiGateway::DomainNameV2"
        | "AWS::ApiGatewayV2::DomainName" => "DomainName",
        _ => return None,
    })
}

/// What `Ref` gives, for a resource called `name`.
pub(crate) fn reference(kind: &str, id: &str, name: &str) -> String {
    match kind {
        "AWS::SQS::Queue" => format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"),
        "AWS::SNS::Topic" | "AWS::IAM::ManagedPolicy" | "AWS::ApiGateway::DomainNameV2" => {
            arn(kind, id, name)
        }
        "AWS::EC2::VPC" => hexadecimal("vpc", id),
        "AWS::EC2::Subnet" => hexadecimal("subnet", id),
        "AWS::EC2::VPCEndpoint" => hexadecimal("vpce", id),
        "AWS::EC2::SecurityGroup" => hexadecimal("sg", id),
        kind if name_property(kind).is_some() => name.to_owned(),
        _ => id.to_lowercase(),
    }
}

fn hexadecimal(prefix: &str, id: &str) -> String {
    let digits = id.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    format!("{prefix}-{digits:017x}").chars().take(prefix.len() + 18).collect()
}

/// What `Fn::GetAtt` gives; `None` if the type has no such attribute.
pub(crate) fn attribute(
    kind: &str,
    id: &str,
    name: &str,
    attribute: &str,
    _properties: &Map<String, Value>,
) -> Option<Value> {
    Some(match (kind, attribute) {
        (
            "AWS::SQS::Queue"
            | "AWS::DynamoDB::Table"
            | "AWS::Lambda::Function"
            | "AWS::IAM::Role"
            | "AWS::KMS::Key"
            | "AWS::Events::Rule"
            | "AWS::Scheduler::Schedule"
            | "AWS::Logs::LogGroup"
            | "AWS::S3::Bucket",
            "Arn",
        )
        | ("AWS::ApiGateway::DomainNameV2", "DomainNameArn") => arn(kind, id, name).into(),
        ("AWS::SQS::Queue", "QueueName") | ("AWS::SNS::Topic", "TopicName") => name.into(),
        ("AWS::ApiGateway::RestApi", "RootResourceId") => {
            format!("{}root", id.to_lowercase()).into()
        }
        ("AWS::EC2::VPCEndpoint", "DnsEntries") => json!([format!(
            "Z7HUB22UULQXV:{}.execute-api.{REGION}.vpce.amazonaws.com",
            hexadecimal("vpce", id)
        )]),
        (
            "AWS::ApiGateway::DomainName" | "AWS::ApiGatewayV2::DomainName",
            "RegionalDomainName" | "RegionalHostedZoneId",
        ) => format!("{}-{attribute}", id.to_lowercase()).into(),
        ("AWS::EC2::EIP", "AllocationId") => "eipalloc-0".into(),
        ("AWS::SageMaker::Domain", "HomeEfsFileSystemId") => "fs-0".into(),
        _ => return None,
    })
}

fn arn(kind: &str, id: &str, name: &str) -> String {
    let of = |service: &str, resource: &str| {
        format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}{name}")
    };
    match kind {
        "AWS::SQS::Queue" => of("sqs", ""),
        "AWS::SNS::Topic" => of("sns", ""),
        "AWS::DynamoDB::Table" => of("dynamodb", "table/"),
        "AWS::Lambda::Function" => of("lambda", "function:"),
        "AWS::Events::Rule" => of("events", "rule/"),
        "AWS::Scheduler::Schedule" => of("scheduler", "schedule/default/"),
        "AWS::Logs::LogGroup" => format!("{}:*", of("logs", "log-group:")),
        "AWS::S3::Bucket" => format!("arn:aws:s3:::{}", id.to_lowercase()),
        "AWS::IAM::Role" => format!("arn:aws:iam::{ACCOUNT}:role/{name}"),
        "AWS::IAM::ManagedPolicy" => format!("arn:aws:iam::{ACCOUNT}:policy/{name}"),
        "AWS::ApiGateway::DomainNameV2" => of("apigateway", "/domainnames/"),
        _ => format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{}", id.to_lowercase()),
    }
}
