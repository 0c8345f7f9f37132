//! Denials that spare more roles than one policy can name.
//!
//! `ArnNotLike aws:PrincipalArn` cannot be divided by its list: each part would deny those whom another
//! spares. It can be by who asks: each part is about principals whose ARNs begin alike, and spares those of
//! the list that do. Together they deny what one statement with the whole list would, and nothing else.

use crate::ids::RoleArn;
use iam_policy::document::Limit;
use iam_policy::{Document, Statement};
use std::collections::{BTreeMap, BTreeSet};

const PRINCIPAL: &str = "aws:PrincipalArn";

/// Room for the number at the end of a name.
const MOST_PARTS: usize = 999;

/// The statement with everybody but the roles, as parts that each fit into a policy of their own. Only for
/// what binds principals of one account: that of the roles.
pub(super) fn but_for(
    base: Statement,
    name: &str,
    roles: &BTreeSet<&RoleArn>,
    limit: Limit,
) -> Vec<Statement> {
    let partition = roles.first().map_or("aws", |role| role.partition());
    // Who is bound is of the account anyway: naming it would only take room.
    let common = format!("arn:{partition}:iam::*:role/");
    let names = roles.iter().filter_map(|role| role.as_str().split_once(":role/"));
    let names: BTreeSet<&str> = names.map(|(_, name)| name).collect();
    let mut divided = Divided { base, name, common, limit, parts: Vec::new() };
    divided.divide("", names);
    divided.parts
}

struct Divided<'n> {
    base: Statement,
    name: &'n str,
    /// What the ARNs of all roles begin with.
    common: String,
    limit: Limit,
    parts: Vec<Statement>,
}

impl<'n> Divided<'n> {
    /// Adds what is about roles whose names begin with `scope`, as all of `names` do. Without a scope it
    /// is about everybody, who is no role as well.
    fn divide(&mut self, scope: &str, mut names: BTreeSet<&'n str>) {
        let mut spared: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let begin = beginning(&names);
        if !self.fits(scope, &spared) && begin.len() > scope.len() {
            self.divide(&begin, names);
            spared = BTreeSet::from([format!("{begin}*")]);
            names = BTreeSet::new();
        }
        while !self.fits(scope, &spared) {
            let Some((apart, group)) = largest(scope, &names) else { break };
            names.retain(|name| !group.contains(name));
            spared.retain(|name| !group.contains(name.as_str()));
            spared.insert(format!("{apart}*"));
            self.divide(&apart, group);
        }
        let part = self.part(scope, &spared, self.parts.len() + 1);
        self.parts.push(part);
    }

    fn fits(&self, scope: &str, spared: &BTreeSet<String>) -> bool {
        self.limit.fits(&Document::new([self.part(scope, spared, MOST_PARTS)]))
    }

    fn part(&self, scope: &str, spared: &BTreeSet<String>, number: usize) -> Statement {
        let arn = |name: &str| format!("{}{name}", self.common);
        let sid = Some(format!("{}{number}", self.name));
        let part = Statement { sid, ..self.base.clone() };
        let spared = spared.iter().map(|name| arn(name));
        let part = part.when("ArnNotLike", PRINCIPAL, spared);
        if scope.is_empty() { part } else { part.when("ArnLike", PRINCIPAL, [arn(scope) + "*"]) }
    }
}

/// What all of them begin with.
fn beginning(names: &BTreeSet<&str>) -> String {
    // In the order of a set, what the first and the last have in common all have.
    let (Some(first), Some(last)) = (names.first(), names.last()) else { return String::new() };
    first.chars().zip(last.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}

/// The most of the names that have one more letter than `scope` in common, and what they begin with.
fn largest<'n>(scope: &str, names: &BTreeSet<&'n str>) -> Option<(String, BTreeSet<&'n str>)> {
    let mut groups: BTreeMap<char, BTreeSet<&'n str>> = BTreeMap::new();
    for name in names {
        if let Some(next) = name.strip_prefix(scope).and_then(|rest| rest.chars().next()) {
            groups.entry(next).or_default().insert(name);
        }
    }
    let (next, group) = groups.into_iter().max_by_key(|(_, group)| group.len())?;
    Some((format!("{scope}{next}"), group))
}

#[cfg(test)]
mod tests {
    use super::*;
    use iam_policy::evaluate::{Compiled, Decision, Policies};
    use iam_policy::request::Request;
    use std::sync::Arc;

    const LIMIT: Limit = Limit { characters: 1_500, ..Limit::SERVICE_CONTROL_POLICY };

    fn role(name: &str) -> RoleArn {
        RoleArn::parse(format!("arn:aws:iam::111122223333:role/{name}")).unwrap()
    }

    fn denied(statements: &[Statement], principal: &str) -> bool {
        let all = Document::new([Statement::allow("All").actions(["*"]).resources(["*"])]);
        let all = Arc::new(Compiled::new(&all).unwrap());
        let document = Document::new(statements.to_vec());
        let scp = vec![vec![Arc::new(Compiled::new(&document).unwrap()), all.clone()]];
        let policies = Policies { identity: vec![all], scp, ..Policies::default() };
        policies.decide(&Request::new(principal, "s3:GetObject", "*")).decision != Decision::Allowed
    }

    #[test]
    fn the_parts_spare_those_of_the_list_and_nobody_else() {
        let base = || Statement::deny("").actions(["s3:*"]).resources(["*"]);
        let lists: [Vec<String>; 5] = [
            (0..200).map(|n| format!("studio-team-{n:03}")).collect(),
            // One is what others begin with, paths differ, and so do cases.
            (0..60).map(|n| format!("a/{}{n}", if n % 2 == 0 { "T" } else { "t" })).collect(),
            vec!["a".into(), "ab".into(), "abc".into(), "b".into(), "team/ab".into()],
            (1..64).map(|n| "x".repeat(n)).collect(),
            (b'a'..=b'z').map(|c| format!("{}-{}", char::from(c), "long".repeat(12))).collect(),
        ];
        for names in lists {
            let roles: Vec<RoleArn> = names.iter().map(|name| role(name)).collect();
            let parts = but_for(base(), "Only", &roles.iter().collect(), LIMIT);
            for part in &parts {
                assert!(LIMIT.fits(&Document::new([part.clone()])), "{part:?}");
            }
            let sids: BTreeSet<&Option<String>> = parts.iter().map(|part| &part.sid).collect();
            assert_eq!(sids.len(), parts.len());
            for role in &roles {
                assert!(!denied(&parts, role.as_str()), "{role}");
                for other in [format!("{role}0"), format!("{role}/x"), role.to_string() + "é"] {
                    let listed = roles.iter().any(|known| known.as_str() == other);
                    assert_eq!(denied(&parts, &other), !listed, "{other}");
                }
                let mut cut = role.to_string();
                cut.pop();
                let listed = roles.iter().any(|known| known.as_str() == cut);
                assert_eq!(denied(&parts, &cut), !listed, "{cut}");
                let user = role.as_str().replace(":role/", ":user/");
                assert!(denied(&parts, &user), "{user}");
            }
            for other in ["arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:role/other"]
            {
                assert!(denied(&parts, other), "{other}");
            }
        }
    }

    #[test]
    fn a_list_that_fits_is_one_part() {
        let roles = [role("studio-a"), role("studio-b")];
        let base = Statement::deny("").actions(["s3:*"]).resources(["*"]);
        let parts = but_for(base, "Only", &roles.iter().collect(), LIMIT);
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].sid.as_deref(), Some("Only1"));
    }
}
