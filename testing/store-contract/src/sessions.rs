//! [`Sessions`].

use crate::race::{RACERS, micros, race};
use access::ids::{IdpKey, PersonId, TeamKey};
use control::ports::{
    FederatedLogout, IdpSession, SESSIONS_SHOWN, Session, SessionId, Sessions, Voucher,
};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn session(id: &str, person: &str) -> Session {
    Session {
        id: SessionId(id.to_owned()),
        person: PersonId::parse(person).unwrap(),
        begun: micros(1),
        expires: micros(1_000),
        team: None,
        idp_session: IdpSession { subject: format!("subject of {person}"), index: None },
        voucher: voucher("corp"),
    }
}

fn voucher(idp: &str) -> Voucher {
    Voucher { idp: IdpKey::parse(idp).unwrap(), fingerprint: format!("key of {idp}") }
}

pub async fn a_session_is_there_until_its_end(sessions: &impl Sessions) {
    let team = TeamKey::parse("fraud").ok();
    let idp_session = IdpSession { subject: "ana".into(), index: Some("i1".into()) };
    let voucher = voucher("partners");
    let ana = Session { team, idp_session, voucher, ..session("s1", "ana") };
    sessions.open(&ana).await.unwrap();
    assert_eq!(sessions.get(&SessionId("s2".to_owned()), micros(10)).await, Ok(None));
    assert_eq!(sessions.get(&ana.id, micros(999)).await, Ok(Some(ana.clone())));
    assert_eq!(sessions.get(&ana.id, micros(1_000)).await, Ok(None));
}

pub async fn a_session_never_lives_longer_by_rounding(sessions: &impl Sessions) {
    let mut ana = session("s1", "ana");
    ana.expires = Timestamp::from_nanosecond(1_000_100).unwrap();
    sessions.open(&ana).await.unwrap();
    let just_after = Timestamp::from_nanosecond(1_000_101).unwrap();
    assert_eq!(sessions.get(&ana.id, just_after).await, Ok(None));
}

pub async fn a_session_id_is_opened_once(sessions: &impl Sessions) {
    sessions.open(&session("s1", "ana")).await.unwrap();
    let error = sessions.open(&session("s1", "bob")).await.unwrap_err();
    assert_eq!(error.operation, "remember a session");
    let kept = sessions.get(&SessionId("s1".to_owned()), micros(10)).await;
    assert_eq!(kept, Ok(Some(session("s1", "ana"))));
}

pub async fn a_person_s_sessions_are_listed_newest_first(sessions: &impl Sessions) {
    let ana = PersonId::parse("ana").unwrap();
    let at = |id: &str, person: &str, begun, expires| Session {
        begun: micros(begun),
        expires: micros(expires),
        ..session(id, person)
    };
    let (older, newer) = (at("s1", "ana", 10, 1_000), at("s2", "ana", 20, 900));
    for session in [&older, &newer, &at("s3", "ana", 5, 100), &at("s4", "bob", 30, 1_000)] {
        sessions.open(session).await.unwrap();
    }
    let listed = sessions.sessions_of(&ana, micros(100)).await;
    assert_eq!(listed, Ok(vec![newer, older.clone()]));
    assert_eq!(sessions.sessions_of(&ana, micros(900)).await, Ok(vec![older]));
    sessions.close_all(&ana).await.unwrap();
    assert_eq!(sessions.sessions_of(&ana, micros(100)).await, Ok(vec![]));
    for n in 0..=SESSIONS_SHOWN {
        sessions.open(&session(&format!("n{n}"), "ana")).await.unwrap();
    }
    let listed = sessions.sessions_of(&ana, micros(100)).await.unwrap();
    assert_eq!(listed.len(), usize::try_from(SESSIONS_SHOWN).unwrap());
}

pub async fn closing_ends_one_session_and_may_be_repeated(sessions: &impl Sessions) {
    let (first, second) = (session("s1", "ana"), session("s2", "ana"));
    sessions.open(&first).await.unwrap();
    sessions.open(&second).await.unwrap();
    assert_eq!(sessions.close(&first.id).await, Ok(()));
    assert_eq!(sessions.close(&first.id).await, Ok(()));
    assert_eq!(sessions.get(&first.id, micros(10)).await, Ok(None));
    assert_eq!(sessions.get(&second.id, micros(10)).await, Ok(Some(second)));
}

pub async fn closing_all_of_a_person_leaves_the_others(sessions: &impl Sessions) {
    let (ana, bob) = (PersonId::parse("ana").unwrap(), session("s3", "bob"));
    sessions.open(&session("s1", "ana")).await.unwrap();
    sessions.open(&session("s2", "ana")).await.unwrap();
    sessions.open(&bob).await.unwrap();
    assert_eq!(sessions.close_all(&ana).await, Ok(2));
    assert_eq!(sessions.close_all(&ana).await, Ok(0));
    assert_eq!(sessions.get(&SessionId("s1".to_owned()), micros(10)).await, Ok(None));
    assert_eq!(sessions.get(&SessionId("s2".to_owned()), micros(10)).await, Ok(None));
    assert_eq!(sessions.get(&bob.id, micros(10)).await, Ok(Some(bob)));
}

