//! The example map of the manual gives exactly these values.

use access::ids::{
    AccountId, DirectoryName, DomainId, DomainKey, IdentityStoreId, IdpKey, LandingUri, NetworkKey,
    PersonaKey, Region, RoleArn, SpaceName, TeamKey,
};
use access::map::{
    About, AccessMap, Activity, AdminRole, AssumeRole, CertificateFingerprint, Directories,
    DirectoryKind, DirectorySource, Domain, Encryption, Gifts, Grant, GrantTeam, Guard,
    IdentityProvider, MailSettings, MatchBy, MatchKey, MetadataSource, NameIdFormat, Notifications,
    Offboarding, PersonMatch, Persona, Place, Placement, Places, RequestBinding, RoleSettings,
    Rollout, SharedSpaces, Source, Team, TeamSelector, TemporaryAccess, Topic, Unmanaged,
    WebhookSettings, parse,
};
use access::network::{NetworkMatch, NetworkRule};
use std::collections::{BTreeMap, BTreeSet};

const EXAMPLE: &str = include_str!("map_design.yaml");

fn read(text: &str) -> AccessMap {
    match parse(&[Source { name: "access.yaml".into(), text: text.into() }]) {
        Ok(map) => map,
        Err(errors) => panic!("{errors}"),
    }
}

fn place(line: usize, column: usize) -> Place {
    Place { file: "access.yaml".into(), line, column }
}

fn identity_center() -> Directories {
    let kind = DirectoryKind::IdentityCenter {
        region: Region::parse("eu-west-1").unwrap(),
        identity_store_id: IdentityStoreId::parse("d-906716eb24").unwrap(),
    };
    let name = DirectoryName::parse("identity-center").unwrap();
    let sources = vec![DirectorySource { name, kind, place: place(3, 1) }];
    Directories { sources, matched_by: MatchKey::UserName }
}

fn fraud() -> TeamKey {
    TeamKey::parse("fraud").unwrap()
}

fn domain() -> Domain {
    Domain {
        domain_id: DomainId::parse("d-abcdefghijkl").unwrap(),
        account_id: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("eu-west-1").unwrap(),
        assume_role: Some(AssumeRole {
            arn: RoleArn::parse("arn:aws:iam::111122223333:role/StagedoorSpoke").unwrap(),
            external_id: Some("7f1c".into()),
            source_identity: false,
        }),
        presign_role: None,
        isolation: None,
        unmanaged: Unmanaged::Report,
        guard: None,
    }
}

fn networks() -> BTreeMap<NetworkKey, NetworkRule> {
    let office = NetworkRule {
        any_of: vec![
            NetworkMatch::Cidr("10.100.10.0/24".parse().unwrap()),
            NetworkMatch::Vpce("vpce-0abc".into()),
        ],
        explain: Some("Use the office network or the VPN.".into()),
    };
    BTreeMap::from([
        (NetworkKey::parse("anywhere").unwrap(), NetworkRule::anywhere()),
        (NetworkKey::parse("office").unwrap(), office),
    ])
}

/// The one that is written, and the role manager's others.
fn personas(data_scientist: Persona) -> BTreeMap<PersonaKey, Persona> {
    let ready = |activities: &[Activity]| Persona {
        activities: activities.to_vec(),
        role: RoleSettings::default(),
    };
    let mlops = ready(&[
        Activity::RunStudioApps,
        Activity::ManageModels,
        Activity::ManageEndpoints,
        Activity::ManagePipelines,
        Activity::SearchExperiments,
    ]);
    let compute = ready(&[Activity::AccessAwsServices]);
    let named = [("compute", compute), ("data-scientist", data_scientist), ("mlops", mlops)];
    named.map(|(name, persona)| (PersonaKey::parse(name).unwrap(), persona)).into()
}

fn team() -> Team {
    Team {
        placements: vec![Placement {
            domain: DomainKey::parse("research").unwrap(),
            execution_role: RoleArn::parse("arn:aws:iam::111122223333:role/studio-fraud").unwrap(),
        }],
        persona: Some(PersonaKey::parse("data-scientist").unwrap()),
        network: NetworkKey::parse("office").unwrap(),
        session_seconds: 28_800,
        link_seconds: 5,
        landing: None,
        space: None,
        tags: BTreeMap::from([("CostCenter".into(), "42".into())]),
        user_settings: serde_json::Map::new(),
        about: About {
            title: Some("Fraud models".into()),
            purpose: None,
            owner: Some("ana@example.com".into()),
            data_class: Some("confidential".into()),
        },
        role: RoleSettings::default(),
        place: place(21, 3),
    }
}

fn grant(group: &str, team: GrantTeam, line: usize) -> Grant {
    Grant {
        group: group.into(),
        group_id: None,
        source: None,
        team,
        priority: 0,
        from: None,
        until: None,
        place: place(line, 5),
    }
}

