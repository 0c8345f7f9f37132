//! The two servers, and what they cost.

use super::client::Client;
use crate::bench::build;
use crate::{python, workspace};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const REQUIREMENTS: &str = "benches/scim/requirements.txt";

/// The token of theirs; ours makes its own.
const THEIR_TOKEN: &str = "bench-token";

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a server may be busy with what it was sent.
const BUSY_FOR: Duration = Duration::from_mins(10);

/// CPU time of a moment in which a server has nothing to do, in seconds.
const IDLE: f64 = 0.02;

/// The core that servers are kept on.
const CORE: &str = "0";

/// Clock ticks a second in which Linux counts the time of processes (`USER_HZ`).
const TICKS: f64 = 100.0;

/// A server that runs. It ends with the value, and what it was started with.
#[derive(Debug)]
pub(super) struct Server {
    process: Running,
    /// What it needs: the simulated AWS.
    _needs: Vec<Running>,
    address: SocketAddr,
    root: &'static str,
    token: String,
}

/// Requests a second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    /// Of CPU time that the server's process took, waiting for the disk left out.
    pub(super) by_cpu: f64,
    /// As time passed, the client's own work and the disk's included.
    pub(super) by_clock: f64,
}

/// A process that ends with the value.
#[derive(Debug)]
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// `stagedoor serve` on the simulated AWS, with a map whose one directory is pushed.
    pub(super) fn ours() -> Result<Self> {
        let program = build::release("stagedoor", "stagedoor")?;
        let folder = workspace::target().join("scim-bench");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let map = folder.join("access.yaml");
        fs::write(&map, MAP)?;
        let seed = workspace::root().join("crates/stagedoor/src/demo/seed.yaml");
        let command = |core: Option<&str>, words: &[&str]| {
            let mut command = kept_on(core, &program);
            command
                .args(words)
                .env("AWS_REGION", "eu-west-1")
                .env("AWS_ACCESS_KEY_ID", "AKIATESTEXAMPLE00000")
                .env("AWS_SECRET_ACCESS_KEY", "anything")
                .env("AWS_EC2_METADATA_DISABLED", "true")
                .env("STAGEDOOR_MAP", &map)
                .env("STAGEDOOR_STORE", folder.join("stagedoor.db"))
                .env("NO_COLOR", "1");
            command
        };
        let mut sandbox = command(None, &["sandbox", "--listen", "127.0.0.1:0", "--seed"]);
        let (sandbox, aws) =
            begin(sandbox.arg(seed), &folder.join("sandbox.log"), "AWS_ENDPOINT_URL=http://")?;
        let aws = format!("http://{aws}");
        let words = ["serve", "--listen", "127.0.0.1:0", "--scim-limit", "100000000"];
        let mut serve = command(Some(CORE), &words);
        let (process, address) = begin(
            serve.env("AWS_ENDPOINT_URL", &aws),
            &folder.join("serve.log"),
            "listens on http://",
        )?;
        let made = command(None, &["token", "create", "bench", "--scope", "scim", "--for", "1h"])
            .env("AWS_ENDPOINT_URL", &aws)
            .output()?;
        ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let token = String::from_utf8(made.stdout)?.trim().to_owned();
        Ok(Self { process, _needs: vec![sandbox], address, root: "/scim/v2", token })
    }

    /// scim2-server, which keeps everything in memory.
    pub(super) fn theirs() -> Result<Self> {
        let python = python::tool("scim-server-venv", REQUIREMENTS)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let child = kept_on(Some(CORE), &python.with_file_name("scim2-server"))
            .args(["--hostname", "127.0.0.1", "--port", &port.to_string()])
            .args(["--bearer-token", THEIR_TOKEN])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start scim2-server")?;
        let process = Running(child);
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            ensure!(Instant::now() < until, "scim2-server does not listen");
            pause();
        }
        Ok(Self { process, _needs: Vec::new(), address, root: "", token: THEIR_TOKEN.to_owned() })
    }

    /// A connection to it.
    pub(super) fn client(&self) -> Client {
        Client::new(self.address, self.root, &self.token)
    }

    /// How fast the server does so many requests.
    pub(super) fn rate(&self, count: usize, work: impl FnOnce() -> Result<()>) -> Result<Rate> {
        let (before, begun) = (self.cpu_seconds()?, Instant::now());
        work()?;
        let (took, passed) = (self.cpu_seconds()? - before, begun.elapsed().as_secs_f64());
        ensure!(took > 0.0, "{count} requests are too few to be measured");
        #[expect(clippy::cast_precision_loss, reason = "thousands")]
        let count = count as f64;
        Ok(Rate { by_cpu: count / took, by_clock: count / passed })
    }

    /// Waits until the process has nothing more to do.
    pub(super) fn wait_until_idle(&self) -> Result<()> {
        let until = Instant::now() + BUSY_FOR;
        let mut quiet = 0;
        while quiet < 3 {
            ensure!(Instant::now() < until, "the server does not come to rest");
            let before = self.cpu_seconds()?;
            (0..25).for_each(|_| pause());
            quiet = if self.cpu_seconds()? - before <= IDLE { quiet + 1 } else { 0 };
        }
        Ok(())
    }

    /// CPU time that the process took so far, with all its threads.
    fn cpu_seconds(&self) -> Result<f64> {
        let stat = fs::read_to_string(self.proc("stat")).context("the server has ended")?;
        ticks(&stat).map(|ticks| ticks / TICKS).context("the time of a process cannot be read")
    }

    /// The most memory that the process had at any time, in MiB.
    pub(super) fn peak_memory(&self) -> Result<f64> {
        let status = fs::read_to_string(self.proc("status")).context("the server has ended")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
        Ok(kib.context("the memory of a process cannot be read")? / 1024.0)
    }

    fn proc(&self, file: &str) -> PathBuf {
        Path::new("/proc").join(self.process.0.id().to_string()).join(file)
    }
}

