//! Which server is asked: one from the beginning of a reading to its end, another one if it fails.

use crate::config::{Bind, ClientIdentity, Config, ConfigError, Secret};
use crate::dn::Dn;
use crate::failure;
use crate::schema::{Kind, Schema};
use crate::session::Session;
use crate::tls;
use access::ids::LdapUrl;
use control::ports::{CallError, FailureKind};
use rustls::ClientConfig;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The servers of a directory, and the connections to one of them.
pub(crate) struct Pool {
    pub(crate) config: Config,
    pub(crate) base: Dn,
    /// The one that short readings share.
    open: Mutex<Option<Arc<Session>>>,
    /// One for the next long reading, while none has it.
    idle: Mutex<Option<Arc<Session>>>,
    /// What servers are shown by now: it may have been changed since the start.
    shown: Mutex<Shown>,
}

/// Over which connection a reading is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// One that others ask meanwhile: for what takes a moment.
    Shared,
    /// One of its own, where a server keeps its place in one search of pages for each connection: for
    /// what takes many pages, and would keep everybody else waiting.
    Own,
}

/// What a server is shown, so that it answers.
#[derive(Clone)]
struct Shown {
    bind: Bind,
    identity: Option<ClientIdentity>,
    /// With that identity.
    tls: Arc<ClientConfig>,
}

impl Pool {
    /// # Errors
    /// The configuration cannot be used.
    pub(crate) fn new(config: Config) -> Result<Self, ConfigError> {
        let base = check(&config)?;
        let tls = tls::client(&config)?;
        let (bind, identity) = (config.bind.clone(), config.identity.clone());
        let shown = Mutex::new(Shown { bind, identity, tls });
        let (open, idle) = (Mutex::new(None), Mutex::new(None));
        Ok(Self { config, base, open, idle, shown })
    }

    /// Makes a reading at one server. Where that fails half-way, it begins anew at the next: what
    /// was read from one is never continued at another. `first` is tried before the others.
    pub(crate) async fn read<T, F, Fut>(
        &self,
        line: Line,
        first: Option<&LdapUrl>,
        reading: F,
    ) -> Result<T, CallError>
    where
        F: Fn(Arc<Session>) -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, CallError>> + Send,
        T: Send,
    {
        let is_wanted = |session: &Arc<Session>| first.is_none_or(|url| *url == session.server);
        if let Some(session) = self.current(line).filter(is_wanted) {
            match reading(Arc::clone(&session)).await {
                // The server may have closed it long ago: it is asked again.
                Err(error) if failure::is_of_this_server(&error) => self.forget(&session),
                done => return self.over(session, done),
            }
        }
        let mut failures: Vec<CallError> = Vec::new();
        // A second connection goes where the first one goes.
        let near = self.current(Line::Shared).map(|session| session.server.clone());
        let first = first.or(near.as_ref());
        let others = self.config.urls.iter().filter(|url| Some(*url) != first);
        for server in first.into_iter().chain(others) {
            let failed = match self.connect(server).await {
                Ok(session) => {
                    let session = Arc::new(session);
                    if line == Line::Shared || !session.has_one_place() {
                        self.keep(&session);
                    }
                    match reading(Arc::clone(&session)).await {
                        Err(error) if failure::is_of_this_server(&error) => {
                            self.forget(&session);
                            error
                        }
                        done => return self.over(session, done),
                    }
                }
                Err(error) if failure::is_of_this_server(&error) => error,
                Err(error) => return Err(error),
            };
            tracing::warn!(server = server.as_str(), error = %failed, "LDAP server cannot be read");
            failures.push(failed);
        }
        Err(together(failures))
    }

    /// A connection to this server. What it refuses is read again where it is kept, and tried once
    /// more if it is another by now: accounts are locked after a few wrong passwords.
    async fn connect(&self, server: &LdapUrl) -> Result<Session, CallError> {
        let shown = locked(&self.shown).clone();
        let refused = match Session::open(&self.config, &shown.bind, &shown.tls, server).await {
            Ok(session) => return Ok(session),
            Err(error) => error,
        };
        let Some(renewed) = self.renewed(shown, &refused).await else { return Err(refused) };
        let session = Session::open(&self.config, &renewed.bind, &renewed.tls, server).await?;
        tracing::info!(server = server.as_str(), "what it is shown was changed, and is read anew");
        *locked(&self.shown) = renewed;
        Ok(session)
    }

    /// What is kept, if it is something else by now than what did not lead to a connection.
    async fn renewed(&self, shown: Shown, refused: &CallError) -> Option<Shown> {
        let is_refused = refused.kind == FailureKind::Credentials;
        let password = if is_refused { self.password(&shown.bind).await } else { None };
        // A server that does not take a certificate may say so, or just hang up.
        let identity = if is_refused || refused.kind == FailureKind::Unreachable {
            self.identity(shown.identity.as_ref()).await
        } else {
            None
        };
        match (password, identity) {
            (None, None) => None,
            (Some(bind), None) => Some(Shown { bind, ..shown }),
            (bind, Some((identity, tls))) => {
                let (bind, identity) = (bind.unwrap_or(shown.bind), Some(identity));
                Some(Shown { bind, identity, tls })
            }
        }
    }

    /// The bind with the password that is kept, if that is another one.
    async fn password(&self, bind: &Bind) -> Option<Bind> {
        let (Bind::Simple { name, password }, Some(kept)) = (bind, &self.config.password_kept)
        else {
            return None;
        };
        match kept.secret().await {
            Ok(word) => {
                let now = Secret::new(word.reveal().to_owned());
                let is_other = now != *password && !now.reveal().is_empty();
                is_other.then(|| Bind::Simple { name: name.clone(), password: now })
            }
            Err(error) => {
                tracing::warn!(%error, "the password is not read again");
                None
            }
        }
    }

