//! Runs what it is asked to for as long as it is asked to, and says how often that was.
//!
//! ```text
//! saml-bench-time FOLDER
//! > {"name": "assertion", "origin": "genuine", "bytes": 8192, "outcome": "accepted"}   (each task)
//! > ready
//! < assertion 100
//! > 1344 0.100073
//! ```
//!
//! In `FOLDER` it leaves what another verifier needs for the same responses.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use saml_bench::{ACS, Genuine, IDP, Origin, REQUEST, SP, hostile};
use saml_sp::Verifier;
use serde_json::json;

/// Runs between two looks at the clock.
const BATCH: u32 = 4;

/// Something that can be done again and again, and says whether it went as it must.
struct Task<'b> {
    name: String,
    origin: &'static str,
    bytes: usize,
    outcome: String,
    once: Box<dyn Fn() -> bool + 'b>,
}

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).context("no folder was named")?;
    #[expect(clippy::disallowed_methods, reason = "others look at the real clock")]
    let genuine = Genuine::new(Timestamp::now())?;
    hand_over(&genuine, &folder)?;
    let verifier = genuine.verifier()?;
    let mut tasks = raw(&genuine)?;
    let forms = [("assertion", &genuine.assertion_signed), ("both", &genuine.both_signed)];
    for (name, xml) in forms {
        let task = verification(&verifier, genuine.now, name, "genuine", STANDARD.encode(xml))?;
        ensure!(task.outcome == "accepted", "{name} was not accepted: {}", task.outcome);
        tasks.push(task);
    }
    for case in hostile(&genuine) {
        let origin = match case.origin {
            Origin::Goal => "goal",
            Origin::Bounds => "bounds",
            Origin::Insider => "insider",
        };
        tasks.push(verification(&verifier, genuine.now, case.name, origin, case.form)?);
    }
    serve(&tasks)
}

fn serve(tasks: &[Task<'_>]) -> Result<()> {
    let mut out = io::stdout().lock();
    for task in tasks {
        let Task { name, origin, bytes, outcome, .. } = task;
        writeln!(
            out,
            "{}",
            json!({"name": name, "origin": origin, "bytes": bytes, "outcome": outcome})
        )?;
    }
    writeln!(out, "ready")?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (name, milliseconds) = line.rsplit_once(' ').context("no time was given")?;
        let task = tasks.iter().find(|task| task.name == name).context("no such task")?;
        let least = Duration::from_millis(milliseconds.parse().context("the time")?);
        let (count, time) = run(task, least)?;
        writeln!(out, "{count} {:.9}", time.as_secs_f64())?;
        out.flush()?;
    }
    Ok(())
}

fn run(task: &Task<'_>, least: Duration) -> Result<(u32, Duration)> {
    let mut count = 0;
    let mut all_well = true;
    let start = Instant::now();
    loop {
        for _ in 0..BATCH {
            all_well &= (task.once)();
        }
        count += BATCH;
        let time = start.elapsed();
        if time >= least {
            ensure!(all_well, "`{}` did not end as it must", task.name);
            return Ok((count, time));
        }
    }
}

/// The one computation that no verification can do without.
fn raw(genuine: &Genuine) -> Result<Vec<Task<'_>>> {
    let key = genuine.key().public_key().as_ref();
    let (message, signature) = (genuine.signed_info.as_bytes(), genuine.signature.as_slice());
    let parsed = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).ok().context("the key")?;
    let each_time = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
    Ok(vec![
        computation("raw", move || parsed.verify_sig(message, signature).is_ok()),
        computation("raw-parsing", move || each_time.verify(message, signature).is_ok()),
    ])
}

fn computation<'b>(name: &str, once: impl Fn() -> bool + 'b) -> Task<'b> {
    let outcome = "verified".to_owned();
    Task { name: name.to_owned(), origin: "raw", bytes: 0, outcome, once: Box::new(once) }
}

fn verification<'b>(
    verifier: &'b Verifier,
    now: Timestamp,
    name: &str,
    origin: &'static str,
    form: String,
) -> Result<Task<'b>> {
    let bytes = STANDARD.decode(form.replace('\n', "")).context("the form")?.len();
    let expected = verifier.verify_form(&form, now, Some(REQUEST)).map(drop).map_err(|r| r.code());
    let mut outcome = "accepted".to_owned();
    if let Err(code) = expected {
        outcome.clear();
        write!(outcome, "{code}")?;
    }
    let once = move || {
        let result = verifier.verify_form(&form, now, Some(REQUEST));
        result.map(drop).map_err(|rejection| rejection.code()) == expected
    };
    Ok(Task { name: name.to_owned(), origin, bytes, outcome, once: Box::new(once) })
}

fn hand_over(genuine: &Genuine, folder: &Path) -> Result<()> {
    let settings = json!({
        "certificate": genuine.certificate(),
        "idp": IDP,
        "sp": SP,
        "acs": ACS,
        "request": REQUEST,
        "responses": {
            "assertion": STANDARD.encode(&genuine.assertion_signed),
            "both": STANDARD.encode(&genuine.both_signed),
        },
    });
    let path = folder.join("settings.json");
    fs::write(&path, settings.to_string())
        .with_context(|| format!("cannot write `{}`", path.display()))
}
