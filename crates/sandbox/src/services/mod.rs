//! The services which are simulated, each a table of operations.

pub(crate) mod ec2;
pub(crate) mod iam;
pub(crate) mod identity_store;
pub(crate) mod kms;
pub(crate) mod parameters;
pub(crate) mod quotas;
pub(crate) mod s3;
pub(crate) mod sagemaker;
pub(crate) mod secrets;
pub(crate) mod sqs;
pub(crate) mod sso_admin;
pub(crate) mod sts;
pub(crate) mod trust;

use crate::call::Operation;

/// How a service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// `application/x-amz-json-<version>` and an `X-Amz-Target` header.
    Json { version: &'static str, target: &'static str },
    /// A form in, XML out, in this name space.
    Query { namespace: &'static str },
    /// EC2's own dialect of it: lists are `Name.1` and `item`, results have no element of their own.
    Ec2 { namespace: &'static str },
}

/// A service: its signing name, its protocol, its operations.
#[derive(Debug)]
pub(crate) struct Service {
    /// Signing name, and the prefix of its IAM actions.
    pub(crate) name: &'static str,
    /// The name of its model in botocore.
    pub(crate) model: &'static str,
    pub(crate) protocol: Protocol,
    pub(crate) operations: &'static [&'static [Operation]],
    /// Whether its errors say `Message` rather than `message`.
    pub(crate) capital_message: bool,
}

impl Service {
    pub(crate) fn operation(&self, name: &str) -> Option<&'static Operation> {
        self.operations.iter().copied().flatten().find(|operation| operation.name == name)
    }

    pub(crate) fn is_query(&self) -> bool {
        matches!(self.protocol, Protocol::Query { .. } | Protocol::Ec2 { .. })
    }
}

/// All of them.
pub(crate) const SERVICES: &[Service] = &[
    Service {
        name: "sagemaker",
        model: "sagemaker",
        protocol: Protocol::Json { version: "1.1", target: "SageMaker" },
        operations: sagemaker::OPERATIONS,
        capital_message: true,
    },
    Service {
        name: "identitystore",
        model: "identitystore",
        protocol: Protocol::Json { version: "1.1", target: "AWSIdentityStore" },
        operations: identity_store::OPERATIONS,
        capital_message: true,
    },
    Service {
        name: "sso",
        model: "sso-admin",
        protocol: Protocol::Json { version: "1.1", target: "SWBExternalService" },
        operations: &[sso_admin::OPERATIONS],
        capital_message: true,
    },
    Service {
        name: "sts",
        model: "sts",
        protocol: Protocol::Query { namespace: "https://sts.amazonaws.com/doc/2011-06-15/" },
        operations: &[sts::OPERATIONS],
        capital_message: true,
    },
    Service {
        name: "iam",
        model: "iam",
        protocol: Protocol::Query { namespace: "https://iam.amazonaws.com/doc/2010-05-08/" },
        operations: iam::OPERATIONS,
        capital_message: true,
    },
    Service {
        name: "ec2",
        model: "ec2",
        protocol: Protocol::Ec2 { namespace: "http://ec2.amazonaws.com/doc/2016-11-15/" },
        operations: &[ec2::OPERATIONS],
        capital_message: true,
    },
    Service {
        name: "kms",
        model: "kms",
        protocol: Protocol::Json { version: "1.1", target: "TrentService" },
        operations: &[kms::OPERATIONS],
        capital_message: false,
    },
    Service {
        name: "servicequotas",
        model: "service-quotas",
        protocol: Protocol::Json { version: "1.1", target: "ServiceQuotasV20190624" },
        operations: &[quotas::OPERATIONS],
        capital_message: true,
    },
    Service {
        name: "secretsmanager",
        model: "secretsmanager",
        protocol: Protocol::Json { version: "1.1", target: "secretsmanager" },
        operations: &[secrets::OPERATIONS],
        capital_message: true,
    },
    Service {
        name: "ssm",
        model: "ssm",
        protocol: Protocol::Json { version: "1.1", target: "AmazonSSM" },
        operations: &[parameters::OPERATIONS],
        capital_message: false,
    },
    Service {
        name: "sqs",
        model: "sqs",
        protocol: Protocol::Json { version: "1.0", target: "AmazonSQS" },
        operations: &[sqs::OPERATIONS],
        capital_message: false,
    },
];
