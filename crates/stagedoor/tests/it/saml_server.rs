//! What the server remembers of attempts to sign in, and its own keys.

use crate::house::{House, Ids, identity_provider, map};
use crate::process::{Running, command, run};
use crate::world::{World, settled};
use demo_idp::Signing;
use std::fs;
use std::process::Command;

const SP: &str = include_str!("../../../saml-sp/tests/fixtures/sp.pem");
const NEXT: &str = include_str!("../../../saml-sp/tests/fixtures/sp-next.pem");
const CURVE: &str = include_str!("../../../saml-sp/tests/fixtures/sp-ec.pem");

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
    // Nothing was encrypted; all else was asked, and held.
    let rest = lines[3].replace("–decryption", "");
    assert!(!rest.contains('✗') && !rest.contains('–'), "{}", lines[3]);
    assert!(!table.stdout.contains("ben@example.com"), "{}", table.stdout);

    let one = house.world.run(&["saml", "attempts", "--limit", "1", "--output", "json"]);
    let document = one.exits(0).json();
    // The number on the page leads to what was written down, however it was noted, and to where from.
    let number = document["attempts"][0]["reference"].as_str().unwrap();
    assert!(answer.body.contains(&format!("<code>{number}</code>")), "{}", answer.body);
    let noted = format!(" {} ", number.to_uppercase());
    let list = ["audit", "list", "--output", "json", "--reference", &noted];
    let found = house.world.run(&list).exits(0).json()["items"].clone();
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found[0]["code"], "audience-mismatch");
    assert_eq!(found[0]["details"]["from"], "127.0.0.1");
    let export = house.world.run(&["audit", "export", "--reference", number]).exits(0);
    assert_eq!(export.stdout.lines().count(), 1, "{}", export.stdout);
    let none = house.world.run(&["audit", "list", "--reference", "0123456789"]).exits(0);
    let said =
        "The log has no such entries about reference 0123456789: that of a page that refused";
    assert!(none.stdout.starts_with(said), "{}", none.stdout);
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

/// A world whose map wants signed requests, which takes a key of our own.
fn signing(more_seed: &str) -> World {
    let map = map().replace("metadata: corp.xml", "metadata: corp.xml\n    sign_requests: true");
    let world = World::new(&format!("{}{more_seed}", settled()), &map);
    world.write("corp.xml", &identity_provider().metadata_xml());
    world
}

fn serve(world: &World, more: &[&str]) -> Command {
    world.command(&[&["serve", "--listen", "127.0.0.1:0"], more].concat())
}

#[track_caller]
fn serves(command: Command) -> String {
    let mut server = Running::start(command);
    server.word_after("Stagedoor listens on ");
    assert_eq!(server.terminate().code(), Some(0), "{}", server.said());
    server.said()
}

/// A text as a block of YAML.
fn block(text: &str) -> String {
    text.lines().fold("|\n".to_owned(), |block, line| format!("{block}      {line}\n"))
}

#[test]
fn our_keys_come_from_files_the_environment_or_a_secret() {
    let secrets = format!(
        "secrets:\n  - name: stagedoor/sp-key\n    current: {}    previous: no key\n",
        block(SP)
    );
    let world = signing(&secrets);
    run(serve(&world, &[])).exits(3).says(&["sign_requests", "(door-invalid)"]);

    world.write("sp.pem", SP);
    serves(serve(&world, &["--sp-key", "sp.pem"]));
    let mut by_variable = serve(&world, &[]);
    by_variable.env("STAGEDOOR_SP_KEY", NEXT);
    serves(by_variable);
    let said = serves(serve(&world, &["--sp-key-secret", "stagedoor/sp-key"]));
    assert_eq!(world.cloud.calls("secretsmanager:GetSecretValue"), 3);
    assert!(said.contains("a version of the secret is passed over"), "{said}");
    assert!(!said.contains("no key") && !said.contains("BEGIN"), "{said}");
}

#[test]
fn a_key_that_others_can_read_is_warned_about() {
    use std::os::unix::fs::PermissionsExt;
    let world = signing("");
    world.write("sp.pem", SP);
    let mode = |mode| {
        fs::set_permissions(world.path("sp.pem"), fs::Permissions::from_mode(mode)).unwrap();
        serves(serve(&world, &["--sp-key", "sp.pem"]))
    };
    assert!(mode(0o640).contains("secret-readable"));
    assert!(!mode(0o600).contains("secret-readable"));
}

#[test]
fn a_key_in_the_place_of_its_name_is_repeated_nowhere() {
    let world = signing("");
    let key = SP.split_at(SP.find("-----BEGIN").unwrap()).1;
    let (with, from) = (["--sp-key", key], ["--sp-key-secret", key]);
    let mut by_variable = serve(&world, &[]);
    by_variable.env("STAGEDOOR_SP_KEY_FILE", key);
    let mut by_secret = serve(&world, &[]);
    by_secret.env("STAGEDOOR_SP_KEY_SECRET", key);
    let url = ["--public-url", "https://studio.example"];
    let commands = [
        serve(&world, &with),
        serve(&world, &from),
        by_variable,
        by_secret,
        world.command(&[&["saml", "metadata"], &url[..], &with[..]].concat()),
    ];
    for command in commands {
        let run = run(command).exits(3).says(&["a secret stands where", "(sp-key-unreadable)"]);
        for line in key.lines() {
            assert!(!run.stderr.contains(line) && !run.stdout.contains(line), "{line}");
        }
    }
}

#[test]
fn a_key_that_cannot_be_used_keeps_the_server_from_starting() {
    let world = signing("");
    let refused = |flags: &[&str]| run(serve(&world, flags)).exits(3);
    refused(&["--sp-key", "none.pem"]).says(&["key file none.pem", "(sp-key-unreadable)"]);
    world.write("curve.pem", CURVE);
    let said = refused(&["--sp-key", "curve.pem"]);
    said.says(&["key file curve.pem: ", "not an RSA key", "(sp-key-invalid)"]);
    run(serve(&world, &["--sp-key-secret", "none"])).exits(1).says(&[
        "secret none",
        "secretsmanager",
        "GetSecretValue",
    ]);
}
