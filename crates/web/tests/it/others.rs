//! Objects of somebody else, which exist, at every address that takes one, as everybody: who may not, changes
//! nothing of them and is not told of them.

use crate::authorisation::{ASKERS, Asker, Tokens, send_as, tokens};
use crate::house::{Answer, House};
use access::ids::{PersonId, TeamKey, TemporaryId};
use access::snapshot::Hold;
use access::temporary::{TemporaryGrant, TemporaryKind};
use control::desk::Right;
use control::ports::{AccessRequest, AccessRequests, Departure, Departures, TemporaryGrants};
use std::collections::BTreeSet;
use web::{Address, Who};

/// Bob, and what he has: a request that waits, access for a time, and broken glass that is over and of which he
/// still owes a note.
const BOB: &str = "u-bob";
const REQUEST: &str = "0f1e2d3c4b5a";
const GRANT: &str = "1f1e2d3c4b5a";
const GLASS: &str = "2f1e2d3c4b5a";

/// What only somebody who is told of Bob or of his requests reads.
const TELLTALE: &str = "Quokka";

/// Something that is done to an object of somebody.
struct Deed {
    path: &'static str,
    /// The rest of the request, with `{id}` for the object where the path has none.
    body: &'static str,
    /// The purpose of the form's key; an API has none.
    purpose: &'static str,
    /// On which of Bob's objects it does something.
    does: &'static [&'static str],
    /// Who may.
    by: fn(Asker) -> bool,
}

const DEEDS: [Deed; 13] = [
    Deed {
        path: "/requests/{id}/decide",
        body: "verdict=approve",
        purpose: "decide:{id}",
        does: &[REQUEST],
        by: is_admin,
    },
    Deed {
        path: "/requests/{id}/withdraw",
        body: "",
        purpose: "withdraw:{id}",
        does: &[],
        by: nobody,
    },
    Deed {
        path: "/requests/{id}/note",
        body: "note=nothing",
        purpose: "note:{id}",
        does: &[GLASS],
        by: is_admin,
    },
    Deed {
        path: "/admin/grants/{id}/revoke",
        body: "sure=yes",
        purpose: "revoke:{id}",
        does: &[GRANT],
        by: is_admin,
    },
    Deed {
        path: "/admin/people/{id}/offboard",
        body: "reason=gone&confirm=u-bob%40example.com",
        purpose: "admin:offboard:{id}",
        does: &[BOB],
        by: is_admin,
    },
    Deed {
        path: "/admin/people/{id}/restore",
        body: "",
        purpose: "admin:restore:{id}",
        does: &[BOB],
        by: is_admin,
    },
    Deed {
        path: "/access/sessions/end",
        body: "session={id}",
        purpose: "end-session",
        does: &[],
        by: nobody,
    },
    Deed {
        path: "/access/sessions/end-all",
        body: "",
        purpose: "end-all-sessions",
        does: &[],
        by: nobody,
    },
    Deed {
        path: "/api/v1/requests/{id}/decision",
        body: r#"{"approve":true}"#,
        purpose: "",
        does: &[REQUEST],
        // A token is nobody.
        by: is_admin,
    },
    Deed {
        path: "/api/v1/grants/{id}/revoke",
        body: "{}",
        purpose: "",
        does: &[GRANT],
        by: may_act,
    },
    Deed {
        path: "/api/v1/grants",
        body: r#"{"person":"{id}","team":"secret","minutes":60,"reason":"why not"}"#,
        purpose: "",
        does: &[BOB],
        by: may_act,
    },
    Deed {
        path: "/api/v1/offboardings",
        body: r#"{"person":"{id}","why":"gone"}"#,
        purpose: "",
        does: &[BOB],
        by: may_act,
    },
    Deed {
        path: "/api/v1/restorations",
        body: r#"{"person":"{id}"}"#,
        purpose: "",
        does: &[BOB],
        by: may_act,
    },
];

