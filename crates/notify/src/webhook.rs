//! By HTTP POST, in the JSON that Slack's incoming webhooks take, and with them Mattermost, Rocket.Chat
//! and many bridges to other programs.

use crate::secret::Secret;
use crate::words::{colour, one_line, topic};
use async_trait::async_trait;
use aws_lc_rs::hmac;
use control::notify::{Channel, Message, Undelivered};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use url::{Host, Url};

/// From the name look-up to the last byte.
const TIMEOUT: Duration = Duration::from_secs(15);

/// More of an answer than this is not read.
const ANSWER_BYTES: u64 = 4 * 1024;

/// The header of the signature: `t=SECONDS,v1=HEX`, where HEX is HMAC-SHA-256 over the seconds, a full
/// stop and the body.
pub const SIGNATURE: &str = "Stagedoor-Signature";

/// A webhook.
#[derive(Debug, Clone)]
pub struct Webhook {
    url: Secret,
    key: Option<Secret>,
}

/// A webhook that cannot be used. Says nothing of its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// It is no address.
    #[error("it is no address")]
    NotAnAddress,
    /// It is neither https nor on this machine.
    #[error("it is not https, and not http on a loopback address")]
    NotSecure,
}

impl Webhook {
    /// A webhook at this address: https, or http on a loopback address. With a key, messages are
    /// signed.
    ///
    /// # Errors
    /// The address will not do.
    pub fn new(url: Secret, key: Option<Secret>) -> Result<Self, WebhookError> {
        let parsed = Url::parse(url.reveal()).map_err(|_| WebhookError::NotAnAddress)?;
        let on_this_machine = match parsed.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
            None => return Err(WebhookError::NotAnAddress),
        };
        match parsed.scheme() {
            "https" => Ok(Self { url, key }),
            "http" if on_this_machine => Ok(Self { url, key }),
            _ => Err(WebhookError::NotSecure),
        }
    }

    /// Posts, and blocks meanwhile.
    fn post(&self, message: &Message) -> Result<(), Undelivered> {
        let text = body(message).to_string();
        let secure = self.url.reveal().starts_with("https://");
        let mut config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .https_only(secure)
            // Who is told stands in the settings, not in an answer.
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent(concat!("stagedoor/", env!("CARGO_PKG_VERSION")));
        if secure {
            config = config.tls_config(tls());
        }
        let mut request = config
            .build()
            .new_agent()
            .post(self.url.reveal())
            .header("Content-Type", "application/json; charset=utf-8");
        if let Some(key) = &self.key {
            request = request.header(SIGNATURE, signature(key, message.at.as_second(), &text));
        }
        // What an error says of an address is not repeated: it is the secret.
        let mut answer = request.send(text.as_str()).map_err(|error| failure(&error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let said = answer.body_mut().with_config().limit(ANSWER_BYTES).read_to_string();
        let said = one_line(said.unwrap_or_default().trim());
        let said: String = said.chars().take(200).collect();
        let said = if said.is_empty() { said } else { format!(": {said}") };
        Err(Undelivered(format!("the server answered {}{said}", status.as_u16())))
    }
}

#[async_trait]
impl Channel for Webhook {
    async fn tell(&self, message: &Message) -> Result<(), Undelivered> {
        let (webhook, message) = (self.clone(), message.clone());
        tokio::task::spawn_blocking(move || webhook.post(&message))
            .await
            .unwrap_or_else(|_| Err(Undelivered("a defect ended it".to_owned())))
    }
}

/// Kinds of failure, none of which says where it was.
fn failure(error: &ureq::Error) -> Undelivered {
    let what = match error {
        ureq::Error::Timeout(_) => "no answer in time",
        ureq::Error::HostNotFound => "its host has no address",
        ureq::Error::ConnectionFailed => "the connection failed",
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "its certificate is not trusted",
        ureq::Error::Io(error) => match error.kind() {
            std::io::ErrorKind::ConnectionRefused => "the connection was refused",
            std::io::ErrorKind::TimedOut => "no answer in time",
            _ => "the connection broke",
        },
        _ => "the request failed",
    };
    Undelivered(what.to_owned())
}

/// `t=SECONDS,v1=HEX`.
fn signature(key: &Secret, seconds: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.reveal().as_bytes());
    let tag = hmac::sign(&key, format!("{seconds}.{body}").as_bytes());
    format!("t={seconds},v1={}", hex::encode(tag))
}

/// The message in Slack's JSON: `text` for notifications, an attachment for the rest.
fn body(message: &Message) -> Value {
    let field = |title: &str, value: &str| json!({"title": title, "value": value, "short": true});
    let mut fields = vec![
        field("Installation", &escaped(&message.instance)),
        field("Topic", topic(message)),
        field("State", message.phase.as_str()),
        field("Since", &message.since.to_string()),
    ];
    if !message.remedy.is_empty() {
        let remedy = escaped(&message.remedy);
        fields.push(json!({"title": "What to do", "value": remedy, "short": false}));
    }
    let headline = escaped(&one_line(&message.subject()));
    let text = match &message.link {
        Some(link) => format!("*<{}|{headline}>*", escaped(link)),
        None => format!("*{headline}*"),
    };
    json!({
        "text": text,
        "attachments": [{
            "color": colour(message),
            "fallback": headline,
            "text": escaped(&message.text),
            "fields": fields,
        }],
    })
}

/// As Slack asks for text that is not to be read as markup: names could else call the whole room.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// TLS as the AWS SDK has it: rustls on aws-lc-rs with the system's certificates.
fn tls() -> TlsConfig {
    static ROOTS: OnceLock<RootCerts> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let found = rustls_native_certs::load_native_certs();
        let roots: Vec<Certificate<'static>> =
            found.certs.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
        RootCerts::Specific(Arc::new(roots))
    });
    TlsConfig::builder()
        .root_certs(roots.clone())
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_https_or_on_this_machine() {
        let at = |text: &str| Webhook::new(Secret::new(text.to_owned()), None).map(drop);
        assert_eq!(at("https://hooks.example/T0/B0/xyz"), Ok(()));
        assert_eq!(at("http://127.0.0.1:9/x"), Ok(()));
        assert_eq!(at("http://[::1]:9/x"), Ok(()));
        assert_eq!(at("http://hooks.example/x"), Err(WebhookError::NotSecure));
        assert_eq!(at("http://localhost.example/x"), Err(WebhookError::NotSecure));
        assert_eq!(at("ftp://127.0.0.1/x"), Err(WebhookError::NotSecure));
        assert_eq!(at("hooks.example"), Err(WebhookError::NotAnAddress));
    }

    #[test]
    fn a_signature_is_hmac_over_time_and_body() {
        // openssl dgst -sha256 -hmac key, of `1.{}`.
        let key = Secret::new("key".to_owned());
        let signed = signature(&key, 1, "{}");
        let again = hmac::Key::new(hmac::HMAC_SHA256, b"key");
        let tag = hex::decode(signed.strip_prefix("t=1,v1=").unwrap()).unwrap();
        assert!(hmac::verify(&again, b"1.{}", &tag).is_ok());
        assert!(hmac::verify(&again, b"2.{}", &tag).is_err());
    }
}
