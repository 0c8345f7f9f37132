//! What must hold of a stack, whatever it is for. Each finding has a code that a mutation brings about.

use crate::attributes::ACCOUNT;
use crate::audit;
use crate::stack::{Finding, Resource, Stack, finding};
use control::event::lint::{Severity, lint, rules_in};
use control::event::pattern::matches;
use control::event::rules::all_rules;
use iam_policy::Document;
use iam_policy::evaluate::{Compiled, Decision, Policies};
use iam_policy::request::Request;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Types that hold what cannot be made again.
const DATA: [&str; 5] = [
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::SageMaker::Domain",
    "AWS::Logs::LogGroup",
    BUCKET,
];

/// Stays when the stack is deleted, and goes when the stack could not be made.
const KEPT: &str = "RetainExceptOnCreate";

const QUEUE: &str = "AWS::SQS::Queue";
const FUNCTION: &str = "AWS::Lambda::Function";
const ROLE: &str = "AWS::IAM::Role";
const BUCKET: &str = "AWS::S3::Bucket";

/// All of it.
pub(crate) fn check(stack: &Stack) -> Vec<Finding> {
    let checks =
        [retained, queues, sources, rules, schedules, invoked, alarms, functions, keys, endpoints];
    let mut found: Vec<Finding> = checks.iter().flat_map(|check| check(stack)).collect();
    found.extend(statements(stack));
    found.extend(attached(stack));
    found.extend(audit::log(stack));
    found.sort();
    found.dedup();
    found
}

fn retained(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, resource) in stack.resources.iter().filter(|(_, r)| DATA.contains(&r.kind.as_str())) {
        // What a first try made that failed is in the way of the second, and has nothing in it yet. A
        // table that is protected cannot be taken back.
        let kept = if resource.kind == "AWS::DynamoDB::Table" { "Retain" } else { KEPT };
        for (policy, wanted) in [("DeletionPolicy", kept), ("UpdateReplacePolicy", "Retain")] {
            if resource.raw[policy] != wanted {
                found.push(finding("not-retained", format!("{id}: {policy}")));
            }
        }
    }
    for (id, resource) in &stack.resources {
        let is_table = resource.kind == "AWS::DynamoDB::Table";
        if resource.raw["DeletionPolicy"] == "Retain" && !is_table {
            found.push(finding("blocks-another-try", id));
        }
    }
    for (id, table) in stack.of("AWS::DynamoDB::Table") {
        for (pointer, wanted) in [
            ("/DeletionProtectionEnabled", json!(true)),
            ("/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled", json!(true)),
            ("/TimeToLiveSpecification", json!({"AttributeName": "ttl", "Enabled": true})),
            ("/SSESpecification/SSEType", json!("KMS")),
        ] {
            if *table.get(pointer) != wanted {
                found.push(finding("table-unsafe", format!("{id}: {pointer}")));
            }
        }
        if stack.by_arn("AWS::KMS::Key", table.text("/SSESpecification/KMSMasterKeyId")).is_none() {
            found.push(finding("not-encrypted", id));
        }
    }
    found
}

/// Whether the queue is where others send what they could not do.
fn is_last(stack: &Stack, queue: &Resource) -> bool {
    !stack
        .of("AWS::Lambda::EventSourceMapping")
        .any(|(_, source)| Some(source.text("/EventSourceArn")) == queue.arn.as_deref())
}

