//! The program, and one running instance of it.

use anyhow::{Context as _, Result, bail, ensure};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// Names the program where it was built elsewhere.
pub const PROGRAM: &str = "STAGEDOOR_TEST_DYNAMODB";

/// An empty DynamoDB. It stops when this is dropped, and when the process ends.
#[derive(Debug)]
pub struct Peer {
    /// Scheme, host and port.
    pub endpoint: String,
    process: Child,
}

impl Peer {
    /// The port of [`Self::endpoint`].
    ///
    /// # Errors
    /// The endpoint names none.
    pub fn port(&self) -> Result<u16> {
        let port = self.endpoint.rsplit(':').next().context("no port")?;
        port.parse().with_context(|| format!("no port in `{}`", self.endpoint))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ended_already = self.process.kill();
        let _nobody_waits = self.process.wait();
    }
}

/// Starts one on a free port.
///
/// # Errors
/// The program cannot be built or started.
pub fn start() -> Result<Peer> {
    start_at(0)
}

/// Starts one on this port, so that it seems to come back after it was away. It is empty.
///
/// # Errors
/// The program cannot be built or started, or the port is taken.
pub fn start_at(port: u16) -> Result<Peer> {
    let program = build()?;
    let mut process = Command::new(&program)
        .arg(port.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", program.display()))?;
    let mut endpoint = String::new();
    if let Some(stdout) = process.stdout.take() {
        BufReader::new(stdout).read_line(&mut endpoint)?;
    }
    let endpoint = endpoint.trim().to_owned();
    let peer = Peer { endpoint, process };
    ensure!(peer.endpoint.starts_with("http://"), "`{}` gave no endpoint", program.display());
    Ok(peer)
}

/// Builds the program unless that was done, and says where it is.
///
/// # Errors
/// It cannot be built.
pub fn build() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| find_or_build().map_err(|error| format!("{error:#}")));
    match built {
        Ok(program) => Ok(program.clone()),
        Err(error) => bail!("{error}"),
    }
}

fn find_or_build() -> Result<PathBuf> {
    if let Some(given) = std::env::var_os(PROGRAM) {
        return Ok(given.into());
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().nth(2).unwrap_or(here);
    let target = root.join("target/dynamodb-server");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--locked", "--manifest-path"])
        .arg(here.join("server/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        // Cargo hands down what it builds with; this is another workspace.
        .env_remove("CARGO_TARGET_DIR")
        .status()
        .context("cannot run cargo")?;
    ensure!(built.success(), "the DynamoDB of the tests cannot be built ({built})");
    Ok(target.join("debug/dynamodb-server"))
}
