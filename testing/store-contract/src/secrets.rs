//! [`Secrets`].

use crate::race::race;
use control::ports::Secrets;
use std::sync::Arc;

pub async fn the_first_secret_of_a_name_stays(secrets: &impl Secrets) {
    assert_eq!(secrets.get_or_create("a", [1; 32]).await, Ok([1; 32]));
    assert_eq!(secrets.get_or_create("a", [2; 32]).await, Ok([1; 32]));
    assert_eq!(secrets.get_or_create("b", [2; 32]).await, Ok([2; 32]));
}

pub async fn racing_replicas_get_one_secret(secrets: Arc<impl Secrets + 'static>) {
    let number = std::sync::atomic::AtomicU8::new(0);
    let same = race(|| {
        let mine = [number.fetch_add(1, std::sync::atomic::Ordering::SeqCst); 32];
        let secrets = Arc::clone(&secrets);
        async move { secrets.get_or_create("a", mine).await == Ok(mine) }
    });
    assert_eq!(same.await, 1, "everybody else got another's");
}