fn queues(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, queue) in stack.of(QUEUE) {
        if stack.by_arn("AWS::KMS::Key", queue.text("/KmsMasterKeyId")).is_none() {
            found.push(finding("not-encrypted", id));
        }
        let is_fifo =
            |queue: &Resource| queue.text("/QueueName").split('.').next_back() == Some("fifo");
        if is_fifo(queue) != (*queue.get("/FifoQueue") == json!(true)) {
            found.push(finding("fifo-name", id));
        }
        let asked = |secure: &str| {
            Request::new("arn:aws:iam::111122223333:role/any", "sqs:SendMessage", arn_of(queue))
                .with("aws:SecureTransport", [secure])
        };
        if decide(stack, queue, true, &asked("false")) != Decision::ExplicitlyDenied
            || decide(stack, queue, true, &asked("true")) != Decision::Allowed
        {
            found.push(finding("not-tls-only", id));
        }
        if is_last(stack, queue) {
            continue;
        }
        let dead = stack.by_arn(QUEUE, queue.text("/RedrivePolicy/deadLetterTargetArn"));
        let Some((dead_id, dead)) = dead else {
            found.push(finding("no-dead-letter-queue", id));
            continue;
        };
        let keeps = |queue: &Resource| queue.number("/MessageRetentionPeriod");
        let receives = queue.number("/RedrivePolicy/maxReceiveCount");
        let takes = texts(dead.get("/RedriveAllowPolicy/sourceQueueArns")) == [arn_of(queue)];
        if is_fifo(dead) != is_fifo(queue) || keeps(dead) <= keeps(queue) || receives < 2 || !takes
        {
            found.push(finding("no-dead-letter-queue", format!("{id}: {dead_id} does not fit")));
        }
    }
    found
}

pub(crate) fn arn_of(resource: &Resource) -> &str {
    resource.arn.as_deref().unwrap_or_default()
}

/// The document, ready to be asked. Templates that differ in one place share nearly all of them.
pub(crate) fn compiled(document: &Value) -> Arc<Compiled> {
    static KNOWN: Mutex<BTreeMap<String, Arc<Compiled>>> = Mutex::new(BTreeMap::new());
    let text = document.to_string();
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let fresh = |text: &String| {
        let document = Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        Arc::new(Compiled::new(&document).unwrap())
    };
    Arc::clone(known.entry(text.clone()).or_insert_with(|| fresh(&text)))
}

/// What the policies of a queue, topic or bucket answer; `any`: to somebody whose own policies allow all.
pub(crate) fn decide(stack: &Stack, resource: &Resource, any: bool, request: &Request) -> Decision {
    let (kind, of) = match resource.kind.as_str() {
        QUEUE => ("AWS::SQS::QueuePolicy", "/Queues"),
        BUCKET => ("AWS::S3::BucketPolicy", "/Bucket"),
        _ => ("AWS::SNS::TopicPolicy", "/Topics"),
    };
    let of_it =
        stack.of(kind).find(|(_, policy)| texts(policy.get(of)).contains(&resource.reference));
    let all = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let policies = Policies {
        identity: if any { vec![compiled(&all)] } else { Vec::new() },
        resource: of_it.map(|(_, policy)| compiled(policy.get("/PolicyDocument"))),
        ..Policies::default()
    };
    policies.decide(request).decision
}

/// What a role's own policies answer.
pub(crate) fn allows(stack: &Stack, role: &Resource, action: &str, resource: &str) -> bool {
    let identity = documents(stack, role).iter().map(compiled).collect();
    let request = Request::new(arn_of(role), action, resource);
    Policies { identity, ..Policies::default() }.decide(&request).is_allowed()
}

/// The policies of a role: managed ones of the stack, and inline ones.
pub(crate) fn documents(stack: &Stack, role: &Resource) -> Vec<Value> {
    let managed = role.get("/ManagedPolicyArns").as_array().into_iter().flatten();
    let managed = managed.filter_map(|arn| {
        let policy = stack.by_reference("AWS::IAM::ManagedPolicy", arn.as_str()?)?.1;
        Some(policy.get("/PolicyDocument").clone())
    });
    let inline = role.get("/Policies").as_array().into_iter().flatten();
    managed.chain(inline.map(|policy| policy["PolicyDocument"].clone())).collect()
}

fn sources(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, source) in stack.of("AWS::Lambda::EventSourceMapping") {
        let function = stack.by_reference(FUNCTION, source.text("/FunctionName"));
        let queue = stack.by_arn(QUEUE, source.text("/EventSourceArn"));
        let (Some((_, function)), Some((queue_id, queue))) = (function, queue) else {
            found.push(finding("source-dangling", id));
            continue;
        };
        if queue.number("/VisibilityTimeout") < 6 * function.number("/Timeout") {
            found.push(finding("visibility-too-short", queue_id));
        }
        if *source.get("/FunctionResponseTypes") != json!(["ReportBatchItemFailures"]) {
            found.push(finding("whole-batches-fail", id));
        }
        let role = stack.by_arn(ROLE, function.text("/Role"));
        for action in ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"] {
            let action = format!("sqs:{action}");
            if !role.is_some_and(|(_, role)| allows(stack, role, &action, arn_of(queue))) {
                found.push(finding("source-not-allowed", format!("{id}: {action}")));
            }
        }
    }
    found
}

