//! `stagedoor policy eval`.

mod input;
mod lines;

use crate::cli::{Common, EvalArgs, OutputFormat};
use crate::codes;
use crate::exit::{BadConfiguration, Outcome};
use crate::output::{self, counted, visible};
use anyhow::{Context as _, Result};
use iam_policy::Effect;
use iam_policy::evaluate::{Answer, Because, Decision, Finding};
use input::{Documents, MAX_BYTES};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read};
use std::path::Path;

pub(super) fn run(args: &EvalArgs, common: &Common) -> Result<Outcome> {
    match &args.input {
        Some(file) => one(file, common),
        None => many(),
    }
}

/// Answers every line of standard input.
fn many() -> Result<Outcome> {
    let input = BufReader::with_capacity(1 << 16, io::stdin().lock());
    let output = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let tally = lines::answer(input, output).context("cannot evaluate the lines")?;
    output::talk(&format!(
        "{}: {} allowed, {} denied, {} not understood",
        counted(tally.allowed + tally.denied + tally.failed, "line"),
        tally.allowed,
        tally.denied,
        tally.failed
    ));
    Ok(if tally.failed == 0 { Outcome::Done } else { Outcome::Failed })
}

/// Answers the request of a file.
fn one(file: &Path, common: &Common) -> Result<Outcome> {
    let text = read(file)?;
    let mut documents = Documents::default();
    let (id, read) = input::read(&text, &mut documents);
    let evaluation = read.map_err(|error| {
        let message = visible(&error.message);
        BadConfiguration::new(error.code, format!("{}: {message}", file.display()))
    })?;
    let answer = evaluation.policies.explain(&evaluation.request);
    match common.output {
        OutputFormat::Json => {
            let mut document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "PolicyEvaluation",
                "decision": answer.decision,
                "because": answer.because,
            });
            let id = id.map(|id| serde_json::from_str(id.get())).transpose()?;
            let note = evaluation.note.as_deref().map(Value::from);
            if let Some(object) = document.as_object_mut() {
                let more = [("id", id), ("note", note)];
                object.extend(more.into_iter().filter_map(|(name, it)| Some((name.into(), it?))));
            }
            output::data(&document.to_string());
        }
        OutputFormat::Table => output::data(&told(&answer)),
    }
    if let Some(note) = &evaluation.note {
        output::talk(&format!("note: {}", visible(note)));
    }
    Ok(if answer.is_allowed() { Outcome::Done } else { Outcome::Denied })
}

fn read(file: &Path) -> Result<String> {
    let bad = |problem: &dyn std::fmt::Display| {
        BadConfiguration::new(codes::INPUT_UNREADABLE, format!("{}: {problem}", file.display()))
    };
    let mut text = String::new();
    let most = u64::try_from(MAX_BYTES)? + 1;
    let read = if file.as_os_str() == "-" {
        io::stdin().lock().take(most).read_to_string(&mut text)
    } else {
        File::open(file).and_then(|file| file.take(most).read_to_string(&mut text))
    };
    read.map_err(|error| bad(&error))?;
    if text.len() > MAX_BYTES {
        return Err(bad(&format!("there are more than {MAX_BYTES} bytes")).into());
    }
    Ok(text)
}

/// An answer for people.
fn told(answer: &Answer) -> String {
    let decision = match answer.decision {
        Decision::Allowed => "Allowed",
        Decision::ImplicitlyDenied => "Denied, for want of an allow",
        Decision::ExplicitlyDenied => "Denied by a statement",
    };
    let mut lines = vec![decision.to_owned()];
    for because in &answer.because {
        lines.extend(reason(because));
    }
    lines.join("\n")
}

fn reason(because: &Because) -> Vec<String> {
    let level = if because.layer.has_levels() {
        format!(", level {}", because.level + 1)
    } else {
        String::new()
    };
    let layer = format!("{}{level}", because.layer);
    match &because.finding {
        Finding::Statement(found) => {
            let place = place(found.document, found.statement, found.sid.as_deref());
            vec![format!("  {layer}: {place} {}", verb(found.effect))]
        }
        Finding::RootUser => vec![format!("  {layer}: the root user needs none")],
        Finding::NoAllow { nearest } => {
            let mut lines = vec![format!("  {layer}: no statement allows it")];
            lines.extend(nearest.iter().map(|miss| {
                let failed: Vec<String> = miss.failed.iter().map(ToString::to_string).collect();
                let place = place(miss.document, miss.statement, miss.sid.as_deref());
                format!("    {place} would, but for {}", visible(&failed.join(", ")))
            }));
            lines
        }
    }
}

fn verb(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "allows it",
        Effect::Deny => "denies it",
    }
}

/// A statement for people, who count from one.
fn place(document: usize, statement: usize, sid: Option<&str>) -> String {
    let sid = sid.map(|sid| format!(" ({})", visible(sid))).unwrap_or_default();
    format!("document {}, statement {}{sid}", document + 1, statement + 1)
}
