//! What somebody without the identity provider's key, or with yesterday's answer, can try.

use super::browser::{Browser, Form};
use super::world::World;
use crate::system::{SystemClock, SystemEntropy};
use anyhow::{Context, Result, ensure};
use control::ports::{Clock, Entropy};
use demo_idp::{DemoIdp, DemoResponse, Signing};
use jiff::SignedDuration;
use url::Url;

/// A tile of the identity provider: a genuine answer that nobody here asked for.
pub(super) fn tile(world: &World, user_name: &str, team: &str) -> Result<Form> {
    let acs_url = world.acs_url();
    let audience = world.entity_id();
    let ids = Ids::new();
    let response = answer(world, user_name, team, &acs_url, &audience, &ids)?;
    form(&acs_url, world.idp.issue_response(&response)?)
}

/// Tries each forgery and returns what it was and the reason code it was refused with.
pub(super) async fn attempts(
    world: &World,
    browser: &mut Browser,
) -> Result<Vec<(&'static str, &'static str)>> {
    let acs_url = world.acs_url();
    let audience = world.entity_id();
    let ids = Ids::new();
    let genuine = answer(world, "user2", "team-2", &acs_url, &audience, &ids)?;
    let forger = world.forger()?;
    let unsigned = DemoResponse { signing: Signing::Nothing, ..genuine.clone() };
    let hour_ago = genuine.issued_at.checked_sub(SignedDuration::from_hours(1))?;
    let expired = DemoResponse { issued_at: hour_ago, ..genuine.clone() };
    let elsewhere = DemoResponse { audience: "https://other.example/saml", ..genuine.clone() };
    let invented = DemoResponse { in_response_to: Some("_never-asked"), ..genuine.clone() };
    let idp = |response| world.idp.issue_response(response);
    let attempts = [
        ("an unsigned answer", idp(&unsigned)?, "signature-missing"),
        (
            "an answer signed with another key",
            forger.issue_response(&genuine)?,
            "signature-invalid",
        ),
        ("an answer of an hour ago", idp(&expired)?, "expired"),
        ("an answer for another service", idp(&elsewhere)?, "audience-mismatch"),
        ("an answer to a question nobody asked", idp(&invented)?, "unknown-login"),
    ];
    let mut refused = Vec::new();
    for (what, response, code) in attempts {
        refuse(browser, what, &form(&acs_url, response)?, code).await?;
        refused.push((what, code));
    }
    let genuine = form(&acs_url, idp(&genuine)?)?;
    let accepted = browser.submit(&genuine).await?;
    ensure!(accepted.status < 400, "the genuine answer gives status {}", accepted.status);
    refuse(browser, "a replay", &genuine, "replayed").await?;
    refused.push(("the same genuine answer a second time", "replayed"));
    Ok(refused)
}

/// What a stranger sends in somebody's name, and the reason code it is refused with.
pub(super) fn of_a_stranger(
    world: &World,
    user_name: &str,
    team: &str,
) -> Result<Vec<(&'static str, Form, &'static str)>> {
    let (acs_url, audience, ids) = (world.acs_url(), world.entity_id(), Ids::new());
    let genuine = answer(world, user_name, team, &acs_url, &audience, &ids)?;
    let forged = world.forger()?.issue_response(&genuine)?;
    let elsewhere = DemoResponse { audience: "https://other.example/saml", ..genuine.clone() };
    let elsewhere = world.idp.issue_response(&elsewhere)?;
    Ok(vec![
        ("an answer signed with another key", form(&acs_url, forged)?, "signature-invalid"),
        ("an answer for another service", form(&acs_url, elsewhere)?, "audience-mismatch"),
    ])
}

async fn refuse(browser: &mut Browser, what: &str, form: &Form, code: &str) -> Result<()> {
    browser.submit(form).await?.refuses(code).context(what.to_owned())
}

/// Two ids for one answer.
struct Ids([String; 2]);

impl Ids {
    fn new() -> Self {
        Self(std::array::from_fn(|_| {
            let hex = SystemEntropy.bytes().map(|byte| format!("{byte:02x}")).concat();
            format!("_{hex}")
        }))
    }
}

fn answer<'a>(
    world: &'a World,
    user_name: &str,
    team: &'a str,
    acs_url: &'a str,
    audience: &'a str,
    ids: &'a Ids,
) -> Result<DemoResponse<'a>> {
    let [response_id, assertion_id] = &ids.0;
    Ok(DemoResponse {
        person: person(&world.idp, user_name)?,
        team: Some(team),
        in_response_to: None,
        acs_url,
        audience,
        issued_at: SystemClock.now(),
        response_id,
        assertion_id,
        signing: Signing::Assertion,
    })
}

fn person<'a>(idp: &'a DemoIdp, user_name: &str) -> Result<&'a demo_idp::DemoPerson> {
    idp.person(user_name).with_context(|| format!("the demo has no {user_name}"))
}

fn form(acs_url: &str, response: String) -> Result<Form> {
    Ok(Form { action: Url::parse(acs_url)?, fields: vec![("SAMLResponse".into(), response)] })
}
