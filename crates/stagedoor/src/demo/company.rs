//! The first minutes of the demo's company: what makes its pages worth a look.

use super::browser::Browser;
use super::forgery;
use super::script::{sign_in, until};
use super::world::World;
use access::ids::{DomainId, TeamKey, TemporaryId};
use access::temporary::{TemporaryGrant, TemporaryKind};
use anyhow::{Context, Result, ensure};
use control::event::Wake;
use control::ports::{AccessRequest, Freeze};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span};
use std::collections::BTreeMap;

/// Who is missing from the churn team one day: too many for the guard.
const MISSING: [&str; 3] = ["alan", "bella", "dina"];

/// How many days before the first look profiles were counted.
const COUNTED: i32 = 45;

/// Plays what happened before the first look: people came in, some were refused, some left.
pub(super) async fn live(world: &World) -> Result<()> {
    everything_is_read(world).await?;
    profiles_were_counted(world).await?;
    people_sign_in(world).await?;
    somebody_makes_a_mistake(world).await?;
    access_for_a_time(world).await
}

/// Puts somebody into a group or takes them out, as the directory's admin would in the console.
pub(super) async fn membership(
    world: &World,
    group: &str,
    user_name: &str,
    join: bool,
) -> Result<()> {
    world.membership(group, user_name, join).await
}

async fn everything_is_read(world: &World) -> Result<()> {
    let plane = &world.parts.plane;
    until("everything was read once", async || Ok(plane.readings.last().map(drop))).await
}

/// How many profiles there were at the end of each of these days, as the loop would have counted them.
async fn profiles_were_counted(world: &World) -> Result<()> {
    let plane = &world.parts.plane;
    let today = plane.clock.now().to_zoned(TimeZone::UTC).date();
    for ago in 1..=COUNTED {
        let day = today.checked_sub(Span::new().days(ago))?;
        let mut counts: BTreeMap<DomainId, u64> = BTreeMap::new();
        for (domain, made) in world.made() {
            let there = made.to_zoned(TimeZone::UTC).date() <= day;
            *counts.entry(DomainId::parse(domain)?).or_default() += u64::from(there);
        }
        world.parts.store.count_profiles(day, &counts).await?;
    }
    Ok(())
}

async fn people_sign_in(world: &World) -> Result<()> {
    for user_name in ["elif", "leila", "wei", "dev"] {
        sign_in(world, &mut Browser::default(), user_name).await?;
    }
    let mut omar = Browser::default();
    let tile = forgery::tile(world, "omar", "fraud")?;
    omar.submit(&tile).await?.refuses("not-entitled")?;
    let mut stranger = Browser::default();
    for (what, form, code) in forgery::of_a_stranger(world, "ana", "fraud")? {
        stranger.submit(&form).await?.refuses(code).context(what)?;
    }
    Ok(())
}

/// Three people are gone from a group at once. Nothing may be changed meanwhile, so that the loop
/// meets them together and not one by one.
async fn somebody_makes_a_mistake(world: &World) -> Result<()> {
    let plane = &world.parts.plane;
    let freeze = Freeze {
        by: "yara".to_owned(),
        reason: "moving groups to the new directory".to_owned(),
        at: plane.clock.now(),
    };
    plane.switch.freeze(&freeze).await?;
    let before = world.events().len();
    for user_name in MISSING {
        membership(world, "ml-churn", user_name, false).await?;
    }
    until("what changed is heard", async || {
        let heard = if world.has_events() {
            world.events().len() >= before + MISSING.len()
        } else {
            are_gone(world).await?
        };
        let status = plane.loop_status().await?;
        Ok((heard && status.queue.due == 0 && status.queue.leased == 0).then_some(()))
    })
    .await?;
    plane.switch.thaw(&freeze).await?;
    plane.wake(&Wake::Everything).await?;
    until("the guard objects", async || Ok((plane.meter.read().guard_trips > 0).then_some(())))
        .await
}

/// Whether the directory has none of them in the group any more.
async fn are_gone(world: &World) -> Result<bool> {
    let directory = &world.parts.plane.directory;
    let group = directory.find_group("ml-churn").await?.context("the group of the churn team")?;
    let members = directory.members(&group).await?.unwrap_or_default();
    let mut left = false;
    for user_name in MISSING {
        let person = world.person(user_name).await?;
        left |= members.values().any(|id| *id == person);
    }
    Ok(!left)
}

/// Somebody has a team for an afternoon, and somebody asks for one.
async fn access_for_a_time(world: &World) -> Result<()> {
    let plane = &world.parts.plane;
    let now = plane.clock.now();
    let (viktor, elif) = (world.person("viktor").await?, world.person("elif").await?);
    let until = now.checked_add(SignedDuration::from_hours(4))?;
    let grant = TemporaryGrant {
        id: TemporaryId::parse("a1b2c3d4e5f6")?,
        person: viktor.clone(),
        user_name: Some("viktor".to_owned()),
        team: TeamKey::parse("churn")?,
        from: now,
        until,
        kind: TemporaryKind::Grant,
        reason: "helps with the campaign of this week".to_owned(),
        ticket: Some("DS-142".to_owned()),
        by: "ana".to_owned(),
        approved_by: None,
        made: now,
        ended: None,
        note: None,
    };
    let given = world.parts.store.give(&grant).await?;
    let request = AccessRequest {
        id: TemporaryId::parse("0f1e2d3c4b5a")?,
        person: elif,
        user_name: "elif".to_owned(),
        team: TeamKey::parse("search")?,
        seconds: 4 * 3_600,
        reason: "compare our embeddings with theirs".to_owned(),
        ticket: None,
        at: now,
        lapses: now.checked_add(SignedDuration::from_hours(72))?,
        break_glass: false,
        decision: None,
    };
    let asked = world.parts.store.ask(&request).await?;
    ensure!(given && asked, "the demo's store was not empty");
    plane.wake(&Wake::People([viktor].into())).await?;
    Ok(())
}
