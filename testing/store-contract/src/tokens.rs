//! [`Tokens`].

use crate::race::{micros, race};
use control::desk::Right;
use control::ports::{ApiToken, Tokens};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn token(name: &str, digest: &str) -> ApiToken {
    ApiToken {
        name: name.into(),
        digest: digest.into(),
        scopes: [Right::See, Right::Audit].into(),
        directory: Some("corp".into()),
        by: "cli:root".into(),
        at: micros(10),
        until: micros(100),
    }
}

pub async fn a_token_is_found_by_its_digest_until_its_end(store: &impl Tokens) {
    assert_eq!(store.token("d1", micros(10)).await, Ok(None));
    assert_eq!(store.keep_token(&token("ci", "d1")).await, Ok(true));
    assert_eq!(store.token("d1", micros(99)).await, Ok(Some(token("ci", "d1"))));
    assert_eq!(store.token("d1", micros(100)).await, Ok(None));
    assert_eq!(store.token("ci", micros(10)).await, Ok(None));
}

pub async fn a_name_is_taken_once(store: &impl Tokens) {
    assert_eq!(store.keep_token(&token("ci", "d1")).await, Ok(true));
    assert_eq!(store.keep_token(&token("ci", "d2")).await, Ok(false));
    assert_eq!(store.token("d2", micros(10)).await, Ok(None));
    assert_eq!(store.keep_token(&token("backup", "d3")).await, Ok(true));
    // Those that ended are told, too.
    assert_eq!(store.tokens().await, Ok(vec![token("backup", "d3"), token("ci", "d1")]));
}

pub async fn a_revoked_token_opens_nothing_and_frees_its_name(store: &impl Tokens) {
    store.keep_token(&token("ci", "d1")).await.unwrap();
    assert_eq!(store.revoke_token("other").await, Ok(None));
    assert_eq!(store.revoke_token("ci").await, Ok(Some(token("ci", "d1"))));
    assert_eq!(store.revoke_token("ci").await, Ok(None));
    assert_eq!(store.token("d1", micros(10)).await, Ok(None));
    assert_eq!(store.keep_token(&token("ci", "d2")).await, Ok(true));
    assert_eq!(store.tokens().await, Ok(vec![token("ci", "d2")]));
}

pub async fn of_racing_makers_of_a_name_one_wins(store: Arc<impl Tokens + 'static>) {
    let number = AtomicUsize::new(0);
    let made = race(|| {
        let digest = format!("d{}", number.fetch_add(1, Ordering::SeqCst));
        let store = Arc::clone(&store);
        async move { store.keep_token(&token("ci", &digest)).await.unwrap() }
    });
    assert_eq!(made.await, 1);
    assert_eq!(store.tokens().await.unwrap().len(), 1);
}
