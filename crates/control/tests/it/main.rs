//! The loop and the door over fakes of the ports.

#[cfg(test)]
mod audit_door;
#[cfg(test)]
mod audit_looking;
#[cfg(test)]
mod audit_reading;
#[cfg(test)]
mod audit_secrets;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod chronicle;
#[cfg(test)]
mod departures;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod door;
#[cfg(test)]
mod door_attempts;
#[cfg(test)]
mod door_choice;
#[cfg(test)]
mod door_cookies;
#[cfg(test)]
mod door_keys;
#[cfg(test)]
mod door_limits;
#[cfg(test)]
mod door_log_out;
#[cfg(test)]
mod door_opening;
#[cfg(test)]
mod door_own;
#[cfg(test)]
mod door_trust;
#[cfg(test)]
mod events;
#[cfg(test)]
mod leaving;
#[cfg(test)]
mod map_replaced;
#[cfg(test)]
mod mirror;
#[cfg(test)]
mod mirror_loop;
#[cfg(test)]
mod mirror_target;
#[cfg(test)]
mod reconciler;
#[cfg(test)]
mod stored_names;
#[cfg(test)]
mod temporary;
#[cfg(test)]
mod work;
#[cfg(test)]
mod worker;
#[cfg(test)]
mod world;
