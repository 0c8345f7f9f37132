//! `cargo xtask dist`: the executable as Lambda takes it, for both kinds of processors.
//!
//! Zig, from the Python package index, compiles the C parts for musl on any machine, so that no cross
//! compiler has to be there. Rust's own linker links it, twice: see [`link`].

mod elf;
mod link;
mod order;
mod zip;

use crate::{Outcome, say, workspace};
use anyhow::{Context, Result, bail, ensure};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const HELP: &str = "\
Build what is shipped: a static bootstrap.zip for AWS Lambda

Usage: cargo xtask dist [--target x86_64|aarch64 | --learn]

Builds the executable statically for the processor, or for both, with the profile `dist`, and writes
target/dist/stagedoor-lambda-x86_64.zip and target/dist/stagedoor-lambda-arm64.zip. Prints their
sizes and SHA-256, and starts what is for this machine's processor. The same sources give the same
bytes, wherever they lie. Takes Python 3, rustup and a package index.

What a cold start runs lies together in front, by xtask/src/dist/cold-start.txt. --learn writes that
file anew: it has functions do their work under valgrind (`apt-get install valgrind`). Do so when far
fewer functions are found in front than it has lines.";

/// What is installed from the Python package index.
const TOOLS: [&str; 2] = ["cargo-zigbuild==0.24.0", "ziglang==0.17.1"];

/// What to do where there is no Python.
const PYTHON: &str =
    "Install Python 3 with its module venv: on Debian `apt-get install python3-venv`.";

/// What to do where the tools cannot be installed.
const INDEX: &str = "The Python package index must be reachable, for cargo-zigbuild and ziglang; PIP_INDEX_URL \
                     names a mirror.";

/// What to do where there is no Rust for a target.
const RUST: &str = "Install Rust by rustup (https://rustup.rs), which adds the standard library for a target; with \
                    another Rust install that library beside it, into lib/rustlib of its sysroot.";

/// Built so, AWS-LC draws its seed from the operating system and from the processor, as it does by
/// itself in virtual machines that tell it of snapshots. Otherwise it measures the processor's jitter
/// too, which costs each process tens of milliseconds before its first TLS connection.
const NO_JITTER: (&str, &str) = ("AWS_LC_SYS_NO_JITTER_ENTROPY", "1");

/// What to do where it does not build.
const BUILD: &str = "If the C compiler or linker is what fails, remove target/dist-venv and run it again: Zig comes \
                     from there. `--target` builds for one processor alone.";

/// A processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Target {
    /// As it is asked for.
    name: &'static str,
    triple: &'static str,
    /// As Lambda calls it.
    architecture: &'static str,
    /// `e_machine` of an ELF file.
    machine: u16,
}

const TARGETS: [Target; 2] = [
    Target {
        name: "x86_64",
        triple: "x86_64-unknown-linux-musl",
        architecture: "x86_64",
        machine: 62,
    },
    Target {
        name: "aarch64",
        triple: "aarch64-unknown-linux-musl",
        architecture: "arm64",
        machine: 183,
    },
];

pub(crate) fn run(words: &[String]) -> Result<Outcome> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words == ["--learn"] {
        let (own, tools) = (own()?, tools()?);
        say::line(&order::learn(&compile(own, &tools)?)?);
        return Ok(Outcome::Done);
    }
    let Some(targets) = targets(&words) else {
        say::complain(HELP);
        return Ok(Outcome::Misused);
    };
    let tools = tools()?;
    for target in targets {
        say::line(&ship(*target, &tools)?);
    }
    Ok(Outcome::Done)
}

fn targets(words: &[&str]) -> Option<&'static [Target]> {
    match words {
        [] => Some(&TARGETS),
        ["--target", name] => {
            let place = TARGETS.iter().position(|target| target.name == *name)?;
            TARGETS.get(place..=place)
        }
        _ => None,
    }
}

