//! [`ReplayCache`].

use crate::race::{micros, race};
use control::ports::ReplayCache;
use jiff::Timestamp;
use std::sync::Arc;

pub async fn the_first_claim_wins_and_every_later_one_loses(cache: &impl ReplayCache) {
    let (until, now) = (micros(1_000), micros(10));
    assert_eq!(cache.claim("idp", "a1", until, now).await, Ok(true));
    assert_eq!(cache.claim("idp", "a1", until, now).await, Ok(false));
    assert_eq!(cache.claim("idp", "a1", micros(9_000), micros(999)).await, Ok(false));
}

pub async fn claims_of_other_issuers_and_ids_are_their_own(cache: &impl ReplayCache) {
    for (issuer, id) in
        [("idp", "a1"), ("idp", "a2"), ("idp2", "a1"), ("idpa", "1"), ("IDP", "a1"), ("", "idpa1")]
    {
        let claimed = cache.claim(issuer, id, micros(1_000), micros(10)).await;
        assert_eq!(claimed, Ok(true), "{issuer} {id}");
    }
    assert_eq!(cache.claim("idpa", "1", micros(1_000), micros(10)).await, Ok(false));
}

pub async fn a_claim_holds_up_to_its_end_and_not_longer(cache: &impl ReplayCache) {
    assert_eq!(cache.claim("idp", "a1", micros(1_000), micros(10)).await, Ok(true));
    assert_eq!(cache.claim("idp", "a1", micros(5_000), micros(999)).await, Ok(false));
    assert_eq!(cache.claim("idp", "a1", micros(2_000), micros(1_000)).await, Ok(true));
    // The second claim holds for its own time.
    assert_eq!(cache.claim("idp", "a1", micros(5_000), micros(1_999)).await, Ok(false));
    assert_eq!(cache.claim("idp", "a1", micros(5_000), micros(2_000)).await, Ok(true));
}

pub async fn whoever_looks_sees_a_claim_while_it_holds_and_claims_nothing(
    cache: &impl ReplayCache,
) {
    for _ in 0..2 {
        assert_eq!(cache.is_claimed("idp", "a1", micros(10)).await, Ok(false));
    }
    assert_eq!(cache.claim("idp", "a1", micros(1_000), micros(10)).await, Ok(true));
    assert_eq!(cache.is_claimed("idp", "a1", micros(999)).await, Ok(true));
    assert_eq!(cache.is_claimed("idp", "a1", micros(1_000)).await, Ok(false));
    assert_eq!(cache.is_claimed("idp", "a2", micros(10)).await, Ok(false));
    assert_eq!(cache.is_claimed("idp2", "a1", micros(10)).await, Ok(false));
}

pub async fn a_claim_never_ends_early_by_rounding(cache: &impl ReplayCache) {
    let until = Timestamp::from_nanosecond(1_000_900).unwrap();
    let just_before = Timestamp::from_nanosecond(1_000_899).unwrap();
    assert_eq!(cache.claim("idp", "a1", until, micros(10)).await, Ok(true));
    assert_eq!(cache.claim("idp", "a1", until, just_before).await, Ok(false));
}

pub async fn of_racing_claims_one_wins(cache: Arc<impl ReplayCache + 'static>) {
    for id in ["a1", "a2", "a3"] {
        let winners = race(|| {
            let cache = Arc::clone(&cache);
            async move { cache.claim("idp", id, micros(1_000), micros(10)).await.unwrap() }
        });
        assert_eq!(winners.await, 1, "{id}");
    }
}

pub async fn of_racing_claims_of_a_lapsed_one_one_wins(cache: Arc<impl ReplayCache + 'static>) {
    assert_eq!(cache.claim("idp", "a1", micros(50), micros(10)).await, Ok(true));
    let winners = race(|| {
        let cache = Arc::clone(&cache);
        async move { cache.claim("idp", "a1", micros(1_000), micros(50)).await.unwrap() }
    });
    assert_eq!(winners.await, 1);
}
