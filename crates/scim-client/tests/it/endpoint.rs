//! What Identity Center's SCIM endpoint does, as its developer guide says: pages by cursor, filters
//! with `eq`, no members in groups, at most a hundred changes of members, no replacing of them all.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub(crate) const TOKEN: &str = "t0k3n";

#[derive(Debug, Default)]
struct Kept {
    users: BTreeMap<String, Value>,
    groups: BTreeMap<String, (Value, BTreeSet<String>)>,
    calls: BTreeMap<String, usize>,
    made: usize,
    refusals: usize,
    retry_after: String,
    cursors: Cursors,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Cursors {
    #[default]
    Good,
    None,
    TheSame,
}

/// The endpoint, which ends with the test.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    kept: Arc<Mutex<Kept>>,
    _stop: oneshot::Sender<()>,
}

impl Endpoint {
    pub(crate) async fn start() -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/tenant/scim/v2", listener.local_addr().unwrap());
        let app = Router::new().fallback(handle).with_state(kept.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let ended = async move {
                let _ = stopped.await;
            };
            axum::serve(listener, app).with_graceful_shutdown(ended).await.unwrap();
        });
        Self { url, kept, _stop: stop }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }

    /// How many requests there were of a method to a kind of resource.
    pub(crate) fn calls(&self, what: &str) -> usize {
        self.kept().calls.get(what).copied().unwrap_or(0)
    }

    /// Refuses the next requests as too many.
    pub(crate) fn refuse(&self, times: usize, retry_after: &str) {
        let mut kept = self.kept();
        (kept.refusals, kept.retry_after) = (times, retry_after.to_owned());
    }

    pub(crate) fn without_cursors(&self) {
        self.kept().cursors = Cursors::None;
    }

    pub(crate) fn with_one_cursor(&self) {
        self.kept().cursors = Cursors::TheSame;
    }
}

fn error(status: u16, detail: &str) -> Response {
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "detail": detail, "status": status.to_string() });
    (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response()
}

fn answer(status: u16, body: &Value) -> Response {
    (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response()
}

async fn handle(
    State(kept): State<Arc<Mutex<Kept>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut kept = kept.lock().unwrap();
    let Some(path) = uri.path().strip_prefix("/tenant/scim/v2/") else {
        return error(404, "no such address");
    };
    let (kind, id) = path.split_once('/').map_or((path, None), |(kind, id)| (kind, Some(id)));
    *kept.calls.entry(format!("{method} /{kind}")).or_default() += 1;
    let authorization = headers.get(header::AUTHORIZATION).and_then(|text| text.to_str().ok());
    if authorization != Some(&format!("Bearer {TOKEN}")) {
        return error(401, "UnauthorizedException");
    }
    // Identity Center blocks changes by whoever does not say what it is.
    if method == Method::PATCH && !headers.contains_key(header::USER_AGENT) {
        return error(403, "no user agent");
    }
    if kept.refusals > 0 {
        kept.refusals -= 1;
        let retry_after = kept.retry_after.clone();
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, retry_after)], "")
            .into_response();
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    match (method.as_str(), kind, id) {
        ("GET", _, None) => kept.list(kind, uri.query().unwrap_or_default()),
        ("POST", "Users", None) => kept.new_user(body),
        ("POST", "Groups", None) => kept.new_group(body),
        ("PATCH", "Users", Some(id)) => kept.patch_user(id, &body),
        ("PATCH", "Groups", Some(id)) => kept.patch_group(id, &body),
        ("DELETE", "Users", Some(id)) => {
            for (_, members) in kept.groups.values_mut() {
                members.remove(id);
            }
            gone(kept.users.remove(id).is_some())
        }
        ("DELETE", "Groups", Some(id)) => gone(kept.groups.remove(id).is_some()),
        _ => error(400, "the operation is unsupported"),
    }
}

fn gone(was_there: bool) -> Response {
    if was_there { StatusCode::NO_CONTENT.into_response() } else { error(404, "not found") }
}

impl Kept {
    fn id(&mut self) -> String {
        self.made += 1;
        format!("90677{:05}-a2cfc8a5-f4ab-4443-9d7d-{:012}", self.made, self.made)
    }

