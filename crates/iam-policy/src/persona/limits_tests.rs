//! Tests of the limits on instance types: a type that is not listed, several, and none.

use super::tests::scope;
use super::*;
use crate::document::Document;
use crate::evaluate::{Compiled, Decision, Policies};
use crate::request::Request;
use crate::service_reference;
use std::collections::BTreeSet;
use std::sync::Arc;

const KEY: &str = "sagemaker:InstanceTypes";

fn limited(types: &[&str]) -> Policies {
    let instance_types = types.iter().map(|name| (*name).to_owned()).collect();
    let scope = Scope { instance_types, ..scope() };
    let wide = Statement::allow("Wide").actions(["*"]).resources(["*"]);
    let statements = instance_limits(&scope).into_iter().chain([wide]);
    let compiled = Compiled::new(&Document::new(statements)).unwrap();
    Policies { identity: vec![Arc::new(compiled)], ..Policies::default() }
}

/// Requirement 119.
#[test]
fn the_table_of_instance_types() {
    let policies = limited(&["ml.t3.*", "ml.m5.large"]);
    let nothing: &[&str] = &[];
    for (action, types, expected) in [
        ("CreateTrainingJob", &["ml.t3.medium"][..], Decision::Allowed),
        ("CreateTrainingJob", &["ml.m5.large"], Decision::Allowed),
        ("CreateTrainingJob", &["ml.m5.24xlarge"], Decision::ExplicitlyDenied),
        ("CreateTrainingJob", &["ml.t3.medium", "ml.p4d.24xlarge"], Decision::ExplicitlyDenied),
        ("CreateTrainingJob", nothing, Decision::ExplicitlyDenied),
        ("CreateProcessingJob", nothing, Decision::ExplicitlyDenied),
        ("CreateHyperParameterTuningJob", nothing, Decision::ExplicitlyDenied),
        ("CreateTransformJob", nothing, Decision::ExplicitlyDenied),
        ("CreateMonitoringSchedule", nothing, Decision::ExplicitlyDenied),
        ("CreateApp", nothing, Decision::Allowed),
        ("CreateApp", &["system"], Decision::Allowed),
        ("CreateApp", &["ml.g5.xlarge"], Decision::ExplicitlyDenied),
        ("CreateSpace", nothing, Decision::Allowed),
        ("UpdateSpace", &["ml.g5.xlarge"], Decision::ExplicitlyDenied),
        ("CreateEndpointConfig", nothing, Decision::Allowed),
        ("CreateEndpointConfig", &["ml.m5.xlarge"], Decision::ExplicitlyDenied),
        ("UpdateTrainingJob", nothing, Decision::Allowed),
        ("UpdateMonitoringSchedule", &["ml.m5.xlarge"], Decision::ExplicitlyDenied),
    ] {
        let arn = "arn:aws:sagemaker:eu-west-1:111122223333:x/x";
        let request =
            Request::new("arn:aws:iam::111122223333:role/x", &format!("sagemaker:{action}"), arn);
        let decision = policies.decide(&request.with(KEY, types.iter().copied())).decision;
        assert_eq!(decision, expected, "{action} {types:?}");
    }
}

#[test]
fn every_granted_action_that_names_instance_types_is_limited() {
    let all = Activity::ALL.map(|(_, activity)| activity);
    let granted: BTreeSet<String> =
        statements(&all, &scope()).into_iter().filter_map(|s| s.action).flatten().collect();
    let known = service_reference::service("sagemaker").unwrap().actions();
    let naming = known.iter().filter(|action| action.sees(KEY)).map(ToString::to_string);
    let expected: BTreeSet<String> = naming.filter(|action| granted.contains(action)).collect();
    let scope = Scope { instance_types: vec!["ml.t3.*".into()], ..scope() };
    let limited = instance_limits(&scope).remove(0).action.unwrap();
    assert_eq!(limited.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn without_types_there_is_no_limit_and_with_them_no_automl_job() {
    assert_eq!(instance_limits(&scope()), []);
    let actions = |scope: &Scope| -> Vec<String> {
        let statements = statements(&[Activity::ManageMlJobs], scope);
        statements.into_iter().filter_map(|s| s.action).flatten().collect()
    };
    let auto = "sagemaker:CreateAutoMLJob".to_owned();
    assert!(actions(&scope()).contains(&auto));
    let limited = Scope { instance_types: vec!["ml.t3.*".into()], ..scope() };
    assert!(!actions(&limited).contains(&auto));
}
