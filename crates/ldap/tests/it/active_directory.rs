//! What is read of Active Directory, and what it says of changes, as Samba does it.

use crate::certificates::Authority;
use crate::proxy::{Fault, Proxy, Step};
use crate::samba::{ADMIN, Admin, DOMAIN, PASSWORD, STUDIO, Samba};
use crate::world::{bound, directory, groups, id_of, named, people, pinned, url};
use access::ids::{GroupId, PersonId};
use control::event::Concern;
use control::ports::{Changed, Changes as _, Cookie, Directory as _, PersonLookup};
use ldap::{Attributes, Config, Increments, LdapDirectory, Nesting};
use std::collections::{BTreeMap, BTreeSet};

/// Whom Stagedoor binds as: an account with no rights of its own.
const READER: &str = "reader@peers.test";

const ALL: [&str; 7] =
    ["ml-all", "ml-eng", "ml-core", "ml-first", "ml-outer", "big", "Domain Users"];

fn config(samba: &Samba) -> Config {
    let urls = vec![url("ldaps://127.0.0.1")];
    let config = Config { trust: pinned(&samba.authority.pem), ..Config::new(urls, DOMAIN) };
    bound(Config { page_size: 7, ..config }, READER, PASSWORD)
}

/// One domain for all, since it takes ten seconds to make.
#[tokio::test]
#[ignore = "Samba's ports are fixed: `cargo xtask samba` runs this in a network of its own"]
async fn samba_ad_dc() {
    let samba = Samba::start();
    let mut admin = samba.admin().await;
    seed(&mut admin).await;
    nested_groups(&samba, &mut admin).await;
    ranges(&samba).await;
    somebody_by_themselves(&samba).await;
    names(&samba).await;
    trust(&samba).await;
    dirsync(&samba, &mut admin).await;
    update_numbers(&samba, &mut admin).await;
    update_numbers_tell_of_whoever_no_longer_matches_and_of_a_roll_back(&samba, &mut admin).await;
    a_group_that_is_renamed_in_mid_read_is_not_empty(&samba, &mut admin).await;
    the_last_member_of_the_only_group_leaves(&samba, &mut admin).await;
}

async fn seed(admin: &mut Admin) {
    admin.add(STUDIO, &[("objectClass", "organizationalUnit")]).await;
    admin.user("reader", &[]).await;
    admin.set_password("reader", PASSWORD).await;
    admin.set("reader", "userAccountControl", "512").await;
    for name in ["alice", "bob", "dave", "frank"] {
        admin.user(name, &[("mail", &format!("{name}@peers.test"))]).await;
    }
    admin.user("carol", &[("userAccountControl", "546")]).await;
    admin.user("eve", &[("accountExpires", "133000000000000000")]).await;
    admin.user("josé", &[("displayName", "José (*)")]).await;
    admin.group("ml-core", &["alice"]).await;
    admin.group("ml-eng", &["ml-core", "bob"]).await;
    admin.group("ml-all", &["ml-eng", "dave", "carol", "eve"]).await;
    // A ring.
    admin.join("ml-all", "ml-core").await;
    admin.group("ml-first", &["frank"]).await;
    admin.group("ml-outer", &["ml-first"]).await;
    let number = admin.relative_id("ml-first").await;
    admin.set("frank", "primaryGroupID", &number).await;
    let many: Vec<String> = (0..20).map(|number| format!("m{number:02}")).collect();
    for name in &many {
        admin.user(name, &[]).await;
    }
    let members: Vec<&str> = many.iter().map(String::as_str).collect();
    admin.group("big", &members).await;
}

