//! A reading that is not whole is an error.

use crate::certificates::{Authority, Issued};
use crate::openldap::{config, many};
use crate::proxy::{Fault, Proxy, Step};
use crate::slapd::{BASE, LIMITED, PASSWORD, READER, Slapd};
use crate::world::{bound, directory, id_of, named, pinned, url};
use async_trait::async_trait;
use control::ports::{CallError, Directory as _, KeptSecret, PersonLookup, SecretWord};
use ldap::{Bind, ClientIdentity, Config, KeptIdentity, Limits, Secret};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

async fn failure(config: Config) -> CallError {
    directory(config).everybody(&named(&["everyone"])).await.unwrap_err()
}

/// So much of the answers reaches the client that it is in the midst of the people.
const MIDST: usize = 60_000;

#[tokio::test]
async fn a_connection_that_is_cut_in_mid_read_leaves_nothing_read() {
    let slapd = Slapd::with(&many(1000));
    let proxy = Proxy::before(slapd.port, Fault::CutAfter(MIDST)).await;
    let broken = url(&format!("ldap://{}", proxy.address));
    let one = Config { urls: vec![broken.clone()], page_size: 100, ..config(&slapd) };
    let error = failure(one.clone()).await;
    assert_eq!(error.code(), "directory-unreachable");
    assert!(error.message.contains("nothing of it counts as read"), "{}", error.message);
    assert_eq!(proxy.connections(), 1);

    // Another server is asked from the beginning: all are there, and each once.
    let good = url(&format!("ldaps://127.0.0.1:{}", slapd.tls_port));
    let two = Config { urls: vec![broken, good], ..one };
    let directory = directory(two);
    let reading = directory.everybody(&named(&["everyone"])).await.unwrap();
    assert_eq!(reading.snapshot.people.len(), 1000);
    assert_eq!(reading.snapshot.groups.values().next().unwrap().members.len(), 1000);
    assert_eq!(proxy.connections(), 2);
    // It goes on at the one that answered.
    directory.everybody(&named(&[])).await.unwrap();
    assert_eq!(proxy.connections(), 2);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up() {
    let slapd = Slapd::with(&many(1000));
    let proxy = Proxy::before(slapd.port, Fault::StallAfter(MIDST)).await;
    let urls = vec![url(&format!("ldap://{}", proxy.address))];
    let timeout = Duration::from_millis(1500);
    let error = failure(Config { urls, timeout, page_size: 100, ..config(&slapd) }).await;
    assert_eq!(error.code(), "directory-unreachable");
    assert!(error.message.contains("no answer came in time"), "{}", error.message);
}

#[tokio::test]
async fn a_server_that_says_an_entry_now_and_then_is_given_up() {
    let slapd = Slapd::with(&many(1000));
    let proxy = Proxy::before(slapd.port, Fault::DripsPast(MIDST)).await;
    let urls = vec![url(&format!("ldap://{}", proxy.address))];
    let timeout = Duration::from_millis(1500);
    let error = failure(Config { urls, timeout, page_size: 100, ..config(&slapd) }).await;
    assert_eq!(error.code(), "directory-unreachable");
    assert!(error.message.contains("no answer came in time"), "{}", error.message);
}

#[tokio::test]
async fn a_limit_of_the_server_is_no_smaller_directory() {
    let slapd = Slapd::with(&many(300));
    let limited = bound(config(&slapd), LIMITED, PASSWORD);
    let error = failure(Config { page_size: 50, ..limited }).await;
    assert_eq!(
        (error.code(), error.aws_code.as_deref()),
        ("directory-partial", Some("sizeLimitExceeded"))
    );
    assert!(error.message.contains("raise its limit"), "{}", error.message);

    let limits = Limits { people: 299, ..Limits::default() };
    let error = failure(Config { limits, ..config(&slapd) }).await;
    assert_eq!(error.code(), "directory-partial");
    assert!(error.message.contains("more than 299 entries"), "{}", error.message);
}

#[tokio::test]
async fn a_reference_to_another_server_is_no_smaller_directory() {
    let elsewhere = "dn: ou=elsewhere,dc=corp,dc=example\nobjectClass: referral\nobjectClass: \
                     extensibleObject\nou: elsewhere\nref: ldap://other.example/ou=elsewhere\n\n";
    let slapd = Slapd::with(&(many(3) + elsewhere));
    let error = failure(config(&slapd)).await;
    assert_eq!(error.code(), "directory-partial");
    assert_eq!(error.aws_code.as_deref(), Some("searchResultReference"));
    // The base itself may be elsewhere.
    let base_dn = format!("ou=elsewhere,{BASE}");
    let error = failure(Config { base_dn, ..config(&slapd) }).await;
    assert_eq!((error.code(), error.aws_code.as_deref()), ("directory-partial", Some("referral")));
}

#[tokio::test]
async fn nobody_at_all_is_no_directory() {
    let slapd = Slapd::with(&many(3));
    let nobody = Config { people_filter: Some("(uid=nobody)".to_owned()), ..config(&slapd) };
    assert_eq!(failure(nobody).await.code(), "directory-partial");
    let base_dn = format!("ou=nowhere,{BASE}");
    let nowhere = failure(Config { base_dn, ..config(&slapd) }).await;
    assert_eq!(nowhere.code(), "directory-not-found");
    let anonymous = Config { bind: ldap::Bind::Anonymous, ..config(&slapd) };
    assert_eq!(failure(anonymous).await.code(), "directory-access-denied");
}

#[tokio::test]
async fn a_group_that_hides_its_members_is_not_empty() {
    let secretive = "dn: cn=secretive,dc=corp,dc=example\nobjectClass: groupOfNames\ncn: \
                     secretive\nmember: uid=p00000,dc=corp,dc=example\n\n";
    let slapd = Slapd::with(&(many(3) + secretive));
    let error = directory(config(&slapd)).everybody(&named(&["secretive"])).await.unwrap_err();
    assert_eq!(error.code(), "directory-access-denied");
    assert!(error.message.contains("shows no members"), "{}", error.message);
}

#[tokio::test]
async fn a_group_that_hides_its_members_is_not_left_by_somebody_read_alone() {
    let groups = "dn: cn=secretive,dc=corp,dc=example\nobjectClass: groupOfNames\ncn: \
                  secretive\nmember: uid=p00000,dc=corp,dc=example\n\ndn: \
                  cn=inner,dc=corp,dc=example\nobjectClass: groupOfNames\ncn: inner\nmember: \
                  cn=secretive,dc=corp,dc=example\n\ndn: cn=outer,dc=corp,dc=example\nobjectClass: \
                  groupOfNames\ncn: outer\nmember: cn=inner,dc=corp,dc=example\n\n";
    let slapd = Slapd::with(&(many(3) + groups));
    let directory = directory(config(&slapd));
    let everybody = directory.everybody(&named(&["everyone"])).await.unwrap();
    let one = BTreeSet::from([id_of(&everybody, "p00000")]);
    for wanted in ["secretive", "inner", "outer"] {
        let wanted = named(&["everyone", wanted]);
        let alone = directory.people(&one, &wanted).await.unwrap_err();
        let all = directory.everybody(&wanted).await.unwrap_err();
        for error in [alone, all] {
            assert_eq!(error.code(), "directory-access-denied");
            assert!(error.message.contains("shows no members"), "{}", error.message);
        }
    }
    // What a group hides that nobody wants keeps nobody from being read.
    let alone = directory.people(&one, &named(&["everyone"])).await.unwrap();
    assert_eq!(alone.snapshot.groups.len(), 1);
}

#[tokio::test]
async fn groups_that_hide_their_members_are_looked_for_once_a_minute() {
    let slapd = Slapd::with(&many(3));
    let proxy = Proxy::before(slapd.port, Fault::CutAfter(usize::MAX)).await;
    let urls = vec![url(&format!("ldap://{}", proxy.address))];
    // So that the class is named only where it is looked for.
    let groups_filter = Some("(&(cn=*)(!(sn=*)))".to_owned());
    let directory = directory(Config { urls, groups_filter, ..config(&slapd) });
    let wanted = named(&["everyone"]);
    let all = directory.everybody(&wanted).await.unwrap();
    let looked =
        || Step { before: "groupOfNames".to_owned(), then: Box::new(|| Box::pin(async {})) };
    proxy.expect([looked(), looked(), looked()]).await;
    let alone = || async {
        let one = |name| BTreeSet::from([id_of(&all, name)]);
        let several = ["p00000", "p00001", "p00002"].map(|name| {
            let (directory, wanted, one) = (&directory, &wanted, one(name));
            async move { directory.people(&one, wanted).await.unwrap().snapshot.groups.len() }
        });
        assert_eq!(futures::future::join_all(several).await, [1, 1, 1]);
    };
    // It opens the connection that the others share.
    let first = BTreeSet::from([id_of(&all, "p00000")]);
    directory.people(&first, &wanted).await.unwrap();
    assert_eq!(proxy.left().await, 2);
    alone().await;
    assert_eq!(proxy.left().await, 2);
    tokio::time::pause();
    tokio::time::advance(Duration::from_mins(1)).await;
    tokio::time::resume();
    alone().await;
    assert_eq!(proxy.left().await, 1);
}

#[tokio::test]
async fn nobody_is_read_alone_while_groups_that_hide_their_members_cannot_be_looked_for() {
    let other = format!(
        "dn: cn=other,{BASE}\nobjectClass: groupOfNames\ncn: other\nmember: uid=x,{BASE}\n\n"
    );
    let slapd = Slapd::with(&(many(3) + &other));
    let wanted = named(&["everyone"]);
    let all = directory(config(&slapd)).everybody(&wanted).await.unwrap();
    let one = BTreeSet::from([id_of(&all, "p00000")]);
    // Fewer groups than there are, and as many as the person is in.
    let limits = Limits { groups: 1, ..Limits::default() };
    let directory = directory(Config { limits, ..config(&slapd) });
    for _ in 0..2 {
        let error = directory.people(&one, &wanted).await.unwrap_err();
        assert_eq!(error.code(), "directory-partial");
        assert!(error.message.contains("more than 1 entries"), "{}", error.message);
    }
}

#[tokio::test]
async fn groups_of_which_none_shows_a_member_are_no_directory() {
    // A class that may be without members, so that none of it looks wrong by itself.
    let group = |name: &str, number: u32, member: &str| {
        format!(
            "dn: cn={name},ou=discreet,{BASE}\nobjectClass: posixGroup\ncn: {name}\ngidNumber: \
             {number}\n{member}\n"
        )
    };
    let discreet = format!(
        "dn: ou=discreet,{BASE}\nobjectClass: organizationalUnit\nou: discreet\n\ndn: \
         uid=ana,ou=discreet,{BASE}\nobjectClass: inetOrgPerson\nuid: ana\ncn: Ana\nsn: A\n\n{}{}",
        group("ml-all", 500, "memberUid: ana\n"),
        group("ml-eng", 501, "")
    );
    let slapd = Slapd::with(&(many(3) + &discreet));
    let base_dn = format!("ou=discreet,{BASE}");
    let hidden = directory(Config { base_dn, ..config(&slapd) });
    let ana = hidden.find(&PersonLookup::UserName("ana".to_owned())).await.unwrap().unwrap();
    let ana = BTreeSet::from([ana]);
    let group = hidden.find_group("ml-all").await.unwrap().unwrap();
    let wanted = named(&["ml-all"]);
    let errors = [
        hidden.everybody(&wanted).await.unwrap_err(),
        hidden.people(&ana, &wanted).await.unwrap_err(),
        hidden.members(&group).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.code(), "directory-partial");
        assert!(error.message.contains("shows a member"), "{}", error.message);
    }
    // Where no group is wanted, or one shows somebody, an empty one is empty.
    assert_eq!(hidden.everybody(&named(&[])).await.unwrap().snapshot.people.len(), 1);
    assert_eq!(hidden.people(&ana, &named(&["none"])).await.unwrap().snapshot.people.len(), 1);
    let all = directory(config(&slapd)).everybody(&named(&["ml-eng"])).await.unwrap();
    assert_eq!(crate::world::groups(&all).get("ml-eng"), Some(&Vec::new()));
}

