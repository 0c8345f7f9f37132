//! `stagedoor saml verify` and `stagedoor saml decode` on captured responses.
//!
//! The responses are those that other stacks signed for the tests of `saml-sp`: valid at
//! 2026-11-21T10:00:00Z, answers to `_request1`.

use crate::process::{Run, command, run};
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;
use tempfile::TempDir;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../saml-sp/tests/fixtures/");

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(FIXTURES).join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(fixture(name)).unwrap()
}

/// A folder with the metadata of the identity provider that has this certificate.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new(certificate: &str) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        desk.write("idp.xml", &metadata("https://idp.example/metadata", certificate, ""));
        desk
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn run(&self, args: &[&str], input: Option<&str>) -> Run {
        let mut command = command(self.folder.path());
        command.args(["saml"]).args(args);
        let Some(input) = input else { return run(command) };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may end before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Verifies what comes on standard input, as of the time at which the fixtures are valid.
    fn verify(&self, input: &str, more: &[&str]) -> Run {
        let args = [&VERIFY[..], &["--now", "2026-11-21T10:00:00Z"], more, &["-"]].concat();
        self.run(&args, Some(input))
    }
}

const VERIFY: [&str; 7] = [
    "verify",
    "--idp-metadata",
    "idp.xml",
    "--entity-id",
    "https://sp.example/saml",
    "--acs-url",
    "https://sp.example/saml/acs",
];

fn metadata(entity_id: &str, certificate: &str, more: &str) -> String {
    let base64: String = text(certificate).lines().filter(|line| !line.starts_with('-')).collect();
    format!(
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{entity_id}\"\
         {more}><IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <KeyDescriptor use=\"signing\"><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\">\
         <X509Data><X509Certificate>{base64}</X509Certificate></X509Data></KeyInfo>\
         </KeyDescriptor></IDPSSODescriptor></EntityDescriptor>"
    )
}

/// The row of a check.
#[track_caller]
fn row<'a>(document: &'a serde_json::Value, check: &str) -> &'a serde_json::Value {
    let checks = document["checks"].as_array().unwrap();
    checks.iter().find(|row| row["check"] == check).unwrap()
}

#[test]
fn an_accepted_response_is_shown_check_by_check_with_what_it_says() {
    let desk = Desk::new("rsa2048.crt");
    let run = desk.verify(&text("signxml-both.xml"), &[]).exits(0);
    let expected = "\
✓ size
✓ encoding
✓ xml
✓ structure
✓ status
✓ issuer          https://idp.example/metadata
– decryption      not checked: the assertion is not encrypted
✓ signature-form
✓ algorithm
✓ signature       of the response and the assertion
✓ audience        https://sp.example/saml
✓ destination     https://sp.example/saml/acs
✓ recipient       https://sp.example/saml/acs
✓ time            at 2026-11-21T10:00:00Z
– in-response-to  not checked: it answers _request1; check with --in-response-to ID
✓ statement
– attributes      not checked: the access map says which are needed

Accepted
  subject     ana@example.com
  format      urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress
  attribute   ssouserid = u-1001
  attribute   teamid = fraud
  signed      response and assertion
  key         SHA-256 ";
    let (shown, fingerprint) = run.stdout.split_at(expected.len());
    assert_eq!(shown, expected);
    assert_eq!(fingerprint.trim_end().len(), 64);
    assert_eq!(run.stderr, "");
}

#[test]
fn an_accepted_response_is_json_for_programs() {
    let desk = Desk::new("rsa2048.crt");
    let more = ["--output", "json", "--in-response-to", "_request1"];
    let document = desk.verify(&text("xmlsec-rich-assertion.xml"), &more).exits(0).json();
    assert_eq!(document["kind"], "SamlVerification");
    assert_eq!(document["verdict"], "accepted");
    assert_eq!(document["code"], serde_json::Value::Null);
    assert_eq!(document["subject"], "ana@example.com");
    assert_eq!(document["attributes"]["teamid"], serde_json::json!(["fraud"]));
    assert_eq!(document["attributes"]["groups"][1], "a<b>&c");
    assert_eq!(document["signedBy"], serde_json::json!(["assertion"]));
    assert_eq!(document["weakAlgorithms"], false);
    assert_eq!(document["inResponseTo"], "_request1");
    assert_eq!(document["sessionNotOnOrAfter"], "2026-11-21T18:00:00Z");
    assert_eq!(document["warnings"], serde_json::json!([]));
    let size = serde_json::json!({ "check": "size", "state": "passed" });
    assert_eq!(row(&document, "size"), &size);
    assert_eq!(row(&document, "in-response-to")["state"], "passed");
}