#[test]
fn the_example_gives_exactly_these_values() {
    let persona = Persona {
        activities: vec![
            Activity::RunStudioApps,
            Activity::ManageMlJobs,
            Activity::ManageModels,
            Activity::ManageExperiments,
            Activity::SearchExperiments,
            Activity::S3Access,
        ],
        role: RoleSettings { buckets: Some(vec!["fraud-*".into()]), ..RoleSettings::default() },
    };
    let contractors = Grant {
        priority: 10,
        // The last day counts: 31 January ends when 1 February begins.
        until: Some("2027-02-01T00:00:00Z".parse().unwrap()),
        ..grant("contractors", GrantTeam::Named(fraud()), 34)
    };
    let grants = vec![
        grant("ml-fraud", GrantTeam::Named(fraud()), 32),
        grant("ml-{team}-{persona}", GrantTeam::Captured, 33),
        contractors,
    ];
    let teams = BTreeMap::from([(fraud(), team())]);
    let expected = AccessMap {
        instance: "default".into(),
        hub: None,
        team_tag: "stagedoor:team".into(),
        mirror: None,
        directories: identity_center(),
        identity_providers: BTreeMap::new(),
        domains: BTreeMap::from([(DomainKey::parse("research").unwrap(), domain())]),
        networks: networks(),
        personas: personas(persona),
        grants_from: None,
        gifts: Gifts::of(&grants, &teams),
        teams,
        grants,
        guard: Guard { max_removals: 5, max_removals_percent: 10 },
        offboarding: Offboarding { hold_seconds: 604_800, shared_spaces: SharedSpaces::Report },
        rollout: Rollout::default(),
        temporary_access: TemporaryAccess::default(),
        adopt: Vec::new(),
        invariants: Vec::new(),
        administration: Vec::new(),
        places: Places {
            domains: BTreeMap::from([(DomainKey::parse("research").unwrap(), place(8, 3))]),
            networks: BTreeMap::from([(NetworkKey::parse("office").unwrap(), place(15, 3))]),
            personas: BTreeMap::from([(
                PersonaKey::parse("data-scientist").unwrap(),
                place(18, 3),
            )]),
        },
        notifications: Notifications {
            webhooks: BTreeMap::new(),
            mail: BTreeMap::new(),
            remind_seconds: 86_400,
        },
        // sha256sum of the file.
        digest: "c4efcb16f1f4af78a449cf4df772c074c9d24d586ec4cbba57f1584cbdc19168".into(),
    };
    assert_eq!(read(EXAMPLE), expected);
}

const HEAD: &str = "version: 1\ndirectory: {identity_center: {region: eu-west-1, \
                    identity_store_id: d-906716eb24}}\n";

#[test]
fn what_is_left_out_has_these_defaults() {
    let map = read(HEAD);
    assert_eq!(map.instance, "default");
    assert_eq!(map.guard, Guard::default());
    assert_eq!(map.guard, Guard { max_removals: 5, max_removals_percent: 10 });
    assert_eq!(map.offboarding, Offboarding::default());
    assert_eq!(map.networks.keys().map(NetworkKey::as_str).collect::<Vec<_>>(), ["anywhere"]);
    assert!(map.teams.is_empty() && map.grants.is_empty() && map.domains.is_empty());
}

#[test]
fn half_a_guard_keeps_the_other_half() {
    let map = read(&format!("{HEAD}guard: {{max_removals_percent: 0}}\n"));
    assert_eq!(map.guard, Guard { max_removals: 5, max_removals_percent: 0 });
}

#[test]
fn identity_providers_say_how_they_name_the_person() {
    let map = read(&format!(
        "{HEAD}identity_providers:\n  corp: {{metadata: idp/corp.xml}}\n  partner:\n    \
         metadata: p.xml\n    person: {{attribute: oid, matches: id}}\n    \
         team_attribute: teamid\n    allow_unsolicited: true\n"
    ));
    let corp = IdentityProvider {
        metadata: MetadataSource::File("idp/corp.xml".into()),
        entity_id: None,
        certificate_fingerprints: BTreeSet::new(),
        clock_skew_seconds: 60,
        allow_weak_algorithms: false,
        allow_cbc: false,
        sign_requests: false,
        request_binding: RequestBinding::Redirect,
        name_id_format: None,
        person: PersonMatch { attribute: None, matches: MatchBy::UserName },
        directories: BTreeSet::new(),
        team: None,
        allow_unsolicited: false,
    };
    let partner = IdentityProvider {
        metadata: MetadataSource::File("p.xml".into()),
        person: PersonMatch { attribute: Some("oid".into()), matches: MatchBy::Id },
        team: Some(TeamSelector::TeamAttribute("teamid".into())),
        allow_unsolicited: true,
        ..corp.clone()
    };
    assert_eq!(
        map.identity_providers,
        BTreeMap::from([
            (IdpKey::parse("corp").unwrap(), corp),
            (IdpKey::parse("partner").unwrap(), partner),
        ])
    );
}