pub async fn closing_those_of_a_provider_leaves_the_others(sessions: &impl Sessions) {
    let idp = |key: &str| IdpKey::parse(key).unwrap();
    let by = |id: &str, person: &str, idp: &str| Session {
        voucher: voucher(idp),
        ..session(id, person)
    };
    let corp = by("s3", "bob", "corp");
    for session in [&by("s1", "ana", "partners"), &by("s2", "bob", "partners"), &corp] {
        sessions.open(session).await.unwrap();
    }
    assert_eq!(sessions.close_every(Some(&idp("partner"))).await, Ok(0));
    assert_eq!(sessions.close_every(Some(&idp("partners"))).await, Ok(2));
    assert_eq!(sessions.close_every(Some(&idp("partners"))).await, Ok(0));
    assert_eq!(sessions.get(&SessionId("s1".to_owned()), micros(10)).await, Ok(None));
    assert_eq!(sessions.get(&SessionId("s2".to_owned()), micros(10)).await, Ok(None));
    assert_eq!(sessions.get(&corp.id, micros(10)).await, Ok(Some(corp)));
}

pub async fn closing_every_session_leaves_none(sessions: &impl Sessions) {
    for number in 0..20 {
        let (id, person) = (format!("s{number}"), format!("person-{}", number % 7));
        let voucher = voucher(if number % 2 == 0 { "corp" } else { "partners" });
        sessions.open(&Session { voucher, ..session(&id, &person) }).await.unwrap();
    }
    sessions.close(&SessionId("s0".to_owned())).await.unwrap();
    assert_eq!(sessions.close_every(None).await, Ok(19));
    assert_eq!(sessions.close_every(None).await, Ok(0));
    assert_eq!(sessions.get(&SessionId("s7".to_owned()), micros(10)).await, Ok(None));
}

/// The order to end sessions of `ana`, which came 5 after it was given.
fn logout(indexes: BTreeSet<String>, as_of: i64, until: i64) -> FederatedLogout {
    let (as_of, arrived, until) = (micros(as_of), micros(as_of + 5), micros(until));
    FederatedLogout { subject: "ana".into(), indexes, as_of, arrived, until }
}

/// Who is still there of `s1` (index i1), `s2` (i2), `s3` (none), and `s4` of somebody else.
async fn left_after(sessions: &impl Sessions, indexes: &[&str]) -> (u64, Vec<&'static str>) {
    let all = [("s1", Some("i1")), ("s2", Some("i2")), ("s3", None), ("s4", Some("i1"))];
    for (id, index) in all {
        let subject = if id == "s4" { "bob" } else { "ana" };
        let idp_session = IdpSession { subject: subject.into(), index: index.map(Into::into) };
        sessions.open(&Session { idp_session, ..session(id, "ana") }).await.unwrap();
    }
    let indexes: BTreeSet<String> = indexes.iter().map(|&index| index.into()).collect();
    let ended = sessions.close_federated(&logout(indexes, 10, 100)).await.unwrap();
    let mut left = Vec::new();
    for (id, _) in all {
        if sessions.get(&SessionId(id.into()), micros(10)).await.unwrap().is_some() {
            left.push(id);
        }
    }
    (ended, left)
}

pub async fn a_provider_ends_every_session_of_its_subject(sessions: &impl Sessions) {
    assert_eq!(left_after(sessions, &[]).await, (3, vec!["s4"]));
    let nobody = sessions.close_federated(&logout(BTreeSet::new(), 10, 100)).await;
    assert_eq!(nobody, Ok(0));
}

pub async fn a_provider_ends_the_sessions_it_names_and_those_without_name(
    sessions: &impl Sessions,
) {
    assert_eq!(left_after(sessions, &["i2", "i\"9", "%"]).await, (2, vec!["s1", "s4"]));
}