#[tokio::test]
async fn the_last_member_of_the_only_group_leaves() {
    let crew = format!(
        "dn: ou=crew,{BASE}
objectClass: organizationalUnit
ou: crew

dn:          uid=ana,ou=crew,{BASE}
objectClass: inetOrgPerson
uid: ana
cn: Ana
sn: A

dn:          cn=ml-all,ou=crew,{BASE}
objectClass: posixGroup
cn: ml-all
gidNumber: 500
memberUid:          ana

"
    );
    let slapd = Slapd::with(&crew);
    let base_dn = format!("ou=crew,{BASE}");
    let directory = directory(Config { base_dn, ..config(&slapd) });
    let all = directory.everybody(&named(&["ml-all"])).await.unwrap();
    let ana = vec!["ana".to_owned()];
    assert_eq!(crate::world::groups(&all), [("ml-all".to_owned(), ana)].into());
    let leaves = vec![ldap3::Mod::Delete("memberUid", ["ana"].into())];
    let group = format!("cn=ml-all,ou=crew,{BASE}");
    let mut admin = crate::renames::admin(&slapd).await;
    admin.modify(&group, leaves).await.unwrap().success().unwrap();
    crate::world::nobody_is_in(&directory, "ml-all", &id_of(&all, "ana")).await;
}