#[test]
fn every_setting_of_an_identity_provider_is_read() {
    let digits = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let map = read(&format!(
        "{HEAD}domains: {{d: {{domain_id: d-x, account_id: \"012345678901\", region: eu-west-1}}}}\n\
         teams: {{t: {{domain: d, network: anywhere, \
         execution_role: arn:aws:iam::012345678901:role/a}}}}\n\
         identity_providers:\n  center:\n    metadata_url: https://idp.example/metadata\n    \
         metadata_refresh: 1h\n    entity_id: urn:idp\n    \
         certificate_fingerprints: [{digits}, {}]\n    clock_skew: 2m\n    \
         allow_weak_algorithms: true\n    allow_cbc: true\n    sign_requests: true\n    \
         request_binding: post\n    name_id_format: persistent\n    team: t\n  \
         other: {{metadata_url: \"http://127.0.0.1/m\", domain_attribute: domain-id}}\n",
        digits.to_uppercase(),
    ));
    let center = IdentityProvider {
        metadata: MetadataSource::Url {
            url: "https://idp.example/metadata".into(),
            refresh_seconds: 3600,
        },
        entity_id: Some("urn:idp".into()),
        certificate_fingerprints: BTreeSet::from([CertificateFingerprint::parse(digits).unwrap()]),
        clock_skew_seconds: 120,
        allow_weak_algorithms: true,
        allow_cbc: true,
        sign_requests: true,
        request_binding: RequestBinding::Post,
        name_id_format: Some(NameIdFormat::Persistent),
        person: PersonMatch { attribute: None, matches: MatchBy::UserName },
        directories: BTreeSet::new(),
        team: Some(TeamSelector::Team(TeamKey::parse("t").unwrap())),
        allow_unsolicited: false,
    };
    let of = |key: &str| map.identity_providers.get(&IdpKey::parse(key).unwrap()).unwrap();
    assert_eq!(*of("center"), center);
    let other = of("other");
    assert_eq!(
        other.metadata,
        MetadataSource::Url { url: "http://127.0.0.1/m".into(), refresh_seconds: 43_200 }
    );
    assert_eq!(other.team, Some(TeamSelector::DomainAttribute("domain-id".into())));
}

#[test]
fn a_team_says_where_its_link_leads_and_for_how_long() {
    let team = with_team(
        "    execution_role: arn:aws:iam::{account_id}:role/a\n    link: 1m\n    \
         landing: \"app:JupyterLab:\"\n    space: shared\n",
    );
    assert_eq!(team.link_seconds, 60);
    assert_eq!(team.landing, Some(LandingUri::parse("app:JupyterLab:").unwrap()));
    assert_eq!(team.space, Some(SpaceName::parse("shared").unwrap()));
}

fn with_team(fields: &str) -> Team {
    let map = read(&format!(
        "{HEAD}domains: {{d: {{domain_id: d-x, account_id: \"012345678901\", region: eu-west-1}}}}\n\
         personas: {{p: {{activities: []}}}}\n\
         teams:\n  t:\n    domain: d\n    persona: p\n    network: anywhere\n{fields}"
    ));
    map.teams.get(&TeamKey::parse("t").unwrap()).unwrap().clone()
}

#[test]
fn every_placeholder_of_a_role_is_filled_in() {
    let team = with_team(
        "    execution_role: arn:aws:iam::{account_id}:role/{domain}/{region}/{team}-{persona}\n",
    );
    assert_eq!(
        team.placements[0].execution_role.as_str(),
        "arn:aws:iam::012345678901:role/d/eu-west-1/t-p"
    );
}

#[test]
fn user_settings_become_json_by_the_core_schema() {
    let team = with_team(
        "    execution_role: arn:aws:iam::{account_id}:role/a\n    user_settings:\n      \
         SecurityGroups: [sg-1, \"2\", yes]\n      \
         JupyterLabAppSettings: {Idle: 0x3c, Ratio: 1.5, On: true, None: ~}\n      \
         Text: |\n        a\n        b\n",
    );
    assert_eq!(
        serde_json::Value::Object(team.user_settings),
        serde_json::json!({
            "SecurityGroups": ["sg-1", "2", "yes"],
            "JupyterLabAppSettings": {"Idle": 60, "Ratio": 1.5, "On": true, "None": null},
            "Text": "a\nb\n",
        })
    );
}

#[test]
fn sessions_are_read_in_every_unit() {
    for (text, seconds) in [("30m", 1800), ("90m", 5400), ("12h", 43_200), ("43200s", 43_200)] {
        let team = with_team(&format!(
            "    execution_role: arn:aws:iam::{{account_id}}:role/a\n    session: {text}\n"
        ));
        assert_eq!(team.session_seconds, seconds, "{text}");
    }
}

