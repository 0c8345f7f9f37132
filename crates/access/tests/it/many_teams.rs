//! Maps with hundreds of teams in one account: all of it within what AWS takes, and as strict.

use crate::plane::{MAP, decide, guarded, map, role};
use access::authorisation::{authorisation, too_large};
use access::invariants::{Standing, judge};
use access::map::AccessMap;
use iam_policy::bundle::{Bundle, RoleKind};
use iam_policy::evaluate::Decision;
use iam_policy::request::Request;

const ALLOWED: Decision = Decision::Allowed;
const DENIED: Decision = Decision::ImplicitlyDenied;
const FORBIDDEN: Decision = Decision::ExplicitlyDenied;

const LINK: &str = "sagemaker:CreatePresignedDomainUrl";
const SESSION: &str = "sagemaker:StartSession";
const SIZES: [usize; 3] = [20, 60, 200];

/// An account with teams, and who makes links there.
struct There {
    domain: &'static str,
    account: &'static str,
    maker: &'static str,
}

const OF_HUB: There = There {
    domain: "research",
    account: "111122223333",
    maker: "arn:aws:iam::111122223333:role/ops/stagedoor",
};
const OF_SPOKE: There = There {
    domain: "risk",
    account: "444455556666",
    maker: "arn:aws:iam::444455556666:role/access/StagedoorLinks",
};

impl There {
    fn map(&self, teams: usize) -> AccessMap {
        let of = |n: usize| {
            let network = if n.is_multiple_of(4) { "vpn" } else { "office" };
            format!(
                "  team-{n:03}: {{ domain: {}, persona: mlops, network: {network}, buckets: [b-{n:03}] }}\n",
                self.domain
            )
        };
        let teams: String = (0..teams).map(of).collect();
        let (head, _) = MAP.split_once("teams:\n").unwrap();
        map(&format!(
            "{head}teams:\n{teams}grants:\n  - {{ group: \"ml-{{team}}\", team: \"{{team}}\" }}\n\
             invariants:\n  - presign_only_from: [office, vpn, plane]\n  - teams_apart: all\n"
        ))
    }

    fn role(&self, name: &str) -> String {
        format!("arn:aws:iam::{}:role/{name}", self.account)
    }

    fn profile(&self, name: &str) -> String {
        let Self { account, domain, .. } = self;
        format!("arn:aws:sagemaker:eu-west-1:{account}:user-profile/d-{domain}/{name}")
    }

    /// A request for a link to somebody's profile of the team.
    fn link(&self, principal: &str, team: &str) -> Request {
        Request::new(principal, LINK, &self.profile(&format!("ana--{team}")))
            .with("aws:ResourceTag/stagedoor:instance", ["main"])
            .with("aws:ResourceTag/stagedoor:team", [team])
    }

    /// As an app of that profile asks for it.
    fn in_studio(&self, request: Request, profile: &str) -> Request {
        let domain = format!("d-{}", self.domain);
        request.with("sagemaker:DomainId", [domain]).with("sagemaker:UserProfileName", [profile])
    }
}

fn from_office(request: Request) -> Request {
    request.with("aws:SourceIp", ["198.51.100.7"])
}

fn from_vpn(request: Request) -> Request {
    request.with("aws:SourceVpc", ["vpc-0beef"])
}

/// What AWS takes, checked without the words of what is tested.
fn within_limits(bundle: &Bundle) {
    for scp in &bundle.scps {
        let size = scp.document.to_compact_json().len();
        assert!(size <= 5_120, "{}: {size}", scp.name);
        // With FullAWSAccess five at most.
        let there = bundle.scps.iter().filter(|other| other.accounts == scp.accounts).count();
        assert!(there <= 4, "{there}");
    }
    for role in &bundle.roles {
        let size = |policy: &iam_policy::bundle::NamedPolicy| policy.document.compact_len();
        assert!(role.inline.iter().map(size).sum::<usize>() <= 10_240, "{}", role.name);
        assert!(role.managed.iter().all(|policy| size(policy) <= 6_144), "{}", role.name);
        assert!(role.managed.len() <= 10, "{}: {}", role.name, role.managed.len());
    }
}

#[test]
fn all_of_it_is_within_what_aws_takes() {
    for there in [OF_HUB, OF_SPOKE] {
        for teams in SIZES {
            let map = there.map(teams);
            let bundle = authorisation(&map).unwrap();
            assert_eq!(too_large(&map, &bundle), [], "{teams}");
            within_limits(&bundle);
        }
    }
}

