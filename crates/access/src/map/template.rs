//! Text with placeholders in braces, such as `studio-{team}`.

use super::codes;
use super::diagnostic::{near_match, quoted};
use super::format::Complaint;

/// The placeholder that a group's name captures a team by.
pub(super) const TEAM: &str = "{team}";
/// The placeholder for the persona of the team.
pub(super) const PERSONA: &str = "{persona}";
/// What an execution role's template may hold.
pub(super) const ROLE_PLACEHOLDERS: [&str; 5] =
    ["{account_id}", "{domain}", PERSONA, "{region}", TEAM];
/// What a grant's group may hold.
pub(super) const GROUP_PLACEHOLDERS: [&str; 2] = [TEAM, PERSONA];

/// Checks that braces pair and that each placeholder is one of `known`.
pub(super) fn check(text: &str, known: &[&'static str]) -> Result<(), Complaint> {
    let mut rest = text;
    loop {
        let (literal, after) = match rest.split_once('{') {
            Some((literal, after)) => (literal, Some(after)),
            None => (rest, None),
        };
        if literal.contains('}') {
            return Err(complaint(
                format!("{} holds `}}` without `{{`", quoted(text)),
                known,
                None,
            ));
        }
        let Some(after) = after else { return Ok(()) };
        let Some((name, tail)) = after.split_once('}') else {
            return Err(complaint(
                format!("{} holds `{{` without `}}`", quoted(text)),
                known,
                None,
            ));
        };
        let placeholder = format!("{{{name}}}");
        if !known.contains(&placeholder.as_str()) {
            let near = near_match(&placeholder, known.iter().copied());
            let message = format!("unknown placeholder {}", quoted(&placeholder));
            return Err(complaint(message, known, near));
        }
        rest = tail;
    }
}

fn complaint(message: String, known: &[&str], near: Option<&str>) -> Complaint {
    let known: Vec<String> = known.iter().map(|k| quoted(k)).collect();
    Complaint {
        code: codes::UNKNOWN_PLACEHOLDER,
        message: Some(message),
        expected: Some(format!("no braces but in {}", known.join(", "))),
        help: near.map(|n| format!("did you mean {}?", quoted(n))),
    }
}

/// What the placeholders of [`ROLE_PLACEHOLDERS`] stand for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RoleValues<'a> {
    pub(crate) account_id: &'a str,
    pub(crate) domain: &'a str,
    pub(crate) persona: Option<&'a str>,
    pub(crate) region: &'a str,
    pub(crate) team: &'a str,
}

impl RoleValues<'_> {
    /// Fills in a checked template; `None` if it asks for a persona and there is none.
    pub(crate) fn fill(&self, text: &str) -> Option<String> {
        fill(text, |name| {
            let value = match name {
                "account_id" => self.account_id,
                "domain" => self.domain,
                "persona" => self.persona?,
                "region" => self.region,
                "team" => self.team,
                _ => return None,
            };
            Some(value.to_owned())
        })
    }
}

/// Fills in the placeholders of a checked template. Values are not looked at again, so a value
/// with braces stays as it is.
pub(super) fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((literal, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}')?;
        out.push_str(literal);
        out.push_str(&value(name)?);
        rest = tail;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_placeholders_pass_and_others_name_a_near_match() {
        assert_eq!(check("ml-{team}-{persona}", &GROUP_PLACEHOLDERS), Ok(()));
        let complaint = check("ml-{teams}", &GROUP_PLACEHOLDERS).unwrap_err();
        assert_eq!(complaint.message.as_deref(), Some("unknown placeholder `{teams}`"));
        assert_eq!(complaint.help.as_deref(), Some("did you mean `{team}`?"));
    }

    #[test]
    fn unpaired_braces_are_refused() {
        for (bad, message) in [
            ("ml-{team", "`ml-{team` holds `{` without `}`"),
            ("ml-team}", "`ml-team}` holds `}` without `{`"),
            ("{team}}", "`{team}}` holds `}` without `{`"),
        ] {
            let complaint = check(bad, &GROUP_PLACEHOLDERS).unwrap_err();
            assert_eq!(complaint.message.as_deref(), Some(message));
        }
    }

    #[test]
    fn filling_replaces_each_placeholder_once() {
        let filled = fill("{a}/{b}-{a}", |name| Some(format!("<{name}{{a}}>")));
        assert_eq!(filled.as_deref(), Some("<a{a}>/<b{a}>-<a{a}>"));
        assert_eq!(fill("{a}", |_| None), None);
    }
}