/// Installs what builds, and gives its folder.
fn tools() -> Result<PathBuf> {
    let venv = workspace::root().join("target/dist-venv");
    let bin = venv.join("bin");
    let installed = venv.join("installed.txt");
    let wanted = TOOLS.join("\n");
    if fs::read_to_string(&installed).is_ok_and(|found| found == wanted) {
        return Ok(bin);
    }
    let mut environment = Command::new("python3");
    succeed(environment.args(["-m", "venv", "--clear"]).arg(&venv), PYTHON)?;
    let mut install = Command::new(bin.join("python"));
    install.args(["-m", "pip", "install", "--disable-pip-version-check", "-q"]).args(TOOLS);
    succeed(&mut install, INDEX)?;
    fs::write(&installed, wanted)?;
    Ok(bin)
}

/// Sees to it that there is a standard library for the target.
fn standard_library(triple: &str) -> Result<()> {
    let asked = Command::new("rustc").args(["--print", "sysroot"]).output();
    let sysroot = asked.with_context(|| format!("cannot start `rustc`\n{RUST}"))?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
    if sysroot.join("lib/rustlib").join(triple).join("lib").is_dir() {
        return Ok(());
    }
    succeed(Command::new("rustup").args(["target", "add", triple]), RUST)
}

/// This machine's processor.
fn own() -> Result<Target> {
    let own = std::env::consts::ARCH;
    let target = TARGETS.into_iter().find(|target| target.name == own);
    target.with_context(|| format!("nothing is shipped for {own}"))
}

/// The executable as it is shipped for this machine's processor.
pub(crate) fn executable() -> Result<PathBuf> {
    Ok(build(own()?, &tools()?)?.path)
}

/// What is shipped for a target.
struct Built {
    path: PathBuf,
    bytes: Vec<u8>,
    /// How many functions lie in front.
    in_front: usize,
}

/// Where all that the linker links is kept.
fn kept(target: Target) -> PathBuf {
    workspace::root().join(format!("target/dist-build/link-{}.tar", target.name))
}

/// Compiles for one target and links it once. It has its symbols.
fn compile(target: Target, tools: &Path) -> Result<PathBuf> {
    let root = workspace::root();
    standard_library(target.triple)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(
        std::iter::once(tools.to_owned()).chain(std::env::split_paths(&path)),
    )?;
    let build = root.join("target/dist-build");
    let [rust, c] = flags(root);
    let mut cargo = Command::new("cargo");
    succeed(
        cargo
            .args(["zigbuild", "--locked", "--profile", "dist", "-p", "stagedoor"])
            .args(["--features", "small-pages"])
            .args(["--target", target.triple])
            .arg("--target-dir")
            .arg(&build)
            .env("PATH", path)
            .env("RUSTFLAGS", format!("{rust} {}", link::flags(&kept(target))))
            .env("CARGO_PROFILE_DIST_STRIP", "none")
            .env("CFLAGS", c)
            .env(NO_JITTER.0, NO_JITTER.1)
            .current_dir(root),
        BUILD,
    )?;
    Ok(build.join(target.triple).join("dist/stagedoor"))
}

/// Builds for one target, and sees to it that it is what may be shipped.
fn build(target: Target, tools: &Path) -> Result<Built> {
    let root = workspace::root();
    let link::Linked { path: binary, in_front } =
        link::again(&compile(target, tools)?, &kept(target))?;
    let bytes = fs::read(&binary).with_context(|| format!("cannot read `{}`", binary.display()))?;
    let found = elf::read(&bytes).with_context(|| format!("`{}`", binary.display()))?;
    ensure!(
        found.machine == target.machine,
        "`{}` is for machine {}, not {}",
        binary.display(),
        found.machine,
        target.machine
    );
    ensure!(found.is_static, "`{}` wants a dynamic linker", binary.display());
    ensure!(found.is_stripped, "`{}` has a symbol table", binary.display());
    for (place, _) in places(root) {
        ensure!(!holds(&bytes, &place), "`{}` holds the path `{place}`", binary.display());
    }
    Ok(Built { path: binary, bytes, in_front })
}

