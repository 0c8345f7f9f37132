//! What the server and the commands write into the audit log, with secrets planted where they can be.

use crate::cloud::until;
use crate::house::identity_provider;
use crate::process::Running;
use crate::world::{FAST, SEED, World};
use control::ports::AuditEvent;

/// An address that is as good as a password.
const HOOK: &str = "https://hooks.example.com/services/T00/B00/planted-token";

/// `MAP` with an identity provider and grants of the table.
fn map() -> String {
    format!(
        "{}\nidentity_providers:\n  corp:\n    metadata: corp.xml\n    person: {{ attribute: \
         ssouserid, matches: id }}\n",
        crate::mapping::map()
    )
}

#[test]
fn what_the_server_and_the_commands_write_holds_no_secret() {
    let world = World::new(&format!("{SEED}{FAST}"), &map());
    world.write("corp.xml", &identity_provider().metadata_xml());
    world.write("ops.url", HOOK);
    let put =
        ["mapping", "put", "ml-fraud", "--team", "fraud", "--reason", "for once", "--by", "root"];
    world.run(&put).exits(0);
    world.run(&["mapping", "delete", "ml-fraud", "--by", "root"]).exits(0);
    let mut server = Running::start(world.command(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--public-url",
        "https://door.example.com",
        "--reload-check",
        "20ms",
        "--metadata-check",
        "20ms",
    ]));
    server.word_after("Stagedoor listens on ");
    let has = |event: AuditEvent| {
        until(event.as_str(), || world.audit().iter().any(|it| it.event == event).then_some(()));
    };
    has(AuditEvent::MapLoaded);
    // An address where a reference belongs: the refusal says where, and not what.
    let hook = |url_from: &str| {
        let rooms = "notifications:\n  webhooks:\n    ops:";
        format!("{}{rooms} {{ url_from: \"{url_from}\" }}\n", map())
    };
    world.write("access.yaml", &hook(HOOK));
    has(AuditEvent::MapRefused);
    world.write("access.yaml", &hook("file:ops.url"));
    has(AuditEvent::MapReplaced);
    world.write("corp.xml", &identity_provider().metadata_xml());
    has(AuditEvent::IdpKeysChanged);
    world.run(&["saml", "fetch"]).exits(0);
    has(AuditEvent::MetadataFetchOrdered);
    has(AuditEvent::GrantWritten);
    has(AuditEvent::GrantDeleted);
    let log = world.run(&["audit", "export"]).exits(0).stdout;
    let listed = world.run(&["audit", "list", "--output", "json"]).exits(0).stdout;
    for secret in [HOOK, "planted-token"] {
        assert!(!log.contains(secret) && !listed.contains(secret), "{log}");
    }
    assert!(server.terminate().success(), "{}", server.said());
}
