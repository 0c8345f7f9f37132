//! What is renamed while it is read.

use crate::openldap::{config, many};
use crate::proxy::{Fault, Proxy, Step};
use crate::slapd::{BASE, PASSWORD, Slapd};
use crate::world::{directory, groups, id_of, named, url};
use control::ports::Directory as _;
use ldap::{Config, LdapDirectory};
use ldap3::{Ldap, LdapConnAsync, Mod};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) async fn admin(slapd: &Slapd) -> Ldap {
    let address = format!("ldap://127.0.0.1:{}", slapd.port);
    let (connection, mut ldap) = LdapConnAsync::new(&address).await.unwrap();
    ldap3::drive!(connection);
    let name = format!("cn=admin,{BASE}");
    ldap.simple_bind(&name, PASSWORD).await.unwrap().success().unwrap();
    ldap
}

/// Gives an entry another name before a request reaches the server that asks for it.
fn rename(ldap: &Ldap, dn: &str, name: &'static str) -> Step {
    let (mut ldap, dn) = (ldap.clone(), format!("{dn},{BASE}"));
    let before = dn.clone();
    let then = async move {
        ldap.modifydn(&dn, name, true, None).await.unwrap().success().unwrap();
    };
    Step { before, then: Box::new(|| Box::pin(then)) }
}

/// A server, and a directory that asks it through a proxy.
async fn world(slapd: &Slapd) -> (Proxy, LdapDirectory) {
    let proxy = Proxy::before(slapd.port, Fault::CutAfter(usize::MAX)).await;
    let urls = vec![url(&format!("ldap://{}", proxy.address))];
    let directory = directory(Config { urls, ..config(slapd) });
    (proxy, directory)
}

fn everyone(name: &str) -> BTreeMap<String, Vec<String>> {
    let all = ["p00000", "p00001", "p00002"].map(str::to_owned).to_vec();
    BTreeMap::from([(name.to_owned(), all)])
}

#[tokio::test]
async fn a_group_that_is_renamed_in_mid_read_is_not_empty() {
    let slapd = Slapd::with(&many(3));
    let admin = admin(&slapd).await;
    let (proxy, directory) = world(&slapd).await;
    let wanted = named(&["everyone"]);
    proxy.expect([rename(&admin, "cn=everyone", "cn=all")]).await;
    let reading = directory.everybody(&wanted).await.unwrap();
    assert_eq!((groups(&reading), proxy.left().await), (everyone("everyone"), 0));

    // Twice is too often.
    let wanted = named(&["all"]);
    let again = [rename(&admin, "cn=all", "cn=some"), rename(&admin, "cn=some", "cn=few")];
    proxy.expect(again).await;
    let error = directory.everybody(&wanted).await.unwrap_err();
    assert_eq!((error.code(), proxy.left().await), ("directory-partial", 0));
    assert!(error.message.contains("was renamed or moved"), "{}", error.message);

    // Another group that took the name is not that one.
    let wanted = named(&["few"]);
    let other = format!("cn=other,{BASE}");
    let swap = rename(&admin, "cn=few", "cn=former");
    let mut ldap = admin.clone();
    let then = async move {
        (swap.then)().await;
        let object = ("objectClass", ["groupOfNames"].into());
        let members = ("member", [other.as_str()].into());
        let dn = format!("cn=few,{BASE}");
        ldap.add(&dn, vec![object, ("cn", ["few"].into()), members])
            .await
            .unwrap()
            .success()
            .unwrap();
    };
    proxy.expect([Step { before: swap.before, then: Box::new(|| Box::pin(then)) }]).await;
    let reading = directory.everybody(&wanted).await.unwrap();
    assert_eq!((groups(&reading), proxy.left().await), (everyone("few"), 0));
}

#[tokio::test]
async fn a_group_in_a_group_whose_place_is_renamed_in_mid_read_is_not_empty() {
    let unit = format!("dn: ou=crews,{BASE}\nobjectClass: organizationalUnit\nou: crews\n\n");
    let group = |dn: &str, member: &str| {
        let cn = dn.trim_start_matches("cn=").split(',').next().unwrap();
        format!("dn: {dn},{BASE}\nobjectClass: groupOfNames\ncn: {cn}\nmember: {member},{BASE}\n\n")
    };
    let inner = group("cn=inner,ou=crews", "cn=everyone");
    let outer = group("cn=outer", "cn=inner,ou=crews");
    let slapd = Slapd::with(&[many(3), unit, inner, outer].concat());
    let admin = admin(&slapd).await;
    let (proxy, directory) = world(&slapd).await;
    let moved = rename(&admin, "ou=crews", "ou=teams");
    let before = format!("cn=inner,{}", moved.before);
    proxy.expect([Step { before, ..moved }]).await;
    let reading = directory.everybody(&named(&["outer"])).await.unwrap();
    assert_eq!((groups(&reading), proxy.left().await), (everyone("outer"), 0));
}

#[tokio::test]
async fn somebody_who_is_renamed_while_read_alone_is_in_their_groups() {
    let slapd = Slapd::with(&many(3));
    let admin = admin(&slapd).await;
    let (proxy, directory) = world(&slapd).await;
    let wanted = named(&["everyone"]);
    let all = directory.everybody(&wanted).await.unwrap();
    let one = BTreeSet::from([id_of(&all, "p00000")]);
    let renamed = rename(&admin, "uid=p00000", "uid=ana");
    let mut ldap = admin.clone();
    // The server has `refint`, as it were.
    let then = async move {
        (renamed.then)().await;
        let (group, now) = (format!("cn=everyone,{BASE}"), format!("uid=ana,{BASE}"));
        let former = format!("uid=p00000,{BASE}");
        let changes = vec![
            Mod::Add("member", [now.as_str()].into()),
            Mod::Delete("member", [former.as_str()].into()),
        ];
        ldap.modify(&group, changes).await.unwrap().success().unwrap();
    };
    proxy.expect([Step { before: renamed.before, then: Box::new(|| Box::pin(then)) }]).await;
    let alone = directory.people(&one, &wanted).await.unwrap();
    assert_eq!((alone.snapshot.groups.len(), proxy.left().await), (1, 0));
    assert_eq!(id_of(&alone, "ana"), id_of(&all, "p00000"));
}
