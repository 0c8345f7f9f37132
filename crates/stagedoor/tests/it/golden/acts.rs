//! What somebody else than Stagedoor does on a page, and what can be seen of AWS.
//!
//! - `directory add-member USER GROUP`, `remove-member USER GROUP`, `disable USER`, `enable USER`,
//!   `add-user USER [NAME]`, `delete-user USER`, `rename-user USER NAME`, `rename-group GROUP NAME`,
//!   `delete-group GROUP`
//! - `studio open SPACE|PROFILE [NUMBER]`: starts an app or several, as its owner would
//! - `iam …`: what an admin of IAM does ([`super::iam`])
//! - `clock SECONDS`: moves the clock of AWS forward; the binary's own goes on as it does
//! - `profiles`, `apps`, `apps count`, `spaces`, `homes`, `homes distinct`, `tags PROFILE`: what there
//!   is in all domains
//! - `audit`: what the store's audit log says
//! - `changes`: the calls that changed Studio since they were last shown
//! - `start COMMAND`, `wait-for SERVICE:OPERATION`, `kill`, `wait`: a process in the background
//! - `reset faults`: nothing goes wrong any more

use super::Player;
use crate::cloud::{ACCOUNT, REGION, STORE, until};
use crate::process::Running;
use control::ports::{AuditEntry, AuditLog};
use sandbox::{AppView, ProfileView};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

