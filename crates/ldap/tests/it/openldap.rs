//! What is read of `OpenLDAP`.

use crate::slapd::{BASE, PASSWORD, READER, Slapd};
use crate::world::{bound, directory, groups, id_of, named, people, pinned, url};
use access::map::MatchKey;
use control::ports::{Changes as _, Directory as _, Memberships, Particulars, PersonLookup};
use ldap::{Attributes, Bind, ClientIdentity, Config, Secret, Trust};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Three groups in a ring, with somebody in each; and whatever is hard to read.
const STUDIO: &str = r"dn: ou=people,dc=corp,dc=example
objectClass: organizationalUnit
ou: people

dn: uid=ana,ou=people,dc=corp,dc=example
objectClass: inetOrgPerson
uid: ana
cn: Ana Lima
sn: Lima
givenName: Ana
mail: ana@corp.example

dn: uid=bob,ou=people,dc=corp,dc=example
objectClass: inetOrgPerson
uid: bob
cn: Bob
sn: B

dn: cn=Smith\, James (x*),ou=people,dc=corp,dc=example
objectClass: inetOrgPerson
uid: o(br*en)\
cn: Smith, James (x*)
sn: Smith

dn: uid=gone,ou=people,dc=corp,dc=example
objectClass: inetOrgPerson
uid: gone
cn: Gone
sn: G
pwdAccountLockedTime: 000001010000Z

dn: uid=late,ou=people,dc=corp,dc=example
objectClass: inetOrgPerson
objectClass: shadowAccount
uid: late
cn: Late
sn: L
shadowExpire: 20000

dn: uid=tired,ou=people,dc=corp,dc=example
objectClass: inetOrgPerson
uid: tired
cn: Tired
sn: T
pwdAccountLockedTime: 20261121115900Z

dn: ou=groups,dc=corp,dc=example
objectClass: organizationalUnit
ou: groups

dn: cn=ml-all,ou=groups,dc=corp,dc=example
objectClass: groupOfNames
cn: ml-all
member: CN=ml-eng, OU=Groups, DC=corp, DC=example
member: uid=tired,ou=people,dc=corp,dc=example
member: uid=left-years-ago,ou=people,dc=corp,dc=example
member: cn=reader,dc=corp,dc=example

dn: cn=ml-eng,ou=groups,dc=corp,dc=example
objectClass: groupOfNames
cn: ml-eng
member: cn=ml-core,ou=groups,dc=corp,dc=example
member: UID=Bob,ou=People,dc=corp,dc=example

dn: cn=ml-core,ou=groups,dc=corp,dc=example
objectClass: groupOfNames
cn: ml-core
member: uid=ana,ou=people,dc=corp,dc=example
member: cn=Smith\2c James \28x*\29,ou=people,dc=corp,dc=example
member: cn=ml-all,ou=groups,dc=corp,dc=example

dn: cn=unique,ou=groups,dc=corp,dc=example
objectClass: groupOfUniqueNames
cn: unique
uniqueMember: uid=late,ou=people,dc=corp,dc=example

dn: cn=unix,ou=groups,dc=corp,dc=example
objectClass: posixGroup
cn: unix
gidNumber: 500
memberUid: ana
memberUid: nobody

dn: cn=odd(*),ou=groups,dc=corp,dc=example
objectClass: groupOfNames
cn: odd(*)
member: uid=gone,ou=people,dc=corp,dc=example

";

const ALL: [&str; 6] = ["ml-all", "ml-eng", "ml-core", "unique", "unix", "odd(*)"];

pub(crate) fn config(slapd: &Slapd) -> Config {
    let url = url(&format!("ldaps://127.0.0.1:{}", slapd.tls_port));
    let config = Config { trust: pinned(&slapd.authority.pem), ..Config::new(vec![url], BASE) };
    bound(config, READER, PASSWORD)
}

