//! What a map says of its directories, and what it may not say.

use access::ids::{DirectoryName, IdentityStoreId, Region};
use access::map::{
    Directories, DirectoryKind, FileDirectory, FileFormat, Guard, LdapAttributes, LdapBind,
    LdapCertificate, LdapDirectory, MatchKey, MirrorTo, ScimDirectory, Source, parse,
};
use access::mirror::{Leavers, Strangers};

fn read(directory: &str) -> Result<Directories, String> {
    let text = format!("version: 1\ndirectory: {directory}\n");
    match parse(&[Source { name: "access.yaml".into(), text }]) {
        Ok(map) => Ok(map.directories),
        Err(errors) => Err(errors.to_string()),
    }
}

fn refused(directory: &str, expected: &str) {
    assert_eq!(read(directory).unwrap_err(), expected, "{directory}");
}

fn names(directories: &Directories) -> Vec<(&str, &'static str)> {
    let sources = directories.sources.iter();
    sources.map(|source| (DirectoryName::as_str(&source.name), source.kind.as_str())).collect()
}

fn ldap(more: &str) -> Result<LdapDirectory, String> {
    let text = format!("{{ ldap: {{ base_dn: \"DC=corp\", {more} }} }}");
    let mut sources = read(&text)?.sources;
    match sources.remove(0).kind {
        DirectoryKind::Ldap(ldap) => Ok(*ldap),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_directory_is_named_after_its_kind() {
    let scim = read("{ scim: {} }").unwrap();
    assert_eq!(names(&scim), [("scim", "scim")]);
    let expected = DirectoryKind::Scim(ScimDirectory {});
    assert_eq!(scim.sources.first().unwrap().kind, expected);
    assert_eq!(scim.identity_center(), None);
    let file = read("{ file: people/All.CSV }").unwrap();
    assert_eq!(names(&file), [("file", "file")]);
    let expected = FileDirectory { path: "people/All.CSV".into(), format: FileFormat::Csv };
    assert_eq!(file.sources.first().unwrap().kind, DirectoryKind::File(expected));
}

#[test]
fn what_ldap_leaves_out_has_defaults() {
    let read =
        ldap("urls: [\"ldaps://dc1.corp.example\", \"ldaps://dc2.corp.example:1636\"]").unwrap();
    let urls: Vec<_> = read.urls.iter().map(|u| (u.host(), u.port(), u.is_tls())).collect();
    assert_eq!(urls, [("dc1.corp.example", 636, true), ("dc2.corp.example", 1636, true)]);
    let expected = LdapDirectory {
        urls: read.urls.clone(),
        base_dn: "DC=corp".into(),
        bind: None,
        start_tls: false,
        ca_file: None,
        client_certificate: None,
        people_filter: None,
        groups_filter: None,
        attributes: LdapAttributes::default(),
        timeout_seconds: 30,
        page_size: 500,
    };
    assert_eq!(read, expected);
}

#[test]
fn ldap_says_all_that_can_be_said() {
    let read = ldap(
        "urls: [\"ldap://[::1]:3389\"], start_tls: true, bind_dn: \"CN=door,DC=corp\", \
         password_from: env:LDAP_PASSWORD, ca_file: ca.pem, client_certificate: own.pem, \
         client_key_from: file:own.key, people_filter: \"(&(a=b)(c=d))\", \
         groups_filter: \"(objectClass=group)\", timeout: 5s, page_size: 100, \
         attributes: { user_name: mail, member: uniqueMember }",
    )
    .unwrap();
    let url = read.urls.first().unwrap();
    assert_eq!((url.host(), url.port(), url.is_tls()), ("::1", 3389, false));
    let bind = LdapBind { dn: "CN=door,DC=corp".into(), password_from: "env:LDAP_PASSWORD".into() };
    assert_eq!(read.bind, Some(bind));
    let shown = LdapCertificate { file: "own.pem".into(), key_from: "file:own.key".into() };
    assert_eq!(read.client_certificate, Some(shown));
    assert!(read.start_tls);
    assert_eq!(read.ca_file.as_deref(), Some("ca.pem"));
    assert_eq!(read.people_filter.as_deref(), Some("(&(a=b)(c=d))"));
    assert_eq!(read.groups_filter.as_deref(), Some("(objectClass=group)"));
    assert_eq!((read.timeout_seconds, read.page_size), (5, 100));
    let attributes = LdapAttributes {
        user_name: Some("mail".into()),
        member: Some("uniqueMember".into()),
        ..LdapAttributes::default()
    };
    assert_eq!(read.attributes, attributes);
}

#[test]
fn several_directories_stand_in_the_order_of_the_map() {
    let several = read(
        "\n  match: email\n  sources:\n    - name: aws\n      identity_center: {region: eu-west-1, \
         identity_store_id: d-906716eb24}\n    - { name: partners, scim: {} }\n    - { name: lab, \
         file: lab.ldif }\n    - { name: trial, file: trial.yml }",
    )
    .unwrap();
    assert_eq!(
        names(&several),
        [("aws", "identity-center"), ("partners", "scim"), ("lab", "file"), ("trial", "file")]
    );
    assert_eq!(several.matched_by, MatchKey::Email);
    let (region, store) = several.identity_center().unwrap();
    assert_eq!((region.as_str(), store.as_str()), ("eu-west-1", "d-906716eb24"));
    let lines: Vec<_> = several.sources.iter().map(|source| source.place.line).collect();
    assert_eq!(lines, [5, 7, 8, 9]);
    let default = read("{ sources: [ { name: a, file: a.yaml } ] }").unwrap();
    assert_eq!(default.matched_by, MatchKey::UserName);
}

#[test]
fn directories_are_the_same_wherever_they_are_written() {
    let here = read("{ sources: [ { name: a, file: a.yaml } ] }").unwrap();
    let there = read("\n\n  sources:\n    - name: a\n      file: a.yaml").unwrap();
    assert_ne!(here, there);
    assert!(here.same_as(&there));
    for other in [
        "{ match: email, sources: [ { name: a, file: a.yaml } ] }",
        "{ sources: [ { name: b, file: a.yaml } ] }",
        "{ sources: [ { name: a, file: b.yaml } ] }",
    ] {
        assert!(!here.same_as(&read(other).unwrap()), "{other}");
    }
}

#[test]
fn several_directories_are_told_apart() {
    refused(
        "{ sources: [] }",
        "access.yaml:2:14: `sources` is empty (map-out-of-range)\n  expected at least one directory",
    );
    refused(
        "{ match: email, file: a.yaml }",
        "access.yaml:2:14: `directory` has `match` without `sources` (map-only-with)",
    );
    let nine: Vec<_> = (1..=9).map(|n| format!("{{ name: d{n}, file: d{n}.yaml }}")).collect();
    refused(
        &format!("{{ sources: [ {} ] }}", nine.join(", ")),
        "access.yaml:2:14: `sources` holds 9 directories (map-out-of-range)\n  expected at most 8",
    );
}

#[test]
fn map_duplicate_directory() {
    refused(
        "{ sources: [ { name: a, file: a.yaml }, { name: a, file: b.yaml } ] }",
        "access.yaml:2:60: two directories are named `a` (map-duplicate-directory)\n  \
         ids begin with the name, so each needs its own",
    );
    assert!(read("{ sources: [ { name: a, scim: {} }, { name: b, scim: {} } ] }").is_ok());
}

#[test]
fn map_directory_order() {
    refused(
        "{ sources: [ { name: a, scim: {} }, { name: b, identity_center: {region: eu-west-1, \
         identity_store_id: d-906716eb24} } ] }",
        "access.yaml:2:59: Identity Center is not the first directory (map-directory-order)\n  \
         write it first: domains that sign people in through it, and its events, know people by \
         its own ids",
    );
}

#[test]
fn a_password_never_travels_in_the_clear_and_never_stands_in_the_map() {
    let refused = |more: &str, expected: &str| {
        assert_eq!(ldap(more).unwrap_err(), expected, "{more}");
    };
    refused(
        "urls: [\"ldap://dc1.corp.example\"]",
        "access.yaml:2:49: `ldap://dc1.corp.example` would carry the password in the clear \
         (map-invalid-value)\n  write `ldaps://`, or `start_tls: true`",
    );
    refused(
        "urls: [\"ldaps://dc1.corp.example\"], start_tls: true",
        "access.yaml:2:49: `ldaps://dc1.corp.example` is encrypted from the first byte \
         (map-invalid-value)\n  write it with `ldap://`",
    );
    assert!(ldap("urls: [\"ldap://127.0.0.1:3389\"]").is_ok());
    for url in ["ldaps://dc1.corp.example:3269", "ldap://127.0.0.1:3268"] {
        let expected = format!(
            "access.yaml:2:49: `{url}` is the Global Catalog, which knows neither when accounts \
             expire nor all members (map-invalid-value)\n  name the domain's own port, 636 or 389: \
             leave it out"
        );
        refused(&format!("urls: [\"{url}\"]"), &expected);
    }
    refused(
        "urls: [\"ldaps://door:secret@dc1\"]",
        "access.yaml:2:49: the address holds a user name or a password (map-invalid-value)\n  \
         expected the address of an LDAP server (`ldaps://HOST` or `ldap://HOST`, perhaps with \
         `:PORT`)\n  write `bind_dn`, and `password_from` for where the password is kept",
    );
    refused(
        "urls: [\"ldaps://dc1\"], bind_dn: \"CN=door\"",
        "access.yaml:2:65: `ldap` has `bind_dn` without `password_from` (map-only-with)",
    );
    refused(
        "urls: []",
        "access.yaml:2:42: `urls` is empty (map-out-of-range)\n  expected at least one LDAP server",
    );
}

#[test]
fn forms_of_files_addresses_and_filters() {
    refused(
        "{ file: people.xlsx }",
        "access.yaml:2:20: `file` cannot be `people.xlsx` (map-invalid-value)\n  expected the path \
         of a file, relative to the map's folder, that ends in `.yaml`, `.yml`, `.csv` or `.ldif`",
    );
    for url in ["ldaps://", "http://dc1", "ldaps://dc1/DC=corp", "ldaps://dc1:0", "ldaps://d c"] {
        assert!(ldap(&format!("urls: [\"{url}\"]")).is_err(), "{url}");
    }
    for filter in ["a=b", "(a=b", "(a=b)(c=d)", "()(", "(a=b))"] {
        let more = format!("urls: [\"ldaps://dc1\"], people_filter: \"{filter}\"");
        assert!(ldap(&more).is_err(), "{filter}");
    }
}

#[test]
fn a_mirror_says_where_to_and_has_defaults() {
    let map = |directory: &str| {
        let text = format!("version: 1\ndirectory: {directory}\n");
        parse(&[Source { name: "access.yaml".into(), text }])
    };
    let center = "identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 }";
    let mirror = map(&format!("{{ file: people.yaml, mirror: {{ {center} }} }}")).unwrap().mirror;
    let mirror = mirror.unwrap();
    let to = MirrorTo::IdentityCenter {
        region: Region::parse("eu-west-1").unwrap(),
        identity_store_id: IdentityStoreId::parse("d-906716eb24").unwrap(),
    };
    assert_eq!((mirror.to, mirror.groups), (to, vec![]));
    assert_eq!((mirror.leavers, mirror.strangers), (Leavers::Disable, Strangers::Report));
    assert_eq!(mirror.guard, Guard { max_removals: 5, max_removals_percent: 10 });

    let all = "{ file: people.yaml, mirror: { scim: { url: \"https://scim.eu-west-1.amazonaws.com/f1/scim/v2\", \
               token_from: ssm:/scim }, groups: [ml-fraud], leavers: delete, strangers: join, \
               guard: { max_removals: 50 } } }";
    let mirror = map(all).unwrap().mirror.unwrap();
    let to = MirrorTo::Scim {
        url: "https://scim.eu-west-1.amazonaws.com/f1/scim/v2".into(),
        token_from: "ssm:/scim".into(),
    };
    assert_eq!((mirror.to, mirror.groups), (to, vec!["ml-fraud".to_owned()]));
    assert_eq!((mirror.leavers, mirror.strangers), (Leavers::Delete, Strangers::Join));
    assert_eq!(mirror.guard.max_removals, 50);
    assert_eq!(map("{ scim: {} }").unwrap().mirror, None);

    let codes = |directory: &str| -> Vec<&'static str> {
        map(directory).unwrap_err().as_slice().iter().map(|found| found.code).collect()
    };
    assert_eq!(
        codes(&format!("{{ {center}, mirror: {{ {center} }} }}")),
        ["map-mirrored-into-itself"]
    );
    assert_eq!(codes("{ scim: {}, mirror: {} }"), ["map-one-of"]);
    let plain =
        "{ scim: {}, mirror: { scim: { url: \"http://scim.example/v2\", token_from: env:T } } }";
    assert_eq!(codes(plain), ["map-invalid-value"]);
}

#[test]
fn map_unknown_directory() {
    refused(
        "{ sources: [ { name: corp, scim: {} } ] }\nadministration:\n  - { group: a, role: admin, \
         directory: crop }\ntemporary_access:\n  requests:\n    - { group: a, approvers: b, \
         approvers_directory: scim }",
        "access.yaml:4:41: unknown directory `crop` (map-unknown-directory)\n  expected `corp`\n  did you mean \
         `corp`?\naccess.yaml:7:54: unknown directory `scim` (map-unknown-directory)\n  expected `corp`",
    );
    refused(
        "{ sources: [ { name: corp, scim: {} } ] }\nidentity_providers: { a: { metadata: a.xml, \
         directories: [corp, crop] } }",
        "access.yaml:3:65: unknown directory `crop` (map-unknown-directory)\n  expected `corp`\n  did you \
         mean `corp`?",
    );
    refused(
        "{ sources: [ { name: corp, scim: {} } ] }\ndomains: { d: { domain_id: d-research, account_id: \
         \"111122223333\", region: eu-west-1 } }\nteams: { t: { domain: d, network: anywhere, \
         execution_role: \"arn:aws:iam::111122223333:role/t\" } }\ngrants: [ { group: a, directory: \
         crop, team: t } ]",
        "access.yaml:5:34: unknown directory `crop` (map-unknown-directory)\n  expected `corp`\n  did you \
         mean `corp`?",
    );
    // One that is alone is called what it is.
    assert!(
        read("{ scim: {} }\nadministration: [ { group: a, role: admin, directory: scim } ]")
            .is_ok()
    );
}

#[test]
fn the_directory_of_approvers_is_named_with_them_alone() {
    refused(
        "{ scim: {} }\ntemporary_access: { requests: [ { group: a, approvers_directory: scim } ] }",
        "access.yaml:3:45: an item of `requests` has `approvers_directory` without `approvers` (map-only-with)",
    );
}