#[tokio::test]
async fn a_server_of_another_authority_is_refused() {
    let slapd = Slapd::with(&many(3));
    let other = Authority::new("other");
    let trust = pinned(&other.pem);
    let tls = Config { trust: trust.clone(), ..config(&slapd) };
    let plain = url(&format!("ldap://127.0.0.1:{}", slapd.port));
    let start = Config { urls: vec![plain], start_tls: true, trust, ..config(&slapd) };
    for config in [tls, start] {
        let error = failure(config).await;
        assert_eq!(error.code(), "directory-unreachable");
        assert!(error.message.contains("the server is not trusted"), "{}", error.message);
    }
    // A good authority, and another name than the certificate has.
    let urls = vec![url(&format!("ldaps://127.0.0.2:{}", slapd.tls_port))];
    let error = failure(Config { urls, ..config(&slapd) }).await;
    assert_eq!(error.code(), "directory-unreachable");
}

#[tokio::test]
async fn a_refused_password_is_tried_once_and_never_said() {
    let slapd = Slapd::with(&many(3));
    let proxy = Proxy::before(slapd.port, Fault::CutAfter(1 << 20)).await;
    let second = url(&format!("ldap://{}", proxy.address));
    let mut two = bound(config(&slapd), READER, "hunter2");
    two.urls.push(second);
    let error = failure(two.clone()).await;
    assert_eq!(
        (error.code(), error.aws_code.as_deref()),
        ("directory-credentials", Some("invalidCredentials"))
    );
    assert_eq!(proxy.connections(), 0);
    assert!(!format!("{error} {error:?} {two:?}").contains("hunter2"));
}

