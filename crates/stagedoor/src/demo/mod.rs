//! `stagedoor demo`: simulated AWS, a demo identity provider and the door, all on this machine.

mod browser;
mod forgery;
mod script;
mod story;
mod world;

use crate::cli::DemoArgs;
use crate::exit::Outcome;
use crate::output;
use anyhow::Result;
use world::World;

pub(crate) async fn run(args: &DemoArgs) -> Result<Outcome> {
    if args.script {
        return script::play().await;
    }
    let world = World::start().await?;
    world.serve()?;
    output::talk(&story::welcome(&world));
    tokio::signal::ctrl_c().await?;
    world.stop().await;
    Ok(Outcome::Done)
}
