//! The map as text, with a comment wherever something was concluded.

use super::{Draft, ExistingDomain, Finding, Held, TeamDraft};
use crate::ids::{DomainKey, RoleArn};
use crate::letters::is_of_tag;
use crate::map::AssumeRole;
use crate::observed::AuthMode;
use crate::reason::ReasonCode;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// SageMaker allows 50 tags; five are kept for Stagedoor's own.
const MOST_TAGS: usize = 45;
/// Keys of settings that the map has a place of its own for.
const EXECUTION_ROLE: &str = "executionrole";

pub(super) fn text(draft: &Draft<'_>) -> String {
    let mut out = String::new();
    head(&mut out, draft);
    for (key, domain) in draft.domains.iter().zip(&draft.existing.domains) {
        domain_entry(&mut out, key, domain, draft);
    }
    teams(&mut out, draft);
    grants(&mut out, draft);
    adoptions(&mut out, draft);
    out.push_str(ROLLOUT);
    findings(&mut out, &draft.findings);
    out
}

const ROLLOUT: &str = "\
rollout:
  # The teams whose profiles Stagedoor may change: none yet. `stagedoor plan` says what would be done.
  # Begin with one team, [its-key]; remove the line when every team is to be kept as the map says.
  enforce: []
";

fn head(out: &mut String, draft: &Draft<'_>) {
    let existing = draft.existing;
    let profiles: usize = existing.domains.iter().map(|d| d.observed.profiles.len()).sum();
    let adopted = draft.adopted().count();
    let _ = writeln!(
        out,
        "# The access map, written by `stagedoor init` from what there is.\n#\n\
         # {} with {}, {} and {} of the directory.\n\
         # {adopted} of the profiles are explained and taken over as they are; what is not explained\n\
         # stands at the end. Nothing is changed before `rollout.enforce` says so.\n\
         #\n\
         # Check it with `stagedoor validate` and `stagedoor plan`; every key is described in\n\
         # docs/reference/access-map.md, the way on in docs/getting-started.md.\n\n\
         version: 1",
        counted(existing.domains.len(), "domain"),
        counted(profiles, "profile"),
        counted(existing.snapshot.people.len(), "user"),
        counted(existing.snapshot.groups.len(), "group"),
    );
    if draft.instance != super::INSTANCE {
        let _ = writeln!(
            out,
            "\n# Profiles carry tags of another installation by the usual name.\ninstance: {}",
            draft.instance
        );
    }
    let _ = writeln!(
        out,
        "\ndirectory:\n  identity_center: {{ region: {}, identity_store_id: {} }}\n\ndomains:",
        existing.region,
        quoted(existing.identity_store_id.as_str()),
    );
}

fn domain_entry(out: &mut String, key: &DomainKey, domain: &ExistingDomain, draft: &Draft<'_>) {
    let mode = match domain.observed.auth_mode {
        AuthMode::Iam => "IAM mode: one profile for each person and team",
        AuthMode::Sso => "SSO mode: one profile for each person",
    };
    let count = domain.observed.profiles.len();
    let adopted = draft.adopted().filter(|(team, _)| draft.domains.get(team.domain) == Some(key));
    let _ = writeln!(
        out,
        "  # {} {mode}. {}, of which {} are taken over.",
        domain.name.as_deref().map_or(String::new(), |name| format!("`{}`,", told(name))),
        counted(count, "profile"),
        adopted.count(),
    );
    let _ = writeln!(
        out,
        "  {key}:\n    domain_id: {}\n    account_id: \"{}\"\n    region: {}",
        domain.domain_id, domain.account_id, domain.region
    );
    if let Some(AssumeRole { arn, external_id, .. }) = &domain.assume_role {
        let external = external_id
            .as_ref()
            .map_or(String::new(), |id| format!(", external_id: {}", quoted(id)));
        let _ = writeln!(out, "    assume_role: {{ arn: {}{external} }}", quoted(arn.as_str()));
    }
    out.push('\n');
}

fn teams(out: &mut String, draft: &Draft<'_>) {
    if draft.teams.is_empty() {
        out.push_str("# No profile has a role of which a team could be made.\nteams: {}\n\n");
        return;
    }
    out.push_str("# A team for each execution role in use.\nteams:\n");
    let templates = templates(&draft.teams);
    for team in &draft.teams {
        let adopted: Vec<&Held<'_>> = team.held.iter().filter(|held| held.adopted).collect();
        let Some(domain) = draft.domains.get(team.domain) else { continue };
        let _ = writeln!(
            out,
            "  # {} with the role {}; {} taken over.",
            counted(team.held.len(), "profile"),
            told(&path_and_name(&team.role)),
            adopted.len(),
        );
        let inheriting = adopted.iter().filter(|held| held.inherits).count();
        if inheriting > 0 {
            let _ = writeln!(
                out,
                "  # {} the role from the domain; each gets it by name once the team is enforced.",
                if inheriting == 1 { "1 has".to_owned() } else { format!("{inheriting} have") },
            );
        }
        let _ = writeln!(out, "  {}:\n    domain: {domain}", team.key);
        let _ = writeln!(out, "    execution_role: {}", quoted(&role(team, &templates)));
        out.push_str("    network: anywhere  # as today; name a network to limit from where\n");
        volume_key(out, team, draft.existing.domains.get(team.domain));
        tags(out, &adopted);
        settings(out, &adopted);
    }
    out.push('\n');
}

