//! What the report says of a world.

use crate::support::{
    Build, TEAMS, World, app, at, domain_key, elsewhere, foreign, ours, person_id, role,
};
use access::authorisation::authorisation;
use access::forecast::{Forecast, ProfileCounts};
use access::ids::{GroupId, ProfileName, RoleArn};
use access::live_role::{AttachedPolicy, LiveRole};
use access::observed::{AppStatus, AuthMode, ObservedApplication};
use access::reason::ReasonCode;
use access::report::{
    DomainReading, KeptHome, NotJudged, Reading, Remark, Report, RoleReading, report,
};
use jiff::SignedDuration;
use jiff::civil::date;
use std::collections::BTreeMap;

const SAGEMAKER: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// What is read besides the world.
#[derive(Default)]
struct Besides {
    domains: BTreeMap<access::ids::DomainKey, DomainReading>,
    roles: BTreeMap<RoleArn, RoleReading>,
    counts: ProfileCounts,
    homes: Vec<KeptHome>,
    remarks: BTreeMap<(access::ids::DomainKey, ProfileName), Remark>,
}

fn reported(world: &World, besides: &Besides) -> Report {
    report(&Reading {
        map: &world.map,
        derived: false,
        snapshot: &world.snapshot,
        observed: &world.observed,
        plan: &world.plan(),
        now: world.now,
        domains: &besides.domains,
        roles: &besides.roles,
        counts: &besides.counts,
        homes: &besides.homes,
        remarks: &besides.remarks,
        idle_after: SignedDuration::from_hours(12),
    })
}

fn live(trust: &str) -> LiveRole {
    LiveRole {
        arn: role("fraud").to_string(),
        trust: trust.to_owned(),
        max_session_seconds: 3_600,
        boundary: None,
        tags: BTreeMap::new(),
        attached: Vec::new(),
        inline: BTreeMap::new(),
    }
}

fn with_role(live: LiveRole) -> Besides {
    let roles = BTreeMap::from([(role("fraud"), RoleReading::Read(Box::new(live)))]);
    Besides { roles, ..Besides::default() }
}

fn doors(report: &Report) -> Vec<(&str, &str)> {
    report.side_doors.iter().map(|door| (door.code.as_str(), door.who.as_str())).collect()
}

/// A person, and of each right the team, the group, whether there is a profile, and how many apps.
type Told<'a> = (&'a str, Vec<(&'a str, &'a str, bool, usize)>);

#[test]
fn who_has_what_is_told_with_group_grant_and_role() {
    let world = World::new(TEAMS)
        .group("ml-fraud", &["alice", "bob"])
        .group("ml-churn", &["alice"])
        .person("carol")
        .profile(ours("alice", "fraud").app("default", AppStatus::InService));
    let report = reported(&world, &Besides::default());
    let told: Vec<Told<'_>> = report
        .people
        .iter()
        .map(|person| {
            let rights = person.rights.iter().map(|right| {
                let group = right.because.group_name.as_str();
                (right.team.as_str(), group, right.profile.is_some(), right.apps)
            });
            (person.name.as_str(), rights.collect())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("alice", vec![("churn", "ml-churn", false, 0), ("fraud", "ml-fraud", true, 1)]),
            ("bob", vec![("fraud", "ml-fraud", false, 0)]),
        ]
    );
    assert_eq!(report.people[0].roles, [role("fraud").to_string()]);
    assert_eq!(report.people[0].rights[1].because.grant.to_string(), "access.yaml:10");
    let summary = &report.summary;
    assert_eq!((summary.people, summary.entitled, summary.profiles), (3, 2, 1));
    assert_eq!((summary.running_apps, summary.idle_apps, summary.roles), (1, 0, 1));
    assert!(report.orphan_profiles.is_empty() && report.side_doors.is_empty());
}

