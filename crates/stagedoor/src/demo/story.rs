//! What the demo says to the person who started it.

use super::world::{REGION, World};
use std::path::Path;

/// What runs where, and what to try.
pub(super) fn welcome(world: &World) -> String {
    let World { door_url, idp_url, sandbox_url, .. } = world;
    let people = world.place_of_people();
    let map = world.map_path();
    let map = map.display();
    let store = world.store_path();
    let store = store.display();
    let program = std::env::current_exe();
    let program = program.as_deref().unwrap_or(Path::new("stagedoor")).display();
    format!(
        "Stagedoor demo: everything runs on this machine, AWS is simulated, nothing is real.

  Portal             {door_url}/
  Demo sign-in       {idp_url}/          (tiles, as an identity provider shows them)
  Simulated AWS      {sandbox_url}/_sandbox/state
  Access map         {map}
  People             {people}

Try
  1. Open the portal and sign in as Elif Yılmaz: one team, with an app running. Open Studio.
  2. Sign in as Chloé Martin: her team may be opened from the office only, and the page says so.
  3. Sign in as Ana Díaz, who administers: {door_url}/admin shows everything. A plan waits that
     takes three people away, more than the guard lets one plan; approve it, or put them back.
  4. Sign in as Zoë de Vries, who audits: she sees everything, checks the log, and changes nothing.
  5. Type `join` and Enter here: Kim Park is put into the group of the fraud team, the loop
     wakes, and she can sign in. `leave` takes Elif Yılmaz out of it; `return` brings her back.
     With a user name behind it, each word is about somebody else: `join nora`.
  6. In another terminal, ask what there is to do; then edit the map, and plan and apply:

       export AWS_ENDPOINT_URL={sandbox_url} AWS_REGION={REGION} \\
              AWS_ACCESS_KEY_ID=AKIADEMO AWS_SECRET_ACCESS_KEY=any
       {program} plan --map {map} --store {store}
       {program} report --map {map} --store {store} --html report.html

Ctrl-C stops everything and removes the temporary folder."
    )
}
