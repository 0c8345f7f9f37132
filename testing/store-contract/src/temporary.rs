//! [`TemporaryGrants`] and [`AccessRequests`].

use crate::race::{RACERS, micros, race};
use access::ids::{PersonId, TeamKey, TemporaryId};
use access::temporary::{AfterNote, Ending, TemporaryGrant, TemporaryKind};
use control::ports::{
    AccessRequest, AccessRequests, Decision, RequestVerdict, TEMPORARY_KEPT, TemporaryGrants,
};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const HOUR: i64 = 3_600_000_000;

fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

fn id(number: usize) -> TemporaryId {
    TemporaryId::parse(format!("{number:012x}")).unwrap()
}

fn grant(who: &str, number: usize) -> TemporaryGrant {
    TemporaryGrant {
        id: id(number),
        person: person(who),
        user_name: Some(format!("{who}@example.com")),
        team: TeamKey::parse("fraud").unwrap(),
        from: micros(1_000),
        until: micros(1_000 + 4 * HOUR),
        kind: TemporaryKind::Grant,
        reason: "month-end \u{2013} \u{e9}t\u{e9}".to_owned(),
        ticket: Some("OPS-12".to_owned()),
        by: "root".to_owned(),
        approved_by: None,
        made: micros(1_000),
        ended: None,
        note: None,
    }
}

fn request(who: &str, number: usize) -> AccessRequest {
    AccessRequest {
        id: id(number),
        person: person(who),
        user_name: format!("{who}@example.com"),
        team: TeamKey::parse("fraud").unwrap(),
        seconds: 3600,
        reason: "a model to repair".to_owned(),
        ticket: None,
        at: micros(2_000),
        lapses: micros(2_000 + 24 * HOUR),
        break_glass: false,
        decision: None,
    }
}

fn decision(verdict: RequestVerdict, at: Timestamp, by: &str) -> Decision {
    Decision { verdict, at, by: by.to_owned(), why: Some("because".to_owned()) }
}

fn ending(at: i64, by: &str) -> Ending {
    Ending { at: micros(at), by: by.to_owned(), why: None }
}

pub async fn a_grant_comes_back_as_it_was_given(store: &impl TemporaryGrants) {
    assert_eq!(store.temporary_grants(None).await, Ok(vec![]));
    let later = TemporaryGrant { from: micros(9_000), ticket: None, ..grant("ana", 1) };
    let (ana, ben) = (grant("ana", 2), grant("ben", 3));
    for new in [&later, &ben, &ana] {
        assert_eq!(store.give(new).await, Ok(true));
    }
    let all = vec![ana.clone(), later.clone(), ben.clone()];
    assert_eq!(store.temporary_grants(None).await, Ok(all));
    let some = |ids: &[&str]| ids.iter().map(|id| person(id)).collect::<BTreeSet<_>>();
    let of_ana = store.temporary_grants(Some(&some(&["ana", "cleo"]))).await;
    assert_eq!(of_ana, Ok(vec![ana, later]));
    assert_eq!(store.temporary_grants(Some(&some(&["cleo"]))).await, Ok(vec![]));
    assert_eq!(store.temporary_grants(Some(&some(&[]))).await, Ok(vec![]));
}

pub async fn a_grant_is_given_once_and_revoked_once(store: &impl TemporaryGrants) {
    let ana = person("ana");
    assert_eq!(store.give(&grant("ana", 1)).await, Ok(true));
    let other = TemporaryGrant { reason: "another".to_owned(), ..grant("ana", 1) };
    assert_eq!(store.give(&other).await, Ok(false));
    let revoked = TemporaryGrant { ended: Some(ending(HOUR, "eva")), ..grant("ana", 1) };
    for by in ["eva", "leo"] {
        let now = store.revoke(&ana, &id(1), &ending(HOUR, by)).await;
        assert_eq!(now, Ok(Some(revoked.clone())), "{by}");
    }
    assert_eq!(store.temporary_grants(None).await, Ok(vec![revoked]));
    assert_eq!(store.revoke(&ana, &id(9), &ending(HOUR, "eva")).await, Ok(None));
    assert_eq!(store.revoke(&person("ben"), &id(1), &ending(HOUR, "eva")).await, Ok(None));
    store.give(&grant("ben", 2)).await.unwrap();
    let over = store.revoke(&person("ben"), &id(2), &ending(5 * HOUR, "eva")).await;
    assert_eq!(over, Ok(Some(grant("ben", 2))), "it ended by itself");
}

