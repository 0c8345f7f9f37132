//! A connection to one server, and reading from it to the end or not at all.

use crate::ber;
use crate::config::{Bind, Config};
use crate::entry::Entry;
use crate::failure::{self, Operation};
use crate::filter::Filter;
use crate::hidden::Hiding;
use crate::schema::{Kind, Schema};
use crate::value;
use access::ids::LdapUrl;
use control::ports::{CallError, FailureKind};
use ldap3::controls::RawControl;
use ldap3::{
    DerefAliases, Ldap, LdapConnAsync, LdapConnSettings, LdapResult, Scope, SearchOptions,
};
use rustls::ClientConfig;
use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard, OnceCell};
use tokio::time::error::Elapsed;

/// Active Directory and what imitates it, among `supportedCapabilities`.
const IS_ACTIVE_DIRECTORY: &str = "1.2.840.113556.1.4.800";

/// Pages (RFC 2696).
const PAGES: &str = "1.2.840.113556.1.4.319";

/// No references to other domains and partitions: without it Active Directory ends every reading of a
/// whole domain with some.
const ONE_DOMAIN: &str = "1.2.840.113556.1.4.1339";

/// Deleted entries, too.
pub(crate) const SHOW_DELETED: &str = "1.2.840.113556.1.4.417";

/// A connection that is bound.
pub(crate) struct Session {
    ldap: Ldap,
    pub(crate) server: LdapUrl,
    pub(crate) facts: Facts,
    pub(crate) schema: Schema,
    /// Whether the server follows groups in groups by itself; looked at once.
    pub(crate) in_chain: OnceCell<bool>,
    pub(crate) hiding: Hiding,
    page_size: u32,
    timeout: Duration,
    /// Held from the first page of a search to the last.
    place: Mutex<()>,
}

/// What the server says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    controls: BTreeSet<String>,
    /// The root of the domain.
    pub(crate) domain: Option<String>,
    /// The roots of what is kept here.
    pub(crate) contexts: Vec<String>,
    /// Which copy of the directory this is. Another one counts updates by other numbers.
    pub(crate) invocation: Option<String>,
    /// Its product and version, if it says so.
    pub(crate) vendor: Option<String>,
}

impl Facts {
    pub(crate) fn has(&self, control: &str) -> bool {
        self.controls.contains(control)
    }
}

/// What is looked for.
#[derive(Debug, Clone)]
pub(crate) struct Query<'a> {
    pub(crate) base: &'a str,
    pub(crate) scope: Scope,
    pub(crate) filter: Filter,
    pub(crate) attributes: Vec<String>,
    /// Controls besides those for pages and for one domain.
    pub(crate) controls: Vec<RawControl>,
    /// More entries are an error.
    pub(crate) most: usize,
    /// Attributes without their values.
    pub(crate) types_only: bool,
}

impl<'a> Query<'a> {
    /// Everything below `base` that the filter lets through.
    pub(crate) fn below(base: &'a str, filter: Filter, attributes: &[&str]) -> Self {
        let attributes = attributes.iter().map(|name| (*name).to_owned()).collect();
        let (scope, controls) = (Scope::Subtree, Vec::new());
        Self { base, scope, filter, attributes, controls, most: usize::MAX, types_only: false }
    }

    /// One entry, if the filter lets it through.
    pub(crate) fn at(base: &'a str, filter: Filter, attributes: &[&str]) -> Self {
        Self { scope: Scope::Base, ..Self::below(base, filter, attributes) }
    }

    pub(crate) fn asking(self, attributes: Vec<String>) -> Self {
        Self { attributes, ..self }
    }

    pub(crate) fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    pub(crate) fn types_only(self) -> Self {
        Self { types_only: true, ..self }
    }

    pub(crate) fn with(self, control: RawControl) -> Self {
        Self { controls: vec![control], ..self }
    }
}

/// A control without a value.
pub(crate) fn control(oid: &str, value: Option<Vec<u8>>) -> RawControl {
    RawControl { ctype: oid.to_owned(), crit: true, val: value }
}

