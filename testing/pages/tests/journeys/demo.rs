//! `stagedoor demo`, as somebody at a terminal runs it.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

/// How long the demo may take until it says where it is.
const PATIENCE: Duration = Duration::from_mins(2);

/// The demo, and where its parts are.
#[derive(Debug)]
pub(crate) struct Demo {
    child: Child,
    typed: ChildStdin,
    /// The portal, without a slash at its end.
    pub(crate) portal: String,
    /// The demo identity provider, likewise.
    pub(crate) idp: String,
    /// The simulated AWS, likewise.
    pub(crate) aws: String,
    /// The access map's text.
    map: String,
    map_path: PathBuf,
    program: PathBuf,
}

impl Demo {
    /// Starts it and waits until it says that all is there.
    pub(crate) async fn start(program: &Path, folder: &Path) -> Result<Self> {
        let mut child = Command::new(program)
            .arg("demo")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let typed = child.stdin.take().context("no standard input")?;
        let said = child.stderr.take().context("no standard error")?;
        let mut said = BufReader::new(said).lines();
        let (mut portal, mut idp, mut aws, mut map) = (None, None, None, None);
        let all = async {
            while let Some(line) = said.next_line().await? {
                let address = |word: &str| {
                    let rest = line.trim_start().strip_prefix(word)?;
                    let url = rest.split_whitespace().next()?;
                    Some(url.trim_end_matches("_sandbox/state").trim_end_matches('/').to_owned())
                };
                portal = portal.take().or_else(|| address("Portal "));
                idp = idp.take().or_else(|| address("Demo sign-in "));
                aws = aws.take().or_else(|| address("Simulated AWS "));
                map = map.take().or_else(|| address("Access map "));
                if line.starts_with("Ctrl-C stops everything") {
                    break;
                }
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(PATIENCE, all).await.context("the demo did not get ready")??;
        let map_path = PathBuf::from(map.context("the demo did not say where its map is")?);
        let map = std::fs::read_to_string(&map_path).context("cannot read the demo's map")?;
        // It goes on talking, and must not wait for a listener.
        tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        Ok(Self {
            child,
            typed,
            map,
            map_path,
            program: program.to_owned(),
            portal: portal.context("the demo ended, or did not say where the portal is")?,
            idp: idp.context("the demo did not say where its identity provider is")?,
            aws: aws.context("the demo did not say where AWS is")?,
        })
    }

    /// Where the map says something, as pages quote it.
    pub(crate) fn place_of(&self, words: &str) -> Result<String> {
        let line = self.map.lines().position(|line| line.contains(words));
        let line = line.with_context(|| format!("the demo's map does not say `{words}`"))?;
        Ok(format!("access.yaml:{}", line + 1))
    }

    /// The address of a report on it, made as somebody at another terminal makes one.
    pub(crate) async fn report(&self, folder: &Path) -> Result<String> {
        let file = folder.join("report.html");
        let made = Command::new(&self.program)
            .args(["report", "--map"])
            .arg(&self.map_path)
            .arg("--store")
            .arg(self.map_path.with_file_name("stagedoor.db"))
            .arg("--html")
            .arg(&file)
            .env("AWS_ENDPOINT_URL", &self.aws)
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "AKIADEMO")
            .env("AWS_SECRET_ACCESS_KEY", "any")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let made = tokio::time::timeout(PATIENCE, made).await.context("no report is made")??;
        let said = String::from_utf8_lossy(&made.stderr);
        ensure!(made.status.success(), "no report is made: {}", said.trim());
        Ok(format!("file://{}", file.display()))
    }

    /// Types a line at its terminal.
    pub(crate) async fn say(&mut self, line: &str) -> Result<()> {
        self.typed.write_all(format!("{line}\n").as_bytes()).await.context("the demo's terminal")
    }

    /// Ends it as Ctrl-C does.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let id = self.child.id().context("the demo ended by itself")?;
        let told = Command::new("kill").args(["-INT", &id.to_string()]).status().await?;
        ensure!(told.success(), "the demo cannot be told to end");
        let ended = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await;
        let status = ended.context("the demo did not end")??;
        ensure!(status.success(), "the demo ended with {status}");
        Ok(())
    }
}
