//! The demo as an identity provider that pushes its people and groups by SCIM into Stagedoor's own
//! server, over HTTP.

use super::people::Listed;
use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// Whoever pushes, and what the server calls what was pushed.
pub(super) struct Provider {
    /// Of a store that goes with the demo.
    token: String,
    base: String,
    people: BTreeMap<String, String>,
    groups: BTreeMap<String, String>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Provider {
    /// Pushes everybody to the server at `door`.
    pub(super) async fn push(listed: &Listed, door: &str, token: String) -> Result<Self> {
        let base = format!("{door}/scim/v2");
        let (people, groups) = (BTreeMap::new(), BTreeMap::new());
        let mut provider = Self { token, base, people, groups };
        for (_, user_name, display, enabled) in &listed.people {
            let user = json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
                "userName": user_name,
                "displayName": display,
                "active": enabled,
            });
            let made = provider.send("POST", "/Users", user).await?;
            provider.people.insert(user_name.clone(), id(&made)?);
        }
        for (name, members) in &listed.groups {
            let members = members.iter().filter_map(|member| provider.people.get(member));
            let members: Vec<Value> = members.map(|id| json!({ "value": id })).collect();
            let group = json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
                "displayName": name,
                "members": members,
            });
            let made = provider.send("POST", "/Groups", group).await?;
            provider.groups.insert(name.clone(), id(&made)?);
        }
        Ok(provider)
    }

    /// Puts a person into a group or takes one out, as Entra ID would.
    pub(super) async fn change(&self, group: &str, user_name: &str, add: bool) -> Result<()> {
        let group = self.groups.get(group).with_context(|| format!("no group {group}"))?;
        let person = self.people.get(user_name).with_context(|| format!("no {user_name}"))?;
        let operation = if add { "Add" } else { "Remove" };
        let patch = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": operation, "path": "members", "value": [{ "value": person }] }],
        });
        self.send("PATCH", &format!("/Groups/{group}"), patch).await.map(drop)
    }

    /// Where people are pushed to, at another address of the same server.
    pub(super) fn at(self, door: &str) -> Self {
        Self { base: format!("{door}/scim/v2"), ..self }
    }

    pub(super) fn told(&self) -> String {
        format!("pushed to {}", self.base)
    }

    async fn send(&self, method: &'static str, path: &str, body: Value) -> Result<Value> {
        let url = format!("{}{path}", self.base);
        let authorization = format!("Bearer {}", self.token);
        let sent = tokio::task::spawn_blocking(move || {
            let agent: ureq::Agent =
                ureq::Agent::config_builder().http_status_as_error(false).build().into();
            let request = if method == "PATCH" { agent.patch(&url) } else { agent.post(&url) };
            let mut answer = request
                .header("Authorization", &authorization)
                .header("Content-Type", "application/scim+json")
                .send(body.to_string())
                .with_context(|| format!("no answer to {method} {url}"))?;
            let status = answer.status();
            let text = answer.body_mut().read_to_string()?;
            ensure!(status.is_success(), "{method} {url} answered {status}: {text}");
            Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? })
        });
        sent.await.map_err(|error| anyhow!("pushing by SCIM: {error}"))?
    }
}

fn id(made: &Value) -> Result<String> {
    let id = made.get("id").and_then(Value::as_str);
    id.map(str::to_owned).context("what was pushed got no id")
}
