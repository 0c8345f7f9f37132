//! The templates of `deploy/cloudformation`.

#[cfg(test)]
mod attributes;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod checks;
#[cfg(test)]
mod guide;
#[cfg(test)]
mod hub;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod network;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod stack;
#[cfg(test)]
mod yaml;
