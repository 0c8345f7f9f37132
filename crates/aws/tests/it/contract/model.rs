//! The services' models, as botocore has them.

use super::shape::Shape;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// Prints models and endpoints as JSON. Shapes are written out to the depth our types have.
const SCRIPT: &str = r#"
import json
from botocore import xform_name
from botocore.loaders import Loader
from botocore.endpoint_provider import EndpointProvider

loader, partitions = Loader(), Loader().load_data("partitions")
regions = ["eu-west-1", "us-east-1", "cn-north-1", "us-gov-west-1", "us-gov-east-1",
           "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1",
           "eusc-de-east-1"]

def written_out(shapes, name, depth):
    shape = shapes[name]
    out = {"type": shape["type"]}
    if depth and shape["type"] == "structure":
        out["required"] = shape.get("required", [])
        out["members"] = {member: written_out(shapes, ref["shape"], depth - 1)
                          for member, ref in shape["members"].items()}
    if depth and shape["type"] == "list":
        out["member"] = written_out(shapes, shape["member"]["shape"], depth - 1)
    return out

def service(name, operations):
    model = loader.load_service_model(name, "service-2")
    def side(operation, key):
        ref = model["operations"][operation].get(key)
        return written_out(model["shapes"], ref["shape"], 8) if ref else None
    return {"metadata": model["metadata"],
            "operations": {o: {"input": side(o, "input"), "output": side(o, "output")}
                           for o in operations or model["operations"]}}

def endpoints(name):
    provider = EndpointProvider(loader.load_service_model(name, "endpoint-rule-set-1"), partitions)
    for region in regions:
        for fips in (False, True):
            for dual in (False, True):
                found = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual)
                schemes = found.properties.get("authSchemes", [{}])
                yield {"service": name, "region": region, "fips": fips, "dual_stack": dual,
                       "url": found.url, "signing_region": schemes[0].get("signingRegion")}

import sys
names = ["sagemaker", "service-quotas", "iam", "secretsmanager", "ec2", "kms", "ssm"]
wanted = [sys.argv[1].split(","), ["GetServiceQuota"], sys.argv[2].split(","),
          ["GetSecretValue"], sys.argv[3].split(","), ["DescribeKey", "GetKeyPolicy"],
          ["GetParameter"]]
print(json.dumps({
    "operation_names": {
        name: {o: xform_name(o)
               for o in loader.load_service_model(name, "service-2")["operations"]}
        for name in ["dynamodb", "identitystore", "sso-admin", "sqs", "sts"]},
    "services": {name: service(name, operations) for name, operations in zip(names, wanted)},
    "endpoints": [rule for name in names for rule in endpoints(name)]}))
"#;

static MODELS: LazyLock<Models> = LazyLock::new(Models::ask);

/// Everything the script prints.
#[derive(Deserialize)]
pub(crate) struct Models {
    services: Value,
    operation_names: BTreeMap<String, BTreeMap<String, String>>,
    endpoints: Vec<Rule>,
}

/// Where a service is, by AWS's endpoint rules.
#[derive(Debug, Deserialize)]
pub(crate) struct Rule {
    pub(crate) service: String,
    pub(crate) region: String,
    pub(crate) fips: bool,
    pub(crate) dual_stack: bool,
    pub(crate) url: String,
    pub(crate) signing_region: Option<String>,
}

/// One service's model.
pub(crate) struct ServiceModel<'a>(&'a Value);

