//! `stagedoor saml verify`: a captured response, check by check, as the door sees it.

use super::captured::Captured;
use crate::cli::{Common, OutputFormat, VerifyArgs};
use crate::codes::{self, Code};
use crate::exit::{BadConfiguration, Outcome};
use crate::output::{self, Paint, visible};
use crate::sp_keys;
use crate::system::SystemClock;
use anyhow::Result;
use control::ports::Clock;
use jiff::Timestamp;
use saml_sp::{
    AlgorithmPolicy, Check, CheckState, EncryptionPolicy, IdentityProvider, MAX_METADATA_BYTES,
    MetadataError, NameId, PinnedKey, Rejection, ServiceProvider, SignedBy, Unsolicited,
    VerifiedAssertion, Verifier,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::Path;

pub(super) fn run(args: &VerifyArgs, common: &Common) -> Result<Outcome> {
    let provider = identity_provider(&args.idp_metadata, args.idp_entity_id.as_deref())?;
    let response = Captured::read(&args.response)?;
    let now = args.now.unwrap_or_else(|| SystemClock.now());
    let verifier = verifier(args, provider)?;
    let expected = args.in_response_to.as_deref();
    let result = match &response {
        Captured::Xml(xml) => verifier.verify_xml(xml, now, expected),
        Captured::Form(value) => verifier.verify_form(value, now, expected),
    };
    let examined = Examined { args, verifier: &verifier, response: &response, now, result };
    match common.output {
        OutputFormat::Json => output::data(&examined.json().to_string()),
        OutputFormat::Table => output::data(&examined.table(Paint::stdout(common))),
    }
    Ok(if examined.result.is_ok() { Outcome::Done } else { Outcome::Denied })
}

fn verifier(args: &VerifyArgs, provider: IdentityProvider) -> Result<Verifier> {
    let us = ServiceProvider { entity_id: args.entity_id.clone(), acs_url: args.acs_url.clone() };
    let algorithms = if args.allow_weak_algorithms {
        AlgorithmPolicy::AllowWeak
    } else {
        AlgorithmPolicy::Strict
    };
    let encryption =
        if args.allow_cbc { EncryptionPolicy::AllowCbc } else { EncryptionPolicy::GcmOnly };
    let keys = args.decryption_key.iter().map(|file| sp_keys::from_file(file));
    Ok(Verifier::new(us, provider)
        .with_clock_skew(args.clock_skew)
        .with_algorithms(algorithms)
        .with_unsolicited(Unsolicited::NotChecked)
        .with_decryption(keys.collect::<Result<_>>()?, encryption))
}

/// Reads metadata, and of a file longer than any metadata only so much that this can be told.
fn identity_provider(file: &Path, entity_id: Option<&str>) -> Result<IdentityProvider> {
    let bad = |code: Code, what: &dyn std::fmt::Display| {
        let message = format!("identity provider metadata {}: {what}", file.display());
        BadConfiguration::new(code, message)
    };
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|file| file.take(MAX_METADATA_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| bad(codes::IDP_METADATA_UNREADABLE, &error))?;
    let read = match IdentityProvider::from_metadata(&bytes, entity_id) {
        // A door with such metadata refuses everything. So does the debugger, and says why.
        Err(MetadataError::NoSigningKey { entity_id }) => {
            Ok(IdentityProvider::without_keys(entity_id))
        }
        read => read,
    };
    Ok(read.map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        let help = match error {
            MetadataError::SeveralIdentityProviders { .. } => " (--idp-entity-id ID)",
            _ => "",
        };
        bad(codes::IDP_METADATA_INVALID, &format!("{error}{}{help}", cause.unwrap_or_default()))
    })?)
}

/// A response with the verdict on it.
struct Examined<'a> {
    args: &'a VerifyArgs,
    verifier: &'a Verifier,
    response: &'a Captured,
    now: Timestamp,
    result: Result<VerifiedAssertion, Rejection>,
}

/// One row of the table.
struct Row {
    check: Check,
    state: State,
    detail: Option<String>,
}

