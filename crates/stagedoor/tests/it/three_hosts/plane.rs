//! What the three hosts talk to: simulated AWS, two replicas and two proxies.

use super::EXPLAINED;
use super::net::{Host, Net};
use super::visitor::{NAME, Visitor};
use crate::browser::Answer;
use crate::cloud::{now, until};
use crate::house::identity_provider;
use crate::process::{self, Running};
use crate::world::{MAP, in_aws, settled};
use control::ports::{AuditEntry, AuditLog};
use demo_idp::{DemoIdp, DemoResponse, Signing};
use rcgen::CertifiedKey;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

/// The proxies of `deploy/proxy`, by the address of the door at which they listen.
pub(super) const PROXIES: [(Ipv4Addr, &str); 2] =
    [(Ipv4Addr::new(10, 0, 10, 10), "nginx"), (Ipv4Addr::new(10, 0, 10, 11), "Caddy")];

/// Where the replicas listen on the door's machine: for people, and for those who run them.
const REPLICAS: [(u16, u16); 2] = [(8081, 9081), (8082, 9082)];

/// The endpoints of the private API, by the address of the door at which they are. The map lets in
/// whoever comes by the first.
pub(super) const ENDPOINTS: [(Ipv4Addr, &str); 2] =
    [(Ipv4Addr::new(10, 0, 10, 20), "vpce-0aaaa"), (Ipv4Addr::new(10, 0, 10, 21), "vpce-0bbbb")];

/// Where the private API's function asks for requests.
const RUNTIME_API: &str = "127.0.0.1:9001";

/// Where simulated AWS listens.
const AWS: &str = "10.0.20.10:4566";

pub(super) struct Plane {
    pub(super) inside: Host,
    pub(super) bastion: Host,
    pub(super) outside: Host,
    /// Another bastion, whose address the map does not name.
    pub(super) peered: Host,
    door: Host,
    idp: DemoIdp,
    // In this order: processes end before their machines and their files are taken away.
    _processes: Vec<Running>,
    _net: Net,
    folder: TempDir,
}

impl Plane {
    pub(super) fn start() -> Self {
        let mut net = Net::new();
        let door = net.host("door", &["10.0.10.10", "10.0.10.11", "10.0.10.20", "10.0.10.21"]);
        let aws = net.host("aws", &["10.0.20.10"]);
        let bastion = net.host("bastion", &["10.0.30.9"]);
        let inside = net.host("inside", &["10.100.10.7"]);
        let outside = net.host("outside", &["203.0.113.50"]);
        let peered = net.host("peered", &["10.0.31.9"]);
        let folder = tempfile::tempdir().unwrap();
        let idp = identity_provider();
        furnish(folder.path(), &idp);
        let mut processes = vec![simulated_aws(&aws, folder.path())];
        processes.extend(REPLICAS.map(|ports| replica(&door, folder.path(), ports)));
        processes.extend(proxies(&door, folder.path()));
        processes.extend(private_api(&door, folder.path()));
        let plane = Self {
            inside,
            bastion,
            outside,
            peered,
            door,
            idp,
            _processes: processes,
            _net: net,
            folder,
        };
        for (proxy, name) in PROXIES.into_iter().chain(ENDPOINTS) {
            until(&format!("{name} answers"), || plane.answers(proxy).then_some(()));
        }
        plane
    }

