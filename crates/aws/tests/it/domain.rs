//! Reading domains.

use crate::support::{BASE, Cloud, failure, name, target};
use access::ids::DomainId;
use access::observed::{
    AppStatus, AuthMode, DomainState, ObservedApp, ObservedDomain, ObservedSpace, ProfileStatus,
    Seen,
};
use control::ports::{AppOwner, DomainTarget, FailureKind, Observe, ProfileScope, Provision};
use std::collections::BTreeSet;
use std::fmt::Write as _;

fn populated() -> String {
    format!(
        r#"{BASE}
limits: {{ user_profiles: 60 }}
profiles:
  - {{ domain: d-research, name: Alice--fraud, execution_role: "arn:aws:iam::111122223333:role/studio-fraud", tags: {{ "stagedoor:instance": main, Team: fraud }} }}
  - {{ domain: d-research, name: bob--risk }}
spaces:
  - {{ domain: d-research, name: alice-lab, owner: alice--FRAUD, volume_gb: 100 }}
  - {{ domain: d-research, name: commons, owner: bob--risk, shared: true }}
apps:
  - {{ domain: d-research, profile: alice--fraud, type: JupyterServer }}
  - {{ domain: d-research, space: alice-lab, type: JupyterLab }}
  - {{ domain: d-research, space: commons, type: JupyterLab, instance_type: ml.t3.medium, started: "2026-11-20T09:00:00.5Z" }}
"#
    )
}

fn app(app_type: &str) -> ObservedApp {
    ObservedApp {
        app_type: app_type.to_owned(),
        name: "default".to_owned(),
        status: AppStatus::InService,
        instance_type: None,
        since: Some(jiff::Timestamp::UNIX_EPOCH),
    }
}

async fn read(cloud: &Cloud, scope: &ProfileScope) -> ObservedDomain {
    cloud.aws.studio().domain(&target(), scope).await.unwrap()
}

fn named<const N: usize>(names: [&str; N]) -> ProfileScope {
    ProfileScope::Named(names.map(name).into())
}

#[tokio::test]
async fn a_domain_is_read_with_profiles_tags_apps_and_spaces() {
    let cloud = Cloud::with(&populated()).await;
    let domain = read(&cloud, &ProfileScope::All).await;
    assert_eq!(domain.auth_mode, AuthMode::Iam);
    assert_eq!(domain.state, DomainState::InService);
    assert_eq!(domain.seen, Seen::Everybody);
    assert_eq!(domain.profile_quota, Some(60));
    let names: Vec<&str> = domain.profiles.keys().map(access::ArcStr::as_str).collect();
    assert_eq!(names, ["alice--fraud", "bob--risk"]);
    let alice = &domain.profiles["alice--fraud"];
    assert_eq!(alice.name.as_str(), "Alice--fraud");
    assert_eq!(alice.status, ProfileStatus::InService);
    let role = "arn:aws:iam::111122223333:role/studio-fraud";
    assert_eq!(alice.execution_role.as_deref(), Some(role));
    assert!(!alice.user_settings.contains_key("ExecutionRole"));
    assert_eq!(alice.tags.get("stagedoor:instance"), Some("main"));
    assert_eq!(alice.tags.get("Team"), Some("fraud"));
    assert!(alice.home_efs_uid.is_some());
    assert_eq!(alice.apps, [app("JupyterServer")]);
    assert_eq!(
        alice.spaces,
        [ObservedSpace {
            name: "alice-lab".to_owned(),
            status: ProfileStatus::InService,
            shared: false,
            volume_gib: Some(100),
            apps: vec![app("JupyterLab")],
        }]
    );
    let bob = &domain.profiles["bob--risk"];
    assert_eq!((bob.execution_role.as_deref(), bob.apps.len()), (None, 0));
    assert!(bob.spaces[0].shared);
    assert_eq!(
        bob.spaces[0].apps,
        [ObservedApp {
            instance_type: Some("ml.t3.medium".to_owned()),
            since: Some("2026-11-20T09:00:00.5Z".parse().unwrap()),
            ..app("JupyterLab")
        }]
    );
    assert_eq!(bob.spaces[0].volume_gib, None);
    assert_eq!((domain.application, bob.sso_user.as_ref()), (None, None));
    assert_eq!(domain.url.as_deref(), Some("https://d-research.studio.eu-west-1.sagemaker.aws"));
}

#[tokio::test]
async fn domains_with_more_than_a_page_of_profiles_are_read_to_the_end() {
    let mut seed = format!("{BASE}\nprofiles:\n");
    for n in 0..120 {
        writeln!(seed, "  - {{ domain: d-research, name: p{n}, tags: {{ n: \"{n}\" }} }}").unwrap();
    }
    seed.push_str("apps:\n");
    for n in 0..120 {
        writeln!(seed, "  - {{ domain: d-research, profile: p{n}, type: KernelGateway }}").unwrap();
    }
    let cloud = Cloud::with(&seed).await;
    let domain = read(&cloud, &ProfileScope::All).await;
    assert_eq!(domain.profiles.len(), 120);
    assert!(domain.profiles.values().all(|p| p.apps == [app("KernelGateway")]));
    assert_eq!(domain.profiles["p119"].tags.get("n"), Some("119"));
    assert_eq!(cloud.calls("sagemaker:ListUserProfiles"), 2);
    assert_eq!(cloud.calls("sagemaker:ListApps"), 2);
    assert_eq!(cloud.calls("sagemaker:ListSpaces"), 1);
}

