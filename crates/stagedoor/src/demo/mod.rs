//! `stagedoor demo`: simulated AWS, a demo identity provider and the door, all on this machine.

mod browser;
mod forgery;
mod script;
mod story;
mod world;

use crate::cli::DemoArgs;
use crate::commands::stop_signal;
use crate::exit::Outcome;
use crate::output;
use anyhow::Result;
use tokio::io::{AsyncBufReadExt, BufReader};
use world::{PEOPLE, World};

pub(crate) async fn run(args: &DemoArgs) -> Result<Outcome> {
    if args.script {
        return script::play().await;
    }
    let world = World::start().await?;
    world.serve().await?;
    let stop = stop_signal();
    output::talk(&story::welcome(&world));
    tokio::pin!(stop);
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    loop {
        tokio::select! {
            () = &mut stop => break,
            line = lines.next_line() => {
                if let Some(line) = line? {
                    output::talk(&obey(&world, line.trim()).await);
                } else {
                    // No terminal: run until stopped.
                    stop.await;
                    break;
                }
            }
        }
    }
    world.stop().await;
    Ok(Outcome::Done)
}

/// Does what the person at the terminal types, as the directory's admin would in the console.
async fn obey(world: &World, typed: &str) -> String {
    let [user1, _, user3] = PEOPLE.map(|(id, ..)| id);
    let (user_id, join, said) = match typed.to_ascii_lowercase().as_str() {
        "join" => (user3, true, "User 3 is now in ml-team-1. Watch the loop make a profile."),
        "leave" => (user1, false, "User 1 is out of ml-team-1. Watch the loop take it all back."),
        "return" => (user1, true, "User 1 is in ml-team-1 again."),
        "" => return String::new(),
        _ => return "Type join, leave or return; Ctrl-C stops.".into(),
    };
    match world.membership("ml-team-1", user_id, join).await {
        Ok(()) => said.into(),
        Err(error) => format!("The directory refused: {error:#}"),
    }
}
