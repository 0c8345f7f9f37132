//! One call of an operation, and the table entry that describes an operation.

use jiff::Timestamp;

use crate::state::{Caller, Twist, World};
use crate::wire::error::{ApiError, Outcome};
use crate::wire::input::Input;
use crate::wire::page::{self, Page, Position};
use crate::wire::shape::Member;

/// A call which is signed, allowed and well-formed.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) now: Timestamp,
    pub(crate) caller: Caller,
    pub(crate) region: String,
    pub(crate) operation: &'static str,
    pub(crate) request_id: String,
    /// Scheme and authority the request was sent to, such as `http://127.0.0.1:4566`.
    pub(crate) base_url: String,
    pub(crate) user_agent: String,
    pub(crate) input: Input,
    pub(crate) twist: Twist,
}

impl Call {
    pub(crate) fn text(&self, member: &str) -> &str {
        self.input.text(member)
    }

    /// Cuts the page that was asked for; `filters` bind its token to this list.
    pub(crate) fn page<T>(
        &self,
        items: Vec<(Position, T)>,
        size: usize,
        filters: &[&str],
    ) -> Result<(Vec<T>, Option<String>), ApiError> {
        let binding = format!(
            "{}|{}|{}|{}",
            self.caller.account,
            self.region,
            self.operation,
            filters.join("|")
        );
        let page = Page {
            size,
            token: self.input.find_text("NextToken"),
            descending: self.input.find_text("SortOrder") == Some("Descending"),
            binding,
        };
        page::cut(items, &page)
    }
}

/// An operation: its request's shape, and what it does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) members: &'static [Member],
    pub(crate) run: fn(&mut World, &Call) -> Outcome,
}
