//! The demo identity provider against the verifier which it demonstrates.

#[cfg(test)]
mod flows;
#[cfg(test)]
mod logout;
#[cfg(test)]
mod responses;
#[cfg(test)]
mod support;
