//! Which team a sign-in leads to.

use crate::door::{Answer, House, answer, idp_key};
use crate::world::{MAP, World, person_id, team};
use access::network::Origin;
use control::door::{Accepted, RefusalKind};

/// Two domains; Ada has two teams in the first and one in the second.
fn house(selector: &str) -> House {
    let map = MAP
        .replace("    team_attribute: teamid\n", &format!("    {selector}\n"))
        .replace(
            "networks:\n",
            "  clinic: { domain_id: d-zyxwvutsrqpo, account_id: \"111122223333\", region: eu-west-1 }\nnetworks:\n",
        )
        .replace(
            "grants:\n",
            "  ward: { domain: clinic, execution_role: \"arn:aws:iam::111122223333:role/w\", network: anywhere }\n\
             grants:\n  - { group: ml-ward, team: ward }\n",
        );
    let world = World::of(&["ada"]);
    world.join("ada", "ml-trials");
    world.join("ada", "ml-ward");
    world.join("eve", "ml-ward");
    House::by(world, &map)
}

fn keys(accepted: &Accepted) -> (Option<String>, Option<String>) {
    let text = |key: &dyn ToString| key.to_string();
    (
        accepted.team.as_ref().map(|team| text(team)),
        accepted.domain.as_ref().map(|domain| text(domain)),
    )
}

async fn tile(
    house: &House,
    of: Answer<'_>,
    relay: Option<&str>,
) -> Result<Accepted, &'static str> {
    let outcome = house.door.accept(&of.by(house.tiles), relay, &[], &Origin::default()).await;
    outcome.map_err(|refusal| {
        assert_eq!(refusal.kind, RefusalKind::Denied);
        assert!(house.world.state().sessions.is_empty());
        assert_eq!(house.world.audited("refused").last().unwrap(), refusal.code);
        refusal.code
    })
}

#[tokio::test(start_paused = true)]
async fn relay_state_is_a_team_of_the_map_or_nothing() {
    for other in [
        "https://evil.example/",
        "//evil.example",
        "/open/fraud",
        "Fraud",
        "fraud ",
        "nobody",
        "",
        "javascript:alert(1)",
        "ZmF1ZA==",
    ] {
        let house = house("clock_skew: 60s");
        let accepted = tile(&house, answer("ada"), Some(other)).await.unwrap();
        assert_eq!(keys(&accepted), (None, None), "{other:?}");
    }
    let house = house("clock_skew: 60s");
    let accepted = tile(&house, answer("ada"), Some("ward")).await.unwrap();
    assert_eq!(keys(&accepted), (Some("ward".into()), None));
}

#[tokio::test(start_paused = true)]
async fn an_application_of_one_team_leads_there_and_opens_no_other() {
    let house = house("team: fraud");
    let accepted = tile(&house, answer("ada"), None).await.unwrap();
    assert_eq!(keys(&accepted), (Some("fraud".into()), None));
    let origin = Origin::default();
    house.door.open(&accepted.token, &team("fraud"), &origin).await.unwrap();
    let refusal = house.door.open(&accepted.token, &team("ward"), &origin).await.unwrap_err();
    assert_eq!((refusal.kind, refusal.code), (RefusalKind::Denied, "team-mismatch"));
    let work = house.door.my_work(&accepted.token, &origin).await.unwrap();
    assert_eq!(work.teams.iter().map(|card| card.team.as_str()).collect::<Vec<_>>(), ["fraud"]);

    // Nothing that comes along makes it another team.
    let same = Answer { assertion: "_a2", ..answer("ada") };
    let accepted = tile(&house, same, Some("fraud")).await.unwrap();
    assert_eq!(keys(&accepted), (Some("fraud".into()), None));
    let url = Answer { assertion: "_a3", team: Some("ward"), ..answer("ada") };
    let accepted = tile(&house, url, Some("https://evil.example")).await.unwrap();
    assert_eq!(keys(&accepted), (Some("fraud".into()), None));
}