impl Session {
    /// Connects, encrypts, binds as `bind`, and reads what the server says of itself.
    pub(crate) async fn open(
        config: &Config,
        bind: &Bind,
        tls: &Arc<ClientConfig>,
        server: &LdapUrl,
    ) -> Result<Self, CallError> {
        let opening = Self::begin(config, bind, tls, server);
        match tokio::time::timeout(config.connect_timeout, opening).await {
            Ok(opened) => opened,
            Err(_) => Err(failure::error(
                Operation::Connect,
                FailureKind::Unreachable,
                "no connection came about in time",
            )),
        }
        .map_err(|error| CallError { message: format!("{server}: {}", error.message), ..error })
    }

    async fn begin(
        config: &Config,
        bind: &Bind,
        tls: &Arc<ClientConfig>,
        server: &LdapUrl,
    ) -> Result<Self, CallError> {
        let settings = LdapConnSettings::new()
            .set_config(Arc::clone(tls))
            .set_starttls(config.start_tls && !server.is_tls());
        let (connection, mut ldap) = LdapConnAsync::with_settings(settings, server.as_str())
            .await
            .map_err(|error| failure::of_library(Operation::Connect, &error))?;
        // It ends with the last handle; whoever waits for an answer learns of its end.
        tokio::spawn(async move {
            if let Err(error) = connection.drive().await {
                tracing::debug!(%error, "LDAP connection ended");
            }
        });
        bind_as(&mut ldap, bind).await?;
        let mut session = Self {
            ldap,
            server: server.clone(),
            facts: Facts::default(),
            schema: Schema::new(Kind::Other, config).map_err(unusable)?,
            in_chain: OnceCell::new(),
            hiding: Hiding::default(),
            page_size: config.page_size,
            timeout: config.timeout,
            place: Mutex::new(()),
        };
        let (kind, facts) = session.look_around().await?;
        session.schema = Schema::new(kind, config).map_err(unusable)?;
        session.facts = facts;
        Ok(session)
    }

    /// What the root entry says. A server may hide it.
    async fn look_around(&self) -> Result<(Kind, Facts), CallError> {
        let asked = [
            "objectClass",
            "supportedCapabilities",
            "supportedControl",
            "defaultNamingContext",
            "namingContexts",
            "dsServiceName",
            "isSynchronized",
            "vendorName",
            "vendorVersion",
        ];
        let root = Query::at("", Filter::present("objectClass"), &asked);
        let Some(root) = self.first(root).await? else {
            return Ok((Kind::Other, Facts::default()));
        };
        if root.text("isSynchronized").is_some_and(|is| is.eq_ignore_ascii_case("FALSE")) {
            return Err(failure::error(
                Operation::Connect,
                FailureKind::Unreachable,
                "the domain controller has not caught up with the others yet (`isSynchronized`), and \
                 may lack people and members",
            ));
        }
        let is_ad = root.texts("supportedCapabilities").any(|oid| oid == IS_ACTIVE_DIRECTORY);
        let is_openldap =
            root.texts("objectClass").any(|class| class.eq_ignore_ascii_case("OpenLDAProotDSE"));
        let kind = match (is_ad, is_openldap) {
            (true, _) => Kind::ActiveDirectory,
            (false, true) => Kind::OpenLdap,
            (false, false) => Kind::Other,
        };
        let vendor: Vec<&str> =
            ["vendorName", "vendorVersion"].iter().filter_map(|name| root.text(name)).collect();
        let mut facts = Facts {
            controls: root.texts("supportedControl").map(str::to_owned).collect(),
            domain: root.text("defaultNamingContext").map(str::to_owned),
            contexts: root.texts("namingContexts").map(str::to_owned).collect(),
            invocation: None,
            vendor: (!vendor.is_empty()).then(|| vendor.join(" ")),
        };
        if let Some(service) = root.text("dsServiceName").filter(|_| is_ad) {
            let query = Query::at(service, Filter::present("objectClass"), &["invocationId"]);
            let settings = self.first(query).await?;
            facts.invocation =
                settings.as_ref().and_then(|it| it.bytes("invocationId")).and_then(value::guid);
        }
        Ok((kind, facts))
    }