#[tokio::test]
async fn profiles_of_the_accounts_other_domains_are_counted_and_not_read() {
    let seed =
        populated().replace("timing:", "  - { id: d-others, auth_mode: IAM }\ntiming:").replace(
            "spaces:\n",
            "  - { domain: d-others, name: carl }\n  - { domain: d-others, name: dora }\nspaces:\n",
        );
    let cloud = Cloud::with(&seed).await;
    let alone = read(&cloud, &ProfileScope::All).await;
    assert_eq!((alone.profiles.len(), alone.elsewhere.len()), (2, 0));
    let operations =
        ["ListUserProfiles", "DescribeUserProfile", "ListTags", "ListApps", "ListSpaces"];
    let calls = || operations.map(|operation| cloud.calls(&format!("sagemaker:{operation}")));
    let before = calls();
    let counting = read(&cloud, &ProfileScope::Account).await;
    let others = DomainId::parse("d-others").unwrap();
    assert_eq!(counting, ObservedDomain { elsewhere: [(others, 2)].into(), ..alone });
    assert_eq!(calls(), before.map(|calls| calls * 2));
}

#[tokio::test]
async fn named_profiles_are_read_alone_with_their_own_apps_and_spaces() {
    let cloud = Cloud::with(&populated()).await;
    let whole = read(&cloud, &ProfileScope::All).await;
    let before = cloud.calls("sagemaker:ListUserProfiles");
    let some = read(&cloud, &named(["ALICE--fraud", "nobody--fraud"])).await;
    assert_eq!(some.seen, Seen::People(BTreeSet::new()));
    assert_eq!(some.profile_quota, None);
    assert_eq!(some.profiles.len(), 1);
    assert_eq!(some.profiles["alice--fraud"], whole.profiles["alice--fraud"]);
    assert_eq!(cloud.calls("sagemaker:ListUserProfiles"), before);
}

#[tokio::test]
async fn many_named_profiles_cost_one_list_of_apps() {
    let mut seed = format!("{BASE}\nprofiles:\n");
    for n in 0..6 {
        writeln!(seed, "  - {{ domain: d-research, name: p{n} }}").unwrap();
    }
    seed.push_str("apps:\n  - { domain: d-research, profile: p4, type: JupyterServer }\n");
    let cloud = Cloud::with(&seed).await;
    let domain = read(&cloud, &named(["p1", "p2", "p3", "p4"])).await;
    assert_eq!(domain.profiles["p4"].apps, [app("JupyterServer")]);
    assert_eq!(cloud.calls("sagemaker:ListApps"), 1);
}

#[tokio::test]
async fn a_profile_that_is_not_there_costs_no_lists() {
    let cloud = Cloud::with(&populated()).await;
    let domain = read(&cloud, &named(["nobody--fraud"])).await;
    assert!(domain.profiles.is_empty());
    assert_eq!(domain.state, DomainState::InService);
    assert_eq!(cloud.calls("sagemaker:ListApps") + cloud.calls("sagemaker:ListSpaces"), 0);
}

#[tokio::test]
async fn a_profile_that_vanishes_after_the_list_is_left_out() {
    for operation in ["DescribeUserProfile", "ListTags"] {
        let faults = format!(
            "rules: [{{ operation: {operation}, nth: 1, error: {{ code: ResourceNotFound }} }}]"
        );
        let cloud = Cloud::failing(&populated(), &faults).await;
        let domain = read(&cloud, &ProfileScope::All).await;
        assert_eq!(domain.profiles.len(), 1, "{operation}");
        assert_eq!(domain.seen, Seen::Everybody);
    }
}

#[tokio::test]
async fn deleted_apps_are_not_observed() {
    let cloud = Cloud::with(&populated()).await;
    let owner = AppOwner::Profile(name("Alice--fraud"));
    let studio = cloud.aws.studio();
    studio.stop_app(&target(), &owner, &app("JupyterServer")).await.unwrap();
    let listed = cloud.look().apps("111122223333", "eu-west-1", "d-research");
    let gone = listed.iter().find(|a| a.app_type == "JupyterServer").unwrap();
    assert_eq!(gone.status, "Deleted", "the service still lists it");
    let domain = read(&cloud, &ProfileScope::All).await;
    assert_eq!(domain.profiles["alice--fraud"].apps, []);
}

#[tokio::test]
async fn quotas_that_cannot_be_read_are_not_known() {
    for fault in ["error: { code: AccessDeniedException }", "throttle: true"] {
        let faults = format!("rules: [{{ service: servicequotas, {fault} }}]");
        let cloud = Cloud::failing(&populated(), &faults).await;
        let domain = read(&cloud, &ProfileScope::All).await;
        assert_eq!((domain.profile_quota, domain.profiles.len()), (None, 2), "{fault}");
    }
}

#[tokio::test]
async fn a_list_that_fails_fails_the_reading() {
    for operation in ["ListUserProfiles", "ListApps", "ListSpaces", "ListTags", "DescribeDomain"] {
        let faults = format!(
            "rules: [{{ operation: {operation}, error: {{ code: AccessDeniedException }} }}]"
        );
        let cloud = Cloud::failing(&populated(), &faults).await;
        let answer = cloud.aws.studio().domain(&target(), &ProfileScope::All).await;
        let (service, failed, kind, _) = failure(answer);
        assert_eq!((service, failed, kind), ("sagemaker", operation, FailureKind::AccessDenied));
    }
}

#[tokio::test]
async fn a_domain_that_is_not_there_is_not_found() {
    let cloud = Cloud::with(BASE).await;
    let domain = DomainTarget { domain_id: DomainId::parse("d-gone").unwrap(), ..target() };
    let scope = ProfileScope::Named(BTreeSet::new());
    let (_, operation, kind, _) = failure(cloud.aws.studio().domain(&domain, &scope).await);
    assert_eq!((operation, kind), ("DescribeDomain", FailureKind::NotFound));
}
