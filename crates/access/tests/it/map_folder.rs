//! A map in several files.

use access::ids::TeamKey;
use access::map::{Source, parse};

fn folder(files: &[(&str, &str)]) -> Vec<Source> {
    files.iter().map(|(name, text)| Source { name: (*name).into(), text: (*text).into() }).collect()
}

const BASE: &str = "version: 1\ndirectory: {identity_center: {region: eu-west-1, \
                    identity_store_id: d-906716eb24}}\ndomains:\n  research: {domain_id: d-x, \
                    account_id: \"111122223333\", region: eu-west-1}\n";
const FRAUD: &str = "version: 1\nteams:\n  fraud: {domain: research, network: anywhere, \
                     execution_role: \"arn:aws:iam::{account_id}:role/a\"}\ngrants:\n  - {group: \
                     a, team: fraud}\n";
const RISK: &str = "version: 1\nteams:\n  risk: {domain: research, network: anywhere, \
                    execution_role: \"arn:aws:iam::{account_id}:role/b\"}\ngrants:\n  - {group: \
                    b, team: fraud}\n";

fn errors(files: &[(&str, &str)]) -> String {
    parse(&folder(files)).unwrap_err().to_string()
}

#[test]
fn sections_of_several_files_become_one_map() {
    let map = parse(&folder(&[("a.yaml", BASE), ("b.yaml", FRAUD), ("c.yaml", RISK)])).unwrap();
    let teams: Vec<&str> = map.teams.keys().map(TeamKey::as_str).collect();
    assert_eq!(teams, ["fraud", "risk"]);
    let grants: Vec<String> =
        map.grants.iter().map(|g| format!("{} {}", g.group, g.place)).collect();
    assert_eq!(grants, ["a b.yaml:5", "b c.yaml:5"]);
}

#[test]
fn the_digest_depends_on_texts_and_their_order_and_not_on_names() {
    let digest = |files: &[(&str, &str)]| parse(&folder(files)).unwrap().digest;
    let one = digest(&[("a.yaml", BASE), ("b.yaml", FRAUD), ("c.yaml", RISK)]);
    assert_eq!(one, digest(&[("x.yaml", BASE), ("y.yaml", FRAUD), ("z.yaml", RISK)]));
    assert_ne!(one, digest(&[("a.yaml", BASE), ("b.yaml", RISK), ("c.yaml", FRAUD)]));
    assert_eq!(one.len(), 64);
}

#[test]
fn a_key_of_two_files_is_refused_with_both_places() {
    let twice = [("a.yaml", BASE), ("b.yaml", FRAUD), ("c.yaml", FRAUD)];
    assert_eq!(
        errors(&twice),
        "c.yaml:3:3: duplicate key `fraud`, first given at b.yaml:3:3 (map-duplicate-key)\n  \
         keep one of them\n\
         c.yaml:5:5: the grant is already written at b.yaml:5:5 (map-duplicate-grant)\n  \
         keep one of them"
    );
}

#[test]
fn what_there_is_only_once_stands_in_one_file() {
    let other = "version: 1\ninstance: x\nguard: {}\noffboarding: {}\n\
                 directory: {identity_center: {region: eu-west-1, identity_store_id: d-906716eb24}}\n";
    let first = other.replace("version: 1\n", "version: 1\n\n");
    let expected: Vec<String> = ["instance", "guard", "offboarding", "directory"]
        .iter()
        .zip(2..)
        .map(|(key, line)| {
            format!(
                "b.yaml:{line}:1: duplicate key `{key}`, first given at a.yaml:{}:1 \
                 (map-duplicate-key)\n  keep one of them",
                line + 1
            )
        })
        .collect();
    assert_eq!(errors(&[("a.yaml", &first), ("b.yaml", other)]), expected.join("\n"));
}

#[test]
fn each_file_says_its_version() {
    let silent = FRAUD.replace("version: 1\n", "");
    assert_eq!(
        errors(&[("a.yaml", BASE), ("b.yaml", &silent)]),
        "b.yaml:1:1: the file does not say its version (map-missing-version)\n  \
         expected `version: 1`"
    );
}

#[test]
fn errors_of_all_files_come_at_once_sorted_by_place() {
    let bad = "version: 1\nteams:\n  fraud: {domain: reserch, network: anywhere, \
               execution_role: \"arn:aws:iam::{account_id}:role/a\", sesion: 8h}\n";
    assert_eq!(
        errors(&[("a.yaml", BASE), ("b.yaml", bad), ("c.yaml", "version: 1\nguards: {}\n")]),
        "b.yaml:3:19: unknown domain `reserch` (map-unknown-domain)\n  expected `research`\n  \
         did you mean `research`?\n\
         b.yaml:3:99: unknown key `sesion` (map-unknown-key)\n  \
         expected one of `domain`, `domains`, `isolation`, `persona`, `execution_role`, `network`, `session`, `link`, \
         `landing`, `space`, `tags`, `user_settings`, `about`, `buckets`, `repositories`, `kms_keys` and 5 more\n  did you mean `session`?\n\
         c.yaml:2:1: unknown key `guards` (map-unknown-key)\n  expected one of `version`, \
         `instance`, `team_tag`, `directory`, `hub`, `identity_providers`, `domains`, `networks`, `personas`, \
         `teams`, `grants`, `grants_from`, `guard`, `offboarding`, `rollout`, `adopt` and 4 more\n  did you mean `guard`?"
    );
}

#[test]
fn nothing_is_said_about_references_into_a_file_that_cannot_be_read() {
    let broken = "version: 1\nteams: [\n";
    let found = parse(&folder(&[("a.yaml", broken), ("b.yaml", RISK)])).unwrap_err();
    let codes: Vec<&str> = found.as_slice().iter().map(|d| d.code).collect();
    assert_eq!(codes, ["map-syntax"]);
}

#[test]
fn nothing_is_said_about_references_to_what_is_itself_wrong() {
    let base = BASE.replace("region: eu-west-1}\n", "region: eu}\n");
    assert_eq!(
        errors(&[("a.yaml", &base), ("b.yaml", FRAUD)]),
        "a.yaml:4:66: `region` cannot be `eu` (map-invalid-value)\n  \
         expected an AWS Region (such as `eu-west-1`)"
    );
}
