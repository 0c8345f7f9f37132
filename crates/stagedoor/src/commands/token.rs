//! `stagedoor token`: tokens of the API.

use crate::cli::{
    Common, CreateTokenArgs, ListTokensArgs, MapArg, OutputFormat, RevokeTokenArgs, TokenCommand,
};
use crate::codes;
use crate::exit::{BadConfiguration, Outcome};
use crate::output::{self, counted, visible};
use crate::system::{SystemClock, SystemEntropy};
use crate::{compose, directories, mapfile};
use access::ids::DirectoryName;
use anyhow::Result;
use aws::Aws;
use control::desk::{NewToken, TokenError, TokenInfo, create_token, revoke_token};
use control::ports::{Actor, Clock};
use jiff::SignedDuration;
use serde_json::json;

pub(super) async fn run(command: TokenCommand, common: &Common) -> Result<Outcome> {
    match command {
        TokenCommand::Create(args) => create(&args, common).await,
        TokenCommand::List(args) => list(&args, common).await,
        TokenCommand::Revoke(args) => revoke(&args, common).await,
    }
}

/// Refuses a directory that the map does not have pushed: the token would open nothing.
fn require_pushed(directory: &DirectoryName, map: &MapArg) -> Result<()> {
    let map = match mapfile::load(&map.map) {
        Ok(map) => map,
        // Tokens are made without a map, too.
        Err(error) if is_unreadable(&error) => {
            output::talk(&format!(
                "note: {error}, so nobody looked whether directory `{directory}` is pushed by SCIM \
                 (--map names another)"
            ));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    if directories::pushed(&map).any(|name| name == directory) {
        return Ok(());
    }
    let has = output::quoted(directories::pushed(&map));
    let has = has.as_deref().unwrap_or("none");
    let message =
        format!("the map has no directory `{directory}` that is pushed by SCIM; it has {has}");
    Err(BadConfiguration::new(codes::TOKEN_INVALID, message).into())
}

/// Whether a map is not there, or cannot be read from disk.
fn is_unreadable(error: &anyhow::Error) -> bool {
    let bad = error.downcast_ref::<BadConfiguration>();
    bad.is_some_and(|bad| bad.code.as_str() == codes::MAP_UNREADABLE.as_str())
}

async fn create(args: &CreateTokenArgs, common: &Common) -> Result<Outcome> {
    if let Some(directory) = &args.directory {
        require_pushed(directory, &args.map)?;
    }
    let store = compose::store(&args.store.store, &Aws::connect().await, false).await?;
    let (by, now) = (Actor::named(&args.by.by), SystemClock.now());
    let new = NewToken {
        name: args.name.clone(),
        scopes: args.scope.iter().copied().collect(),
        directory: args.directory.clone(),
        life: SignedDuration::try_from(args.life).unwrap_or(SignedDuration::MAX),
    };
    let made = create_token(&*store, &SystemEntropy, &by, new, now).await;
    let (bearer, token) = made.map_err(|error| match error {
        TokenError::Store(error) => anyhow::Error::new(error),
        other => BadConfiguration::new(codes::TOKEN_INVALID, other.to_string()).into(),
    })?;
    let info = TokenInfo::of(&token, now);
    if common.output == OutputFormat::Json {
        let document = json!({
            "apiVersion": output::API_VERSION,
            "kind": "TokenCreated",
            "token": info,
            "secret": bearer.reveal(),
        });
        output::data(&document.to_string());
    } else {
        output::data(bearer.reveal());
        output::talk(&format!(
            "Token `{}` may {} until {}. It is shown this once: keep it where secrets are kept, and \
             send it as `Authorization: Bearer …`.",
            info.name,
            scopes(&info),
            info.until
        ));
    }
    Ok(Outcome::Done)
}

async fn list(args: &ListTokensArgs, common: &Common) -> Result<Outcome> {
    let store = compose::existing_store(&args.store.store, &Aws::connect().await).await?;
    let now = SystemClock.now();
    let tokens = store.tokens().await?;
    let tokens: Vec<TokenInfo> = tokens.iter().map(|token| TokenInfo::of(token, now)).collect();
    if common.output == OutputFormat::Json {
        let document = json!({
            "apiVersion": output::API_VERSION,
            "kind": "Tokens",
            "tokens": tokens,
        });
        output::data(&document.to_string());
        return Ok(Outcome::Done);
    }
    let mut lines = vec![counted(tokens.len(), "token")];
    lines.extend(tokens.iter().map(|token| {
        let until = if token.ended { "ended" } else { "until" };
        let by = visible(&token.by);
        let of =
            token.directory.as_ref().map_or(String::new(), |of| format!(" of {}", visible(of)));
        format!("  {}  {}{of}  {until} {}, made by {by}", token.name, scopes(token), token.until)
    }));
    output::data(&lines.join("\n"));
    Ok(Outcome::Done)
}

async fn revoke(args: &RevokeTokenArgs, common: &Common) -> Result<Outcome> {
    let store = compose::existing_store(&args.store.store, &Aws::connect().await).await?;
    let (by, now) = (Actor::named(&args.by.by), SystemClock.now());
    let revoked = revoke_token(&*store, &by, &args.name, now).await?;
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "TokenRevoked",
                "name": args.name,
                "changed": revoked.is_some(),
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            let name = visible(&args.name);
            output::data(&match revoked {
                Some(_) => format!("Token `{name}` is revoked; it opens nothing from now on."),
                None => format!("There is no token `{name}`. Nothing to do."),
            });
            if revoked.is_none() {
                let tokens = store.tokens().await?;
                let names = output::quoted(tokens.iter().map(|token| visible(&token.name)));
                output::talk(&match names {
                    None => "note: the store has no token".to_owned(),
                    Some(names) => format!("note: the store has {names}"),
                });
            }
        }
    }
    Ok(Outcome::Done)
}

fn scopes(token: &TokenInfo) -> String {
    token.scopes.iter().map(|right| right.as_str()).collect::<Vec<_>>().join(",")
}
