//! The hub: every way to make it, and what its functions are told.

use crate::checks::check;
use crate::stack::{create, look};
use crate::yaml::template;
use access::reason::ReasonCode;
use serde_json::{Value, json};

/// What has no default.
const LEAST: [(&str, &str); 8] = [
    ("CodeBucket", "artifacts"),
    ("CodeKey", "stagedoor-lambda-arm64.zip"),
    ("MapLayerArn", "arn:aws:lambda:eu-west-1:111122223333:layer:stagedoor-map:1"),
    ("DomainName", "studio.corp.example"),
    ("CertificateArn", "arn:aws:acm:eu-west-1:111122223333:certificate/0a1b"),
    ("IdentityStoreId", "d-906716eb24"),
    ("SpokeRoleArns", "arn:aws:iam::111122223333:role/StagedoorSpoke"),
    ("HostedZoneId", ""),
];

/// Everything switched on: what the map of [`crate::roles`] is of.
pub(crate) fn full() -> Vec<(&'static str, &'static str)> {
    let more = [
        ("HostedZoneId", "Z0123456789ABCDEFGHIJ"),
        ("LinkRoleArns", "arn:aws:iam::111122223333:role/StagedoorSpokeLinks"),
        ("DirectoryKeyArn", "arn:aws:kms:eu-west-1:999988887777:key/directory"),
        ("MirrorIdentityStoreId", "d-1234567890"),
        ("SourceIdentity", "yes"),
        ("ApplicationArns", "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1"),
        (
            "SpKeySecretArn",
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:stagedoor-sp-a1b2c3",
        ),
        (
            "DirectorySecretArns",
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:stagedoor/ldap-d4e5f6",
        ),
        (
            "DirectoryParameterArns",
            "arn:aws:ssm:eu-west-1:111122223333:parameter/stagedoor/ldap-key",
        ),
        (
            "TimerSecretArns",
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:stagedoor/ops-g7h8i9",
        ),
        (
            "TimerParameterArns",
            "arn:aws:ssm:eu-west-1:111122223333:parameter/stagedoor/webhook-key",
        ),
        ("FunctionsInVpc", "yes"),
        ("NatGateway", "yes"),
        ("AlarmEmail", "ops@example.com"),
        ("CodeVersion", "v1"),
        ("PermissionsBoundaryArn", "arn:aws:iam::111122223333:policy/boundary"),
        ("AuditRetention", "400d"),
        ("ObserveOnly", "false"),
    ];
    with(&more)
}

pub(crate) fn with(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let kept = LEAST.into_iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    kept.chain(more.iter().copied()).collect()
}

#[test]
fn nothing_in_the_template_is_unused_or_waits_for_itself() {
    assert_eq!(look(&template("hub.yaml")), []);
}

#[test]
fn every_way_to_make_the_hub_holds_together() {
    let existing = [
        ("VpcId", "vpc-0abc0abc0"),
        ("SubnetIds", "subnet-0a1a1a1a,subnet-0b2b2b2b"),
        ("VpcRange", "172.16.0.0/12"),
        ("RouteTableIds", "rtb-0a1a1a1a"),
        ("ExecuteApiEndpointIds", "vpce-0a11a11a,vpce-0b22b22b"),
    ];
    let template = template("hub.yaml");
    let holds = |more: &[(&'static str, &'static str)]| {
        let stack = create(&template, &with(more));
        let stack = stack.unwrap_or_else(|found| panic!("{more:?}: {found:#?}"));
        assert_eq!(check(&stack), [], "{more:?}");
    };
    for kind in ["private", "regional", "http"] {
        for inside in ["yes", "no"] {
            for vpc in [&existing[..0], &existing[..3], &existing[..4], &existing[4..], &existing] {
                let zone = ("HostedZoneId", "Z0123456789ABCDEFGHIJ");
                let mut more = vec![("ApiKind", kind), ("FunctionsInVpc", inside), zone];
                more.extend(vpc);
                holds(&more);
            }
        }
        for (name, value) in [
            ("DirectoryEvents", "no"),
            ("NatGateway", "yes"),
            ("CreateEndpoints", "no"),
            ("ObserveOnly", "false"),
            ("Architecture", "x86_64"),
            ("AuditKeyArn", "store"),
            ("AuditKeyArn", "arn:aws:kms:eu-west-1:111122223333:key/theirs"),
            ("CheckpointBucket", "none"),
            ("CheckpointBucket", "kept-elsewhere"),
        ] {
            holds(&[("ApiKind", kind), ("FunctionsInVpc", "yes"), (name, value)]);
        }
    }
    holds(&full());
}

