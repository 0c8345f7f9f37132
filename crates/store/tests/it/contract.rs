//! What every store must do, written against the ports alone so that any adapter can be held
//! against it. Each function takes an empty store and panics where the contract is broken.

pub(crate) mod claims;
pub(crate) mod memberships;
pub(crate) mod profile_index;
pub(crate) mod switch;
pub(crate) mod work;

use access::ids::{IdpKey, PersonId, TeamKey};
use access::snapshot::Hold;
use control::ports::{
    ATTEMPTS_KEPT, Attempt, Attempts, AuditEntry, AuditLog, CheckRow, Departure, Departures,
    IdpSession, LoginRequests, PendingLogin, ReplayCache, RowState, Secrets, Session, SessionId,
    Sessions,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// A time with this many microseconds: the finest that a store must tell apart.
pub(crate) fn micros(n: i64) -> Timestamp {
    Timestamp::from_microsecond(n).unwrap()
}

/// How many calls race.
const RACERS: usize = 48;

/// Runs the call [`RACERS`] times at once and counts the results that are `true`.
async fn race<F>(call: impl Fn() -> F) -> usize
where
    F: Future<Output = bool> + Send + 'static,
{
    let start = Arc::new(Barrier::new(RACERS));
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let (start, call) = (Arc::clone(&start), call());
        racers.spawn(async move {
            start.wait().await;
            call.await
        });
    }
    racers.join_all().await.into_iter().filter(|won| *won).count()
}

pub(crate) mod replay {
    //! [`ReplayCache`].

    use super::*;

    pub(crate) async fn the_first_claim_wins_and_every_later_one_loses(cache: &impl ReplayCache) {
        let (until, now) = (micros(1_000), micros(10));
        assert_eq!(cache.claim("idp", "a1", until, now).await, Ok(true));
        assert_eq!(cache.claim("idp", "a1", until, now).await, Ok(false));
        assert_eq!(cache.claim("idp", "a1", micros(9_000), micros(999)).await, Ok(false));
    }

    pub(crate) async fn claims_of_other_issuers_and_ids_are_their_own(cache: &impl ReplayCache) {
        for (issuer, id) in [
            ("idp", "a1"),
            ("idp", "a2"),
            ("idp2", "a1"),
            ("idpa", "1"),
            ("IDP", "a1"),
            ("", "idpa1"),
        ] {
            let claimed = cache.claim(issuer, id, micros(1_000), micros(10)).await;
            assert_eq!(claimed, Ok(true), "{issuer} {id}");
        }
        assert_eq!(cache.claim("idpa", "1", micros(1_000), micros(10)).await, Ok(false));
    }

    pub(crate) async fn a_claim_holds_up_to_its_end_and_not_longer(cache: &impl ReplayCache) {
        assert_eq!(cache.claim("idp", "a1", micros(1_000), micros(10)).await, Ok(true));
        assert_eq!(cache.claim("idp", "a1", micros(5_000), micros(999)).await, Ok(false));
        assert_eq!(cache.claim("idp", "a1", micros(2_000), micros(1_000)).await, Ok(true));
        // The second claim holds for its own time.
        assert_eq!(cache.claim("idp", "a1", micros(5_000), micros(1_999)).await, Ok(false));
        assert_eq!(cache.claim("idp", "a1", micros(5_000), micros(2_000)).await, Ok(true));
    }

    pub(crate) async fn a_claim_never_ends_early_by_rounding(cache: &impl ReplayCache) {
        let until = Timestamp::from_nanosecond(1_000_900).unwrap();
        let just_before = Timestamp::from_nanosecond(1_000_899).unwrap();
        assert_eq!(cache.claim("idp", "a1", until, micros(10)).await, Ok(true));
        assert_eq!(cache.claim("idp", "a1", until, just_before).await, Ok(false));
    }

    pub(crate) async fn of_racing_claims_one_wins(cache: Arc<impl ReplayCache + 'static>) {
        for id in ["a1", "a2", "a3"] {
            let winners = race(|| {
                let cache = Arc::clone(&cache);
                async move { cache.claim("idp", id, micros(1_000), micros(10)).await.unwrap() }
            });
            assert_eq!(winners.await, 1, "{id}");
        }
    }

