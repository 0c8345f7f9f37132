//! By e-mail.

use crate::secret::Secret;
use crate::words::{one_line, plain, topic};
use access::map::Encryption;
use async_trait::async_trait;
use control::notify::{Channel, Message, Undelivered};
use lettre::address::Envelope;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Category;
use lettre::{SmtpTransport, Transport as _};
use std::time::Duration;

/// For each command.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Recipients of e-mail, and the server that takes it.
#[derive(Debug, Clone)]
pub struct Mail {
    from: Mailbox,
    to: Vec<Mailbox>,
    transport: SmtpTransport,
}

/// Who gets mail, by which server.
#[derive(Debug, Clone)]
pub struct MailRoute {
    /// Who it is from.
    pub from: String,
    /// Who gets it.
    pub to: Vec<String>,
    /// Host and port of the server.
    pub server: (String, u16),
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// As whom to log in.
    pub login: Option<Login>,
}

/// A user of the server.
#[derive(Debug, Clone)]
pub struct Login {
    /// Name.
    pub user: String,
    /// Password.
    pub password: Secret,
}

/// Recipients or a server that will not do.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Text that is no address.
    #[error("`{0}` is no e-mail address")]
    Address(String),
    /// The server's name cannot be the name of a certificate.
    #[error("cannot use TLS with {host}")]
    Tls {
        /// The host.
        host: String,
        /// Why.
        #[source]
        error: lettre::transport::smtp::Error,
    },
}

impl Mail {
    /// Mail by this route. Nothing is connected to yet.
    ///
    /// # Errors
    /// An address or the server's name will not do.
    pub fn new(route: MailRoute) -> Result<Self, MailError> {
        let MailRoute { from, to, server: (host, port), encryption, login } = route;
        let mailbox =
            |text: &String| text.parse::<Mailbox>().map_err(|_| MailError::Address(text.clone()));
        let parameters = || {
            TlsParameters::new(host.clone())
                .map_err(|error| MailError::Tls { host: host.clone(), error })
        };
        let tls = match encryption {
            Encryption::None => Tls::None,
            Encryption::StartTls => Tls::Required(parameters()?),
            Encryption::Tls => Tls::Wrapper(parameters()?),
        };
        let mut builder = SmtpTransport::builder_dangerous(&host)
            .port(port)
            .tls(tls)
            .timeout(Some(TIMEOUT))
            // The machine's own name is nobody's business.
            .hello_name(ClientId::Domain("stagedoor.invalid".to_owned()));
        if let Some(Login { user, password }) = login {
            builder = builder.credentials(Credentials::new(user, password.reveal().to_owned()));
        }
        Ok(Self {
            from: mailbox(&from)?,
            to: to.iter().map(mailbox).collect::<Result<_, _>>()?,
            transport: builder.build(),
        })
    }

    /// Sends, and blocks meanwhile.
    fn send(&self, message: &Message) -> Result<(), Undelivered> {
        let subject = format!("[Stagedoor {}] {}", message.instance, one_line(&message.subject()));
        let header = |name: &'static str, value: String| {
            HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
        };
        let mut builder = lettre::Message::builder()
            .from(self.from.clone())
            .subject(subject)
            .header(ContentType::TEXT_PLAIN);
        for to in &self.to {
            builder = builder.to(to.clone());
        }
        let mut mail = builder
            .body(plain(message))
            .map_err(|_| Undelivered("the message cannot be written".to_owned()))?;
        // So that nobody's absence answers, and filters can sort.
        let headers = mail.headers_mut();
        headers.insert_raw(header("Auto-Submitted", "auto-generated".to_owned()));
        headers.insert_raw(header("X-Stagedoor-Topic", topic(message).to_owned()));
        headers.insert_raw(header("X-Stagedoor-State", message.phase.as_str().to_owned()));
        self.transport.send(&mail).map(drop).or_else(|error| {
            let is_of_one = self.to.len() > 1 && is_of_an_address(&error);
            if is_of_one { self.send_to_each(&mail) } else { Err(failure(&error)) }
        })
    }

    /// Sends to one recipient after the other. It arrived if anybody took it.
    fn send_to_each(&self, mail: &lettre::Message) -> Result<(), Undelivered> {
        let (content, all) = (mail.formatted(), self.to.len());
        let (mut taken, mut first) = (false, None);
        for (at, to) in (1..).zip(&self.to) {
            let envelope = Envelope::new(Some(self.from.email.clone()), vec![to.email.clone()]);
            let sent = envelope
                .map_err(|_| Undelivered("the message cannot be written".to_owned()))
                .and_then(|envelope| {
                    self.transport.send_raw(&envelope, &content).map_err(|error| failure(&error))
                });
            match sent {
                Ok(_) => taken = true,
                Err(why) => {
                    tracing::warn!(code = "not-notified", "recipient {at} of {all}: {}", why.0);
                    first = first.or(Some(why));
                }
            }
        }
        first.filter(|_| !taken).map_or(Ok(()), Err)
    }
}

/// Whether a server refuses mail for what it says of an address or its box. The client then ends before
/// it says more, so that nobody got anything.
fn is_of_an_address(error: &lettre::transport::smtp::Error) -> bool {
    error.status().is_some_and(|code| code.category == Category::MailSystem)
}

/// What the server said, if it did; never what was said to it.
fn failure(error: &lettre::transport::smtp::Error) -> Undelivered {
    let status = error.status().map_or_else(String::new, |code| format!(" with {code}"));
    Undelivered(if error.is_timeout() {
        "no answer in time".to_owned()
    } else if error.is_tls() {
        "the server's certificate is not trusted, or it has no STARTTLS".to_owned()
    } else if error.is_permanent() {
        format!("the server refused it{status}")
    } else if error.is_transient() {
        format!("the server put it off{status}")
    } else if error.is_client() {
        "the server cannot do what is asked of it, such as STARTTLS or logging in".to_owned()
    } else {
        "the connection failed".to_owned()
    })
}

#[async_trait]
impl Channel for Mail {
    async fn tell(&self, message: &Message) -> Result<(), Undelivered> {
        let (mail, message) = (self.clone(), message.clone());
        tokio::task::spawn_blocking(move || mail.send(&message))
            .await
            .unwrap_or_else(|_| Err(Undelivered("a defect ended it".to_owned())))
    }
}