/// People may come by LDAP, from a file or by SCIM.
#[test]
fn a_hub_that_reads_no_identity_store_needs_no_id_of_one() {
    let hub = template("hub.yaml");
    let made = |more: &[(&'static str, &'static str)]| {
        let mut given = with(more);
        given.retain(|(name, value)| *name != "IdentityStoreId" || *value != "d-906716eb24");
        let stack = create(&hub, &given).unwrap();
        assert_eq!(check(&stack), [], "{more:?}");
        let mut policies = stack.of("AWS::IAM::ManagedPolicy");
        let policy = policies.find(|(name, _)| *name == "DirectoryPolicy");
        policy.map(|(_, policy)| policy.get("/PolicyDocument/Statement/0/Action").clone())
    };
    assert_eq!(made(&[]), None);
    let secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:stagedoor/ldap-d4e5f6";
    assert_eq!(made(&[("DirectorySecretArns", secret)]).unwrap(), "secretsmanager:GetSecretValue");
    let with_uuid = made(&[("IdentityStoreId", "0c7f1e52-6f41-4f0e-9a3b-5f2d1c0b7a01")]);
    assert_eq!(with_uuid.unwrap()[0], "identitystore:ListUsers");
}

/// What the map names is what the stack makes.
#[test]
fn outputs_are_what_the_map_of_the_hub_names() {
    let stack = create(&template("hub.yaml"), &full()).unwrap();
    let output = |name: &str| stack.outputs[name].as_str().unwrap();
    for (key, name) in [
        ("role", "HubRole"),
        ("queue", "EventsQueueArn"),
        ("work_queue", "WorkQueueArn"),
        ("later_queue", "LaterQueueArn"),
        ("table", "TableArn"),
        ("key", "KeyArn"),
        ("audit_key", "AuditKeyArn"),
        ("checkpoints", "CheckpointPlace"),
    ] {
        let line = format!("  {key}: {}\n", output(name));
        assert!(crate::roles::HUB_MAP.contains(&line), "{line}");
    }
    assert_eq!(output("AcsUrl"), "https://studio.corp.example/saml/acs");
    assert_eq!(output("PublicUrl"), "https://studio.corp.example");
    assert_eq!(stack.outputs.len(), 16);
}

#[test]
fn an_existing_vpc_without_subnets_is_refused() {
    let more = [("VpcId", "vpc-0abc0abc0"), ("FunctionsInVpc", "yes")];
    let found = create(&template("hub.yaml"), &with(&more)).unwrap_err();
    assert_eq!(found[0].code, "rule-broken");
    assert_eq!(found[0].text, "ExistingVpcHasSubnets: An existing VPC needs SubnetIds.");
}

#[test]
fn addresses_are_limited_as_they_are_written_or_not_at_all() {
    const LIMIT: &str = "198.51.100.7,203.0.113.0/24,2001:DB8::/32,2001:db8::1";
    let hub = template("hub.yaml");
    let made = |kind: &'static str, limit| {
        create(&hub, &with(&[("ApiKind", kind), ("AllowedCidrs", limit)]))
    };
    let stack = made("regional", LIMIT).unwrap();
    let (_, api) = stack.of("AWS::ApiGateway::RestApi").next().unwrap();
    let allowed = api.get("/Policy/Statement/1/Condition/NotIpAddress/aws:SourceIp");
    assert_eq!(*allowed, LIMIT.split(',').collect::<Value>());
    for kind in ["private", "http"] {
        for limit in [LIMIT, "0.0.0.0/0"] {
            let found = made(kind, limit).err().unwrap();
            assert_eq!(
                found[0].text,
                "AddressesAreLimited: AllowedCidrs limits a regional API alone; with another ApiKind it \
                 would let everybody in."
            );
        }
        assert!(made(kind, "0.0.0.0/0,::/0").is_ok(), "{kind}");
    }
    for bad in ["198.51.100.7/", "studio.corp.example", "198.51.100.7/24/8"] {
        let found = made("regional", bad).err().unwrap();
        assert_eq!(found[0].text, format!("AllowedCidrs: {bad}"));
    }
}

