//! The guides: every file they name is there.

use super::{read, repository};

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