/// A program that runs on this core alone; without a core, anywhere.
fn kept_on(core: Option<&str>, program: &Path) -> Command {
    let Some(core) = core else { return Command::new(program) };
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", core]).arg(program);
    command
}

/// The time of a process in user and kernel mode, from its line in `/proc`. Its name may hold spaces.
fn ticks(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut words = rest.split(' ').skip(11);
    let (user, kernel): (f64, f64) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some(user + kernel)
}

/// Starts a server, and reads the address behind these words in what it says.
fn begin(command: &mut Command, log: &Path, before: &str) -> Result<(Running, SocketAddr)> {
    let out = fs::File::create(log)?;
    let child = command
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out)
        .spawn()
        .context("cannot start stagedoor")?;
    let mut process = Running(child);
    let until = Instant::now() + PATIENCE;
    loop {
        let said = fs::read_to_string(log)?;
        if let Some(address) = address(&said, before) {
            return Ok((process, address));
        }
        if process.0.try_wait()?.is_some() || Instant::now() > until {
            bail!("stagedoor did not start: {said}");
        }
        pause();
    }
}

/// Between two looks.
#[expect(clippy::disallowed_methods, reason = "another process is waited for")]
fn pause() {
    thread::sleep(Duration::from_millis(20));
}

fn address(said: &str, before: &str) -> Option<SocketAddr> {
    let (_, rest) = said.split_once(before)?;
    let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ':')))?;
    rest.get(..end)?.parse().ok()
}

/// A team whose group is none of those that are pushed.
const MAP: &str = r#"version: 1
instance: demo
directory: { scim: {} }
domains:
  research: { domain_id: d-demostudio01, account_id: "111122223333", region: eu-west-1 }
networks:
  this-machine: { any_of: [ { cidr: 127.0.0.0/8 } ], explain: "This machine only." }
teams:
  team-1:
    domain: research
    execution_role: "arn:aws:iam::{account_id}:role/studio-{team}"
    network: this-machine
grants:
  - { group: ml-team-1, team: team-1 }
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_took_is_read_behind_its_name() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 9 0 1";
        assert_eq!(ticks(stat), Some(200.0));
        assert_eq!(ticks("7 (x"), None);
    }

    #[test]
    fn the_address_is_what_stands_behind_the_words() {
        let said = "Stagedoor listens on http://127.0.0.1:8080, the map is fine";
        assert_eq!(address(said, "listens on http://"), Some(([127, 0, 0, 1], 8080).into()));
        assert_eq!(address(said, "AWS_ENDPOINT_URL=http://"), None);
    }
}