    /// The certificate and key that are kept, if they are others.
    async fn identity(
        &self,
        shown: Option<&ClientIdentity>,
    ) -> Option<(ClientIdentity, Arc<ClientConfig>)> {
        let now = match self.config.identity_kept.as_ref()?.identity().await {
            Ok(now) => now,
            Err(error) => {
                tracing::warn!(%error, "the client certificate is not read again");
                return None;
            }
        };
        if shown == Some(&now) {
            return None;
        }
        match tls::client(&Config { identity: Some(now.clone()), ..self.config.clone() }) {
            Ok(tls) => Some((now, tls)),
            // Half-way through a change, one is new and the other is not yet.
            Err(error) => {
                tracing::warn!(%error, "the client certificate that is kept will not do");
                None
            }
        }
    }

    /// A connection that is open; a long reading has it to itself where that matters.
    fn current(&self, line: Line) -> Option<Arc<Session>> {
        let open = locked(&self.open).clone().filter(|session| session.is_open());
        if line == Line::Shared || open.as_ref().is_some_and(|it| !it.has_one_place()) {
            return open;
        }
        locked(&self.idle).take().filter(|session| session.is_open())
    }

    fn keep(&self, session: &Arc<Session>) {
        *locked(&self.open) = Some(Arc::clone(session));
    }

    fn forget(&self, session: &Arc<Session>) {
        let mut open = locked(&self.open);
        if open.as_ref().is_some_and(|known| Arc::ptr_eq(known, session)) {
            *open = None;
        }
    }

    /// The end of a reading: the connection of a long one waits for the next, unless the server may
    /// still be answering.
    fn over<T>(&self, session: Arc<Session>, done: Result<T, CallError>) -> Result<T, CallError> {
        let is_shared =
            locked(&self.open).as_ref().is_some_and(|known| Arc::ptr_eq(known, &session));
        if done.is_ok() && !is_shared && session.has_one_place() {
            *locked(&self.idle) = Some(session);
        }
        done
    }
}

fn locked<T>(slot: &Mutex<T>) -> MutexGuard<'_, T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The last failure, with what the others said.
fn together(mut failures: Vec<CallError>) -> CallError {
    let Some(last) = failures.pop() else {
        return crate::session::unusable(ConfigError::NoServer);
    };
    let earlier = failures.into_iter().map(|error| error.message);
    let message = earlier.chain([last.message.clone()]).collect::<Vec<_>>().join("; ");
    CallError { message, ..last }
}

/// Looks at what the types do not rule out.
fn check(config: &Config) -> Result<Dn, ConfigError> {
    if config.urls.is_empty() {
        return Err(ConfigError::NoServer);
    }
    for url in &config.urls {
        match (url.is_tls(), config.start_tls) {
            (true, true) => return Err(ConfigError::Twice(url.to_string())),
            (false, false) if !url.is_loopback() => {
                return Err(ConfigError::Plaintext(url.to_string()));
            }
            _ => {}
        }
    }
    if let Bind::Simple { name, password } = &config.bind
        && (name.is_empty() || password.reveal().is_empty())
    {
        return Err(ConfigError::EmptyPassword(name.clone()));
    }
    let sizes = [("page_size", config.page_size), ("range_size", config.range_size)];
    if let Some((name, _)) = sizes.iter().find(|(_, size)| *size == 0) {
        return Err(ConfigError::Zero(name));
    }
    // Filters and names of attributes are the same for every kind of server.
    Schema::new(Kind::Other, config)?;
    Dn::parse(&config.base_dn).map_err(|error| ConfigError::Base(config.base_dn.clone(), error))
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("config", &self.config).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn config(url: &str) -> Config {
        Config::new(vec![LdapUrl::parse(url).unwrap()], "DC=corp,DC=example")
    }

    fn refused(config: Config) -> ConfigError {
        Pool::new(config).unwrap_err()
    }

    #[test]
    fn passwords_never_cross_a_network_in_the_clear() {
        let plain = "ldap://dc1.corp.example";
        assert_eq!(refused(config(plain)), ConfigError::Plaintext(plain.to_owned()));
        assert!(Pool::new(Config { start_tls: true, ..config(plain) }).is_ok());
        for loopback in ["ldap://127.0.0.1:8389", "ldap://localhost", "ldap://[::1]"] {
            assert!(Pool::new(config(loopback)).is_ok(), "{loopback}");
        }
        let tls = "ldaps://dc1.corp.example";
        let twice = Config { start_tls: true, ..config(tls) };
        assert_eq!(refused(twice), ConfigError::Twice(tls.to_owned()));
    }

    #[test]
    fn what_would_read_nothing_or_bind_as_nobody_is_refused() {
        let tls = "ldaps://dc1.corp.example";
        assert_eq!(refused(Config { urls: Vec::new(), ..config(tls) }), ConfigError::NoServer);
        let bind = Bind::Simple { name: "cn=a".to_owned(), password: Secret::new("\n".to_owned()) };
        let error = refused(Config { bind, ..config(tls) });
        assert_eq!(error, ConfigError::EmptyPassword("cn=a".to_owned()));
        assert_eq!(refused(Config { page_size: 0, ..config(tls) }), ConfigError::Zero("page_size"));
        let base_dn = "corp.example".to_owned();
        assert!(matches!(refused(Config { base_dn, ..config(tls) }), ConfigError::Base(..)));
        let filter = Some("uid=*".to_owned());
        assert!(matches!(
            refused(Config { people_filter: filter, ..config(tls) }),
            ConfigError::Filter(_)
        ));
    }
}
