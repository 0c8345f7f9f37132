//! Where a service answers: AWS's endpoint rules for the services of this client.
//!
//! The rules and the table of partitions are those of AWS's endpoint rule sets; a contract test
//! holds them against botocore's.

use access::ids::partition_of;

/// A service that this client speaks to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// `SageMaker`.
    SageMaker,
    /// Service Quotas.
    ServiceQuotas,
    /// Secrets Manager.
    SecretsManager,
    /// EC2.
    Ec2,
    /// KMS.
    Kms,
    /// Systems Manager.
    Ssm,
    /// S3, with the bucket in the path.
    S3,
    /// IAM, which has one endpoint for a whole partition.
    Iam,
}

impl Service {
    /// AWS's service id; names the `AWS_ENDPOINT_URL_…` variable and the profile section.
    pub const fn id(self) -> &'static str {
        match self {
            Self::SageMaker => "SageMaker",
            Self::ServiceQuotas => "Service Quotas",
            Self::SecretsManager => "Secrets Manager",
            Self::Ec2 => "EC2",
            Self::Kms => "KMS",
            Self::Ssm => "SSM",
            Self::S3 => "S3",
            Self::Iam => "IAM",
        }
    }

    /// The name requests are signed for; also how AWS's own tools call the service.
    pub const fn signing_name(self) -> &'static str {
        match self {
            Self::SageMaker => "sagemaker",
            Self::ServiceQuotas => "servicequotas",
            Self::SecretsManager => "secretsmanager",
            Self::Ec2 => "ec2",
            Self::Kms => "kms",
            Self::Ssm => "ssm",
            Self::S3 => "s3",
            Self::Iam => "iam",
        }
    }
}

/// Where to send a request and how to sign it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Scheme, host and port.
    pub url: String,
    /// The Region of the signature.
    pub signing_region: String,
    /// Whether configuration names the endpoint, rather than AWS's rules.
    pub overridden: bool,
}

