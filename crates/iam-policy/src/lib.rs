//! iam-policy
