//! The guides: every command of ours in them has those flags, every file they name is there.

use super::{read, repository, stagedoor};
use std::collections::BTreeMap;

const GUIDES: [&str; 3] =
    ["docs/deploy-machine.md", "docs/deploy-kubernetes.md", "deploy/terraform/README.md"];

/// The lines that somebody types, each whole.
fn typed(text: &str) -> Vec<String> {
    let blocks = text.split("```console\n").skip(1).filter_map(|rest| rest.split_once("```"));
    let joined: String = blocks.map(|(block, _)| block.replace("\\\n", " ")).collect();
    let lines = joined.lines().filter_map(|l| l.strip_prefix("$ ").or(l.strip_prefix("# ")));
    lines.map(str::to_owned).collect()
}

#[test]
fn our_commands_have_the_flags_that_the_guides_type() {
    let mut helps: BTreeMap<Vec<String>, String> = BTreeMap::new();
    let mut checked = 0;
    for guide in GUIDES {
        for line in typed(&read(guide)) {
            let words = shlex::split(&line).unwrap();
            let Some(("stagedoor", rest)) = words.split_first().map(|(w, r)| (w.as_str(), r))
            else {
                continue;
            };
            let plain = rest.iter().take_while(|word| {
                word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && !word.starts_with('-')
            });
            let command: Vec<String> = plain.cloned().collect();
            let help = helps.entry(command.clone()).or_insert_with(|| {
                let mut asked: Vec<&str> = command.iter().map(String::as_str).collect();
                asked.push("--help");
                stagedoor(&asked).exits(0).stdout
            });
            for flag in rest.iter().filter(|word| word.starts_with("--")) {
                let flag = flag.split('=').next().unwrap();
                assert!(help.contains(flag), "{guide}: `{line}`: no {flag} in\n{help}");
            }
            checked += 1;
        }
    }
    assert!(checked > 8, "{checked}");
}

#[test]
fn the_files_that_the_guides_name_are_there() {
    for guide in GUIDES {
        let text = read(guide);
        let folder = repository().join(guide);
        let folder = folder.parent().unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')) {
            let path = link.0.split('#').next().unwrap();
            if !path.contains("://") && !path.is_empty() {
                assert!(folder.join(path).exists(), "{guide}: {path}");
            }
        }
        for line in typed(&text) {
            for word in line.split_whitespace().filter(|word| word.starts_with("deploy/")) {
                assert!(repository().join(word).exists(), "{guide}: {word}");
            }
        }
    }
}
