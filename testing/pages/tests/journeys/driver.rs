//! Debian's chromedriver, and the browsers that it starts.

use crate::browser::PATIENCE;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// A running chromedriver. What it started ends with it.
#[derive(Debug)]
pub(crate) struct Driver {
    child: Child,
    pub(crate) url: String,
}

impl Driver {
    /// Starts it on a free port.
    pub(crate) async fn start(folder: &Path) -> Result<Self> {
        let child = Command::new("chromedriver")
            .arg("--port=0")
            .env("HOME", folder)
            .env("TMPDIR", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context("cannot start chromedriver: apt-get install chromium chromium-driver")?;
        let mut driver = Self { child, url: String::new() };
        let said = driver.child.stdout.take().context("chromedriver says nothing")?;
        let mut said = BufReader::new(said).lines();
        let port = async {
            loop {
                let line = said.next_line().await?.context("chromedriver ended")?;
                if let Some((_, rest)) = line.split_once("started successfully on port ") {
                    return anyhow::Ok(rest.trim_end_matches('.').to_owned());
                }
            }
        };
        let port = timeout(PATIENCE, port).await.context("chromedriver does not get ready")??;
        driver.url = format!("http://127.0.0.1:{port}");
        // It goes on talking, and must not wait for a listener.
        tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        Ok(driver)
    }
}

impl Drop for Driver {
    /// Browsers are in its process group; killed by itself, it would leave them behind.
    fn drop(&mut self) {
        if let Some(id) = self.child.id() {
            let group = format!("-{id}");
            let _gone_already = std::process::Command::new("kill")
                .args(["-KILL", "--", &group])
                .stderr(Stdio::null())
                .status();
        }
    }
}