#[test]
fn every_kind_of_orphan_is_told_with_its_reason() {
    let mut world = World::new(TEAMS)
        .group("ml-fraud", &["alice"])
        .group("ml-churn", &[])
        .person("bob")
        .person("dora")
        .person("erin")
        .profile(ours("alice", "fraud"))
        .profile(ours("bob", "fraud"))
        .profile(ours("carol", "fraud"))
        .profile(ours("dora", "fraud"))
        .profile(ours("erin", "fraud").leaving("2026-11-20T12:00:00Z"))
        .profile(foreign("by-hand"));
    world.person_mut("dora").enabled = false;
    let research = domain_key("research");
    let found = &mut world.domain_mut("research").profiles;
    let by_hand = found.get_mut("by-hand").unwrap();
    by_hand.home_efs_uid = Some("200005".into());
    let remark = Remark {
        code: ReasonCode::PersonAmbiguous,
        person: None,
        text: "it may be that of alice".to_owned(),
    };
    let besides = Besides {
        remarks: BTreeMap::from([((research, ProfileName::parse("by-hand").unwrap()), remark)]),
        ..Besides::default()
    };
    let report = reported(&world, &besides);
    let told: Vec<(&str, &str, Option<&str>)> = report
        .orphan_profiles
        .iter()
        .map(|orphan| (orphan.profile.as_str(), orphan.code.as_str(), orphan.remark.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("bob--fraud", "entitlement-lost", None),
            ("by-hand", "person-ambiguous", Some("it may be that of alice")),
            ("carol--fraud", "person-gone", None),
            ("dora--fraud", "person-disabled", None),
            ("erin--fraud", "on-hold", None),
        ]
    );
    let homes: Vec<(&str, bool)> =
        report.orphan_homes.iter().map(|home| (home.uid.as_str(), home.profile_there)).collect();
    assert_eq!(homes, [("200005", true)]);
}

#[test]
fn a_profile_that_the_map_adopts_is_its_persons() {
    let adopt = format!(
        "{TEAMS}adopt:\n  - {{ domain: research, profile: old-one, person: alice, team: fraud }}\n"
    );
    let profile = || foreign("old-one").with_role(role("fraud").as_str());
    let world = World::new(&adopt).group("ml-fraud", &["alice"]).profile(profile());
    let report = reported(&world, &Besides::default());
    assert!(report.orphan_profiles.is_empty(), "{:?}", report.orphan_profiles);
    let right = &report.people[0].rights[0];
    assert_eq!(right.profile.as_ref().unwrap().1.as_str(), "old-one");
    let nobody = World::new(TEAMS).group("ml-fraud", &["alice"]).profile(profile());
    assert_eq!(reported(&nobody, &Besides::default()).orphan_profiles.len(), 1);
}

#[test]
fn a_home_that_outlived_its_profile_is_told_until_somebody_has_the_uid_again() {
    let home = |uid: &str| KeptHome {
        domain: domain_key("research"),
        uid: uid.to_owned(),
        profile: "bob--fraud".to_owned(),
        person: Some(person_id("bob")),
        since: at("2026-11-01T00:00:00Z"),
    };
    let mut world = World::new(TEAMS).group("ml-fraud", &["alice"]).profile(ours("alice", "fraud"));
    let besides = Besides {
        homes: vec![home("200007"), home("200007"), home("200009")],
        ..Besides::default()
    };
    let told = |world: &World| {
        let report = reported(world, &besides);
        report.orphan_homes.iter().map(|home| home.uid.clone()).collect::<Vec<_>>()
    };
    assert_eq!(told(&world), ["200007", "200009"]);
    let profile = world.domain_mut("research").profiles.get_mut("alice--fraud").unwrap();
    profile.home_efs_uid = Some("200009".into());
    assert_eq!(told(&world), ["200007"]);
}

#[test]
fn apps_count_as_idle_only_after_the_time() {
    let started = |name: &str, at_time: &str, status| {
        let mut app = app(name, status);
        app.since = Some(at(at_time));
        app
    };
    let apps = [
        started("old", "2026-11-20T11:00:00Z", AppStatus::InService),
        started("exactly", "2026-11-21T00:00:00Z", AppStatus::InService),
        started("gone", "2026-11-01T00:00:00Z", AppStatus::Deleted),
        app("unknown", AppStatus::InService),
    ];
    let world = World::new(TEAMS)
        .group("ml-fraud", &["alice"])
        .profile(ours("alice", "fraud").space("lab", &apps));
    let report = reported(&world, &Besides::default());
    let told: Vec<(&str, Option<&str>, i64)> =
        report.idle_apps.iter().map(|a| (a.name.as_str(), a.space.as_deref(), a.hours)).collect();
    assert_eq!(told, [("old", Some("lab"), 25)]);
    assert_eq!(report.summary.running_apps, 3);
}