    /// Somebody at this machine, who reaches the door through this proxy.
    pub(super) fn visitor<'n>(&self, host: &'n Host, proxy: Ipv4Addr) -> Visitor<'n> {
        Visitor::at(host, proxy, self.folder.path().join("fullchain.pem"))
    }

    /// Clicks a tile at the identity provider.
    pub(super) fn tile(
        &self,
        visitor: &Visitor<'_>,
        team: Option<&str>,
        headers: &[&str],
    ) -> Answer {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let (response_id, assertion_id) = (format!("_hr{number}"), format!("_ha{number}"));
        let response = DemoResponse {
            person: self.idp.person("ana").unwrap(),
            team,
            in_response_to: None,
            acs_url: &format!("https://{NAME}/saml/acs"),
            audience: &format!("https://{NAME}/saml/metadata"),
            issued_at: now(),
            response_id: &response_id,
            assertion_id: &assertion_id,
            signing: Signing::Assertion,
        };
        let response = self.idp.issue_response(&response).unwrap();
        visitor.post_claiming("/saml/acs", &[("SAMLResponse", &response)], headers)
    }

    /// The first address of the door's machine.
    pub(super) fn door(&self) -> Ipv4Addr {
        self.door.address()
    }

    /// How many openings ended so, by the metrics of all replicas.
    pub(super) fn openings(&self, result: &str, code: &str) -> u64 {
        REPLICAS.iter().map(|(_, ops)| self.metric(*ops, result, code)).sum()
    }

    /// How many links each replica gave out.
    pub(super) fn replicas(&self) -> [u64; 2] {
        REPLICAS.map(|(_, ops)| self.metric(ops, "opened", "opened"))
    }

    /// What all replicas count at the door.
    pub(super) fn metrics(&self) -> String {
        let texts = REPLICAS.map(|(_, ops)| self.read_metrics(ops));
        let lines = texts.iter().flat_map(|text| text.lines());
        let of_door = |line: &&str| {
            ["stagedoor_signin_", "stagedoor_opening_"].iter().any(|name| line.starts_with(name))
        };
        lines.filter(of_door).collect::<Vec<_>>().join("\n")
    }

    fn read_metrics(&self, ops: u16) -> String {
        fetch(&self.door, &format!("http://127.0.0.1:{ops}/metrics"))
    }

    fn metric(&self, ops: u16, result: &str, code: &str) -> u64 {
        let metrics = self.read_metrics(ops);
        let name = format!("stagedoor_opening_total{{reason=\"{code}\",result=\"{result}\"}} ");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
        line.map_or(0, |count| count.parse().unwrap())
    }

    /// The audit log's entries of an event.
    pub(super) fn audit(&self, event: &str) -> Vec<AuditEntry> {
        let store = store::SqliteStore::open(self.folder.path().join("stagedoor.db")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let entries = runtime.block_on(store.newest(1000)).unwrap();
        entries.into_iter().filter(|entry| entry.event == event).collect()
    }

    /// How many links into Studio simulated AWS has given out.
    pub(super) fn presigned(&self) -> u64 {
        let state = fetch(&self.door, &format!("http://{AWS}/_sandbox/state"));
        let state: serde_json::Value = serde_json::from_str(&state).unwrap();
        state["presigned"].as_u64().unwrap()
    }

    fn answers(&self, proxy: Ipv4Addr) -> bool {
        let mut curl = self.door.command("curl");
        curl.args(["--silent", "--insecure", "--max-time", "5", "--output", "/dev/null"]).args([
            "--resolve",
            &format!("{NAME}:443:{proxy}"),
            &format!("https://{NAME}/"),
        ]);
        curl.status().unwrap().success()
    }
}

