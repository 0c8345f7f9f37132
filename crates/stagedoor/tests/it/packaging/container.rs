//! `deploy/container`, by hadolint and by its own claims.

use super::{are_read, content, interpreter, python, read, repository, stagedoor};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

const DOCKERFILE: &str = "deploy/container/Dockerfile";

/// Instructions with their arguments, each on one line.
fn instructions(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let joined = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let words = joined.lines().filter_map(|line| line.trim().split_once(' '));
    words.map(|(name, rest)| (name.to_owned(), rest.trim().to_owned())).collect()
}

/// Those of the stage that is shipped.
fn last_stage() -> Vec<(String, String)> {
    let all = instructions(&read(DOCKERFILE));
    let start = all.iter().rposition(|(name, _)| name == "FROM").unwrap();
    all[start..].to_vec()
}

#[track_caller]
fn only<'a>(stage: &'a [(String, String)], name: &str) -> &'a str {
    let found: Vec<&str> =
        stage.iter().filter(|(n, _)| n == name).map(|(_, rest)| rest.as_str()).collect();
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found[0]
}

fn words(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap()
}

#[test]
fn hadolint_has_nothing_to_say() {
    python("json");
    let hadolint = interpreter().with_file_name("hadolint");
    let mut hadolint = Command::new(hadolint);
    hadolint
        .args(["--failure-threshold", "style", "--no-color"])
        .arg(repository().join(DOCKERFILE));
    assert_eq!(content(&mut hadolint), "");
}

#[test]
fn its_bases_are_pinned_and_its_user_is_nobody() {
    let text = read(DOCKERFILE);
    let all = instructions(&text);
    let arguments: BTreeMap<&str, &str> =
        all.iter().filter(|(n, _)| n == "ARG").filter_map(|(_, a)| a.split_once('=')).collect();
    let bases: Vec<&str> = all
        .iter()
        .filter(|(name, _)| name == "FROM")
        .map(|(_, rest)| rest.split(' ').next().unwrap())
        .map(|base| arguments[base.trim_start_matches("${").trim_end_matches('}')])
        .collect();
    assert_eq!(bases, ["rust:1.95-slim-bookworm", "gcr.io/distroless/cc-debian12:nonroot"]);
    let minimum = read("Cargo.toml");
    assert!(minimum.contains("rust-version = \"1.95\""), "the image builds with another Rust");
    let stage = last_stage();
    let (user, group) = only(&stage, "USER").split_once(':').unwrap();
    assert!(user.parse::<u32>().unwrap() > 0 && group.parse::<u32>().unwrap() > 0);
    // The folder that it may write is its own.
    let install = format!("-o {user} -g {group} /out{}", only(&stage, "VOLUME"));
    assert!(text.contains(&install), "{install}");
    assert!(!stage.iter().any(|(name, _)| name == "RUN"), "there is no shell");
    for word in ["SECRET", "TOKEN", "PASSWORD", "ACCESS_KEY"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn its_commands_are_those_of_the_binary() {
    let stage = last_stage();
    let [program] = &words(only(&stage, "ENTRYPOINT"))[..] else { panic!("one word") };
    let installed = format!("/out{program}");
    assert!(read(DOCKERFILE).contains(&installed), "{installed} is not what is built");
    let serve = words(only(&stage, "CMD"));
    assert_eq!(serve, ["serve"]);
    let (_, check) = only(&stage, "HEALTHCHECK").split_once("CMD ").unwrap();
    let check = words(check);
    assert_eq!(&check[..1], [program.as_str()]);
    stagedoor(&[check[1].as_str(), "--help"]).exits(0);
    let set = only(&stage, "ENV");
    let pairs: Vec<(&str, &str)> =
        set.split_whitespace().filter_map(|pair| pair.split_once('=')).collect();
    are_read(pairs.iter().map(|(name, _)| *name));
    let exposed: Vec<&str> = only(&stage, "EXPOSE").split(' ').collect();
    for (name, port) in [("STAGEDOOR_LISTEN", exposed[0]), ("STAGEDOOR_OPS_LISTEN", exposed[1])] {
        assert!(pairs.contains(&(name, format!("0.0.0.0:{port}").as_str())), "{name}");
    }
}

/// The names at the top of the repository that a build sees.
fn context() -> Vec<String> {
    let ignored = read(".dockerignore");
    assert!(ignored.lines().any(|line| line == "*"), "all is left out that is not named");
    ignored.lines().filter_map(|line| line.strip_prefix('!')).map(str::to_owned).collect()
}

#[test]
fn the_context_holds_what_the_build_reads_and_no_history_or_keys() {
    let context = context();
    assert!(
        !context.iter().any(|name| [".git", "target", "deploy", "docs"].contains(&name.as_str()))
    );
    let ignored = read(".dockerignore");
    for pattern in ["**/target", "**/*.pem", "**/*.db"] {
        assert!(ignored.lines().any(|line| line == pattern), "{pattern}");
    }
    let manifest = read("Cargo.toml");
    let (_, members) = manifest.split_once("members = [").unwrap();
    let members = members.split_once(']').unwrap().0;
    for member in members.split('"').skip(1).step_by(2) {
        let top = member.split('/').next().unwrap().to_owned();
        assert!(context.contains(&top), "{member} is not in the context");
    }
    for file in sources(&repository().join("crates")) {
        let text = fs::read_to_string(&file).unwrap();
        for rest in text.split("include_str!(\"").skip(1) {
            let named = file.parent().unwrap().join(rest.split('"').next().unwrap());
            let inside = top(&named);
            assert!(context.contains(&inside), "{}: {}", file.display(), named.display());
        }
    }
}

/// The first name of a path under the repository, with its `..` resolved.
fn top(path: &Path) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in path.strip_prefix(repository()).unwrap().components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            _ => {}
        }
    }
    parts[0].clone()
}

/// Rust files that are built into the binary.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && path.file_name().is_some_and(|name| name != "tests.rs")
            {
                found.push(path);
            }
        }
    }
    found
}