/// The recorded events of `crates/control`, each with its file.
fn recorded() -> &'static [(String, Value)] {
    static EVENTS: OnceLock<Vec<(String, Value)>> = OnceLock::new();
    EVENTS.get_or_init(read_events)
}

fn read_events() -> Vec<(String, Value)> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/control/tests/data/events");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path.display().to_string(), serde_json::from_str(&text).unwrap())
        })
        .filter(|(_, event): &(String, Value)| event.get("detail-type").is_some())
        .collect()
}

fn rules(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    let all: Vec<_> = stack.of("AWS::Events::Rule").collect();
    if all.is_empty() {
        return found;
    }
    for (id, rule) in &all {
        for target in rule.get("/Targets").as_array().into_iter().flatten() {
            let arn = target["Arn"].as_str().unwrap_or_default();
            if arn.contains(":event-bus/") {
                let role = stack.by_arn(ROLE, target["RoleArn"].as_str().unwrap_or_default());
                let sends = role.is_some_and(|(_, role)| {
                    allows(stack, role, "events:PutEvents", arn)
                        && trusts(role, "events.amazonaws.com")
                });
                if !sends {
                    found.push(finding("target-not-allowed", *id));
                }
                continue;
            }
            for arn in [&target["Arn"], &target["DeadLetterConfig"]["Arn"]] {
                let queue = stack.by_arn(QUEUE, arn.as_str().unwrap_or_default());
                let Some((queue_id, queue)) = queue else {
                    found.push(finding("target-dangling", format!("{id}: {arn}")));
                    continue;
                };
                let sends = |from: &str| {
                    let request =
                        Request::new("events.amazonaws.com", "sqs:SendMessage", arn_of(queue))
                            .with("aws:SecureTransport", ["true"])
                            .with("aws:SourceArn", [from]);
                    decide(stack, queue, false, &request) == Decision::Allowed
                };
                if !sends(arn_of(rule)) {
                    found.push(finding("target-not-allowed", format!("{id}: {queue_id}")));
                }
                if sends("arn:aws:events:eu-west-1:111122223333:rule/another") {
                    found.push(finding("anybody-sends", queue_id));
                }
            }
        }
    }
    let patterns: Vec<&Value> = all.iter().map(|(_, rule)| rule.get("/EventPattern")).collect();
    let printed: Vec<Value> =
        all_rules().iter().map(|rule| serde_json::to_value(&rule.pattern).unwrap()).collect();
    for pattern in &printed {
        if !patterns.contains(&pattern) {
            found.push(finding("pattern-not-printed", pattern.to_string()));
        }
    }
    for (file, event) in recorded() {
        if patterns.iter().filter(|pattern| matches(pattern, event)).count() != 1 {
            found.push(finding("event-not-matched-once", file.clone()));
        }
    }
    let resources = all.iter().map(|(id, rule)| {
        ((*id).to_owned(), json!({"Type": "AWS::Events::Rule", "Properties": rule.properties}))
    });
    let document = json!({"Resources": resources.collect::<serde_json::Map<_, _>>()});
    for told in lint(&rules_in(&document).unwrap()) {
        let bad = told.severity == Severity::Error;
        found.push(finding("events-lint", format!("{} ({bad}): {}", told.code, told.message)));
    }
    found
}

fn schedules(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, schedule) in stack.of("AWS::Scheduler::Schedule") {
        let function = schedule.text("/Target/Arn");
        let role = stack.by_arn(ROLE, schedule.text("/Target/RoleArn"));
        let starts = role.is_some_and(|(_, role)| {
            allows(stack, role, "lambda:InvokeFunction", function)
                && trusts(role, "scheduler.amazonaws.com")
        });
        if stack.by_arn(FUNCTION, function).is_none() || !starts {
            found.push(finding("schedule-starts-nothing", id));
        }
    }
    found
}