/// A place of passwords, and how often it was read.
#[derive(Debug)]
struct Kept(&'static str, AtomicUsize);

#[async_trait]
impl KeptSecret for Kept {
    async fn secret(&self) -> Result<SecretWord, CallError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Ok(SecretWord::new(format!("{}\n", self.0)))
    }
}

#[tokio::test]
async fn a_password_that_was_changed_is_read_again_where_it_is_kept() {
    let slapd = Slapd::with(&many(3));
    let with = |kept: &Arc<Kept>| Config {
        password_kept: Some(kept.clone()),
        ..bound(config(&slapd), READER, "0ld")
    };
    let kept = Arc::new(Kept(PASSWORD, AtomicUsize::new(0)));
    let reader = directory(with(&kept));
    for _ in 0..2 {
        let read = reader.everybody(&named(&["everyone"])).await.unwrap();
        assert_eq!(read.snapshot.people.len(), 3);
    }
    assert_eq!(kept.1.load(Ordering::Relaxed), 1);
    // What is kept is wrong too: two tries in all, for accounts are locked after a few.
    for (word, reads) in [("0ld", 1), ("wr0ng", 1)] {
        let kept = Arc::new(Kept(word, AtomicUsize::new(0)));
        let error = failure(with(&kept)).await;
        assert_eq!(error.code(), "directory-credentials");
        assert_eq!(kept.1.load(Ordering::Relaxed), reads, "{word}");
        assert!(!format!("{error:?}").contains(word));
    }
}

