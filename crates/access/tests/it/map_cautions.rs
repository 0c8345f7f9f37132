//! What a valid map is warned of, by the name of each code.

use access::map::{Caution, Source, codes, parse};

const HEAD: &str = "version: 1\ndirectory: {identity_center: {region: eu-west-1, \
                    identity_store_id: d-906716eb24}}\nidentity_providers:\n";

/// The cautions of a map with these identity providers.
fn cautions(providers: &str) -> Vec<Caution> {
    let text = format!("{HEAD}{providers}");
    parse(&[Source { name: "access.yaml".into(), text }]).expect("the map is valid").cautions()
}

#[track_caller]
fn one(provider: &str, code: &str, key: &str) {
    let found = cautions(&format!(" corp: {{{provider}}}\n"));
    let [caution] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((caution.code, caution.key.as_str()), (code, key));
    let (_, meaning) = codes::CAUTIONS.iter().find(|(known, _)| *known == code).unwrap();
    assert_eq!(caution.to_string(), format!("{key}: {meaning} ({code})"));
}

#[test]
fn map_ended_grant() {
    let text = "version: 1\n\
        directory: {identity_center: {region: eu-west-1, identity_store_id: d-906716eb24}}\n\
        domains: {research: {domain_id: d-1, account_id: '111122223333', region: eu-west-1}}\n\
        teams: {fraud: {domain: research, execution_role: 'arn:aws:iam::111122223333:role/a', \
        network: anywhere}}\n\
        grants:\n\
        - {group: a, team: fraud, until: 2026-11-20T00:00:00Z}\n\
        - {group: b, team: fraud, until: 2026-11-21T00:00:00Z}\n\
        - {group: c, team: fraud}\n";
    let map = parse(&[Source { name: "access.yaml".into(), text: text.into() }]).unwrap();
    // It lasts up to its end and not beyond.
    let at = |time: &str| {
        let ended = map.ended_grants(time.parse().unwrap());
        ended.map(|caution| caution.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(at("2026-11-19T23:59:59Z"), [""; 0]);
    let told = "grants (access.yaml:6): The grant has ended: it gives nothing any more. \
                (map-ended-grant)";
    assert_eq!(at("2026-11-20T00:00:00Z"), [told]);
    assert_eq!(map.cautions(), []);
}

#[test]
fn map_file_missing() {
    let text = "version: 1\ndirectory:\n  sources:\n\
        \x20   - {name: ad, ldap: {urls: ['ldaps://a'], base_dn: 'dc=a', ca_file: ca.pem, \
        bind_dn: reader, password_from: 'file:password', client_certificate: own.pem, \
        client_key_from: 'env:KEY'}}\n\
        \x20   - {name: guests, file: people.yaml}\n";
    let map = parse(&[Source { name: "access.yaml".into(), text: text.into() }]).unwrap();
    let missing = |there: &str| {
        let missing = map.missing_files(|_, file| file == there);
        missing.map(|caution| caution.key).collect::<Vec<_>>()
    };
    let [password, ca, own, people] = [
        r#"directory (access.yaml:4), password_from "password""#,
        r#"directory (access.yaml:4), ca_file "ca.pem""#,
        r#"directory (access.yaml:4), client_certificate "own.pem""#,
        r#"directory (access.yaml:5), path "people.yaml""#,
    ];
    assert_eq!(missing(""), [password, ca, own, people]);
    assert_eq!(missing("ca.pem"), [password, own, people]);
    assert_eq!(map.cautions(), []);
}

#[test]
fn every_caution_has_a_test_by_its_name() {
    let here = concat!(include_str!("map_cautions.rs"), include_str!("plane.rs"));
    for (code, _) in codes::CAUTIONS {
        let test = format!("#[test]\nfn {}() {{", code.replace('-', "_"));
        assert!(here.contains(&test), "{code} has no test");
    }
}

#[test]
fn map_weak_algorithms() {
    one(
        "metadata: a.xml, allow_weak_algorithms: true",
        "map-weak-algorithms",
        "identity_providers.corp.allow_weak_algorithms",
    );
}

#[test]
fn map_cbc() {
    one("metadata: a.xml, allow_cbc: true", "map-cbc", "identity_providers.corp.allow_cbc");
}

#[test]
fn map_unbound_provider() {
    let several = "{ sources: [{ name: corp, file: a.yaml }, { name: partners, file: b.yaml }] }";
    let told = |directory: &str, providers: &str| {
        let text =
            format!("version: 1\ndirectory: {directory}\nidentity_providers: {{ {providers} }}\n");
        let map = parse(&[Source { name: "access.yaml".into(), text }]).unwrap();
        let told = map.cautions().into_iter().map(|caution| (caution.code, caution.key));
        told.collect::<Vec<_>>()
    };
    let (corp, guests) = ("corp: { metadata: a.xml }", "guests: { metadata: b.xml }");
    let bound = "guests: { metadata: b.xml, directories: [partners] }";
    let of = |key: &str| ("map-unbound-provider", format!("identity_providers.{key}.directories"));
    assert_eq!(told(several, &format!("{corp}, {guests}")), [of("corp"), of("guests")]);
    assert_eq!(told(several, &format!("{corp}, {bound}")), [of("corp")]);
    // One of either tells nobody apart.
    assert_eq!(told(several, corp), []);
    let one = "{ sources: [{ name: corp, file: a.yaml }] }";
    assert_eq!(told(one, &format!("{corp}, {guests}")), []);
}

#[test]
fn map_unbound_grant() {
    let several = "{ sources: [{ name: corp, file: a.yaml }, { name: partners, file: b.yaml }] }";
    let told = |directory: &str, grants: &str| {
        let text = format!(
            "version: 1\ndirectory: {directory}\ndomains: {{ research: {{ domain_id: d-research, \
             account_id: \"111122223333\", region: eu-west-1 }} }}\nteams: {{ fraud: {{ domain: \
             research, network: anywhere, execution_role: \
             \"arn:aws:iam::111122223333:role/fraud\" }} }}\ngrants: [ {grants} ]\n"
        );
        let map = parse(&[Source { name: "access.yaml".into(), text }]).unwrap();
        let told = map.cautions().into_iter().map(|caution| (caution.code, caution.key));
        told.collect::<Vec<_>>()
    };
    let bound = "{ group: a, directory: partners, team: fraud }, { group_id: b, team: fraud }";
    let unbound = "{ group: a, team: fraud }, { group: b, team: fraud }";
    assert_eq!(told(several, bound), []);
    let all = format!("{bound}, {unbound}");
    assert_eq!(told(several, &all), [("map-unbound-grant", "grants".to_owned())]);
    assert_eq!(told("{ file: a.yaml }", unbound), []);
}

#[test]
fn map_unsolicited() {
    one(
        "metadata: a.xml, allow_unsolicited: true",
        "map-unsolicited",
        "identity_providers.corp.allow_unsolicited",
    );
}

#[test]
fn map_plain_metadata() {
    for url in ["http://127.0.0.1:8080/m", "HTTP://localhost/m"] {
        one(
            &format!("metadata_url: \"{url}\""),
            "map-plain-metadata",
            "identity_providers.corp.metadata_url",
        );
    }
}

#[test]
fn a_map_that_weakens_nothing_is_warned_of_nothing() {
    let plain = " a: {metadata: http.xml, sign_requests: true}\n \
                 b: {metadata_url: \"https://idp.example/m\"}\n";
    assert_eq!(cautions(plain), []);
}

#[test]
fn every_caution_of_every_provider_is_told_in_order() {
    let found = cautions(
        " b: {metadata: b.xml, allow_unsolicited: true, allow_cbc: true}\n \
         a: {metadata: a.xml, allow_weak_algorithms: true}\n",
    );
    let keys: Vec<&str> = found.iter().map(|caution| caution.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "identity_providers.a.allow_weak_algorithms",
            "identity_providers.b.allow_cbc",
            "identity_providers.b.allow_unsolicited",
        ]
    );
}

/// The codes and keys of what a map with these teams is warned of.
fn of_teams(teams: &str) -> Vec<String> {
    let text = format!(
        "{}domains: {{d: {{domain_id: d-x, account_id: \"111122223333\", region: eu-west-1}}}}\n\
         personas:\n \
         p: {{activities: [s3-access], buckets: [\"{{team}}-*\"]}}\n \
         q: {{activities: [query-athena, s3-access]}}\n\
         teams:\n{teams}",
        HEAD.replace("identity_providers:\n", "")
    );
    let map = parse(&[Source { name: "access.yaml".into(), text }]).expect("the map is valid");
    map.cautions().iter().map(|caution| format!("{} {}", caution.code, caution.key)).collect()
}

#[test]
fn map_nothing_to_use() {
    assert_eq!(
        of_teams(
            " a: {domain: d, network: anywhere, persona: q}\n \
             b: {domain: d, network: anywhere, persona: q, buckets: [b], workgroups: []}\n \
             c: {domain: d, network: anywhere}\n"
        ),
        ["map-nothing-to-use teams.a.buckets", "map-nothing-to-use teams.a.workgroups"]
    );
}

#[test]
fn map_common_bucket() {
    assert_eq!(
        of_teams(
            " fraud: {domain: d, network: anywhere, persona: p}\n \
             fraud-eu: {domain: d, network: anywhere, persona: p}\n \
             ops: {domain: d, network: anywhere, persona: p}\n"
        ),
        ["map-common-bucket teams.fraud.buckets", "map-common-bucket teams.fraud-eu.buckets"]
    );
    assert_eq!(
        of_teams(
            " archive: {domain: d, network: anywhere, persona: q, buckets: [\"*-archive\"], workgroups: []}\n \
             fraud: {domain: d, network: anywhere, persona: p}\n \
             ops: {domain: d, network: anywhere, persona: q, buckets: [\"*-ops\"], workgroups: []}\n"
        ),
        [
            "map-common-bucket teams.archive.buckets",
            "map-common-bucket teams.fraud.buckets",
            "map-common-bucket teams.ops.buckets"
        ]
    );
}
