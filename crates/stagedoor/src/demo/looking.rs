//! The admin pages, as the story's admin sees them in the end.

use super::browser::{Browser, attribute};
use super::script::{sign_in, until};
use super::world::World;
use anyhow::{Context, Result, ensure};
use control::event::Wake;

/// Looks at what there is to see after the story, freezes and thaws. What was seen, a line each.
pub(super) async fn tour(world: &World) -> Result<Vec<String>> {
    everything_is_read_again(world).await?;
    let at = |path: &str| format!("{}{path}", world.door_url);
    let mut admin = Browser::default();
    sign_in(world, &mut admin, "admin").await?;
    let now = admin.get(&at("/admin")).await?;
    now.says("People 3 have a right to a team")?;
    now.says("Pending removals 0 nobody is leaving")?;
    let plan = admin.get(&at("/admin/plan")).await?;
    plan.says("Nothing to do: AWS agrees with the map.")?;
    plan.says("Guard 0 of")?;
    let people = admin.get(&at("/admin/people?q=user3")).await?;
    let link = people.body.split("<a ").find(|tag| tag.contains("/admin/people/"));
    let link = link.and_then(|tag| attribute(&format!("<a {tag}"), "href"));
    let person = admin.get(&at(&link.context("nobody is found")?)).await?;
    let grant = world.parts.plane.map.grants.first().context("the demo's map has no grant")?;
    let grant = grant.place.to_string();
    for rung in [
        "a member of the group ml-team-1",
        &format!("In git: {grant}"),
        "arn:aws:iam::111122223333:role/studio-team-1 exists, and SageMaker may assume it",
        "profile user3--team-1 in research",
    ] {
        person.says(rung)?;
    }
    let offboarding = admin.get(&at("/admin/offboarding")).await?;
    offboarding.says("0 On hold")?;
    offboarding.says("team-1 user1--team-1,")?;
    let mut seen = vec![
        "Now: three people, nothing pending; Plan: nothing to do, nothing of the guard used"
            .to_owned(),
        format!("Person: User 3 has team-1 by group, grant ({grant}), role and profile"),
        "Offboarding: nobody is on hold; user1--team-1 is gone".to_owned(),
    ];
    seen.push(freezes(world, &mut admin).await?);
    let mut other = Browser::default();
    sign_in(world, &mut other, "user2").await?;
    other.get(&at("/admin")).await?.refuses("right-missing")?;
    seen.push("User 2 has no role and sees none of it: right-missing".to_owned());
    Ok(seen)
}

/// Everything was read after all that happened: the pages show what the last full pass read.
async fn everything_is_read_again(world: &World) -> Result<()> {
    let plane = &world.parts.plane;
    let before = plane.clock.now();
    plane.wake(&Wake::Everything).await?;
    until("everything was read again", async || {
        Ok(plane.readings.last().filter(|reading| reading.at >= before).map(drop))
    })
    .await
}

async fn freezes(world: &World, admin: &mut Browser) -> Result<String> {
    let now = admin.get(&format!("{}/admin", world.door_url)).await?;
    let mut form = now.form(|text| text.contains("/admin/freeze\""))?;
    form.fields.retain(|(name, _)| name != "reason");
    let frozen = admin.submit(&form.pressing("reason", "the end of the play")).await?;
    let frozen = admin.follow(frozen).await?;
    frozen.says("Frozen: nothing is changed.")?;
    frozen.says("the end of the play")?;
    let thawed = admin.submit(&frozen.form(|text| text.contains("/admin/thaw\""))?).await?;
    let thawed = admin.follow(thawed).await?;
    ensure!(!thawed.text().contains("Frozen:"), "it is frozen still");
    Ok("the freeze switch stops every change, and thaws again".to_owned())
}
