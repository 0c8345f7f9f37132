//! `stagedoor serve` as a process.

use anyhow::{Context, Result, bail};
use std::fs::{self, File, OpenOptions};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a process may take until it listens.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a process says when it is ready.
const LISTENS: &str = "Stagedoor listens on http://";

/// libfaketime, as Debian installs it.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// Ticks of `/proc/PID/stat` in a second, on every Linux there is.
const TICKS: f64 = 100.0;

/// By how many seconds a process's clock is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Skew(pub i32);

/// How replicas are started.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The binary.
    pub stagedoor: PathBuf,
    /// Where map, metadata and logs are.
    pub folder: PathBuf,
    /// Variables beside those that every replica gets.
    pub environment: Vec<(String, String)>,
    /// Arguments of `serve` beside those that every replica gets.
    pub arguments: Vec<String>,
}

/// A process. It ends with the value.
#[derive(Debug)]
pub struct Replica {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Setup {
    /// Starts replica number `number`, bound to a core if one is named, and waits until it listens.
    ///
    /// # Errors
    /// It ended, or does not get ready; its log tells why.
    pub fn start(&self, number: usize, skew: Skew, core: Option<usize>) -> Result<Replica> {
        let log = self.folder.join(format!("replica-{number}.log"));
        let file = OpenOptions::new().create(true).append(true).open(&log);
        let file = file.with_context(|| format!("cannot write {}", log.display()))?;
        let before = file.metadata().context("its length")?.len();
        let mut child = self
            .command(skew, core)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {}", self.stagedoor.display()))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let said = fs::read(&log).with_context(|| format!("cannot read {}", log.display()))?;
            let from = usize::try_from(before).unwrap_or(0).min(said.len());
            let said = String::from_utf8_lossy(said.split_at(from).1).into_owned();
            if let Some(address) = address(&said) {
                return Ok(Replica { child, address });
            }
            let ended = child.try_wait().context("cannot look after a replica")?;
            if ended.is_some() || Instant::now() > deadline {
                let _gone = (child.kill(), child.wait());
                bail!("replica {number} does not get ready ({ended:?}): {said}");
            }
            std::thread::park_timeout(Duration::from_millis(2));
        }
    }

    fn command(&self, skew: Skew, core: Option<usize>) -> Command {
        let mut command = match core {
            Some(core) => {
                let mut command = Command::new("taskset");
                command.args(["-c", &core.to_string()]).arg(&self.stagedoor);
                command
            }
            None => Command::new(&self.stagedoor),
        };
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(&self.arguments)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", &self.folder)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_REGION", crate::company::REGION)
            .env("AWS_ACCESS_KEY_ID", "AKIASTAGEDOOR")
            .env("AWS_SECRET_ACCESS_KEY", "anything")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.folder);
        if skew != Skew::default() {
            command
                .env("LD_PRELOAD", FAKETIME)
                .env("FAKETIME", format!("{:+}s", skew.0))
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        command
    }

    /// Writes a file into the folder.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Whether clocks can be made wrong here.
    pub fn can_skew() -> bool {
        File::open(FAKETIME).is_ok()
    }
}

impl Replica {
    /// SIGKILL: it has no chance to tidy up.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill().context("cannot kill a replica")?;
        self.child.wait().context("cannot wait for a replica").map(drop)
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Seconds of processor time so far, of all its threads, by itself and by the kernel for it.
    ///
    /// # Errors
    /// This is not Linux, or the process is gone.
    pub fn cpu_seconds(&self) -> Result<f64> {
        cpu_seconds(self.child.id())
    }

    /// The greatest resident set so far, in KiB.
    ///
    /// # Errors
    /// This is not Linux, or the process is gone.
    pub fn peak_kib(&self) -> Result<f64> {
        peak_kib(self.child.id())
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        // It may have ended; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address in what a process says.
fn address(said: &str) -> Option<SocketAddr> {
    let (_, rest) = said.split_once(LISTENS)?;
    let (line, _) = rest.split_once('\n')?;
    line.split([',', ' ', '"']).next()?.parse().ok()
}

/// Seconds of processor time of a process so far, of all its threads, by itself and by the kernel for
/// it.
///
/// # Errors
/// This is not Linux, or the process is gone.
pub fn cpu_seconds(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))
        .context("cannot read a process's times")?;
    spent(&stat).context("a process's times have an unknown form")
}

/// User and system time of `/proc/PID/stat`. The name, in parentheses, may hold anything.
fn spent(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) / TICKS)
}

/// The greatest resident set of a process so far, in KiB.
///
/// # Errors
/// This is not Linux, or the process is gone.
pub fn peak_kib(process: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))
        .context("cannot read a process's memory")?;
    high_water(&status).context("a process's memory has an unknown form")
}

fn high_water(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_proc_says_is_read() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 4 0 100 1 1";
        assert_eq!(spent(stat).map(|s| s.to_string()).as_deref(), Some("2"));
        let status = "Name:\tx\nVmPeak:\t  900 kB\nVmHWM:\t   816 kB\n";
        assert_eq!(high_water(status).map(|k| k.to_string()).as_deref(), Some("816"));
    }

    #[test]
    fn a_process_is_ready_when_it_says_where_it_listens() {
        assert_eq!(address("Stagedoor listens on http://127.0.0.1:80"), None);
        let said = "note\nStagedoor listens on http://127.0.0.1:4711, known as https://d\n";
        assert_eq!(address(said), Some(SocketAddr::from(([127, 0, 0, 1], 4711))));
    }
}