    fn list(&self, kind: &str, query: &str) -> Response {
        let mut cursor = None;
        let mut filter = None;
        for pair in query.split('&') {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("cursor", text) => cursor = Some(text.to_owned()),
                ("filter", text) => filter = Some(text.replace("%20", " ").replace("%22", "\"")),
                ("count", "100") => {}
                _ => return error(400, "unknown parameter"),
            }
        }
        let group = match filter.as_deref().map(|text| text.split('"').collect::<Vec<_>>()) {
            None => None,
            Some(parts) if parts[0] == "groups.value eq " => Some(parts[1].to_owned()),
            Some(_) => return error(400, "unsupported filter"),
        };
        let all: Vec<Value> = match (kind, &group) {
            ("Users", None) => self.users.values().cloned().collect(),
            ("Users", Some(group)) => {
                let Some((_, members)) = self.groups.get(group) else {
                    return error(404, "no such group");
                };
                members.iter().map(|id| self.users[id].clone()).collect()
            }
            // Groups show no members.
            _ => self.groups.values().map(|(group, _)| group.clone()).collect(),
        };
        let start: usize = cursor.as_deref().unwrap_or("").parse().unwrap_or(0);
        let page: Vec<Value> = all.iter().skip(start).take(100).cloned().collect();
        let mut body = json!({ "Resources": page, "itemsPerPage": page.len() });
        if self.cursors == Cursors::None || cursor.is_none() {
            body["totalResults"] = json!(all.len());
        } else if self.cursors == Cursors::TheSame {
            body["nextCursor"] = json!("0");
        } else if start + 100 < all.len() {
            body["nextCursor"] = json!((start + 100).to_string());
        }
        answer(200, &body)
    }

    fn new_user(&mut self, mut user: Value) -> Response {
        let name = user["userName"].as_str().unwrap_or_default().to_lowercase();
        let whole = ["userName", "displayName"].iter().all(|key| user[key].is_string())
            && ["givenName", "familyName"].iter().all(|key| user["name"][key].is_string());
        if !whole || user["emails"].as_array().is_some_and(|emails| emails.len() > 1) {
            return error(400, "ValidationException");
        }
        if self.users.values().any(|u| u["userName"].as_str().unwrap().to_lowercase() == name) {
            return error(409, "ConflictException");
        }
        let id = self.id();
        user["id"] = json!(id);
        self.users.insert(id, user.clone());
        answer(201, &user)
    }

    fn new_group(&mut self, mut group: Value) -> Response {
        if self.groups.values().any(|(g, _)| g["displayName"] == group["displayName"]) {
            return error(409, "ConflictException");
        }
        let id = self.id();
        group["id"] = json!(id);
        self.groups.insert(id, (group.clone(), BTreeSet::new()));
        answer(201, &group)
    }

    fn patch_user(&mut self, id: &str, body: &Value) -> Response {
        let Some(user) = self.users.get_mut(id) else { return error(404, "not found") };
        for operation in body["Operations"].as_array().unwrap() {
            assert_eq!(operation["op"], "replace");
            match operation["path"].as_str().unwrap().split_once('.') {
                Some((head, rest)) => user[head][rest] = operation["value"].clone(),
                None => user[operation["path"].as_str().unwrap()] = operation["value"].clone(),
            }
        }
        answer(200, user)
    }

    fn patch_group(&mut self, id: &str, body: &Value) -> Response {
        let known: BTreeSet<String> = self.users.keys().cloned().collect();
        let Some((group, members)) = self.groups.get_mut(id) else {
            return error(404, "not found");
        };
        let operations = body["Operations"].as_array().unwrap();
        let changes = operations.iter().filter(|it| it["path"] == "members");
        let changes: usize = changes.map(|it| it["value"].as_array().map_or(101, Vec::len)).sum();
        if changes > 100 {
            return error(400, "a maximum of 100 membership changes are allowed");
        }
        for operation in operations {
            let value = &operation["value"];
            let ids = || -> Vec<String> {
                let list = value.as_array().unwrap();
                list.iter().map(|it| it["value"].as_str().unwrap().to_owned()).collect()
            };
            match (operation["op"].as_str().unwrap(), operation["path"].as_str().unwrap()) {
                ("replace", "displayName") => group["displayName"] = value.clone(),
                ("add", "members") if ids().iter().all(|id| known.contains(id)) => {
                    members.extend(ids());
                }
                ("remove", "members") => members.retain(|id| !ids().contains(id)),
                _ => return error(400, "ValidationException"),
            }
        }
        StatusCode::NO_CONTENT.into_response()
    }
}