#[test]
fn events_of_another_account_that_no_rule_takes_are_refused() {
    let more = [("DirectoryAccountId", "999999999999"), ("DirectoryEvents", "no")];
    let found = create(&template("hub.yaml"), &with(&more)).unwrap_err();
    assert_eq!(
        found[0].text,
        "AnotherAccountIsHeard: Events of DirectoryAccountId are taken by the rules that DirectoryEvents \
         makes."
    );
}

/// Nobody learns to look away from it in the week of looking on, and it is in no state yet when that ends.
#[test]
fn the_alarm_of_what_is_not_carried_out_is_there_when_something_is_to_be() {
    for (observe, is_there) in [("true", false), ("false", true)] {
        let stack = create(&template("hub.yaml"), &with(&[("ObserveOnly", observe)])).unwrap();
        assert_eq!(stack.resources.contains_key("NotCarriedOut"), is_there, "{observe}");
        assert!(stack.resources.contains_key("NoFullPass"), "{observe}");
        let told = stack.resources["WorkFunction"].get("/Environment/Variables");
        assert_eq!(told["STAGEDOOR_OBSERVE_ONLY"], observe);
    }
    let stack = create(&template("hub.yaml"), &with(&[])).unwrap();
    assert_eq!(stack.parameters["ObserveOnly"], "true");
}

#[test]
fn functions_are_told_what_docs_lambda_md_says() {
    let stack = create(&template("hub.yaml"), &full()).unwrap();
    let told = |id: &str| stack.resources[id].get("/Environment/Variables").clone();
    let common = json!({
        "STAGEDOOR_MAP": "/opt/access.yaml",
        "STAGEDOOR_STORE": "dynamodb:stagedoor",
        "STAGEDOOR_WORK_QUEUE": "https://sqs.eu-west-1.amazonaws.com/111122223333/stagedoor-work.fifo",
        "STAGEDOOR_LATER_QUEUE": "https://sqs.eu-west-1.amazonaws.com/111122223333/stagedoor-later",
        "STAGEDOOR_AUDIT_KEY": "kms:arn:aws:kms:eu-west-1:111122223333:key/auditkey",
        "STAGEDOOR_OBSERVE_ONLY": "false",
        "STAGEDOOR_LOG": "info",
    });
    let and = |more: Value| {
        let mut all = common.as_object().unwrap().clone();
        all.extend(more.as_object().unwrap().clone());
        Value::Object(all)
    };
    assert_eq!(
        told("DoorFunction"),
        and(json!({
            "STAGEDOOR_PUBLIC_URL": "https://studio.corp.example",
            "STAGEDOOR_SP_KEY_SECRET":
                "arn:aws:secretsmanager:eu-west-1:111122223333:secret:stagedoor-sp-a1b2c3",
        }))
    );
    assert_eq!(told("EventsFunction"), common);
    assert_eq!(told("WorkFunction"), and(json!({"STAGEDOOR_RESYNC": "15m"})));
    assert_eq!(
        told("TimerFunction"),
        and(json!({
            "STAGEDOOR_RESYNC": "15m",
            "STAGEDOOR_AUDIT_CHECKPOINTS": "s3://checkpoints/stagedoor",
            "STAGEDOOR_AUDIT_RETENTION": "400d",
        }))
    );
}

#[test]
fn the_audit_log_is_kept_for_ever_unless_somebody_says_otherwise_and_has_checkpoints() {
    let kept = |more: &[(&'static str, &'static str)]| {
        let stack = create(&template("hub.yaml"), &with(more))?;
        let told = stack.resources["TimerFunction"].get("/Environment/Variables").clone();
        Ok::<_, Vec<crate::stack::Finding>>(told.get("STAGEDOOR_AUDIT_RETENTION").cloned())
    };
    assert_eq!(kept(&[]), Ok(None));
    assert_eq!(kept(&[("AuditRetention", "90d")]), Ok(Some(json!("90d"))));
    let found = kept(&[("AuditRetention", "90d"), ("CheckpointBucket", "none")]).unwrap_err();
    assert_eq!(found[0].code, "rule-broken");
    assert_eq!(found[0].text, "RetentionHasCheckpoints: AuditRetention needs a CheckpointBucket.");
}

