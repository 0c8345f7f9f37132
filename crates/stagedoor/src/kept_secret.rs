//! Secrets that the map names, read when they are needed and again where they are refused.

use crate::codes;
use crate::exit::BadConfiguration;
use crate::secret_source::SecretSource;
use access::ids::Region;
use anyhow::Result;
use async_trait::async_trait;
use aws::{Aws, SecretText};
use control::ports::{CallError, FailureKind, KeptSecret, SecretWord};
use std::path::Path;
use std::sync::Arc;

/// A secret that the map names.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// As the map writes it: it holds no secret.
    reference: String,
    source: SecretSource,
    aws: Arc<Aws>,
    region: Option<Region>,
}

impl Kept {
    /// What a reference of the map names; files are named from `folder`. It is not read yet.
    ///
    /// # Errors
    /// It names nothing; the text says why.
    pub(crate) fn of(
        reference: &str,
        folder: &Path,
        aws: &Arc<Aws>,
        region: Option<&Region>,
    ) -> std::result::Result<Self, String> {
        let source = match reference.strip_prefix("file:") {
            Some(path) => SecretSource::File(folder.join(path)),
            None => SecretSource::parse(reference).map_err(|why| format!("{reference}: {why}"))?,
        };
        let (reference, aws) = (reference.to_owned(), Arc::clone(aws));
        Ok(Self { reference, source, aws, region: region.cloned() })
    }

    /// Reads it.
    ///
    /// # Errors
    /// The place cannot be read, or is empty. The errors name the place, and never what it holds.
    pub(crate) async fn read(&self) -> Result<SecretText> {
        let found = self.source.read(&self.aws, self.region.as_ref()).await;
        let found = found.map_err(|why| {
            why.at(
                codes::DIRECTORY_SECRET,
                format_args!("the secret {} cannot be read", self.reference),
            )
        })?;
        let empty = || {
            let message = format!("{}: it is empty", self.reference);
            BadConfiguration::new(codes::DIRECTORY_SECRET, message)
        };
        Ok(found.into_iter().next().ok_or_else(empty)?)
    }
}

#[async_trait]
impl KeptSecret for Kept {
    async fn secret(&self) -> std::result::Result<SecretWord, CallError> {
        match self.read().await {
            Ok(text) => Ok(SecretWord::new(text.reveal().to_owned())),
            Err(error) => Err(CallError {
                service: "secret",
                operation: "read",
                kind: FailureKind::Credentials,
                aws_code: None,
                message: format!("{error:#}"),
            }),
        }
    }
}
