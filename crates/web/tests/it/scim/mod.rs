//! SCIM over HTTP: an identity provider that pushes to a house, and what comes of it.

mod entra;
mod okta;
mod protocol;
mod reading;
mod records;
mod several;
mod suites;
mod tokens;

pub(crate) use records::Records;
pub(crate) use several::Silent;

use crate::house::{Answer, House, get};
use axum::body::Body;
use control::desk::Right;
use control::ports::{AuditEntry, AuditLog as _, WorkKey};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(crate) const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// An identity provider with a token of a house.
pub(crate) struct Idp {
    pub(crate) house: House,
    pub(crate) bearer: String,
}

impl Idp {
    /// The one that pushes to the only directory of a house.
    pub(crate) async fn new() -> Self {
        let house = House::pushed("{ scim: {} }", |config| config);
        let bearer = house.token("entra", &[Right::Scim]).await;
        Self { house, bearer }
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut request = get(&format!("/scim/v2{path}"))
            .method(method)
            .header("authorization", format!("Bearer {}", self.bearer));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/scim+json; charset=utf-8");
            Body::from(body.to_string())
        };
        self.house.send(request.body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], &Value::Null).await
    }

    /// What is read there, which must be.
    #[track_caller]
    pub(crate) fn read(&self, path: &str) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let answer = self.get(path).await;
            assert_eq!(answer.status, 200, "{caller}: {}", answer.body);
            body(&answer)
        }
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[], body).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, &[], body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], &Value::Null).await
    }

    /// A PATCH of these operations.
    pub(crate) async fn patch(&self, path: &str, operations: &Value) -> Answer {
        self.send("PATCH", path, &[], &json!({"schemas": [PATCH], "Operations": operations})).await
    }

    /// Makes a person, and gives the id.
    pub(crate) async fn user(&self, user_name: &str) -> String {
        let user = json!({"schemas": [USER], "userName": user_name, "active": true});
        self.made("/Users", &user).await
    }

    /// Makes a group of these members, and gives the id.
    pub(crate) async fn group(&self, display_name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        let group = json!({"schemas": [GROUP], "displayName": display_name, "members": members});
        self.made("/Groups", &group).await
    }

    pub(crate) async fn made(&self, path: &str, resource: &Value) -> String {
        let answer = self.post(path, resource).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        body(&answer)["id"].as_str().unwrap().to_owned()
    }

    /// The ids in a group.
    pub(crate) async fn members(&self, group: &str) -> BTreeSet<String> {
        let group = self.read(&format!("/Groups/{group}")).await;
        let members = group["members"].as_array().cloned().unwrap_or_default();
        members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect()
    }

    /// Whom the loop was woken for since it was last asked; `*`: everything.
    pub(crate) async fn woken(&self) -> BTreeSet<String> {
        let (queue, now) = (&self.house.plane.queue, self.house.plane.clock.now());
        let mut all = BTreeSet::new();
        loop {
            let work = queue.take("test", now, SignedDuration::from_mins(1), 100).await.unwrap();
            if work.is_empty() {
                return all;
            }
            let leases: Vec<_> = work.iter().map(|work| work.lease.clone()).collect();
            all.extend(leases.iter().map(|lease| match &lease.key {
                WorkKey::Everything => "*".to_owned(),
                WorkKey::Person(id) => id.to_string(),
            }));
            queue.done(&leases).await.unwrap();
        }
    }

    /// The newest entry of the audit log.
    pub(crate) async fn audited(&self) -> AuditEntry {
        self.house.store.newest(1).await.unwrap().remove(0)
    }
}

pub(crate) fn body(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.body))
}

/// An error of SCIM with this detail code and reason code.
#[track_caller]
pub(crate) fn assert_error(answer: &Answer, status: u16, scim_type: Option<&str>, code: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/scim+json", "{}", answer.body);
    let error = body(answer);
    assert_eq!(error["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    assert_eq!(error["status"], status.to_string());
    assert_eq!(error.get("scimType").and_then(Value::as_str), scim_type, "{error}");
    let detail = error["detail"].as_str().unwrap();
    assert!(detail.ends_with(&format!(" ({code})")), "{detail}");
}

pub(crate) fn set<const N: usize>(ids: [&str; N]) -> BTreeSet<String> {
    ids.map(str::to_owned).into()
}