async fn nested_groups(samba: &Samba, admin: &mut Admin) {
    let directory = directory(config(samba));
    let reading = directory.everybody(&named(&ALL)).await.unwrap();
    let groups = groups(&reading);
    let ring = ["alice", "bob", "carol", "dave", "eve"];
    for name in ["ml-all", "ml-eng", "ml-core"] {
        assert_eq!(groups.get(name).unwrap(), &ring, "{name}");
    }
    // The primary group is in no `member`.
    assert_eq!(groups.get("ml-first").unwrap(), &["frank"]);
    assert_eq!(groups.get("ml-outer").unwrap(), &["frank"]);
    assert!(groups.get("Domain Users").unwrap().contains(&"alice".to_owned()));
    assert_eq!(groups.get("big").unwrap().len(), 20);

    let (on, off) = people(&reading);
    for name in ["carol", "eve"] {
        assert!(off.contains(&name.to_owned()), "{name}");
    }
    for name in ["alice", "bob", "dave", "frank", "josé", "m19", "reader"] {
        assert!(on.contains(&name.to_owned()), "{name}");
    }
    // Computers are no people.
    assert!(!on.iter().chain(&off).any(|name| name.ends_with('$')));

    let alice = id_of(&reading, "alice");
    assert_eq!(admin.name_with_guid(alice.as_str()).await.as_deref(), Some("alice"));

    let standing = directory.standing().await.unwrap();
    let detail = |name: &str| standing.details.get(name).map(String::as_str);
    assert_eq!(detail("kind"), Some("active-directory"));
    assert_eq!(detail("nested groups"), Some("in-chain"));
    assert_eq!(detail("changes"), Some("dirsync, deletions aside"));
}

/// Walking, with members in ranges, finds what the in-chain rule finds.
async fn ranges(samba: &Samba) {
    let chained = directory(config(samba)).everybody(&named(&ALL)).await.unwrap();
    let walked = Config { nesting: Nesting::Walked, range_size: 7, ..config(samba) };
    let walked = directory(walked).everybody(&named(&ALL)).await.unwrap();
    assert_eq!(walked.snapshot, chained.snapshot);
}

async fn somebody_by_themselves(samba: &Samba) {
    for nesting in [Nesting::Proved, Nesting::Walked] {
        let directory = directory(Config { nesting, ..config(samba) });
        let all = directory.everybody(&named(&ALL)).await.unwrap();
        for name in ["alice", "bob", "frank", "m07", "josé"] {
            let id = id_of(&all, name);
            let one = directory.people(&BTreeSet::from([id.clone()]), &named(&ALL)).await.unwrap();
            assert_eq!(one.snapshot.people.get(&id), all.snapshot.people.get(&id));
            let expected: BTreeSet<&GroupId> = all
                .snapshot
                .groups
                .values()
                .filter(|group| group.members.contains(&id))
                .map(|group| &group.id)
                .collect();
            assert_eq!(one.snapshot.groups.keys().collect::<BTreeSet<_>>(), expected, "{name}");
        }
    }
}

async fn names(samba: &Samba) {
    let directory = directory(config(samba));
    let find = |name: &str| {
        let lookup = PersonLookup::UserName(name.to_owned());
        let directory = &directory;
        async move { directory.find(&lookup).await.unwrap() }
    };
    let all = directory.everybody(&named(&[])).await.unwrap();
    assert_eq!(find("ALICE").await, Some(id_of(&all, "alice")));
    assert_eq!(find("josé").await, Some(id_of(&all, "josé")));
    for hostile in ["jose", "*", "alice)(cn=*", "alice@peers.test", ""] {
        assert_eq!(find(hostile).await, None, "{hostile}");
    }
    let attributes =
        Attributes { user_name: Some("userPrincipalName".to_owned()), ..Attributes::default() };
    let by_principal = crate::world::directory(Config { attributes, ..config(samba) });
    let lookup = PersonLookup::UserName("alice@peers.test".to_owned());
    assert_eq!(by_principal.find(&lookup).await.unwrap(), Some(id_of(&all, "alice")));
    let group = directory.find_group("ml-all").await.unwrap().unwrap();
    assert_eq!(directory.members(&group).await.unwrap().unwrap().len(), 5);
}

