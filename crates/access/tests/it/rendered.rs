//! What is rendered of the roles and policies that a map means, file by file.

use crate::plane;
use iam_policy::render::{File, cloudformation_files, json, json_files, terraform_files};

fn shown(files: &[File]) -> String {
    files
        .iter()
        .map(|file| format!("=== {}\n{}", file.path, file.text))
        .collect::<Vec<_>>()
        .concat()
}

#[test]
fn the_documents_by_themselves() {
    let bundle = plane::bundle();
    let files = json_files(&bundle);
    insta::assert_snapshot!("json", shown(&files));
    let whole: serde_json::Value = serde_json::from_str(&json(&bundle)).unwrap();
    let index: serde_json::Value = serde_json::from_str(&files.last().unwrap().text).unwrap();
    let path = index.pointer("/roles/0/trustPolicy").unwrap().as_str().unwrap();
    let file = files.iter().find(|file| file.path == path).unwrap();
    let document: serde_json::Value = serde_json::from_str(&file.text).unwrap();
    assert_eq!(whole.pointer("/roles/0/trustPolicy"), Some(&document));
    let paths: std::collections::BTreeSet<&str> = files.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(paths.len(), files.len());
}

#[test]
fn cloudformation() {
    insta::assert_snapshot!("cloudformation", shown(&cloudformation_files(&plane::bundle())));
}

#[test]
fn terraform() {
    let files = terraform_files(&plane::bundle());
    insta::assert_snapshot!("terraform", shown(&files));
    for file in &files {
        laid_out(&file.text, &file.path);
    }
}

/// What `terraform fmt` asks for: steps of two spaces, no blanks at ends of lines, no two empty
/// lines, and equals signs of consecutive assignments that end on their line in one column.
fn laid_out(text: &str, path: &str) {
    let mut columns: Vec<usize> = Vec::new();
    let mut depth = 0;
    let mut before = "x";
    for line in text.lines() {
        let place = || format!("{path}: {line:?}");
        assert_eq!(line.trim_end(), line, "{}", place());
        assert!(!(line.is_empty() && before.is_empty()), "{}", place());
        let outside = without_texts(line);
        let opens = outside.matches(['{', '[', '(']).count();
        let closes = outside.matches(['}', ']', ')']).count();
        let code = line.trim_start();
        if code.starts_with(['}', ']']) {
            depth -= 1;
        }
        if !line.is_empty() {
            assert_eq!(line.len() - code.len(), depth * 2, "{}", place());
        }
        match outside.find(" = ").filter(|_| opens == closes) {
            Some(at) => {
                columns.push(at);
                assert_eq!(columns.first(), Some(&at), "{}", place());
            }
            None => columns.clear(),
        }
        if opens > closes {
            depth += 1;
        }
        before = line;
    }
    assert_eq!(depth, 0, "{path}");
}

/// The line with blanks in place of what stands in quotes.
fn without_texts(line: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    let plain = |c: char| {
        let quote = c == '"' && !escaped;
        escaped = inside && c == '\\' && !escaped;
        inside ^= quote;
        if inside || quote { '_' } else { c }
    };
    line.chars().map(plain).collect()
}
