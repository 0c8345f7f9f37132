//! [`LoginRequests`].

use crate::race::{micros, race};
use access::ids::{IdpKey, TeamKey};
use control::ports::{LoginRequests, PendingLogin};
use std::sync::Arc;

fn login(request_id: &str, team: Option<&str>) -> PendingLogin {
    PendingLogin {
        request_id: request_id.to_owned(),
        browser: format!("browser of {request_id}"),
        idp: IdpKey::parse(if team.is_some() { "corp" } else { "tiles" }).unwrap(),
        team: team.map(|key| TeamKey::parse(key).unwrap()),
        expires: micros(1_000),
    }
}

pub async fn a_sign_in_is_taken_as_it_was_begun_and_once(requests: &impl LoginRequests) {
    let (with, without) = (login("_r1", Some("fraud-eu")), login("_r2", None));
    requests.begin(&with, micros(1)).await.unwrap();
    requests.begin(&without, micros(1)).await.unwrap();
    assert_eq!(requests.take("_r2", micros(10)).await, Ok(Some(without)));
    assert_eq!(requests.take("_r1", micros(10)).await, Ok(Some(with)));
    assert_eq!(requests.take("_r1", micros(10)).await, Ok(None));
    assert_eq!(requests.take("_r3", micros(10)).await, Ok(None));
}

pub async fn a_sign_in_lapses_at_its_end(requests: &impl LoginRequests) {
    requests.begin(&login("_r1", None), micros(1)).await.unwrap();
    requests.begin(&login("_r2", None), micros(1)).await.unwrap();
    assert_eq!(requests.take("_r1", micros(999)).await, Ok(Some(login("_r1", None))));
    assert_eq!(requests.take("_r2", micros(1_000)).await, Ok(None));
}

pub async fn a_request_id_is_begun_once(requests: &impl LoginRequests) {
    requests.begin(&login("_r1", Some("fraud")), micros(1)).await.unwrap();
    let error = requests.begin(&login("_r1", Some("other")), micros(1)).await.unwrap_err();
    assert_eq!(error.operation, "remember a sign-in");
    let taken = requests.take("_r1", micros(10)).await;
    assert_eq!(taken, Ok(Some(login("_r1", Some("fraud")))));
}

pub async fn of_racing_takers_one_gets_it(requests: Arc<impl LoginRequests + 'static>) {
    requests.begin(&login("_r1", None), micros(1)).await.unwrap();
    let takers = race(|| {
        let requests = Arc::clone(&requests);
        async move { requests.take("_r1", micros(10)).await.unwrap().is_some() }
    });
    assert_eq!(takers.await, 1);
}

pub async fn of_racing_beginners_of_an_id_one_begins(requests: Arc<impl LoginRequests + 'static>) {
    let begun = race(|| {
        let requests = Arc::clone(&requests);
        async move { requests.begin(&login("_r1", None), micros(1)).await.is_ok() }
    });
    assert_eq!(begun.await, 1);
}