pub async fn what_was_issued_before_a_log_out_is_logged_out_until_that_is_forgotten(
    sessions: &impl Sessions,
) {
    let is_out = async |subject: &str, index: Option<&str>, issued, now| {
        let session = IdpSession { subject: subject.into(), index: index.map(Into::into) };
        sessions.is_logged_out(&session, micros(issued), None, micros(now)).await.unwrap()
    };
    let of = |index: &str| BTreeSet::from([index.to_owned()]);
    assert!(!is_out("ana", None, 0, 1).await);
    // One session: whatever has its index, or none.
    sessions.close_federated(&logout(of("i1"), 50, 1_000)).await.unwrap();
    for (index, issued, out) in [
        (Some("i1"), 49, true),
        (Some("i1"), 50, true),
        (Some("i1"), 51, false),
        (Some("i2"), 49, false),
        (Some(""), 49, false),
        (None, 50, true),
        (None, 51, false),
    ] {
        assert_eq!(is_out("ana", index, issued, 60).await, out, "{index:?} {issued}");
        assert!(!is_out("bob", index, issued, 60).await, "{index:?} {issued}");
    }
    // An older order that comes later takes nothing back, nor does one that is forgotten sooner.
    sessions.close_federated(&logout(of("i1"), 40, 900)).await.unwrap();
    assert!(is_out("ana", Some("i1"), 50, 999).await);
    assert!(!is_out("ana", Some("i1"), 50, 1_000).await);
    // All of them.
    sessions.close_federated(&logout(BTreeSet::new(), 70, 2_000)).await.unwrap();
    for index in [Some("i1"), Some("i2"), None] {
        assert!(is_out("ana", index, 70, 1_999).await, "{index:?}");
        assert!(!is_out("ana", index, 71, 1_999).await, "{index:?}");
        assert!(!is_out("ana", index, 70, 2_000).await, "{index:?}");
        assert!(!is_out("bob", index, 70, 80).await, "{index:?}");
    }
    // Another session of that subject is opened and listed as before.
    let idp_session = IdpSession { subject: "ana".into(), index: None };
    sessions.open(&Session { idp_session, ..session("s1", "ana") }).await.unwrap();
    assert_eq!(sessions.close_federated(&logout(BTreeSet::new(), 71, 2_000)).await, Ok(1));
}

pub async fn a_log_out_that_had_come_when_we_asked_ends_nothing_of_the_answer(
    sessions: &impl Sessions,
) {
    let ana = IdpSession { subject: "ana".into(), index: Some("i1".into()) };
    let is_out = async |asked: Option<i64>| {
        let out = sessions.is_logged_out(&ana, micros(50), asked.map(micros), micros(60));
        out.await.unwrap()
    };
    let all = || logout(BTreeSet::new(), 50, 1_000);
    sessions.close_federated(&all()).await.unwrap();
    for (asked, out) in [(None, true), (Some(54), true), (Some(55), true), (Some(56), false)] {
        assert_eq!(is_out(asked).await, out, "{asked:?}");
    }
    // Of several it is the last that came, whichever was given last.
    for (arrived, out) in [(40, false), (56, true), (50, true)] {
        let order = FederatedLogout { as_of: micros(45), arrived: micros(arrived), ..all() };
        sessions.close_federated(&order).await.unwrap();
        assert_eq!(is_out(Some(56)).await, out, "{arrived}");
        assert!(!is_out(Some(57)).await, "{arrived}");
    }
}

pub async fn of_a_log_out_and_an_opening_that_race_none_leaves_a_session(
    sessions: Arc<impl Sessions + 'static>,
) {
    let number = AtomicUsize::new(0);
    let ana = IdpSession { subject: "ana".into(), index: Some("i1".into()) };
    let opened = race(|| {
        let number = number.fetch_add(1, Ordering::SeqCst);
        let (sessions, idp_session) = (Arc::clone(&sessions), ana.clone());
        async move {
            if number == 0 {
                sessions.close_federated(&logout(BTreeSet::new(), 10, 100)).await.unwrap();
                return false;
            }
            let id = SessionId(format!("s{number}"));
            let session = Session { id: id.clone(), ..session("s", "ana") };
            sessions.open(&Session { idp_session: idp_session.clone(), ..session }).await.unwrap();
            let out = sessions.is_logged_out(&idp_session, micros(5), None, micros(20));
            let out = out.await.unwrap();
            if out {
                sessions.close(&id).await.unwrap();
            }
            !out
        }
    });
    // Whoever was let in before the log-out is out by now.
    let _let_in = opened.await;
    let left = sessions.sessions_of(&PersonId::parse("ana").unwrap(), micros(20)).await;
    assert_eq!(left, Ok(vec![]));
}

pub async fn of_racing_openers_of_an_id_one_wins(sessions: Arc<impl Sessions + 'static>) {
    let number = AtomicUsize::new(0);
    let winners = race(|| {
        let number = number.fetch_add(1, Ordering::SeqCst);
        let sessions = Arc::clone(&sessions);
        async move { sessions.open(&session("s1", &format!("person-{number}"))).await.is_ok() }
    });
    assert_eq!(winners.await, 1);
}

pub async fn of_racing_closers_each_session_is_counted_once(
    sessions: Arc<impl Sessions + 'static>,
) {
    for number in 0..9 {
        sessions.open(&session(&format!("s{number}"), "ana")).await.unwrap();
    }
    let ended = Arc::new(AtomicUsize::new(0));
    let racers = race(|| {
        let (sessions, ended) = (Arc::clone(&sessions), Arc::clone(&ended));
        async move {
            let here = sessions.close_all(&PersonId::parse("ana").unwrap()).await.unwrap();
            ended.fetch_add(usize::try_from(here).unwrap(), Ordering::SeqCst);
            true
        }
    });
    assert_eq!((racers.await, ended.load(Ordering::SeqCst)), (RACERS, 9));
    assert_eq!(sessions.get(&SessionId("s1".to_owned()), micros(10)).await, Ok(None));
}
