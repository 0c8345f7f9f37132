//! SCIM as clients really speak it, and PATCH against a model.

#[cfg(test)]
mod entra;
#[cfg(test)]
mod model;
#[cfg(test)]
mod okta;
#[cfg(test)]
mod support;