#[test]
fn a_quota_tells_the_day_it_runs_out() {
    let mut world = World::new(TEAMS).group("ml-fraud", &["alice"]).profile(ours("alice", "fraud"));
    world.domain_mut("research").profile_quota = Some(3);
    let made = BTreeMap::from([("alice--fraud".into(), at("2026-11-20T00:00:00Z"))]);
    let known = DomainReading { made, ..DomainReading::default() };
    let mut besides = Besides {
        domains: BTreeMap::from([(domain_key("research"), known)]),
        ..Besides::default()
    };
    let quotas = reported(&world, &besides).quotas;
    let [first, second] = quotas.as_slice() else { panic!("{quotas:?}") };
    assert_eq!((first.profiles, first.limit), (1, Some(3)));
    // None on 27 days, then one on two: the line rises by one in 75 days.
    let by_age = Forecast::RunsOut { day: date(2027, 4, 21), days_left: 151, per_month: 0 };
    assert_eq!(first.forecast, by_age);
    assert_eq!((second.limit, second.forecast), (None, Forecast::NoQuota));
    // What the loop counted knows of those who went, too.
    let domain = world.map.domains[&domain_key("research")].domain_id.clone();
    besides.counts.insert(domain, BTreeMap::from([(date(2026, 11, 11), 11)]));
    let quotas = reported(&world, &besides).quotas;
    assert_eq!(quotas[0].forecast, Forecast::Steady { per_month: -30 });
    // Domains that the map lacks have profiles, too, and leave the others less.
    besides.counts.clear();
    world.domain_mut("research").elsewhere = elsewhere("d-others", 1);
    let quotas = reported(&world, &besides).quotas;
    assert_eq!((quotas[0].profiles, quotas[0].limit), (2, Some(3)));
    let sooner = Forecast::RunsOut { day: date(2027, 2, 5), days_left: 76, per_month: 0 };
    assert_eq!(quotas[0].forecast, sooner);
    world.domain_mut("research").elsewhere = elsewhere("d-others", 2);
    assert_eq!(reported(&world, &besides).quotas[0].forecast, Forecast::Full);
}

#[test]
fn whoever_may_assume_an_execution_role_is_a_side_door() {
    let world = || World::new(TEAMS).group("ml-fraud", &["alice"]).profile(ours("alice", "fraud"));
    assert!(reported(&world(), &with_role(live(SAGEMAKER))).side_doors.is_empty());
    let trust = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Principal":{"Service":["sagemaker.amazonaws.com","ec2.amazonaws.com"],"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"},
        {"Effect":"Allow","Principal":"*","Action":"sts:TagSession"},
        {"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::1:user/x"},"Action":"sts:AssumeRole"},
        {"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:*","Condition":{"StringEquals":{"sts:ExternalId":"7f1c"}}}]}"#;
    let report = reported(&world(), &with_role(live(trust)));
    assert_eq!(
        doors(&report),
        [
            ("role-assumable", "arn:aws:iam::111122223333:root"),
            ("role-assumable", "ec2.amazonaws.com"),
            ("role-assumable", "everybody"),
        ]
    );
    assert!(report.side_doors[2].how.ends_with("under conditions"), "{:?}", report.side_doors[2]);
}

