//! The loop and the door over fakes of the ports.

#[cfg(test)]
mod door;
#[cfg(test)]
mod door_opening;
#[cfg(test)]
mod leaving;
#[cfg(test)]
mod reconciler;
#[cfg(test)]
mod world;