    pub(crate) async fn of_racing_claims_of_a_lapsed_one_one_wins(
        cache: Arc<impl ReplayCache + 'static>,
    ) {
        assert_eq!(cache.claim("idp", "a1", micros(50), micros(10)).await, Ok(true));
        let winners = race(|| {
            let cache = Arc::clone(&cache);
            async move { cache.claim("idp", "a1", micros(1_000), micros(50)).await.unwrap() }
        });
        assert_eq!(winners.await, 1);
    }
}

pub(crate) mod logins {
    //! [`LoginRequests`].

    use super::*;

    fn login(request_id: &str, team: Option<&str>) -> PendingLogin {
        PendingLogin {
            request_id: request_id.to_owned(),
            browser: format!("browser of {request_id}"),
            idp: IdpKey::parse(if team.is_some() { "corp" } else { "tiles" }).unwrap(),
            team: team.map(|key| TeamKey::parse(key).unwrap()),
            expires: micros(1_000),
        }
    }

    pub(crate) async fn a_sign_in_is_taken_as_it_was_begun_and_once(requests: &impl LoginRequests) {
        let (with, without) = (login("_r1", Some("fraud-eu")), login("_r2", None));
        requests.begin(&with, micros(1)).await.unwrap();
        requests.begin(&without, micros(1)).await.unwrap();
        assert_eq!(requests.take("_r2", micros(10)).await, Ok(Some(without)));
        assert_eq!(requests.take("_r1", micros(10)).await, Ok(Some(with)));
        assert_eq!(requests.take("_r1", micros(10)).await, Ok(None));
        assert_eq!(requests.take("_r3", micros(10)).await, Ok(None));
    }

    pub(crate) async fn a_sign_in_lapses_at_its_end(requests: &impl LoginRequests) {
        requests.begin(&login("_r1", None), micros(1)).await.unwrap();
        requests.begin(&login("_r2", None), micros(1)).await.unwrap();
        assert_eq!(requests.take("_r1", micros(999)).await, Ok(Some(login("_r1", None))));
        assert_eq!(requests.take("_r2", micros(1_000)).await, Ok(None));
    }

    pub(crate) async fn a_request_id_is_begun_once(requests: &impl LoginRequests) {
        requests.begin(&login("_r1", Some("fraud")), micros(1)).await.unwrap();
        let error = requests.begin(&login("_r1", Some("other")), micros(1)).await.unwrap_err();
        assert_eq!(error.operation, "remember a sign-in");
        let taken = requests.take("_r1", micros(10)).await;
        assert_eq!(taken, Ok(Some(login("_r1", Some("fraud")))));
    }

    pub(crate) async fn of_racing_takers_one_gets_it(requests: Arc<impl LoginRequests + 'static>) {
        requests.begin(&login("_r1", None), micros(1)).await.unwrap();
        let takers = race(|| {
            let requests = Arc::clone(&requests);
            async move { requests.take("_r1", micros(10)).await.unwrap().is_some() }
        });
        assert_eq!(takers.await, 1);
    }
}

pub(crate) mod sessions {
    //! [`Sessions`].

    use super::*;

    fn session(id: &str, person: &str) -> Session {
        Session {
            id: SessionId(id.to_owned()),
            person: PersonId::parse(person).unwrap(),
            expires: micros(1_000),
            team: None,
            idp_session: IdpSession { subject: format!("subject of {person}"), index: None },
        }
    }

    pub(crate) async fn a_session_is_there_until_its_end(sessions: &impl Sessions) {
        let team = TeamKey::parse("fraud").ok();
        let idp_session = IdpSession { subject: "ana".into(), index: Some("i1".into()) };
        let ana = Session { team, idp_session, ..session("s1", "ana") };
        sessions.open(&ana).await.unwrap();
        assert_eq!(sessions.get(&SessionId("s2".to_owned()), micros(10)).await, Ok(None));
        assert_eq!(sessions.get(&ana.id, micros(999)).await, Ok(Some(ana.clone())));
        assert_eq!(sessions.get(&ana.id, micros(1_000)).await, Ok(None));
    }