#[test]
fn a_role_that_may_ask_for_links_or_assume_others_is_a_side_door() {
    let world = || World::new(TEAMS).group("ml-fraud", &["alice"]).profile(ours("alice", "fraud"));
    let may = |statement: &str| {
        let mut live = live(SAGEMAKER);
        let document = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        live.inline.insert("work".to_owned(), document);
        let mut besides = with_role(live);
        besides.roles.insert(role("churn"), RoleReading::Unread("iam says no".to_owned()));
        let report = reported(&world(), &besides);
        assert_eq!(report.unread, [format!("role {}: iam says no", role("churn"))]);
        report.side_doors.iter().map(|door| door.code.as_str().to_owned()).collect::<Vec<_>>()
    };
    let link = r#"{"Effect":"Allow","Action":"sagemaker:CreatePresigned*","Resource":"*"}"#;
    assert_eq!(may(link), ["link-elsewhere"]);
    let own = r#"{"Effect":"Allow","Action":"sagemaker:CreatePresignedDomainUrl","Resource":"arn:aws:sagemaker:eu-west-1:111122223333:user-profile/d-research/alice--fraud"}"#;
    assert!(may(own).is_empty());
    let remote = r#"{"Effect":"Allow","Action":"sagemaker:StartSession","Resource":"arn:aws:sagemaker:*:*:space/*"}"#;
    assert_eq!(may(remote), ["remote-elsewhere"]);
    // As AWS's guide has it.
    let own = r#"{"Effect":"Allow","Action":"sagemaker:StartSession","Resource":"arn:aws:sagemaker:*:*:space/${sagemaker:DomainId}/*","Condition":{"ArnLike":{"sagemaker:ResourceTag/sagemaker:user-profile-arn":"arn:aws:sagemaker:*:*:user-profile/${sagemaker:DomainId}/${sagemaker:UserProfileName}"}}}"#;
    assert!(may(own).is_empty());
    let denied = format!(
        "{link},{}",
        r#"{"Effect":"Deny","Action":"sagemaker:CreatePresignedDomainUrl","Resource":"*"}"#
    );
    assert!(may(&denied).is_empty());
    let by_name = own.replace("alice--fraud", "${aws:SourceIdentity}");
    assert!(may(&by_name).is_empty());
    let assume = r#"{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}"#;
    assert_eq!(may(assume), ["role-assumable"]);
    let mut full = live(SAGEMAKER);
    full.attached = vec![AttachedPolicy {
        arn: "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess".to_owned(),
        document: None,
    }];
    let report = reported(&world(), &with_role(full));
    assert_eq!(doors(&report).len(), 1);
    assert!(report.side_doors[0].how.starts_with("AmazonSageMakerFullAccess"), "{report:?}");
}

#[test]
fn a_link_that_hangs_on_a_condition_or_leads_into_another_domain_is_a_side_door() {
    let told = |world: &World, resource: &str| {
        let mut live = live(SAGEMAKER);
        let link = format!(
            r#"{{"Statement":{{"Effect":"Allow","Action":"sagemaker:CreatePresignedDomainUrl","Resource":"arn:aws:sagemaker:*:*:user-profile/{resource}","Condition":{{"StringEquals":{{"aws:sourceVpce":"vpce-1"}}}}}}}}"#
        );
        live.inline.insert("work".to_owned(), link);
        let report = reported(world, &with_role(live));
        assert_eq!(report.unread, [""; 0]);
        let doors = report.side_doors.into_iter();
        doors.map(|door| (door.code, door.into, door.how)).collect::<Vec<_>>()
    };
    let alice = World::new(TEAMS).group("ml-fraud", &["alice"]).profile(ours("alice", "fraud"));
    let leads = |found: &[(ReasonCode, String, String)], into: &str, profile: &str| {
        let [(ReasonCode::LinkElsewhere, to, how)] = found else { panic!("{found:?}") };
        let instance = "its policies let it ask for links into other people's profiles; for \
                        instance sagemaker:CreatePresignedDomainUrl on arn:aws:sagemaker:";
        assert_eq!(to, into);
        assert!(how.starts_with(instance) && how.contains(profile), "{how}");
        assert!(how.ends_with("aws:sourcevpce vpce-1"), "{how}");
    };
    let research = "eu-west-1:111122223333:user-profile/d-research";
    leads(&told(&alice, "*/*"), "domain research", &format!("{research}/somebody-else"));
    assert_eq!(told(&alice, "d-research/alice--fraud"), []);
    // Whoever has the role besides is let into hers.
    let both = alice.clone().group("ml-fraud", &["bob"]).profile(ours("bob", "fraud"));
    let found = told(&both, "d-research/alice--fraud");
    leads(&found, "domain research", &format!("{research}/alice--fraud"));
    let other = ":111122223333:user-profile/d-other/";
    leads(&told(&alice, "d-other/*"), "a domain of account 111122223333", other);
}