/// What became of a check.
enum State {
    Passed,
    Failed(&'static str),
    /// An earlier one failed.
    NotRun,
    /// It is not asked here.
    NotChecked,
}

impl State {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::NotRun => "not-run",
            Self::NotChecked => "not-checked",
        }
    }
}

impl Examined<'_> {
    fn rows(&self) -> Vec<Row> {
        let outcomes = match &self.result {
            Ok(assertion) => assertion.outcomes(),
            Err(rejection) => rejection.outcomes(),
        };
        outcomes.into_iter().map(|outcome| self.row(outcome.check, outcome.state)).collect()
    }

    fn row(&self, check: Check, state: CheckState) -> Row {
        let passed = |detail| Row { check, state: State::Passed, detail };
        match (state, check, &self.result) {
            (CheckState::Failed(code), _, result) => {
                let detail = result.as_ref().err().map(|rejection| rejection.detail().to_owned());
                Row { check, state: State::Failed(code.as_str()), detail }
            }
            (CheckState::Passed, Check::InResponseTo, _) if self.args.in_response_to.is_none() => {
                Row { check, state: State::NotChecked, detail: Some(self.answers()) }
            }
            (CheckState::NotRun, Check::Attributes, Ok(_)) => {
                let detail = Some("the access map says which are needed".to_owned());
                Row { check, state: State::NotChecked, detail }
            }
            (CheckState::NotRun, Check::Decryption, Ok(_)) => {
                let detail = Some("the assertion is not encrypted".to_owned());
                Row { check, state: State::NotChecked, detail }
            }
            (CheckState::NotRun, ..) => Row { check, state: State::NotRun, detail: None },
            (CheckState::Passed, Check::Issuer, _) => {
                passed(Some(self.verifier.identity_provider().entity_id.clone()))
            }
            (CheckState::Passed, Check::Audience, _) => passed(Some(self.args.entity_id.clone())),
            (CheckState::Passed, Check::Destination | Check::Recipient, _) => {
                passed(Some(self.args.acs_url.clone()))
            }
            (CheckState::Passed, Check::InResponseTo, _) => {
                passed(self.args.in_response_to.clone())
            }
            (CheckState::Passed, Check::Signature, Ok(assertion)) => {
                passed(Some(format!("of the {}", signed(assertion.signed_by()).join(" and the "))))
            }
            (CheckState::Passed, Check::Time, _) => passed(Some(format!("at {}", self.now))),
            (CheckState::Passed, ..) => passed(None),
        }
    }

    /// Which request is answered, as far as anybody can tell.
    fn answers(&self) -> String {
        let signed = self.result.as_ref().ok().and_then(|assertion| assertion.in_response_to());
        let said = match signed {
            Some(id) => Some(id.to_owned()),
            None => self.response.peek().ok().and_then(|r| r.in_response_to().map(str::to_owned)),
        };
        match said {
            Some(id) => format!("it answers {id}; check with --in-response-to ID"),
            None => "it answers no request".to_owned(),
        }
    }

    /// What would keep a door from accepting this for long, or should not be accepted at all.
    fn warnings(&self) -> Vec<String> {
        let provider = self.verifier.identity_provider();
        let mut warnings = Vec::new();
        if let Some(end) = provider.valid_until.filter(|end| *end <= self.now) {
            warnings.push(format!("the metadata was valid until {end}; the door would refuse it"));
        }
        let Ok(assertion) = &self.result else { return warnings };
        if assertion.used_weak_algorithms() {
            let text = "weak algorithms: accepted only because of --allow-weak-algorithms";
            warnings.push(text.to_owned());
        }
        let key = provider.keys.iter().find(|k| k.fingerprint() == assertion.key_fingerprint());
        if let Some(end) = key.and_then(PinnedKey::not_after).filter(|end| *end <= self.now) {
            warnings.push(format!("the certificate that verified it ended {end}"));
        }
        warnings
    }

    fn json(&self) -> Value {
        let checks: Vec<Value> = self.rows().into_iter().map(row_json).collect();
        let accepted = self.result.as_ref().ok();
        let rejection = self.result.as_ref().err();
        let name = accepted.map(VerifiedAssertion::name_id);
        let attributes: BTreeMap<&str, &[String]> = accepted
            .into_iter()
            .flat_map(|assertion| assertion.attributes().iter())
            .map(|(name, attribute)| (name, attribute.values()))
            .collect();
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        json!({
            "apiVersion": output::API_VERSION,
            "kind": "SamlVerification",
            "verdict": if accepted.is_some() { "accepted" } else { "rejected" },
            "code": rejection.map(|rejection| rejection.code().as_str()),
            "detail": rejection.map(Rejection::detail),
            "checks": checks,
            "subject": name.map(NameId::value),
            "subjectFormat": name.and_then(|name| name.format()),
            "attributes": attributes,
            "issuer": accepted.map(VerifiedAssertion::issuer),
            "signedBy": accepted.map(|a| signed(a.signed_by())),
            "keyFingerprint": accepted.map(VerifiedAssertion::key_fingerprint),
            "encrypted": accepted.map(VerifiedAssertion::was_encrypted),
            "weakAlgorithms": accepted.map(VerifiedAssertion::used_weak_algorithms),
            "inResponseTo": accepted.and_then(VerifiedAssertion::in_response_to),
            "authnInstant": time(accepted.map(VerifiedAssertion::authn_instant)),
            "sessionNotOnOrAfter": time(accepted.and_then(VerifiedAssertion::session_not_on_or_after)),
            "warnings": self.warnings(),
        })
    }

    fn table(&self, paint: Paint) -> String {
        let mut out = String::new();
        for row in self.rows() {
            let name = format!("{:<14}", row.check.as_str());
            let detail = row.detail.as_deref().map(visible).unwrap_or_default();
            let line = match row.state {
                State::Passed => format!("{} {name}  {}", paint.green("✓"), paint.dim(&detail)),
                State::Failed(code) => {
                    format!("{} {name}  {}: {detail}", paint.red("✗"), paint.red(code))
                }
                State::NotRun => format!("– {}", paint.dim(&format!("{name}  {detail}"))),
                State::NotChecked => format!("– {name}  not checked: {detail}"),
            };
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out.push('\n');
        match &self.result {
            Ok(assertion) => accepted(&mut out, assertion, paint),
            Err(rejection) => {
                let _ = writeln!(out, "{} ({})", paint.red("Rejected"), rejection.code());
            }
        }
        for warning in self.warnings() {
            let _ = writeln!(out, "{} {}", paint.yellow("!"), visible(&warning));
        }
        out.truncate(out.trim_end().len());
        out
    }
}