impl Models {
    pub(crate) fn read() -> &'static Self {
        &MODELS
    }

    fn ask() -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let python = std::env::var_os("STAGEDOOR_TEST_PYTHON")
            .map_or_else(|| root.join("target/test-venv/bin/python"), PathBuf::from);
        let hint = "botocore is needed to hold our client against AWS's models; \
                    run `cargo xtask test`, which installs it, or name a Python that has botocore \
                    in STAGEDOOR_TEST_PYTHON";
        let iam = aws::client::iam::OPERATIONS.map(|operation| operation.name);
        let run = Command::new(&python)
            .args(["-c", SCRIPT, &aws::client::sagemaker::OPERATIONS.join(","), &iam.join(",")])
            .arg(aws::client::ec2::OPERATIONS.join(","))
            .output()
            .unwrap_or_else(|e| panic!("cannot run {}: {e}; {hint}", python.display()));
        let complaint = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{} failed: {complaint}; {hint}", python.display());
        serde_json::from_slice(&run.stdout).unwrap()
    }

    pub(crate) fn service(&self, name: &str) -> ServiceModel<'_> {
        ServiceModel(&self.services[name])
    }

    /// Operations of a service that the SDK speaks to, and what the SDK calls them.
    pub(crate) fn operation_names(&self, service: &str) -> &BTreeMap<String, String> {
        &self.operation_names[service]
    }

    pub(crate) fn endpoints(&self) -> &[Rule] {
        &self.endpoints
    }
}

impl ServiceModel<'_> {
    pub(crate) fn metadata(&self, key: &str) -> &str {
        self.0["metadata"][key].as_str().unwrap_or_default()
    }

    pub(crate) fn required_of_request(&self, operation: &str) -> Vec<&str> {
        names(&self.0["operations"][operation]["input"]["required"])
    }

    pub(crate) fn type_in_request(&self, operation: &str, parameter: &str) -> Option<&str> {
        self.0["operations"][operation]["input"]["members"][parameter]["type"].as_str()
    }

    /// Type of a member of the answer, by its path with slashes; `member` is the item of a list.
    pub(crate) fn type_in_answer(&self, operation: &str, path: &str) -> Option<&str> {
        let answer = &self.0["operations"][operation]["output"];
        let found = path.split('/').fold(answer, |shape, name| match shape["type"].as_str() {
            Some("list") => &shape[name],
            _ => &shape["members"][name],
        });
        found["type"].as_str()
    }

    /// Members of our request that the service does not know or knows otherwise, and members it
    /// requires that ours may lack.
    pub(crate) fn faults_of_request(&self, operation: &str, ours: &Shape) -> Vec<String> {
        let mut faults = Vec::new();
        let theirs = &self.0["operations"][operation]["input"];
        compare(&format!("{operation} request"), ours, theirs, true, &mut faults);
        faults
    }

    /// Members of our answer that the service does not send or sends otherwise.
    pub(crate) fn faults_of_answer(&self, operation: &str, ours: &Shape) -> Vec<String> {
        let mut faults = Vec::new();
        let theirs = &self.0["operations"][operation]["output"];
        let nothing = matches!(ours, Shape::Struct(members) if members.is_empty());
        if !(nothing && theirs.is_null()) {
            compare(&format!("{operation} answer"), ours, theirs, false, &mut faults);
        }
        faults
    }
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().map(|l| l.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

fn compare(at: &str, ours: &Shape, theirs: &Value, sent: bool, faults: &mut Vec<String>) {
    let kind = theirs["type"].as_str().unwrap_or("nothing");
    match (ours, kind) {
        (Shape::Text, "string")
        | (Shape::Integer, "integer" | "long")
        | (Shape::Number, "double" | "float" | "timestamp")
        | (Shape::Flag, "boolean")
        | (Shape::Document, "structure" | "map") => {}
        (Shape::List(item), "list") => {
            compare(&format!("{at}[]"), item, &theirs["member"], sent, faults);
        }
        (Shape::Struct(members), "structure") => {
            for (name, member) in members {
                let at = format!("{at}.{name}");
                compare(&at, &member.shape, &theirs["members"][name], sent, faults);
            }
            for name in names(&theirs["required"]).into_iter().filter(|_| sent) {
                if members.get(name).is_none_or(|member| member.optional) {
                    faults.push(format!("{at}.{name} is required and ours may lack it"));
                }
            }
        }
        (ours, kind) => faults.push(format!("{at} is {ours:?} and the model's is {kind}")),
    }
}
