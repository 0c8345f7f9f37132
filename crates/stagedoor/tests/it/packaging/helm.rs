//! `deploy/helm`, rendered by Helm's own library and held against Kubernetes' schemas.

use super::{are_read, python, read, repository};
use serde_json::{Value, json};
use std::io::Write;
use std::process::Stdio;

/// Renders the chart with each of these values, as `helm install` does.
#[track_caller]
fn rendered(cases: &Value) -> Value {
    rendered_as(cases, false)
}

/// Renders the chart with each of these values, for a release that there is or for a new one. Every object was
/// valid in the oldest and the newest Kubernetes that the check knows.
#[track_caller]
fn rendered_as(cases: &Value, upgrade: bool) -> Value {
    let chart = repository().join("deploy/helm/stagedoor");
    let asked = json!({ "chart": chart, "cases": cases, "upgrade": upgrade });
    let mut renderer = python("helm_python, kubernetes_validate");
    renderer.arg(repository().join("crates/stagedoor/tests/packaging/chart.py"));
    let mut child = renderer
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The least that the chart asks for.
fn least() -> Value {
    json!({
        "image": { "repository": "registry.example.com/stagedoor" },
        "publicUrl": "https://studio.example.com",
        "map": "version: 1\n",
        "store": { "table": "stagedoor" },
    })
}

fn with(more: &Value) -> Value {
    let mut values = least();
    for (key, value) in more.as_object().unwrap() {
        values[key] = value.clone();
    }
    values
}

#[track_caller]
fn objects(cases: &Value, name: &str) -> Vec<Value> {
    let case = &rendered(cases)[name];
    assert_eq!(case["error"], Value::Null);
    assert_eq!(case["lint"], json!([]));
    case["objects"].as_array().unwrap().clone()
}

#[track_caller]
fn kind<'o>(objects: &'o [Value], kind: &str) -> &'o Value {
    objects.iter().find(|object| object["kind"] == kind).unwrap_or_else(|| panic!("no {kind}"))
}

fn kinds(objects: &[Value]) -> Vec<&str> {
    objects.iter().map(|object| object["kind"].as_str().unwrap()).collect()
}

fn container(objects: &[Value]) -> &Value {
    &kind(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]
}

#[test]
fn by_default_two_replicas_share_a_table_behind_a_network_policy() {
    let objects = objects(&json!({ "least": least() }), "least");
    assert_eq!(
        kinds(&objects),
        [
            "ConfigMap",
            "Deployment",
            "NetworkPolicy",
            "PodDisruptionBudget",
            "Service",
            "Service",
            "ServiceAccount"
        ]
    );
    let deployment = kind(&objects, "Deployment");
    assert_eq!(deployment["spec"]["replicas"], 2);
    assert_eq!(deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"], 0);
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert_eq!(
        pod["securityContext"],
        json!({
            "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532,
            "seccompProfile": { "type": "RuntimeDefault" },
        })
    );
    let container = container(&objects);
    assert_eq!(
        container["securityContext"],
        json!({
            "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"] },
        })
    );
    assert_eq!(container["livenessProbe"]["httpGet"], json!({ "path": "/livez", "port": "ops" }));
    assert_eq!(container["readinessProbe"]["httpGet"], json!({ "path": "/readyz", "port": "ops" }));
    assert_eq!(kind(&objects, "PodDisruptionBudget")["spec"]["maxUnavailable"], 1);
}

#[test]
fn the_grace_of_a_pod_outlasts_its_draining() {
    let slow = json!({ "drain": { "delaySeconds": 30, "timeoutSeconds": 120 } });
    let cases = json!({ "least": least(), "slow": with(&slow) });
    for (name, delay, timeout, grace) in [("least", 10, 20, 35), ("slow", 30, 120, 155)] {
        let objects = objects(&cases, name);
        let container = container(&objects);
        let env = container["env"].as_array().unwrap();
        for told in [("STAGEDOOR_DRAIN_DELAY", delay), ("STAGEDOOR_DRAIN_TIMEOUT", timeout)] {
            let told = json!({ "name": told.0, "value": format!("{}s", told.1) });
            assert!(env.contains(&told), "{name}: {told} in {env:?}");
        }
        let pod = &kind(&objects, "Deployment")["spec"]["template"]["spec"];
        assert_eq!(pod["terminationGracePeriodSeconds"], grace, "{name}");
        // The server waits by itself, with its readiness gone; a pause before it is told would come
        // on top, with its readiness still there.
        assert_eq!(container["lifecycle"], Value::Null, "{name}");
    }
}

