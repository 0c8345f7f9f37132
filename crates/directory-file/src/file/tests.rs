//! The three formats, what is wrong in them, and files that change.

use super::*;
use access::ids::DirectoryName;
use control::ports::Particulars;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;

/// A clock that is set by hand, in seconds since 1970.
#[derive(Debug, Default)]
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Long after any file of a test was written.
const LATER: i64 = 9_000_000_000;

struct Place {
    folder: TempDir,
    clock: Arc<Hand>,
    directory: DirectoryFile,
}

fn at(name: &str, text: &str) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hand(AtomicI64::new(LATER)));
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    let format = FileFormat::of_path(name).unwrap();
    let directory = DirectoryFile::new(path, name, format, clock.clone());
    Place { folder, clock, directory }
}

impl Place {
    fn write(&self, text: &str) {
        fs::write(self.folder.path().join(&self.directory.name), text).unwrap();
    }

    async fn read(&self) -> Result<DirectoryReading, String> {
        let names = ["ml", "all", "team"].map(str::to_owned).into();
        let wanted = WantedGroups { names, ids: BTreeSet::new() };
        self.directory.everybody(&wanted).await.map_err(|error| error.message)
    }
}

fn id(text: &str) -> PersonId {
    PersonId::parse(text).unwrap()
}

fn people(reading: &DirectoryReading) -> Vec<(&str, &str, &str, bool)> {
    let people = reading.snapshot.people.values();
    people
        .map(|p| (p.id.as_str(), p.user_name.as_str(), p.display_name.as_str(), p.enabled))
        .collect()
}

fn groups(reading: &DirectoryReading) -> Vec<(&str, Vec<&str>)> {
    let groups = reading.snapshot.groups.values();
    groups
        .map(|g| (g.display_name.as_str(), g.members.iter().map(PersonId::as_str).collect()))
        .collect()
}

async fn refused(name: &str, text: &str, expected: &str) {
    assert_eq!(at(name, text).read().await.unwrap_err(), expected, "{text:?}");
}