#[test]
fn a_rejected_response_exits_5_and_names_the_check_the_code_and_nobody() {
    let desk = Desk::new("rsa2048.crt");
    let forged = text("signxml-both.xml").replace("u-1001", "u-1002");
    let run = desk.verify(&forged, &["--output", "json"]).exits(5);
    let document = run.json();
    assert_eq!(document["verdict"], "rejected");
    assert_eq!(document["code"], "digest-mismatch");
    assert_eq!(document["subject"], serde_json::Value::Null);
    assert_eq!(document["attributes"], serde_json::json!({}));
    assert_eq!(row(&document, "signature")["state"], "failed");
    assert_eq!(row(&document, "signature")["code"], "digest-mismatch");
    let audience = serde_json::json!({ "check": "audience", "state": "not-run" });
    assert_eq!(row(&document, "audience"), &audience);

    let table = desk.verify(&forged, &[]).exits(5);
    let row =
        "✗ signature       digest-mismatch: the signed element was changed after it was signed";
    assert!(table.stdout.contains(row), "{}", table.stdout);
    assert!(table.stdout.ends_with("\nRejected (digest-mismatch)\n"), "{}", table.stdout);
    for secret in ["ana@example.com", "u-1002", "fraud"] {
        assert!(!run.stdout.contains(secret) && !table.stdout.contains(secret), "{secret}");
    }
}

#[test]
fn the_request_is_checked_only_when_it_is_named() {
    let desk = Desk::new("rsa2048.crt");
    let solicited = text("signxml-assertion.xml");
    desk.verify(&solicited, &[]).exits(0);
    desk.verify(&solicited, &["--in-response-to", "_request1"]).exits(0);
    let other = desk.verify(&solicited, &["--in-response-to", "_other", "--output", "json"]);
    assert_eq!(other.exits(5).json()["code"], "in-response-to-mismatch");
}

#[test]
fn a_response_is_taken_in_every_form_in_which_it_is_found() {
    let desk = Desk::new("rsa2048.crt");
    let xml = text("signxml-response.xml");
    desk.write("base64", &base64(&xml));
    let path = fixture("signxml-response.xml");
    let form = format!("RelayState=x&SAMLResponse={}", percent(&base64(&xml)));
    for (input, response) in [
        (None, path.to_str().unwrap()),
        (None, "base64"),
        (Some(form.as_str()), "-"),
        (Some(percent(&base64(&xml)).as_str()), "-"),
    ] {
        let args = [&VERIFY[..], &["--now", "2026-11-21T10:00:00Z", response]].concat();
        desk.run(&args, input).exits(0);
    }
}

#[test]
fn garbage_is_rejected_with_its_code() {
    let desk = Desk::new("rsa2048.crt");
    let huge = format!("<a>{}</a>", "x".repeat(200_000));
    let longer = "A".repeat(3_000_000);
    for (input, code) in [
        ("not a response!", "base64-malformed"),
        ("", "xml-malformed"),
        ("<a>", "xml-malformed"),
        ("<a/>", "not-a-response"),
        ("<!DOCTYPE a><a/>", "xml-doctype"),
        (huge.as_str(), "too-large"),
        (longer.as_str(), "too-large"),
    ] {
        let document = desk.verify(input, &["--output", "json"]).exits(5).json();
        assert_eq!(document["code"], code);
    }
}

#[test]
fn weak_algorithms_are_accepted_only_when_told_so_and_are_warned_about() {
    for (response, certificate, code) in [
        ("weak-sha1.xml", "rsa2048.crt", "algorithm-weak"),
        ("weak-rsa1024.xml", "rsa1024.crt", "key-weak"),
    ] {
        let desk = Desk::new(certificate);
        let refused = desk.verify(&text(response), &["--output", "json"]).exits(5).json();
        assert_eq!(refused["code"], code);
        let allowed = desk.verify(&text(response), &["--allow-weak-algorithms"]).exits(0);
        let warning = "! weak algorithms: accepted only because of --allow-weak-algorithms";
        assert!(allowed.stdout.contains(warning), "{}", allowed.stdout);
    }
}

