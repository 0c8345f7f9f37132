//! What is kept of each answer: rows of checks, and nothing of the assertion.

use crate::door::{Answer, House, answer, idp};
use crate::world::{Fault, World, person_id};
use control::ports::{Attempt, RowState};
use saml_sp::Check;

/// The attempt in a line: its rows up to the first that did not pass, and how many did not run.
fn line(attempt: &Attempt) -> String {
    // Nothing here is encrypted, so nothing is decrypted on the way.
    let went_on = |state, check: &str| state == RowState::Passed || check == "decryption";
    let passed = attempt.rows.iter().take_while(|row| went_on(row.state, &row.check)).count();
    let failed: Vec<_> = attempt
        .rows
        .iter()
        .filter(|row| row.state == RowState::Failed)
        .map(|row| format!("{}={}", row.check, row.code.as_deref().unwrap()))
        .collect();
    let coded = attempt.rows.iter().filter(|row| row.code.is_some()).count();
    assert_eq!(coded, failed.len(), "only what failed has a code");
    assert_eq!(attempt.rows.len(), Check::ALL.len() + 5);
    format!("{passed} {} {}", failed.join(" "), attempt.code)
}

#[tokio::test(start_paused = true)]
async fn an_accepted_answer_passed_every_check() {
    let house = House::new();
    let response = answer("ada").by(house.tiles);
    let accepted = house.accept(&response, None).await.unwrap();
    let attempt = house.world.state().attempts.pop().unwrap();
    assert_eq!(line(&attempt), format!("{}  signed-in", Check::ALL.len() + 5));
    assert_eq!(attempt.idp.as_ref().unwrap().as_str(), "tiles");
    assert_eq!((attempt.person.as_ref(), attempt.accepted), (Some(&person_id("ada")), true));
    assert_eq!(attempt.reference.len(), 10);
    let order: Vec<_> =
        attempt.rows.iter().skip(Check::ALL.len()).map(|row| row.check.as_str()).collect();
    assert_eq!(order, ["pending-login", "replay", "person", "team", "session"]);
    let kept = serde_json::to_string(&attempt).unwrap();
    for secret in [&response, "_a1", accepted.token.reveal(), "emailAddress"] {
        assert!(!kept.contains(secret), "{kept}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_answer_says_where_it_stopped_under_the_number_on_the_page() {
    let house = House::new();
    let all = Check::ALL.len();
    let position = |check: Check| Check::ALL.iter().position(|c| *c == check).unwrap();
    house.world.state().people.get_mut(&person_id("ada")).unwrap().enabled = false;
    let twice = answer("ada").by(house.tiles);
    let nobody = Answer { assertion: "_a2", ..answer("mallory") }.by(house.tiles);
    let stranger = answer("ada").by(&idp("https://stranger.example"));
    let forged = answer("ada").by(&idp("https://tiles.example"));
    let unknown = Answer { to: Some("_never"), ..answer("ada") }.by(house.corp);
    let at_signature = position(Check::Signature);
    let at_xml = position(Check::Xml);
    let cases = [
        ("bm9uc2Vuc2U=", None, format!("{at_xml} xml=xml-malformed xml-malformed")),
        (&stranger, None, format!("{} issuer=unknown-idp unknown-idp", at_xml + 1)),
        (
            &forged,
            Some("tiles"),
            format!("{at_signature} signature=signature-invalid signature-invalid"),
        ),
        // The attributes are looked at last, by the door.
        (&unknown, Some("corp"), format!("{} pending-login=unknown-login unknown-login", all - 1)),
        (&nobody, Some("tiles"), format!("{} person=person-unknown person-unknown", all - 1)),
        (&twice, Some("tiles"), format!("{} person=person-disabled person-disabled", all - 1)),
        (&twice, Some("tiles"), format!("{} replay=replayed replayed", all - 1)),
    ];
    for (response, idp, expected) in cases {
        let refusal = house.accept(response, None).await.unwrap_err();
        let attempt = house.world.state().attempts.pop().unwrap();
        assert_eq!(line(&attempt), expected);
        assert_eq!(attempt.idp.as_ref().map(access::ids::IdpKey::as_str), idp);
        assert_eq!((attempt.reference, attempt.accepted), (refusal.reference, false));
        let known = refusal.code == "person-disabled";
        assert_eq!(attempt.person, known.then(|| person_id("ada")));
    }
}

#[tokio::test(start_paused = true)]
async fn an_attribute_that_is_missing_is_the_row_that_failed() {
    let map = crate::world::MAP.replace("attribute: ssouserid", "attribute: nosuch");
    let house = House::by(World::of(&["ada"]), &map);
    house.accept(&answer("ada").by(house.tiles), None).await.unwrap_err();
    let attempt = house.world.state().attempts.pop().unwrap();
    let last = Check::ALL.len() - 1;
    assert_eq!(line(&attempt), format!("{last} attributes=attribute-missing attribute-missing"));
    let own: Vec<_> = attempt.rows.iter().skip(last + 1).map(|row| row.state).collect();
    let (passed, not_run) = (RowState::Passed, RowState::NotRun);
    assert_eq!(own, [passed, passed, not_run, not_run, not_run]);
}

#[tokio::test(start_paused = true)]
async fn attempts_that_cannot_be_kept_keep_nobody_out() {
    let house = House::new();
    house.world.break_down(Fault::Attempts);
    house.sign_in("ada").await;
    assert_eq!(house.world.state().attempts, []);
}
