//! A folder with an access map, and simulated AWS that it is about.

use crate::cloud::{ACCOUNT, Cloud, REGION};
use crate::process::{self, Run, Running};
use access::ids::Region;
use control::ports::{AuditEntry, AuditLog};
use dynamodb_peer::Peer;
use sandbox::ProfileView;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use store::SqliteStore;
use tempfile::TempDir;

pub(crate) const ANA: &str = "9067a1d2c4-0c7f1e52-6f41-4f0e-9a3b-5f2d1c0b7a01";
pub(crate) const BEN: &str = "9067a1d2c4-1d8e2f63-7a52-4a1f-8b4c-6a3e2d1c8b02";
pub(crate) const CLEO: &str = "9067a1d2c4-2e9f3a74-8b63-4b2a-9c5d-7b4f3e2d9c03";

/// Ana in fraud and demand, Ben in demand, Cleo in nothing; one domain, where all goes fast.
pub(crate) const SEED: &str = r#"
random: 1
roles:
  - { name: studio-default }
  - { name: studio-fraud }
  - { name: studio-demand }
domains:
  - { id: d-research, default_execution_role: "arn:aws:iam::111122223333:role/studio-default" }
directory:
  identity_store_id: d-906716eb24
  users:
    - { id: 9067a1d2c4-0c7f1e52-6f41-4f0e-9a3b-5f2d1c0b7a01, user_name: ana, display_name: Ana Diaz, email: ana@example.com }
    - { id: 9067a1d2c4-1d8e2f63-7a52-4a1f-8b4c-6a3e2d1c8b02, user_name: ben, display_name: Ben Okafor, email: ben@example.com }
    - { id: 9067a1d2c4-2e9f3a74-8b63-4b2a-9c5d-7b4f3e2d9c03, user_name: cleo, display_name: Cleo Lind, email: cleo@example.com }
  groups:
    - { name: ml-fraud, members: [ana] }
    - { name: ml-demand, members: [ana, ben] }
"#;

pub(crate) const FAST: &str = "timing: { fast: true }\n";

/// The map for [`SEED`]. Deletes at once and may delete half; grants are in lines 25 and 26.
pub(crate) const MAP: &str = r#"version: 1
instance: tests

directory:
  identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 }

domains:
  research:
    domain_id: d-research
    account_id: "111122223333"
    region: eu-west-1

teams:
  fraud:
    domain: research
    execution_role: "arn:aws:iam::{account_id}:role/studio-{team}"
    network: anywhere
    tags: { CostCenter: "42" }
  demand:
    domain: research
    execution_role: "arn:aws:iam::{account_id}:role/studio-{team}"
    network: anywhere

grants:
  - { group: ml-fraud, team: fraud }
  - { group: ml-demand, team: demand }

guard: { max_removals: 5, max_removals_percent: 50 }
offboarding: { hold: 0d }
"#;

/// The profile of a person of [`SEED`], as an earlier apply has made it: an item of `profiles`.
pub(crate) fn owned(user_name: &str, team: &str, more_tags: &str) -> String {
    let id = match user_name {
        "ana" => ANA,
        "ben" => BEN,
        _ => CLEO,
    };
    let cost = if team == "fraud" { "CostCenter: \"42\", " } else { "" };
    format!(
        "  - {{ domain: d-research, name: {user_name}--{team}, \
         execution_role: \"arn:aws:iam::{ACCOUNT}:role/studio-{team}\", tags: {{ {cost}\
         \"stagedoor:instance\": tests, \"stagedoor:person\": {id}, \"stagedoor:team\": {team}\
         {more_tags} }} }}\n"
    )
}

/// The three profiles that [`MAP`] wants of [`SEED`].
pub(crate) fn settled() -> String {
    let profiles =
        [owned("ana", "demand", ""), owned("ana", "fraud", ""), owned("ben", "demand", "")];
    format!("{SEED}{FAST}profiles:\n{}", profiles.concat())
}

/// The table, where the store is one.
const TABLE: &str = "stagedoor-tests";

pub(crate) struct World {
    pub(crate) cloud: Cloud,
    /// The DynamoDB with the store; absent: the store is a file.
    dynamodb: Option<Peer>,
    folder: TempDir,
}