pub async fn revoking_one_grant_leaves_the_others_of_the_person(store: &impl TemporaryGrants) {
    for number in 1..=3 {
        store.give(&grant("ana", number)).await.unwrap();
    }
    store.revoke(&person("ana"), &id(2), &ending(HOUR, "eva")).await.unwrap();
    let now = micros(2 * HOUR);
    let left = store.temporary_grants(None).await.unwrap();
    let in_force = left.iter().filter(|grant| grant.is_in_force(now)).map(|grant| &grant.id);
    assert_eq!(in_force.cloned().collect::<Vec<_>>(), [id(1), id(3)]);
}

pub async fn the_first_after_note_stays(store: &impl TemporaryGrants) {
    let glass = TemporaryGrant { kind: TemporaryKind::BreakGlass, ..grant("ana", 1) };
    store.give(&glass).await.unwrap();
    let note = |text: &str| AfterNote {
        at: micros(5 * HOUR),
        by: "ana".to_owned(),
        text: text.to_owned(),
    };
    let noted = TemporaryGrant { note: Some(note("restarted it")), ..glass };
    for text in ["restarted it", "something else"] {
        let now = store.note(&person("ana"), &id(1), &note(text)).await;
        assert_eq!(now, Ok(Some(noted.clone())), "{text}");
    }
    assert_eq!(store.note(&person("ana"), &id(2), &note("none")).await, Ok(None));
}

pub async fn what_is_over_for_long_is_forgotten_unless_a_note_is_owed<S>(store: &S)
where
    S: TemporaryGrants + AccessRequests,
{
    let glass = TemporaryGrant { kind: TemporaryKind::BreakGlass, ..grant("ana", 2) };
    store.give(&grant("ana", 1)).await.unwrap();
    store.give(&glass).await.unwrap();
    store.ask(&request("ana", 3)).await.unwrap();
    let late = micros(30 * HOUR).checked_add(TEMPORARY_KEPT).unwrap();
    let new = TemporaryGrant { made: late, from: late, until: Timestamp::MAX, ..grant("ana", 4) };
    store.give(&new).await.unwrap();
    assert_eq!(store.temporary_grants(None).await, Ok(vec![glass, new]));
    assert_eq!(store.requests(None).await, Ok(vec![]));
}

pub async fn what_is_over_for_long_is_forgotten_of_whoever_asks_no_more<S>(store: &S)
where
    S: TemporaryGrants + AccessRequests,
{
    let glass = TemporaryGrant { kind: TemporaryKind::BreakGlass, ..grant("ana", 2) };
    for new in [&grant("ana", 1), &glass, &grant("ben", 3)] {
        store.give(new).await.unwrap();
    }
    store.ask(&request("cleo", 4)).await.unwrap();
    // Cleo's request lapses a day after it was made, and Ben's grant is over after four hours.
    let after = |hours: i64| micros(2_000 + hours * HOUR).checked_add(TEMPORARY_KEPT).unwrap();
    assert_eq!(store.forget_temporary(after(3)).await, Ok(0));
    assert_eq!(store.forget_temporary(after(5)).await, Ok(2));
    assert_eq!(store.temporary_grants(None).await, Ok(vec![glass]));
    assert_eq!(store.requests(None).await, Ok(vec![request("cleo", 4)]));
    assert_eq!(store.forget_temporary(after(25)).await, Ok(1));
    assert_eq!(store.requests(None).await, Ok(vec![]));
    assert_eq!(store.ask(&request("cleo", 4)).await, Ok(true));
}