/// So many people, all of them in the group `everyone`.
pub(crate) fn many(count: usize) -> String {
    let mut out = String::new();
    let mut group =
        "dn: cn=everyone,dc=corp,dc=example\nobjectClass: groupOfNames\ncn: everyone\n".to_owned();
    for number in 0..count {
        let uid = format!("p{number:05}");
        let _infallible = write!(
            out,
            "dn: uid={uid},{BASE}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {uid}\nsn: {uid}\n\n"
        );
        let _infallible = writeln!(group, "member: uid={uid},{BASE}");
    }
    out + &group + "\n"
}

#[tokio::test]
async fn groups_in_groups_are_walked_where_the_in_chain_rule_says_nothing() {
    let slapd = Slapd::with(STUDIO);
    let directory = directory(config(&slapd));

    // The server knows no such rule, and does not say so.
    let settings = ldap3::LdapConnSettings::new();
    let address = format!("ldap://127.0.0.1:{}", slapd.port);
    let (connection, mut raw) =
        ldap3::LdapConnAsync::with_settings(settings, &address).await.unwrap();
    ldap3::drive!(connection);
    raw.simple_bind(READER, PASSWORD).await.unwrap().success().unwrap();
    let filter = "(memberOf:1.2.840.113556.1.4.1941:=cn=ml-core,ou=groups,dc=corp,dc=example)";
    let (found, done) = raw
        .search(BASE, ldap3::Scope::Subtree, filter, vec!["1.1"])
        .await
        .unwrap()
        .success()
        .unwrap();
    assert_eq!((found.len(), done.rc), (0, 0));

    let reading = directory.everybody(&named(&ALL)).await.unwrap();
    let ring = ["ana", "bob", r"o(br*en)\", "tired"].map(str::to_owned).to_vec();
    let expected = BTreeMap::from([
        ("ml-all".to_owned(), ring.clone()),
        ("ml-eng".to_owned(), ring.clone()),
        ("ml-core".to_owned(), ring),
        ("unique".to_owned(), vec!["late".to_owned()]),
        ("unix".to_owned(), vec!["ana".to_owned()]),
        ("odd(*)".to_owned(), vec!["gone".to_owned()]),
    ]);
    assert_eq!(groups(&reading), expected);
    let standing = directory.standing().await.unwrap();
    let detail = |name: &str| standing.details.get(name).map(String::as_str);
    assert_eq!(detail("nested groups"), Some("walked"));
    assert_eq!(detail("kind"), Some("openldap"));
    // It cannot tell what changed.
    assert_eq!(directory.since(None).await.unwrap().cookie, None);
}

#[tokio::test]
async fn people_are_those_who_are_and_some_may_not_sign_in() {
    let slapd = Slapd::with(STUDIO);
    let directory = directory(config(&slapd));
    let reading = directory.everybody(&named(&["unix"])).await.unwrap();
    let (on, off) = people(&reading);
    assert_eq!(on, ["ana", "bob", r"o(br*en)\", "tired"]);
    assert_eq!(off, ["gone", "late"]);
    let ana = id_of(&reading, "ana");
    assert_eq!(ana.as_str().len(), 36);
    assert_eq!(reading.snapshot.people.get(&ana).unwrap().display_name, "Ana Lima");
    let particulars = Particulars {
        email: Some("ana@corp.example".to_owned()),
        given_name: Some("Ana".to_owned()),
        family_name: Some("Lima".to_owned()),
        external_id: None,
    };
    assert_eq!(reading.particulars.get(&ana), Some(&particulars));
    // Groups that nobody asked for are known by name only.
    let Memberships::Complete(known) = &reading.memberships else { panic!() };
    let read = known.values().filter(|group| group.members.is_some());
    assert_eq!((known.len(), read.count()), (6, 1));
}

#[tokio::test]
async fn somebody_by_themselves_has_the_groups_that_everybody_has() {
    let slapd = Slapd::with(STUDIO);
    let directory = directory(config(&slapd));
    let all = directory.everybody(&named(&ALL)).await.unwrap();
    for (id, person) in &all.snapshot.people {
        let one = directory.people(&BTreeSet::from([id.clone()]), &named(&ALL)).await.unwrap();
        assert_eq!(one.snapshot.people.get(id), Some(person));
        let of = |reading: &control::ports::DirectoryReading| -> Vec<String> {
            let groups = reading.snapshot.groups.values();
            let of_person = groups.filter(|group| group.members.contains(id));
            of_person.map(|group| group.display_name.clone()).collect()
        };
        assert_eq!(of(&one), of(&all), "{}", person.user_name);
        assert_eq!(one.particulars.get(id), all.particulars.get(id));
    }
    // Whom nobody knows is covered, and absent.
    let nobody = access::ids::PersonId::parse("nobody").unwrap();
    let none = directory.people(&BTreeSet::from([nobody.clone()]), &named(&ALL)).await.unwrap();
    assert!(none.snapshot.people.is_empty() && none.snapshot.speaks_for(&nobody));
}

#[tokio::test]
async fn a_member_name_that_two_have_is_nobodys_in_either_reading() {
    let person = |rdn: &str, uid: &str| {
        let (name, value) = rdn.split_once('=').unwrap();
        format!(
            "dn: {rdn},{BASE}\nobjectClass: inetOrgPerson\n{name}: {value}\nuid: {uid}\ncn: \
             {uid}\nsn: {uid}\n\n"
        )
    };
    // The last two differ in a case that counts for this attribute.
    let entries = [
        person("mail=one@corp.example", "twin"),
        person("mail=other@corp.example", "twin"),
        person("mail=ana@corp.example", "ana"),
        person("labeledURI=x", "lower"),
        person("labeledURI=X", "upper"),
        format!(
            "dn: cn=unix,{BASE}\nobjectClass: posixGroup\ncn: unix\ngidNumber: 500\nmemberUid: \
             twin\nmemberUid: ana\n\n"
        ),
        format!(
            "dn: cn=exact,{BASE}\nobjectClass: groupOfNames\ncn: exact\nmember: \
             labeledURI=x,{BASE}\n\n"
        ),
    ];
    let slapd = Slapd::with(&entries.concat());
    let directory = directory(config(&slapd));
    let wanted = named(&["unix", "exact"]);
    let all = directory.everybody(&wanted).await.unwrap();
    let of = |reading: &control::ports::DirectoryReading, name: &str| {
        groups(reading).get(name).cloned().unwrap_or_default()
    };
    assert_eq!((of(&all, "unix"), of(&all, "exact")), (vec!["ana".into()], vec!["lower".into()]));
    for (id, person) in &all.snapshot.people {
        let alone = directory.people(&BTreeSet::from([id.clone()]), &wanted).await.unwrap();
        let expected: Vec<&str> = match person.user_name.as_str() {
            "ana" => vec!["unix"],
            "lower" => vec!["exact"],
            _ => Vec::new(),
        };
        let groups = groups(&alone);
        assert_eq!(groups.keys().collect::<Vec<_>>(), expected, "{}", person.user_name);
    }
    assert_eq!(all.snapshot.people.len(), 5);
}

#[tokio::test]
async fn a_group_in_a_group_is_not_read_as_another_of_a_like_name() {
    // Two groups, and a group and a person, that differ in a case that counts for this attribute.
    let group = |uri: &str, cn: &str, member: &str| {
        format!(
            "dn: labeledURI={uri},{BASE}\nobjectClass: groupOfNames\nobjectClass: \
             extensibleObject\nlabeledURI: {uri}\ncn: {cn}\nmember: {member},{BASE}\n\n"
        )
    };
    let outer = |cn: &str, members: &[&str]| {
        let mut out = format!("dn: cn={cn},{BASE}\nobjectClass: groupOfNames\ncn: {cn}\n");
        for member in members {
            let _infallible = writeln!(out, "member: labeledURI={member},{BASE}");
        }
        out + "\n"
    };
    let entries = [
        many(4),
        group("x", "lower", "uid=p00000"),
        group("X", "upper", "uid=p00001"),
        group("Z", "beside", "uid=p00002"),
        format!(
            "dn: labeledURI=z,{BASE}\nobjectClass: inetOrgPerson\nlabeledURI: z\nuid: zoe\ncn: \
             Zoe\nsn: Z\n\n"
        ),
        outer("one", &["x"]),
        outer("other", &["X"]),
        outer("both", &["x", "X"]),
        outer("mixed", &["Z"]),
    ];
    let slapd = Slapd::with(&entries.concat());
    let directory = directory(config(&slapd));
    let wanted = named(&["one", "other", "both", "mixed"]);
    let all = directory.everybody(&wanted).await.unwrap();
    let expected = [
        ("both", vec!["p00000", "p00001"]),
        ("mixed", vec!["p00002"]),
        ("one", vec!["p00000"]),
        ("other", vec!["p00001"]),
    ];
    let expected: BTreeMap<String, Vec<String>> = expected
        .map(|(name, people)| (name.to_owned(), people.into_iter().map(str::to_owned).collect()))
        .into();
    assert_eq!(groups(&all), expected);
    for (name, in_groups) in [
        ("p00000", vec!["both", "one"]),
        ("p00001", vec!["both", "other"]),
        ("p00002", vec!["mixed"]),
        ("zoe", Vec::new()),
    ] {
        let one = BTreeSet::from([id_of(&all, name)]);
        let alone = directory.people(&one, &wanted).await.unwrap();
        assert_eq!(groups(&alone).keys().collect::<Vec<_>>(), in_groups, "{name}");
    }
}

#[tokio::test]
async fn names_are_values_whatever_is_in_them() {
    let slapd = Slapd::with(STUDIO);
    let directory = directory(config(&slapd));
    let find = |name: &str| {
        let lookup = PersonLookup::UserName(name.to_owned());
        let directory = &directory;
        async move { directory.find(&lookup).await.unwrap() }
    };
    let reading = directory.everybody(&named(&ALL)).await.unwrap();
    let odd = id_of(&reading, r"o(br*en)\");
    assert_eq!(find(r"o(br*en)\").await, Some(odd));
    assert_eq!(find("ANA").await, Some(id_of(&reading, "ana")));
    for hostile in ["*", "a*", "ana)(uid=*", "*)(objectClass=*", r"\61na", "ana\0", "", "o(br"] {
        assert_eq!(find(hostile).await, None, "{hostile}");
    }
    let group = directory.find_group("odd(*)").await.unwrap().unwrap();
    assert_eq!(directory.group_name(&group).await.unwrap().as_deref(), Some("odd(*)"));
    assert_eq!(directory.members(&group).await.unwrap().unwrap().len(), 1);
    for hostile in ["*", "ml-*", "ml-all)(cn=*", "ML-ALL"] {
        assert_eq!(directory.find_group(hostile).await.unwrap(), None, "{hostile}");
    }
    let hostile = access::ids::GroupId::parse("x").unwrap();
    assert_eq!(directory.group_name(&hostile).await.unwrap(), None);
}

#[tokio::test]
async fn five_thousand_are_read_in_pages() {
    let slapd = Slapd::with(&many(5000));
    // The server gives this account no more than a hundred entries at once.
    let directory = directory(Config { page_size: 100, ..config(&slapd) });
    let reading = directory.everybody(&named(&["everyone"])).await.unwrap();
    assert_eq!(reading.snapshot.people.len(), 5000);
    let everyone = reading.snapshot.groups.values().next().unwrap();
    assert_eq!(everyone.members.len(), 5000);
}

#[tokio::test]
async fn somebody_signs_in_while_five_thousand_are_read() {
    let few = "dn: cn=few,dc=corp,dc=example\nobjectClass: groupOfNames\ncn: few\nmember: \
               uid=p00000,dc=corp,dc=example\nmember: uid=p00001,dc=corp,dc=example\n\n";
    let slapd = Slapd::with(&(many(5000) + few));
    let wanted = named(&["everyone", "few"]);
    let directory = directory(Config { page_size: 100, ..config(&slapd) });
    let lookup = PersonLookup::UserName("p00000".to_owned());
    let one = BTreeSet::from([directory.find(&lookup).await.unwrap().unwrap()]);
    let mut everybody = std::pin::pin!(directory.everybody(&wanted));
    let mut signed_in = 0;
    let all = loop {
        tokio::select! {
            all = &mut everybody => break all.unwrap(),
            alone = directory.people(&one, &wanted) => {
                assert_eq!(alone.unwrap().snapshot.groups.len(), 2);
                signed_in += 1;
            }
        }
    };
    assert_eq!((all.snapshot.people.len(), all.snapshot.groups.len()), (5000, 2));
    assert!(signed_in > 0);

    // Several at once have more groups than a page holds.
    let one_a_page = crate::world::directory(Config { page_size: 1, ..config(&slapd) });
    let several: BTreeSet<_> =
        ["p00000", "p00001", "p00002"].map(|name| id_of(&all, name)).into_iter().collect();
    let reading = one_a_page.people(&several, &wanted).await.unwrap();
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    assert_eq!(
        groups(&reading),
        BTreeMap::from([
            ("everyone".to_owned(), names(&["p00000", "p00001", "p00002"])),
            ("few".to_owned(), names(&["p00000", "p00001"])),
        ])
    );
}

#[tokio::test]
async fn a_connection_is_encrypted_by_starttls_and_bound_by_a_certificate() {
    let slapd = Slapd::with(STUDIO);
    let plain = url(&format!("ldap://127.0.0.1:{}", slapd.port));
    let start = Config { urls: vec![plain], start_tls: true, ..config(&slapd) };
    let reading = directory(start.clone()).everybody(&named(&["unix"])).await.unwrap();
    assert_eq!(reading.snapshot.people.len(), 6);

    let issued = slapd.authority.client("reader");
    let identity = ClientIdentity {
        certificate: issued.certificate.into_bytes(),
        key: Secret::new(issued.key),
    };
    let config = Config { identity: Some(identity), bind: Bind::External, ..start };
    let reading = directory(config).everybody(&named(&["unix"])).await.unwrap();
    assert_eq!(reading.snapshot.people.len(), 6);
}

#[tokio::test]
async fn the_map_chooses_the_attributes() {
    let slapd = Slapd::with(STUDIO);
    let attributes = Attributes {
        user_name: Some("mail".to_owned()),
        external_id: Some("uid".to_owned()),
        member: Some("memberUid".to_owned()),
        ..Attributes::default()
    };
    let people_filter = Some("(mail=*)".to_owned());
    let directory = directory(Config { attributes, people_filter, ..config(&slapd) });
    let reading = directory.everybody(&named(&ALL)).await.unwrap();
    assert_eq!(people(&reading).0, ["ana@corp.example"]);
    let groups = groups(&reading);
    assert_eq!(groups.get("unix").unwrap(), &["ana@corp.example"]);
    assert!(groups.get("ml-core").unwrap().is_empty());
    let external = reading.particulars.values().next().unwrap().external_id.as_deref();
    assert_eq!(external, Some("ana"));
    let ana = BTreeSet::from([id_of(&reading, "ana@corp.example")]);
    for (key, value, holders) in [
        (MatchKey::UserName, "ana@CORP.example", &ana),
        (MatchKey::Email, "Ana@corp.example", &ana),
        (MatchKey::ExternalId, "ana", &ana),
        (MatchKey::ExternalId, "ANA", &BTreeSet::new()),
        (MatchKey::Email, "*", &BTreeSet::new()),
    ] {
        assert_eq!(directory.who_has(key, value).await.unwrap(), *holders, "{value}");
    }
}

#[tokio::test]
async fn whom_the_system_trusts_need_not_be_this_server() {
    let slapd = Slapd::with(STUDIO);
    let config = Config { trust: Trust::System, ..config(&slapd) };
    let error = directory(config).everybody(&named(&[])).await.unwrap_err();
    assert_eq!(error.code(), "directory-unreachable");
    assert!(error.message.contains("the server is not trusted"), "{}", error.message);
}
