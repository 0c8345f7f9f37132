//! What AWS does not have, with what may be meant instead.

use super::{Service, service, services};

/// Why there is no such action, as a sentence without its end: the service is none, or has none of that
/// name. `None`: there is.
pub fn unknown(action: &str) -> Option<String> {
    let (prefix, name) = action.split_once(':').unwrap_or((action, ""));
    match service(prefix) {
        None => Some(unknown_service(prefix)),
        Some(service) if service.action(name).is_none() => Some(unknown_action(service, name)),
        Some(_) => None,
    }
}

pub(crate) fn unknown_service(prefix: &str) -> String {
    let near = nearest(prefix, services());
    let hint = near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
    format!("there is no service `{prefix}`{hint}")
}

pub(crate) fn unknown_action(service: &Service, name: &str) -> String {
    let prefix = service.prefix;
    let near = nearest(name, service.actions().iter().map(|action| action.name));
    let hint = near.map(|near| format!(": did you mean `{prefix}:{near}`?")).unwrap_or_default();
    format!("`{prefix}` has no action `{name}`{hint}")
}

/// The name that may be meant: with a slip, or in other case.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Longer ones are nobody's slip, and comparing costs their length.
    if name.len() > 80 {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&name, &known.to_ascii_lowercase());
    let closest = known.map(|known| (distance(known), known)).min();
    closest.filter(|(distance, known)| distance * 4 <= known.len()).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_not_is_told_with_what_may_be_meant() {
        for known in ["s3:GetObject", "S3:getobject", "sts:AssumeRole", "execute-api:Invoke"] {
            assert_eq!(unknown(known), None, "{known}");
        }
        for (action, told) in [
            ("s3:GetObjekt", "`s3` has no action `GetObjekt`: did you mean `s3:GetObject`?"),
            ("s3:Nothing", "`s3` has no action `Nothing`"),
            ("sagemakr:CreateApp", "there is no service `sagemakr`: did you mean `sagemaker`?"),
            ("s3", "`s3` has no action ``"),
        ] {
            assert_eq!(unknown(action).as_deref(), Some(told));
        }
    }
}