impl World {
    pub(crate) fn new(seed: &str, map: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = Self { cloud: Cloud::start(seed), dynamodb: None, folder };
        world.write("access.yaml", map);
        // An empty file is an empty store: that one is made is said, which one test looks at.
        world.write("stagedoor.db", "");
        world
    }

    /// AWS without a map.
    pub(crate) fn bare(seed: &str) -> Self {
        let world = Self::new(seed, "");
        fs::remove_file(world.path("access.yaml")).unwrap();
        world
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// With the store in a table rather than in a file.
    pub(crate) fn on_dynamodb(self) -> Self {
        let peer = dynamodb_peer::start().unwrap();
        block_on(table(&peer).create_table()).unwrap();
        Self { dynamodb: Some(peer), ..self }
    }

    /// Where the store is, as `--store` takes it.
    pub(crate) fn location(&self) -> String {
        match &self.dynamodb {
            Some(_) => format!("dynamodb:{TABLE}"),
            None => self.path("stagedoor.db").display().to_string(),
        }
    }

    /// The audit log, newest first.
    pub(crate) fn audit(&self) -> Vec<AuditEntry> {
        const ALL: u32 = 100_000;
        match &self.dynamodb {
            Some(peer) => block_on(table(peer).newest(ALL)).unwrap(),
            None => {
                block_on(SqliteStore::open(self.path("stagedoor.db")).unwrap().newest(ALL)).unwrap()
            }
        }
    }

    /// As on a machine on which no command has run yet.
    pub(crate) fn without_store(self) -> Self {
        fs::remove_file(self.path("stagedoor.db")).unwrap();
        self
    }

    /// Every byte of the embedded store, its log included, as far as it is text.
    pub(crate) fn store(&self) -> String {
        ["stagedoor.db", "stagedoor.db-wal"]
            .iter()
            .filter_map(|name| fs::read(self.path(name)).ok())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect()
    }

    /// The binary as somebody with credentials for this AWS.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = in_aws(self.folder.path(), &self.cloud.url);
        if let Some(peer) = &self.dynamodb {
            command.env("STAGEDOOR_STORE", self.location());
            command.env("AWS_ENDPOINT_URL_DYNAMODB", &peer.endpoint);
        }
        command.args(args);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        process::run(self.command(args))
    }

    /// `stagedoor apply`, looking often.
    pub(crate) fn apply(&self, more: &[&str]) -> Run {
        self.run(&[&["apply", "--poll", "20ms", "--timeout", "30s"], more].concat())
    }

    /// `stagedoor apply` in the background.
    pub(crate) fn start_apply(&self) -> Running {
        Running::start(self.command(&["apply", "--poll", "20ms"]))
    }

    /// `plan` afterwards finds nothing to do.
    #[track_caller]
    pub(crate) fn assert_settled(&self) {
        let run = self.run(&["plan"]).exits(0);
        assert!(run.stdout.ends_with("Nothing to do: AWS agrees with the map.\n"), "{run:?}");
    }
}

/// The table of a DynamoDB.
fn table(peer: &Peer) -> aws::DynamoStore {
    let simulator = aws::Simulator {
        url: peer.endpoint.clone(),
        region: Region::parse(REGION).unwrap(),
        access_key_id: "AKIASTAGEDOOR".to_owned(),
        secret_access_key: "secret".to_owned(),
    };
    aws::Aws::simulated(&simulator).store(TABLE)
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The binary in a folder, with credentials for AWS at this address.
pub(crate) fn in_aws(folder: &Path, url: &str) -> Command {
    let mut command = process::command(folder);
    command
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKIASTAGEDOOR")
        .env("AWS_SECRET_ACCESS_KEY", "SECRET-ACCESS-KEY");
    command
}

/// Name, status and last part of the role of each profile.
pub(crate) fn brief(profiles: &[ProfileView]) -> Vec<(&str, &str, &str)> {
    let role = |p: &ProfileView| -> usize {
        p.execution_role.as_deref().and_then(|r| r.rfind('/')).map_or(0, |at| at + 1)
    };
    profiles
        .iter()
        .map(|p| {
            let arn = p.execution_role.as_deref().unwrap_or_default();
            (p.name.as_str(), p.status, arn.get(role(p)..).unwrap_or_default())
        })
        .collect()
}