impl Player {
    pub(super) fn act(&mut self, act: &str) -> String {
        let words = shlex::split(act).expect("quotes that close");
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["directory", what @ ..] => self.directory(what),
            ["studio", "open", place] => self.open(place, 1),
            ["studio", "open", place, number] => self.open(place, number.parse().unwrap()),
            ["iam", what @ ..] => self.iam(what),
            ["clock", seconds] => {
                self.world().cloud.advance(Duration::from_secs(seconds.parse().unwrap()));
            }
            ["reset", "faults"] => self.world().cloud.go_wrong("{}"),
            ["start", "stagedoor", args @ ..] => {
                let mut command = self.world().command(args);
                command.env("STAGEDOOR_LOG", "off").env("STAGEDOOR_POLL", "20ms");
                let before = self.world().cloud.look().call_counts().clone();
                self.before = before;
                self.running = Some(Running::start(command));
            }
            ["wait-for", operation] => {
                let cloud = &self.world().cloud;
                let before = self.before.get(*operation).copied().unwrap_or(0);
                until(operation, || (cloud.calls(operation) > before).then_some(()));
            }
            ["kill"] => self.running.take().expect("a process runs").kill(),
            ["wait"] => {
                let mut running = self.running.take().expect("a process runs");
                return format!("{}\n", running.end());
            }
            _ => return self.look(&words),
        }
        String::new()
    }

    fn look(&mut self, words: &[&str]) -> String {
        let lines = match words {
            ["profiles"] => self.of_domains(|cloud, id| {
                cloud.profiles((ACCOUNT, id)).iter().map(profile).collect()
            }),
            ["homes"] => self.of_domains(|cloud, id| {
                let all = cloud.profiles((ACCOUNT, id));
                all.iter().map(|p| format!("{} uid {}", p.name, p.home_uid)).collect()
            }),
            ["homes", "distinct"] => {
                let homes = self.of_domains(|cloud, id| {
                    let all = cloud.profiles((ACCOUNT, id));
                    all.into_iter().map(|p| p.home_uid).collect()
                });
                let distinct: BTreeSet<&String> = homes.iter().collect();
                vec![format!("{} profiles, {} homes", homes.len(), distinct.len())]
            }
            ["audit"] => self.audit(),
            ["tags", name] => self.of_domains(|cloud, id| {
                let all = cloud.profiles((ACCOUNT, id));
                let one = all.iter().filter(|p| p.name == *name);
                one.flat_map(|p| p.tags.iter().map(|(k, v)| format!("{k} = {v}"))).collect()
            }),
            ["apps"] => self.of_domains(|cloud, id| {
                let all = cloud.look().apps(ACCOUNT, REGION, id);
                all.iter().map(app).collect()
            }),
            ["apps", "count"] => self.of_domains(|cloud, id| {
                let all = cloud.look().apps(ACCOUNT, REGION, id);
                vec![format!("{}", all.iter().filter(|a| a.status != "Deleted").count())]
            }),
            ["spaces"] => self.of_domains(|cloud, id| {
                let all = cloud.look().spaces(ACCOUNT, REGION, id);
                let owner = |s: &sandbox::SpaceView| s.owner.clone().unwrap_or_default();
                all.iter().map(|s| format!("{} of {} {}", s.name, owner(s), s.status)).collect()
            }),
            ["changes"] => self.changes(),
            other => panic!("no act {other:?}"),
        };
        if lines.is_empty() { "nothing\n".to_owned() } else { lines.join("\n") + "\n" }
    }

    /// What there is in each domain of the default account.
    fn of_domains(&self, look: impl Fn(&crate::cloud::Cloud, &str) -> Vec<String>) -> Vec<String> {
        let cloud = &self.world().cloud;
        let state = cloud.look().state(crate::cloud::now());
        let domains = state["domains"].as_array().unwrap();
        domains.iter().flat_map(|domain| look(cloud, domain["id"].as_str().unwrap())).collect()
    }

    /// The audit log, oldest entry first.
    fn audit(&self) -> Vec<String> {
        let store = store::SqliteStore::open(self.world().path("stagedoor.db")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let entries = runtime.block_on(store.newest(1_000)).unwrap();
        let told = |entry: &AuditEntry| {
            let mut details = entry.details.clone();
            details.extend(entry.change.clone().map(|change| ("change".to_owned(), change)));
            let details = details.iter().map(|(name, value)| format!("{name}={value}"));
            let details: Vec<String> = details.collect();
            format!("{} {} {}", entry.event, entry.code, details.join(" "))
        };
        // What AWS answered is told by `changes`, and its ids are other ones each time.
        let asked = entries.iter().rev().filter(|entry| entry.event != "aws-answered");
        asked.map(told).collect()
    }

    fn changes(&mut self) -> Vec<String> {
        let cloud = &self.world().cloud;
        let all: Vec<_> =
            cloud.look().calls().map(|c| (c.service, c.operation, c.error.clone())).collect();
        let mut lines = Vec::<(String, usize)>::new();
        for (service, operation, error) in all.iter().skip(self.seen) {
            let reads = ["List", "Describe", "Get"].iter().any(|read| operation.starts_with(read));
            if reads || !matches!(*service, "sagemaker" | "sso") {
                continue;
            }
            let line = match error {
                Some(error) => format!("{operation} {error}"),
                None => (*operation).to_owned(),
            };
            match lines.last_mut() {
                Some((last, times)) if *last == line => *times += 1,
                _ => lines.push((line, 1)),
            }
        }
        self.seen = all.len();
        let told = |(line, times): (String, usize)| match times {
            1 => line,
            times => format!("{line} ×{times}"),
        };
        lines.into_iter().map(told).collect()
    }

    fn open(&self, place: &str, number: usize) {
        let cloud = &self.world().cloud;
        let state = cloud.look().state(crate::cloud::now());
        for domain in state["domains"].as_array().unwrap() {
            let id = domain["id"].as_str().unwrap();
            let named = |kind: &str| {
                domain[kind].as_array().unwrap().iter().any(|item| item["name"] == place)
            };
            let (owner, app) = match (named("spaces"), named("profiles")) {
                (true, _) => ("SpaceName", "JupyterLab"),
                (false, true) => ("UserProfileName", "KernelGateway"),
                (false, false) => continue,
            };
            for index in 1..=number {
                let name = format!("app-{index}");
                let mut body = json!({"DomainId": id, "AppType": app, "AppName": name});
                body[owner] = place.into();
                cloud.sagemaker("CreateApp", &body);
            }
            return;
        }
        panic!("no space and no profile {place}");
    }

    fn directory(&self, what: &[&str]) {
        let cloud = &self.world().cloud;
        let user = |name: &str| cloud.user_id(name);
        let group = |name: &str| cloud.group_id(name);
        let change =
            |path: &str, value: Value| json!([{"AttributePath": path, "AttributeValue": value}]);
        let (operation, mut body) = match what {
            ["add-member", name, of] => return cloud.join(name, of),
            ["remove-member", name, of] => return cloud.leave(name, of),
            ["disable", name] => return cloud.disable(name),
            ["enable", name] => (
                "UpdateUser",
                json!({"UserId": user(name), "Operations": change("userStatus", json!("ENABLED"))}),
            ),
            ["rename-user", name, new] => (
                "UpdateUser",
                json!({"UserId": user(name), "Operations": change("userName", json!(new))}),
            ),
            ["delete-user", name] => ("DeleteUser", json!({"UserId": user(name)})),
            ["add-user", name, shown @ ..] => {
                let shown = shown.first().unwrap_or(name);
                (
                    "CreateUser",
                    json!({
                        "UserName": name, "DisplayName": shown,
                        "Name": {"GivenName": shown, "FamilyName": shown},
                    }),
                )
            }
            ["rename-group", name, new] => (
                "UpdateGroup",
                json!({"GroupId": group(name), "Operations": change("displayName", json!(new))}),
            ),
            ["delete-group", name] => ("DeleteGroup", json!({"GroupId": group(name)})),
            other => panic!("the directory knows no {other:?}"),
        };
        body["IdentityStoreId"] = STORE.into();
        cloud.directory(operation, &body);
    }
}

fn profile(profile: &ProfileView) -> String {
    let mut line = format!("{} {}", profile.name, profile.status);
    let role = profile.execution_role.as_deref().and_then(|arn| arn.rsplit('/').next());
    let _ = write!(line, " role {}", role.unwrap_or("none"));
    if let Some(user) = &profile.sso_user {
        let _ = write!(line, " of {user}");
    }
    line
}

fn app(app: &AppView) -> String {
    let owner = app.space.as_ref().or(app.profile.as_ref()).cloned().unwrap_or_default();
    format!("{}/{} of {owner} {}", app.app_type, app.name, app.status)
}
