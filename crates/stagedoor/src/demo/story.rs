//! What the demo says to the person who started it.

use super::world::{REGION, World};
use std::path::Path;

/// What runs where, and what to try.
pub(super) fn welcome(world: &World) -> String {
    let World { door_url, idp_url, sandbox_url, .. } = world;
    let map = world.map_path();
    let map = map.display();
    let program = std::env::current_exe();
    let program = program.as_deref().unwrap_or(Path::new("stagedoor")).display();
    format!(
        "Stagedoor demo: everything runs on this machine, AWS is simulated, nothing is real.

  Portal             {door_url}/
  Demo sign-in       {idp_url}/          (tiles, as an identity provider shows them)
  Simulated AWS      {sandbox_url}/_sandbox/state
  Access map         {map}

Try
  1. Open the portal and sign in as User 1: two teams. Open Studio in one of them.
  2. Sign in as User 2 in another browser window: one team. The tile of team 1 is refused.
  3. Type `join` and Enter here: User 3 is put into team 1's group, an event wakes the loop,
     and User 3 can sign in. `leave` takes User 1 out of team 1; `return` brings User 1 back.
  4. In another terminal, ask what there is to do; then edit the map, and plan and apply:

       export AWS_ENDPOINT_URL={sandbox_url} AWS_REGION={REGION} \\
              AWS_ACCESS_KEY_ID=AKIADEMO AWS_SECRET_ACCESS_KEY=any
       {program} plan --map {map}

Ctrl-C stops everything and removes the temporary folder."
    )
}
