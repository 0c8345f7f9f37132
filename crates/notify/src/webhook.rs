//! By HTTP POST, in the JSON that Slack's incoming webhooks take, and with them Mattermost, Rocket.Chat
//! and many bridges to other programs.

use crate::secret::Secret;
use crate::words::{colour, one_line, topic};
use async_trait::async_trait;
use aws_lc_rs::hmac;
use control::notify::{Channel, Message, Undelivered};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::time::Duration;
use url::Url;

/// From the name look-up to the last byte.
const TIMEOUT: Duration = Duration::from_secs(15);

/// More of an answer than this is not read.
const ANSWER_BYTES: u64 = 4 * 1024;

/// What is shorter is no secret.
const SHORTEST_SECRET: usize = 4;

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
        let host = parsed.host().ok_or(WebhookError::NotAnAddress)?;
        match parsed.scheme() {
            "https" => Ok(Self { url, key }),
            "http" if outbound::is_on_this_machine(&host) => Ok(Self { url, key }),
            _ => Err(WebhookError::NotSecure),
        }
    }

    /// Posts, and blocks meanwhile.
    fn post(&self, message: &Message) -> Result<(), Undelivered> {
        let text = body(message).to_string();
        let secure = self.url.reveal().starts_with("https://");
        let mut request = outbound::config(secure, TIMEOUT)
            // Who is told stands in the settings, not in an answer.
            .max_redirects(0)
            .http_status_as_error(false)
            .build()
            .new_agent()
            .post(self.url.reveal())
            .header("Content-Type", "application/json; charset=utf-8");
        if let Some(key) = &self.key {
            request = request.header(SIGNATURE, signature(key, message.at.as_second(), &text));
        }
        // What an error says of an address is not repeated: it is the secret.
        let sent = request.send(text.as_str());
        let mut answer = sent.map_err(|error| Undelivered(outbound::failure(&error).to_owned()))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let said = answer.body_mut().with_config().limit(ANSWER_BYTES).read_to_string();
        let said = said.unwrap_or_default();
        let said = if repeats(&said, self.url.reveal()) { "" } else { said.trim() };
        let said: String = one_line(said).chars().take(200).collect();
        let said = if said.is_empty() { said } else { format!(": {said}") };
        Err(Undelivered(format!("the server answered {}{said}", status.as_u16())))
    }
}

/// Whether an answer repeats anything of the address that could be its secret: many a server says which
/// path it does not know, as it came, decoded, escaped for HTML or JSON, or in another case.
fn repeats(said: &str, address: &str) -> bool {
    let of_words = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
    };
    let said = [of_words(said), of_words(&decoded(said))];
    // Host, port, path and query; words too short for a secret would hide every answer.
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let words = rest.split(|c: char| "/?#&=@:;,".contains(c));
    words
        .flat_map(|word| [of_words(word), of_words(&decoded(word))])
        .filter(|word| word.len() >= SHORTEST_SECRET)
        .any(|word| said.iter().any(|said| said.contains(word.as_str())))
}

/// With `%XX` decoded, as far as it is text.
fn decoded(text: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy()
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
