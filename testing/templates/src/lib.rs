//! Nothing but tests: `tests/it` makes stacks of the `CloudFormation` templates in `deploy/`, on paper,
//! and follows every reference, permission and event pattern of them.
