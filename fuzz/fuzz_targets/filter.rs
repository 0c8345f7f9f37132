//! SCIM filters: no panic; what an index finds is what matches, a negation matches the rest, and what
//! a filter does not ask to be shown makes no difference.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use scim::{Filter, IndexedAttribute, Needed, Projection, Query, Resource, ResourceKind, fold};
use scim::{GroupOf, Member, Sort, Stamp, Version};

const BASE: &str = "https://scim.example/v2";

static PEOPLE: LazyLock<[Resource; 2]> = LazyLock::new(|| {
    [
        r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"Ana@Example.org",
            "externalId":"e1","displayName":"Ana","active":true,"name":{"givenName":"Ana"},
            "emails":[{"value":"ana@example.org","type":"work","primary":true},{"value":"b@x"}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":"m1"}}"#,
        r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bob"}"#,
    ]
    .map(|body| read(ResourceKind::User, body))
});

static GROUP: LazyLock<Resource> = LazyLock::new(|| {
    let body = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"A"}"#;
    read(ResourceKind::Group, body)
});

fn read(kind: ResourceKind, body: &str) -> Resource {
    let mut resource = Resource::parse(kind, body.as_bytes()).unwrap().resource;
    resource.stamp(&Stamp {
        id: "Id1",
        created: "2026-11-20T08:00:00Z".parse().unwrap(),
        last_modified: "2026-11-21T08:00:00Z".parse().unwrap(),
        version: Version(7),
        base: BASE,
    });
    resource
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for kind in ResourceKind::ALL {
        let _any = Query::parse(kind, text);
        let _any = Sort::parse(kind, text, None);
        let _any = Projection::parse(kind, Some(text), None);
    }
    if let Ok(filter) = Filter::parse(ResourceKind::User, text) {
        for person in PEOPLE.iter() {
            let mut person = person.clone();
            if filter.needs().groups != Needed::Nothing {
                person.set_groups(BASE, vec![GroupOf { id: "g1".to_owned(), display: None }]);
            }
            check(&filter, text, &person);
        }
    }
    if let Ok(filter) = Filter::parse(ResourceKind::Group, text) {
        members(&filter);
        check(&filter, text, &GROUP);
    }
});

fn check(filter: &Filter, text: &str, resource: &Resource) {
    let matches = filter.matches(resource);
    if let Ok(negation) = Filter::parse(resource.kind(), &format!("not ({text})")) {
        assert_ne!(negation.matches(resource), matches);
    }
    let Some((attribute, value)) = filter.by_index() else {
        assert!(!filter.is_index_only());
        return;
    };
    let found = match attribute {
        IndexedAttribute::Id => resource.id() == Some(value),
        IndexedAttribute::Member => return,
        _ => resource.index_keys().iter().any(|(name, key)| *name == attribute && key == value),
    };
    assert!(found || !matches, "{attribute:?}");
    assert!(!filter.is_index_only() || matches == found);
    if attribute != IndexedAttribute::Id && attribute != IndexedAttribute::ExternalId {
        assert_eq!(fold(value), value);
    }
}

/// Members that a filter does not ask for make no difference.
fn members(filter: &Filter) {
    let Needed::These(ids) = filter.needs().members else { return };
    let member = |id: &str| Member { id: id.to_owned(), kind: None, display: None };
    let asked: Vec<_> = ids.iter().map(|id| member(id)).collect();
    let all: Vec<_> = asked.iter().cloned().chain([member("somebody else entirely")]).collect();
    let (mut few, mut many) = (GROUP.clone(), GROUP.clone());
    few.set_members(BASE, asked);
    many.set_members(BASE, all);
    if !ids.contains("somebody else entirely") {
        assert_eq!(filter.matches(&few), filter.matches(&many));
    }
}
