//! A bundle as files for whoever rolls it out: policy documents by themselves, `CloudFormation`,
//! Terraform.
//!
//! Equal bundles give equal texts, byte for byte. ARNs and partitions are those of the bundle, filled
//! in: what was proved is what is rolled out.

mod cloudformation;
mod hcl;
mod json;
mod terraform;
mod tree;

pub use cloudformation::{cloudformation, cloudformation_files};
pub use json::{json, json_files};
pub use terraform::terraform_files;

/// A file of a rendered bundle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct File {
    /// Where it belongs, relative, with `/` between parts.
    pub path: String,
    /// What is in it, with a new line at its end.
    pub text: String,
}

impl File {
    fn new(path: impl Into<String>, text: &str) -> Self {
        Self { path: path.into(), text: format!("{}\n", text.trim_end()) }
    }
}