fn trusts(role: &Resource, service: &str) -> bool {
    let trust = Some(compiled(role.get("/AssumeRolePolicyDocument")));
    let request =
        Request::new(service, "sts:AssumeRole", arn_of(role)).with("aws:SourceAccount", [ACCOUNT]);
    Policies { resource: trust, ..Policies::default() }.decide(&request).is_allowed()
}

/// Everything that is to invoke a function is permitted to, and nothing else is.
fn invoked(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    let apis = ["AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"];
    for (id, permission) in stack.of("AWS::Lambda::Permission") {
        let function = stack.by_reference(FUNCTION, permission.text("/FunctionName"));
        let source = permission.text("/SourceArn");
        let of_api = |kind: &str| {
            stack.of(kind).any(|(_, api)| {
                source.starts_with(&format!(
                    "arn:aws:execute-api:eu-west-1:{ACCOUNT}:{}/",
                    api.reference
                ))
            })
        };
        if function.is_none() || !apis.iter().any(|kind| of_api(kind)) {
            found.push(finding("permission-dangling", id));
        }
    }
    let methods =
        stack.of("AWS::ApiGateway::Method").map(|(id, m)| (id, m.text("/Integration/Uri")));
    let routes =
        stack.of("AWS::ApiGatewayV2::Integration").map(|(id, i)| (id, i.text("/IntegrationUri")));
    for (id, uri) in methods.chain(routes) {
        let called = stack.of(FUNCTION).find(|(_, function)| uri.contains(arn_of(function)));
        let permitted = called.is_some_and(|(_, function)| {
            stack.of("AWS::Lambda::Permission").any(|(_, permission)| {
                permission.text("/FunctionName") == function.reference
                    && permission.text("/Principal") == "apigateway.amazonaws.com"
            })
        });
        if !permitted {
            found.push(finding("integration-not-permitted", id));
        }
    }
    found
}

fn alarms(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut watched = Vec::new();
    for (id, alarm) in stack.of("AWS::CloudWatch::Alarm") {
        for dimension in alarm.get("/Dimensions").as_array().into_iter().flatten() {
            let value = dimension["Value"].as_str().unwrap_or_default();
            let kind = match dimension["Name"].as_str().unwrap_or_default() {
                "QueueName" => QUEUE,
                "FunctionName" => FUNCTION,
                "TableName" => "AWS::DynamoDB::Table",
                other => panic!("{id}: {other}"),
            };
            let there = stack.of(kind).any(|(_, r)| r.reference.rsplit('/').next() == Some(value));
            if !there {
                found.push(finding("alarm-watches-nothing", id));
            }
            watched.push((alarm.text("/MetricName").to_owned(), value.to_owned()));
        }
        if alarm.text("/Namespace").starts_with("Stagedoor/") {
            let told = stack.of("AWS::Logs::MetricFilter").any(|(_, filter)| {
                filter.text("/MetricTransformations/0/MetricName") == alarm.text("/MetricName")
                    && filter.text("/MetricTransformations/0/MetricNamespace")
                        == alarm.text("/Namespace")
            });
            if !told {
                found.push(finding("alarm-watches-nothing", id));
            }
        }
        let topic = alarm.text("/AlarmActions/0");
        let told = stack.by_reference("AWS::SNS::Topic", topic).is_some_and(|(_, topic)| {
            let request = Request::new("cloudwatch.amazonaws.com", "sns:Publish", arn_of(topic))
                .with("aws:SourceAccount", [ACCOUNT])
                .with("aws:SecureTransport", ["true"]);
            decide(stack, topic, false, &request) == Decision::Allowed
        });
        if !told {
            found.push(finding("alarm-tells-nobody", id));
        }
    }
    let mut wanted: Vec<(&str, String)> = Vec::new();
    for (_, queue) in stack.of(QUEUE) {
        let last = is_last(stack, queue);
        let metric = if last {
            "ApproximateNumberOfMessagesVisible"
        } else {
            "ApproximateAgeOfOldestMessage"
        };
        wanted.push((metric, queue.text("/QueueName").to_owned()));
    }
    for (_, function) in stack.of(FUNCTION) {
        wanted.extend(["Errors", "Throttles"].map(|metric| (metric, function.reference.clone())));
    }
    for (_, table) in stack.of("AWS::DynamoDB::Table") {
        let metrics = ["ReadThrottleEvents", "WriteThrottleEvents"];
        wanted.extend(metrics.map(|metric| (metric, table.reference.clone())));
    }
    for (metric, of) in wanted {
        if !watched.contains(&(metric.to_owned(), of.clone())) {
            found.push(finding("no-alarm", format!("{metric} of {of}")));
        }
    }
    found
}