async fn trust(samba: &Samba) {
    let start = Config { urls: vec![url("ldap://127.0.0.1")], start_tls: true, ..config(samba) };
    directory(start.clone()).everybody(&named(&[])).await.unwrap();
    let other = Authority::new("other");
    for config in [
        Config { trust: pinned(&other.pem), ..config(samba) },
        Config { trust: pinned(&other.pem), ..start.clone() },
    ] {
        let error = directory(config).everybody(&named(&[])).await.unwrap_err();
        assert!(error.message.contains("the server is not trusted"), "{}", error.message);
    }
    let wrong = directory(bound(start, "carol@peers.test", "wrong"));
    let error = wrong.everybody(&named(&[])).await.unwrap_err();
    assert_eq!(error.code(), "directory-credentials");
}

/// Looks on from a cookie.
async fn next(directory: &LdapDirectory, cookie: &mut Cookie) -> BTreeSet<Concern> {
    let Changed { concerns, cookie: next } = directory.since(Some(cookie)).await.unwrap();
    *cookie = next.unwrap();
    concerns
}

fn these<const N: usize>(people: [&PersonId; N]) -> BTreeSet<Concern> {
    BTreeSet::from([Concern::People(people.into_iter().cloned().collect())])
}

async fn dirsync(samba: &Samba, admin: &mut Admin) {
    let directory = directory(config(samba));
    let all = directory.everybody(&named(&ALL)).await.unwrap();
    let id = |name: &str| id_of(&all, name);
    let group = |name: &str| {
        let found = all.snapshot.groups.values().find(|group| group.display_name == name);
        Concern::Group(found.unwrap().id.clone())
    };
    let first = directory.since(None).await.unwrap();
    assert_eq!(first.concerns, BTreeSet::from([Concern::Everybody]));
    let mut cookie = first.cookie.unwrap();
    assert_eq!(next(&directory, &mut cookie).await, BTreeSet::new());

    let before = cookie.clone();
    admin.join("bob", "ml-core").await;
    assert_eq!(next(&directory, &mut cookie).await, these([&id("bob")]));
    assert_eq!(next(&directory, &mut cookie).await, BTreeSet::new());
    admin.leave("bob", "ml-core").await;
    assert_eq!(next(&directory, &mut cookie).await, these([&id("bob")]));
    admin.set("alice", "userAccountControl", "546").await;
    assert_eq!(next(&directory, &mut cookie).await, these([&id("alice")]));
    // What nobody asked for, and computers, wake nobody.
    admin.set("alice", "title", "Dr").await;
    let computer = [("objectClass", "computer"), ("sAMAccountName", "PC1$")];
    admin.add(&crate::samba::dn("PC1"), &computer).await;
    assert_eq!(next(&directory, &mut cookie).await, BTreeSet::new());
    // A group that goes takes along whoever is in it.
    admin.leave("ml-first", "ml-outer").await;
    assert_eq!(next(&directory, &mut cookie).await, these([&id("frank")]));
    admin.set("ml-outer", "sAMAccountName", "ml-renamed").await;
    assert_eq!(next(&directory, &mut cookie).await, BTreeSet::from([group("ml-outer")]));
    // From an older cookie all of it comes again.
    let again = directory.since(Some(&before)).await.unwrap().concerns;
    let everybody: BTreeSet<PersonId> = again
        .iter()
        .filter_map(
            |concern| if let Concern::People(people) = concern { Some(people) } else { None },
        )
        .flatten()
        .cloned()
        .collect();
    assert_eq!(everybody, BTreeSet::from([id("alice"), id("bob")]));
    assert!(again.contains(&group("ml-outer")));
    other_copies(&directory, &cookie).await;

    // Who was deleted is told to an account that may replicate, whatever it may read.
    let replicating = bound(config(samba), ADMIN, PASSWORD);
    let directory = crate::world::directory(replicating);
    let standing = directory.standing().await.unwrap();
    assert_eq!(standing.details.get("changes").map(String::as_str), Some("dirsync"));
    let mut cookie = directory.since(None).await.unwrap().cookie.unwrap();
    admin.leave("alice", "ml-core").await;
    assert_eq!(next(&directory, &mut cookie).await, these([&id("alice")]));
    admin.delete("dave").await;
    assert_eq!(next(&directory, &mut cookie).await, these([&id("dave")]));
}

