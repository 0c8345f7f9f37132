//! `stagedoor validate`: every error has its file, line, column and code.

use crate::process::{Run, command, run};
use crate::world::MAP;
use demo_idp::{DemoIdp, DemoIdpConfig};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

fn validate(folder: &Path, args: &[&str]) -> Run {
    let mut command = command(folder);
    command.arg("validate").args(args);
    run(command)
}

/// A folder with this map as `access.yaml`.
fn with_map(map: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("access.yaml"), map).unwrap();
    folder
}

#[track_caller]
fn refused(map: &str, talk: &str) {
    let run = validate(with_map(map).path(), &[]).exits(3).prints("");
    assert_eq!(run.stderr, talk);
}

#[test]
fn a_valid_map_is_said_to_be_valid() {
    let folder = with_map(MAP);
    validate(folder.path(), &[])
        .exits(0)
        .prints("access.yaml is valid: 1 domain, 2 teams, 2 grants.\n");
    let document = validate(folder.path(), &["--output", "json"]).exits(0).json();
    assert_eq!(document["apiVersion"], "stagedoor/v1");
    assert_eq!(document["kind"], "Validation");
    assert_eq!(document["valid"], true);
    assert_eq!(document["teams"], 2);
    assert_eq!(document["cautions"], serde_json::json!([]));
    assert_eq!(document["digest"].as_str().unwrap().len(), 64);
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_a_near_match() {
    refused(
        &MAP.replace("    tags: ", "    tag: "),
        "error: the access map has 1 error\n\n\
         access.yaml:18:5: unknown key `tag` (map-unknown-key)\n   |\n\
         18 |     tag: { CostCenter: \"42\" }\n   |     ^^^\n  \
         expected one of `domain`, `domains`, `isolation`, `persona`, `execution_role`, `network`, `session`, `link`, \
         `landing`, `space`, `tags`, `user_settings`, `about`, `buckets`, `repositories`, `kms_keys` and 5 more\n  did you mean `tags`?\n",
    );
}

#[test]
fn a_key_given_twice_is_refused_with_both_places() {
    refused(
        &MAP.replace("  demand:\n", "  fraud:\n").replace("team: demand", "team: fraud"),
        "error: the access map has 1 error\n\n\
         access.yaml:19:3: duplicate key `fraud`, first given at access.yaml:14:3 \
         (map-duplicate-key)\n   |\n19 |   fraud:\n   |   ^^^^^\n  keep one of them\n",
    );
}

#[test]
fn a_reference_to_nothing_is_refused_with_a_near_match() {
    refused(
        &MAP.replace("team: fraud }", "team: fruad }"),
        "error: the access map has 1 error\n\n\
         access.yaml:25:30: unknown team `fruad` (map-unknown-team)\n   |\n\
         25 |   - { group: ml-fraud, team: fruad }\n   |                              ^^^^^\n  \
         expected one of `demand`, `fraud`\n  did you mean `fraud`?\n",
    );
}

#[test]
fn a_role_that_is_no_arn_is_refused() {
    refused(
        &MAP.replacen("arn:aws:iam::{account_id}:role/studio-{team}", "studio {team}", 1),
        "error: the access map has 1 error\n\n\
         access.yaml:16:21: the execution role would be \
         `arn:aws:iam::111122223333:role/studio fraud` (map-invalid-role)\n   \
         |\n16 |     execution_role: \"studio {team}\"\n   |                     \
         ^^^^^^^^^^^^^^^\n  expected the ARN of an IAM role \
         (`arn:aws:iam::111122223333:role/name`) with a name of at most 64 characters\n",
    );
}

#[test]
fn every_error_of_a_map_is_told_at_once() {
    let map = MAP
        .replace("    region: eu-west-1\n", "    region: Ireland\n")
        .replace("hold: 0d", "hold: forever");
    let run = validate(with_map(&map).path(), &[]).exits(3);
    run.says(&[
        "the access map has 2 errors",
        "access.yaml:11:13: ",
        "access.yaml:29:22: ",
        "expected a duration from 0d to 90d (such as `7d` or `36h`)",
    ]);
}

#[test]
fn a_file_that_cannot_be_read_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let run = validate(folder.path(), &["--map", "nowhere.yaml"]).exits(3).prints("");
    assert_eq!(
        run.stderr,
        "error: nowhere.yaml: cannot be read: No such file or directory (os error 2). Name the \
         access map with --map PATH or STAGEDOOR_MAP. (map-unreadable)\n"
    );
    fs::write(folder.path().join("access.yaml"), b"version: 1\nname: \xff\n").unwrap();
    validate(folder.path(), &[]).exits(3).prints("").says(&["access.yaml:2", "(map-not-utf8)"]);
}