/// A partition: Regions that share a DNS suffix and an IAM.
struct Partition {
    /// Its name in ARNs.
    name: &'static str,
    dns: &'static str,
    dual_stack_dns: &'static str,
    /// Hosts of IAM: plain, FIPS, dual-stack, FIPS and dual-stack.
    iam: [&'static str; 4],
    iam_region: &'static str,
    /// Whether `SageMaker`'s FIPS hosts start with `api-fips.sagemaker`.
    fips_host_first: bool,
    /// Whether plain hosts of Service Quotas, Systems Manager and EC2 are their FIPS hosts.
    plain_is_fips: bool,
}

const STANDARD: Partition = Partition {
    name: "aws",
    dns: "amazonaws.com",
    dual_stack_dns: "api.aws",
    iam: [
        "iam.amazonaws.com",
        "iam-fips.amazonaws.com",
        "iam.global.api.aws",
        "iam-fips.global.api.aws",
    ],
    iam_region: "us-east-1",
    fips_host_first: true,
    plain_is_fips: false,
};

const OTHERS: [Partition; 7] = [
    Partition {
        name: "aws-cn",
        dns: "amazonaws.com.cn",
        dual_stack_dns: "api.amazonwebservices.com.cn",
        iam: [
            "iam.cn-north-1.amazonaws.com.cn",
            "iam-fips.amazonaws.com.cn",
            "iam.global.api.amazonwebservices.com.cn",
            "iam-fips.api.amazonwebservices.com.cn",
        ],
        iam_region: "cn-north-1",
        fips_host_first: false,
        plain_is_fips: false,
    },
    Partition {
        name: "aws-us-gov",
        dns: "amazonaws.com",
        dual_stack_dns: "api.aws",
        iam: [
            "iam.us-gov.amazonaws.com",
            "iam.us-gov.amazonaws.com",
            "iam.us-gov.api.aws",
            "iam.us-gov.api.aws",
        ],
        iam_region: "us-gov-west-1",
        fips_host_first: true,
        plain_is_fips: true,
    },
    Partition {
        name: "aws-eusc",
        dns: "amazonaws.eu",
        dual_stack_dns: "api.amazonwebservices.eu",
        iam: [
            "iam.eusc-de-east-1.amazonaws.eu",
            "iam-fips.amazonaws.eu",
            "iam.global.api.amazonwebservices.eu",
            "iam-fips.api.amazonwebservices.eu",
        ],
        iam_region: "eusc-de-east-1",
        fips_host_first: false,
        plain_is_fips: false,
    },
    Partition {
        name: "aws-iso",
        dns: "c2s.ic.gov",
        dual_stack_dns: "api.aws.ic.gov",
        iam: [
            "iam.us-iso-east-1.c2s.ic.gov",
            "iam-fips.us-iso-east-1.c2s.ic.gov",
            "iam.api.aws.ic.gov",
            "iam-fips.api.aws.ic.gov",
        ],
        iam_region: "us-iso-east-1",
        fips_host_first: false,
        plain_is_fips: false,
    },
    Partition {
        name: "aws-iso-b",
        dns: "sc2s.sgov.gov",
        dual_stack_dns: "api.aws.scloud",
        iam: [
            "iam.us-isob-east-1.sc2s.sgov.gov",
            "iam-fips.us-isob-east-1.sc2s.sgov.gov",
            "iam.api.aws.scloud",
            "iam-fips.api.aws.scloud",
        ],
        iam_region: "us-isob-east-1",
        fips_host_first: false,
        plain_is_fips: false,
    },
    Partition {
        name: "aws-iso-e",
        dns: "cloud.adc-e.uk",
        dual_stack_dns: "api.cloud-aws.adc-e.uk",
        iam: [
            "iam.eu-isoe-west-1.cloud.adc-e.uk",
            "iam-fips.cloud.adc-e.uk",
            "iam.api.cloud-aws.adc-e.uk",
            "iam-fips.api.cloud-aws.adc-e.uk",
        ],
        iam_region: "eu-isoe-west-1",
        fips_host_first: false,
        plain_is_fips: false,
    },
    Partition {
        name: "aws-iso-f",
        dns: "csp.hci.ic.gov",
        dual_stack_dns: "api.aws.hci.ic.gov",
        iam: [
            "iam.us-isof-south-1.csp.hci.ic.gov",
            "iam-fips.csp.hci.ic.gov",
            "iam.api.aws.hci.ic.gov",
            "iam-fips.api.aws.hci.ic.gov",
        ],
        iam_region: "us-isof-south-1",
        fips_host_first: false,
        plain_is_fips: false,
    },
];

fn partition(region: &str) -> &'static Partition {
    let name = partition_of(region);
    OTHERS.iter().find(|p| p.name == name).unwrap_or(&STANDARD)
}

/// Whether a URL leads to AWS: its host is in a domain of one of the partitions.
pub(crate) fn is_of_aws(url: &str) -> bool {
    let Ok(url) = url.parse::<http::Uri>() else { return false };
    let Some(host) = url.host() else { return false };
    let domains = OTHERS.iter().chain([&STANDARD]).flat_map(|p| [p.dns, p.dual_stack_dns]);
    domains.filter_map(|domain| host.strip_suffix(domain)).any(|name| name.ends_with('.'))
}

