//! [`Notices`].

use crate::race::{micros, race};
use control::ports::{Notice, Notices};
use std::sync::Arc;

fn notice(headline: &str) -> Notice {
    Notice {
        headline: headline.into(),
        since: micros(7),
        told: None,
        busy_until: micros(9),
        failures: 0,
    }
}

pub async fn a_notice_is_replaced_by_whoever_knows_what_is_there(notices: &impl Notices) {
    let key = "webhook/ops|guard-refused|plan";
    let (first, second) = (notice("a"), Notice { told: Some(micros(8)), ..notice("a") });
    assert!(notices.notices().await.unwrap().is_empty());
    assert_eq!(notices.replace_notice(key, None, None).await, Ok(false));
    assert_eq!(notices.replace_notice(key, Some(&first), Some(&second)).await, Ok(false));
    assert_eq!(notices.replace_notice(key, None, Some(&first)).await, Ok(true));
    assert_eq!(notices.replace_notice(key, None, Some(&second)).await, Ok(false));
    assert_eq!(notices.replace_notice(key, Some(&second), None).await, Ok(false));
    assert_eq!(notices.replace_notice(key, Some(&first), Some(&second)).await, Ok(true));
    assert_eq!(notices.replace_notice("mail/b|x|y", None, Some(&first)).await, Ok(true));
    let all = notices.notices().await.unwrap();
    assert_eq!(all.get(key), Some(&second));
    assert_eq!(all.len(), 2);
    assert_eq!(notices.replace_notice(key, Some(&second), None).await, Ok(true));
    assert_eq!(notices.replace_notice(key, Some(&second), None).await, Ok(false));
    assert_eq!(notices.notices().await.unwrap().len(), 1);
}

pub async fn of_racing_replicas_one_gets_a_notice(notices: Arc<impl Notices + 'static>) {
    let begun = race(|| {
        let notices = Arc::clone(&notices);
        async move { notices.replace_notice("k", None, Some(&notice("a"))).await.unwrap() }
    });
    assert_eq!(begun.await, 1);
    let told = Notice { told: Some(micros(8)), ..notice("a") };
    let again = race(|| {
        let (notices, told) = (Arc::clone(&notices), told.clone());
        async move { notices.replace_notice("k", Some(&notice("a")), Some(&told)).await.unwrap() }
    });
    assert_eq!(again.await, 1);
}
