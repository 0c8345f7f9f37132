//! Running the binary.

use crate::cloud::until;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

/// What a run printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Checks the exit code and shows everything if it is another.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn prints(self, stdout: &str) -> Self {
        assert_eq!(self.stdout, stdout, "stderr:\n{}", self.stderr);
        self
    }

    /// Checks that each of these stands on standard error.
    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "no {part:?} in stderr:\n{}", self.stderr);
        }
        self
    }

    /// What was said to people: standard error without the log's lines.
    pub(crate) fn talk(&self) -> String {
        let mut talk = String::new();
        for line in self.stderr.lines().filter(|line| !line.starts_with('{')) {
            talk.push_str(line);
            talk.push('\n');
        }
        talk
    }

    /// [`Run::talk`] with its lines sorted: profiles are worked on side by side.
    pub(crate) fn sorted_talk(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.talk().lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    /// Standard output as the one JSON document it must be.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e} in {}", self.stdout))
    }
}

/// The binary in a folder, with nothing of this process's environment.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stagedoor"));
    command
        .env_clear()
        .env("HOME", folder)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("STAGEDOOR_DRAIN_DELAY", "0s")
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

pub(crate) fn run(mut command: Command) -> Run {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    let run = Run { code: output.status.code(), stdout, stderr };
    run.assert_json_names();
    run
}

/// A process that goes on until it is told to stop. It ends with the test.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::<Mutex<String>>::default();
        let (heard, from) = (Arc::clone(&said), child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                let mut heard = heard.lock().unwrap();
                heard.push_str(&line);
                heard.push('\n');
            }
        });
        Self { child, said }
    }

    /// Everything on standard error so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits for the line that begins so, and returns what follows up to white space or a comma.
    #[track_caller]
    pub(crate) fn word_after(&mut self, start: &str) -> String {
        until(start, || {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("it ended with {status}: {}", self.said());
            }
            let said = self.said();
            let (_, rest) = said.split_once(start)?;
            let (line, _) = rest.split_once('\n')?;
            let word = line.split([' ', ',']).next().unwrap_or_default();
            Some(word.trim_end_matches('.').to_owned())
        })
    }

    /// SIGTERM, then the way it ended.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        // One that stands still ends when it goes on.
        self.signal("CONT");
        self.end()
    }

    /// A signal, by its name.
    pub(crate) fn signal(&self, name: &str) {
        assert!(signal(self.id(), name));
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: it has no chance to tidy up.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it has ended by itself.
    pub(crate) fn end(&mut self) -> ExitStatus {
        until("the process has ended", || self.child.try_wait().unwrap())
    }
}

/// Sends a process a signal; `false`: there is none any more.
pub(crate) fn signal(process: u32, name: &str) -> bool {
    let kill = format!("kill -{name} \"$0\"");
    Command::new("sh").args(["-c", &kill, &process.to_string()]).status().unwrap().success()
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
