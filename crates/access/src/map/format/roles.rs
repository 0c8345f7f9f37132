//! The forms of what execution roles may use.

use super::{Complaint, Format, TAG_KEY, when};
use crate::map::template::{self, ROLE_PLACEHOLDERS};
use crate::observed::TAG_TEAM;

/// Checks the placeholders, and what stands around them.
fn around(text: &str, good: impl Fn(u8) -> bool) -> Result<(), Complaint> {
    template::check(text, &ROLE_PLACEHOLDERS)?;
    let plain = template::fill(text, |_| Some(String::new())).unwrap_or_default();
    when(plain.bytes().all(good))
}

/// An ARN of this service whose resource begins so, with placeholders anywhere.
fn arn(text: &str, service: &str, resource: &str) -> Result<(), Complaint> {
    template::check(text, &ROLE_PLACEHOLDERS)?;
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let valid = matches!(parts.as_slice(), ["arn", partition, found, _, _, rest]
        if partition.starts_with("aws") && *found == service && rest.starts_with(resource)
            && rest.len() > resource.len());
    when(valid && text.bytes().all(|b| b.is_ascii_graphic()))
}

/// An id of EC2's: a prefix and up to 17 hexadecimal digits.
fn ec2_id(text: &str, prefix: &str) -> Result<(), Complaint> {
    when(text.strip_prefix(prefix).is_some_and(|id| {
        (1..=17).contains(&id.len()) && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    }))
}

pub(in crate::map) static BUCKET: Format = Format {
    expected: "an S3 bucket name, in which `*` and `?` are wildcards and `{account_id}`, \
               `{domain}`, `{persona}`, `{region}` and `{team}` are filled in",
    pattern: Some("^[a-z0-9.*?_{}-]{1,128}$"),
    length: Some((1, 128)),
    example: "{team}-*",
    check: |text| {
        around(text, |b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'*' | b'?' | b'-')
        })
    },
};

pub(in crate::map) static REPOSITORY: Format = Format {
    expected: "the name or the ARN of an ECR repository, in which `*` is a wildcard and \
               `{account_id}`, `{domain}`, `{persona}`, `{region}` and `{team}` are filled in",
    pattern: Some("^[a-z0-9._/:*{}-]{1,512}$"),
    length: Some((1, 512)),
    example: "{team}/*",
    check: |text| {
        if text.starts_with("arn:") {
            return arn(text, "ecr", "repository/");
        }
        around(text, |b| {
            b.is_ascii_lowercase()
                || b.is_ascii_digit()
                || matches!(b, b'.' | b'_' | b'/' | b'*' | b'-')
        })
    },
};

pub(in crate::map) static KMS_KEY: Format = Format {
    expected: "the ARN of a KMS key, in which `{account_id}`, `{domain}`, `{persona}`, `{region}` \
               and `{team}` are filled in",
    pattern: Some("^arn:aws[^:]*:kms:[^:]*:[^:]*:key/[!-~]+$"),
    length: Some((1, 2048)),
    example: "arn:aws:kms:{region}:{account_id}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    check: |text| {
        let wildcard = text.contains(['*', '?']);
        arn(text, "kms", "key/").and_then(|()| when(!wildcard))
    },
};

pub(in crate::map) static SUBNET: Format = Format {
    expected: "the id of a subnet (`subnet-` and up to 17 hexadecimal digits)",
    pattern: Some("^subnet-[0-9a-f]{1,17}$"),
    length: None,
    example: "subnet-0abc",
    check: |text| ec2_id(text, "subnet-"),
};

pub(in crate::map) static SECURITY_GROUP: Format = Format {
    expected: "the id of a security group (`sg-` and up to 17 hexadecimal digits)",
    pattern: Some("^sg-[0-9a-f]{1,17}$"),
    length: None,
    example: "sg-0abc",
    check: |text| ec2_id(text, "sg-"),
};

pub(in crate::map) static INSTANCE_TYPE: Format = Format {
    expected: "an instance type (`ml.` and its name), in which `*` and `?` are wildcards",
    pattern: Some("^ml\\.[a-z0-9.*?-]{1,60}$"),
    length: None,
    example: "ml.t3.*",
    check: |text| {
        when(text.strip_prefix("ml.").is_some_and(|name| {
            (1..=60).contains(&name.len())
                && name.bytes().all(|b| {
                    b.is_ascii_lowercase()
                        || b.is_ascii_digit()
                        || matches!(b, b'.' | b'*' | b'?' | b'-')
                })
        }))
    },
};

pub(in crate::map) static WORKGROUP: Format = Format {
    expected: "the name of an Athena workgroup, in which `{account_id}`, `{domain}`, `{persona}`, \
               `{region}` and `{team}` are filled in",
    pattern: Some("^[A-Za-z0-9._{}-]{1,128}$"),
    length: Some((1, 128)),
    example: "{team}",
    check: |text| around(text, |b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')),
};

pub(in crate::map) static DATABASE: Format = Format {
    expected: "the name of a Glue database, in which `{account_id}`, `{domain}`, `{persona}`, \
               `{region}` and `{team}` are filled in",
    pattern: Some("^[a-z0-9_{}-]{1,255}$"),
    length: Some((1, 255)),
    example: "{team}_features",
    check: |text| {
        around(text, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
    },
};

pub(in crate::map) static BOUNDARY: Format = Format {
    expected: "the ARN of a managed policy, in which `{account_id}`, `{domain}`, `{persona}`, \
               `{region}` and `{team}` are filled in",
    pattern: Some("^arn:aws[^:]*:iam::[^:]*:policy/[!-~]+$"),
    length: Some((1, 2048)),
    example: "arn:aws:iam::{account_id}:policy/studio-boundary",
    check: |text| {
        let wildcard = text.contains(['*', '?']);
        arn(text, "iam", "policy/").and_then(|()| when(!wildcard))
    },
};

pub(in crate::map) static TEAM_TAG: Format = Format {
    expected: TAG_KEY.expected,
    pattern: None,
    length: TAG_KEY.length,
    example: "Team",
    // Stagedoor's own tag of the team is the default.
    check: |text| if text == TAG_TEAM { Ok(()) } else { (TAG_KEY.check)(text) },
};