/// What is done to nobody's object: to everything, to a team, to oneself, or by somebody who is no person.
const ELSE: [&str; 21] = [
    "/admin/events/heal",
    "/admin/events/replay",
    "/admin/freeze",
    "/admin/plan/approve",
    "/admin/sync",
    "/admin/thaw",
    "/api/v1/approvals",
    "/api/v1/freeze",
    "/api/v1/replays",
    "/api/v1/replays/window",
    "/api/v1/syncs",
    "/api/v1/thaw",
    "/apps/{team}/stop",
    "/open/{team}",
    "/request/{team}",
    "/request/{team}/break-glass",
    "/saml/acs",
    "/saml/logout",
    "/scim/v2",
    "/scim/v2/",
    "/sign-out",
];

fn nobody(_: Asker) -> bool {
    false
}

fn is_admin(asker: Asker) -> bool {
    asker == Asker::Session(Some("admin"))
}

fn may_act(asker: Asker) -> bool {
    asker.has(Right::Act)
}

fn temporary(id: &str, kind: TemporaryKind, from: &str, until: &str) -> TemporaryGrant {
    TemporaryGrant {
        id: TemporaryId::parse(id).unwrap(),
        person: PersonId::parse(BOB).unwrap(),
        user_name: Some("u-bob@example.com".to_owned()),
        team: TeamKey::parse("secret").unwrap(),
        from: from.parse().unwrap(),
        until: until.parse().unwrap(),
        kind,
        reason: format!("{TELLTALE} had to"),
        ticket: None,
        by: "u-bob@example.com".to_owned(),
        approved_by: None,
        made: from.parse().unwrap(),
        ended: None,
        note: None,
    }
}

/// A house in which Bob has one of everything.
async fn house_with_bob() -> House {
    let house = House::where_one_may_ask(None);
    house.domain_is_known().await;
    house.has_person(BOB, &format!("Bob {TELLTALE}"), &["ml-fraud"]);
    let now = house.plane.clock.now();
    let bob = PersonId::parse(BOB).unwrap();
    house.elsewhere_is(Some(bob.clone()));
    let request = AccessRequest {
        id: TemporaryId::parse(REQUEST).unwrap(),
        person: bob.clone(),
        user_name: "u-bob@example.com".to_owned(),
        team: TeamKey::parse("secret").unwrap(),
        seconds: 7_200,
        reason: format!("{TELLTALE} wants to"),
        ticket: None,
        at: now,
        lapses: "2026-11-24T09:00:00Z".parse().unwrap(),
        break_glass: false,
        decision: None,
    };
    assert_eq!(house.store.ask(&request).await, Ok(true));
    let (over, begun) = ("2026-11-21T08:00:00Z", "2026-11-21T07:00:00Z");
    let glass = temporary(GLASS, TemporaryKind::BreakGlass, begun, over);
    let grant = temporary(GRANT, TemporaryKind::Grant, over, "2026-11-21T12:00:00Z");
    for grant in [glass, grant] {
        assert_eq!(house.store.give(&grant).await, Ok(true));
    }
    let departure = Departure {
        person: bob,
        user_name: Some("u-bob@example.com".to_owned()),
        team: Some(TeamKey::parse("trials").unwrap()),
        since: now,
        by: "root".to_owned(),
        why: None,
        hold: Hold::AsMapped,
    };
    house.store.depart(&departure).await.unwrap();
    house
}

/// All that is Bob's.
async fn bobs(house: &House) -> String {
    let bob = BTreeSet::from([PersonId::parse(BOB).unwrap()]);
    format!(
        "{:?} {:?} {:?} {:?}",
        house.store.requests(Some(&bob)).await.unwrap(),
        house.store.temporary_grants(Some(&bob)).await.unwrap(),
        house.store.departures(Some(&bob)).await.unwrap(),
        house.elsewhere(),
    )
}

/// What the page of one's own sessions calls the other session, whosever it is.
async fn handle() -> String {
    let house = House::new();
    house.is_signed_in_elsewhere();
    let page = house.visit("/access").await;
    let handles = page.body.split("name=\"session\" value=\"").skip(1);
    let handles: Vec<&str> = handles.filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(handles.len(), 2, "{}", page.body);
    handles[1].to_owned()
}

/// The house, and the tokens of who asks there.
async fn with_tokens() -> (House, Tokens) {
    let house = house_with_bob().await;
    let tokens = tokens(&house).await;
    (house, tokens)
}

