//! The AWS adapters, held against botocore's models and run against the sandbox.

mod contract;