#[tokio::test(start_paused = true)]
async fn a_session_of_one_team_knows_of_that_team_and_ends_its_own_sessions_only() {
    let house = house("team: fraud");
    let origin = Origin::default();
    // She signs in by a way that is not one team's.
    let (id, browser) = house.begin().await;
    let asked = Answer { to: Some(&id), ..answer("ada") }.by(house.corp);
    let elsewhere = house.accept(&asked, Some(&browser)).await.unwrap().token;
    house.door.open(&elsewhere, &team("ward"), &origin).await.unwrap();
    let second = Answer { assertion: "_a9", ..answer("ada") };
    let accepted = tile(&house, second, None).await.unwrap();
    let who = house.door.who(&accepted.token).await.unwrap();
    assert_eq!((who.person, who.only), (person_id("ada"), Some(team("fraud"))));
    assert_eq!(house.door.who(&elsewhere).await.unwrap().only, None);

    let all = house.door.my_access(&elsewhere, &origin).await.unwrap();
    let all = all.sessions.unwrap();
    assert_eq!(all.len(), 2);
    let own = house.door.my_access(&accepted.token, &origin).await.unwrap();
    let told = own.history.unwrap();
    assert!(!told.is_empty() && told.iter().all(|entry| entry.team.as_deref() != Some("ward")));
    let [session] = own.sessions.unwrap().try_into().unwrap();
    assert!(session.is_this && session.team == Some(team("fraud")));

    let other = all.iter().find(|session| session.team.is_none()).unwrap();
    let ended = house.door.end_sessions(&accepted.token, Some(&other.handle)).await.unwrap();
    assert_eq!((ended.number, ended.this_too), (0, false));
    let ended = house.door.end_sessions(&accepted.token, None).await.unwrap();
    assert_eq!((ended.number, ended.this_too), (1, true));
    assert_eq!(house.door.who(&accepted.token).await.unwrap_err().code, "signed-out");
    assert!(house.door.who(&elsewhere).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn team_mismatch() {
    let house = house("team: fraud");
    assert_eq!(tile(&house, answer("ada"), Some("ward")).await, Err("team-mismatch"));
    let key = idp_key("tiles");
    let refusal = house.door.begin(&key, Some(&team("ward")), &Origin::default()).await;
    let refusal = refusal.unwrap_err();
    assert_eq!((refusal.kind, refusal.code), (RefusalKind::BadRequest, "team-mismatch"));
    for wanted in [None, Some(team("fraud"))] {
        house.door.begin(&key, wanted.as_ref(), &Origin::default()).await.unwrap();
        let login = house.world.state().logins.pop_last().unwrap().1;
        assert_eq!(login.team, Some(team("fraud")));
    }
}

#[tokio::test(start_paused = true)]
async fn team_unknown() {
    for unknown in ["nobody", "Not A Key", "https://evil.example"] {
        let house = house("team_attribute: teamid");
        let named = Answer { team: Some(unknown), ..answer("ada") };
        assert_eq!(tile(&house, named, None).await, Err("team-unknown"), "{unknown}");
    }
    let house = house("team_attribute: teamid");
    let empty = Answer { team: Some(" "), ..answer("ada") };
    assert_eq!(tile(&house, empty, None).await, Err("attribute-missing"));
    // The attribute is signed and the relay state is not.
    let named = Answer { team: Some("ward"), assertion: "_a2", ..answer("ada") };
    let accepted = tile(&house, named, Some("fraud")).await.unwrap();
    assert_eq!(keys(&accepted), (Some("ward".into()), None));
    // To name a team is not to be entitled to it.
    let named = Answer { team: Some("fraud"), assertion: "_a3", ..answer("eve") };
    let eve = tile(&house, named, None).await.unwrap();
    let refusal = house.door.open(&eve.token, &team("fraud"), &Origin::default()).await;
    assert_eq!(refusal.unwrap_err().code, "not-entitled");
}

#[tokio::test(start_paused = true)]
async fn a_domain_leads_to_the_one_team_there_or_to_the_choice_among_several() {
    let house = house("domain_attribute: displayname");
    let clinic = Answer { display_name: "d-zyxwvutsrqpo", ..answer("ada") };
    let accepted = tile(&house, clinic, None).await.unwrap();
    assert_eq!(keys(&accepted), (Some("ward".into()), Some("clinic".into())));
    let research =
        |assertion| Answer { display_name: "d-abcdefghijkl", assertion, ..answer("ada") };
    let accepted = tile(&house, research("_a2"), None).await.unwrap();
    assert_eq!(keys(&accepted), (None, Some("research".into())));
    let accepted = tile(&house, research("_a3"), Some("trials")).await.unwrap();
    assert_eq!(keys(&accepted), (Some("trials".into()), Some("research".into())));
    let work = house.door.my_work(&accepted.token, &Origin::default()).await.unwrap();
    let cards: Vec<_> = work.teams.iter().map(|c| (c.team.as_str(), c.domain.as_str())).collect();
    let all = [("fraud", "research"), ("trials", "research"), ("ward", "clinic")];
    assert_eq!(cards, all);
    house.world.state().sessions.clear();
    assert_eq!(tile(&house, research("_a4"), Some("ward")).await, Err("team-mismatch"));
}

#[tokio::test(start_paused = true)]
async fn domain_unknown() {
    for unknown in ["d-ffffffffffff", "research", "D-ABCDEFGHIJKL", "d-abcdefghijkl "] {
        let house = house("domain_attribute: displayname");
        let named = Answer { display_name: unknown, ..answer("ada") };
        assert_eq!(tile(&house, named, None).await, Err("domain-unknown"), "{unknown}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_no_team_in_the_domain_is_not_let_in() {
    let house = house("domain_attribute: displayname");
    let named = Answer { display_name: "d-abcdefghijkl", ..answer("eve") };
    assert_eq!(tile(&house, named, None).await, Err("not-entitled"));
}