#[test]
fn an_encrypted_assertion_takes_its_key_and_cbc_takes_a_word_more() {
    let desk = Desk::new("encrypted-idp.crt");
    let key = fixture("throw-away-sp.pem");
    let with_key = ["--decryption-key", key.to_str().unwrap(), "--output", "json"];
    let cbc = [&with_key[..], &["--allow-cbc"]].concat();
    let gcm = text("encrypted-xmlsec-gcm256-both.xml");
    let accepted = desk.verify(&gcm, &with_key).exits(0).json();
    assert_eq!(
        (&accepted["encrypted"], &accepted["subject"]),
        (&true.into(), &"ana@example.com".into())
    );
    assert_eq!(row(&accepted, "decryption")["state"], "passed");
    let keyless = desk.verify(&gcm, &["--output", "json"]).exits(5).json();
    assert_eq!(keyless["code"], "decryption-key-missing");

    let signed = text("encrypted-xmlsec-cbc256-both.xml");
    let refused = desk.verify(&signed, &with_key).exits(5).json();
    assert_eq!(refused["code"], "encryption-cbc-refused");
    desk.verify(&signed, &cbc).exits(0);
    let unsigned = text("encrypted-xmlsec-cbc256-assertion.xml");
    desk.verify(&unsigned, &cbc).exits(5);
    desk.verify(&gcm, &["--decryption-key", "none.pem"]).exits(3).says(&["(sp-key-unreadable)"]);

    let plain = desk.verify(&gcm, &with_key[..2]).exits(0);
    assert!(plain.stdout.contains("✓ decryption\n"), "{}", plain.stdout);
    let decoded = desk.run(&["decode"], Some(&gcm)).exits(0).says(&["A part is encrypted"]);
    assert!(decoded.stdout.contains("<xenc:CipherValue>…("), "{}", decoded.stdout);
}

#[test]
fn time_and_skew_are_the_callers() {
    let desk = Desk::new("rsa2048.crt");
    let response = fixture("signxml-both.xml");
    let at = |more: &[&str]| {
        let args = [&VERIFY[..], more, &["--output", "json", response.to_str().unwrap()]].concat();
        desk.run(&args, None)
    };
    assert_eq!(
        at(&["--now", "2026-11-21T10:05:30Z"]).exits(0).json()["code"],
        serde_json::Value::Null
    );
    let late = at(&["--now", "2026-11-21T10:05:30Z", "--clock-skew", "0s"]).exits(5);
    assert_eq!(late.json()["code"], "expired");
    assert_eq!(at(&["--now", "2026-11-21T12:06:00+01:00"]).exits(5).json()["code"], "expired");
}

#[test]
fn bad_usage_exits_3() {
    let desk = Desk::new("rsa2048.crt");
    let response = fixture("signxml-both.xml");
    let response = response.to_str().unwrap();
    let with = |more: &[&str]| desk.run(&[&VERIFY[..], more].concat(), None);
    with(&["--now", "yesterday", response]).exits(3).says(&["--now"]);
    with(&["--clock-skew", "5m", response]).exits(3).says(&["at most 120s"]);
    with(&["missing.xml"]).exits(3).says(&["response missing.xml: ", "(response-unreadable)"]);
    with(&["."]).exits(3).says(&["(response-unreadable)"]);
    with(&["--idp-entity-id", "https://other.example", response])
        .exits(3)
        .says(&["idp.xml", "no identity provider `https://other.example`"]);
    desk.write("idp.xml", "<a/>");
    with(&[response]).exits(3).says(&[
        "idp.xml",
        "not SAML 2.0 metadata",
        "(idp-metadata-invalid)",
    ]);
    fs::remove_file(desk.folder.path().join("idp.xml")).unwrap();
    with(&[response]).exits(3).says(&["idp.xml", "(idp-metadata-unreadable)"]);
}