/// What one copy of the directory counted means nothing at another.
async fn other_copies(directory: &LdapDirectory, cookie: &Cookie) {
    let text = String::from_utf8(cookie.as_bytes().to_vec()).unwrap();
    let mut mark: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    mark.insert("invocation".to_owned(), "8d1f6a52-0a7e-4c3b-9d2e-5b8c7f6a1e04".into());
    let other_copy = Cookie::new(serde_json::to_vec(&mark).unwrap());
    let elsewhere =
        Cookie::new(text.replace("ldaps://127.0.0.1", "ldaps://dc9.peers.test").into_bytes());
    for useless in [other_copy, elsewhere, Cookie::new(b"nonsense".to_vec())] {
        let changed = directory.since(Some(&useless)).await.unwrap();
        assert_eq!(changed.concerns, BTreeSet::from([Concern::Everybody]));
        assert!(changed.cookie.is_some());
    }
}

async fn update_numbers(samba: &Samba, admin: &mut Admin) {
    admin.set("ml-outer", "sAMAccountName", "ml-outer").await;
    let directory = directory(Config { increments: Increments::UpdateNumbers, ..config(samba) });
    let all = directory.everybody(&named(&ALL)).await.unwrap();
    let standing = directory.standing().await.unwrap();
    assert_eq!(standing.details.get("changes").map(String::as_str), Some("update numbers"));
    let mut cookie = directory.since(None).await.unwrap().cookie.unwrap();
    assert_eq!(next(&directory, &mut cookie).await, BTreeSet::new());
    admin.set("alice", "userAccountControl", "544").await;
    assert_eq!(next(&directory, &mut cookie).await, these([&id_of(&all, "alice")]));
    admin.join("bob", "ml-core").await;
    let groups = |names: &[&str]| -> BTreeSet<Concern> {
        let of = |name: &&str| {
            let mut all = all.snapshot.groups.values();
            Concern::Group(all.find(|group| group.display_name == *name).unwrap().id.clone())
        };
        names.iter().map(of).collect()
    };
    // Whoever leaves a group leaves those that it is in, and nothing changes of these.
    assert_eq!(next(&directory, &mut cookie).await, groups(&["ml-core", "ml-eng", "ml-all"]));
    admin.join("ml-first", "ml-outer").await;
    assert_eq!(next(&directory, &mut cookie).await, groups(&["ml-outer"]));
    admin.join("m03", "ml-first").await;
    assert_eq!(next(&directory, &mut cookie).await, groups(&["ml-first", "ml-outer"]));
    admin.leave("m03", "ml-first").await;
    assert_eq!(next(&directory, &mut cookie).await, groups(&["ml-first", "ml-outer"]));
    // In which groups one was that is gone, nobody knows.
    admin.group("ml-brief", &["m03"]).await;
    let updates = Config { increments: Increments::UpdateNumbers, ..config(samba) };
    let directory = crate::world::directory(bound(updates, ADMIN, PASSWORD));
    let mut cookie = directory.since(None).await.unwrap().cookie.unwrap();
    admin.delete("ml-brief").await;
    assert_eq!(next(&directory, &mut cookie).await, BTreeSet::from([Concern::Everybody]));
    let none = crate::world::directory(Config { increments: Increments::None, ..config(samba) });
    assert_eq!(none.since(None).await.unwrap().cookie, None);
}