/// Builds for one target and packs it, and says what came of it.
fn ship(target: Target, tools: &Path) -> Result<String> {
    let root = workspace::root();
    let Built { path: binary, bytes, in_front } = build(target, tools)?;
    let started = if target.name == std::env::consts::ARCH {
        start(&binary)?
    } else {
        "not started here".to_owned()
    };
    let archive = zip::of_one("bootstrap", &bytes)?;
    let folder = root.join("target/dist");
    fs::create_dir_all(&folder)?;
    let file = folder.join(format!("stagedoor-lambda-{}.zip", target.architecture));
    fs::write(&file, &archive)?;
    let sum = zip::sha256(&archive);
    fs::write(file.with_extension("zip.sha256"), format!("{sum}  {}\n", name_of(&file)))?;
    let mut told = String::new();
    let _infallible = write!(
        told,
        "{}: {} bytes, bootstrap {} bytes, static, stripped, {in_front} functions in front, \
         {started}\nsha256 {sum}",
        file.strip_prefix(root).unwrap_or(&file).display(),
        archive.len(),
        bytes.len(),
    );
    Ok(told)
}

/// Starts what was built, with nothing of this process's environment, and says that it did.
fn start(binary: &Path) -> Result<String> {
    let output = Command::new(binary).arg("--version").env_clear().output();
    let output = output.with_context(|| format!("cannot start `{}`", binary.display()))?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let expected = concat!("stagedoor ", env!("CARGO_PKG_VERSION"));
    ensure!(output.status.success() && said == expected, "`{}` says {said:?}", binary.display());
    Ok("starts".to_owned())
}

/// Paths of this machine, and what stands for them in the bytes.
fn places(root: &Path) -> Vec<(String, &'static str)> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let mut places = vec![(root.display().to_string(), "/stagedoor")];
    places.extend(home.map(|home| (home.display().to_string(), "/cargo")));
    places
}

/// Flags of rustc and of the C compiler that keep paths of this machine out of the bytes.
fn flags(root: &Path) -> [String; 2] {
    ["--remap-path-prefix", "-ffile-prefix-map"].map(|flag| {
        let flags = places(root).into_iter().map(|(from, to)| format!("{flag}={from}={to}"));
        flags.collect::<Vec<String>>().join(" ")
    })
}

/// Whether the text is somewhere in the bytes.
fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

fn name_of(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Runs a command; `advice` is what to install where it does not succeed.
fn succeed(command: &mut Command, advice: &str) -> Result<()> {
    let shown = command.get_program().to_string_lossy().into_owned();
    let status = command.status();
    let status = status.with_context(|| format!("cannot start `{shown}`\n{advice}"))?;
    if !status.success() {
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        bail!("`{shown} {}` failed ({status})\n{advice}", words.join(" "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_target_or_both() {
        assert_eq!(targets(&[]), Some(&TARGETS[..]));
        assert_eq!(targets(&["--target", "aarch64"]), Some(&TARGETS[1..]));
        assert_eq!(targets(&["--target", "riscv64"]), None);
        assert_eq!(targets(&["--target"]), None);
        assert_eq!(targets(&["x86_64"]), None);
    }

    #[test]
    fn no_path_of_this_machine_gets_into_the_bytes() {
        let [rust, c] = flags(Path::new("/home/ana/stagedoor"));
        assert!(rust.starts_with("--remap-path-prefix=/home/ana/stagedoor=/stagedoor "), "{rust}");
        assert!(c.starts_with("-ffile-prefix-map=/home/ana/stagedoor=/stagedoor "), "{c}");
        assert!(rust.ends_with("=/cargo") && c.ends_with("=/cargo"), "{rust} {c}");
        assert!(holds(b"at /home/ana/x.rs", "/home/ana") && !holds(b"at /cargo", "/home/ana"));
    }

    #[test]
    fn what_is_missing_is_said_with_what_to_install() {
        let missing = succeed(&mut Command::new("/no/such/rustup"), RUST).unwrap_err().to_string();
        assert!(missing.starts_with("cannot start `/no/such/rustup`\nInstall Rust by rustup"));
        let failed = succeed(Command::new("false").arg("-m"), PYTHON).unwrap_err().to_string();
        assert!(
            failed.starts_with("`false -m` failed (exit status: 1)\nInstall Python 3"),
            "{failed}"
        );
    }

    #[test]
    fn what_does_not_start_or_is_something_else_is_refused() {
        assert!(start(Path::new("/no/such/bootstrap")).is_err());
        let error = start(Path::new("/bin/true")).unwrap_err().to_string();
        assert!(error.starts_with("`/bin/true` says "), "{error}");
    }
}