#[test]
fn what_the_container_is_told_is_what_serve_reads() {
    let values = with(&json!({
        "eventsQueue": "stagedoor-events",
        "trustedProxies": ["10.0.0.0/16", "10.1.0.0/16"],
        "spKey": { "existingSecret": "stagedoor-sp" },
        "aws": { "region": "eu-west-1" },
    }));
    let objects = objects(&json!({ "all": values }), "all");
    let container = container(&objects);
    assert_eq!(container["args"], json!(["serve"]));
    let env = container["env"].as_array().unwrap();
    are_read(env.iter().map(|pair| pair["name"].as_str().unwrap()));
    let value = |name: &str| env.iter().find(|pair| pair["name"] == name).unwrap()["value"].clone();
    for (name, expected) in [
        ("STAGEDOOR_STORE", "dynamodb:stagedoor"),
        ("STAGEDOOR_TRUSTED_PROXY", "10.0.0.0/16,10.1.0.0/16"),
        ("STAGEDOOR_EVENTS_QUEUE", "stagedoor-events"),
        ("STAGEDOOR_SP_KEY_FILE", "/etc/stagedoor/sp-key/sp.pem"),
        ("AWS_REGION", "eu-west-1"),
    ] {
        assert_eq!(value(name), expected, "{name}");
    }
    // Secrets are files; no variable holds one.
    assert!(env.iter().all(|pair| pair["valueFrom"].is_null()));
    let mounts = container["volumeMounts"].as_array().unwrap();
    let paths: Vec<&str> = mounts.iter().map(|m| m["mountPath"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/etc/stagedoor/map", "/etc/stagedoor/sp-key"], "the table has all state");
    let map = value("STAGEDOOR_MAP");
    assert_eq!(map, format!("{}/access.yaml", paths[0]));
    // The ports are those of the image.
    let dockerfile = read("deploy/container/Dockerfile");
    for port in container["ports"].as_array().unwrap() {
        let (name, number) = (port["name"].as_str().unwrap(), &port["containerPort"]);
        let variable = if name == "ops" { "STAGEDOOR_OPS_LISTEN" } else { "STAGEDOOR_LISTEN" };
        assert_eq!(value(variable), format!("0.0.0.0:{number}"));
        assert!(dockerfile.contains(&format!("{variable}=0.0.0.0:{number}")), "{name}");
    }
}

#[test]
fn a_chart_looks_on_until_it_is_told_to_act() {
    let cases = json!({
        "least": least(),
        "unset": with(&json!({ "observeOnly": null })),
        "looks on": with(&json!({ "observeOnly": true })),
        "acts": with(&json!({ "observeOnly": false })),
        "text": with(&json!({ "observeOnly": "false" })),
    });
    let told = [("least", "true"), ("unset", "true"), ("looks on", "true"), ("acts", "false")];
    for (name, told) in told {
        let objects = objects(&cases, name);
        let env = container(&objects)["env"].as_array().unwrap();
        let variable = json!({ "name": "STAGEDOOR_OBSERVE_ONLY", "value": told });
        assert!(env.contains(&variable), "{name}: {env:?}");
    }
    let refused = rendered(&cases)["text"]["error"].to_string();
    assert!(refused.contains("'/observeOnly'"), "{refused}");
}

#[test]
fn an_upgrade_says_whether_the_release_goes_on_acting() {
    let cases = json!({
        // As `--reuse-values` leaves it for a release that is older than the value, too.
        "least": least(),
        "looks on": with(&json!({ "observeOnly": true })),
        "acts": with(&json!({ "observeOnly": false })),
    });
    let answers = rendered_as(&cases, true);
    for (name, told) in [("looks on", "true"), ("acts", "false")] {
        assert_eq!(answers[name]["error"], Value::Null);
        let objects = answers[name]["objects"].as_array().unwrap();
        let variable = json!({ "name": "STAGEDOOR_OBSERVE_ONLY", "value": told });
        assert!(container(objects)["env"].as_array().unwrap().contains(&variable), "{name}");
    }
    let refused = answers["least"]["error"].as_str().unwrap();
    assert!(refused.contains("goes on acting (`observeOnly: false`)"), "{refused}");
}

#[test]
fn a_secret_of_the_map_is_a_mounted_file() {
    let cases = json!({
        "two": with(&json!({ "secrets": ["ldap", "mail"] })),
        "bad": with(&json!({ "secrets": ["../map"] })),
    });
    let objects = objects(&cases, "two");
    let mounts = container(&objects)["volumeMounts"].as_array().unwrap();
    let volumes = kind(&objects, "Deployment")["spec"]["template"]["spec"]["volumes"].clone();
    for name in ["ldap", "mail"] {
        let path = format!("/etc/stagedoor/secrets/{name}");
        let mount = mounts.iter().find(|mount| mount["mountPath"] == *path).unwrap();
        assert_eq!(mount["readOnly"], true);
        let of = |volume: &&Value| volume["name"] == mount["name"];
        let volume = volumes.as_array().unwrap().iter().find(of).unwrap();
        assert_eq!(volume["secret"], json!({ "secretName": name, "defaultMode": 0o440 }));
    }
    let refused = rendered(&cases)["bad"]["error"].to_string();
    assert!(refused.contains("secrets"), "{refused}");
}

#[test]
fn without_a_table_one_replica_keeps_its_store_on_a_volume() {
    let values = with(&json!({ "store": { "table": "" }, "replicas": 1 }));
    let objects = objects(&json!({ "one": values }), "one");
    let names = kinds(&objects);
    assert!(names.contains(&"PersistentVolumeClaim") && !names.contains(&"PodDisruptionBudget"));
    let claim = kind(&objects, "PersistentVolumeClaim");
    assert_eq!(claim["metadata"]["annotations"]["helm.sh/resource-policy"], "keep");
    assert_eq!(claim["spec"]["accessModes"], json!(["ReadWriteOncePod"]));
    assert_eq!(kind(&objects, "Deployment")["spec"]["strategy"], json!({ "type": "Recreate" }));
    let store = container(&objects)["env"].as_array().unwrap().iter();
    let store = store.clone().find(|pair| pair["name"] == "STAGEDOOR_STORE").unwrap();
    assert_eq!(store["value"], "/var/lib/stagedoor/stagedoor.db");
    let mounts = container(&objects)["volumeMounts"].as_array().unwrap();
    assert!(mounts.iter().any(|mount| mount["mountPath"] == "/var/lib/stagedoor"), "{mounts:?}");
}

#[test]
fn the_network_policy_lets_in_the_proxy_to_the_door_and_nobody_by_default() {
    let nobody = json!({ "enabled": true, "ingressFrom": [], "metricsFrom": [], "egressTo": [] });
    let cases = json!({ "least": least(), "nobody": with(&json!({ "networkPolicy": nobody })) });
    let policy = |name| kind(&objects(&cases, name), "NetworkPolicy")["spec"].clone();
    let ports = |rule: &Value| rule["ports"][0]["port"].clone();
    let least = policy("least");
    let rules = least["ingress"].as_array().unwrap();
    assert_eq!(rules.iter().map(ports).collect::<Vec<_>>(), ["http", "ops"]);
    assert!(rules.iter().all(|rule| !rule["from"].as_array().unwrap().is_empty()));
    let nobody = policy("nobody");
    assert_eq!(nobody["ingress"], json!([]));
    assert_eq!(nobody["policyTypes"], json!(["Ingress", "Egress"]));
    // Names, and the credentials of EKS Pod Identity; nothing of the internet.
    let egress = nobody["egress"].as_array().unwrap();
    assert_eq!(egress.iter().map(ports).collect::<Vec<_>>(), [json!(53), json!(80)]);
    let places = |rule: &Value| -> Vec<Value> {
        let peers = rule["to"].as_array().unwrap().iter();
        peers.filter_map(|peer| peer["ipBlock"].get("cidr").cloned()).collect()
    };
    assert_eq!(places(&egress[0]), ["169.254.20.10/32"], "NodeLocal DNSCache");
    assert_eq!(places(&egress[1]), ["169.254.170.23/32", "fd00:ec2::23/128"]);
}

#[test]
fn pods_call_port_443_of_everybody_and_other_ports_of_those_that_carry_them() {
    let block = |cidr: &str| json!({ "ipBlock": { "cidr": cidr } });
    let mut directory = block("10.0.8.0/24");
    directory["ports"] = json!([{ "port": 636 }, { "port": 3269, "protocol": "TCP" }]);
    let calls = |to: Value| with(&json!({ "networkPolicy": { "enabled": true, "egressTo": to } }));
    let mut none = directory.clone();
    none["ports"] = json!([]);
    let cases = json!({
        "least": least(), "ldap": calls(json!([block("0.0.0.0/0"), directory])),
        "none": calls(json!([none])),
    });
    let rules = |name: &str| {
        let policy = kind(&objects(&cases, name), "NetworkPolicy")["spec"]["egress"].clone();
        // After names and credentials.
        policy.as_array().unwrap()[2..].to_vec()
    };
    let https = json!({ "to": [block("0.0.0.0/0")], "ports": [{ "port": 443 }] });
    let ldap = json!({
        "to": [block("10.0.8.0/24")], "ports": [{ "port": 636 }, { "port": 3269, "protocol": "TCP" }],
    });
    assert_eq!(rules("ldap"), [https.clone(), ldap]);
    let https6 = json!({ "to": [block("::/0")], "ports": [{ "port": 443 }] });
    assert_eq!(rules("least"), [https, https6]);
    let refused = rendered(&cases)["none"]["error"].to_string();
    assert!(refused.contains("egressTo") && refused.contains("ports"), "{refused}");
}

#[test]
fn metrics_an_ingress_and_a_role_are_made_if_asked_for() {
    let role = "arn:aws:iam::111122223333:role/stagedoor";
    let values = with(&json!({
        "serviceMonitor": { "enabled": true, "labels": { "release": "prometheus" } },
        "ingress": { "enabled": true, "className": "nginx", "tlsSecret": "studio-tls" },
        "trustedProxies": ["10.42.0.0/16"],
        "serviceAccount": { "create": true, "annotations": { "eks.amazonaws.com/role-arn": role } },
        "image": {
            "repository": "registry.example.com/stagedoor",
            "digest": format!("sha256:{}", "0".repeat(64)),
        },
    }));
    let objects = objects(&json!({ "all": values }), "all");
    let monitor = kind(&objects, "ServiceMonitor");
    assert_eq!(monitor["metadata"]["labels"]["release"], "prometheus");
    // It finds the service for metrics, and that one only.
    let wanted = monitor["spec"]["selector"]["matchLabels"].as_object().unwrap();
    let found: Vec<&str> = objects
        .iter()
        .filter(|object| object["kind"] == "Service")
        .filter(|object| wanted.iter().all(|(k, v)| object["metadata"]["labels"][k] == *v))
        .map(|object| object["metadata"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(found, ["door-stagedoor-ops"]);
    let ingress = &kind(&objects, "Ingress")["spec"];
    assert_eq!(ingress["rules"][0]["host"], "studio.example.com");
    assert_eq!(ingress["tls"][0]["secretName"], "studio-tls");
    let account = kind(&objects, "ServiceAccount");
    assert_eq!(account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"], role);
    let image = container(&objects)["image"].as_str().unwrap();
    assert!(image.starts_with("registry.example.com/stagedoor@sha256:000"), "{image}");
}

#[test]
fn values_that_cannot_work_are_refused_and_the_reason_named() {
    let cases = json!({
        "no table": with(&json!({ "store": { "table": "" } })),
        "no map": with(&json!({ "map": "" })),
        "http": with(&json!({ "publicUrl": "http://studio.example.com" })),
        "a path": with(&json!({ "publicUrl": "https://studio.example.com/door" })),
        "no image": with(&json!({ "image": { "repository": "" } })),
        "everybody is a proxy": with(&json!({ "trustedProxies": ["0.0.0.0/0"] })),
        "an ingress that nobody believes": with(&json!({ "ingress": { "enabled": true } })),
        "a typing error": with(&json!({ "replica": 3 })),
        "a map in the files": with(&json!({ "mapFiles": { "access.yaml": "" } })),
    });
    let answers = rendered(&cases);
    for (name, place) in [
        ("no table", "'/replicas'"),
        ("no map", "'/map'"),
        ("http", "'/publicUrl'"),
        ("a path", "'/publicUrl'"),
        ("no image", "'/image/repository'"),
        ("everybody is a proxy", "'/trustedProxies/0'"),
        ("an ingress that nobody believes", "'/trustedProxies'"),
        ("a typing error", "'replica'"),
        ("a map in the files", "access.yaml"),
    ] {
        let error = answers[name]["error"].as_str().unwrap_or_else(|| panic!("{name} is accepted"));
        assert!(error.contains(place), "{name}: {error}");
    }
}

#[test]
fn the_chart_is_of_the_version_of_the_binary() {
    let chart = read("deploy/helm/stagedoor/Chart.yaml");
    for line in ["version: ", "appVersion: "] {
        let found = chart.lines().find_map(|text| text.strip_prefix(line)).unwrap();
        assert_eq!(found.trim_matches('"'), env!("CARGO_PKG_VERSION"), "{line}");
    }
}