/// Roles as `policy render` writes them for two teams whose people run apps in Studio.
#[test]
fn a_role_as_rendered_for_a_persona_leads_to_nobody_else() {
    let teams = TEAMS.replace("network:", "persona: lab, network:");
    let map = format!("personas:\n  lab: {{ activities: [run-studio-apps] }}\n{teams}");
    let one = World::new(&map)
        .group("ml-fraud", &["alice"])
        .group("ml-churn", &["erin"])
        .profile(ours("alice", "fraud"))
        .profile(ours("erin", "churn"));
    let several = one.clone().group("ml-fraud", &["bob"]).profile(ours("bob", "fraud"));
    let rendered = authorisation(&one.map).unwrap().roles.into_iter();
    let roles: BTreeMap<RoleArn, RoleReading> = rendered
        .map(|role| {
            let policies = role.policies();
            let documents = policies.map(|it| (it.name.clone(), it.document.to_canonical_json()));
            let read = LiveRole {
                arn: role.arn(),
                inline: documents.collect(),
                tags: role.tags.clone(),
                ..live(&role.trust.to_canonical_json())
            };
            (RoleArn::parse(role.arn()).unwrap(), RoleReading::Read(Box::new(read)))
        })
        .collect();
    let names: Vec<RoleArn> = roles.keys().cloned().collect();
    assert_eq!(names, [role("churn"), role("fraud")]);
    let mut besides = Besides { roles, ..Besides::default() };
    for world in [&one, &several] {
        let report = reported(world, &besides);
        assert_eq!(doors(&report), []);
        assert_eq!(report.unread, [""; 0]);
    }
    // The same without its wall.
    for reading in besides.roles.values_mut() {
        let RoleReading::Read(live) = reading else { panic!("{reading:?}") };
        live.inline.retain(|name, _| !name.contains("-wall"));
    }
    let of_both = doors(&reported(&several, &besides)).len();
    assert_eq!(of_both, 2);
}

#[test]
fn a_link_for_the_profile_of_the_session_itself_is_no_side_door() {
    let alice = World::new(TEAMS).group("ml-fraud", &["alice"]).profile(ours("alice", "fraud"));
    let both = alice.clone().group("ml-fraud", &["bob"]).profile(ours("bob", "fraud"));
    let told = |world: &World, resource: &str| {
        let mut live = live(SAGEMAKER);
        let link = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"sagemaker:CreatePresignedDomainUrl","Resource":"arn:aws:sagemaker:*:*:user-profile/{resource}"}}}}"#
        );
        live.inline.insert("work".to_owned(), link);
        let report = reported(world, &with_role(live));
        assert_eq!(report.unread, [""; 0]);
        report.side_doors.into_iter().map(|door| (door.code, door.into)).collect::<Vec<_>>()
    };
    let elsewhere = |into: &str| [(ReasonCode::LinkElsewhere, into.to_owned())];
    for world in [&alice, &both] {
        // As AWS's guide has it.
        assert_eq!(told(world, "${sagemaker:DomainId}/${sagemaker:UserProfileName}"), []);
        assert_eq!(told(world, "d-research/${sagemaker:userprofilename}"), []);
        let any = told(world, "${sagemaker:DomainId}/*");
        assert_eq!(any, elsewhere("domain research"));
    }
}

