//! How much one request may bring: every bound, with its reason.

/// Longest body of a request, in bytes. A full push of 100,000 members is about 6 MiB.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// Most objects in one body. A JSON object of seven bytes takes 650 as a tree, so that this, and not
/// the length, bounds the memory of a request: some 100 MiB at worst. A full push has one object for
/// each member.
pub const MAX_JSON_OBJECTS: usize = MAX_MEMBERS + 10_000;

/// Most commas in one body, which bound the values. A full push has four for each member.
pub const MAX_JSON_COMMAS: usize = 5 * MAX_MEMBERS;

/// Largest user or group as it is kept, in bytes of JSON, members left out. A user with every
/// attribute of RFC 7643 takes 3 KiB; a photo belongs behind a URL.
pub const MAX_RESOURCE_BYTES: usize = 64 * 1024;

/// Longest filter, in bytes. Entra ID and Okta ask with less than 300.
pub const MAX_FILTER_BYTES: usize = 2_048;

/// Deepest nesting of a filter: brackets, `not` and value paths. Parsing and evaluation recurse.
pub const MAX_FILTER_DEPTH: usize = 16;

/// Most comparisons in one filter.
pub const MAX_FILTER_TERMS: usize = 64;

/// Longest path of a PATCH operation or name of an attribute, in bytes. A path may hold a filter.
pub const MAX_PATH_BYTES: usize = MAX_FILTER_BYTES;

/// Most operations of one PATCH. Okta and Entra ID send at most a few hundred.
pub const MAX_OPERATIONS: usize = 1_000;

/// Most attributes that the operations of one PATCH change: one without a path may name many, and the
/// resource is looked over for each. Clients name a few dozen.
pub const MAX_STEPS: usize = 2 * MAX_OPERATIONS;

/// Most members that one request names: the largest group that is promised.
pub const MAX_MEMBERS: usize = 100_000;

/// Most values of one multi-valued attribute other than `members`. Each e-mail address is found by a
/// row of its own, and a change writes those that go and those that come in one transaction, which
/// DynamoDB limits to 100 steps.
pub const MAX_VALUES: usize = 40;

/// Most operations of one Bulk request: each is a change by itself, and all must be answered before a
/// request is given up.
pub const MAX_BULK_OPERATIONS: usize = 100;

/// Longest id of a resource that a client may name, in characters.
pub const MAX_ID_CHARS: usize = 128;

/// Most names in `attributes` or `excludedAttributes`.
pub const MAX_PROJECTED: usize = 100;

/// Resources on a page if the client does not say.
pub const DEFAULT_COUNT: usize = 100;

/// Most resources on a page; who asks for more gets so many.
pub const MAX_COUNT: usize = 1_000;