    pub(crate) async fn a_session_never_lives_longer_by_rounding(sessions: &impl Sessions) {
        let mut ana = session("s1", "ana");
        ana.expires = Timestamp::from_nanosecond(1_000_100).unwrap();
        sessions.open(&ana).await.unwrap();
        let just_after = Timestamp::from_nanosecond(1_000_101).unwrap();
        assert_eq!(sessions.get(&ana.id, just_after).await, Ok(None));
    }

    pub(crate) async fn a_session_id_is_opened_once(sessions: &impl Sessions) {
        sessions.open(&session("s1", "ana")).await.unwrap();
        let error = sessions.open(&session("s1", "bob")).await.unwrap_err();
        assert_eq!(error.operation, "remember a session");
        let kept = sessions.get(&SessionId("s1".to_owned()), micros(10)).await;
        assert_eq!(kept, Ok(Some(session("s1", "ana"))));
    }

    pub(crate) async fn closing_ends_one_session_and_may_be_repeated(sessions: &impl Sessions) {
        let (first, second) = (session("s1", "ana"), session("s2", "ana"));
        sessions.open(&first).await.unwrap();
        sessions.open(&second).await.unwrap();
        assert_eq!(sessions.close(&first.id).await, Ok(()));
        assert_eq!(sessions.close(&first.id).await, Ok(()));
        assert_eq!(sessions.get(&first.id, micros(10)).await, Ok(None));
        assert_eq!(sessions.get(&second.id, micros(10)).await, Ok(Some(second)));
    }

    pub(crate) async fn closing_all_of_a_person_leaves_the_others(sessions: &impl Sessions) {
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

    /// Who is still there of `s1` (index i1), `s2` (i2), `s3` (none), and `s4` of somebody else.
    async fn left_after(sessions: &impl Sessions, indexes: &[&str]) -> (u64, Vec<&'static str>) {
        let all = [("s1", Some("i1")), ("s2", Some("i2")), ("s3", None), ("s4", Some("i1"))];
        for (id, index) in all {
            let subject = if id == "s4" { "bob" } else { "ana" };
            let idp_session = IdpSession { subject: subject.into(), index: index.map(Into::into) };
            sessions.open(&Session { idp_session, ..session(id, "ana") }).await.unwrap();
        }
        let indexes: BTreeSet<String> = indexes.iter().map(|&index| index.into()).collect();
        let ended = sessions.close_federated("ana", &indexes).await.unwrap();
        let mut left = Vec::new();
        for (id, _) in all {
            if sessions.get(&SessionId(id.into()), micros(10)).await.unwrap().is_some() {
                left.push(id);
            }
        }
        (ended, left)
    }

    pub(crate) async fn a_provider_ends_every_session_of_its_subject(sessions: &impl Sessions) {
        assert_eq!(left_after(sessions, &[]).await, (3, vec!["s4"]));
        let nobody = sessions.close_federated("ana", &BTreeSet::new()).await;
        assert_eq!(nobody, Ok(0));
    }

    pub(crate) async fn a_provider_ends_the_sessions_it_names_and_those_without_name(
        sessions: &impl Sessions,
    ) {
        assert_eq!(left_after(sessions, &["i2", "i\"9", "%"]).await, (2, vec!["s1", "s4"]));
    }
}

pub(crate) mod attempts {
    //! [`Attempts`].

    use super::*;

    fn attempt(reference: &str) -> Attempt {
        let row = |check: &str, state, code: Option<&str>| CheckRow {
            check: check.into(),
            state,
            code: code.map(Into::into),
        };
        Attempt {
            at: micros(10),
            reference: reference.into(),
            idp: IdpKey::parse("corp").ok(),
            person: PersonId::parse("ana").ok(),
            accepted: false,
            code: "replayed".into(),
            rows: vec![
                row("size", RowState::Passed, None),
                row("replay", RowState::Failed, Some("replayed")),
                row("person", RowState::NotRun, None),
            ],
        }
    }

