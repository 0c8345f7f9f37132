//! Where a secret comes from: a file, the environment, Parameter Store or Secrets Manager.

use crate::codes::{self, Code};
use crate::exit::BadConfiguration;
use access::ids::Region;
use aws::{Aws, SecretText};
use control::ports::{CallError, FailureKind};
use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// More than any secret takes: a key with a chain of certificates.
const MAX_BYTES: u64 = 64 * 1024;

/// Why nothing is read of a place that is none.
const NO_PLACE: &str = "a secret stands where its place should be named; name a file, or ssm:, \
                        secretsmanager: or env: and a name";

/// Where a secret comes from, as settings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecretSource {
    /// A file.
    File(PathBuf),
    /// `env:NAME`: an environment variable.
    Variable(String),
    /// `ssm:NAME`: a parameter of Parameter Store, by name or ARN.
    Parameter(String),
    /// `secretsmanager:SECRET` or `secretsmanager:SECRET#KEY`: a secret of Secrets Manager, by name or
    /// ARN, or what its JSON text has under a key.
    Secret { id: String, key: Option<String> },
}

/// Why a secret cannot be read. Where from is not said: a setting that should name a place may hold
/// the secret itself, and whoever reads it knows which settings are told.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// What is wrong on this machine, or with the text.
    Here(String),
    /// The call to AWS failed.
    Asked(CallError),
}

impl Unreadable {
    /// The error of a command: what could not be read, with the code of such secrets.
    pub(crate) fn at(self, code: Code, place: impl fmt::Display) -> anyhow::Error {
        match self {
            Self::Here(why) => BadConfiguration::new(code, format!("{place}: {why}")).into(),
            Self::Asked(error) => anyhow::Error::new(error).context(place.to_string()),
        }
    }
}

impl From<CallError> for Unreadable {
    fn from(error: CallError) -> Self {
        Self::Asked(error)
    }
}

impl SecretSource {
    /// Reads a setting. What begins with none of the words is the path of a file.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let named = |rest: &str, what: &str| match rest {
            "" => Err(format!("name {what} after the colon")),
            name => Ok(name.to_owned()),
        };
        if let Some(rest) = text.strip_prefix("env:") {
            return named(rest, "an environment variable").map(Self::Variable);
        }
        if let Some(rest) = text.strip_prefix("ssm:") {
            return named(rest, "a parameter").map(Self::Parameter);
        }
        if let Some(rest) = text.strip_prefix("secretsmanager:") {
            let (id, key) = match rest.split_once('#') {
                Some((id, key)) => (id, Some(named(key, "a key of the JSON text")?)),
                None => (rest, None),
            };
            return Ok(Self::Secret { id: named(id, "a secret")?, key });
        }
        match text {
            "" => Err("name a file, or ssm:, secretsmanager: or env: and a name".to_owned()),
            path => Ok(Self::File(PathBuf::from(path))),
        }
    }

    /// Whether AWS has to be asked for it.
    pub(crate) fn is_in_aws(&self) -> bool {
        matches!(self, Self::Parameter(_) | Self::Secret { .. })
    }

    /// The file, if it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            _ => None,
        }
    }

    /// The place as it was named. Where a secret stands in the place of its name it is told by nobody.
    fn named(&self) -> Cow<'_, str> {
        match self {
            Self::File(path) => path.to_string_lossy(),
            Self::Variable(name) | Self::Parameter(name) | Self::Secret { id: name, .. } => {
                Cow::Borrowed(name)
            }
        }
    }

    /// Whether the setting holds the secret itself: no place is called like PEM text.
    fn is_a_secret_itself(&self) -> bool {
        let named = self.named();
        named.contains("-----BEGIN ") || named.contains('\n')
    }

    /// Reads it from this machine; `None` where AWS has to be asked.
    ///
    /// # Errors
    /// Why there is no text.
    pub(crate) fn read_here(&self) -> Option<Result<SecretText, Unreadable>> {
        let here = |why: &str| Unreadable::Here(why.to_owned());
        match self {
            _ if self.is_a_secret_itself() => Some(Err(here(NO_PLACE))),
            Self::File(path) => Some(from_file(path).map_err(|error| here(&error.to_string()))),
            Self::Variable(name) => Some(match std::env::var_os(name) {
                None => Err(here("it is not set")),
                Some(text) => {
                    text.into_string().map(SecretText::new).map_err(|_| here("it is not UTF-8"))
                }
            }),
            Self::Parameter(_) | Self::Secret { .. } => None,
        }
    }

    /// Reads it: the text in force first, then those that came before or come next, as far as the
    /// place keeps them (Secrets Manager: `AWSCURRENT`, then `AWSPENDING` and `AWSPREVIOUS`).
    /// `region` is where a name without a Region of its own is looked for if the process has none.
    ///
    /// # Errors
    /// Why there is no text; the call to AWS fails.
    pub(crate) async fn read(
        &self,
        aws: &Aws,
        region: Option<&Region>,
    ) -> Result<Vec<SecretText>, Unreadable> {
        match self {
            _ if self.is_a_secret_itself() => Err(Unreadable::Here(NO_PLACE.to_owned())),
            Self::Parameter(name) => Ok(vec![aws.parameters(name, region).text(name).await?]),
            Self::Secret { id, key: None } => {
                let versions = aws.secrets(id, region).versions(id).await?;
                Ok(std::iter::once(versions.current).chain(versions.others).collect())
            }
            Self::Secret { id, key: Some(key) } => {
                let secrets = aws.secrets(id, region);
                let mut found = Vec::new();
                for stage in ["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"] {
                    let is_needed = found.is_empty();
                    match secrets.text(id, stage).await {
                        Ok(text) => match inside(&text, key) {
                            Some(text) => found.push(text),
                            None if is_needed => {
                                let why = "its text is no JSON object with a text under that key";
                                return Err(Unreadable::Here(why.to_owned()));
                            }
                            // What was current before may have had no such key.
                            None => {}
                        },
                        Err(error) if !is_needed && error.kind == FailureKind::NotFound => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                Ok(found)
            }
            Self::File(_) | Self::Variable(_) => match self.read_here() {
                Some(text) => Ok(vec![text?]),
                None => Ok(Vec::new()),
            },
        }
    }

    /// What kind of place it is, where the place itself is not to be told.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::File(_) => "the file",
            Self::Variable(_) => "the environment variable",
            Self::Parameter(_) => "the parameter",
            Self::Secret { .. } => "the secret",
        }
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            _ if self.is_a_secret_itself() => write!(f, "{} that a setting names", self.kind()),
            Self::File(path) => write!(f, "key file {}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Parameter(name) => write!(f, "parameter {name}"),
            Self::Secret { id, key: None } => write!(f, "secret {id}"),
            Self::Secret { id, key: Some(key) } => write!(f, "secret {id}, key {key}"),
        }
    }
}