#[test]
fn the_door_gets_links_from_a_teams_networks_and_nobody_else_does() {
    for there in [OF_HUB, OF_SPOKE] {
        for teams in SIZES {
            let bundle = authorisation(&there.map(teams)).unwrap();
            let scp = |request: &Request| guarded(&bundle, there.account, request);
            let own = role(&bundle, there.maker);
            for n in (0..teams).step_by(7) {
                let team = format!("team-{n:03}");
                let request = || there.link(there.maker, &team);
                let (office, vpn) = (from_office(request()), from_vpn(request()));
                let (fits, other) = if n.is_multiple_of(4) { (vpn, office) } else { (office, vpn) };
                assert_eq!((scp(&fits), decide(&own, &fits)), (ALLOWED, ALLOWED), "{team}");
                assert_eq!((scp(&other), decide(&own, &other)), (FORBIDDEN, DENIED), "{team}");
            }
            for who in [
                "role/admin",
                "user/ana",
                "root",
                "role/stagedoor-team-0",
                "role/stagedoor-team-0000",
            ] {
                let who = format!("arn:aws:iam::{}:{who}", there.account);
                assert_eq!(scp(&from_office(there.link(&who, "team-001"))), FORBIDDEN, "{who}");
            }
        }
    }
}

#[test]
fn an_app_gets_a_link_to_the_profile_it_belongs_to_and_no_other() {
    for there in [OF_HUB, OF_SPOKE] {
        for teams in SIZES {
            let bundle = authorisation(&there.map(teams)).unwrap();
            let scp = |request: &Request| guarded(&bundle, there.account, request);
            for n in 1..4 {
                let (team, app) =
                    (format!("team-{n:03}"), there.role(&format!("stagedoor-team-{n:03}")));
                let asks = |team: &str| from_office(there.link(&app, team));
                let own = format!("ana--{team}");
                assert_eq!(scp(&there.in_studio(asks(&team), &own)), ALLOWED, "{team}");
                // Another's, of the team or not; outside of Studio; from elsewhere.
                for other in ["bob--team-001", "ana--team-003x", "ana"] {
                    assert_eq!(scp(&there.in_studio(asks(&team), other)), FORBIDDEN, "{other}");
                }
                assert_eq!(scp(&asks(&team)), FORBIDDEN);
                let named = asks(&team).with("sagemaker:UserProfileName", [&own]);
                let domain = |id: &str| named.clone().with("sagemaker:DomainId", [id]);
                if teams > SIZES[0] {
                    assert_eq!([scp(&named), scp(&domain("d-another"))], [FORBIDDEN; 2]);
                }
                // In another domain a profile of the same name is somebody else's.
                let theirs = own.clone();
                let request = Request::new(&app, LINK, &there.profile(&theirs))
                    .with("sagemaker:UserProfileName", [&own])
                    .with("sagemaker:DomainId", [format!("d-{}2", there.domain)]);
                if teams > SIZES[0] {
                    assert_eq!(scp(&from_office(request)), FORBIDDEN);
                }
                let outside = asks(&team).with("aws:SourceIp", ["203.0.113.9"]);
                assert_eq!(scp(&there.in_studio(outside, &own)), FORBIDDEN);
            }
            // In a domain that is not the map's, people do as they did.
            let theirs = there.profile("eve").replace("/d-", "/d-not-");
            let request = Request::new(&there.role("their-studio"), LINK, &theirs);
            let session = request
                .clone()
                .with("sagemaker:DomainId", ["d-not"])
                .with("sagemaker:UserProfileName", ["eve"]);
            assert_eq!([scp(&request), scp(&session)], [ALLOWED; 2]);
        }
    }
}

#[test]
fn spaces_are_opened_from_elsewhere_by_the_teams_roles_alone() {
    for there in [OF_HUB, OF_SPOKE] {
        for teams in SIZES {
            let bundle = authorisation(&there.map(teams)).unwrap();
            let space = there.profile("ana").replace("user-profile", "space");
            let asks = |who: &str| {
                guarded(&bundle, there.account, &from_vpn(Request::new(who, SESSION, &space)))
            };
            let spared = (0..teams)
                .filter(|n| n.is_multiple_of(4))
                .map(|n| format!("stagedoor-team-{n:03}"));
            for name in spared {
                assert_eq!(asks(&there.role(&name)), ALLOWED, "{name}");
            }
            let others =
                ["stagedoor-team-", "stagedoor-team-00", "stagedoor-team-0010", "admin", "ops/x"];
            let others = others.into_iter().map(|name| there.role(name));
            let people = ["user/stagedoor-team-000", "root"];
            let people = people.iter().map(|who| format!("arn:aws:iam::{}:{who}", there.account));
            for who in others.chain(people).chain([there.maker.to_owned()]) {
                assert_eq!(asks(&who), FORBIDDEN, "{who}");
            }
        }
    }
}

