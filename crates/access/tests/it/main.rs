//! Tests of the crate from outside.

#[cfg(test)]
mod check;
#[cfg(test)]
mod entitlement;
#[cfg(test)]
mod model;
#[cfg(test)]
mod offboarding;
#[cfg(test)]
mod planner;
#[cfg(test)]
mod planner_leaving;
#[cfg(test)]
mod planner_properties;
#[cfg(test)]
mod support;