async fn does(house: &House, deed: &Deed, id: &str, asker: Asker, tokens: &Tokens) -> Answer {
    let path = deed.path.replace("{id}", id);
    let mut body = deed.body.replace("{id}", id);
    if !deed.purpose.is_empty() {
        body = format!("{body}&key={}", house.key(&deed.purpose.replace("{id}", id)));
    }
    send_as(house, "POST", &path, body, asker, tokens).await
}

#[test]
fn every_address_that_changes_something_is_tried_or_is_about_nobody() {
    let mut told: Vec<&str> = DEEDS.iter().map(|deed| deed.path).chain(ELSE).collect();
    told.sort_unstable();
    let changing = web::addresses().into_iter().filter(|it| it.method == "POST");
    let mut paths: Vec<&str> =
        changing.map(|it| it.path).filter(|path| *path != "/scim/v2/{*path}").collect();
    paths.sort_unstable();
    assert_eq!(paths, told);
}

#[tokio::test]
async fn only_who_may_changes_what_is_somebody_elses() {
    let handle = handle().await;
    let mut world = with_tokens().await;
    let mut wrong = Vec::new();
    for deed in &DEEDS {
        for id in [BOB, REQUEST, GRANT, GLASS, &handle] {
            for asker in ASKERS {
                let (house, tokens) = &world;
                let before = bobs(house).await;
                let answer = does(house, deed, id, asker, tokens).await;
                assert!(answer.status.as_u16() < 500, "{} {asker:?}: {}", deed.path, answer.body);
                let changed = bobs(house).await != before;
                let expected = deed.does.contains(&id) && (deed.by)(asker);
                // A refusal says nothing of what it refuses.
                let may_know = asker.has(Right::See) || (deed.by)(asker);
                let tells = !may_know && answer.body.contains(TELLTALE);
                if changed != expected || tells {
                    let (path, status) = (deed.path, answer.status);
                    wrong.push(format!("{path} {id} as {asker:?}: {status} {}", answer.body));
                }
                house.sessions_begin();
                if changed {
                    world = with_tokens().await;
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Pages and questions that tell of Bob whomever they admit. Every screen of the administration is loud of
/// broken glass.
const TELLING: [&str; 24] = [
    "/admin",
    "/admin/audit",
    "/admin/audit/export/parts",
    "/admin/events",
    "/admin/health",
    "/admin/network",
    "/admin/offboarding",
    "/admin/people",
    "/admin/people/{id}",
    "/admin/people/{id}/offboard",
    "/admin/plan",
    "/admin/requests",
    "/admin/sign-ins",
    "/admin/teams",
    "/admin/teams/{team}",
    "/api/v1/emergencies",
    "/api/v1/grants",
    "/api/v1/people",
    "/api/v1/people/{id}",
    "/api/v1/people/{id}/why",
    "/api/v1/plan",
    "/api/v1/requests",
    "/api/v1/teams/{team}",
    "/requests",
];

#[tokio::test]
async fn only_who_may_is_told_of_what_is_somebody_elses() {
    let (house, tokens) = with_tokens().await;
    let before = bobs(&house).await;
    let mut wrong = Vec::new();
    let mut telling = BTreeSet::new();
    for Address { path, who, .. } in web::addresses().into_iter().filter(|it| it.method == "GET") {
        // The team is one that Bob has and Ada has not.
        let fill = [("{id}", BOB), ("{team}", "secret"), ("{idp}", "corp"), ("{*path}", "Users")];
        let at = fill.iter().fold(path.to_owned(), |path, (name, one)| path.replace(name, one));
        for asker in ASKERS {
            let answer = send_as(&house, "GET", &at, String::new(), asker, &tokens).await;
            if !answer.body.contains(TELLTALE) {
                continue;
            }
            telling.insert(path);
            let may = match who {
                Who::May(right) => asker.has(right),
                // Requests that are for an admin to decide.
                _ => path == "/requests" && is_admin(asker),
            };
            if !may {
                wrong.push(format!("{path} as {asker:?}: {}", answer.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(telling, BTreeSet::from(TELLING));
    assert_eq!(bobs(&house).await, before, "looking changes something");
}
