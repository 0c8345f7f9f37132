//! Proofs: what a set of policies can never allow, over *all* requests.
//!
//! [`prove`] answers a [`Claim`] about [`Documents`] with a [`Verdict`]: proved, with a request that
//! shows that the claim is about something; refuted, with a request that breaks it; or unknown, with
//! why. Nothing outside of the fragment below is ever called proved.
//!
//! # How
//!
//! Every claim comes to one question: is there a request that some sets of policies allow (those in
//! question, and a document that says which requests the claim is about) and another set does not?
//!
//! 1. **Each dimension of a request falls into classes** that no pattern or value of any of the
//!    documents tells apart, and one member of each class stands for it:
//!    - *actions* and *resources*: by which patterns match. Product automata find every set of patterns
//!      that some text over all of Unicode matches, and a text that does (`automaton`). Actions need
//!      not exist today; classes with a real action are looked at first, under its name;
//!    - *text, ARNs and booleans of condition keys*: likewise. Wildcards of ARN operators stay in their
//!      segment; the empty text is a class of its own;
//!    - *addresses, numbers, dates*: intervals between the places where some test cuts, IPv4 and IPv6
//!      (`intervals`), and a value that is none;
//!    - *a missing key*;
//!    - *lists of values*: one list for everything that the operators, `ForAllValues` and `ForAnyValue`
//!      among them, can make of a list (`choices`).
//! 2. **Keys that depend on each other are looked at together** (`groups`). Keys in policy variables get
//!    their values one by one, of each class as many as there are connected variables, so that they can
//!    be equal or differ (`variables`). With them in place, everything else is literal patterns.
//! 3. **Combinations are narrowed down** (`frontier`). Statements hold together if they do so in each
//!    dimension. Decisions only grow with the `Allow` statements that hold and shrink with the `Deny`
//!    statements; so of two combinations, the one with less that helps a counterexample and more that
//!    hinders it is dropped: if it is a counterexample, so is the other.
//! 4. **[`Policies::decide`] judges a request of every combination that is left** – the evaluator that
//!    answers everything else, with its layers, levels and rules. What it calls a counterexample is one.
//!
//! # Why it is right
//!
//! *A refutation* is a request that the evaluator itself judged: nothing needs to be believed of the
//! above. *A proof* needs three things. (a) Members of a class are interchangeable: all tests of all
//! documents have the same outcome for them. For patterns and intervals that is how classes are made. For
//! variables, replace the values of all connected keys by others of the same classes, equal ones by equal
//! ones and different ones by different ones: no literal pattern and no comparison changes its outcome.
//! (b) Every combination of classes that a request can have is looked at, or one that outdoes it. (c) The
//! evaluator's decision is monotone in the statements that hold, as documented by AWS: layers and levels
//! are joined by *and*, identity- and resource-based policies by *or*, and any `Deny` is final.
//! Property tests hold verdicts against the evaluator on every request of small universes.
//!
//! # The fragment
//!
//! Everything that the evaluator knows, except that these make a verdict unknown:
//! - `BinaryEquals`; `…IgnoreCase` with letters outside of ASCII, or with variables;
//! - a key compared as two of text, address, number and date;
//! - a variable inside of a pattern that is no whole segment between `/` or `:`, or that stands beside a
//!   `?` in patterns of the same key or of resources; one whose key is compared with patterns made of
//!   variables, with numbers, dates or addresses, or with a text that has one of `/ : * ? $`;
//! - variables of keys that can have several values and are compared with other variables;
//! - automata, lists or combinations beyond fixed bounds, and more than [`MOST_CALLS`] decisions or
//!   [`MOST_STEPS`] of work.
//!
//! # What a proof rests on
//!
//! Each claim is tried over every context first: any key with any values, whatever the others have. Only
//! if that fails it is tried over the requests that AWS makes by its documentation ([`AWS_FACTS`]), and
//! the verdict says so. Values of variables *inside* of patterns are taken to hold none of `/ : * ? $`,
//! which the verdict says as well: with them, one value could reach over segments. The principal is
//! given, with what is known of it ([`Subject`]), or any identity of IAM. Which facts hold of a request can
//! depend on its action (`world::Traits`); so actions that differ in that are different classes.
//!
//! Where no policy of a resource is given, a question is about the principal's own side: other accounts
//! are taken to allow what that allows, for they can any time. Witnesses then give such resources the
//! principal's account.
//!
//! [`Policies::decide`]: crate::evaluate::Policies::decide

mod actions;
mod automaton;
mod bits;
mod budget;
mod choices;
mod claim;
mod claims;
mod documents;
mod frontier;
mod groups;
mod intervals;
mod resources;
mod rules;
mod search;
mod subject;
mod unknown;
mod values;
mod variables;
mod world;

pub use claim::{Claim, Demand, MOST_CALLS, MOST_STEPS, Verdict, Witness, prove};
pub use claims::{Owner, PRESIGN};
pub use documents::Documents;
pub use subject::Subject;
pub use world::AWS_FACTS;
