//! STS: who calls, and roles of other accounts.

use serde_json::{Value, json};

use crate::auth;
use crate::call::{Call, Operation};
use crate::services::sagemaker::answer;
use crate::services::trust::{self, Offer};
use crate::state::{Caller, Session, World, later};
use crate::wire::error::{ApiError, Outcome};
use crate::wire::pattern::Pattern;
use crate::wire::shape::{Kind, any_text, optional, required, text};

/// Seconds that assumed credentials last, when the call does not say.
const DEFAULT_DURATION: i64 = 3600;

const TAG: Kind = Kind::Structure(&[
    required("Key", text(Pattern::IamTagText, 1, 128)),
    required("Value", text(Pattern::IamTagValue, 0, 256)),
]);

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation { name: "GetCallerIdentity", members: &[], run: identity },
    Operation {
        name: "AssumeRole",
        members: &[
            required("RoleArn", any_text(20, 2048)),
            required("RoleSessionName", text(Pattern::IamName, 2, 64)),
            optional("DurationSeconds", Kind::Integer { min: 900, max: 43_200 }),
            optional("ExternalId", text(Pattern::ExternalId, 2, 1224)),
            optional("SourceIdentity", text(Pattern::IamName, 2, 64)),
            optional("Tags", Kind::List { item: &TAG, min: 0, max: 50 }),
        ],
        run: assume,
    },
];

#[expect(clippy::unnecessary_wraps, reason = "operations share one signature")]
fn identity(_: &mut World, call: &Call) -> Outcome {
    let caller = &call.caller;
    Ok(json!({"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}))
}

fn assume(world: &mut World, call: &Call) -> Outcome {
    let arn = call.text("RoleArn");
    // A role that does not exist and one that does not trust the caller look the same.
    let refused = || {
        ApiError::new(
            403,
            "AccessDenied",
            format!(
                "User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}",
                call.caller.arn
            ),
        )
    };
    // A source identity stays with its session and those it opens; it cannot be changed.
    let given = call.input.find_text("SourceIdentity");
    let kept = call.caller.source_identity.as_deref();
    if given.is_some() && kept.is_some_and(|kept| Some(kept) != given) {
        return Err(refused());
    }
    let source_identity = given.or(kept);
    let tags = !call.input.list("Tags").is_empty() || !call.caller.transitive_tags.is_empty();
    if tags && auth::is_denied(&call.caller, trust::TAG_SESSION) {
        return Err(refused());
    }
    let external_id = call.input.find_text("ExternalId");
    let offer = Offer { external_id, source_identity, tags, source: None };
    let role = trust::find_role(world, arn)
        .filter(|role| trust::trusts_caller(&role.trust, &call.caller, offer))
        .cloned()
        .ok_or_else(refused)?;
    let duration = call.input.integer("DurationSeconds").unwrap_or(DEFAULT_DURATION);
    // A role assumed with the credentials of another role lasts an hour at most.
    let limit = if call.caller.role_arn.is_some() { DEFAULT_DURATION } else { role.max_session };
    if duration > limit {
        return Err(ApiError::new(
            400,
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    let name = call.text("RoleSessionName");
    let access_key_id = format!("ASIA{}", world.ids.key(16));
    let token = format!("IQoJb3JpZ2luX2Vj{}", world.ids.alphanumeric(120));
    let secret = world.ids.alphanumeric(40);
    let caller = Caller {
        account: role.account.clone(),
        arn: format!("arn:aws:sts::{}:assumed-role/{}/{name}", role.account, role.name),
        user_id: format!("{}:{name}", role.id),
        access_key_id: access_key_id.clone(),
        role_arn: Some(role.arn()),
        source_identity: source_identity.map(str::to_owned),
        denied: role.denied.clone(),
        transitive_tags: call.caller.transitive_tags.clone(),
    };
    let expires = later(call.now, duration.unsigned_abs());
    let user = json!({"AssumedRoleId": caller.user_id, "Arn": caller.arn});
    let session = Session { token: token.clone(), expires, caller };
    world.forget_expired(call.now);
    world.sessions.insert(access_key_id.clone(), session);
    let shown = jiff::Timestamp::from_second(expires.as_second()).unwrap_or(expires);
    let credentials = json!({
        "AccessKeyId": access_key_id,
        "SecretAccessKey": secret,
        "SessionToken": token,
        "Expiration": shown.to_string(),
    });
    Ok(answer([
        ("AssumedRoleUser", Some(user)),
        ("Credentials", Some(credentials)),
        ("SourceIdentity", source_identity.map(Value::from)),
    ])
    .into())
}
