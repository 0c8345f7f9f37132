//! Tests of the crate from outside.

#[cfg(test)]
mod authorisation;
#[cfg(test)]
mod check;
#[cfg(test)]
mod departures;
#[cfg(test)]
mod enforce;
#[cfg(test)]
mod entitlement;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod first_map;
#[cfg(test)]
mod first_map_properties;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod lambda;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod many_teams;
#[cfg(test)]
mod map_cautions;
#[cfg(test)]
mod map_design;
#[cfg(test)]
mod map_directories;
#[cfg(test)]
mod map_folder;
#[cfg(test)]
mod map_hostile;
#[cfg(test)]
mod map_hub;
#[cfg(test)]
mod map_refusals;
#[cfg(test)]
mod map_refusals_people;
#[cfg(test)]
mod model;
#[cfg(test)]
mod offboarding;
#[cfg(test)]
mod plane;
#[cfg(test)]
mod planner;
#[cfg(test)]
mod planner_leaving;
#[cfg(test)]
mod planner_properties;
#[cfg(test)]
mod rendered;
#[cfg(test)]
mod report;
#[cfg(test)]
mod sso;
#[cfg(test)]
mod support;
#[cfg(test)]
mod temporary;
