//! Documents within a limit that mean together what others mean.

use super::merge::{joined, with_distinct_sids};
use super::{Document, Limit, Statement};

/// Documents that cannot be brought within a limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// A statement that is too large alone, and of which nothing can be taken away without changing
    /// what it means: one action, one resource, or lists of what it is not about.
    #[error(
        "cannot split {}: it takes {size} characters by itself, a {kind} takes at most {most}, and \
         it has neither several actions nor several resources to divide", named(sid.as_deref())
    )]
    Statement {
        /// The statement's name.
        sid: Option<String>,
        /// How many characters a document with nothing else takes.
        size: usize,
        /// The kind of policy.
        kind: &'static str,
        /// How many characters it takes at most.
        most: usize,
    },
    /// More documents than there may be.
    #[error(
        "the statements fill {needed} documents, and there may be at most {most} of the kind {kind}"
    )]
    Documents {
        /// How many it would be.
        needed: usize,
        /// The kind of policy.
        kind: &'static str,
        /// How many there may be.
        most: usize,
    },
}

fn named(sid: Option<&str>) -> String {
    sid.map_or_else(|| "a statement without Sid".to_owned(), |sid| format!("statement `{sid}`"))
}

/// Spreads the statements of these documents over as few documents as their order allows, each
/// within the limit: a statement goes into the first document that has room.
///
/// A statement that is too large for a document is divided by its actions or resources, whichever
/// is longer. That means the same, for what is allowed or denied by one of several statements is
/// allowed or denied. Names stay unique over all documents.
///
/// The same input gives the same documents; none, if there are no statements.
pub fn split<'a>(
    documents: impl IntoIterator<Item = &'a Document>,
    limit: Limit,
) -> Result<Vec<Document>, SplitError> {
    let Document { version, id, statements } = joined(documents);
    let empty = Document { version, id, statements: Vec::new() };
    let mut parts = Vec::new();
    for statement in statements {
        divide(statement, &empty, limit, &mut parts)?;
    }
    let mut filled: Vec<Document> = Vec::new();
    for part in with_distinct_sids(parts) {
        match filled.iter_mut().find(|document| has_room(document, &part, limit)) {
            Some(document) => document.statements.push(part),
            None => filled.push(Document { statements: vec![part], ..empty.clone() }),
        }
    }
    if filled.len() > limit.documents {
        let Limit { kind, documents: most, .. } = limit;
        return Err(SplitError::Documents { needed: filled.len(), kind, most });
    }
    Ok(filled)
}

/// Room for the number that may have to go to the end of a name.
const SID_NUMBER: usize = 4;

/// Divides a statement until each part fits into a document.
fn divide(
    statement: Statement,
    empty: &Document,
    limit: Limit,
    parts: &mut Vec<Statement>,
) -> Result<(), SplitError> {
    let size = limit.size(&Document { statements: vec![statement.clone()], ..empty.clone() });
    let reserve = if statement.sid.is_some() { SID_NUMBER } else { 0 };
    if size + reserve <= limit.characters {
        parts.push(statement);
        return Ok(());
    }
    let (mut first, mut second) = (statement.clone(), statement);
    let halves = if longer(second.action.as_ref(), second.resource.as_ref()) {
        (&mut first.action, &mut second.action)
    } else {
        (&mut first.resource, &mut second.resource)
    };
    let (Some(head), Some(tail)) = halves else {
        return Err(too_large(first.sid, size, limit));
    };
    if head.len() < 2 {
        return Err(too_large(first.sid, size, limit));
    }
    let half = head.len() / 2;
    head.truncate(half);
    tail.drain(..half);
    divide(first, empty, limit, parts)?;
    divide(second, empty, limit, parts)
}

/// Whether the first list is the one to divide.
fn longer(actions: Option<&Vec<String>>, resources: Option<&Vec<String>>) -> bool {
    let length = |list: Option<&Vec<String>>| {
        let several = list.filter(|list| list.len() > 1);
        several.map_or(0, |list| list.iter().map(String::len).sum())
    };
    length(actions) > length(resources)
}

fn too_large(sid: Option<String>, size: usize, limit: Limit) -> SplitError {
    SplitError::Statement { sid, size, kind: limit.kind, most: limit.characters }
}

fn has_room(document: &Document, statement: &Statement, limit: Limit) -> bool {
    let mut with = document.clone();
    with.statements.push(statement.clone());
    limit.fits(&with)
}
