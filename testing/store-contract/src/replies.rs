//! [`Replies`].

use crate::race::{micros, race};
use control::ports::{Begun, Replies, Reply};
use std::sync::Arc;

fn reply() -> Reply {
    Reply { status: 201, body: "{\"id\":1}".into() }
}

pub async fn a_request_is_done_once_and_answered_again(store: &impl Replies) {
    let begin = async |key, request, now| {
        store.begin_request(key, request, micros(now), micros(now + 10)).await.unwrap()
    };
    assert_eq!(begin("k1", "r1", 10).await, Begun::New);
    assert_eq!(begin("k1", "r1", 11).await, Begun::UnderWay);
    assert_eq!(begin("k1", "r2", 11).await, Begun::OtherRequest);
    store.end_request("k1", micros(20), Some(&reply()), micros(100)).await.unwrap();
    assert_eq!(begin("k1", "r1", 99).await, Begun::Answered(reply()));
    assert_eq!(begin("k1", "r2", 99).await, Begun::OtherRequest);
    assert_eq!(begin("k2", "r1", 99).await, Begun::New);
    // At its end it is forgotten.
    assert_eq!(begin("k1", "r2", 100).await, Begun::New);
    assert_eq!(begin("k1", "r2", 105).await, Begun::UnderWay);
}

pub async fn what_came_to_nothing_can_be_begun_anew(store: &impl Replies) {
    let begin =
        async |now| store.begin_request("k1", "r1", micros(now), micros(now + 10)).await.unwrap();
    assert_eq!(begin(10).await, Begun::New);
    store.end_request("k1", micros(20), None, micros(100)).await.unwrap();
    assert_eq!(begin(11).await, Begun::New);
    // Whoever began it has died.
    assert_eq!(begin(20).await, Begun::UnderWay);
    assert_eq!(begin(21).await, Begun::New);
}

pub async fn who_comes_too_late_does_not_end_what_somebody_else_began(store: &impl Replies) {
    let begin =
        async |now| store.begin_request("k1", "r1", micros(now), micros(now + 10)).await.unwrap();
    let end = async |begun, reply: Option<&Reply>| {
        store.end_request("k1", micros(begun), reply, micros(100)).await.unwrap();
    };
    assert_eq!(begin(10).await, Begun::New);
    assert_eq!(begin(20).await, Begun::New);
    end(20, Some(&reply())).await;
    assert_eq!(begin(21).await, Begun::UnderWay);
    end(20, None).await;
    assert_eq!(begin(22).await, Begun::UnderWay);
    let second = Reply { status: 200, body: "{}".into() };
    end(30, Some(&second)).await;
    assert_eq!(begin(23).await, Begun::Answered(second.clone()));
    // What was answered is not answered otherwise.
    end(30, None).await;
    end(100, Some(&reply())).await;
    assert_eq!(begin(24).await, Begun::Answered(second));
}

pub async fn of_racing_requests_of_one_key_one_is_done(store: Arc<impl Replies + 'static>) {
    let done = race(|| {
        let store = Arc::clone(&store);
        async move {
            let begun = store.begin_request("k1", "r1", micros(10), micros(100)).await;
            begun.unwrap() == Begun::New
        }
    });
    assert_eq!(done.await, 1);
}
