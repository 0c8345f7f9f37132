//! The one binary, driven as people and machines drive it: as a process, against simulated AWS.

#[cfg(test)]
mod apply;
#[cfg(test)]
mod audit_command;
#[cfg(test)]
mod audit_secrets;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod cloud;
#[cfg(test)]
mod crashes;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod desk_commands;
#[cfg(test)]
mod directory_command;
#[cfg(test)]
mod doctor_command;
#[cfg(test)]
mod door;
#[cfg(test)]
mod drain;
#[cfg(test)]
mod events;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod forgeries;
#[cfg(test)]
mod function_rights;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod guard;
#[cfg(test)]
mod house;
#[cfg(test)]
mod init_command;
#[cfg(test)]
mod invoker;
#[cfg(test)]
mod json_names;
#[cfg(test)]
mod killed_function;
#[cfg(test)]
mod lambda;
#[cfg(test)]
mod mapping;
#[cfg(test)]
mod mirror_command;
#[cfg(test)]
mod monitoring;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod offboard_command;
#[cfg(test)]
mod offboarding;
#[cfg(test)]
mod packaging;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod php_idp;
#[cfg(test)]
mod plan;
#[cfg(test)]
mod plan_files;
#[cfg(test)]
mod policy_eval;
#[cfg(test)]
mod policy_files;
#[cfg(test)]
mod policy_lint;
#[cfg(test)]
mod policy_prove;
#[cfg(test)]
mod policy_render;
#[cfg(test)]
mod process;
#[cfg(test)]
mod reload;
#[cfg(test)]
mod replicas;
#[cfg(test)]
mod saml_debugger;
#[cfg(test)]
mod saml_metadata;
#[cfg(test)]
mod saml_server;
#[cfg(test)]
mod saml_setup;
#[cfg(test)]
mod sandbox_command;
#[cfg(test)]
mod serve;
#[cfg(test)]
mod spokes;
#[cfg(test)]
mod sso_mode;
#[cfg(test)]
mod standing_still;
#[cfg(test)]
mod store_commands;
#[cfg(test)]
mod telemetry;
#[cfg(test)]
mod three_hosts;
#[cfg(test)]
mod timer_directories;
#[cfg(test)]
mod usage;
#[cfg(test)]
mod validate;
#[cfg(test)]
mod warm;
#[cfg(test)]
mod world;