fn fetch(host: &Host, url: &str) -> String {
    let mut curl = host.command("curl");
    let output = curl.args(["--silent", "--fail", "--max-time", "10", url]).output().unwrap();
    assert!(output.status.success(), "{url}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Everything that is read from files: map, metadata, seed, certificate.
fn furnish(folder: &Path, idp: &DemoIdp) {
    let map = format!(
        "{}\nnetworks:\n  authorised: {{ any_of: [{{ cidr: 10.100.10.0/24 }}, {{ cidr: \
         10.0.30.9/32 }}, {{ vpce: {} }}], explain: \"{EXPLAINED}\" }}\nidentity_providers:\n  corp:\n    \
         metadata: corp.xml\n    person: {{ attribute: ssouserid, matches: id }}\n    \
         team_attribute: teamid\n    allow_unsolicited: true\n",
        MAP.replace("network: anywhere", "network: authorised"),
        ENDPOINTS[0].1
    );
    fs::write(folder.join("access.yaml"), map).unwrap();
    fs::write(folder.join("corp.xml"), idp.metadata_xml()).unwrap();
    fs::write(folder.join("seed.yaml"), settled()).unwrap();
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(vec![NAME.to_owned()]).unwrap();
    fs::write(folder.join("fullchain.pem"), cert.pem()).unwrap();
    fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
}

fn simulated_aws(aws: &Host, folder: &Path) -> Running {
    let mut command = process::command(folder);
    command.args(["sandbox", "--listen", AWS, "--seed", "seed.yaml"]);
    let mut running = Running::start(aws.runs(&command));
    running.word_after("Simulated AWS on ");
    running
}

fn replica(door: &Host, folder: &Path, (port, ops): (u16, u16)) -> Running {
    let mut command = in_aws(folder, &format!("http://{AWS}"));
    command
        .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
        .args(["--ops-listen", &format!("127.0.0.1:{ops}")])
        .args(["--public-url", &format!("https://{NAME}")])
        .args(["--trusted-proxy", "127.0.0.1"]);
    let mut running = Running::start(door.runs(&command));
    running.word_after("Stagedoor listens on ");
    running
}

/// The same door as a function behind a private REST API, on the replicas' store.
fn private_api(door: &Host, folder: &Path) -> [Running; 2] {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/three_hosts/gateway.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(folder.join("fullchain.pem")).arg(folder.join("key.pem"));
    command.arg(RUNTIME_API);
    command.args(ENDPOINTS.map(|(address, name)| format!("{address}={name}")));
    let mut gateway = Running::start(door.runs(&command));
    gateway.word_after("Private API ");
    let mut command = in_aws(folder, &format!("http://{AWS}"));
    command
        .arg("lambda")
        .args(["--public-url", &format!("https://{NAME}")])
        .env("AWS_LAMBDA_RUNTIME_API", RUNTIME_API);
    [gateway, Running::start(door.runs(&command))]
}

/// nginx and Caddy as `deploy/proxy` configures them, over both replicas.
fn proxies(door: &Host, folder: &Path) -> [Running; 2] {
    let [nginx, caddy] = PROXIES.map(|(address, _)| address);
    let ports = REPLICAS.map(|(port, _)| format!("127.0.0.1:{port}"));
    let servers = ports.each_ref().map(|port| format!("server {port};"));
    let own = [
        ("/etc/stagedoor/tls", folder.to_str().unwrap().to_owned()),
        ("/var/log/nginx/stagedoor.log", folder.join("nginx.log").display().to_string()),
        ("listen 80;", format!("listen {nginx}:80;")),
        ("listen 443 ssl", format!("listen {nginx}:443 ssl")),
        ("server 127.0.0.1:8080;", servers.join("\n")),
    ];
    let site = changed("nginx.conf", &own);
    let pid = folder.join("nginx.pid");
    let main = format!(
        "daemon off;\nmaster_process off;\npid {};\nerror_log stderr;\nevents {{}}\nhttp \
         {{\naccess_log off;\n{site}\n}}\n",
        pid.display()
    );
    fs::write(folder.join("proxy-nginx.conf"), main).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-e").arg("stderr").arg("-c").arg(folder.join("proxy-nginx.conf"));
    let nginx = Running::start(door.runs(&command));

    let own = [
        ("/etc/stagedoor/tls", folder.to_str().unwrap().to_owned()),
        (
            "\n\treverse_proxy 127.0.0.1:8080",
            format!("\n\tbind {caddy}\n\treverse_proxy {}", ports.join(" ")),
        ),
    ];
    let options = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n";
    fs::write(folder.join("Caddyfile"), format!("{options}{}", changed("Caddyfile", &own)))
        .unwrap();
    let mut command = Command::new("caddy");
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(folder.join("Caddyfile"));
    command.env("HOME", folder).current_dir(folder);
    [nginx, Running::start(door.runs(&command))]
}

/// A file of `deploy/proxy` with what differs here. Each text to change must be there.
fn changed(name: &str, own: &[(&str, String)]) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/proxy").join(name);
    let mut text = fs::read_to_string(path).unwrap();
    for (from, to) in own {
        assert!(text.contains(from), "{name} has no {from:?}");
        text = text.replace(from, to);
    }
    text
}