#[test]
fn times_of_a_grant_keep_their_offset() {
    let map = read(&format!(
        "{HEAD}grants:\n  - group: \"{{team}}\"\n    team: \"{{team}}\"\n    from: 2026-12-01\n    \
         until: 2026-12-01T18:00:00+02:00\n"
    ));
    let grant = map.grants.first().unwrap();
    assert_eq!(grant.from, Some("2026-12-01T00:00:00Z".parse().unwrap()));
    assert_eq!(grant.until, Some("2026-12-01T16:00:00Z".parse().unwrap()));
    assert_eq!(grant.place, place(4, 5));
}

#[test]
fn a_grant_of_one_day_is_not_empty() {
    let map = read(&format!(
        "{HEAD}grants: [{{group: \"{{team}}\", team: \"{{team}}\", from: 2026-12-01, \
         until: 2026-12-01}}]\n"
    ));
    let grant = map.grants.first().unwrap();
    assert_eq!(grant.until, Some("2026-12-02T00:00:00Z".parse().unwrap()));
}

#[test]
fn a_byte_order_mark_at_the_beginning_is_passed_over() {
    let map = read(&format!("\u{feff}{HEAD}"));
    assert_eq!(map.instance, "default");
}

#[test]
fn administration_gives_roles_to_groups_and_nobody_has_one_without_it() {
    assert_eq!(read(HEAD).administration, []);
    let map = read(&format!(
        "{HEAD}administration:\n  - {{group: Studio Admins, role: admin}}\n  - {{group: audit, \
         role: auditor}}\n  - {{group: desk, role: reader}}\n"
    ));
    let roles: Vec<(&str, AdminRole, usize)> =
        map.administration.iter().map(|it| (&*it.group.name, it.role, it.place.line)).collect();
    let expected = [
        ("Studio Admins", AdminRole::Admin, 4),
        ("audit", AdminRole::Auditor, 5),
        ("desk", AdminRole::Reader, 6),
    ];
    assert_eq!(roles, expected);
    // The directory is asked for these groups, too: roles are read off it.
    let wanted = access::entitlement::wanted_groups(&map).names;
    assert_eq!(wanted.into_iter().collect::<Vec<_>>(), ["Studio Admins", "audit", "desk"]);
}

#[test]
fn notifications_say_who_is_told_what() {
    let map = read(&format!(
        "{HEAD}notifications:\n  webhooks:\n    ops: {{ url_from: \"secretsmanager:stagedoor/slack#url\", \
         sign_with: \"env:HOOK_KEY\" }}\n  mail:\n    admins: {{ to: [ops@example.com], from: \
         stagedoor@example.com, server: \"smtp.example.com:587\", user: stagedoor, password_from: \
         \"ssm:/stagedoor/smtp\", about: [guard-refused, break-glass] }}\n  remind: 12h\n"
    ));
    let ops = WebhookSettings {
        url_from: "secretsmanager:stagedoor/slack#url".to_owned(),
        sign_with: Some("env:HOOK_KEY".to_owned()),
        about: Topic::ALL.into(),
    };
    let admins = MailSettings {
        to: vec!["ops@example.com".to_owned()],
        from: "stagedoor@example.com".to_owned(),
        server: ("smtp.example.com".to_owned(), 587),
        encryption: Encryption::StartTls,
        login: Some(("stagedoor".to_owned(), "ssm:/stagedoor/smtp".to_owned())),
        about: [Topic::GuardRefused, Topic::BreakGlass].into(),
    };
    let expected = Notifications {
        webhooks: BTreeMap::from([("ops".to_owned(), ops)]),
        mail: BTreeMap::from([("admins".to_owned(), admins)]),
        remind_seconds: 43_200,
    };
    assert_eq!(map.notifications, expected);
}

#[test]
fn mail_goes_somewhere_and_never_unencrypted_over_a_network() {
    let mail = |rest: &str| {
        let text = format!(
            "{HEAD}notifications:\n  mail:\n    ops: {{ from: a@example.com, server: \"{rest} }}\n"
        );
        parse(&[Source { name: "access.yaml".into(), text }]).map(drop).map_err(|e| e.to_string())
    };
    assert_eq!(mail("127.0.0.1:25\", to: [b@example.com], encryption: none"), Ok(()));
    let refused = mail("smtp.example.com:25\", to: [b@example.com], encryption: none").unwrap_err();
    assert!(refused.contains("smtp.example.com is not this machine"), "{refused}");
    let refused = mail("smtp.example.com:25\", to: []").unwrap_err();
    assert!(refused.contains("`to` is empty"), "{refused}");
}