async fn update_numbers_tell_of_whoever_no_longer_matches_and_of_a_roll_back(
    samba: &Samba,
    admin: &mut Admin,
) {
    let enabled = "(&(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))";
    let directory = directory(Config {
        increments: Increments::UpdateNumbers,
        people_filter: Some(enabled.to_owned()),
        base_dn: crate::samba::STUDIO.to_owned(),
        ..config(samba)
    });
    let all = directory.everybody(&named(&ALL)).await.unwrap();
    let mut cookie = directory.since(None).await.unwrap().cookie.unwrap();
    admin.set("m01", "userAccountControl", "546").await;
    assert_eq!(next(&directory, &mut cookie).await, these([&id_of(&all, "m01")]));
    admin.move_to("m02", DOMAIN).await;
    let concerns = next(&directory, &mut cookie).await;
    let people = concerns.iter().find_map(|concern| match concern {
        Concern::People(people) => Some(people.clone()),
        _ => None,
    });
    assert_eq!(people, Some(BTreeSet::from([id_of(&all, "m02")])));

    // The controller was set back to before the last look, with the same invocation id.
    let text = String::from_utf8(cookie.as_bytes().to_vec()).unwrap();
    let mut mark: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    mark.insert("at".to_owned(), serde_json::json!({ "updates": 1_000_000_000_u64 }));
    let ahead = Cookie::new(serde_json::to_vec(&mark).unwrap());
    let changed = directory.since(Some(&ahead)).await.unwrap();
    assert_eq!(changed.concerns, BTreeSet::from([Concern::Everybody]));
    assert_eq!(changed.cookie, Some(cookie));
}

/// As it is asked for by the in-chain rule, which finds nobody in a DN that nobody has.
async fn a_group_that_is_renamed_in_mid_read_is_not_empty(samba: &Samba, admin: &mut Admin) {
    admin.group("ml-moved", &["ml-eng"]).await;
    let proxy = Proxy::before(389, Fault::CutAfter(usize::MAX)).await;
    let urls = vec![url(&format!("ldap://{}", proxy.address))];
    let directory = directory(Config { urls, ..config(samba) });
    let wanted = named(&["ml-moved"]);
    let before = groups(&directory.everybody(&wanted).await.unwrap());
    assert!(!before.get("ml-moved").unwrap().is_empty());
    let step = |from: &'static str, to: &'static str| {
        let (mut admin, before) = (admin.clone(), crate::samba::dn(from));
        let then = async move { admin.rename(from, to).await };
        Step { before, then: Box::new(|| Box::pin(then)) }
    };
    proxy.expect([step("ml-moved", "ml-there")]).await;
    let reading = directory.everybody(&wanted).await.unwrap();
    assert_eq!((groups(&reading), proxy.left().await), (before, 0));
    proxy.expect([step("ml-there", "ml-gone"), step("ml-gone", "ml-off")]).await;
    let error = directory.everybody(&wanted).await.unwrap_err();
    assert_eq!((error.code(), proxy.left().await), ("directory-partial", 0));
}

/// No group that counts shows a member then, and yet members can be read: others of the domain do.
async fn the_last_member_of_the_only_group_leaves(samba: &Samba, admin: &mut Admin) {
    admin.group("ml-last", &["alice"]).await;
    let wanted = named(&["ml-last"]);
    let groups_filter = Some("(&(objectClass=group)(sAMAccountName=ml-last))".to_owned());
    let base_dn = STUDIO.to_owned();
    let narrow = Config { groups_filter, base_dn, ..config(samba) };
    for nesting in [Nesting::Proved, Nesting::Walked] {
        let directory = directory(Config { nesting, ..narrow.clone() });
        let all = directory.everybody(&wanted).await.unwrap();
        let of = |name: &str| BTreeMap::from([("ml-last".to_owned(), vec![name.to_owned()])]);
        assert_eq!(groups(&all), of("alice"));
        admin.leave("alice", "ml-last").await;
        crate::world::nobody_is_in(&directory, "ml-last", &id_of(&all, "alice")).await;
        admin.join("alice", "ml-last").await;
    }
}
