//! Grants that stand in the store's grant table instead of in the map's text.
//!
//! A row says that one group, by display name or by the directory's id, gets a team, or an execution
//! role, which stands for the one team that has it. Rows mean what a grant of the map means. The
//! map's own grants come first: of equal priorities theirs win, and a row that says the same as one
//! of them adds nothing.

use super::{AccessMap, Gifts, Grant, GrantTeam, GrantsFrom, Place, near_match};
use crate::ids::{GroupId, RoleArn, TeamKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;

/// The most rows of a table: what is read in full whenever it changed must stay small.
pub const MAX_ROWS: usize = 10_000;

/// The most characters of a group's display name (Identity Store `CreateGroup`).
const MAX_NAME: usize = 1_024;

/// Which group a row is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupRef {
    /// Whichever group has this display name, compared exactly. No pattern.
    Name(String),
    /// The group with this id, whatever its name is.
    Id(GroupId),
}

impl GroupRef {
    /// The name or the id.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Id(id) => id.as_str(),
        }
    }
}

impl fmt::Display for GroupRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a row gives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gives {
    /// A team of the map.
    Team(TeamKey),
    /// The one team that has this execution role in one of its placements.
    Role(RoleArn),
}

impl Gives {
    /// The key of the team, or the role's ARN.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Team(team) => team.as_str(),
            Self::Role(role) => role.as_str(),
        }
    }
}

impl fmt::Display for Gives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Team(team) => write!(f, "team {team}"),
            Self::Role(role) => write!(f, "role {role}"),
        }
    }
}

/// A row of the grant table. Group and what it gives are its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TableGrant {
    /// Which group.
    pub group: GroupRef,
    /// What it gets.
    pub gives: Gives,
    /// Which grant wins where a person can have only one profile: the highest.
    pub priority: i32,
    /// Not before this time.
    pub from: Option<Timestamp>,
    /// Not from this time on.
    pub until: Option<Timestamp>,
    /// Who wrote it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why, in that person's words.
    pub why: Option<String>,
}

impl TableGrant {
    /// Where it stands, as explanations show it.
    pub fn place(&self) -> Place {
        Place { file: format!("table:{}", self.group).into(), line: 0, column: 0 }
    }
}

/// Why a row cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    /// The map has no such team.
    #[error("the map has no team `{team}`{}", hint(near.as_deref()))]
    UnknownTeam {
        /// The team.
        team: TeamKey,
        /// A team of the map of a similar name.
        near: Option<String>,
    },
    /// No team of the map has this execution role.
    #[error(
        "no team of the map has the execution role `{0}`: add it to a team's placement, or name a team"
    )]
    UnknownRole(RoleArn),
    /// Several teams of the map have this execution role.
    #[error("the execution role `{role}` is that of several teams ({}): name the team", teams.join(", "))]
    SharedRole {
        /// The role.
        role: RoleArn,
        /// The teams.
        teams: Vec<String>,
    },
    /// The end is not after the beginning.
    #[error("the grant ends at {until}, not after it begins at {from}")]
    EmptyPeriod {
        /// The beginning.
        from: Timestamp,
        /// The end.
        until: Timestamp,
    },
    /// The group's name is none.
    #[error(
        "`{0}` is no display name of a group: 1 to 1,024 characters, no `{{team}}` or `{{persona}}`; patterns stand in the map"
    )]
    GroupName(String),
}

fn hint(near: Option<&str>) -> String {
    near.map_or(String::new(), |near| format!(", did you mean `{near}`?"))
}

/// Rows that the map cannot take, each with why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRows(pub Vec<(TableGrant, RowProblem)>);

impl fmt::Display for BadRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the grant table does not fit the map")?;
        for (row, problem) in &self.0 {
            write!(f, "; {}: {problem}", row.place())?;
        }
        Ok(())
    }
}

impl std::error::Error for BadRows {}

impl AccessMap {
    /// The team that a row gives, if the map can take the row.
    ///
    /// # Errors
    /// Why not.
    pub fn row(&self, row: &TableGrant) -> Result<TeamKey, RowProblem> {
        if let GroupRef::Name(name) = &row.group {
            let is_pattern = name.contains("{team}") || name.contains("{persona}");
            if name.trim().is_empty() || name.chars().count() > MAX_NAME || is_pattern {
                return Err(RowProblem::GroupName(name.clone()));
            }
        }
        if let (Some(from), Some(until)) = (row.from, row.until)
            && from >= until
        {
            return Err(RowProblem::EmptyPeriod { from, until });
        }
        match &row.gives {
            Gives::Team(team) if self.teams.contains_key(team) => Ok(team.clone()),
            Gives::Team(team) => {
                let near = near_match(team.as_str(), self.teams.keys().map(TeamKey::as_str));
                let near = near.map(ToString::to_string);
                Err(RowProblem::UnknownTeam { team: team.clone(), near })
            }
            Gives::Role(role) => self.team_with(role),
        }
    }