const YAML: &str = "\
people:
  - user_name: Ana
    id: p-1
    display_name: Ana Lima
    email: ana@corp.example
    given_name: Ana
    family_name: Lima
    external_id: e-1
  - { user_name: bo, enabled: false, groups: [ml] }
  - { user_name: \"cy smith\" }
groups:
  - { name: ml, id: g-1, members: [ana] }
  - { name: all, groups: [ml, team] }
  - { name: team, members: [cy smith], groups: [all] }
";

#[tokio::test]
async fn yaml_is_read_with_nested_groups_and_cycles() {
    let read = at("people.yaml", YAML).read().await.unwrap();
    let cy = "sha256:a7dba6b6dbbd03a4c2fb7bf0ba8b5b8d8ac24f1a4d25bf4e6da4ecd2b6a3f7ab";
    let found = people(&read);
    assert_eq!(found[0], ("bo", "bo", "bo", false));
    assert_eq!(found[1], ("p-1", "Ana", "Ana Lima", true));
    assert_eq!((found[2].0.len(), found[2].1), (cy.len(), "cy smith"));
    let cy = found[2].0;
    assert_eq!(
        groups(&read),
        [
            ("all", vec!["bo", "p-1", cy]),
            ("ml", vec!["bo", "p-1"]),
            ("team", vec!["bo", "p-1", cy])
        ]
    );
    assert_eq!(read.snapshot.coverage, Coverage::Complete);
    let ana = Particulars {
        email: Some("ana@corp.example".into()),
        external_id: Some("e-1".into()),
        given_name: Some("Ana".into()),
        family_name: Some("Lima".into()),
    };
    assert_eq!(read.particulars, BTreeMap::from([(id("p-1"), ana)]));
    let Memberships::Complete(all) = read.memberships else { panic!("complete") };
    let ml = all[&GroupId::parse("g-1").unwrap()].members.clone().unwrap();
    let ml: Vec<_> = ml.iter().map(|(id, who)| (id.as_str(), who.as_str())).collect();
    assert_eq!(ml, [("g-1/bo", "bo"), ("g-1/p-1", "p-1")]);
}

#[tokio::test]
async fn csv_is_read_with_groups_that_only_people_name() {
    let text = "\u{feff}User_Name,display_name,enabled,groups,email,id\n\
                # a remark\n\
                ana,\"Lima, Ana\",,ml; all,ana@corp.example,p-1\n\
                bo,,FALSE,ml,,\n";
    let read = at("people.csv", text).read().await.unwrap();
    assert_eq!(people(&read), [("bo", "bo", "bo", false), ("p-1", "ana", "Lima, Ana", true)]);
    assert_eq!(groups(&read), [("all", vec!["p-1"]), ("ml", vec!["bo", "p-1"])]);
}

const LDIF: &str = "\
version: 1

dn: ou=people,dc=x
objectClass: organizationalUnit

dn: uid=ana,ou=people,dc=x
objectClass: inetOrgPerson
uid: ana
cn: Ana Lima
mail: ana@corp.example
entryUUID: 5f2c1a34-0000-4000-8000-0123456789ab

dn: uid=bo,ou=people,dc=x
objectClass: inetOrgPerson
uid: bo
pwdAccountLockedTime: 000001010000Z

dn: CN=Cy Smith,OU=People,DC=x
objectClass: top
objectClass: user
sAMAccountName: cy
displayName: Cy Smith
userAccountControl: 514
objectGUID:: AAECAwQFBgcICQoLDA0ODw==

dn: CN=Di,OU=People,DC=x
objectClass: user
sAMAccountName: di
userAccountControl: 512
accountExpires: 133000000000000000

dn: CN=PC,DC=x
objectClass: user
objectClass: computer
sAMAccountName: PC$

dn: CN=Contact,DC=x
objectClass: person

dn: cn=ml,dc=x
objectClass: groupOfNames
cn: ml
member: UID=Ana, OU=people, DC=X
member: cn=team,dc=x
member: cn=gone,dc=x
member:

dn: cn=team,dc=x
objectClass: posixGroup
cn: team
memberUid: bo
memberUid: gone

dn: cn=all,dc=x
objectClass: group
cn: all
member: cn=ml,dc=x
member: cn=Cy Smith,ou=people,dc=x
";

#[tokio::test]
async fn ldif_of_openldap_and_active_directory_is_read() {
    let place = at("export.ldif", LDIF);
    let read = place.read().await.unwrap();
    let (ana, cy) =
        ("5f2c1a34-0000-4000-8000-0123456789ab", "03020100-0504-0706-0809-0a0b0c0d0e0f");
    assert_eq!(
        people(&read),
        [
            (cy, "cy", "Cy Smith", false),
            (ana, "ana", "Ana Lima", true),
            ("bo", "bo", "bo", false),
            ("di", "di", "di", false),
        ]
    );
    assert_eq!(
        groups(&read),
        [("all", vec![cy, ana, "bo"]), ("ml", vec![ana, "bo"]), ("team", vec!["bo"])]
    );
    // Di's account ends in 2022: before that it is enabled.
    place.clock.0.store(1_600_000_000, Ordering::SeqCst);
    let read = place.directory.people(&BTreeSet::from([id("di")]), &WantedGroups::default()).await;
    assert_eq!(people(&read.unwrap()), [("di", "di", "di", true)]);
    let standing = place.directory.standing().await.unwrap();
    let details: Vec<_> = standing.details.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let bytes = LDIF.len().to_string();
    assert_eq!(
        details,
        [
            ("bytes", bytes.as_str()),
            ("groups", "3"),
            ("members that are not in the file", "2"),
            ("people", "4")
        ]
    );
}

#[tokio::test]
async fn some_people_are_read_with_their_groups_and_looked_up() {
    let place = at("people.yaml", YAML);
    let wanted = WantedGroups { names: ["all".to_owned()].into(), ids: BTreeSet::new() };
    let asked = BTreeSet::from([id("p-1"), id("nobody")]);
    let read = place.directory.people(&asked, &wanted).await.unwrap();
    assert_eq!(people(&read), [("p-1", "Ana", "Ana Lima", true)]);
    assert_eq!(groups(&read), [("all", vec!["p-1"])]);
    assert_eq!(read.snapshot.coverage, Coverage::People(asked));
    let Memberships::Some(some) = &read.memberships else { panic!("some") };
    let some: Vec<_> = some.iter().map(|m| (m.id.as_str(), m.group.as_str())).collect();
    assert_eq!(some, [("all/p-1", "all")]);
    let directory = &place.directory;
    let found = directory.find(&PersonLookup::UserName("ANA".into())).await.unwrap();
    assert_eq!(found, Some(id("p-1")));
    assert_eq!(directory.find(&PersonLookup::Id(id("bo"))).await.unwrap(), Some(id("bo")));
    assert_eq!(directory.find(&PersonLookup::Id(id("p-2"))).await.unwrap(), None);
    let has = async |key, value: &str| directory.who_has(key, value).await.unwrap();
    assert_eq!(has(MatchKey::Email, "ANA@corp.example").await, BTreeSet::from([id("p-1")]));
    assert_eq!(has(MatchKey::ExternalId, "e-1").await, BTreeSet::from([id("p-1")]));
    assert_eq!(has(MatchKey::ExternalId, "E-1").await, BTreeSet::new());
    assert_eq!(has(MatchKey::UserName, "BO").await, BTreeSet::from([id("bo")]));
    let ml = directory.find_group("ml").await.unwrap().unwrap();
    assert_eq!(directory.group_name(&ml).await.unwrap().as_deref(), Some("ml"));
    assert_eq!(directory.members(&ml).await.unwrap().unwrap().len(), 2);
    let gone = GroupId::parse("gone").unwrap();
    assert_eq!(directory.members(&gone).await.unwrap(), None);
    let name = DirectoryName::parse("file").unwrap();
    let alone = directory.known_as(&name, &BTreeSet::from([id("bo")])).await.unwrap();
    assert_eq!(alone, Some(BTreeSet::from([id("bo")])));
}

#[tokio::test]
async fn what_is_malformed_is_told_with_its_line_and_a_remedy() {
    refused(
        "a.csv",
        "user_name,groups\nana,ml\nbo\n",
        "a.csv:3: the line has 1 fields and the header 2: give each line as many; write a field that \
         holds commas in double quotes",
    )
    .await;
    refused(
        "a.csv",
        "user_name,team\nana,ml\n",
        "a.csv:1: there is no column team: name columns of user_name, id, display_name, email, \
         external_id, given_name, family_name, enabled, groups, separated by commas",
    )
    .await;
    refused(
        "a.csv",
        "id,email\n1,x\n",
        "a.csv:1: there is no column user_name: begin with a line that names the columns, user_name \
         among them",
    )
    .await;
    refused("a.csv", "user_name,id,ID\n", "a.csv:1: the column id is there twice: leave one").await;
    refused(
        "a.csv",
        "user_name,enabled\nana,yes\n,true\n",
        "a.csv:2: `enabled` is yes: write true or false",
    )
    .await;
    refused(
        "a.csv",
        "user_name,id\nana,1\nANA,2\nbo,1\n,3\n",
        "a.csv:3: the user name ANA is there twice: user names differ by more than upper and lower \
         case\na.csv:4: bo has the id 1, as ana has: give one of them another id\n\
         a.csv:5: the user name is empty: write 1 to 128 printable characters",
    )
    .await;
    refused(
        "a.yaml",
        "people:\n  - user_name: ana\ngroups:\n  - name: ml\n    members:\n      - anna\n    \
         groups: [al]\n  - { name: all }\n",
        "a.yaml:6: nobody in the file has the user name anna: did you mean ana?\n\
         a.yaml:7: no group in the file is called al: did you mean all?",
    )
    .await;
    refused(
        "a.yaml",
        "people: []\ngroups: [{name: ml}, {name: ml}]\n",
        "a.yaml:2: the group ml is there twice: write its members into one of them",
    )
    .await;
    refused(
        "a.yaml",
        "people:\n  - { user_name: ana, id: \"a b\" }\n",
        "a.yaml:2: `a b` is not a directory user id (1 to 128 letters, digits or `-._:@/`): give \
         another id, or leave it out",
    )
    .await;
    refused(
        "a.ldif",
        "dn: a=b\nuid ana\n",
        "a.ldif:2: the line holds no colon: write `attribute: value`, and end the line of a value \
         only where it ends",
    )
    .await;
    for text in ["people:\n  - user_nam: x\n", "people: x\n", "a: [\n", "people: []\npeople: []\n"]
    {
        let error = at("a.yaml", text).read().await.unwrap_err();
        assert!(error.starts_with("a.yaml:"), "{error}");
        assert!(error.ends_with("as in docs/directories.md"), "{error}");
    }
}

#[tokio::test]
async fn a_half_written_file_is_never_a_smaller_one() {
    let end = "the last line does not end, so more of it may be to come: write the file to its end, \
               the last line's end too";
    refused("a.csv", "user_name\nana\nb", &format!("a.csv:3: {end}")).await;
    refused("a.yaml", "people:\n  - user_name: an", &format!("a.yaml:2: {end}")).await;
    refused("a.ldif", "", &format!("a.ldif:1: {end}")).await;
    let place = at("a.csv", "user_name\nana\nbo\n");
    assert_eq!(people(&place.read().await.unwrap()).len(), 2);
    // Written anew just now: what was read before is in force until it has settled.
    place.write("user_name\nana\n");
    let changed = place.directory.stamp().await.unwrap().changed_at.unwrap();
    place.clock.0.store(changed.as_second(), Ordering::SeqCst);
    assert_eq!(people(&place.read().await.unwrap()).len(), 2);
    place.clock.0.store(changed.as_second() + 2, Ordering::SeqCst);
    assert_eq!(people(&place.read().await.unwrap()).len(), 1);
    // What cannot be read is an error, whatever was read before.
    place.write("user_name,x\nana\n");
    place.clock.0.store(LATER, Ordering::SeqCst);
    assert!(place.read().await.unwrap_err().starts_with("a.csv:1: there is no column x"));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_was_written_just_now_is_waited_for() {
    let place = at("a.csv", "user_name\nana\n");
    place.clock.0.store(0, Ordering::SeqCst);
    let before = tokio::time::Instant::now();
    assert_eq!(people(&place.read().await.unwrap()).len(), 1);
    assert_eq!(before.elapsed(), SETTLED);
    let standing = place.directory.standing().await.unwrap();
    assert_eq!((standing.place.as_str(), standing.read_at), ("a.csv", Some(Timestamp::UNIX_EPOCH)));
    assert!(standing.changed_at.is_some());
}

#[tokio::test]
async fn what_is_no_file_or_no_text_says_so() {
    let place = at("a.csv", "user_name\n");
    fs::remove_file(place.folder.path().join("a.csv")).unwrap();
    let error = place.directory.everybody(&WantedGroups::default()).await.unwrap_err();
    assert_eq!((error.service, error.kind), ("file", FailureKind::NotFound));
    assert_eq!(error.message, "a.csv: No such file or directory (os error 2)");
    fs::create_dir(place.folder.path().join("a.csv")).unwrap();
    let error = place.directory.everybody(&WantedGroups::default()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.message.as_str()),
        (FailureKind::Unreachable, "a.csv: it is no file")
    );
    let latin = [b"user_name\nana\nm\xfcller\n".as_slice()].concat();
    let found = parse(latin, FileFormat::Csv).unwrap_err();
    let problem =
        Problem { line: 3, what: "it is not UTF-8".into(), remedy: "save it as UTF-8".into() };
    assert_eq!(found, [problem]);
    let large = vec![b'\n'; MAX_BYTES + 1];
    assert_eq!(parse(large, FileFormat::Csv).unwrap_err()[0].what, "it has more than 64 MiB");
}

#[tokio::test]
async fn only_so_many_problems_are_told() {
    let text = format!("user_name\n{}", "\"\"\n".repeat(30));
    let error = at("a.csv", &text).read().await.unwrap_err();
    assert_eq!(error.lines().count(), 21);
    assert_eq!(error.lines().last(), Some("and 10 more"));
}

#[tokio::test]
async fn a_change_concerns_whoever_is_different() {
    let place = at("people.yaml", YAML);
    let first = place.directory.since(None).await.unwrap();
    assert_eq!(first.concerns, BTreeSet::from([Concern::Everybody]));
    let same = place.directory.since(first.cookie.as_ref()).await.unwrap();
    assert_eq!((same.concerns, &same.cookie), (BTreeSet::new(), &first.cookie));
    place.write(&YAML.replace("enabled: false, ", "").replace("members: [ana]", "members: []"));
    let other = place.directory.since(first.cookie.as_ref()).await.unwrap();
    let people = BTreeSet::from([id("bo"), id("p-1")]);
    assert_eq!(other.concerns, BTreeSet::from([Concern::People(people)]));
    assert_ne!(other.cookie, first.cookie);
    // A process that was not asked before, and one whose cookie is of another time.
    let anew = at("people.yaml", YAML).directory.since(other.cookie.as_ref()).await.unwrap();
    assert_eq!(anew.concerns, BTreeSet::from([Concern::Everybody]));
    let late = place.directory.since(first.cookie.as_ref()).await.unwrap();
    assert_eq!(late.concerns, BTreeSet::from([Concern::Everybody]));
}

#[tokio::test]
async fn a_changed_key_concerns_whoever_had_it() {
    let place = at("people.yaml", YAML);
    let mut before = place.directory.since(None).await.unwrap();
    let mut text = YAML.to_owned();
    for (was, is) in [
        ("email: ana@corp.example", "email: an@corp.example"),
        ("    external_id: e-1\n", ""),
        ("{ user_name: bo,", "{ user_name: bo, email: ana@corp.example,"),
    ] {
        text = text.replace(was, is);
        place.write(&text);
        let after = place.directory.since(before.cookie.as_ref()).await.unwrap();
        let whose = if is.contains("bo") { "bo" } else { "p-1" };
        let people = BTreeSet::from([id(whose)]);
        assert_eq!(after.concerns, BTreeSet::from([Concern::People(people)]), "{is}");
        before = after;
    }
}

#[tokio::test]
async fn a_range_of_members_in_ldif_is_no_group() {
    let people = "dn: uid=ana,dc=x\nobjectClass: account\nuid: ana\n\n\
                  dn: uid=bo,dc=x\nobjectClass: account\nuid: bo\n\n";
    let group =
        |members: &str| format!("{people}dn: cn=ml,dc=x\nobjectClass: group\ncn: ml\n{members}");
    for (members, line, option) in [
        ("member;range=0-1499: uid=ana,dc=x\n", 12, "member;range=0-1499"),
        ("member:\nMember;Range=0-0: uid=ana,dc=x\n", 13, "member;range=0-0"),
        ("member;range=1500-*: uid=ana,dc=x\n", 12, "member;range=1500-*"),
        ("member;range=2-*: uid=bo,dc=x\nmember;range=0-0: uid=ana,dc=x\n", 13, "member;range=0-0"),
        (
            "member;range=0-*: uid=bo,dc=x\nuniqueMember;range=0-0: uid=ana,dc=x\n",
            13,
            "uniquemember;range=0-0",
        ),
        ("member;range=all: uid=ana,dc=x\n", 12, "member;range=all"),
    ] {
        let expected = format!(
            "a.ldif:{line}: members of ml are missing: {option} is not all of them: write the other \
             ranges, up to `*`, into the same entry, or let Stagedoor read the server itself with \
             `ldap`"
        );
        refused("a.ldif", &group(members), &expected).await;
    }
    // Ranges that go on to the end are all of it, in whatever order.
    for members in [
        "member;range=0-0: uid=ana,dc=x\nmember;range=1-*: uid=bo,dc=x\n",
        "member;range=1-*: uid=bo,dc=x\nmember;range=0-0: uid=ana,dc=x\n",
        "member;range=0-*: uid=ana,dc=x\nmember;range=0-*: uid=bo,dc=x\n",
        "member: uid=ana,dc=x\nmember;binary: uid=bo,dc=x\n",
    ] {
        let read = at("a.ldif", &group(members)).read().await.unwrap();
        assert_eq!(groups(&read), [("ml", vec!["ana", "bo"])], "{members}");
    }
}

#[tokio::test]
async fn ldif_that_does_not_say_who_is_disabled_is_refused() {
    let active =
        |more: &str| format!("dn: CN=Di,DC=x\nobjectClass: user\nsAMAccountName: di\n{more}");
    let by_guid = "dn: CN=Di,DC=x\nobjectClass: user\nuid: di\nobjectGUID:: \
                   AAECAwQFBgcICQoLDA0ODw==\n";
    let elsewhere = |more: &str| format!("dn: uid=di,dc=x\nobjectClass: account\nuid: di\n{more}");
    let control = "userAccountControl";
    for (text, line, what) in [
        (active(""), 1, format!("there is no `{control}`")),
        (by_guid.to_owned(), 1, format!("there is no `{control}`")),
        (active("userAccountControl: 512\n"), 1, "there is no `accountExpires`".to_owned()),
        (active("userAccountControl: disabled\n"), 4, format!("`{control}` is no number")),
        (active("userAccountControl:: /w==\n"), 4, format!("`{control}` is no number")),
        (
            active("userAccountControl: 512\naccountExpires: 2026-01-01\n"),
            5,
            "`accountExpires` is no time".to_owned(),
        ),
        (elsewhere("pwdEndTime: soon\n"), 4, "`pwdEndTime` is no time".to_owned()),
        (elsewhere("shadowExpire: soon\n"), 4, "`shadowExpire` is no number".to_owned()),
    ] {
        let expected = format!(
            "a.ldif:{line}: whether di may sign in cannot be told: {what}: export entries with all \
             attributes, as docs/directories.md says"
        );
        refused("a.ldif", &text, &expected).await;
    }
    // The clock of these tests stands in the year 2255.
    for (more, enabled) in [
        ("", true),
        ("pwdStartTime: 22550101000000Z\n", true),
        ("pwdStartTime: 22560101000000Z\n", false),
        ("pwdEndTime: 22550101000000Z\n", false),
        ("pwdEndTime: 22560101000000Z\n", true),
        ("shadowExpire: 20000\n", false),
        ("shadowExpire: -1\n", true),
    ] {
        let read = at("a.ldif", &elsewhere(more)).read().await.unwrap();
        assert_eq!(people(&read), [("di", "di", "di", enabled)], "{more}");
    }
    let contact = "dn: CN=C,DC=x\nobjectClass: person\nobjectClass: contact\nuid: c\nobjectGUID:: \
                   AAECAwQFBgcICQoLDA0ODw==\n";
    assert_eq!(people(&at("a.ldif", contact).read().await.unwrap()), []);
}

#[tokio::test(start_paused = true)]
async fn a_file_from_the_future_is_read_once_it_rests() {
    let place = at("a.csv", "user_name\nana\nbo\n");
    // By this clock the file is written in more than fifty years.
    place.clock.0.store(60, Ordering::SeqCst);
    assert_eq!(people(&place.read().await.unwrap()).len(), 2);
    place.clock.0.store(120, Ordering::SeqCst);
    let standing = place.directory.standing().await.unwrap();
    assert_eq!((standing.read_at, standing.concerns), (Timestamp::from_second(120).ok(), vec![]));

    place.write("user_name\nana\n");
    place.clock.0.store(180, Ordering::SeqCst);
    assert_eq!(people(&place.read().await.unwrap()).len(), 2);
    let standing = place.directory.standing().await.unwrap();
    assert_eq!(standing.read_at, Timestamp::from_second(120).ok(), "it is another one by now");
    let concern = ports::Concern {
        code: ReasonCode::DirectoryStale,
        text: "a.csv was changed, and is not read before it has been left alone for a second"
            .into(),
    };
    assert_eq!(standing.concerns, [concern]);

    // What is written once more meanwhile has to rest for as long again.
    tokio::time::advance(SETTLED / 2).await;
    place.write("user_name\nana\nbo\ncy\n");
    assert_eq!(people(&place.read().await.unwrap()).len(), 2);
    tokio::time::advance(SETTLED / 2).await;
    assert_eq!(people(&place.read().await.unwrap()).len(), 2);
    tokio::time::advance(SETTLED / 2).await;
    assert_eq!(people(&place.read().await.unwrap()).len(), 3);
    let standing = place.directory.standing().await.unwrap();
    assert_eq!((standing.read_at, standing.concerns), (Timestamp::from_second(180).ok(), vec![]));
}
