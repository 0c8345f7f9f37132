//! `stagedoor demo`: simulated AWS, a demo identity provider and the door, all on this machine.

mod browser;
mod company;
mod forgery;
mod looking;
mod past;
mod people;
mod provider;
mod script;
mod story;
mod world;

use crate::cli::DemoArgs;
use crate::commands::stop_signal;
use crate::exit::Outcome;
use crate::output;
use anyhow::Result;
use tokio::io::{AsyncBufReadExt, BufReader};
use world::{COMPANY, World};

pub(crate) async fn run(args: &DemoArgs) -> Result<Outcome> {
    if args.script {
        return script::play(args.directory).await;
    }
    let stop = stop_signal();
    let world = World::start(&COMPANY, args.directory).await?;
    world.serve().await?;
    if let Err(error) = company::live(&world).await {
        output::talk(&format!("warning: not everything of the company is there: {error:#}"));
    }
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
    let typed = typed.to_ascii_lowercase();
    let mut words = typed.split_whitespace();
    let (Some(verb), who) = (words.next(), words.next()) else { return String::new() };
    let (user_name, join, said) = match verb {
        "join" => {
            (who.unwrap_or("kim"), true, "is now in ml-fraud. Watch the loop make a profile.")
        }
        "leave" => (
            who.unwrap_or("elif"),
            false,
            "is out of ml-fraud. Watch the loop stop what runs and put the rest on hold.",
        ),
        "return" => (who.unwrap_or("elif"), true, "is in ml-fraud again."),
        _ => {
            return "Type join, leave or return, with a user name if you like; Ctrl-C stops."
                .into();
        }
    };
    match company::membership(world, "ml-fraud", user_name, join).await {
        Ok(()) => format!("{user_name} {said}"),
        Err(error) => format!("The directory refused: {error:#}"),
    }
}