#[test]
fn what_cannot_be_told_of_a_role_stands_under_what_was_not_read() {
    let world = World::new(TEAMS).group("ml-fraud", &["alice"]).profile(ours("alice", "fraud"));
    let mut live = live(SAGEMAKER);
    live.inline.insert("odd".to_owned(), "[]".to_owned());
    live.inline.insert(
        "work".to_owned(),
        r#"{"Statement":{"Effect":"Allow","Action":"sagemaker:Create*","Resource":"*"}}"#
            .to_owned(),
    );
    live.attached.push(AttachedPolicy {
        arn: "arn:aws:iam::aws:policy/AmazonSageMakerCanvasFullAccess".to_owned(),
        document: None,
    });
    let report = reported(&world, &with_role(live.clone()));
    assert_eq!(doors(&report).len(), 1, "what makes sense is told all the same");
    assert!(!report.roles[0].read);
    let [odd] = report.unread.as_slice() else { panic!("{:?}", report.unread) };
    let role = role("fraud");
    let begins = format!("role {role}: its inline policy odd cannot be understood: ");
    assert!(odd.starts_with(&begins), "{odd}");
    let canvas = [NotJudged {
        policy: "arn:aws:iam::aws:policy/AmazonSageMakerCanvasFullAccess".to_owned(),
        roles: vec![role.to_string()],
    }];
    assert_eq!(report.not_judged, canvas);
    // By itself it leaves nothing that could be read.
    live.inline.remove("odd");
    let report = reported(&world, &with_role(live));
    assert_eq!((report.unread.len(), report.roles[0].read), (0, true));
    assert_eq!(report.not_judged, canvas);

    let report = reported(&world, &with_role(self::live("{")));
    let [trust] = report.unread.as_slice() else { panic!("{:?}", report.unread) };
    assert!(trust.contains("its trust policy cannot be understood: "), "{trust}");
    assert_eq!(doors(&report), []);
}

#[test]
fn rules_that_nothing_enforces_and_roles_of_the_domain_are_side_doors() {
    let restricted = TEAMS
        .replacen("network: anywhere", "network: office", 1)
        .replace("teams:", "networks:\n  office: { any_of: [ { cidr: 10.0.0.0/8 } ] }\nteams:");
    let mut world = World::new(&restricted).group("ml-fraud", &["alice"]).profile(foreign("x"));
    let besides = Besides::default();
    world.domain_mut("research").default_role = Some(role("default").to_string());
    assert_eq!(doors(&reported(&world, &besides)), [("role-inherited", "x")]);
    world.domain_mut("research").auth_mode = AuthMode::Sso;
    let report = reported(&world, &besides);
    assert_eq!(
        doors(&report),
        [("role-inherited", "x"), ("rule-not-enforced", "everybody of team fraud")]
    );
}

#[test]
fn whoever_is_assigned_to_an_sso_mode_domain_without_a_grant_is_a_side_door() {
    let mut world = World::new(TEAMS).group("ml-fraud", &[]).group("guests", &[]).person("eve");
    let domain = world.domain_mut("research");
    domain.auth_mode = AuthMode::Sso;
    domain.application = Some(ObservedApplication {
        groups: [GroupId::parse("g1-guests").unwrap()].into(),
        people: [person_id("eve")].into(),
        ..ObservedApplication::default()
    });
    let report = reported(&world, &Besides::default());
    assert_eq!(doors(&report), [("assignment-extra", "eve"), ("assignment-extra", "guests")]);
    assert!(report.side_doors.iter().all(|door| door.into == "domain research"), "{report:?}");
}

#[test]
fn a_role_of_shared_spaces_that_may_do_something_is_a_side_door() {
    let told = |spaces: &RoleArn, reading: Option<LiveRole>| {
        let world = World::new(TEAMS);
        let known =
            DomainReading { space_role: Some(spaces.to_string()), ..DomainReading::default() };
        let reading = reading.map(|live| (spaces.clone(), RoleReading::Read(Box::new(live))));
        let besides = Besides {
            domains: BTreeMap::from([(domain_key("research"), known)]),
            roles: reading.into_iter().collect(),
            ..Besides::default()
        };
        let report = reported(&world, &besides);
        report.side_doors.into_iter().map(|door| (door.code, door.into)).collect::<Vec<_>>()
    };
    let spaces = role("spaces");
    let door = [(ReasonCode::SpaceRole, spaces.to_string())];
    assert_eq!(told(&spaces, None), door);
    let allow = r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let mut wide = live(SAGEMAKER);
    wide.inline.insert("work".to_owned(), allow.to_owned());
    assert_eq!(told(&spaces, Some(wide.clone())), door);
    assert_eq!(told(&spaces, Some(live(SAGEMAKER))), []);
    // One of several teams' is another's way in.
    assert_eq!(told(&role("fraud"), Some(wide)).len(), 1);
}
