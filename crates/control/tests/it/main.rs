//! The loop over fakes of the ports.

#[cfg(test)]
mod leaving;
#[cfg(test)]
mod reconciler;
#[cfg(test)]
mod world;