/// A log that is sealed by the table's own key, and one whose key and bucket are of another account.
#[test]
fn what_seals_the_audit_log_and_where_its_checkpoints_go_is_chosen() {
    let made = |more: &[(&'static str, &'static str)]| {
        let stack = create(&template("hub.yaml"), &with(more)).unwrap();
        let told = |id: &str, name: &str| {
            stack.resources[id].text(&format!("/Environment/Variables/{name}")).to_owned()
        };
        let is_there = |kind: &str, id: &str| stack.of(kind).any(|(other, _)| other == id);
        (
            told("DoorFunction", "STAGEDOOR_AUDIT_KEY"),
            told("TimerFunction", "STAGEDOOR_AUDIT_CHECKPOINTS"),
            is_there("AWS::KMS::Key", "AuditKey"),
            is_there("AWS::S3::Bucket", "Checkpoints"),
        )
    };
    let text = str::to_owned;
    assert_eq!(
        made(&[]),
        (
            text("kms:arn:aws:kms:eu-west-1:111122223333:key/auditkey"),
            text("s3://checkpoints/stagedoor"),
            true,
            true
        )
    );
    assert_eq!(
        made(&[("AuditKeyArn", "store"), ("CheckpointBucket", "none")]),
        (text(""), text(""), false, false)
    );
    let theirs = "arn:aws:kms:eu-west-1:111122223333:key/theirs";
    assert_eq!(
        made(&[("AuditKeyArn", theirs), ("CheckpointBucket", "kept-elsewhere")]),
        (format!("kms:{theirs}"), text("s3://kept-elsewhere/stagedoor"), false, false)
    );
}

/// Port 443 and what is asked for, each by a rule of its own.
#[test]
fn functions_in_the_vpc_call_the_ports_that_are_asked_for_and_no_other() {
    let ports = |more: &[(&'static str, &'static str)]| {
        let inside = [&[("FunctionsInVpc", "yes")], more].concat();
        let stack = create(&template("hub.yaml"), &with(&inside)).unwrap();
        let rules = stack.resources["FunctionsGroup"].get("/SecurityGroupEgress").clone();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let rules = rules.as_array().unwrap().iter().map(|rule| {
            assert_eq!((&rule["IpProtocol"], &rule["FromPort"]), (&json!("tcp"), &rule["ToPort"]));
            text(&rule["FromPort"])
        });
        rules.collect::<Vec<_>>()
    };
    assert_eq!(ports(&[]), ["443"]);
    assert_eq!(ports(&[("DirectoryPort", "636")]), ["443", "636"]);
    let all = [("TelemetryPort", "4318"), ("MailPort", "587"), ("DirectoryPort", "3269")];
    assert_eq!(ports(&all), ["443", "3269", "587", "4318"]);
}

/// Those of `domain.yaml` let in the apps and people's addresses alone.
#[test]
fn endpoints_that_are_there_let_the_functions_in() {
    let domain = [("DefaultExecutionRoleArn", "arn:aws:iam::111122223333:role/studio-nobody")];
    let domain = create(&template("domain.yaml"), &domain).unwrap();
    let group: &'static str =
        domain.outputs["EndpointsGroupId"].as_str().unwrap().to_owned().leak();
    assert_eq!(domain.resources["StsEndpoint"].get("/SecurityGroupIds"), &json!([group]));
    let more = [
        ("FunctionsInVpc", "yes"),
        ("CreateEndpoints", "no"),
        ("VpcId", "vpc-0abc0abc0"),
        ("SubnetIds", "subnet-0a1a1a1a,subnet-0b2b2b2b"),
        ("EndpointsGroupId", group),
    ];
    let hub = create(&template("hub.yaml"), &with(&more)).unwrap();
    assert_eq!(check(&hub), []);
    let functions = &hub.resources["FunctionsGroup"].reference;
    let rule = &hub.resources["FunctionsEnterEndpoints"].properties;
    assert_eq!(
        json!(rule),
        json!({
            "GroupId": group, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
            "SourceSecurityGroupId": functions, "Description": "functions of Stagedoor",
        })
    );
    let outside = create(&template("hub.yaml"), &with(&[("EndpointsGroupId", group)])).unwrap();
    assert!(!outside.resources.contains_key("FunctionsEnterEndpoints"), "nothing to let in");
}

