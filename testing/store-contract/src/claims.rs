//! [`Claims`].

use crate::race::{micros, race};
use access::ids::PersonId;
use control::ports::{ChangeId, Claims, Ticket};
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::sync::Arc;

const HOLD: SignedDuration = SignedDuration::from_micros(100);

fn pass(n: u8) -> ChangeId {
    ChangeId::new(micros(1), [n; 32])
}

fn people(ids: &[&str]) -> BTreeSet<PersonId> {
    ids.iter().map(|id| PersonId::parse(*id).unwrap()).collect()
}

async fn ticket(claims: &impl Claims, at: i64) -> Ticket {
    claims.ticket(micros(at)).await.unwrap()
}

/// Whom the pass gets.
async fn claim(
    claims: &impl Claims,
    n: u8,
    ids: &[&str],
    ticket: &Ticket,
    now: i64,
) -> BTreeSet<PersonId> {
    claims.claim(&pass(n), &people(ids), ticket, micros(now), HOLD).await.unwrap().people
}

pub async fn whom_one_pass_has_another_does_not_get(claims: &impl Claims) {
    let first = ticket(claims, 1).await;
    assert_eq!(claim(claims, 1, &["ada", "bob"], &first, 2).await, people(&["ada", "bob"]));
    assert_eq!(claim(claims, 2, &["ada", "bob", "cem"], &first, 3).await, people(&["cem"]));
    // One's own are claimed again, and last longer.
    assert_eq!(claim(claims, 1, &["ada"], &first, 50).await, people(&["ada"]));
    let later = ticket(claims, 110).await;
    assert_eq!(claim(claims, 2, &["ada", "bob"], &later, 110).await, people(&["bob"]));
}

pub async fn a_plan_made_before_another_let_go_is_stale(claims: &impl Claims) {
    let before = ticket(claims, 1).await;
    assert_eq!(claim(claims, 1, &["ada"], &before, 2).await, people(&["ada"]));
    let during = ticket(claims, 3).await;
    claims.release(&pass(1), micros(4)).await.unwrap();
    for stale in [before, during] {
        assert_eq!(claim(claims, 2, &["ada", "bob"], &stale, 5).await, people(&["bob"]));
    }
    // What a pass did itself is no news to it.
    assert_eq!(claim(claims, 1, &["ada"], &before, 5).await, people(&["ada"]));
    claims.release(&pass(1), micros(6)).await.unwrap();
    let after = ticket(claims, 7).await;
    assert_eq!(claim(claims, 2, &["ada"], &after, 8).await, people(&["ada"]));
}

pub async fn a_claim_ends_by_itself_for_those_who_began_to_read_afterwards(claims: &impl Claims) {
    let first = ticket(claims, 1).await;
    assert_eq!(claim(claims, 1, &["ada"], &first, 10).await, people(&["ada"]));
    let early = ticket(claims, 109).await;
    assert_eq!(claim(claims, 2, &["ada"], &early, 500).await, people(&[]));
    let late = ticket(claims, 110).await;
    assert_eq!(claim(claims, 2, &["ada"], &late, 110).await, people(&["ada"]));
    // Whoever slept over it has nobody any more.
    assert_eq!(claims.renew(&pass(1), micros(900)).await, Ok(0));
    assert_eq!(claim(claims, 1, &["ada"], &first, 120).await, people(&[]));
}

pub async fn a_claim_can_be_prolonged(claims: &impl Claims) {
    let first = ticket(claims, 1).await;
    assert_eq!(claim(claims, 1, &["ada", "bob"], &first, 10).await.len(), 2);
    assert_eq!(claims.renew(&pass(1), micros(150)).await, Ok(2));
    let early = ticket(claims, 149).await;
    assert_eq!(claim(claims, 2, &["ada"], &early, 149).await, people(&[]));
    let late = ticket(claims, 150).await;
    assert_eq!(claim(claims, 2, &["ada"], &late, 150).await, people(&["ada"]));
}

pub async fn whom_nobody_had_before_is_told(claims: &impl Claims) {
    let first = async |n: u8, ids: &[&str], at: i64| {
        let ticket = ticket(claims, at).await;
        let claimed = claims.claim(&pass(n), &people(ids), &ticket, micros(at), HOLD).await;
        claimed.unwrap().first
    };
    assert_eq!(first(1, &["ada", "bob"], 1).await, people(&["ada", "bob"]));
    assert_eq!(first(1, &["ada"], 2).await, people(&[]), "it has her already");
    assert_eq!(first(2, &["bob", "cem"], 3).await, people(&["cem"]));
    claims.release(&pass(1), micros(4)).await.unwrap();
    claims.release(&pass(2), micros(5)).await.unwrap();
    assert_eq!(first(3, &["ada", "bob", "cem", "dora"], 6).await, people(&["dora"]));
}

pub async fn a_clock_set_back_leaves_nobody_claimed(claims: &impl Claims) {
    let first = ticket(claims, 1_000_000).await;
    assert_eq!(claim(claims, 1, &["ada"], &first, 1_000_000).await, people(&["ada"]));
    let back = ticket(claims, 10).await;
    assert_eq!(claim(claims, 2, &["ada"], &back, 10).await, people(&[]));
    let later = ticket(claims, 110).await;
    assert_eq!(claim(claims, 2, &["ada"], &later, 110).await, people(&["ada"]));
}

pub async fn what_is_forgotten_after_a_day_refuses_older_passes(claims: &impl Claims) {
    const DAY: i64 = 24 * 3_600 * 1_000_000;
    let old = ticket(claims, 1).await;
    assert_eq!(claim(claims, 1, &["ada"], &old, 2).await, people(&["ada"]));
    claims.release(&pass(1), micros(3)).await.unwrap();
    claims.release(&pass(1), micros(DAY + 4)).await.unwrap();
    assert_eq!(claim(claims, 2, &["ada", "bob"], &old, DAY + 5).await, people(&[]));
    let fresh = ticket(claims, DAY + 5).await;
    assert_eq!(claim(claims, 2, &["ada", "bob"], &fresh, DAY + 6).await.len(), 2);
}

pub async fn of_racing_passes_one_gets_a_person(claims: Arc<impl Claims + 'static>) {
    let ticket = ticket(&*claims, 1).await;
    let n = std::sync::atomic::AtomicU8::new(0);
    let winners = race(|| {
        let claims = Arc::clone(&claims);
        let n = n.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move { !claim(&*claims, n, &["ada"], &ticket, 2).await.is_empty() }
    });
    assert_eq!(winners.await, 1);
}
