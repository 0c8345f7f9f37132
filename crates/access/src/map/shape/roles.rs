//! What execution roles may use: keys that a persona has, and a team in the place of its persona's.

use super::{Default, Record, Required, Rule, Shape, field};
use crate::map::format;

/// Fields, and after them those of execution roles.
macro_rules! with_role_settings {
    ($($field:expr),* $(,)?) => {
        &[
            $($field,)*
            field(
                "buckets",
                Optional,
                &Shape::List(&Shape::Text(&format::BUCKET)),
                "The S3 buckets that the roles may use. A pattern means buckets of the role's account; one of \
                 another account is given by its name. A team's take the place of its persona's.",
            ),
            field(
                "repositories",
                Optional,
                &Shape::List(&Shape::Text(&format::REPOSITORY)),
                "The ECR repositories whose images the roles may pull (`access-aws-services`). A team's take \
                 the place of its persona's.",
            ),
            field(
                "kms_keys",
                Optional,
                &Shape::Record(&roles::KEYS),
                "KMS keys. Where there are some, what the roles start must use them. A team's take the place \
                 of its persona's.",
            ),
            field(
                "vpc",
                Optional,
                &Shape::Record(&roles::SUBNETS),
                "Where the roles run jobs and models, and nowhere else; absent: anywhere. A team's takes the \
                 place of its persona's.",
            ),
            field(
                "instance_types",
                Optional,
                &Shape::List(&Shape::Text(&format::INSTANCE_TYPE)),
                "The instance types that the roles may use; absent or empty: any. A team's take the place of \
                 its persona's.",
            ),
            field(
                "workgroups",
                Optional,
                &Shape::List(&Shape::Text(&format::WORKGROUP)),
                "The Athena workgroups that the roles may use (`query-athena`). A team's take the place of its \
                 persona's.",
            ),
            field(
                "databases",
                Optional,
                &Shape::List(&Shape::Text(&format::DATABASE)),
                "The Glue databases whose tables the roles may search (`manage-glue-tables`). A team's take \
                 the place of its persona's.",
            ),
            field(
                "boundary",
                Optional,
                &Shape::Text(&format::BOUNDARY),
                "The permissions boundary of the roles. A team's takes the place of its persona's.",
            ),
        ]
    };
}
pub(super) use with_role_settings;

pub(super) static KEYS: Record = Record {
    title: "KMS keys",
    rule: Rule::EachField,
    fields: &[
        field(
            "data",
            Default("[]"),
            &Shape::List(&Shape::Text(&format::KMS_KEY)),
            "For what is in S3.",
        ),
        field(
            "volumes",
            Default("[]"),
            &Shape::List(&Shape::Text(&format::KMS_KEY)),
            "For the volumes of instances.",
        ),
    ],
};

pub(super) static SUBNETS: Record = Record {
    title: "VPC",
    rule: Rule::EachField,
    fields: &[
        field("subnets", Required, &Shape::List(&Shape::Text(&format::SUBNET)), "Its subnets."),
        field(
            "security_groups",
            Required,
            &Shape::List(&Shape::Text(&format::SECURITY_GROUP)),
            "Its security groups.",
        ),
    ],
};