/// A place of certificates, and how often it was read.
#[derive(Debug)]
struct Renewed(ClientIdentity, AtomicUsize);

#[async_trait]
impl KeptIdentity for Renewed {
    async fn identity(&self) -> Result<ClientIdentity, CallError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Ok(self.0.clone())
    }
}

fn identity(authority: &Authority, name: &str) -> ClientIdentity {
    let Issued { certificate, key } = authority.client(name);
    ClientIdentity { certificate: certificate.into_bytes(), key: Secret::new(key) }
}

#[tokio::test]
async fn a_client_certificate_that_was_renewed_is_read_again_where_it_is_kept() {
    let slapd = Slapd::with(&many(3));
    let former = identity(&Authority::new("former"), "reader");
    let with = |kept: &Arc<Renewed>| Config {
        identity: Some(former.clone()),
        identity_kept: Some(kept.clone()),
        bind: Bind::External,
        ..config(&slapd)
    };
    let kept = Arc::new(Renewed(identity(&slapd.authority, "reader"), AtomicUsize::new(0)));
    let reader = directory(with(&kept));
    for _ in 0..2 {
        let read = reader.everybody(&named(&["everyone"])).await.unwrap();
        assert_eq!(read.snapshot.people.len(), 3);
    }
    assert_eq!(kept.1.load(Ordering::Relaxed), 1);
    // What is kept is the same still, or its key is of another certificate: nothing new is tried.
    let mixed = ClientIdentity { key: former.key.clone(), ..identity(&slapd.authority, "reader") };
    for other in [former.clone(), mixed] {
        let kept = Arc::new(Renewed(other, AtomicUsize::new(0)));
        let error = failure(with(&kept)).await;
        assert_eq!(error.code(), "directory-unreachable");
        assert_eq!(kept.1.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test]
async fn two_with_one_name_are_neither() {
    let twice = "dn: ou=b,dc=corp,dc=example\nobjectClass: organizationalUnit\nou: b\n\ndn: \
                 uid=p00000,ou=b,dc=corp,dc=example\nobjectClass: inetOrgPerson\nuid: p00000\ncn: \
                 other\nsn: other\n\n";
    let slapd = Slapd::with(&(many(3) + twice));
    let lookup = PersonLookup::UserName("p00000".to_owned());
    let error = directory(config(&slapd)).find(&lookup).await.unwrap_err();
    assert_eq!(error.code(), "directory-rejected");
    assert!(error.message.contains("have the same `uid`"), "{}", error.message);
}

#[tokio::test]
async fn a_server_that_has_not_caught_up_is_not_read() {
    let behind = Slapd::synchronized("FALSE", &many(1));
    let error = failure(config(&behind)).await;
    assert_eq!(error.code(), "directory-unreachable");
    assert!(error.message.contains("has not caught up"), "{error}");
    // The next one is.
    let (old, caught_up) = (Slapd::with(&many(3)), Slapd::synchronized("TRUE", &many(2)));
    for (next, count) in [(&old, 3), (&caught_up, 2)] {
        let urls = [&behind, next].map(|slapd| config(slapd).urls.remove(0)).to_vec();
        let trust = pinned(&format!("{}\n{}", behind.authority.pem, next.authority.pem));
        let directory = directory(Config { urls, trust, ..config(next) });
        let read = directory.everybody(&named(&["everyone"])).await.unwrap();
        assert_eq!(read.snapshot.people.len(), count);
    }
}
