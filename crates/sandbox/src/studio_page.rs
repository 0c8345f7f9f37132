//! The page behind a presigned URL, in place of Studio itself.

use http::{HeaderValue, Method, Response, StatusCode, Uri, header};
use jiff::Timestamp;
use serde_json::Value;

use crate::services::sagemaker::profile;
use crate::services::sso_admin::is_assigned;
use crate::state::{Domain, Profile, Status, World};
use crate::wire::query;
use crate::wire::xml::escape;

/// Answers `/studio/<domain-id>/auth?token=…` and, for SSO-mode domains,
/// `/studio/<domain-id>/login?user=<user name>`.
pub(crate) fn answer(
    world: &mut World,
    now: Timestamp,
    method: &Method,
    uri: &Uri,
) -> Response<Vec<u8>> {
    if method != Method::GET {
        // A preview must not use the URL up.
        return page(StatusCode::METHOD_NOT_ALLOWED, "Not here", "<p>Open this page with GET.</p>");
    }
    let parameters = query::form(uri.query().unwrap_or_default());
    let parameter = |wanted: &str| {
        parameters.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value.as_str())
    };
    let mut path = uri.path().split('/').skip(2);
    match (path.next(), path.next(), path.next()) {
        (Some(domain), Some("auth"), None) => open(world, now, domain, parameter("token")),
        (Some(domain), Some("login"), None) => sign_in(world, now, domain, parameter("user")),
        _ => page(StatusCode::NOT_FOUND, "Not found", "<p>There is no such page.</p>"),
    }
}

fn refused(reason: &str) -> Response<Vec<u8>> {
    let body = format!(
        "<p class=\"lead\">{}</p><p>At AWS you would now see the console's sign-in page.</p>",
        escape(reason)
    );
    page(StatusCode::FORBIDDEN, "This link does not open Studio", &body)
}

/// A token opens Studio once, and only while it is fresh.
fn open(world: &mut World, now: Timestamp, domain_id: &str, token: &str) -> Response<Vec<u8>> {
    let found = world.presigned.get_mut(token).filter(|presigned| presigned.domain == domain_id);
    let Some(presigned) = found else {
        return refused("The link is not one that was given out.");
    };
    if presigned.used {
        return refused("The link was used before.");
    }
    if presigned.expires <= now {
        return refused("The link has expired.");
    }
    presigned.used = true;
    let presigned = presigned.clone();
    let domain = world.domains.get(domain_id);
    let profile = domain.and_then(|domain| domain.profiles.get(&presigned.profile));
    match (domain, profile) {
        (Some(domain), Some(profile)) if profile.life.status != Status::Deleting => {
            let extra = [
                ("Session", hours(presigned.session_seconds)),
                ("Space", presigned.space.unwrap_or_default()),
                ("Landing page", presigned.landing.unwrap_or_default()),
            ];
            studio(world, domain, profile, &extra)
        }
        _ => refused("The user profile is gone."),
    }
}

/// Sign-in of an SSO-mode domain: the person must be assigned to the domain's application. Whoever
/// is, and has no profile, gets one there and then, with the domain's default role.
fn sign_in(world: &mut World, now: Timestamp, domain_id: &str, user: &str) -> Response<Vec<u8>> {
    let denied = || {
        let reason = format!(
            "Access Denied. Please check if user is assigned to Studio Domain [{domain_id}] and \
             SSO Application is Active."
        );
        refused(&reason)
    };
    if !may_enter(world, domain_id, user) {
        return denied();
    }
    let belongs =
        |p: &&Profile| p.sso_user.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(user));
    let found = world.domains.get(domain_id).and_then(|d| d.profiles.values().find(belongs));
    if found.is_none() {
        profile::create_at_sign_in(world, now, domain_id, user);
    }
    let Some(domain) = world.domains.get(domain_id) else { return denied() };
    match domain.profiles.values().find(belongs) {
        Some(profile) if profile.life.status == Status::InService => {
            studio(world, domain, profile, &[])
        }
        _ => denied(),
    }
}

fn may_enter(world: &World, domain_id: &str, user: &str) -> bool {
    let application = world.domains.get(domain_id).and_then(|d| d.application_arn.as_ref());
    let application = application.and_then(|arn| world.applications.get(arn));
    world.directory.as_ref().zip(application).is_some_and(|(directory, application)| {
        let id = directory.user_names.get(&user.to_lowercase());
        let entry = id.and_then(|id| directory.users.get(id));
        entry.is_some_and(|entry| entry.enabled)
            && id.is_some_and(|id| is_assigned(directory, application, id))
    })
}

fn hours(seconds: i64) -> String {
    let (hours, minutes) = (seconds / 3600, seconds % 3600 / 60);
    if minutes == 0 { format!("{hours} h") } else { format!("{hours} h {minutes} min") }
}

fn studio(
    world: &World,
    domain: &Domain,
    profile: &Profile,
    extra: &[(&str, String)],
) -> Response<Vec<u8>> {
    let role = domain.role_of(profile).unwrap_or_default();
    let tags = world.tags.get(&domain.profile_arn(&profile.name)).cloned().unwrap_or_default();
    let name = domain.members.get("DomainName").and_then(Value::as_str).unwrap_or_default();
    let person = tags
        .get("stagedoor:person")
        .cloned()
        .or_else(|| profile.sso_user.clone())
        .unwrap_or_else(|| profile.name.clone());
    let team = tags.get("stagedoor:team").cloned().unwrap_or_default();
    let facts = [
        ("Person", person.clone()),
        ("Team", team.clone()),
        ("User profile", profile.name.clone()),
        ("Execution role", role.clone()),
        ("Domain", format!("{name} ({})", domain.id)),
        ("Account", format!("{} in {}", domain.account, domain.region)),
        ("Home directory", format!("EFS uid {}", profile.efs_uid)),
    ];
    let rows: Vec<String> = facts
        .iter()
        .chain(extra)
        .filter(|(_, value)| !value.is_empty())
        .map(|(label, value)| format!("<dt>{label}</dt><dd>{}</dd>", escape(value)))
        .collect();
    let chips: Vec<String> = tags
        .iter()
        .map(|(key, value)| format!("<li>{} = {}</li>", escape(key), escape(value)))
        .collect();
    let body = format!(
        "<div id=\"studio\" data-role-arn=\"{}\" data-profile=\"{}\" data-domain-id=\"{}\" \
         data-person=\"{}\" data-team=\"{}\" data-home-uid=\"{}\"></div>\
         <p class=\"lead\">You are in. This page stands in for Amazon SageMaker Studio.</p>\
         <dl>{}</dl><ul class=\"chips\">{}</ul>",
        escape(&role),
        escape(&profile.name),
        escape(&domain.id),
        escape(&person),
        escape(&team),
        escape(&profile.efs_uid),
        rows.concat(),
        chips.concat(),
    );
    page(StatusCode::OK, "Studio", &body)
}

fn page(status: StatusCode, title: &str, body: &str) -> Response<Vec<u8>> {
    let text = include_str!("studio_page.html").replace("{title}", title).replace("{body}", body);
    let mut response = Response::new(text.into_bytes());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