    fn team_with(&self, role: &RoleArn) -> Result<TeamKey, RowProblem> {
        let has = |team: &super::Team| team.placements.iter().any(|p| &p.execution_role == role);
        let teams: BTreeSet<&TeamKey> =
            self.teams.iter().filter(|(_, team)| has(team)).map(|(key, _)| key).collect();
        match teams.first() {
            None => Err(RowProblem::UnknownRole(role.clone())),
            Some(team) if teams.len() == 1 => Ok((*team).clone()),
            Some(_) => {
                let teams = teams.iter().map(ToString::to_string).collect();
                Err(RowProblem::SharedRole { role: role.clone(), teams })
            }
        }
    }

    /// The map, as it was parsed, together with the rows of the table as it was at a version. All of
    /// them, or none: a row that was left out would take from people what somebody meant them to
    /// have.
    ///
    /// # Errors
    /// Every row that the map cannot take.
    pub fn with_table(&self, version: u64, rows: &[TableGrant]) -> Result<Self, BadRows> {
        let mut map = self.clone();
        map.grants_from = Some(GrantsFrom::StoreAt(version));
        if rows.is_empty() {
            return Ok(map);
        }
        let mut bad = Vec::new();
        let mut hash = Sha256::new();
        hash.update(&self.digest);
        for row in rows {
            match self.row(row) {
                Ok(team) => {
                    digest(&mut hash, row, &team);
                    let grant = grant(row, team);
                    if !self.grants.iter().any(|known| known.says_the_same(&grant)) {
                        map.grants.push(grant);
                    }
                }
                Err(problem) => bad.push((row.clone(), problem)),
            }
        }
        if !bad.is_empty() {
            return Err(BadRows(bad));
        }
        map.gifts = Gifts::of(&map.grants, &map.teams);
        map.digest = hex::encode(hash.finalize());
        Ok(map)
    }
}

impl Grant {
    /// Whether it gives the same as another one, wherever that stands.
    fn says_the_same(&self, other: &Self) -> bool {
        self.priority == other.priority && self.said() == other.said()
    }
}

fn grant(row: &TableGrant, team: TeamKey) -> Grant {
    let group_id = match &row.group {
        GroupRef::Id(id) => Some(id.clone()),
        GroupRef::Name(_) => None,
    };
    Grant {
        group: row.group.to_string(),
        group_id,
        source: None,
        team: GrantTeam::Named(team),
        priority: row.priority,
        from: row.from,
        until: row.until,
        place: row.place(),
    }
}

/// Adds what decides to the digest, each part with its length before it.
fn digest(hash: &mut Sha256, row: &TableGrant, team: &TeamKey) {
    let kind = match &row.group {
        GroupRef::Name(_) => "name",
        GroupRef::Id(_) => "id",
    };
    let time = |at: Option<Timestamp>| at.map_or(String::new(), |at| at.to_string());
    let (priority, from, until) = (row.priority.to_string(), time(row.from), time(row.until));
    let parts = [kind, row.group.as_str(), team.as_str(), &priority, &from, &until];
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::{Source, parse};

    const MAP: &str = r#"
version: 1
directory: { identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 } }
domains:
  research: { domain_id: d-abcdefghijkl, account_id: "111122223333", region: eu-west-1 }
teams:
  fraud: { domain: research, network: anywhere, execution_role: "arn:aws:iam::111122223333:role/fraud" }
  churn: { domain: research, network: anywhere, execution_role: "arn:aws:iam::111122223333:role/both" }
  growth: { domain: research, network: anywhere, execution_role: "arn:aws:iam::111122223333:role/both" }
grants:
  - { group: ml-fraud, team: fraud }
