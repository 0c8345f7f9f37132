//! What there is to mirror, of a reading of the directory.

use crate::ports::{CallError, FailureKind, Particulars};
use access::entitlement::{WantedGroups, names_group, wanted_groups};
use access::ids::{GroupId, PersonId};
use access::map::AccessMap;
use access::mirror::{MirrorPerson, MirrorSource, SourceGroup, TargetReading};
use access::snapshot::{Coverage, Group, Person, Snapshot};
use std::collections::{BTreeMap, BTreeSet};

/// Both directories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorSurvey {
    /// What is to be mirrored.
    pub source: MirrorSource,
    /// What is there.
    pub target: TargetReading,
}

/// Whether the group is mirrored. A reading has groups of a name from every directory; a grant may be for that
/// of one.
pub(super) fn is_mirrored(map: &AccessMap, names: &[String], group: &Group) -> bool {
    if names.is_empty() { names_group(map, group) } else { names.contains(&group.display_name) }
}

/// The groups of these names; without names, those that the map's grants name.
pub(super) fn groups_of(map: &AccessMap, names: &[String]) -> WantedGroups {
    if names.is_empty() {
        return wanted_groups(map);
    }
    WantedGroups { names: names.iter().cloned().collect(), ids: BTreeSet::new() }
}

/// What there is to mirror, of a complete reading. Whom an admin offboarded by command may not sign
/// in there either.
///
/// # Errors
/// The reading is not complete: whoever is missing from it would be taken for somebody who left.
pub fn source_of(
    snapshot: &Snapshot,
    particulars: &BTreeMap<PersonId, Particulars>,
    is_mirrored: impl Fn(&Group) -> bool,
) -> Result<MirrorSource, CallError> {
    if snapshot.coverage != Coverage::Complete {
        return Err(CallError {
            service: "directory",
            operation: "read everybody",
            kind: FailureKind::Service,
            aws_code: None,
            message: "only part of the directory was read; nothing is mirrored from that".into(),
        });
    }
    let people = snapshot.people.values().map(|person| {
        let enabled = snapshot.admits(&person.id);
        (person.id.clone(), mirror_person(person, particulars.get(&person.id), enabled))
    });
    let wanted = snapshot.groups.values().filter(|group| is_mirrored(group));
    let group = |group: &Group| -> (GroupId, SourceGroup) {
        let (display_name, members) = (group.display_name.clone(), group.members.clone());
        (group.id.clone(), SourceGroup { display_name, members })
    };
    Ok(MirrorSource { people: people.collect(), groups: wanted.map(group).collect() })
}

fn mirror_person(
    person: &Person,
    particulars: Option<&Particulars>,
    enabled: bool,
) -> MirrorPerson {
    let told = |field: fn(&Particulars) -> &Option<String>| {
        let text = particulars.and_then(|known| field(known).as_deref()).map(str::trim);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let shown = [person.display_name.trim(), person.user_name.trim()];
    let shown = shown.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
    // Identity Center wants a first and a last name; not every directory has both.
    let (first, last) = shown.rsplit_once(' ').unwrap_or((shown, shown));
    MirrorPerson {
        user_name: person.user_name.clone(),
        display_name: shown.to_owned(),
        given_name: told(|known| &known.given_name).unwrap_or_else(|| first.to_owned()),
        family_name: told(|known| &known.family_name).unwrap_or_else(|| last.to_owned()),
        email: told(|known| &known.email),
        enabled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::map::{Source, parse};

    fn person(display_name: &str) -> Person {
        Person {
            id: PersonId::parse("p1").unwrap(),
            user_name: "ana".to_owned(),
            display_name: display_name.to_owned(),
            enabled: true,
        }
    }

    #[test]
    fn names_that_the_source_lacks_are_read_off_the_one_shown() {
        for (shown, names) in
            [("Ana Maria Ek", ("Ana Maria", "Ek")), ("Ana", ("Ana", "Ana")), (" ", ("ana", "ana"))]
        {
            let made = mirror_person(&person(shown), None, true);
            assert_eq!((made.given_name.as_str(), made.family_name.as_str()), names, "{shown:?}");
        }
        let told = Particulars {
            email: Some("ana@example.com".to_owned()),
            given_name: Some("Anna".to_owned()),
            family_name: Some("  ".to_owned()),
            ..Particulars::default()
        };
        let made = mirror_person(&person("Ana Ek"), Some(&told), false);
        assert_eq!((made.given_name.as_str(), made.family_name.as_str()), ("Anna", "Ek"));
        assert_eq!((made.email.as_deref(), made.enabled), (Some("ana@example.com"), false));
    }

    #[test]
    fn a_group_of_another_directory_than_the_grants_is_not_mirrored() {
        let text = "version: 1\ndirectory: { sources: [ { name: corp, file: a.yaml }, { name: partners, \
                    file: b.yaml } ] }\ndomains: { research: { domain_id: d-research, account_id: \
                    \"111122223333\", region: eu-west-1 } }\nteams: { risk: { domain: research, network: \
                    anywhere, execution_role: \"arn:aws:iam::111122223333:role/risk\" } }\ngrants: [ { \
                    group: ml-risk, directory: corp, team: risk } ]\n";
        let source = Source { name: "access.yaml".into(), text: text.to_owned() };
        let map = parse(&[source]).unwrap();
        let group = |id: &str| Group {
            id: GroupId::parse(id).unwrap(),
            display_name: "ml-risk".to_owned(),
            members: BTreeSet::new(),
        };
        let told = ["g-1", "partners:g-1"].map(|id| is_mirrored(&map, &[], &group(id)));
        assert_eq!(told, [true, false]);
        // Whoever names groups names them of all directories.
        let named = ["ml-risk".to_owned()];
        assert!(is_mirrored(&map, &named, &group("partners:g-1")));
        assert!(!is_mirrored(&map, &["ml-fraud".to_owned()], &group("g-1")));
    }

    #[test]
    fn a_partial_reading_is_refused() {
        let snapshot = Snapshot {
            people: BTreeMap::new(),
            groups: BTreeMap::new(),
            coverage: Coverage::People(BTreeSet::new()),
            offboarded: BTreeMap::new(),
            barred: BTreeMap::new(),
            temporary: BTreeMap::new(),
        };
        let refused = source_of(&snapshot, &BTreeMap::new(), |_| true);
        assert_eq!(refused.unwrap_err().kind, FailureKind::Service);
    }
}