#[test]
fn the_hub_passes_every_teams_role_and_no_other() {
    for there in [OF_HUB, OF_SPOKE] {
        for teams in SIZES {
            let bundle = authorisation(&there.map(teams)).unwrap();
            let kind = if there.domain == "research" { RoleKind::Hub } else { RoleKind::Spoke };
            let own = bundle.roles.iter().find(|role| role.kind == kind).unwrap();
            let passes = |name: &str| {
                let request = Request::new(&own.arn(), "iam:PassRole", &there.role(name));
                decide(own, &request.with("iam:PassedToService", ["sagemaker.amazonaws.com"]))
            };
            for n in 0..teams {
                assert_eq!(passes(&format!("stagedoor-team-{n:03}")), ALLOWED);
            }
            assert_eq!([passes("admin"), passes("stagedoor-team-")], [DENIED; 2]);
        }
    }
}

#[test]
fn invariants_are_proved_of_what_is_rendered() {
    // Each role is held against all others: of the most this takes a debug build minutes. Of the
    // second the links are in other words.
    for (teams, by_session) in [(6, false), (20, true)] {
        let map = OF_HUB.map(teams);
        let bundle = authorisation(&map).unwrap();
        let links = bundle.scps_of(OF_HUB.account).find(|scp| scp.name.contains("Links")).unwrap();
        assert_eq!(links.description.contains("whichever role"), by_session, "{teams}");
        let judgements = judge(&map, &bundle);
        let standings: Vec<&Standing> = judgements.iter().map(|it| &it.standing).collect();
        assert_eq!(standings, [&Standing::Proved; 2], "{teams}");
        assert_eq!(judgements[1].proofs.len(), teams);
    }
}

/// What does not fit in any words: the rest of the bundle is as it were without it, and nothing is said to
/// rest on it.
#[test]
fn map_policy_too_large() {
    let of = |n: usize| {
        let (network, key) = (if n.is_multiple_of(2) { "vpn" } else { "office" }, "k".repeat(23));
        format!(
            "  {key}{n:03}: {{ domain: research, execution_role: \"s-{n}\", network: {network} }}\n"
        )
    };
    let teams: String = (0..110).map(of).collect();
    let map = map(&MAP.replace("teams:\n", &format!("teams:\n{teams}")));
    let bundle = authorisation(&map).unwrap();
    let shown: Vec<String> = too_large(&map, &bundle).iter().map(ToString::to_string).collect();
    let [links] = shown.as_slice() else { panic!("{shown:?}") };
    assert!(
        links.starts_with(
            "access.yaml:5:1: the service control policy `StagedoorLinks111122223333` would take "
        ) && links.ends_with(
            "and AWS allows 5120 (map-policy-too-large)\n  let teams share networks, or use more accounts"
        ),
        "{links}"
    );
    let there: Vec<&str> = bundle.scps_of("111122223333").map(|scp| scp.name.as_str()).collect();
    assert_eq!(there, ["StagedoorRemote111122223333", "StagedoorProfiles111122223333"]);
    // A part of it without that is as good as any.
    assert_eq!(too_large(&map, &Bundle { scps: Vec::new(), ..bundle }), []);
}

#[test]
fn map_policy_too_large_for_roles_and_for_the_count_of_policies() {
    let of = |n: usize| {
        let path = format!("{}/{n:03}", "p".repeat(60));
        format!(
            "  team-{n:03}: {{ domain: risk, execution_role: \"{path}/{}\", network: office }}\n",
            "r".repeat(50) + &n.to_string()
        )
    };
    let teams: String = (0..400).map(of).collect();
    let map = map(&MAP.replace("teams:\n", &format!("teams:\n{teams}")));
    let bundle = authorisation(&map).unwrap();
    let shown: Vec<String> = too_large(&map, &bundle).iter().map(ToString::to_string).collect();
    let starts = [
        "access.yaml:5:1: the policies of the role `arn:aws:iam::444455556666:role/access/StagedoorSpoke` would \
         take ",
        "access.yaml:5:1: the account 444455556666 would have ",
    ];
    let ends = [
        "and they do not fit into 10 managed policies either (map-policy-too-large)\n  let fewer domains share \
         the role, or use more accounts",
        "service control policies and `FullAWSAccess`, and AWS allows 5 (map-policy-too-large)\n  give execution \
         roles shorter names, or use more accounts",
    ];
    assert_eq!(shown.len(), 2, "{shown:?}");
    // Which of them are attached nobody knows, so nothing rests on any.
    assert_eq!(bundle.scps_of("444455556666").count(), 0);
    assert_ne!(bundle.scps_of("111122223333").count(), 0);
    for (shown, (start, end)) in shown.iter().zip(starts.into_iter().zip(ends)) {
        assert!(shown.starts_with(start) && shown.ends_with(end), "{shown}");
    }
}