/// The rows of a table of a page, each with its cells.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let rows = page.lines().filter(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn functions_and_queues_have_the_figures_of_docs_lambda_md() {
    let page = crate::yaml::folder().join("../../docs/lambda.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = rows(&page);
    let row =
        |name: &str| rows.iter().find(|row| row.first() == Some(&name)).unwrap()[1..].to_vec();
    let number = |text: &str| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        digits.parse::<i64>().unwrap()
    };
    let stack = create(&template("hub.yaml"), &full()).unwrap();
    let functions = ["DoorFunction", "EventsFunction", "WorkFunction", "TimerFunction"];
    let all = |pointer: &str| functions.map(|id| stack.resources[id].number(pointer));
    let said = |name: &str| row(name)[..4].iter().map(|t| number(t)).collect::<Vec<_>>();
    assert_eq!(all("/Timeout").to_vec(), said("time-out"));
    assert_eq!(all("/MemorySize").to_vec(), said("memory"));
    let queues = ["EventsQueue", "WorkQueue", "LaterQueue"];
    let visible = queues.map(|id| stack.resources[id].number("/VisibilityTimeout"));
    let said = row("visibility time-out");
    assert_eq!(visible.to_vec(), said[..3].iter().map(|t| number(t)).collect::<Vec<_>>());
    let days = queues.map(|id| stack.resources[id].number("/MessageRetentionPeriod") / 86_400);
    assert_eq!(days.to_vec(), row("retention")[..3].iter().map(|t| number(t)).collect::<Vec<_>>());
}

