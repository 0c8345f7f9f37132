//! A process that does what it is asked to for as long as it is asked to, and rests in between, so
//! that several can work in turns on one thread.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The process. It ends with the value.
#[derive(Debug)]
pub(super) struct Contender {
    name: &'static str,
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Contender {
    /// Starts it; also returns the lines that it says before `ready`.
    pub(super) fn start(name: &'static str, command: &mut Command) -> Result<(Self, Vec<String>)> {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let input = process.stdin.take().context("its standard input")?;
        let output = process.stdout.take().context("its standard output")?;
        let mut contender = Self { name, process, input, output: BufReader::new(output).lines() };
        let mut said = Vec::new();
        loop {
            let line = contender.line()?;
            if line == "ready" {
                return Ok((contender, said));
            }
            said.push(line);
        }
    }

    /// Lets it do one task for at least so many milliseconds; returns the rate per second.
    pub(super) fn rate(&mut self, task: &str, milliseconds: u32) -> Result<f64> {
        writeln!(self.input, "{task} {milliseconds}")
            .with_context(|| format!("{} does not listen", self.name))?;
        let line = self.line()?;
        rate(&line).with_context(|| format!("{} says `{line}`", self.name))
    }

    fn line(&mut self) -> Result<String> {
        match self.output.next() {
            Some(line) => line.with_context(|| format!("cannot read from {}", self.name)),
            None => bail!("{} has ended", self.name),
        }
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// From `COUNT SECONDS`.
fn rate(line: &str) -> Option<f64> {
    let (count, seconds) = line.split_once(' ')?;
    let (count, seconds): (f64, f64) = (count.parse().ok()?, seconds.parse().ok()?);
    (count > 0.0 && seconds > 0.0).then(|| count / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_count_in_a_time() {
        assert_eq!(rate("50 0.25"), Some(200.0));
        for line in ["", "50", "0 1", "50 0", "x 1"] {
            assert_eq!(rate(line), None, "{line}");
        }
    }

    #[test]
    fn a_contender_answers_until_it_ends() {
        let script = "echo one; echo ready; read task; echo 4 2; read task; echo what";
        let (mut contender, said) =
            Contender::start("the shell", Command::new("sh").args(["-c", script])).unwrap();
        assert_eq!(said, ["one"]);
        assert_eq!(contender.rate("task", 1).unwrap().to_string(), "2");
        assert_eq!(contender.rate("task", 1).unwrap_err().to_string(), "the shell says `what`");
        let silent = Contender::start("the shell", Command::new("sh").args(["-c", "echo one"]));
        assert_eq!(silent.unwrap_err().to_string(), "the shell has ended");
    }
}
