//! How much is read of a document. AWS itself takes far less of every kind of policy but the
//! largest of its own managed ones; what is beyond is refused before it costs anything.

/// Longest text, in bytes. The largest policies that AWS manages itself have some 70,000.
pub const MAX_BYTES: usize = 256 * 1024;

/// Deepest nesting of lists and objects. A condition's list of values is at 6: document, list of
/// statements, statement, `Condition`, operator, key's list.
pub const MAX_DEPTH: usize = 8;

/// Most statements of one document. 6,144 characters hold some 120 of the shortest.
pub const MAX_STATEMENTS: usize = 1_000;

/// Most JSON values of one document, names of members not counted.
pub const MAX_VALUES: usize = 50_000;
