//! People's journeys through `stagedoor demo` in headless Chromium: each page they come to is judged
//! by axe-core, in light and dark, and is weighed.
//!
//! `cargo xtask pages` runs it; `cargo xtask screenshots` has it take pictures besides.

mod axe;
mod browser;
mod camera;
mod demo;
mod devtools;
mod judging;
mod walks;

use anyhow::{Context, Result, anyhow, bail};
use browser::Browser;
use camera::Camera;
use demo::Demo;
use page_judge::Verdict;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

/// No run takes longer; whatever hangs is ended.
const LONGEST: Duration = Duration::from_mins(6);

/// How long it may take to end the browser.
const TO_END: Duration = Duration::from_secs(20);

/// What the words of the command line ask for.
struct Asked {
    program: PathBuf,
    axe: PathBuf,
    camera: Camera,
}

#[tokio::main]
async fn main() -> ExitCode {
    if std::env::args().len() == 1 {
        // `cargo test` has no axe-core to give.
        say("journeys are made by `cargo xtask pages`");
        return ExitCode::SUCCESS;
    }
    let begun = Instant::now();
    match judge().await {
        Ok(verdict) => {
            say(&format!("{verdict}, {} s", begun.elapsed().as_secs()));
            if verdict.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            say(&format!("error after {} s: {error:#}", begun.elapsed().as_secs()));
            ExitCode::FAILURE
        }
    }
}

async fn judge() -> Result<Verdict> {
    let asked = asked(std::env::args().skip(1))?;
    let axe = std::fs::read_to_string(&asked.axe)
        .with_context(|| format!("cannot read {}", asked.axe.display()))?;
    let folder = tempfile::tempdir()?;
    let mut demo = Demo::start(&asked.program, folder.path()).await?;
    let browser = Browser::start(folder.path(), axe, asked.camera).await?;
    let mut terminated = signal(SignalKind::terminate())?;
    let told = tokio::select! {
        told = timeout(LONGEST, walks::all(&mut demo, &browser, folder.path())) => {
            told.unwrap_or_else(|_| Err(anyhow!("the journeys took {} s", LONGEST.as_secs())))
        }
        _ = tokio::signal::ctrl_c() => Err(anyhow!("interrupted")),
        _ = terminated.recv() => Err(anyhow!("terminated")),
    };
    let ended = timeout(TO_END, browser.end()).await.context("the browser does not end");
    let stopped = demo.stop().await;
    if let Err(error) = told {
        // What was found until then is worth knowing all the same.
        if let Ok(Ok(verdict)) = ended {
            say(&verdict.to_string());
        }
        return Err(error);
    }
    stopped?;
    ended?
}

fn asked(words: impl Iterator<Item = String>) -> Result<Asked> {
    let (mut program, mut axe, mut camera) = (None, None, Camera::default());
    let mut words = words;
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("{word} needs a value"));
        match word.as_str() {
            "--program" => program = Some(PathBuf::from(value()?)),
            "--axe" => axe = Some(PathBuf::from(value()?)),
            "--screenshots" => camera.all = Some(PathBuf::from(value()?)),
            "--best" => camera.best = Some(PathBuf::from(value()?)),
            other => bail!("there is no {other}"),
        }
    }
    Ok(Asked {
        program: program.context("--program FILE: which stagedoor")?,
        axe: axe.context("--axe FILE: axe.min.js of axe-core")?,
        camera,
    })
}

/// One line of the report. A reader that went away is not an error.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
