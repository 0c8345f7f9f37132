//! What the server remembers of attempts to sign in, and its own keys.

use crate::house::{House, Ids};
use crate::process::{command, run};
use crate::world::settled;
use demo_idp::Signing;
use std::fs;

#[test]
fn the_last_attempts_are_rows_of_checks_without_what_was_said() {
    let mut house = House::open(&settled());
    house.sign_in(&house.browser(), "ana");
    let ids = Ids::new();
    let forged = house
        .idp
        .issue_response(&demo_idp::DemoResponse {
            audience: "https://other.example",
            signing: Signing::Both,
            ..house.response("ben", None, &ids)
        })
        .unwrap();
    let answer = house.browser().post("/saml/acs", &[("SAMLResponse", &forged)]);
    assert_eq!(answer.status, 403);
    assert_eq!(house.server.terminate().code(), Some(0));

    let table = house.world.run(&["saml", "attempts"]).exits(0);
    let lines: Vec<&str> = table.stdout.lines().collect();
    assert_eq!(lines.len(), 4, "{}", table.stdout);
    assert!(lines[0].contains("  corp  refused  audience-mismatch  reference "), "{}", lines[0]);
    assert!(
        lines[1].contains("✓signature ✗audience(audience-mismatch) –destination"),
        "{}",
        lines[1]
    );
    assert!(lines[2].contains("  corp  accepted  signed-in  reference "), "{}", lines[2]);
    assert!(!lines[3].contains('✗') && !lines[3].contains('–'), "{}", lines[3]);
    assert!(!table.stdout.contains("ben@example.com"), "{}", table.stdout);

    let one = house.world.run(&["saml", "attempts", "--limit", "1", "--output", "json"]);
    let document = one.exits(0).json();
    assert_eq!(document["kind"], "SamlAttempts");
    let attempts = document["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(
        (&attempts[0]["code"], &attempts[0]["accepted"]),
        (&"audience-mismatch".into(), &false.into())
    );
    assert_eq!(
        attempts[0]["rows"][0],
        serde_json::json!({ "check": "size", "state": "passed", "code": null })
    );
}

#[test]
fn a_store_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path());
    command.args(["saml", "attempts"]);
    run(command).exits(3).says(&["there is no store stagedoor.db", "(store-missing)"]);
    assert!(!folder.path().join("stagedoor.db").exists());
}

#[test]
fn a_new_key_is_for_its_owner_only_and_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let new = || {
        let mut command = command(folder.path());
        command.args(["saml", "key", "new", "--out", "sp.pem", "--output", "json"]);
        run(command)
    };
    let document = new().exits(0).json();
    assert_eq!(document["kind"], "SamlKey");
    let path = folder.path().join("sp.pem");
    let pem = fs::read_to_string(&path).unwrap();
    let key = saml_sp::ServiceProviderKey::from_pem(&pem).unwrap();
    assert_eq!(document["fingerprint"], key.fingerprint());
    assert_eq!(document["notAfter"], key.not_after().unwrap().to_string());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    new().exits(1).says(&["cannot write sp.pem"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), pem);
}