fn functions(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, function) in stack.of(FUNCTION) {
        let group = format!("/aws/lambda/{}", function.reference);
        let log = stack.by_reference("AWS::Logs::LogGroup", &group);
        let kept = log.is_some_and(|(_, log)| {
            log.number("/RetentionInDays") > 0
                && stack.by_arn("AWS::KMS::Key", log.text("/KmsKeyId")).is_some()
        });
        if !kept {
            found.push(finding("no-log", id));
        }
        let role = stack.by_arn(ROLE, function.text("/Role"));
        if !role.is_some_and(|(_, role)| trusts(role, "lambda.amazonaws.com")) {
            found.push(finding("role-not-assumable", id));
        }
        let set = |name: &str| function.text(&format!("/Environment/Variables/{name}"));
        for name in ["STAGEDOOR_WORK_QUEUE", "STAGEDOOR_LATER_QUEUE"] {
            let sends = stack.by_reference(QUEUE, set(name)).is_some_and(|(_, queue)| {
                role.is_some_and(|(_, role)| allows(stack, role, "sqs:SendMessage", arn_of(queue)))
            });
            if !sends {
                found.push(finding("queue-not-reached", format!("{id}: {name}")));
            }
        }
        let table = set("STAGEDOOR_STORE").strip_prefix("dynamodb:").unwrap_or_default();
        let reads = stack.by_reference("AWS::DynamoDB::Table", table).is_some_and(|(_, table)| {
            role.is_some_and(|(_, role)| allows(stack, role, "dynamodb:GetItem", arn_of(table)))
        });
        if !reads {
            found.push(finding("table-not-reached", id));
        }
    }
    found
}

/// The name of a service means its endpoint to everything in a VPC: in one that is there, all of it is
/// let in.
fn endpoints(stack: &Stack) -> Vec<Finding> {
    let parameter = |name: &str| stack.parameters.get(name).and_then(Value::as_str);
    let (vpc, range) = (parameter("VpcId").unwrap_or_default(), parameter("VpcRange"));
    let lets_in = |group: &Value| {
        let group = group.as_str()?;
        let (_, made) = stack.by_reference("AWS::EC2::SecurityGroup", group)?;
        let inline = made.get("/SecurityGroupIngress").as_array()?.iter();
        let apart = stack.of("AWS::EC2::SecurityGroupIngress").map(|(_, rule)| &rule.properties);
        let mut rules = inline.chain(apart.filter(|rule| rule["GroupId"] == *group));
        Some(rules.any(|rule| rule["FromPort"] == 443 && rule["CidrIp"].as_str() == range))
    };
    let private = stack.of("AWS::EC2::VPCEndpoint").filter(|(_, endpoint)| {
        *endpoint.get("/PrivateDnsEnabled") == json!(true) && endpoint.text("/VpcId") == vpc
    });
    let shut = private.filter(|(_, endpoint)| {
        let groups = endpoint.get("/SecurityGroupIds").as_array();
        !groups.is_some_and(|all| all.iter().any(|group| lets_in(group) == Some(true)))
    });
    shut.map(|(id, _)| finding("endpoint-shuts-out", id)).collect()
}

