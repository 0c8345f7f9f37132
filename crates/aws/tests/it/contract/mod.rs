//! Our own client against the models that AWS publishes for its services.
//!
//! Our side is derived from the types themselves; AWS's side is read from botocore by the Python of
//! the test environment. Nothing here is a copy of either.

mod model;
mod permissions;
mod shape;

use aws::client::endpoint::{self, Service};
use aws::client::sagemaker::{self as sm, Call};
use aws::client::{ec2, iam, kms, parameters, quotas, secrets};
use model::Models;
use serde::de::DeserializeOwned;
use shape::{Shape, shape_of};
use std::collections::BTreeSet;

/// An operation with its request and its answer, as our types have them.
type Operation = (&'static str, Shape, Shape);

fn operation<R: Call + DeserializeOwned>() -> Operation {
    (R::OPERATION, shape_of::<R>(), shape_of::<R::Output>())
}

macro_rules! operations {
    ($($request:ident)*) => { vec![$(operation::<sm::$request>()),*] };
}

fn sagemaker_operations() -> Vec<Operation> {
    operations![
        DescribeDomain ListDomains CreateDomain DeleteDomain
        DescribeUserProfile ListUserProfiles CreateUserProfile UpdateUserProfile DeleteUserProfile
        ListApps DescribeApp CreateApp DeleteApp
        ListSpaces DescribeSpace CreateSpace DeleteSpace
        ListTags AddTags DeleteTags
        CreatePresignedDomainUrl
    ]
}

#[test]
fn every_operation_of_the_client_is_held_against_the_model() {
    let checked: BTreeSet<&str> = sagemaker_operations().iter().map(|(name, ..)| *name).collect();
    let all: BTreeSet<&str> = sm::OPERATIONS.iter().copied().collect();
    assert_eq!(checked, all);
}

#[test]
fn sagemaker_requests_and_answers_match_the_model() {
    let model = Models::read();
    let service = model.service("sagemaker");
    assert_eq!(service.metadata("targetPrefix"), sm::TARGET_PREFIX);
    assert_eq!(service.metadata("jsonVersion"), "1.1");
    assert_eq!(service.metadata("signingName"), Service::SageMaker.signing_name());
    assert_eq!(service.metadata("serviceId"), Service::SageMaker.id());
    let mut faults = Vec::new();
    for (name, request, answer) in sagemaker_operations() {
        faults.extend(service.faults_of_request(name, &request));
        faults.extend(service.faults_of_answer(name, &answer));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_shapes_compared_are_not_empty() {
    let (_, request, answer) = operation::<sm::ListSpaces>();
    assert_eq!(request.paths(), ["DomainIdEquals text?", "MaxResults integer?", "NextToken text?"]);
    assert_eq!(
        answer.paths(),
        [
            "NextToken text?",
            "Spaces[].OwnershipSettingsSummary.OwnerUserProfileName text?",
            "Spaces[].SpaceName text?",
            "Spaces[].SpaceSettingsSummary.SpaceStorageSettings.EbsStorageSettings.EbsVolumeSizeInGb integer",
            "Spaces[].SpaceSharingSettingsSummary.SharingType text?",
            "Spaces[].Status text?",
        ]
    );
}

#[test]
fn service_quotas_matches_the_model() {
    let model = Models::read();
    let service = model.service("service-quotas");
    assert_eq!(service.metadata("targetPrefix"), quotas::TARGET_PREFIX);
    assert_eq!(service.metadata("jsonVersion"), "1.1");
    assert_eq!(service.metadata("endpointPrefix"), Service::ServiceQuotas.signing_name());
    assert_eq!(service.metadata("serviceId"), Service::ServiceQuotas.id());
    let request = shape_of::<quotas::GetServiceQuota>();
    let answer = shape_of::<quotas::GetServiceQuotaOutput>();
    let mut faults = service.faults_of_request("GetServiceQuota", &request);
    faults.extend(service.faults_of_answer("GetServiceQuota", &answer));
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn secrets_manager_matches_the_model() {
    let model = Models::read();
    let service = model.service("secretsmanager");
    assert_eq!(service.metadata("targetPrefix"), secrets::TARGET_PREFIX);
    assert_eq!(service.metadata("jsonVersion"), "1.1");
    assert_eq!(service.metadata("endpointPrefix"), Service::SecretsManager.signing_name());
    assert_eq!(service.metadata("serviceId"), Service::SecretsManager.id());
    let request = shape_of::<secrets::GetSecretValue>();
    let answer = shape_of::<secrets::GetSecretValueOutput>();
    let mut faults = service.faults_of_request("GetSecretValue", &request);
    faults.extend(service.faults_of_answer("GetSecretValue", &answer));
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn kms_matches_the_model() {
    let model = Models::read();
    let service = model.service("kms");
    assert_eq!(service.metadata("targetPrefix"), kms::TARGET_PREFIX);
    assert_eq!(service.metadata("jsonVersion"), "1.1");
    assert_eq!(service.metadata("endpointPrefix"), Service::Kms.signing_name());
    assert_eq!(service.metadata("serviceId"), Service::Kms.id());
    let request = shape_of::<kms::OfKey>();
    let mut faults = service.faults_of_request("DescribeKey", &request);
    faults.extend(service.faults_of_request("GetKeyPolicy", &request));
    faults.extend(service.faults_of_answer("DescribeKey", &shape_of::<kms::DescribeKeyOutput>()));
    faults.extend(service.faults_of_answer("GetKeyPolicy", &shape_of::<kms::GetKeyPolicyOutput>()));
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn parameter_store_matches_the_model() {
    let model = Models::read();
    let service = model.service("ssm");
    assert_eq!(service.metadata("targetPrefix"), parameters::TARGET_PREFIX);
    assert_eq!(service.metadata("jsonVersion"), "1.1");
    assert_eq!(service.metadata("endpointPrefix"), Service::Ssm.signing_name());
    assert_eq!(service.metadata("serviceId"), Service::Ssm.id());
    let request = shape_of::<parameters::GetParameter>();
    let answer = shape_of::<parameters::GetParameterOutput>();
    let mut faults = service.faults_of_request("GetParameter", &request);
    faults.extend(service.faults_of_answer("GetParameter", &answer));
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn ec2_matches_the_model() {
    let model = Models::read();
    let service = model.service("ec2");
    assert_eq!(service.metadata("protocol"), "ec2");
    assert_eq!(service.metadata("apiVersion"), ec2::API_VERSION);
    assert_eq!(service.metadata("endpointPrefix"), Service::Ec2.signing_name());
    assert_eq!(service.metadata("serviceId"), Service::Ec2.id());
    for (operation, members) in [
        (
            "DescribeVpcEndpoints",
            vec![
                "VpcEndpoints/member/VpcEndpointId",
                "VpcEndpoints/member/VpcEndpointType",
                "VpcEndpoints/member/ServiceName",
                "VpcEndpoints/member/State",
                "VpcEndpoints/member/Groups/member/GroupId",
            ],
        ),
        (
            "DescribeSubnets",
            vec![
                "Subnets/member/SubnetId",
                "Subnets/member/AvailabilityZone",
                "Subnets/member/CidrBlock",
            ],
        ),
        (
            "DescribeSecurityGroups",
            vec![
                "SecurityGroups/member/GroupId",
                "SecurityGroups/member/IpPermissions/member/IpProtocol",
                "SecurityGroups/member/IpPermissions/member/IpRanges/member/CidrIp",
                "SecurityGroups/member/IpPermissions/member/UserIdGroupPairs/member/GroupId",
            ],
        ),
    ] {
        assert!(ec2::OPERATIONS.contains(&operation));
        assert_eq!(service.type_in_request(operation, "Filters"), Some("list"), "{operation}");
        assert_eq!(service.type_in_request(operation, "NextToken"), Some("string"), "{operation}");
        for member in members {
            assert_eq!(service.type_in_answer(operation, member), Some("string"), "{member}");
        }
    }
}

#[test]
fn iam_matches_the_model() {
    let model = Models::read();
    let service = model.service("iam");
    assert_eq!(service.metadata("protocol"), "query");
    assert_eq!(service.metadata("apiVersion"), iam::API_VERSION);
    assert_eq!(service.metadata("serviceId"), Service::Iam.id());
    for operation in iam::OPERATIONS {
        let name = operation.name;
        for required in service.required_of_request(name) {
            assert!(operation.parameters.contains(&required), "{name} {required}");
        }
        for parameter in operation.parameters {
            assert_eq!(service.type_in_request(name, parameter), Some("string"), "{parameter}");
        }
        for member in operation.members {
            let kind = if *member == "Role/MaxSessionDuration" { "integer" } else { "string" };
            assert_eq!(service.type_in_answer(name, member), Some(kind), "{name} {member}");
        }
    }
}

#[test]
fn endpoints_follow_aws_rules_in_every_partition() {
    let model = Models::read();
    let rules = model.endpoints();
    assert_eq!(rules.len(), 7 * 10 * 4, "services, Regions, FIPS and dual-stack");
    let wrong: Vec<String> = rules
        .iter()
        .filter_map(|rule| {
            let service = match rule.service.as_str() {
                "sagemaker" => Service::SageMaker,
                "service-quotas" => Service::ServiceQuotas,
                "secretsmanager" => Service::SecretsManager,
                "ec2" => Service::Ec2,
                "kms" => Service::Kms,
                "ssm" => Service::Ssm,
                _ => Service::Iam,
            };
            let ours =
                endpoint::resolve(service, &rule.region, rule.fips, rule.dual_stack, None).unwrap();
            let theirs = rule.signing_region.as_ref().unwrap_or(&rule.region);
            let same = ours.url == rule.url && &ours.signing_region == theirs && !ours.overridden;
            (!same).then(|| format!("{rule:?} but ours is {ours:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
