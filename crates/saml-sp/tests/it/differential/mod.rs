//! Against other verifiers: of thousands of mutated responses, none is accepted here which both
//! libxmlsec1 and python3-saml refuse.
//!
//! Only what is accepted here is shown to them, by one Python process (`oracles/judge.py`).

mod mutation;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::fixtures::{GENUINE, certificate, certificate_text};
use crate::genuine::genuine;
use crate::support::{ACS, IDP, REQUEST, SP, claims, now, verifier_with};
use mutation::{Random, mutant};

/// Mutants of each base.
const MUTANTS: u64 = 600;

/// A genuine response, and all that a verifier needs to know.
struct Base {
    name: String,
    xml: &'static str,
    certificate: String,
    issuer: String,
    now: Timestamp,
    verifier: saml_sp::Verifier,
}

fn bases() -> Vec<Base> {
    let providers = genuine().iter().map(|genuine| Base {
        name: genuine.name(),
        xml: &genuine.xml.0,
        certificate: genuine.certificate.clone(),
        issuer: genuine.issuer().to_owned(),
        now: genuine.now(),
        verifier: genuine.verifier(),
    });
    let libraries = GENUINE.iter().map(|&(name, xml, pem)| Base {
        name: name.to_owned(),
        xml: std::str::from_utf8(xml).unwrap(),
        certificate: certificate_text(pem),
        issuer: IDP.to_owned(),
        now: now(),
        verifier: verifier_with(vec![certificate(pem)]),
    });
    providers.chain(libraries).collect()
}

impl Base {
    fn claims_of(&self, xml: &[u8]) -> Option<String> {
        self.verifier.verify_xml(xml, self.now, Some(REQUEST)).ok().map(|a| claims(&a))
    }

    fn question(&self, xml: &[u8]) -> Value {
        json!({
            "xml": STANDARD.encode(xml),
            "certificate": self.certificate,
            "issuer": self.issuer,
            "now": self.now.as_second(),
            "entity_id": SP,
            "acs_url": ACS,
            "request": REQUEST,
        })
    }
}

/// The interpreter which has the other verifiers: `cargo xtask test` makes it.
fn python() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "the test runner says which interpreter to use")]
    let named = std::env::var("STAGEDOOR_TEST_PYTHON").ok();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = named.map_or_else(|| root.join("target/test-venv/bin/python"), PathBuf::from);
    let found = Command::new(&python).args(["-c", "import onelogin.saml2, xmlsec"]).output();
    assert!(
        found.is_ok_and(|output| output.status.success()),
        "{} has no python3-saml: run `cargo xtask test`, which installs it, \
         or name an interpreter in STAGEDOOR_TEST_PYTHON",
        python.display()
    );
    python
}

/// Every question's answer, in order.
fn ask(questions: Vec<Value>) -> Vec<Value> {
    let mut judge = Command::new(python())
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/judge.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // Both libraries write each refusal there.
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = judge.stdin.take().unwrap();
    let count = questions.len();
    let writer = std::thread::spawn(move || {
        for question in questions {
            writeln!(stdin, "{question}").unwrap();
        }
    });
    let lines = BufReader::new(judge.stdout.take().unwrap()).lines();
    let answers: Vec<Value> =
        lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    writer.join().unwrap();
    assert!(judge.wait().unwrap().success());
    assert_eq!(answers.len(), count);
    answers
}

/// What python3-saml read must be what we read.
fn reads_the_same(answer: &Value, genuine: &Value) -> bool {
    ["name_id", "attributes"].iter().all(|what| answer[what] == genuine[what])
}

#[test]
#[expect(clippy::print_stdout, reason = "what the others think is for the reader of the run")]
fn nothing_is_accepted_that_xmlsec1_and_python3_saml_both_refuse() {
    let bases = bases();
    let genuine = ask(bases.iter().map(|base| base.question(base.xml.as_bytes())).collect());
    // The judges are awake. The schema of python3-saml knows one order of elements only.
    for (base, answer) in bases.iter().zip(&genuine) {
        assert_eq!(answer["xmlsec1"], Value::Null, "{}", base.name);
        let other_order = base.name.contains("rich") || base.name.starts_with("nanoidp");
        assert_eq!(answer["python3_saml"] != Value::Null, other_order, "{}: {answer}", base.name);
    }

    let mut accepted: Vec<(usize, u64, Vec<u8>)> = Vec::new();
    for (index, base) in bases.iter().enumerate() {
        let claims = base.claims_of(base.xml.as_bytes()).unwrap();
        for number in 0..MUTANTS {
            let seed = u64::try_from(index).unwrap() * MUTANTS + number;
            let xml = mutant(base.xml, &mut Random::new(seed));
            if xml == base.xml.as_bytes() {
                continue;
            }
            if let Some(read) = base.claims_of(&xml) {
                assert_eq!(read, claims, "mutant {seed} of {}", base.name);
                accepted.push((index, seed, xml));
            }
        }
    }
    let questions = accepted.iter().map(|(index, _, xml)| bases[*index].question(xml)).collect();
    let mut tally: BTreeMap<String, usize> = BTreeMap::new();
    let mut faults = Vec::new();
    for ((index, seed, xml), answer) in accepted.iter().zip(ask(questions)) {
        let name = &bases[*index].name;
        match (answer["xmlsec1"].as_str(), answer["python3_saml"].as_str()) {
            (Some(first), Some(second)) => faults.push(format!(
                "mutant {seed} of {name}: {first}; {second}\n{}",
                String::from_utf8_lossy(xml)
            )),
            (_, None) if !reads_the_same(&answer, &genuine[*index]) => {
                faults.push(format!("mutant {seed} of {name} reads as {answer}"));
            }
            (first, second) => {
                let category = match first.or(second) {
                    None => "both accept".to_owned(),
                    Some(reason) => {
                        let who = if first.is_some() { "xmlsec1" } else { "python3-saml" };
                        format!("{who} refuses: {}", reason.get(..60).unwrap_or(reason))
                    }
                };
                *tally.entry(category).or_default() += 1;
            }
        }
    }
    let mutants = u64::try_from(bases.len()).unwrap() * MUTANTS;
    println!("{mutants} mutants of {} responses, {} accepted:", bases.len(), accepted.len());
    for (category, count) in tally {
        println!("{count:>6}  {category}");
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(accepted.len() > 500, "too few of the mutants are accepted to prove anything");
}
