//! Writing responses. Every element is written in its exclusive canonical form, with attributes in
//! order, prefixes where they are first used, and no empty-element tags.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};

use crate::canonical::{attribute, text};
use crate::idp::DemoPerson;
use crate::signer::{DemoIdpError, Signer};

/// How long an assertion lives.
const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// What is signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Signing {
    /// The assertion, as most identity providers do.
    #[default]
    Assertion,
    /// The whole response.
    Response,
    /// The assertion, and then the whole response.
    Both,
    /// Nothing. Only for showing that it is refused.
    Nothing,
}

/// One response to issue. Any field can be wrong on purpose.
#[derive(Debug, Clone)]
pub struct DemoResponse<'a> {
    /// Whom it is about.
    pub person: &'a DemoPerson,
    /// The attribute `teamid`, if any.
    pub team: Option<&'a str>,
    /// The request that it answers; `None` for an unsolicited one.
    pub in_response_to: Option<&'a str>,
    /// Where it goes: destination and recipient.
    pub acs_url: &'a str,
    /// Entity id of the service provider that it is for.
    pub audience: &'a str,
    /// When it is issued. It is valid from one minute before to five minutes after.
    pub issued_at: Timestamp,
    /// ID of the response; a name as XML has it, without characters to escape.
    pub response_id: &'a str,
    /// ID of the assertion; likewise, and another one.
    pub assertion_id: &'a str,
    /// What is signed.
    pub signing: Signing,
}

pub(crate) fn issue(
    entity_id: &str,
    signer: &Signer,
    response: &DemoResponse<'_>,
) -> Result<String, DemoIdpError> {
    let issuer = text(entity_id);
    let (signs_assertion, signs_response) = match response.signing {
        Signing::Assertion => (true, false),
        Signing::Response => (false, true),
        Signing::Both => (true, true),
        Signing::Nothing => (false, false),
    };
    let mut assertion = Signable::assertion(&issuer, response);
    if signs_assertion {
        assertion.sign(signer, response.assertion_id)?;
    }
    let mut whole = Signable::response(&issuer, response, &assertion.into_xml());
    if signs_response {
        whole.sign(signer, response.response_id)?;
    }
    Ok(STANDARD.encode(whole.into_xml()))
}

/// A canonical element, cut where the schema puts its signature: after the issuer.
struct Signable {
    head: String,
    signature: String,
    tail: String,
}

impl Signable {
    fn assertion(issuer: &str, response: &DemoResponse<'_>) -> Self {
        let id = attribute(response.assertion_id);
        let now = instant(response.issued_at);
        let head = format!(
            "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" \
             IssueInstant=\"{now}\" Version=\"2.0\"><saml:Issuer>{issuer}</saml:Issuer>"
        );
        let begin = instant(shift(response.issued_at, -SignedDuration::from_mins(1)));
        let end = instant(shift(response.issued_at, LIFETIME));
        let tail = format!(
            "<saml:Subject><saml:NameID \
             Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">{email}\
             </saml:NameID><saml:SubjectConfirmation \
             Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><saml:SubjectConfirmationData\
             {in_response_to} NotOnOrAfter=\"{end}\" Recipient=\"{acs_url}\">\
             </saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>\
             <saml:Conditions NotBefore=\"{begin}\" NotOnOrAfter=\"{end}\">\
             <saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience>\
             </saml:AudienceRestriction></saml:Conditions>\
             <saml:AuthnStatement AuthnInstant=\"{now}\" SessionIndex=\"{id}\">\
             <saml:AuthnContext><saml:AuthnContextClassRef>\
             urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef>\
             </saml:AuthnContext></saml:AuthnStatement>\
             <saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>",
            email = text(&response.person.email),
            in_response_to = optional("InResponseTo", response.in_response_to),
            acs_url = attribute(response.acs_url),
            audience = text(response.audience),
            attributes = attributes(response),
        );
        Self { head, signature: String::new(), tail }
    }

    fn response(issuer: &str, response: &DemoResponse<'_>, assertion: &str) -> Self {
        let head = format!(
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
             Destination=\"{}\" ID=\"{}\"{} IssueInstant=\"{}\" Version=\"2.0\">\
             <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{issuer}\
             </saml:Issuer>",
            attribute(response.acs_url),
            attribute(response.response_id),
            optional("InResponseTo", response.in_response_to),
            instant(response.issued_at),
        );
        let tail = format!(
            "<samlp:Status><samlp:StatusCode \
             Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode>\
             </samlp:Status>{assertion}</samlp:Response>"
        );
        Self { head, signature: String::new(), tail }
    }

    fn sign(&mut self, signer: &Signer, id: &str) -> Result<(), DemoIdpError> {
        self.signature = signer.sign(&format!("{}{}", self.head, self.tail), id)?;
        Ok(())
    }

    fn into_xml(self) -> String {
        self.head + &self.signature + &self.tail
    }
}

fn attributes(response: &DemoResponse<'_>) -> String {
    let person = response.person;
    let mut pairs = vec![
        ("ssouserid", person.user_id.as_str()),
        ("username", person.user_name.as_str()),
        ("displayname", person.display_name.as_str()),
    ];
    pairs.extend(response.team.map(|team| ("teamid", team)));
    let written: Vec<_> = pairs
        .into_iter()
        .map(|(name, value)| {
            format!(
                "<saml:Attribute Name=\"{name}\"><saml:AttributeValue>{}</saml:AttributeValue>\
                 </saml:Attribute>",
                text(value)
            )
        })
        .collect();
    written.concat()
}

fn optional(name: &str, value: Option<&str>) -> String {
    value.map(|value| format!(" {name}=\"{}\"", attribute(value))).unwrap_or_default()
}

fn shift(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(time)
}

/// UTC in whole seconds.
pub(crate) fn instant(time: Timestamp) -> String {
    jiff::fmt::temporal::DateTimePrinter::new().precision(Some(0)).timestamp_to_string(&time)
}