/// What a JSON text has under a key, if it is a text.
fn inside(text: &SecretText, key: &str) -> Option<SecretText> {
    let value: serde_json::Value = serde_json::from_str(text.reveal()).ok()?;
    value.get(key)?.as_str().map(|text| SecretText::new(text.to_owned()))
}

fn from_file(path: &Path) -> io::Result<SecretText> {
    let opened = File::open(path)?;
    warn_if_others_can_read(path, &opened);
    let mut text = String::new();
    opened.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(SecretText::new(text))
}

fn warn_if_others_can_read(file: &Path, opened: &File) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = opened.metadata().map_or(0, |metadata| metadata.permissions().mode());
        if mode & 0o077 != 0 {
            tracing::warn!(
                file = %file.display(),
                code = codes::SECRET_READABLE.as_str(),
                "others on this machine can read what is secret in it: chmod 600"
            );
        }
    }
    #[cfg(not(unix))]
    let _ = (file, opened);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_names_its_place() {
        let secret = |id: &str, key: Option<&str>| SecretSource::Secret {
            id: id.to_owned(),
            key: key.map(str::to_owned),
        };
        for (text, source) in [
            ("sp.pem", SecretSource::File("sp.pem".into())),
            ("env:MY_KEY", SecretSource::Variable("MY_KEY".into())),
            ("ssm:/stagedoor/sp-key", SecretSource::Parameter("/stagedoor/sp-key".into())),
            ("secretsmanager:stagedoor/sp-key", secret("stagedoor/sp-key", None)),
            ("secretsmanager:stagedoor#sp", secret("stagedoor", Some("sp"))),
            (
                "secretsmanager:arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-b1#k",
                secret("arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-b1", Some("k")),
            ),
        ] {
            assert_eq!(SecretSource::parse(text), Ok(source), "{text}");
        }
        for bad in ["", "env:", "ssm:", "secretsmanager:", "secretsmanager:#k", "secretsmanager:a#"]
        {
            assert!(SecretSource::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_secret_in_the_place_of_its_name_is_told_by_nobody() {
        let key = "-----BEGIN PRIVATE KEY-----\nMIIEsecret\n-----END PRIVATE KEY-----\n";
        for prefix in ["", "ssm:", "secretsmanager:", "env:"] {
            let source = SecretSource::parse(&format!("{prefix}{key}")).unwrap();
            assert!(!source.to_string().contains("MIIE"), "{source}");
        }
        let source = SecretSource::parse(key).unwrap();
        assert_eq!(source.to_string(), "the file that a setting names");
        let Some(Err(Unreadable::Here(why))) = source.read_here() else { panic!("it is read") };
        assert_eq!(why, NO_PLACE);
    }

    #[test]
    fn a_key_of_a_json_text_is_a_text() {
        let text = SecretText::new(r#"{"sp":"PEM","port":5}"#.to_owned());
        assert_eq!(inside(&text, "sp").unwrap().reveal(), "PEM");
        assert_eq!((inside(&text, "port"), inside(&text, "other")), (None, None));
        assert_eq!(inside(&SecretText::new("PEM".to_owned()), "sp"), None);
    }
}
