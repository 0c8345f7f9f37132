//! The one way a document is written.
//!
//! Elements stand in the order in which the IAM user guide lists them, lists are sorted and hold
//! nothing twice, a single value stands without a list. Statements keep their order: it means
//! nothing to AWS, but something to people.

use super::{Document, Principal, Statement};

impl Document {
    /// The same document with sorted lists that hold nothing twice.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let statements = self.statements.iter().map(Statement::canonical).collect();
        Self { version: self.version, id: self.id.clone(), statements }
    }

    /// The canonical text, with a new line at the end of each line but the last.
    pub fn to_canonical_json(&self) -> String {
        // Serializing cannot fail: no maps with keys that are no text, no I/O.
        serde_json::to_string_pretty(&self.canonical()).unwrap_or_default()
    }

    /// The canonical text without white space between its parts.
    pub fn to_compact_json(&self) -> String {
        serde_json::to_string(&self.canonical()).unwrap_or_default()
    }

    /// How many characters IAM counts: those of the compact text that are no white space.
    pub fn compact_len(&self) -> usize {
        self.to_compact_json().chars().filter(|c| !c.is_whitespace()).count()
    }
}

impl Statement {
    /// The same statement with sorted lists that hold nothing twice.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let mut statement = self.clone();
        let lists = [
            &mut statement.action,
            &mut statement.not_action,
            &mut statement.resource,
            &mut statement.not_resource,
        ];
        lists.into_iter().flatten().for_each(sort);
        for principal in [&mut statement.principal, &mut statement.not_principal] {
            if let Some(Principal::ByKind(kinds)) = principal {
                for names in kinds.values_mut() {
                    sort(&mut names.0);
                }
            }
        }
        let values = statement.condition.values_mut().flat_map(|keys| keys.values_mut());
        values.for_each(|values| sort(&mut values.0));
        statement
    }
}

fn sort(list: &mut Vec<String>) {
    list.sort();
    list.dedup();
}