#[test]
fn metadata_without_a_signing_certificate_lets_nothing_pass() {
    let desk = Desk::new("rsa2048.crt");
    let keyless = metadata("https://idp.example/metadata", "rsa2048.crt", "")
        .replace("use=\"signing\"", "use=\"encryption\"");
    desk.write("idp.xml", &keyless);
    let run = desk.verify(&text("signxml-both.xml"), &["--output", "json"]).exits(5);
    assert_eq!(run.json()["code"], "keys-missing");
    assert_eq!(run.json()["verdict"], "rejected");
}

#[test]
fn one_of_several_identity_providers_is_named() {
    let desk = Desk::new("rsa2048.crt");
    let (one, other) = (
        metadata("https://idp.example/metadata", "rsa2048.crt", ""),
        metadata("https://other.example", "p256.crt", ""),
    );
    desk.write(
        "idp.xml",
        &format!(
            "<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">{one}{other}\
             </EntitiesDescriptor>"
        ),
    );
    let xml = text("signxml-both.xml");
    desk.verify(&xml, &[]).exits(3).says(&["2 identity providers", "--idp-entity-id"]);
    desk.verify(&xml, &["--idp-entity-id", "https://idp.example/metadata"]).exits(0);
    let wrong =
        desk.verify(&xml, &["--idp-entity-id", "https://other.example", "--output", "json"]);
    assert_eq!(wrong.exits(5).json()["code"], "issuer-mismatch");
}

#[test]
fn metadata_that_has_ended_is_warned_about() {
    let desk = Desk::new("rsa2048.crt");
    let ended = " validUntil=\"2026-11-20T00:00:00Z\"";
    desk.write("idp.xml", &metadata("https://idp.example/metadata", "rsa2048.crt", ended));
    let run = desk.verify(&text("signxml-both.xml"), &[]).exits(0);
    let warning = "! the metadata was valid until 2026-11-20T00:00:00Z; the door would refuse it";
    assert!(run.stdout.ends_with(&format!("{warning}\n")), "{}", run.stdout);
}

#[test]
fn decoding_hides_people_and_secrets_and_says_that_nothing_is_verified() {
    let desk = Desk::new("rsa2048.crt");
    let xml = text("signxml-both.xml");
    let run = desk.run(&["decode"], Some(&xml)).exits(0);
    for line in [
        "  <saml:Issuer>https://idp.example/metadata</saml:Issuer>\n",
        "nameid-format:emailAddress\">…(15 characters)</saml:NameID>\n",
        "      <saml:Attribute Name=\"ssouserid\">\n        <saml:AttributeValue>…(6 characters)\
         </saml:AttributeValue>\n      </saml:Attribute>\n",
        "SessionIndex=\"…(9 characters)\">\n",
        "    <ds:SignatureValue>…(344 characters)</ds:SignatureValue>\n",
        "<ds:DigestValue>…(44 characters)</ds:DigestValue>\n",
    ] {
        assert!(run.stdout.contains(line), "{line} in {}", run.stdout);
    }
    assert!(run.stdout.ends_with("</samlp:Response>\n"), "{}", run.stdout);
    let run = run.says(&["Nothing of this is verified", "--show-values"]);
    for secret in ["ana@", "u-1001", "fraud", "_session1"] {
        assert!(!run.stdout.contains(secret), "{secret}");
    }

    let open = desk.run(&["decode", "--show-values", "--output", "json"], Some(&base64(&xml)));
    let document = open.exits(0).json();
    assert_eq!((&document["verified"], &document["encrypted"]), (&false.into(), &false.into()));
    let elements = document["elements"].as_array().unwrap();
    let text_of = |name: &str| {
        elements.iter().find(|element| element["name"] == name).unwrap()["text"].clone()
    };
    assert_eq!(text_of("saml:NameID"), "ana@example.com");
    assert_eq!(text_of("ds:SignatureValue"), "…(344 characters)");
}

#[test]
fn what_cannot_be_decoded_is_said_with_its_code() {
    let desk = Desk::new("rsa2048.crt");
    desk.run(&["decode"], Some("<!DOCTYPE a><a/>")).exits(1).says(&["(xml-doctype)"]).prints("");
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn percent(text: &str) -> String {
    text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}
