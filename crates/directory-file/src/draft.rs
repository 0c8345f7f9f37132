//! What a file says, before it is known whether it fits together, and what is wrong with it.

use control::directory::Account;
use control::ports::Particulars;
use std::fmt;

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) people: Vec<DraftPerson>,
    pub(crate) groups: Vec<DraftGroup>,
}

/// A person as the file has them.
#[derive(Debug)]
pub(crate) struct DraftPerson {
    pub(crate) line: u64,
    pub(crate) id: Option<String>,
    pub(crate) user_name: String,
    pub(crate) display_name: Option<String>,
    pub(crate) particulars: Particulars,
    /// Whether and when the person may sign in.
    pub(crate) account: Account,
    /// Names of groups that the person is in.
    pub(crate) groups: Vec<String>,
    /// The name of the entry, in the form in which names are compared.
    pub(crate) dn: Option<String>,
}

/// A group as the file has it.
#[derive(Debug)]
pub(crate) struct DraftGroup {
    pub(crate) line: u64,
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) members: Vec<(u64, MemberRef)>,
    pub(crate) dn: Option<String>,
}

/// How a file names a member of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MemberRef {
    /// A person by user name.
    Person(String),
    /// A group by name.
    Group(String),
    /// Whichever entry has this name. One that is not in the file is nobody of this directory.
    Entry(String),
    /// A person by user name, who need not be in the file either.
    Account(String),
}

/// Something wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1; 0: the file as a whole.
    pub line: u64,
    /// What is wrong, as a sentence without its end.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

/// All that is wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems {
    /// The file, as the map names it.
    pub file: String,
    /// What is wrong, in the order of the file. Never empty.
    pub found: Vec<Problem>,
}

/// So many problems are told; nobody reads more at a time.
const TOLD: usize = 20;

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.found.iter().take(TOLD).enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            let Problem { line, what, remedy } = problem;
            match line {
                0 => write!(f, "{}: {what}: {remedy}", self.file)?,
                line => write!(f, "{}:{line}: {what}: {remedy}", self.file)?,
            }
        }
        match self.found.len().saturating_sub(TOLD) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

/// Collects what is wrong.
#[derive(Debug, Default)]
pub(crate) struct Reporter {
    pub(crate) found: Vec<Problem>,
}

/// From this many problems on a file is not looked at any further.
const ENOUGH: usize = 1000;

impl Reporter {
    pub(crate) fn report(&mut self, line: u64, what: impl Into<String>, remedy: impl Into<String>) {
        if self.found.len() < ENOUGH {
            self.found.push(Problem { line, what: what.into(), remedy: remedy.into() });
        }
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.found.is_empty()
    }
}
