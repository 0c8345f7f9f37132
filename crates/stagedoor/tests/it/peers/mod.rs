//! Software of others that the tests talk to: a real identity provider and a real browser.

pub(crate) mod chromium;
pub(crate) mod forms;
pub(crate) mod simplesamlphp;