pub async fn a_request_is_decided_once_and_gives_its_grant_with_that<S>(store: &S)
where
    S: TemporaryGrants + AccessRequests,
{
    let ana = person("ana");
    assert_eq!(store.ask(&request("ana", 1)).await, Ok(true));
    assert_eq!(store.ask(&request("ana", 1)).await, Ok(false));
    assert_eq!(store.ask(&request("ana", 2)).await, Ok(true));
    let both = vec![request("ana", 1), request("ana", 2)];
    assert_eq!(store.requests(Some(&BTreeSet::from([ana.clone()]))).await, Ok(both));

    let no = decision(RequestVerdict::Refused, micros(HOUR), "eva");
    let refused = AccessRequest { decision: Some(no.clone()), ..request("ana", 1) };
    let given = grant("ana", 1);
    assert_eq!(
        store.decide(&ana, &id(1), &no, Some(&given)).await,
        Ok(Some((refused.clone(), true)))
    );
    let yes = decision(RequestVerdict::Approved, micros(2 * HOUR), "leo");
    let again = store.decide(&ana, &id(1), &yes, Some(&given)).await;
    assert_eq!(again, Ok(Some((refused.clone(), false))), "it was decided");
    assert_eq!(store.temporary_grants(None).await, Ok(vec![]));

    let given = grant("ana", 2);
    let approved = AccessRequest { decision: Some(yes.clone()), ..request("ana", 2) };
    assert_eq!(
        store.decide(&ana, &id(2), &yes, Some(&given)).await,
        Ok(Some((approved.clone(), true)))
    );
    let again = store.decide(&ana, &id(2), &yes, Some(&given)).await;
    assert_eq!(again, Ok(Some((approved.clone(), false))), "the same is no new one");
    assert_eq!(store.temporary_grants(None).await, Ok(vec![given]));
    assert_eq!(store.requests(None).await, Ok(vec![refused, approved]));
    assert_eq!(store.decide(&ana, &id(7), &yes, None).await, Ok(None));
}

pub async fn a_request_that_lapsed_gives_nothing<S>(store: &S)
where
    S: TemporaryGrants + AccessRequests,
{
    store.ask(&request("ana", 1)).await.unwrap();
    let late = decision(RequestVerdict::Approved, micros(25 * HOUR), "eva");
    let decided = store.decide(&person("ana"), &id(1), &late, Some(&grant("ana", 1))).await;
    assert_eq!(decided, Ok(Some((request("ana", 1), false))));
    assert_eq!(store.temporary_grants(None).await, Ok(vec![]));
}

pub async fn racing_grants_of_a_person_are_all_kept(store: Arc<impl TemporaryGrants + 'static>) {
    let number = AtomicUsize::new(0);
    let kept = race(|| {
        let new = grant("ana", number.fetch_add(1, Ordering::SeqCst));
        let store = Arc::clone(&store);
        async move { store.give(&new).await == Ok(true) }
    });
    assert_eq!(kept.await, RACERS);
    assert_eq!(store.temporary_grants(None).await.unwrap().len(), RACERS);
}

pub async fn of_racing_decisions_one_counts<S>(store: Arc<S>)
where
    S: TemporaryGrants + AccessRequests + 'static,
{
    store.ask(&request("ana", 1)).await.unwrap();
    let number = AtomicUsize::new(0);
    let won = race(|| {
        let by = format!("approver-{}", number.fetch_add(1, Ordering::SeqCst));
        let store = Arc::clone(&store);
        async move {
            let yes = decision(RequestVerdict::Approved, micros(HOUR), &by);
            let given = TemporaryGrant { approved_by: Some(by), ..grant("ana", 1) };
            let now = store.decide(&person("ana"), &id(1), &yes, Some(&given)).await.unwrap();
            let (request, is_new) = now.unwrap();
            assert_eq!(is_new, request.decision == Some(yes));
            is_new
        }
    });
    assert_eq!(won.await, 1);
    let decided = store.requests(None).await.unwrap().remove(0).decision.unwrap();
    let given = store.temporary_grants(None).await.unwrap();
    assert_eq!(given.len(), 1);
    assert_eq!(given[0].approved_by, Some(decided.by), "the grant is the winner's");
}

pub async fn the_grants_of_many_people_are_found(store: &impl TemporaryGrants) {
    let all: Vec<TemporaryGrant> =
        (0..130).map(|number| grant(&format!("person-{number:03}"), number)).collect();
    for new in &all {
        store.give(new).await.unwrap();
    }
    assert_eq!(store.temporary_grants(None).await, Ok(all.clone()));
    let people = all.iter().map(|grant| grant.person.clone()).chain([person("nobody")]).collect();
    assert_eq!(store.temporary_grants(Some(&people)).await, Ok(all));
}
