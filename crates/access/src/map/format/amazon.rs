//! The forms of AWS's own ids and ARNs that a map holds and nothing parses further.

use super::{Format, when};

pub(in crate::map) static VPCE: Format = Format {
    expected: "the id of a VPC endpoint (`vpce-` and up to 17 hexadecimal digits)",
    pattern: Some("^vpce-[0-9a-f]{1,17}$"),
    length: None,
    example: "vpce-0abc",
    check: |text| when(numbered(text, "vpce-")),
};

pub(in crate::map) static VPC: Format = Format {
    expected: "the id of a VPC (`vpc-` and up to 17 hexadecimal digits)",
    pattern: Some("^vpc-[0-9a-f]{1,17}$"),
    length: None,
    example: "vpc-0abc",
    check: |text| when(numbered(text, "vpc-")),
};

pub(in crate::map) static ORGANIZATION: Format = Format {
    expected: "the id of an organization (`o-` and 10 to 32 letters or digits)",
    pattern: Some("^o-[a-z0-9]{10,32}$"),
    length: None,
    example: "o-exampleorgid",
    check: |text| {
        when(text.strip_prefix("o-").is_some_and(|id| {
            (10..=32).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        }))
    },
};

pub(in crate::map) static QUEUE_ARN: Format = Format {
    expected: "the ARN of an SQS queue",
    pattern: Some("^arn:aws[^:]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]+$"),
    length: None,
    example: "arn:aws:sqs:eu-west-1:111122223333:stagedoor-events",
    check: |text| when(arn(text, "sqs", |name| name.bytes().all(|b| word(b) || b == b'.'))),
};

pub(in crate::map) static SECRET_ARN: Format = Format {
    expected: "the ARN of a secret of Secrets Manager",
    pattern: Some("^arn:aws[^:]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9_/+=.@-]+$"),
    length: None,
    example: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:stagedoor-a1b2c3",
    check: |text| {
        when(arn(text, "secretsmanager", |what| {
            what.strip_prefix("secret:").is_some_and(|name| {
                !name.is_empty() && name.bytes().all(|b| word(b) || b"/+=.@".contains(&b))
            })
        }))
    },
};

pub(in crate::map) static PARAMETER_ARN: Format = Format {
    expected: "the ARN of a parameter of Parameter Store",
    pattern: Some("^arn:aws[^:]*:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9_./-]+$"),
    length: None,
    example: "arn:aws:ssm:eu-west-1:111122223333:parameter/stagedoor/sp-key",
    check: |text| {
        when(arn(text, "ssm", |what| {
            what.strip_prefix("parameter/").is_some_and(|name| {
                !name.is_empty() && name.bytes().all(|b| word(b) || b"./".contains(&b))
            })
        }))
    },
};

pub(in crate::map) static TABLE_ARN: Format = Format {
    expected: "the ARN of a DynamoDB table",
    pattern: Some("^arn:aws[^:]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9_.-]{3,255}$"),
    length: None,
    example: "arn:aws:dynamodb:eu-west-1:111122223333:table/stagedoor",
    check: |text| {
        when(arn(text, "dynamodb", |what| {
            what.strip_prefix("table/").is_some_and(|name| {
                (3..=255).contains(&name.len()) && name.bytes().all(|b| word(b) || b == b'.')
            })
        }))
    },
};

pub(in crate::map) static KEY_ARN: Format = Format {
    expected: "the ARN of a KMS key",
    pattern: Some("^arn:aws[^:]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$"),
    length: None,
    example: "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    check: |text| {
        when(arn(text, "kms", |what| {
            what.strip_prefix("key/").is_some_and(|id| {
                !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            })
        }))
    },
};

pub(in crate::map) static CHECKPOINTS: Format = Format {
    expected: "a bucket with a prefix (`s3://BUCKET/PREFIX`)",
    pattern: Some("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.-]+)*$"),
    length: None,
    example: "s3://my-audit/stagedoor",
    check: |text| {
        let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        when(text.strip_prefix("s3://").is_some_and(|rest| {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, "x"));
            let bytes = bucket.as_bytes();
            (3..=63).contains(&bytes.len())
                && edge(bytes.first().copied())
                && edge(bytes.last().copied())
                && bytes.iter().all(|b| edge(Some(*b)) || b".-".contains(b))
                && prefix
                    .split('/')
                    .all(|part| !part.is_empty() && part.bytes().all(|b| word(b) || b == b'.'))
        }))
    },
};

pub(in crate::map) static APPLICATION_ARN: Format = Format {
    expected: "the ARN of an Identity Center application",
    pattern: Some("^arn:aws[^:]*:sso::[0-9]{12}:application/[A-Za-z0-9-]+/[A-Za-z0-9-]+$"),
    length: None,
    example: "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
    check: |text| {
        let id = |id: &str| !id.is_empty() && id.bytes().all(|b| word(b) && b != b'_');
        when(arn(text, "sso", |what| {
            what.strip_prefix("application/")
                .and_then(|ids| ids.split_once('/'))
                .is_some_and(|(instance, application)| id(instance) && id(application))
        }))
    },
};

fn numbered(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|id| {
        (1..=17).contains(&id.len()) && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Whether the text is an ARN of the service, with an account, and of something that will do.
fn arn(text: &str, service: &str, what: impl Fn(&str) -> bool) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [prefix, partition, of, region, account, resource] = parts.as_slice() else {
        return false;
    };
    let regional = !region.is_empty()
        && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    *prefix == "arn"
        && partition.starts_with("aws")
        && *of == service
        && (if service == "sso" { region.is_empty() } else { regional })
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && !resource.is_empty()
        && what(resource)
}