/// Metadata of an identity provider.
fn metadata() -> String {
    let config = DemoIdpConfig {
        base_url: "https://idp.example".to_owned(),
        people: Vec::new(),
        service_providers: Vec::new(),
        tiles: Vec::new(),
    };
    DemoIdp::new(config, Arc::new(|| jiff::Timestamp::UNIX_EPOCH)).unwrap().metadata_xml()
}

#[test]
fn what_weakens_the_door_is_said_of_a_valid_map() {
    let folder = with_map(&format!(
        "{MAP}identity_providers:\n  corp: {{ metadata: corp.xml, allow_weak_algorithms: true }}\n"
    ));
    fs::write(folder.path().join("corp.xml"), metadata()).unwrap();
    let key = "identity_providers.corp.allow_weak_algorithms";
    let message = "SHA-1 and RSA keys under 2,048 bits are accepted: signatures made with them can \
                   be forged.";
    let run = validate(folder.path(), &[]).exits(0);
    assert_eq!(run.stderr, format!("caution: {key}: {message} (map-weak-algorithms)\n"));
    let document = validate(folder.path(), &["--output", "json"]).exits(0).json();
    assert_eq!(
        document["cautions"],
        serde_json::json!([{ "code": "map-weak-algorithms", "key": key, "message": message }])
    );
}

/// A server ended with it at its start, and systemd does not try that again.
#[test]
fn a_file_of_a_directory_that_is_not_there_is_told_of() {
    let center = "identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 }";
    let ldap = "ldap: { urls: ['ldaps://dc.corp.example'], base_dn: 'dc=corp', ca_file: ca.pem }";
    let folder = with_map(&MAP.replace(center, ldap));
    let run = validate(folder.path(), &[]).exits(0);
    let key = "caution: directory (access.yaml:4), ca_file \"ca.pem\": A file of a directory is not there";
    assert!(run.stderr.starts_with(key), "{}", run.stderr);
    assert!(run.stderr.ends_with("(map-file-missing)\n"), "{}", run.stderr);
    fs::write(folder.path().join("ca.pem"), "").unwrap();
    assert_eq!(validate(folder.path(), &[]).exits(0).stderr, "");
}

#[test]
fn the_metadata_of_an_identity_provider_must_be_there_and_be_metadata() {
    let map = format!("{MAP}identity_providers:\n  corp: {{ metadata: idp/corp.xml }}\n");
    let folder = with_map(&map);
    let run = validate(folder.path(), &["--output", "json"]).exits(3);
    let document = run.json();
    assert_eq!(document["kind"], "Error");
    assert_eq!(document["code"], "idp-metadata-unreadable");
    let message = document["message"].as_str().unwrap();
    assert!(
        message.starts_with("identity provider `corp`, metadata idp/corp.xml: No such file"),
        "{message}"
    );

    fs::create_dir(folder.path().join("idp")).unwrap();
    fs::write(folder.path().join("idp/corp.xml"), "<html/>").unwrap();
    let document = validate(folder.path(), &["--output", "json"]).exits(3).json();
    assert_eq!(document["code"], "idp-metadata-invalid");

    let metadata = metadata();
    let until = |time: &str| {
        let xml = metadata.replacen("entityID=", &format!("validUntil=\"{time}\" entityID="), 1);
        fs::write(folder.path().join("idp/corp.xml"), xml).unwrap();
        validate(folder.path(), &["--output", "json"])
    };
    assert_eq!(until("2020-01-01T00:00:00Z").exits(3).json()["code"], "idp-metadata-expired");
    assert_eq!(until("2999-01-01T00:00:00Z").exits(0).json()["valid"], true);
}

