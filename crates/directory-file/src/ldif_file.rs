//! A directory in LDIF: an export of Active Directory, `OpenLDAP` or another LDAP server.

use crate::draft::{Draft, DraftGroup, DraftPerson, MemberRef, Reporter};
use crate::ldif::{self, Entry, Value, folded};
use control::directory::Account;
use control::ports::Particulars;
use std::collections::{BTreeMap, BTreeSet};

/// Classes of entries that are people, if they have a user name.
const PEOPLE: [&str; 6] =
    ["inetorgperson", "posixaccount", "user", "person", "organizationalperson", "account"];
/// Classes of entries that are groups.
const GROUPS: [&str; 5] =
    ["groupofnames", "groupofuniquenames", "groupofmembers", "posixgroup", "group"];
/// Attributes that name members by their entries.
const MEMBERS: [&str; 2] = ["member", "uniquemember"];
/// Classes of entries that nobody signs in with, though they are people's classes too.
const NOBODY: [&str; 2] = ["computer", "contact"];

/// Reads a file. What is wrong is reported.
pub(crate) fn read(text: &str, reporter: &mut Reporter) -> Draft {
    let entries = match ldif::parse(text) {
        Ok(entries) => entries,
        Err(why) => {
            reporter.report(why.line, why.what, why.remedy);
            return Draft::default();
        }
    };
    let mut draft = Draft::default();
    for entry in &entries {
        let is_one_of = |classes: &[&str]| {
            let mut own = entry.all("objectclass").map(str::to_ascii_lowercase);
            own.any(|class| classes.contains(&class.as_str()))
        };
        if is_one_of(&GROUPS) {
            draft.groups.extend(group(entry, reporter));
        } else if is_one_of(&PEOPLE) && !is_one_of(&NOBODY) {
            draft.people.extend(person(entry, reporter));
        }
    }
    draft
}

/// The person of an entry; one without a user name, such as a contact, is none.
fn person(entry: &Entry, reporter: &mut Reporter) -> Option<DraftPerson> {
    let user_name = entry.text("uid").or_else(|| entry.text("samaccountname"))?;
    let account = account(entry, &user_name, reporter)?;
    let display_name = ["displayname", "cn", "name"].iter().find_map(|name| entry.text(name));
    Some(DraftPerson {
        line: entry.line,
        id: id(entry, reporter),
        user_name,
        display_name,
        particulars: Particulars {
            email: entry.text("mail"),
            external_id: entry.text("externalid"),
            given_name: entry.text("givenname"),
            family_name: entry.text("sn"),
        },
        account,
        groups: Vec::new(),
        dn: Some(folded(&entry.dn)),
    })
}

fn group(entry: &Entry, reporter: &mut Reporter) -> Option<DraftGroup> {
    let name = entry.text("samaccountname").or_else(|| entry.text("cn"))?;
    if let Some((line, option)) = cut_off(entry) {
        let what = format!("members of {name} are missing: {option} is not all of them");
        let remedy = "write the other ranges, up to `*`, into the same entry, or let Stagedoor read \
                      the server itself with `ldap`";
        reporter.report(line, what, remedy);
    }
    let members = entry.values.iter().filter_map(|value| {
        let text = std::str::from_utf8(&value.bytes).ok()?;
        // OpenLDAP's groups must have a member: an empty name stands for nobody.
        let is_named = !text.trim().is_empty();
        let member = match value.attribute.as_str() {
            name if MEMBERS.contains(&name) => MemberRef::Entry(folded(text)),
            "memberuid" => MemberRef::Account(text.to_owned()),
            _ => return None,
        };
        is_named.then_some((value.line, member))
    });
    let members = members.collect();
    // What is no id of a group is made of its name.
    let id = entry.guid().or_else(|| entry.text("entryuuid"));
    Some(DraftGroup { line: entry.line, id, name, members, dn: Some(folded(&entry.dn)) })
}

