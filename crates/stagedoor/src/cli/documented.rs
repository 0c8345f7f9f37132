//! Every command of ours that a page names is one that the parser takes.

use super::Cli;
use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::fs;
use std::path::{Path, PathBuf};

/// What a word in capitals can stand for.
const SAMPLES: [&str; 9] = [
    "1",
    "1h",
    "2026-11-20T12:00:00Z",
    "127.0.0.1:8080",
    "10.0.0.0/8",
    "a1b2c3d4e5f6",
    "fraud",
    "https://studio.example.com",
    "arn:aws:iam::111122223333:role/studio",
];

/// A command on a page.
struct Named {
    words: Vec<String>,
    /// Somebody is to type it, rather than to know it by its name.
    is_whole: bool,
}

fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
}

/// The commands of ours in a line of a shell.
fn in_line(line: &str, is_whole: bool) -> Vec<Named> {
    let words = shlex::split(line).unwrap_or_default();
    let ends = |word: &String| matches!(word.as_str(), "|" | "&&" | ";");
    let commands =
        words.split(ends).filter(|words| words.first().is_some_and(|w| w == "stagedoor"));
    let commands = commands.map(|words| {
        let to_shell = |word: &&String| word.starts_with(['<', '>']) || word.starts_with("2>");
        let words = words.iter().take_while(|word| !to_shell(word));
        // What may be left out, or go on, and the first of what there is to choose from.
        let words =
            words.map(|word| word.trim_start_matches('[').trim_end_matches([']', '…', '.']));
        let words = words.map(|word| word.split('|').next().unwrap_or_default().to_owned());
        words.filter(|word| !word.is_empty()).collect::<Vec<String>>()
    });
    // A name with a flag is one to type, unless it ends in the flag or is cut short.
    let is_cut = line.contains('…') || line.contains("...");
    let is_to_type = |words: &[String]| {
        let is_flag = |word: &String| word.starts_with("--");
        words.iter().any(is_flag) && !words.last().is_some_and(is_flag) && !is_cut
    };
    let named = commands.map(|words| Named { is_whole: is_whole || is_to_type(&words), words });
    named.filter(|named| named.words.len() > 1).collect()
}

/// All of a page: lines of blocks, whole with what follows a backslash, and code within sentences.
fn in_page(text: &str) -> Vec<Named> {
    let mut found = Vec::new();
    let (mut prose, mut is_block) = (String::new(), false);
    let text = text.replace("\\\n", " ");
    let sentences = |prose: &mut String, found: &mut Vec<Named>| {
        for code in std::mem::take(prose).split('`').skip(1).step_by(2) {
            found.extend(in_line(code.trim_start_matches(['$', ' ']), false));
        }
    };
    for line in text.lines().map(str::trim) {
        if line.starts_with("```") {
            sentences(&mut prose, &mut found);
            is_block = !is_block;
        } else if is_block {
            let typed = line.strip_prefix("$ ").or(line.strip_prefix("# ")).unwrap_or(line);
            found.extend(in_line(typed, true));
        } else {
            prose.push_str(line);
            prose.push(' ');
        }
        if line.is_empty() {
            sentences(&mut prose, &mut found);
        }
    }
    sentences(&mut prose, &mut found);
    found
}

/// Why the parser does not take these words, whatever its placeholders stand for.
fn refusal(words: &[String]) -> Option<clap::Error> {
    let error = Cli::try_parse_from(words).err().filter(clap::Error::use_stderr)?;
    let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) else {
        return Some(error);
    };
    let is_placeholder = value.chars().any(char::is_uppercase)
        && value.chars().all(|c| c.is_ascii_uppercase() || "-_:".contains(c));
    let is_taken = is_placeholder
        && SAMPLES.iter().any(|sample| {
            let meant =
                |word: &String| if word == value { (*sample).to_owned() } else { word.clone() };
            refusal(&words.iter().map(meant).collect::<Vec<_>>()).is_none()
        });
    (!is_taken).then_some(error)
}

#[test]
fn every_command_that_a_page_names_is_taken() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    for folder in ["docs", "deploy"] {
        pages(&root.join(folder), &mut files);
    }
    let (mut checked, mut wrong) = (0, Vec::new());
    for file in files {
        for Named { words, is_whole } in in_page(&fs::read_to_string(&file).unwrap()) {
            checked += 1;
            let Some(error) = refusal(&words) else { continue };
            let is_a_part = matches!(
                error.kind(),
                ErrorKind::MissingRequiredArgument
                    | ErrorKind::MissingSubcommand
                    | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
                    | ErrorKind::WrongNumberOfValues
            ) || error.get(ContextKind::InvalidValue)
                == Some(&ContextValue::String(String::new()));
            if is_whole || !is_a_part {
                wrong.push(format!("{}: {}\n{error}", file.display(), words.join(" ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {checked}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(checked > 200, "{checked}");
}

#[test]
fn commands_are_found_in_blocks_pipes_and_sentences() {
    let page = "Say `stagedoor thaw`, or `stagedoor\nfreeze --store X`.\n\n```console\n$ echo x | \
                stagedoor apply \\\n    --dry-run > out    # a word\n# stagedoor plan [--all]\n```\n";
    let found = in_page(page).into_iter();
    let found: Vec<_> = found.map(|named| (named.words.join(" "), named.is_whole)).collect();
    let named = |words: &str, is_whole| (words.to_owned(), is_whole);
    assert_eq!(
        found,
        [
            named("stagedoor thaw", false),
            named("stagedoor freeze --store X", true),
            named("stagedoor apply --dry-run", true),
            named("stagedoor plan --all", true),
        ]
    );
    let refused = |line: &str| refusal(&in_line(line, true)[0].words).map(|error| error.kind());
    assert_eq!(refused("stagedoor freeze --store X"), Some(ErrorKind::MissingRequiredArgument));
    assert_eq!(refused("stagedoor freeze --reason TEXT --fast"), Some(ErrorKind::UnknownArgument));
    assert_eq!(refused("stagedoor apply --allow-removals N"), None);
    assert_eq!(refused("stagedoor apply --allow-removals few"), Some(ErrorKind::ValueValidation));
}
