//! The executable under the name `bootstrap`, as Lambda starts it.

use crate::cli::Command;
use lambda::RuntimeApi;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::{io, process, thread};
use tokio::runtime::Builder;

/// Where the Runtime API is. Lambda sets it.
const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// How the names of variables begin that say where services of AWS are.
const ENDPOINTS: &[u8] = b"AWS_ENDPOINT_URL";

/// The arguments of this process. Lambda gives none: then they are those of `stagedoor lambda`.
pub(crate) fn arguments() -> Vec<OsString> {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    if args.len() == 1 && (is_bootstrap(&args) || std::env::var_os(RUNTIME_API).is_some()) {
        args.push("lambda".into());
    }
    args
}

fn is_bootstrap(args: &[OsString]) -> bool {
    args.first().and_then(|name| Path::new(name).file_name()).is_some_and(|n| n == "bootstrap")
}

/// Where a page is two MiB, a function clears as much for the first byte it writes in it, when it
/// starts and whenever it needs more; and what it is billed for counts them whole. Servers keep them.
///
/// The first are there before any line of ours runs: so what is shipped for Lambda is built with the
/// feature `small-pages`, and asks for none. This is for systems that hand them out unasked.
pub(crate) fn keep_pages_small(args: &[OsString]) {
    if args.get(1).is_some_and(|command| command == "lambda") {
        // Where it cannot be, it only starts more slowly.
        let _as_they_are = rustix::thread::disable_transparent_huge_pages(true);
    }
}

/// An endpoint of AWS that is set and empty is none, as every other tool takes it: the SDK panics at one. It reads
/// the environment by itself, so the process starts anew without it.
///
/// # Errors
/// The process cannot be started anew.
pub(crate) fn without_empty_endpoints(args: &[OsString]) -> io::Result<()> {
    let is_blank = |value: &OsStr| value.to_str().is_some_and(|value| value.trim().is_empty());
    let blank: Vec<OsString> = std::env::vars_os()
        .filter(|(name, value)| name.as_encoded_bytes().starts_with(ENDPOINTS) && is_blank(value))
        .map(|(name, _)| name)
        .collect();
    if blank.is_empty() {
        return Ok(());
    }
    let mut anew = process::Command::new(std::env::current_exe()?);
    let mut args = args.iter();
    if let Some(name) = args.next() {
        anew.arg0(name);
    }
    for name in blank {
        anew.env_remove(name);
    }
    // It comes back only where that failed.
    Err(anew.args(args).exec())
}

/// The first call of a function would wait for the certificates of public authorities: they are read
/// beside what comes before it.
pub(crate) fn read_authorities(command: &Command) {
    if let Command::Lambda(_) = command {
        let thread = thread::Builder::new().name("authorities".to_owned());
        // Where there is no thread to be had, the first call reads them.
        let _beside = thread.spawn(aws::read_authorities);
    }
}

/// What runs a command. A function has a part of a processor: one thread starts sooner than many.
pub(crate) fn runtime(command: &Command) -> Builder {
    match command {
        Command::Lambda(_) => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    }
}

/// Tells Lambda that the environment is not one to start with.
pub(crate) fn tell_usage(args: &[OsString], error: &clap::Error) {
    let Some(address) = std::env::var_os(RUNTIME_API).and_then(|text| text.into_string().ok())
    else {
        return;
    };
    if args.get(1).is_none_or(|command| command != "lambda") || !error.use_stderr() {
        return;
    }
    let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
    let text = error.render().to_string();
    let message = text.split_whitespace().collect::<Vec<&str>>().join(" ");
    // Should it fail too, what is on standard error is all there is.
    let _ = runtime.block_on(RuntimeApi::new(address).fail_to_start("usage", &message));
}