/// Whether the key lets in who needs it: the services by themselves, roles through them.
fn keys(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    let logs = stack.of("AWS::Logs::LogGroup").map(|(_, log)| {
        let arn = arn_of(log).trim_end_matches(":*").to_owned();
        (log.text("/KmsKeyId").to_owned(), "logs.eu-west-1.amazonaws.com", "kms:aws:logs", arn)
    });
    let logs: Vec<_> = logs.collect();
    for (id, key) in stack.of("AWS::KMS::Key").filter(|(_, key)| !audit::seals(key)) {
        let policy = compiled(key.get("/KeyPolicy"));
        let lets = |request: &Request| {
            let policies = Policies { resource: Some(policy.clone()), ..Policies::default() };
            policies.decide(request).is_allowed()
        };
        let asked = |who: &str| Request::new(who, "kms:GenerateDataKey", arn_of(key));
        for (_, service, _, arn) in logs.iter().filter(|(of, ..)| of == arn_of(key)) {
            let context = "kms:EncryptionContext:aws:logs:arn";
            if !lets(&asked(service).with(context, [arn])) {
                found.push(finding("key-refuses", format!("{id}: {service} for {arn}")));
            }
        }
        let senders = [
            ("events.amazonaws.com", stack.of("AWS::Events::Rule").next().is_some()),
            ("cloudwatch.amazonaws.com", stack.of("AWS::CloudWatch::Alarm").next().is_some()),
        ];
        for (service, needed) in senders {
            if needed && !lets(&asked(service).with("aws:SourceAccount", [ACCOUNT])) {
                found.push(finding("key-refuses", format!("{id}: {service}")));
            }
            if lets(&asked(service).with("aws:SourceAccount", ["999999999999"])) {
                found.push(finding("key-of-everybody", format!("{id}: {service}")));
            }
        }
        // A principal whose own policies allow everything uses it through services only.
        let all = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
        let through = |via: Option<&str>| {
            let request =
                Request::new("arn:aws:iam::111122223333:role/admin", "kms:Decrypt", arn_of(key))
                    .with("kms:CallerAccount", [ACCOUNT])
                    .with("kms:ViaService", via);
            let identity = vec![compiled(&all)];
            let resource = Some(policy.clone());
            Policies { identity, resource, ..Policies::default() }.decide(&request).is_allowed()
        };
        if through(None) {
            found.push(finding("key-of-everybody", format!("{id}: without a service")));
        }
        let has_queues = stack.of(QUEUE).next().is_some();
        for service in ["sqs", "dynamodb"] {
            if has_queues && !through(Some(&format!("{service}.eu-west-1.amazonaws.com"))) {
                found.push(finding("key-refuses", format!("{id}: through {service}")));
            }
        }
    }
    found
}

/// Every ARN of this account in a role's statement is of something in the stack, or was given.
fn statements(stack: &Stack) -> Vec<Finding> {
    let mut found = Vec::new();
    let given: Vec<String> = stack.parameters.values().flat_map(texts).collect();
    let of_stack: Vec<&str> = stack.resources.values().filter_map(|r| r.arn.as_deref()).collect();
    for (id, role) in stack.of(ROLE) {
        for document in documents(stack, role) {
            for statement in document["Statement"].as_array().into_iter().flatten() {
                for arn in texts(&statement["Resource"]) {
                    let local = ["sqs", "dynamodb", "kms", "lambda", "logs", "events", "sns"];
                    let service = arn.split(':').nth(2).unwrap_or_default();
                    // Logs are written of any Region.
                    let plain = arn.replace(":logs:*:", ":logs:eu-west-1:");
                    let plain = plain.trim_end_matches("/index/*").to_owned();
                    // Of another account, or of whatever there is in this one.
                    let beyond = plain.ends_with(":event-bus/default") || plain.ends_with(":key/*");
                    let known =
                        beyond || of_stack.contains(&plain.as_str()) || given.contains(&arn);
                    if local.contains(&service) && !known {
                        found.push(finding("statement-about-nothing", format!("{id}: {arn}")));
                    }
                }
            }
        }
    }
    found
}

/// IAM attaches so many managed policies to a role, unless somebody had the quota raised.
const MANAGED: usize = 10;

fn attached(stack: &Stack) -> Vec<Finding> {
    let count = |role: &Resource| role.get("/ManagedPolicyArns").as_array().map_or(0, Vec::len);
    let over = stack.of(ROLE).filter(|(_, role)| count(role) > MANAGED);
    over.map(|(id, role)| finding("too-many-policies", format!("{id}: {}", count(role)))).collect()
}

/// The texts of a text or a list of them.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