/// The key of the domain's volumes: without the use of it a role that Stagedoor writes starts no app.
fn volume_key(out: &mut String, team: &TeamDraft<'_>, domain: Option<&ExistingDomain>) {
    let Some((domain, key)) = domain.and_then(|domain| Some((domain, domain.kms_key.as_ref()?)))
    else {
        return;
    };
    let _ = match key_arn(key, team.role.partition(), domain) {
        Some(arn) => writeln!(
            out,
            "    kms_keys: {{ volumes: [{}] }}  # of the domain's volumes; counts once it has a persona",
            quoted(&arn)
        ),
        None => writeln!(
            out,
            "    # The domain's volumes have the key {}: with a persona, write its ARN as kms_keys.volumes.",
            told(key)
        ),
    };
}

/// The ARN of a key that is called by it or by its id; of an alias nobody can tell which key it means.
fn key_arn(key: &str, partition: &str, domain: &ExistingDomain) -> Option<String> {
    let is_plain = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    if is_plain(key) {
        let (region, account) = (&domain.region, &domain.account_id);
        return Some(format!("arn:{partition}:kms:{region}:{account}:key/{key}"));
    }
    let parts: Vec<&str> = key.split(':').collect();
    let ["arn", partition, "kms", region, account, resource] = parts[..] else { return None };
    let id = resource.strip_prefix("key/")?;
    [partition, region, account, id].into_iter().all(is_plain).then(|| key.to_owned())
}

