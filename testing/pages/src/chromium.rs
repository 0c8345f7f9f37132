//! Debian's chromedriver, and how a browser without a window is started by it.

use std::io::{self, BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long the driver may take to say where it listens.
const PATIENCE: Duration = Duration::from_secs(45);

/// What stands before the port in what the driver says.
const LISTENS: &str = "started successfully on port ";

/// A running chromedriver. The browsers that it started end with it.
#[derive(Debug)]
pub struct Driver {
    child: Child,
    /// Where it listens, without a slash at its end.
    pub url: String,
}

impl Driver {
    /// Starts it on a free port; what it and its browsers write goes into the folder.
    ///
    /// # Errors
    /// It is not installed, or says no port within 45 seconds.
    pub fn start(folder: &Path) -> io::Result<Self> {
        let child = Command::new("chromedriver")
            .arg("--port=0")
            .env("HOME", folder)
            .env("TMPDIR", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| {
                io::Error::other(format!("chromedriver (chromium-driver): {error}"))
            })?;
        let mut driver = Self { child, url: String::new() };
        let said = driver.child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let (tell, told) = mpsc::channel();
        // It goes on talking, and must not wait for a listener.
        std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                if let Some((_, port)) = line.split_once(LISTENS) {
                    let _nobody_waits = tell.send(port.trim_end_matches('.').to_owned());
                }
            }
        });
        let port = told.recv_timeout(PATIENCE);
        let port = port.map_err(|_| io::Error::other("chromedriver does not get ready"))?;
        driver.url = format!("http://127.0.0.1:{port}");
        Ok(driver)
    }
}

impl Drop for Driver {
    /// Browsers are in its process group; killed by itself, it would leave them behind.
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let _gone_already = Command::new("kill")
            .args(["-KILL", "--", &group])
            .stderr(Stdio::null())
            .status()
            .and_then(|_| self.child.wait());
    }
}

/// The arguments of a browser without a window, with a fresh profile in the folder. Chromium's own sandbox
/// does not work for root, which tests are often run as; the pages are ours.
#[must_use]
pub fn arguments(folder: &Path) -> Vec<String> {
    let fixed = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--no-first-run",
        "--hide-scrollbars",
        "--force-device-scale-factor=1",
    ];
    let profile = format!("--user-data-dir={}", folder.join("profile").display());
    fixed.into_iter().map(str::to_owned).chain([profile]).collect()
}