    pub(crate) async fn attempts_come_back_as_kept_newest_first(attempts: &impl Attempts) {
        let stranger = Attempt { idp: None, person: None, accepted: true, ..attempt("second") };
        attempts.record(&attempt("first")).await.unwrap();
        attempts.record(&stranger).await.unwrap();
        let all = vec![stranger.clone(), attempt("first")];
        assert_eq!(attempts.newest_attempts(9).await, Ok(all));
        assert_eq!(attempts.newest_attempts(1).await, Ok(vec![stranger]));
        assert_eq!(attempts.newest_attempts(0).await, Ok(vec![]));
    }

    pub(crate) async fn only_so_many_attempts_are_kept(attempts: &impl Attempts) {
        for n in 0..ATTEMPTS_KEPT + 3 {
            attempts.record(&attempt(&n.to_string())).await.unwrap();
        }
        let kept = attempts.newest_attempts(u32::MAX).await.unwrap();
        assert_eq!(kept.len(), ATTEMPTS_KEPT as usize);
        assert_eq!(kept.last().unwrap().reference, "3");
    }
}

pub(crate) mod secrets {
    //! [`Secrets`].

    use super::*;

    pub(crate) async fn the_first_secret_of_a_name_stays(secrets: &impl Secrets) {
        assert_eq!(secrets.get_or_create("a", [1; 32]).await, Ok([1; 32]));
        assert_eq!(secrets.get_or_create("a", [2; 32]).await, Ok([1; 32]));
        assert_eq!(secrets.get_or_create("b", [2; 32]).await, Ok([2; 32]));
    }

    pub(crate) async fn racing_replicas_get_one_secret(secrets: Arc<impl Secrets + 'static>) {
        let number = std::sync::atomic::AtomicU8::new(0);
        let same = race(|| {
            let mine = [number.fetch_add(1, std::sync::atomic::Ordering::SeqCst); 32];
            let secrets = Arc::clone(&secrets);
            async move { secrets.get_or_create("a", mine).await == Ok(mine) }
        });
        assert_eq!(same.await, 1, "everybody else got another's");
    }
}

pub(crate) mod audit {
    //! [`AuditLog`].

    use super::*;

    /// An entry with this code.
    pub(crate) fn entry(at: i64, code: &str) -> AuditEntry {
        AuditEntry {
            at: micros(at),
            event: "sign-in".to_owned(),
            code: code.to_owned(),
            person: None,
            team: None,
            details: BTreeMap::new(),
        }
    }

    pub(crate) async fn entries_come_back_as_written_in_the_order_of_writing(log: &impl AuditLog) {
        let full = AuditEntry {
            person: Some("ana".to_owned()),
            team: Some("fraud".to_owned()),
            details: BTreeMap::from([
                ("profile".to_owned(), "ana--fraud".to_owned()),
                ("why".to_owned(), "\"Grüße\"\n'; DROP TABLE audit; --\0".to_owned()),
            ]),
            ..entry(20, "ok")
        };
        assert_eq!(log.newest(10).await, Ok(vec![]));
        log.append(&full).await.unwrap();
        // A clock that was set back does not reorder the log; neither do twins vanish.
        log.append(&entry(-5, "earlier")).await.unwrap();
        log.append(&entry(-5, "earlier")).await.unwrap();
        let all = vec![entry(-5, "earlier"), entry(-5, "earlier"), full];
        assert_eq!(log.newest(10).await, Ok(all));
    }

    pub(crate) async fn only_the_newest_are_given(log: &impl AuditLog) {
        for (at, code) in [(1, "one"), (2, "two"), (3, "three")] {
            log.append(&entry(at, code)).await.unwrap();
        }
        assert_eq!(log.newest(2).await, Ok(vec![entry(3, "three"), entry(2, "two")]));
        assert_eq!(log.newest(0).await, Ok(vec![]));
        assert_eq!(log.newest(u32::MAX).await.unwrap().len(), 3);
    }

    pub(crate) async fn racing_entries_are_all_kept(log: Arc<impl AuditLog + 'static>) {
        let written = race(|| {
            let log = Arc::clone(&log);
            async move { log.append(&entry(1, "race")).await.is_ok() }
        });
        assert_eq!(written.await, RACERS);
        assert_eq!(log.newest(1_000).await, Ok(vec![entry(1, "race"); RACERS]));
    }
}

pub(crate) mod departures {
    //! [`Departures`], and the history of a person.