/// The first range of members (`member;range=0-1499`) after which others are missing, and its line.
/// Active Directory gives no more than 1,500 values of an attribute at a time.
fn cut_off(entry: &Entry) -> Option<(u64, String)> {
    // Of each range what it says: where it ends, and its line.
    let mut ranges: BTreeMap<(&str, u64), (Option<u64>, &Value)> = BTreeMap::new();
    let told = |value: &Value| (value.line, format!("{};{}", value.attribute, value.options));
    for value in entry.values.iter().filter(|value| names_members(&value.attribute)) {
        let mut options = value.options.split(';');
        let Some(range) = options.find_map(|option| option.strip_prefix("range=")) else {
            continue;
        };
        let Some((first, last)) = bounds(range) else { return Some(told(value)) };
        ranges.entry((&value.attribute, first)).or_insert((last, value));
    }
    for attribute in ranges.keys().map(|(attribute, _)| *attribute).collect::<BTreeSet<_>>() {
        let mut next = Some(0);
        let mut before = None;
        for ((_, first), (last, value)) in ranges.range((attribute, 0)..=(attribute, u64::MAX)) {
            if next != Some(*first) {
                return Some(told(before.unwrap_or(value)));
            }
            next = last.and_then(|last| last.checked_add(1));
            before = Some(value);
        }
        if next.is_some() {
            return before.map(told);
        }
    }
    None
}

/// The numbers of the first value of a range and of its last, which is none where it is `*`.
fn bounds(range: &str) -> Option<(u64, Option<u64>)> {
    let (first, last) = range.split_once('-')?;
    let first = first.parse().ok()?;
    match last {
        "*" => Some((first, None)),
        last => Some((first, Some(last.parse().ok().filter(|last| *last >= first)?))),
    }
}

fn names_members(attribute: &str) -> bool {
    MEMBERS.contains(&attribute) || attribute == "memberuid"
}

/// The id that never changes, if the export has it.
fn id(entry: &Entry, reporter: &mut Reporter) -> Option<String> {
    if entry.bytes("objectguid").is_some_and(|bytes| bytes.len() != 16) {
        reporter.report(entry.line, "`objectGUID` has not 16 bytes", "export it in Base64");
    }
    entry.guid().or_else(|| entry.text("entryuuid"))
}

/// Whether and when the person may sign in. An entry of Active Directory must say so: one that was
/// exported without would be everybody's, disabled or not.
fn account(entry: &Entry, user_name: &str, reporter: &mut Reporter) -> Option<Account> {
    let is_active_directory = ["samaccountname", "objectguid"].iter().any(|name| entry.has(name));
    let first = |name: &str| entry.values.iter().find(|v| v.attribute.eq_ignore_ascii_case(name));
    let text = |name: &str| {
        // What is no text is no number and no time either.
        let text = first(name).map(|value| std::str::from_utf8(&value.bytes).unwrap_or("\u{fffd}"));
        text.filter(|text| !text.is_empty())
    };
    let account = Account::of_ldap(is_active_directory, text);
    account
        .map_err(|unclear| {
            let line = first(unclear.attribute()).map_or(entry.line, |value| value.line);
            let what = format!("whether {user_name} may sign in cannot be told: {unclear}");
            let remedy = "export entries with all attributes, as docs/directories.md says";
            reporter.report(line, what, remedy);
        })
        .ok()
}

impl Entry {
    fn bytes(&self, attribute: &str) -> Option<&[u8]> {
        let value = self.values.iter().find(|value| value.attribute == attribute)?;
        Some(&value.bytes)
    }

    fn has(&self, attribute: &str) -> bool {
        self.bytes(attribute).is_some()
    }

    /// The first value that is text.
    fn text(&self, attribute: &str) -> Option<String> {
        self.all(attribute).next().map(str::to_owned)
    }

    fn all<'e>(&'e self, attribute: &'e str) -> impl Iterator<Item = &'e str> {
        let own = self.values.iter().filter(move |value| value.attribute == attribute);
        own.filter_map(|value| std::str::from_utf8(&value.bytes).ok())
    }

    /// `objectGUID` as Active Directory writes it: three numbers, lowest byte first, and the rest.
    fn guid(&self) -> Option<String> {
        let bytes: &[u8; 16] = self.bytes("objectguid")?.try_into().ok()?;
        let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
        let all: Vec<u8> = order.iter().filter_map(|at| bytes.get(*at)).copied().collect();
        let digits = hex::encode(all);
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
        let [one, two, three] = [part(0, 8), part(8, 12), part(12, 16)];
        Some(format!("{one}-{two}-{three}-{}-{}", part(16, 20), part(20, 32)))
    }
}