#[test]
fn metadata_that_no_door_would_take_is_refused_here_too() {
    let corp = "metadata: idp.xml, allow_unsolicited: true";
    for (entry, says) in [
        (format!("  corp: {{ {corp} }}\n  more: {{ {corp} }}\n"), "have the same entity id"),
        (
            format!("  corp: {{ {corp}, certificate_fingerprints: [{}] }}\n", "ab".repeat(32)),
            "no signing certificate that the map pins",
        ),
    ] {
        let folder = with_map(&format!("{MAP}identity_providers:\n{entry}"));
        fs::write(folder.path().join("idp.xml"), metadata()).unwrap();
        let document = validate(folder.path(), &["--output", "json"]).exits(3).json();
        assert_eq!(document["code"], "door-invalid");
        let message = document["message"].as_str().unwrap();
        assert!(message.contains(says), "{message}");
    }
}

#[test]
fn an_error_as_json_holds_code_and_place() {
    let folder = with_map(&MAP.replace("hold: 0d", "hold: 0d, hom: retain"));
    let document = validate(folder.path(), &["--output", "json"]).exits(3).json();
    assert_eq!(document["apiVersion"], "stagedoor/v1");
    assert_eq!(document["kind"], "Error");
    assert_eq!(document["code"], "map-invalid");
    assert_eq!(document["remedy"], serde_json::Value::Null);
    let message = document["message"].as_str().unwrap();
    assert!(message.contains("access.yaml:29:26: "), "{message}");
    assert!(message.contains("(map-unknown-key)"), "{message}");
    let [error] = document["errors"].as_array().unwrap().as_slice() else { panic!("{document}") };
    assert_eq!(error["code"], "map-unknown-key");
    assert_eq!(
        error["place"],
        serde_json::json!({"file": "access.yaml", "line": 29, "column": 26})
    );
}

#[test]
fn a_folder_of_maps_is_one_map() {
    let folder = tempfile::tempdir().unwrap();
    let maps = folder.path().join("access.d");
    fs::create_dir(&maps).unwrap();
    validate(folder.path(), &["--map", "access.d"])
        .exits(3)
        .says(&["access.d: the folder holds no *.yaml file"]);

    let (base, grants) = MAP.split_once("grants:").unwrap();
    fs::write(maps.join("10-base.yaml"), base).unwrap();
    fs::write(maps.join("20-grants.yml"), format!("version: 1\ngrants:{grants}")).unwrap();
    fs::write(maps.join("README.md"), "not a map").unwrap();
    validate(folder.path(), &["--map", "access.d"])
        .exits(0)
        .prints("access.d is valid: 1 domain, 2 teams, 2 grants.\n");

    fs::write(maps.join("30-more.yaml"), "version: 1\nteams: { fraud: {} }\n").unwrap();
    validate(folder.path(), &["--map", "access.d"])
        .exits(3)
        .says(&["access.d/30-more.yaml:2:10: ", "(map-duplicate-key)"]);
}

#[test]
fn the_map_may_be_named_by_the_environment() {
    let folder = with_map("nonsense");
    fs::write(folder.path().join("other.yaml"), MAP).unwrap();
    let mut named = command(folder.path());
    named.env("STAGEDOOR_MAP", "other.yaml").arg("validate");
    run(named).exits(0).prints("other.yaml is valid: 1 domain, 2 teams, 2 grants.\n");
    // A flag is stronger.
    let mut named = command(folder.path());
    named.env("STAGEDOOR_MAP", "access.yaml").args(["validate", "-m", "other.yaml"]);
    run(named).exits(0);
}
