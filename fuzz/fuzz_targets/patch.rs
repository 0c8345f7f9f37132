//! SCIM PATCH: no panic; what comes out is a valid resource, reads back as it is, shows no password;
//! what says that it changes nothing changes nothing; members never are both added and removed.
#![no_main]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use scim::{Bulk, Patch, Patched, Resource, ResourceKind};
use serde_json::Value;

static ANA: LazyLock<Resource> = LazyLock::new(|| {
    let body = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ana",
        "title":"Dr.","active":true,"name":{"givenName":"Ana","familyName":"D"},
        "emails":[{"value":"a@x","type":"work","primary":true},{"value":"b@x","type":"home"}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"m1"}}}"#;
    Resource::parse(ResourceKind::User, body.as_bytes()).unwrap().resource
});

static GROUP: LazyLock<Resource> = LazyLock::new(|| {
    let body = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"A"}"#;
    Resource::parse(ResourceKind::Group, body.as_bytes()).unwrap().resource
});

fuzz_target!(|data: &[u8]| {
    for resource in [&*ANA, &*GROUP] {
        if let Ok(patch) = Patch::parse(resource.kind(), data) {
            check(patch, resource);
        }
        if let Ok(received) = Resource::parse(resource.kind(), data) {
            valid(&received.resource);
        }
    }
    if let Ok(bulk) = Bulk::parse(data) {
        let mut run = bulk.start("https://scim.example/v2");
        while let Some(_request) = run.next() {
            run.done(Err(scim::ScimError::internal("no")));
        }
        let _any = run.finish();
    }
});

fn check(patch: Patch, resource: &Resource) {
    let (rest, members) = patch.split_members();
    assert!(rest.members().is_empty());
    assert!(members.add.keys().all(|id| !members.remove.contains(id)));
    let mut ids = BTreeSet::from(["u1".to_owned()]);
    members.apply_to(&mut ids);
    assert!(members.add.keys().all(|id| ids.contains(id)));
    let is_empty = rest.is_empty();
    let Ok(Patched { resource: patched, changed }) = rest.apply(resource.clone()) else { return };
    assert!(changed || patched == *resource);
    assert!(!changed || !is_empty);
    valid(&patched);
}

/// What is kept is taken from a client as it is.
fn valid(resource: &Resource) {
    let stored = resource.to_stored();
    let again = Resource::parse(resource.kind(), stored.as_bytes()).unwrap();
    assert!(again.members.is_empty());
    assert_eq!(again.resource.to_stored(), stored);
    let stored: Value = serde_json::from_str(&stored).unwrap();
    assert!(stored.get("password").is_none());
}