/// Finds the endpoint of a service.
///
/// `custom` is the URL that configuration names, if any; like AWS's own clients, it cannot be
/// combined with FIPS or dual-stack. The error is a sentence about the configuration.
pub fn resolve(
    service: Service,
    region: &str,
    fips: bool,
    dual_stack: bool,
    custom: Option<&str>,
) -> Result<Endpoint, String> {
    let partition = partition(region);
    let signing_region = match service {
        Service::Iam => partition.iam_region.to_owned(),
        _ => region.to_owned(),
    };
    if let Some(url) = custom {
        if fips || dual_stack {
            return Err("FIPS or dual-stack endpoints and an endpoint URL exclude each other; \
                        unset one of them"
                .to_owned());
        }
        return Ok(Endpoint { url: url.to_owned(), signing_region, overridden: true });
    }
    let suffix = if dual_stack { partition.dual_stack_dns } else { partition.dns };
    let host = match service {
        Service::SageMaker => match (fips, dual_stack) {
            (false, _) => format!("api.sagemaker.{region}.{suffix}"),
            (true, false) if partition.fips_host_first => {
                format!("api-fips.sagemaker.{region}.{suffix}")
            }
            (true, _) => format!("api.sagemaker-fips.{region}.{suffix}"),
        },
        Service::ServiceQuotas | Service::Ssm => {
            let name = service.signing_name();
            match (fips, dual_stack) {
                (true, false) if partition.plain_is_fips => format!("{name}.{region}.{suffix}"),
                (true, _) => format!("{name}-fips.{region}.{suffix}"),
                (false, _) => format!("{name}.{region}.{suffix}"),
            }
        }
        Service::SecretsManager => {
            // The plain hosts of these partitions speak IPv6 as well, and the rules name no others.
            let suffix = match (partition.dns, fips) {
                ("amazonaws.com", _) | ("amazonaws.com.cn", false) => partition.dns,
                _ => suffix,
            };
            let fips = if fips { "-fips" } else { "" };
            format!("secretsmanager{fips}.{region}.{suffix}")
        }
        Service::S3 => {
            let fips = if fips { "-fips" } else { "" };
            // S3 has its own name for hosts that speak IPv6, with the plain suffix.
            let dual_stack = if dual_stack { ".dualstack" } else { "" };
            format!("s3{fips}{dual_stack}.{region}.{}", partition.dns)
        }
        Service::Ec2 | Service::Kms => {
            let name = service.signing_name();
            let always = service == Service::Ec2 && partition.plain_is_fips && !dual_stack;
            let fips = if fips && !always { "-fips" } else { "" };
            format!("{name}{fips}.{region}.{suffix}")
        }
        Service::Iam => {
            let [plain, with_fips, with_dual_stack, with_both] = partition.iam;
            match (fips, dual_stack) {
                (false, false) => plain,
                (true, false) => with_fips,
                (false, true) => with_dual_stack,
                (true, true) => with_both,
            }
            .to_owned()
        }
    };
    Ok(Endpoint { url: format!("https://{host}"), signing_region, overridden: false })
}

/// The DNS suffix that Studio's own hosts have in a Region, as in
/// `d-abcdefghijkl.studio.eu-west-1.sagemaker.aws`. It begins with a dot.
pub fn studio_suffix(region: &str) -> String {
    // China's is listed in the public suffix list beside the others.
    let domain = if region.starts_with("cn-") { "sagemaker.com.cn" } else { "sagemaker.aws" };
    format!(".studio.{region}.{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_url_excludes_fips_and_dual_stack() {
        let custom = Some("http://127.0.0.1:4566");
        let endpoint = resolve(Service::SageMaker, "eu-west-1", false, false, custom).unwrap();
        assert_eq!(endpoint.url, "http://127.0.0.1:4566");
        assert_eq!(endpoint.signing_region, "eu-west-1");
        assert!(endpoint.overridden);
        assert!(resolve(Service::SageMaker, "eu-west-1", true, false, custom).is_err());
        assert!(resolve(Service::Iam, "eu-west-1", false, true, custom).is_err());
    }

    #[test]
    fn studio_hosts_differ_in_china_only() {
        assert_eq!(studio_suffix("eu-west-1"), ".studio.eu-west-1.sagemaker.aws");
        assert_eq!(studio_suffix("us-gov-west-1"), ".studio.us-gov-west-1.sagemaker.aws");
        assert_eq!(studio_suffix("cn-north-1"), ".studio.cn-north-1.sagemaker.com.cn");
    }
}