grants_from: store
"#;

    fn map() -> AccessMap {
        let source = Source { name: "access.yaml".into(), text: MAP.trim_start().into() };
        parse(&[source]).unwrap_or_else(|errors| panic!("{errors:?}"))
    }

    fn row(group: &str, gives: Gives) -> TableGrant {
        TableGrant {
            group: GroupRef::Name(group.to_owned()),
            gives,
            priority: 0,
            from: None,
            until: None,
            by: "ana".to_owned(),
            at: "2026-11-21T10:00:00Z".parse().unwrap(),
            why: None,
        }
    }

    fn team(key: &str) -> Gives {
        Gives::Team(TeamKey::parse(key).unwrap())
    }

    fn role(name: &str) -> Gives {
        Gives::Role(RoleArn::parse(format!("arn:aws:iam::111122223333:role/{name}")).unwrap())
    }

    fn problem(row: &TableGrant) -> String {
        map().row(row).unwrap_err().to_string()
    }

    #[test]
    fn rows_come_after_the_maps_own_grants_and_name_the_table() {
        let map = map();
        let by_id = TableGrant {
            group: GroupRef::Id(GroupId::parse("906716eb24-77").unwrap()),
            ..row("", role("fraud"))
        };
        let with = map.with_table(7, &[row("ml-churn", team("churn")), by_id]).unwrap();
        let told: Vec<String> =
            with.grants.iter().map(|g| format!("{} {:?} {}", g.group, g.team, g.place)).collect();
        assert_eq!(
            told,
            [
                r#"ml-fraud Named(TeamKey("fraud")) access.yaml:10"#,
                r#"ml-churn Named(TeamKey("churn")) table:ml-churn"#,
                r#"906716eb24-77 Named(TeamKey("fraud")) table:906716eb24-77"#,
            ]
        );
        assert_ne!(with.digest, map.digest, "a plan made without the rows is stale");
    }

    #[test]
    fn what_the_map_says_already_is_not_said_twice() {
        let map = map();
        let with = map.with_table(1, &[row("ml-fraud", team("fraud"))]).unwrap();
        assert_eq!(with.grants, map.grants);
        let higher = TableGrant { priority: 5, ..row("ml-fraud", team("fraud")) };
        assert_eq!(map.with_table(1, &[higher]).unwrap().grants.len(), 2);
        let without = map.with_table(3, &[]).unwrap();
        assert_eq!((without.grants, &without.digest), (map.grants, &map.digest));
        assert_eq!(without.grants_from, Some(GrantsFrom::StoreAt(3)));
    }

    #[test]
    fn who_wrote_a_row_decides_nothing() {
        let map = map();
        let one = row("g", team("churn"));
        let other = TableGrant { by: "ben".into(), why: Some("x".into()), ..one.clone() };
        let later =
            TableGrant { until: Some("2027-01-01T00:00:00Z".parse().unwrap()), ..one.clone() };
        let digest = |row: TableGrant| map.with_table(1, &[row]).unwrap().digest;
        assert_eq!(digest(one.clone()), digest(other));
        assert_ne!(digest(one), digest(later));
    }

    #[test]
    fn what_the_map_cannot_take_is_refused_with_why() {
        assert_eq!(
            problem(&row("g", team("frawd"))),
            "the map has no team `frawd`, did you mean `fraud`?"
        );
        assert_eq!(
            problem(&row("g", role("none"))),
            "no team of the map has the execution role `arn:aws:iam::111122223333:role/none`: add it \
             to a team's placement, or name a team"
        );
        assert_eq!(
            problem(&row("g", role("both"))),
            "the execution role `arn:aws:iam::111122223333:role/both` is that of several teams \
             (churn, growth): name the team"
        );
        let at = |text: &str| Some(text.parse().unwrap());
        let (from, until) = (at("2027-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
        let empty = TableGrant { from, until, ..row("g", team("fraud")) };
        assert_eq!(
            problem(&empty),
            "the grant ends at 2027-01-01T00:00:00Z, not after it begins at 2027-01-01T00:00:00Z"
        );
        for name in ["", " ", "ml-{team}", "a-{persona}"] {
            let told = problem(&row(name, team("fraud")));
            assert!(told.starts_with(&format!("`{name}` is no display name of a group")), "{told}");
        }
    }

    #[test]
    fn one_row_that_does_not_fit_keeps_all_out() {
        let rows = [row("a", team("churn")), row("b", team("gone")), row("c", role("none"))];
        let BadRows(bad) = map().with_table(1, &rows).unwrap_err();
        let groups: Vec<&str> = bad.iter().map(|(row, _)| row.group.as_str()).collect();
        assert_eq!(groups, ["b", "c"]);
    }
}
