//! `stagedoor saml decode`: what is in a response, without what must not be passed around.

use super::captured::Captured;
use crate::cli::{Common, DecodeArgs, OutputFormat};
use crate::exit::{NotDone, Outcome};
use crate::output::{self, Paint, visible};
use anyhow::Result;
use saml_sp::{OutlineLine, OutlineText, outline, outline_form};
use serde_json::{Value, json};
use std::fmt::Write;

pub(super) fn run(args: &DecodeArgs, common: &Common) -> Result<Outcome> {
    let lines = match Captured::read(&args.response)? {
        Captured::Xml(xml) => outline(&xml),
        Captured::Form(value) => outline_form(&value),
    };
    let lines = lines.map_err(|rejection| NotDone {
        outcome: Outcome::Failed,
        code: rejection.code().as_str(),
        message: rejection.detail().to_owned(),
        remedy: "Give the XML, the value of the form field SAMLResponse, or the form's body."
            .to_owned(),
    })?;
    let encrypted = lines.iter().any(|line| line.name.starts_with("saml:Encrypted"));
    match common.output {
        OutputFormat::Json => {
            let elements: Vec<Value> = lines.iter().map(|line| element(line, args)).collect();
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "SamlOutline",
                "verified": false,
                "encrypted": encrypted,
                "elements": elements,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => output::data(&xml(&lines, args, Paint::stdout(common))),
    }
    output::talk("Nothing of this is verified: anybody can write such a document.");
    if encrypted {
        output::talk("A part is encrypted, and can be read only with our key.");
    }
    if !args.show_values {
        output::talk("Names and attributes of people are hidden; --show-values shows them.");
    }
    Ok(Outcome::Done)
}

fn element(line: &OutlineLine, args: &DecodeArgs) -> Value {
    let attributes: serde_json::Map<String, Value> = line
        .attributes
        .iter()
        .map(|(name, value)| (name.clone(), shown(value, args.show_values).into()))
        .collect();
    json!({
        "depth": line.depth,
        "name": line.name,
        "attributes": attributes,
        "text": line.text.as_ref().map(|text| shown(text, args.show_values)),
    })
}

/// The outline in the look of XML. It is not the document: prefixes, line ends and comments differ.
fn xml(lines: &[OutlineLine], args: &DecodeArgs, paint: Paint) -> String {
    let mut out = String::new();
    let mut open: Vec<&str> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        close(&mut out, &mut open, line.depth, paint);
        let indent = "  ".repeat(line.depth);
        let _ = write!(out, "{indent}<{}", paint.bold(&visible(&line.name)));
        for (name, value) in &line.attributes {
            let value = escaped(&shown(value, args.show_values));
            let _ = write!(out, " {}=\"{value}\"", paint.dim(&visible(name)));
        }
        let text = line.text.as_ref().map(|text| escaped(&shown(text, args.show_values)));
        let has_children = lines.get(index + 1).is_some_and(|next| next.depth > line.depth);
        match (text, has_children) {
            (None, false) => out.push_str("/>\n"),
            (Some(text), false) => {
                let _ = writeln!(out, ">{text}</{}>", paint.bold(&visible(&line.name)));
            }
            (text, true) => {
                let _ = writeln!(out, ">{}", text.unwrap_or_default());
                open.push(&line.name);
            }
        }
    }
    close(&mut out, &mut open, 0, paint);
    out.truncate(out.trim_end().len());
    out
}

/// Closes what is open at this depth and below.
fn close(out: &mut String, open: &mut Vec<&str>, depth: usize, paint: Paint) {
    while open.len() > depth {
        let name = open.pop().unwrap_or_default();
        let indent = "  ".repeat(open.len());
        let _ = writeln!(out, "{indent}</{}>", paint.bold(&visible(name)));
    }
}

fn shown(text: &OutlineText, show_values: bool) -> String {
    match text {
        OutlineText::Plain(text) => text.trim().to_owned(),
        OutlineText::Personal(text) if show_values => text.clone(),
        OutlineText::Personal(text) => hidden(text.chars().count()),
        OutlineText::Opaque(characters) => hidden(*characters),
    }
}

fn hidden(characters: usize) -> String {
    format!("…({})", output::counted(characters, "character"))
}

fn escaped(text: &str) -> String {
    visible(text).replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
