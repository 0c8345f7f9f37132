//! `stagedoor demo`, as somebody at a terminal runs it.

use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdin, Command};

/// How long the demo may take until it says where it is.
const PATIENCE: Duration = Duration::from_mins(2);

/// The demo, and where its parts are.
#[derive(Debug)]
pub(crate) struct Demo {
    child: Child,
    typed: ChildStdin,
    _said: Lines<BufReader<ChildStderr>>,
    /// The portal, without a slash at its end.
    pub(crate) portal: String,
    /// The demo identity provider, likewise.
    pub(crate) idp: String,
    /// The simulated AWS, likewise.
    pub(crate) aws: String,
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
        let (mut portal, mut idp, mut aws) = (None, None, None);
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
                if line.starts_with("Ctrl-C stops everything") {
                    break;
                }
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(PATIENCE, all).await.context("the demo did not get ready")??;
        Ok(Self {
            child,
            typed,
            _said: said,
            portal: portal.context("the demo ended, or did not say where the portal is")?,
            idp: idp.context("the demo did not say where its identity provider is")?,
            aws: aws.context("the demo did not say where AWS is")?,
        })
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
