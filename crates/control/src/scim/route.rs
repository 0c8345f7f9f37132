//! Which request asks for what.

use super::Tenant;
use super::answer::{Failed, ScimAnswer, ScimMethod, ScimRequest};
use ::scim::discovery;
use ::scim::{Bulk, Patch, Preconditions, Query, Resource, ResourceKind, ScimError};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::borrow::Cow;

/// What addresses take.
const READ: &str = "GET";
const SENT: &str = "POST";
const LISTED: &str = "GET, POST";
const ONE: &str = "GET, PUT, PATCH, DELETE";

/// The name of an address to which a question is posted (RFC 7644 section 3.4.3).
const SEARCH: &str = ".search";

impl ScimRequest<'_> {
    /// Whether it can change anything. What cannot may be given up when nobody waits for its answer.
    pub fn may_change(&self) -> bool {
        let is_search = || {
            let segments = segments_of(self.path).unwrap_or_default();
            segments.last().is_some_and(|last| last == SEARCH)
        };
        match self.method {
            ScimMethod::Get => false,
            ScimMethod::Post => !is_search(),
            ScimMethod::Put | ScimMethod::Patch | ScimMethod::Delete => true,
        }
    }
}

impl Tenant {
    /// Does what a request says.
    pub async fn answer(&self, request: &ScimRequest<'_>) -> ScimAnswer {
        self.routed(request).await.unwrap_or_else(Failed::into_answer)
    }

    async fn routed(&self, request: &ScimRequest<'_>) -> Result<ScimAnswer, Failed> {
        let decoded = segments_of(request.path)?;
        let segments: Vec<&str> = decoded.iter().map(AsRef::as_ref).collect();
        match segments.as_slice() {
            [] => self.root(request).await,
            [SEARCH] => match request.method {
                ScimMethod::Post => self.search_root(request.body).await,
                _ => Err(Failed::Method(SENT)),
            },
            ["ServiceProviderConfig" | "ResourceTypes" | "Schemas", ..] => {
                self.discovered(request, &segments)
            }
            ["Me", ..] => Err(ScimError::new(501, None, ME).into()),
            ["Bulk"] => match request.method {
                ScimMethod::Post => self.bulk(Bulk::parse(request.body)?, request.toll).await,
                _ => Err(Failed::Method(SENT)),
            },
            [endpoint, rest @ ..] => {
                let kind = ResourceKind::from_endpoint(endpoint).ok_or_else(nothing_there)?;
                self.resource(kind, rest, request).await
            }
        }
    }

    async fn resource(
        &self,
        kind: ResourceKind,
        rest: &[&str],
        request: &ScimRequest<'_>,
    ) -> Result<ScimAnswer, Failed> {
        let conditions = || Preconditions::parse(request.if_match, request.if_none_match);
        match (rest, request.method) {
            ([], ScimMethod::Get) => self.list(kind, Query::parse(kind, request.query)?).await,
            ([], ScimMethod::Post) => {
                let received = Resource::parse(kind, request.body)?;
                let projection = Query::parse(kind, request.query)?.projection;
                self.create(&received, &projection).await
            }
            ([], _) => Err(Failed::Method(LISTED)),
            ([SEARCH], ScimMethod::Post) => {
                self.list(kind, Query::parse_search(kind, request.body)?).await
            }
            ([SEARCH], _) => Err(Failed::Method(SENT)),
            ([id], ScimMethod::Get) => {
                let projection = Query::parse(kind, request.query)?.projection;
                self.one(kind, id, &projection, &conditions()?).await
            }
            ([id], ScimMethod::Put) => {
                let received = Resource::parse(kind, request.body)?;
                let projection = Query::parse(kind, request.query)?.projection;
                self.replace(id, &received, &projection, &conditions()?).await
            }
            ([id], ScimMethod::Patch) => {
                let projection = Query::parse(kind, request.query)?.projection;
                let patch = Patch::parse(kind, request.body)?;
                // Whoever names attributes wants to see them.
                let is_asked = request.query.split('&').any(|pair| {
                    let name = pair.split('=').next().unwrap_or_default();
                    matches!(name, "attributes" | "excludedAttributes")
                });
                let shown = (kind == ResourceKind::User || is_asked).then_some(&projection);
                self.patch(kind, id, patch, shown, &conditions()?).await
            }
            ([id], ScimMethod::Delete) => self.delete(kind, id, &conditions()?).await,
            ([_], ScimMethod::Post) => Err(Failed::Method(ONE)),
            _ => Err(nothing_there().into()),
        }
    }

    /// Queries of everything; nothing else is done at the root.
    async fn root(&self, request: &ScimRequest<'_>) -> Result<ScimAnswer, Failed> {
        match request.method {
            ScimMethod::Get => {
                let query = |kind| Query::parse(kind, request.query);
                self.list_both(query(ResourceKind::User), query(ResourceKind::Group)).await
            }
            _ => Err(Failed::Method(READ)),
        }
    }

    async fn search_root(&self, body: &[u8]) -> Result<ScimAnswer, Failed> {
        let query = |kind| Query::parse_search(kind, body);
        self.list_both(query(ResourceKind::User), query(ResourceKind::Group)).await
    }

    fn discovered(
        &self,
        request: &ScimRequest<'_>,
        segments: &[&str],
    ) -> Result<ScimAnswer, Failed> {
        if request.method != ScimMethod::Get {
            return Err(Failed::Method(READ));
        }
        discovery::refuse_filter(request.query)?;
        let base = self.base.as_str();
        let found: Option<Value> = match segments {
            ["ServiceProviderConfig"] => Some(discovery::service_provider_config(base)),
            ["ResourceTypes"] => Some(discovery::resource_types(base)),
            ["ResourceTypes", name] => discovery::resource_type(base, name),
            ["Schemas"] => Some(discovery::schemas(base)),
            ["Schemas", urn] => discovery::schema(base, urn),
            _ => None,
        };
        found.map(|body| ScimAnswer::told(200, &body)).ok_or_else(|| nothing_there().into())
    }
}

const ME: &str = "a token of a directory is nobody who could be shown as themselves";

/// The parts of a path, each decoded by itself: an encoded slash parts nothing.
fn segments_of(path: &str) -> Result<Vec<Cow<'_, str>>, ScimError> {
    path.split('/')
        .filter(|part| !part.is_empty())
        .map(|part| percent_decode_str(part).decode_utf8().map_err(|_| nothing_there()))
        .collect()
}

fn nothing_there() -> ScimError {
    ScimError::new(404, None, "there is nothing at this address")
}