/// Role names with `{team}` for the team's key that fit two teams at least.
fn templates(teams: &[TeamDraft<'_>]) -> BTreeSet<String> {
    let mut fits: BTreeMap<String, usize> = BTreeMap::new();
    for template in teams.iter().filter_map(template) {
        *fits.entry(template).or_default() += 1;
    }
    fits.into_iter().filter(|(_, number)| *number > 1).map(|(template, _)| template).collect()
}

fn template(team: &TeamDraft<'_>) -> Option<String> {
    let name = path_and_name(&team.role);
    let key = team.key.as_str();
    (is_plain(&team.role) && name.matches(key).count() == 1)
        .then(|| name.replacen(key, "{team}", 1))
}

fn role(team: &TeamDraft<'_>, templates: &BTreeSet<String>) -> String {
    match template(team).filter(|template| templates.contains(template)) {
        Some(template) => template,
        None if is_plain(&team.role) => path_and_name(&team.role),
        None => team.role.to_string(),
    }
}

/// Whether the map makes this ARN again of path and name.
fn is_plain(role: &RoleArn) -> bool {
    role.partition() == "aws" && !path_and_name(role).starts_with("arn:")
}

fn path_and_name(role: &RoleArn) -> String {
    format!("{}{}", role.path().trim_start_matches('/'), role.role_name())
}

/// Tags that every profile of the team has. Those of a single one may be about its person.
fn tags(out: &mut String, adopted: &[&Held<'_>]) {
    let [first, others @ ..] = adopted else { return };
    let common: Vec<(&str, &str)> = first
        .profile
        .tags
        .to_map()
        .into_iter()
        .filter(|(key, value)| is_own_tag(key, value))
        .filter(|(key, value)| others.iter().all(|held| held.profile.tags.get(key) == Some(value)))
        .take(MOST_TAGS)
        .collect();
    if common.is_empty() {
        return;
    }
    if others.is_empty() {
        out.push_str("    # Its one profile has tags; whether they are the team's is not known.\n");
        return;
    }
    let tags: Vec<String> =
        common.iter().map(|(key, value)| format!("{}: {}", quoted(key), quoted(value))).collect();
    let _ = writeln!(out, "    tags: {{ {} }}  # on each of its profiles", tags.join(", "));
}

/// Whether the map may set the tag.
fn is_own_tag(key: &str, value: &str) -> bool {
    let folded = key.to_lowercase();
    let is_legal = |text: &str| text.chars().all(is_of_tag);
    !["stagedoor:", "aws:"].iter().any(|prefix| folded.starts_with(prefix))
        && is_legal(key)
        && is_legal(value)
}

/// Settings that every profile of the team has alike. What only some have stays theirs.
fn settings(out: &mut String, adopted: &[&Held<'_>]) {
    let [first, others @ ..] = adopted else { return };
    let (mut common, mut different) = (Map::new(), BTreeSet::new());
    for (key, value) in first.profile.user_settings.iter() {
        let alike = others.iter().all(|held| held.profile.user_settings.get(key) == Some(value));
        if alike && !names_a_role(key, value) {
            common.insert(key.clone(), value.clone());
        } else {
            different.insert(key.as_str());
        }
    }
    let of_others = others.iter().flat_map(|held| held.profile.user_settings.keys());
    different.extend(of_others.map(String::as_str).filter(|key| !common.contains_key(*key)));
    if !different.is_empty() {
        let names: Vec<String> = different.into_iter().map(told).collect();
        let _ = writeln!(
            out,
            "    # Not the same on every profile, and left as it is: {}.",
            names.join(", ")
        );
    }
    if !common.is_empty() {
        let _ = writeln!(out, "    user_settings: {}", flow(&Value::Object(common)));
    }
}

/// Whether an execution role is named in it, for which the map has another place.
fn names_a_role(key: &str, value: &Value) -> bool {
    key.eq_ignore_ascii_case(EXECUTION_ROLE)
        || match value {
            Value::Object(fields) => fields.iter().any(|(key, value)| names_a_role(key, value)),
            Value::Array(items) => items.iter().any(|item| names_a_role("", item)),
            _ => false,
        }
}

fn grants(out: &mut String, draft: &Draft<'_>) {
    let any = draft.teams.iter().any(|team| !team.choice.groups.is_empty());
    out.push_str("# The groups that best explain who has the profiles of a team.\n");
    out.push_str(if any { "grants:\n" } else { "grants: []\n" });
    for team in &draft.teams {
        if team.choice.groups.is_empty() {
            let _ = writeln!(out, "  # {}: no group explains who has its profiles.", team.key);
        }
        for group in &team.choice.groups {
            let others = group.size.saturating_sub(group.explained);
            let why = match (group.exact, others) {
                (true, _) => format!(
                    "{}, exactly those who have a profile",
                    counted(group.explained, "member")
                ),
                (false, 0) => {
                    format!("each of its {} has a profile", counted(group.size, "member"))
                }
                (false, _) => format!(
                    "{} of its {} {} a profile",
                    group.explained,
                    counted(group.size, "member"),
                    if group.explained == 1 { "has" } else { "have" },
                ),
            };
            let priority =
                team.priority.map_or(String::new(), |priority| format!(", priority: {priority}"));
            let _ = writeln!(
                out,
                "  - {{ group: {}, team: {}{priority} }}  # {why}",
                quoted(group.name),
                team.key
            );
        }
    }
    out.push('\n');
}

fn adoptions(out: &mut String, draft: &Draft<'_>) {
    let any = draft.adopted().next().is_some();
    out.push_str("# Profiles that are taken over, under the names that they have.\n");
    out.push_str(if any { "adopt:\n" } else { "adopt: []\n" });
    for (team, held) in draft.adopted() {
        let (Some((person, how)), Some(domain)) = (held.whose, draft.domains.get(team.domain))
        else {
            continue;
        };
        let _ = writeln!(
            out,
            "  - {{ domain: {domain}, profile: {}, person: {}, team: {} }}  # {}",
            quoted(held.profile.name.as_str()),
            quoted(&person.user_name),
            team.key,
            how.words()
        );
    }
    out.push('\n');
}

fn findings(out: &mut String, findings: &[Finding]) {
    if findings.is_empty() {
        out.push_str("\n# Everything that was found is explained.\n");
        return;
    }
    out.push_str("\n# Not explained, or to be known before a team is enforced\n#\n");
    let mut place = None;
    for finding in findings {
        if place != Some(&finding.domain) {
            let _ = writeln!(out, "# Domain {}:", finding.domain);
            place = Some(&finding.domain);
        }
        let _ = writeln!(out, "#   {}", told(&line(finding)));
    }
}

/// A finding as a line.
fn line(finding: &Finding) -> String {
    let mut subject = Vec::new();
    subject.extend(finding.team.as_ref().map(|team| format!("team {team}")));
    subject.extend(finding.profile.as_ref().map(|profile| format!("profile {profile}")));
    subject.extend(finding.person.as_ref().map(|person| match finding.code {
        ReasonCode::Entitled => person.clone(),
        _ => format!("of {person}"),
    }));
    format!("{} {}: {}", finding.code, subject.join(", "), finding.text)
}

impl Finding {
    /// The finding as a line: its code, what it is about, and what there is to know.
    pub fn line(&self) -> String {
        line(self)
    }
}

fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Text of others, as a YAML string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_hidden(c) => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Text of others, in a comment: it must not end it.
fn told(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if is_hidden(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Characters that would end a line, change the order of the text, or not be seen.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{e000}'..='\u{f8ff}')
}

/// JSON in one line, as YAML takes it.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, v)| format!("{}: {}", quoted(key), flow(v)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => quoted(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}
