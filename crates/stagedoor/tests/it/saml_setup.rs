//! `stagedoor saml setup`: what to enter where.

use crate::process::{Run, command, run};
use crate::world::MAP;
use std::fs;
use tempfile::TempDir;

fn setup(folder: &TempDir, args: &[&str]) -> Run {
    let mut command = command(folder.path());
    command.args(["saml", "setup", "--public-url", "https://door.example.com"]).args(args);
    run(command)
}

fn with_map() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let map = MAP.replace(
        "grants:\n",
        "grants:\n  - { group: \"ml-{team}-{persona}\", team: \"{team}\" }\n",
    );
    fs::write(folder.path().join("access.yaml"), map).unwrap();
    folder
}

#[test]
fn identity_center_gets_one_application_for_each_team() {
    let folder = with_map();
    let document = setup(&folder, &["identity-center", "--output", "json"]).exits(0).json();
    assert_eq!(document["kind"], "SamlSetup");
    assert_eq!(document["acsUrl"], "https://door.example.com/saml/acs");
    assert_eq!(document["entityId"], "https://door.example.com/saml/metadata");
    let applications = document["applications"].as_array().unwrap();
    let teams: Vec<&str> = applications.iter().map(|a| a["team"].as_str().unwrap()).collect();
    assert_eq!(teams, ["demand", "fraud"]);
    let fraud = &applications[1];
    assert_eq!(
        fraud["startUrl"],
        "https://door.example.com/login/identity-center-fraud?team=fraud"
    );
    assert_eq!(
        fraud["attributes"],
        serde_json::json!([
            { "name": "Subject", "value": "${user:email}", "format": "emailAddress" },
            { "name": "ssouserid", "value": "${user:AD_GUID}", "format": "unspecified" },
            { "name": "teamid", "value": "fraud", "format": "unspecified" },
        ])
    );
    // The pattern speaks of personas, and the team has none.
    assert_eq!(fraud["groups"], serde_json::json!(["ml-fraud"]));
}

#[test]
fn the_lines_for_the_map_are_valid_there() {
    let folder = with_map();
    let document = setup(&folder, &["identity-center", "--output", "json"]).exits(0).json();
    let map = fs::read_to_string(folder.path().join("access.yaml")).unwrap();
    let snippet = document["map"].as_str().unwrap();
    fs::write(folder.path().join("access.yaml"), format!("{map}\n{snippet}\n")).unwrap();
    let mut validate = command(folder.path());
    validate.arg("validate");
    // The map is right; what is missing is the file that one of the steps downloads.
    run(validate).exits(3).says(&["identity-center-demand.xml", "(idp-metadata-unreadable)"]);
}

#[test]
fn every_provider_is_told_the_same_addresses() {
    let folder = with_map();
    for provider in ["entra", "okta", "adfs", "keycloak", "google", "generic"] {
        let run = setup(&folder, &[provider]).exits(0);
        for text in [
            "  ACS URL (reply URL)   https://door.example.com/saml/acs\n",
            "  Audience (entity id)  https://door.example.com/saml/metadata\n",
            "\nSteps\n   1. ",
            "  assign to   ml-demand, ml-fraud\n",
            "\nFor the access map\nidentity_providers:\n",
        ] {
            assert!(run.stdout.contains(text), "{provider}: {text} in {}", run.stdout);
        }
    }
}

#[test]
fn what_a_provider_is_known_for_is_said() {
    let folder = with_map();
    for (provider, words) in [
        ("identity-center", "No public API creates SAML applications"),
        ("okta", "AES-256-CBC by default"),
        ("adfs", "Outgoing claim type: Name ID"),
        ("entra", "App Federation Metadata Url"),
        ("keycloak", "Client signature required: Off"),
        ("google", "Google publishes no address with the metadata"),
    ] {
        let run = setup(&folder, &[provider]).exits(0);
        let flat = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(words), "{provider}: {words} in {}", run.stdout);
    }
    let mut underscore = command(folder.path());
    underscore.args(["saml", "setup", "okta", "--public-url", "https://the_door.example.com"]);
    let run = run(underscore).exits(0);
    assert!(run.stdout.contains("Okta refuses a Single sign-on URL with an underscore"));
}

#[test]
fn without_a_map_a_team_can_be_named() {
    let folder = tempfile::tempdir().unwrap();
    setup(&folder, &["identity-center"]).exits(3).says(&["--map PATH", "--team TEAM"]);
    let run = setup(&folder, &["identity-center", "--team", "risk"]).exits(0);
    assert!(
        run.stdout.contains("  assign to   the groups of the map's grants (none is known here)\n")
    );
    assert!(run.stdout.contains("\nApplication `SageMaker Studio: risk`\n"), "{}", run.stdout);
    let map = with_map();
    setup(&map, &["okta", "--team", "risk"]).exits(3).says(&["the map has no team `risk`"]);
}

#[test]
fn a_public_url_that_no_door_accepts_is_refused() {
    let folder = with_map();
    let mut command = command(folder.path());
    command.args(["saml", "setup", "okta", "--public-url", "http://door.example.com"]);
    run(command).exits(3).says(&["http://door.example.com", "must be https", "(door-invalid)"]);
}

#[test]
fn our_metadata_is_what_the_server_would_publish() {
    let folder = with_map();
    let mut command = command(folder.path());
    command.args(["saml", "metadata", "--public-url", "https://door.example.com"]);
    let run = run(command).exits(0);
    for text in [
        "entityID=\"https://door.example.com/saml/metadata\"",
        "WantAssertionsSigned=\"true\"",
        "Location=\"https://door.example.com/saml/acs\"",
    ] {
        assert!(run.stdout.contains(text), "{text} in {}", run.stdout);
    }
    // By redirect and by form.
    let logout = " Location=\"https://door.example.com/saml/logout\"";
    assert_eq!(run.stdout.matches(logout).count(), 2, "{}", run.stdout);
}

#[test]
fn our_metadata_publishes_every_key_where_the_provider_takes_keys() {
    let folder = with_map();
    let fixture =
        |name: &str| format!("{}/../saml-sp/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    let (sp, next) = (fixture("sp.pem"), fixture("sp-next.pem"));
    let metadata = |more: &[&str]| {
        let mut command = command(folder.path());
        command.args(["saml", "metadata", "--public-url", "https://door.example.com"]).args(more);
        run(command)
    };
    let both = metadata(&["--sp-key", &sp, "--sp-key", &next, "--sign-requests"]).exits(0).stdout;
    assert_eq!(both.matches("use=\"signing\"").count(), 2, "{both}");
    assert_eq!(both.matches("use=\"encryption\"").count(), 2, "{both}");
    assert!(both.contains("AuthnRequestsSigned=\"true\""), "{both}");
    assert!(!both.contains("aes256-cbc"), "{both}");
    let cbc = metadata(&["--sp-key", &sp, "--allow-cbc"]).exits(0).stdout;
    assert!(cbc.contains("aes256-cbc"), "{cbc}");
    let center = metadata(&["--sp-key", &sp, "--flavour", "identity-center"]).exits(0).stdout;
    assert!(!center.contains("KeyDescriptor"), "{center}");
    metadata(&["--sign-requests"]).exits(3).says(&["--sp-key FILE", "(sp-key-missing)"]);
}
