//! The store as its users see it: the contract of its ports, files, processes.

#[cfg(test)]
mod files;
#[cfg(test)]
mod million;
#[cfg(test)]
mod ports;
#[cfg(test)]
mod processes;
