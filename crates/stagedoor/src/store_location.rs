//! Which store: a file of this machine, or a table of Amazon DynamoDB.

use std::fmt;
use std::path::{Path, PathBuf};

/// What makes a word a table.
const DYNAMODB: &str = "dynamodb:";

/// Where the store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreLocation {
    /// A SQLite file, for one machine.
    File(PathBuf),
    /// A DynamoDB table of this name, in the account and Region of the AWS configuration. Shared by
    /// all replicas.
    DynamoDb(String),
}

impl StoreLocation {
    /// Reads `FILE` or `dynamodb:TABLE`.
    ///
    /// # Errors
    /// What is wrong with it, and how it is written.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("it is empty: write FILE, or dynamodb:TABLE".to_owned());
        }
        if let Some(table) = text.strip_prefix(DYNAMODB) {
            return table_name(table).map(|table| Self::DynamoDb(table.to_owned()));
        }
        match kind_of(text) {
            None => Ok(Self::File(PathBuf::from(text))),
            Some((kind, rest)) => Err(no_such_kind(kind, rest)),
        }
    }

    /// The file, if it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::DynamoDb(_) => None,
        }
    }

    /// Whether it is a file that is not there yet. Of a table AWS must be asked.
    pub(crate) fn is_missing_file(&self) -> bool {
        self.file().is_some_and(|path| !path.exists())
    }
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::DynamoDb(table) => write!(f, "{DYNAMODB}{table}"),
        }
    }
}

/// DynamoDB's rule: 3 to 255 of these characters.
fn table_name(name: &str) -> Result<&str, String> {
    if name.starts_with("arn:") {
        let last = name.rsplit('/').next().unwrap_or_default();
        return Err(format!(
            "it names the table by its ARN: write dynamodb:{last}, and choose account and Region as \
             for every AWS tool (AWS_REGION, AWS_PROFILE)"
        ));
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if name.len() < 3 || name.len() > 255 || !name.chars().all(is_allowed) {
        return Err(format!(
            "`{name}` is no name of a DynamoDB table: 3 to 255 letters, digits, `_`, `.` and `-`, as \
             in dynamodb:stagedoor"
        ));
    }
    Ok(name)
}

/// `kind:rest`, where the word looks like that. A single letter is a drive, and a slash before the
/// colon makes it a path.
fn kind_of(text: &str) -> Option<(&str, &str)> {
    let (kind, rest) = text.split_once(':')?;
    let is_word = kind.len() > 1 && kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '+');
    is_word.then_some((kind, rest))
}

fn no_such_kind(kind: &str, rest: &str) -> String {
    let hint = match kind.to_ascii_lowercase().as_str() {
        "sqlite" | "file" | "sqlite3" => format!("a SQLite file is named by itself: {rest}"),
        "dynamodb" | "dynamo" | "ddb" | "dynamo+db" => format!("write dynamodb:{rest}"),
        "arn" => "write dynamodb:TABLE, with the table's name".to_owned(),
        _ => "write FILE, or dynamodb:TABLE".to_owned(),
    };
    format!("there is no kind of store `{kind}`: {hint}. A file of that name is `./{kind}:{rest}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_a_table_are_told_apart() {
        for file in
            ["stagedoor.db", "/var/lib/stagedoor.db", "./a:b", r"C:\stagedoor.db", "dynamodb"]
        {
            let location = StoreLocation::parse(file).unwrap();
            assert_eq!(location, StoreLocation::File(file.into()));
            assert_eq!(location.to_string(), file);
            assert_eq!(location.file(), Some(Path::new(file)));
        }
        let table = StoreLocation::parse("dynamodb:Stagedoor_1.prod-eu").unwrap();
        assert_eq!(table, StoreLocation::DynamoDb("Stagedoor_1.prod-eu".to_owned()));
        assert_eq!(table.to_string(), "dynamodb:Stagedoor_1.prod-eu");
        assert_eq!((table.file(), table.is_missing_file()), (None, false));
    }

    #[test]
    fn what_is_neither_is_refused_with_what_to_write() {
        let long = format!("dynamodb:{}", "t".repeat(256));
        let arn = "dynamodb:arn:aws:dynamodb:eu-west-1:111122223333:table/door";
        for (text, told) in [
            ("", "it is empty: write FILE, or dynamodb:TABLE"),
            ("  ", "it is empty"),
            ("dynamodb:", "`` is no name of a DynamoDB table: 3 to 255 letters"),
            ("dynamodb:ab", "`ab` is no name of a DynamoDB table"),
            ("dynamodb:a/b/c", "as in dynamodb:stagedoor"),
            (long.as_str(), "is no name of a DynamoDB table"),
            (arn, "write dynamodb:door, and choose account and Region"),
            ("ddb:door", "write dynamodb:door. A file of that name is `./ddb:door`"),
            ("DynamoDB:door", "write dynamodb:door."),
            ("sqlite:door.db", "a SQLite file is named by itself: door.db"),
            (
                "postgres://localhost/x",
                "no kind of store `postgres`: write FILE, or dynamodb:TABLE",
            ),
            (
                "arn:aws:dynamodb:eu-west-1:111122223333:table/door",
                "no kind of store `arn`: write dynamodb:TABLE, with the table's name",
            ),
        ] {
            let error = StoreLocation::parse(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