    /// Whether the connection still stands, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        !self.ldap.clone().is_closed()
    }

    /// Whether the server may keep its place in one search of pages only for each connection, as
    /// `OpenLDAP` does: the next search takes it from the one before. Active Directory keeps many.
    pub(crate) fn has_one_place(&self) -> bool {
        self.facts.has(PAGES) && self.schema.kind != Kind::ActiveDirectory
    }

    /// The server's place in a search of pages, for as long as it is needed.
    async fn place(&self) -> Result<Option<MutexGuard<'_, ()>>, CallError> {
        if !self.has_one_place() {
            return Ok(None);
        }
        self.in_time(self.place.lock()).await.map(Some)
    }

    /// What comes of something, unless it takes longer than an answer may.
    pub(crate) async fn in_time<T>(&self, done: impl Future<Output = T>) -> Result<T, CallError> {
        let late = |late: Elapsed| failure::of_library(Operation::Search, &late.into());
        tokio::time::timeout(self.timeout, done).await.map_err(late)
    }

    /// All that is found.
    pub(crate) async fn all(&self, query: Query<'_>) -> Result<Vec<Entry>, CallError> {
        let mut found = Vec::new();
        self.each(query, |entry| {
            found.push(entry);
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// The first entry that is found; `None` also if `base` is not there.
    pub(crate) async fn first(&self, query: Query<'_>) -> Result<Option<Entry>, CallError> {
        match self.all(query).await {
            Ok(found) => Ok(found.into_iter().next()),
            Err(error) if error.kind == FailureKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The first few of what is found: never to be taken for all.
    pub(crate) async fn some(&self, query: Query<'_>, most: u32) -> Result<Vec<Entry>, CallError> {
        let page = || control(PAGES, Some(ber::page_request(most, &[])));
        let mut controls = Vec::new();
        if self.facts.has(PAGES) {
            controls.push(page());
        }
        if self.facts.has(ONE_DOMAIN) {
            controls.push(control(ONE_DOMAIN, None));
        }
        let mut found = Vec::new();
        let take = |entry| {
            found.push(entry);
            Ok(())
        };
        let _place = self.place().await?;
        self.page(&query, controls, take).await?;
        Ok(found)
    }

    /// Gives every entry that is found to `take`, page after page. If it returns an error, what was
    /// taken is not all there is.
    pub(crate) async fn each(
        &self,
        query: Query<'_>,
        mut take: impl FnMut(Entry) -> Result<(), CallError> + Send,
    ) -> Result<(), CallError> {
        let in_pages = query.scope != Scope::Base && self.facts.has(PAGES);
        let _place = if in_pages { self.place().await? } else { None };
        let mut cookie: Vec<u8> = Vec::new();
        let mut count: usize = 0;
        loop {
            let mut controls = query.controls.clone();
            if self.facts.has(ONE_DOMAIN) && query.scope != Scope::Base {
                controls.push(control(ONE_DOMAIN, None));
            }
            if in_pages {
                controls.push(control(PAGES, Some(ber::page_request(self.page_size, &cookie))));
            }
            let before = count;
            let done = self
                .page(&query, controls, |entry| {
                    count += 1;
                    if count > query.most {
                        return Err(failure::partial(format!(
                            "more than {} entries were found, and no more are read: narrow the \
                             filters or `base_dn`",
                            query.most
                        )));
                    }
                    take(entry)
                })
                .await?;
            if !in_pages {
                return Ok(());
            }
            let next = page_cookie(&done)?;
            if next.is_empty() {
                return Ok(());
            }
            if next == cookie && count == before {
                return Err(failure::unreadable(
                    Operation::Search,
                    "the server gives the same empty page again and again",
                ));
            }
            cookie = next;
        }
    }

    /// One request with its answer, to the end.
    pub(crate) async fn page(
        &self,
        query: &Query<'_>,
        controls: Vec<RawControl>,
        take: impl FnMut(Entry) -> Result<(), CallError> + Send,
    ) -> Result<LdapResult, CallError> {
        // The library's own limit is for each entry: by that a page could take hours.
        self.in_time(self.entries(query, controls, take)).await?
    }

    async fn entries(
        &self,
        query: &Query<'_>,
        controls: Vec<RawControl>,
        mut take: impl FnMut(Entry) -> Result<(), CallError> + Send,
    ) -> Result<LdapResult, CallError> {
        let lost = |error| failure::of_library(Operation::Search, &error);
        let seconds = i32::try_from(self.timeout.as_secs()).unwrap_or(i32::MAX);
        let options = SearchOptions::new()
            .deref(DerefAliases::Never)
            .timelimit(seconds)
            .typesonly(query.types_only);
        let mut ldap = self.ldap.clone();
        ldap.with_search_options(options).with_controls(controls);
        let (filter, attributes) = (query.filter.as_str(), query.attributes.clone());
        let mut stream = ldap
            .streaming_search(query.base, query.scope, filter, attributes)
            .await
            .map_err(lost)?;
        // After an error the stream would end as if it were whole.
        while let Some(answer) = stream.next().await.map_err(lost)? {
            if answer.is_ref() {
                return Err(failure::referred());
            }
            if !answer.is_intermediate() {
                take(Entry::read(answer)?)?;
            }
        }
        let done = stream.finish().await;
        if done.rc == 0 { Ok(done) } else { Err(failure::of_result(Operation::Search, &done)) }
    }
}

async fn bind_as(ldap: &mut Ldap, bind: &Bind) -> Result<(), CallError> {
    let done = match bind {
        Bind::Anonymous => return Ok(()),
        Bind::Simple { name, password } => ldap.simple_bind(name, password.reveal()).await,
        Bind::External => ldap.sasl_external_bind().await,
    };
    let done = done.map_err(|error| failure::of_library(Operation::Bind, &error))?;
    if done.rc == 0 { Ok(()) } else { Err(failure::of_result(Operation::Bind, &done)) }
}

/// The cookie of the next page; empty after the last.
fn page_cookie(done: &LdapResult) -> Result<Vec<u8>, CallError> {
    let answered = done.ctrls.iter().find(|control| control.1.ctype == PAGES);
    let value = answered.and_then(|control| control.1.val.as_deref());
    value.and_then(ber::page_cookie).ok_or_else(|| {
        failure::partial(
            "the server does not say whether there is another page, so nothing counts as read",
        )
    })
}

pub(crate) fn unusable(error: impl fmt::Display) -> CallError {
    failure::error(Operation::Connect, FailureKind::Rejected, error.to_string())
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("server", &self.server)
            .field("kind", &self.schema.kind)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_for_the_search_of_another_gives_up_in_time() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("ldap://{}", listener.local_addr().unwrap());
        let (_connection, ldap) =
            LdapConnAsync::with_settings(LdapConnSettings::new(), &server).await.unwrap();
        let server = LdapUrl::parse(&server).unwrap();
        let config = Config::new(vec![server.clone()], "dc=corp");
        let controls = BTreeSet::from([PAGES.to_owned()]);
        let session = Session {
            ldap,
            server,
            facts: Facts { controls, ..Facts::default() },
            schema: Schema::new(Kind::OpenLdap, &config).unwrap(),
            in_chain: OnceCell::new(),
            hiding: Hiding::default(),
            page_size: 7,
            timeout: Duration::from_millis(10),
            place: Mutex::new(()),
        };
        // Nobody ever gives it back.
        let _held = session.place().await.unwrap().unwrap();
        let query = || Query::below("dc=corp", Filter::present("cn"), &[]);
        let all = session.all(query()).await.unwrap_err();
        let some = session.some(query(), 1).await.unwrap_err();
        for error in [all, some] {
            assert_eq!(error.kind, FailureKind::Unreachable);
            assert!(error.message.contains("no answer came in time"), "{}", error.message);
        }
    }
}