/// The metric is read off a line of Timer's log: its words are the code's.
#[test]
fn the_metric_of_full_passes_reads_the_line_that_timer_writes() {
    let stack = create(&template("hub.yaml"), &full()).unwrap();
    for (metric, field) in [("FullPasses", "complete"), ("FullPassesDone", "done")] {
        let pattern = stack.resources[metric].text("/FilterPattern").to_owned();
        assert_eq!(pattern, format!(r#"{{ $.message = "tick" && $.{field} > 0 }}"#));
    }
    let source = crate::yaml::folder().join("../../crates/lambda/src/function.rs");
    let source = std::fs::read_to_string(source).unwrap();
    let words: Vec<&str> = source.split_whitespace().collect();
    let line = r#"passes, people, everything, complete, done, mirrors, time_up, "tick" );"#;
    assert!(words.join(" ").contains(&format!("tracing::info!( {line}")));
}

/// The same of the lines about the audit log: that it was signed, and that it does not hold.
#[test]
fn the_alarms_of_the_audit_log_read_the_lines_that_functions_write() {
    let stack = create(&template("hub.yaml"), &full()).unwrap();
    let read = |filter: &str| {
        let filter = &stack.resources[filter];
        (filter.text("/LogGroupName").to_owned(), filter.text("/FilterPattern").to_owned())
    };
    let log = |of: &str| format!("/aws/lambda/stagedoor-{of}");
    let made = r#"{ $.message = "checkpoint of the audit log" }"#.to_owned();
    let broken = format!(r#"{{ $.code = "{}" }}"#, ReasonCode::AuditBroken.as_str());
    assert_eq!(read("CheckpointsMade"), (log("timer"), made));
    assert_eq!(read("AuditBrokenForTimer"), (log("timer"), broken.clone()));
    assert_eq!(read("AuditBrokenForDoor"), (log("door"), broken));
    let source = |path: &str| {
        let path = crate::yaml::folder().join("../../crates").join(path);
        std::fs::read_to_string(path).unwrap()
    };
    let anchoring = source("control/src/audit/anchoring.rs");
    assert!(
        anchoring
            .contains(r#"tracing::info!(entries = made.entries, "checkpoint of the audit log");"#)
    );
    assert!(
        anchoring.contains("let code = ReasonCode::AuditBroken;\n        tracing::error!(%code, ")
    );
    let copies = source("aws/src/dynamodb/audit/copies.rs");
    assert!(copies.contains(r#"let code = "audit-broken";"#));

    let none = create(&template("hub.yaml"), &with(&[("CheckpointBucket", "none")])).unwrap();
    assert!(!none.resources.contains_key("NoCheckpoint"), "none is to be made");
    assert!(none.resources.contains_key("AuditBroken"));
    let silent = &stack.resources["NoCheckpoint"];
    assert_eq!(silent.text("/TreatMissingData"), "breaching");
    assert_eq!(silent.number("/Period") * silent.number("/EvaluationPeriods"), 6 * 3_600);
    // From one verification to the next it goes on to ring.
    let rings = &stack.resources["AuditBroken"];
    assert_eq!(rings.number("/DatapointsToAlarm"), 1);
    assert!(rings.number("/Period") * rings.number("/EvaluationPeriods") > 3_600);
}

/// A pass begins as long after the last as `Resync` says and takes as long as Timer may; until the alarm
/// tells, one of them may be lost.
#[test]
fn no_resync_that_the_template_takes_rings_the_alarm_of_full_passes_by_itself() {
    let template = template("hub.yaml");
    let taken = template.pointer("/Parameters/Resync/AllowedValues").unwrap().as_array().unwrap();
    let seconds = taken.iter().map(|value| {
        let (number, unit) = value.as_str().unwrap().split_at(value.as_str().unwrap().len() - 1);
        number.parse::<i64>().unwrap() * if unit == "h" { 3_600 } else { 60 }
    });
    let longest = seconds.max().unwrap();
    let stack = create(&template, &full()).unwrap();
    let alarm = &stack.resources["NoFullPass"];
    assert_eq!(alarm.text("/TreatMissingData"), "breaching");
    assert_eq!(alarm.number("/Period") * alarm.number("/EvaluationPeriods"), 7_200);
    let done = &stack.resources["NotCarriedOut"];
    assert_eq!(done.text("/TreatMissingData"), "breaching");
    assert_eq!(done.number("/Period") * done.number("/EvaluationPeriods"), 6 * 3_600);
    assert!(longest + stack.resources["TimerFunction"].number("/Timeout") < 7_200 - 900);
}

/// The table that the code makes for trials is the one that the template makes to stay.
#[test]
fn the_table_has_the_keys_and_the_index_of_the_code() {
    let source = crate::yaml::folder().join("../../crates/aws/src/dynamodb/keys.rs");
    let source = std::fs::read_to_string(source).unwrap();
    let constant = |name: &str| {
        let line = format!("const {name}: &str = \"");
        source.split_once(&line).unwrap().1.split('"').next().unwrap().to_owned()
    };
    let [pk, sk, ttl] = ["PK", "SK", "TTL"].map(constant);
    let [index, lookup, at] = ["INDEX", "LOOKUP", "AT"].map(constant);
    let stack = create(&template("hub.yaml"), &full()).unwrap();
    let table = &stack.resources["Table"];
    let typed = |name: &str, kind: &str| json!({"AttributeName": name, "AttributeType": kind});
    let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
    assert_eq!(
        *table.get("/AttributeDefinitions"),
        json!([typed(&pk, "S"), typed(&sk, "S"), typed(&lookup, "S"), typed(&at, "N")])
    );
    assert_eq!(*table.get("/KeySchema"), json!([key(&pk, "HASH"), key(&sk, "RANGE")]));
    assert_eq!(
        *table.get("/GlobalSecondaryIndexes"),
        json!([{
            "IndexName": index,
            "KeySchema": [key(&lookup, "HASH"), key(&at, "RANGE")],
            "Projection": {"ProjectionType": "ALL"},
        }])
    );
    assert_eq!(table.text("/TimeToLiveSpecification/AttributeName"), ttl);
}

/// Each sum of the page is that of the lines above it, in cents.
#[test]
fn what_it_costs_adds_up() {
    let page = crate::yaml::folder().join("../../docs/deploy-aws.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, table) = page.split_once("| what | arithmetic | a month |").unwrap();
    let (mut sum, mut sums) = (0, 0);
    for row in rows(table) {
        let [what, how, cost] = row.as_slice() else { break };
        let plain = cost.trim_matches('*').replace('.', "");
        let Ok(cents) = plain.parse::<i64>() else { continue };
        if what.starts_with("**") {
            let bold = cost.trim_matches('*');
            assert_eq!(bold, format!("{}.{:02}", sum / 100, sum % 100), "{what}");
            sums += 1;
        } else {
            sum += cents;
        }
        if *what == "alarms, metrics" {
            let stack = create(&template("hub.yaml"), &full()).unwrap();
            let alarms = stack.of("AWS::CloudWatch::Alarm").count();
            assert!(how.starts_with(&format!("{alarms} × $0.10 ")), "{alarms}: {how}");
        }
    }
    assert_eq!(sums, 3);
}
