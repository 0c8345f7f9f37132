//! Readings of real servers: `OpenLDAP`, and Samba as an Active Directory domain controller.

#[cfg(test)]
mod active_directory;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod openldap;
#[cfg(test)]
mod openldap_failures;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod renames;
#[cfg(test)]
mod samba;
#[cfg(test)]
mod slapd;
#[cfg(test)]
mod world;