    use super::*;

    fn person(id: &str) -> PersonId {
        PersonId::parse(id).unwrap()
    }

    fn departure(id: &str, team: Option<&str>) -> Departure {
        Departure {
            person: person(id),
            user_name: Some(format!("{id}@example.com")),
            team: team.map(|key| TeamKey::parse(key).unwrap()),
            since: micros(1_000),
            by: "root".to_owned(),
            why: Some("left the company".to_owned()),
            hold: Hold::AsMapped,
        }
    }

    pub(crate) async fn a_departure_comes_back_as_it_was_put_in_force(store: &impl Departures) {
        let (all, one) = (departure("ana", None), departure("ana", Some("fraud")));
        let ben = Departure { why: None, user_name: None, ..departure("ben", None) };
        assert_eq!(store.departures(None).await, Ok(vec![]));
        for new in [&one, &all, &ben] {
            assert_eq!(store.depart(new).await.as_ref(), Ok(new));
        }
        let everybody = vec![all.clone(), one.clone(), ben.clone()];
        assert_eq!(store.departures(None).await, Ok(everybody));
        let some = |ids: &[&str]| ids.iter().map(|id| person(id)).collect::<BTreeSet<_>>();
        assert_eq!(store.departures(Some(&some(&["ana", "cleo"]))).await, Ok(vec![all, one]));
        assert_eq!(store.departures(Some(&some(&["ben"]))).await, Ok(vec![ben]));
        assert_eq!(store.departures(Some(&some(&[]))).await, Ok(vec![]));
    }

    pub(crate) async fn a_departure_begins_once_and_its_hold_is_skipped_for_good(
        store: &impl Departures,
    ) {
        store.depart(&departure("ana", None)).await.unwrap();
        let later = Departure {
            since: micros(2_000),
            by: "eva".to_owned(),
            why: None,
            user_name: None,
            hold: Hold::Skipped,
            ..departure("ana", None)
        };
        let skipped =
            Departure { by: "eva".to_owned(), hold: Hold::Skipped, ..departure("ana", None) };
        assert_eq!(store.depart(&later).await, Ok(skipped.clone()));
        let again = Departure { by: "eva".to_owned(), ..departure("ana", None) };
        assert_eq!(store.depart(&again).await, Ok(skipped));
    }

    pub(crate) async fn who_rejoins_one_team_or_all_is_forgotten_there(store: &impl Departures) {
        let (fraud, demand) = (departure("ana", Some("fraud")), departure("ana", Some("demand")));
        let ben = departure("ben", Some("fraud"));
        for new in [&fraud, &demand, &ben] {
            store.depart(new).await.unwrap();
        }
        let ana = person("ana");
        assert_eq!(store.rejoin(&ana, fraud.team.as_ref()).await, Ok(vec![fraud.clone()]));
        assert_eq!(store.rejoin(&ana, fraud.team.as_ref()).await, Ok(vec![]));
        store.depart(&fraud).await.unwrap();
        assert_eq!(store.rejoin(&ana, None).await, Ok(vec![demand, fraud]));
        assert_eq!(store.departures(None).await, Ok(vec![ben]));
    }

    pub(crate) async fn the_history_of_a_person_is_theirs_alone_oldest_first(log: &impl AuditLog) {
        let of = |id: Option<&str>, at| AuditEntry {
            person: id.map(str::to_owned),
            ..audit::entry(at, "signed-in")
        };
        for entry in [of(Some("ana"), 1), of(Some("ben"), 2), of(None, 3), of(Some("ana"), 4)] {
            log.append(&entry).await.unwrap();
        }
        let (ana, nobody) = (person("ana"), person("cleo"));
        let both = vec![of(Some("ana"), 1), of(Some("ana"), 4)];
        assert_eq!(log.of_person(&ana, 10).await, Ok(both));
        assert_eq!(log.of_person(&ana, 1).await, Ok(vec![of(Some("ana"), 4)]));
        assert_eq!(log.of_person(&nobody, 10).await, Ok(vec![]));
    }
}