fn row_json(row: Row) -> Value {
    let mut object = Map::new();
    object.insert("check".into(), row.check.as_str().into());
    object.insert("state".into(), row.state.as_str().into());
    if let State::Failed(code) = row.state {
        object.insert("code".into(), code.into());
    }
    if let Some(detail) = row.detail {
        object.insert("detail".into(), detail.into());
    }
    object.into()
}

fn accepted(out: &mut String, assertion: &VerifiedAssertion, paint: Paint) {
    let name = assertion.name_id();
    let _ = writeln!(out, "{}", paint.green("Accepted"));
    let _ = writeln!(out, "  subject     {}", visible(name.value()));
    if let Some(format) = name.format() {
        let _ = writeln!(out, "  format      {}", visible(format));
    }
    for (name, attribute) in assertion.attributes().iter() {
        let friendly = attribute.friendly_name().map(|name| format!(" ({})", visible(name)));
        let values: Vec<String> = attribute.values().iter().map(|value| visible(value)).collect();
        let values = if values.is_empty() { "no text".to_owned() } else { values.join(", ") };
        let friendly = friendly.unwrap_or_default();
        let _ = writeln!(out, "  attribute   {}{friendly} = {values}", visible(name));
    }
    let signed = signed(assertion.signed_by()).join(" and ");
    let _ = writeln!(out, "  signed      {signed}");
    let _ = writeln!(out, "  key         SHA-256 {}", assertion.key_fingerprint());
}

fn signed(by: SignedBy) -> Vec<&'static str> {
    [(by.response, "response"), (by.assertion, "assertion")]
        .into_iter()
        .filter_map(|(is_signed, name)| is_signed.then_some(name))
        .collect()
}
