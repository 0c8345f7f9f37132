//! Each way in which a map can be wrong, by the name of its code, with exact text and place.

use access::map::{Source, codes, parse};

/// Lines 1 and 2 of every map here.
const HEAD: &str = "version: 1\ndirectory: {identity_center: {region: eu-west-1, \
                    identity_store_id: d-906716eb24}}\n";
/// Lines 3 to 5 of maps with teams.
const WORLD: &str = "domains: {research: {domain_id: d-x, account_id: \"111122223333\", region: \
                     eu-west-1}}\npersonas: {scientist: {activities: []}}\nnetworks: {office: \
                     {any_of: []}}\n";

#[track_caller]
fn whole(text: &str, expected: &str) {
    let sources = [Source { name: "access.yaml".into(), text: text.into() }];
    let errors = parse(&sources).expect_err("the map is refused");
    assert_eq!(errors.to_string(), expected);
}

/// A map whose line 3 begins with `text`.
#[track_caller]
fn refused(text: &str, expected: &str) {
    whole(&format!("{HEAD}{text}"), expected);
}

/// A map with a domain, a persona and a network, whose line 6 begins with `text`.
#[track_caller]
fn refused_in_world(text: &str, expected: &str) {
    whole(&format!("{HEAD}{WORLD}{text}"), expected);
}

/// A map with a team `fraud` without persona, whose line 7 holds these keys of the team.
#[track_caller]
fn refused_team(keys: &str, expected: &str) {
    let role = if keys.contains("execution_role") { "" } else { ROLE };
    refused_in_world(
        &format!("teams: {{fraud: {{domain: research, network: office,{role}\n {keys}\n}}}}\n"),
        expected,
    );
}

const ROLE: &str = " execution_role: \"arn:aws:iam::{account_id}:role/a\",";

/// A map with a team `fraud` without persona, whose line 8 holds the items of the grants.
#[track_caller]
fn refused_grants(items: &str, expected: &str) {
    let team = format!("teams: {{fraud: {{domain: research, network: office,{ROLE}}}}}\n");
    refused_in_world(&format!("{team}grants: [\n {items}\n ]\n"), expected);
}

#[test]
fn every_code_has_a_test_by_its_name() {
    // Some are found only where roles are made of the map.
    let here = concat!(
        include_str!("map_refusals.rs"),
        include_str!("map_directories.rs"),
        include_str!("authorisation.rs"),
        include_str!("plane.rs"),
        include_str!("many_teams.rs"),
        include_str!("invariants.rs")
    );
    for (code, _) in codes::ALL {
        let test = format!("#[test]\nfn {}() {{", code.replace('-', "_"));
        assert!(here.contains(&test), "{code} has no test");
    }
}

#[track_caller]
fn refused_bytes(bytes: &[u8], expected: &str) {
    let errors = Source::from_bytes("access.yaml", bytes.to_vec()).expect_err("refused");
    assert_eq!(errors.to_string(), expected);
}

#[test]
fn map_not_utf8() {
    refused_bytes(
        b"version: 1\nins\xe9tance: x\n",
        "access.yaml:2:4: the file is not UTF-8 (map-not-utf8)\n  expected text in UTF-8\n  save the file as UTF-8",
    );
    refused_bytes(
        b"\xff\xfev\0e\0",
        "access.yaml:1:1: the file is UTF-16 (map-not-utf8)\n  expected text in UTF-8\n  save the file as UTF-8",
    );
}

#[test]
fn map_too_large() {
    let text = "#".repeat((1 << 20) + 1);
    let expected = "access.yaml:1:1: the file has 1048577 bytes (map-too-large)\n  \
                    expected at most 1,048,576 bytes\n  split the map into a folder of files";
    whole(&text, expected);
    refused_bytes(text.as_bytes(), expected);
}

#[test]
fn map_syntax() {
    refused(
        "teams: [\n",
        "access.yaml:4:1: not YAML: while parsing a node, did not find expected node content \
         (map-syntax)",
    );
    refused(
        "teams:\n\tfraud: {}\n",
        "access.yaml:4:2: not YAML: tabs disallowed within this context (block indentation) \
         (map-syntax)\n  the line begins with a tab: indent with spaces",
    );
    refused(
        "inst\u{0}ance: x\n",
        "access.yaml:3:5: not YAML: the character U+0000 (map-syntax)\n  expected printable text",
    );
    refused(
        "\u{feff}instance: x\n",
        "access.yaml:3:1: not YAML: the character U+FEFF (map-syntax)\n  expected printable text",
    );
}

#[test]
fn map_too_deep() {
    let text = |levels: usize| format!("teams: {}{}\n", "[".repeat(levels), "]".repeat(levels));
    refused(
        &text(32),
        "access.yaml:3:39: values are nested too deeply (map-too-deep)\n  expected at most 32 levels",
    );
    refused(
        &text(400),
        "access.yaml:3:263: values are nested too deeply (map-too-deep)\n  \
         expected at most 32 levels",
    );
    refused(&text(31), "access.yaml:3:8: `teams` is a list (map-wrong-type)\n  expected a mapping");
}

#[test]
fn map_too_many_nodes() {
    refused(
        &format!("grants: [{}]\n", "0,".repeat(200_000)),
        "access.yaml:3:399984: the file holds too many values (map-too-many-nodes)\n  \
         expected at most 200,000 values\n  split the map into a folder of files",
    );
}

#[test]
fn map_empty() {
    let expected = "access.yaml:1:1: the file holds no map (map-empty)\n  \
                    expected a mapping that begins with `version: 1`";
    whole("", expected);
    whole("# nothing yet\n", expected);
    whole("---\n...\n", expected);
    let none = parse(&[]).unwrap_err().to_string();
    assert_eq!(none, ":1:1: there is no file to read a map from (map-empty)");
}

#[test]
fn map_many_documents() {
    refused(
        "---\nversion: 1\n",
        "access.yaml:3:1: a second document begins here (map-many-documents)\n  \
         keep one map in one file; a folder of files is one map too",
    );
}

#[test]
fn map_anchor() {
    refused(
        "guard: &g {max_removals: 1}\ninstance: &i x\n",
        "access.yaml:3:8: anchors and aliases are not allowed (map-anchor)\n  \
         write the value out in each place that needs it\n\
         access.yaml:4:11: anchors and aliases are not allowed (map-anchor)\n  \
         write the value out in each place that needs it",
    );
    refused(
        "networks: {a: &a {any_of: []}, b: *a}\n",
        "access.yaml:3:15: anchors and aliases are not allowed (map-anchor)\n  \
         write the value out in each place that needs it\n\
         access.yaml:3:35: anchors and aliases are not allowed (map-anchor)\n  \
         write the value out in each place that needs it",
    );
    refused(
        "personas: {p: {activities: [], buckets: [*]}}\n",
        "access.yaml:3:42: anchors and aliases are not allowed (map-anchor)\n  \
         quote text that begins with `*` or `&`",
    );
}

#[test]
fn map_tag() {
    refused(
        "instance: !secret x\n",
        "access.yaml:3:11: YAML tags are not allowed (map-tag)\n  \
         quote text that begins with `!`",
    );
}

#[test]
fn map_key_not_text() {
    refused(
        "teams:\n  [a]: {}\n  ? {b: c}\n  : {}\n  : {}\n",
        "access.yaml:4:3: a key is a list or a mapping (map-key-not-text)\n  \
         expected text before the colon\n  quote text that begins with `{` or `[`\n\
         access.yaml:5:5: a key is a list or a mapping (map-key-not-text)\n  \
         expected text before the colon\n  quote text that begins with `{` or `[`\n\
         access.yaml:7:3: a key is empty (map-key-not-text)\n  \
         expected text before the colon",
    );
}

#[test]
fn map_duplicate_key() {
    refused(
        "networks:\n  office: {any_of: []}\n  \"office\": {any_of: []}\n",
        "access.yaml:5:3: duplicate key `office`, first given at access.yaml:4:3 \
         (map-duplicate-key)\n  keep one of them",
    );
}

#[test]
fn map_missing_version() {
    whole(
        HEAD.strip_prefix("version: 1\n").unwrap(),
        "access.yaml:1:1: the file does not say its version (map-missing-version)\n  \
         expected `version: 1`",
    );
}

#[test]
fn map_unsupported_version() {
    whole(
        "version: 2\nteems: {}\n",
        "access.yaml:1:10: the version is `2` (map-unsupported-version)\n  expected `version: 1`",
    );
    whole(
        "version: \"1\"\n",
        "access.yaml:1:10: the version is text (map-unsupported-version)\n  \
         expected `version: 1`\n  write it without quotes",
    );
    whole(
        "version:\n",
        "access.yaml:1:1: the version is empty (map-unsupported-version)\n  expected `version: 1`",
    );
}

#[test]
fn map_unknown_key() {
    refused(
        "tems: {}\n",
        "access.yaml:3:1: unknown key `tems` (map-unknown-key)\n  expected one of `version`, \
         `instance`, `team_tag`, `directory`, `hub`, `identity_providers`, `domains`, `networks`, `personas`, \
         `teams`, `grants`, `grants_from`, `guard`, `offboarding`, `rollout`, `adopt` and 4 more\n  did you mean `teams`?",
    );
    refused(
        "guard:\n  max-removals: 1\n  people: 2\n",
        "access.yaml:4:3: unknown key `max-removals` (map-unknown-key)\n  \
         expected one of `max_removals`, `max_removals_percent`\n  did you mean `max_removals`?\n\
         access.yaml:5:3: unknown key `people` (map-unknown-key)\n  \
         expected one of `max_removals`, `max_removals_percent`",
    );
}

#[test]
fn map_missing_key() {
    whole(
        "version: 1\n",
        "access.yaml:1:1: the map lacks the key `directory` (map-missing-key)\n  \
         expected a mapping",
    );
    refused_in_world(
        "teams:\n  fraud: {domain: research}\n",
        "access.yaml:7:3: `fraud` lacks the key `network` (map-missing-key)\n  \
         expected the key of a network, or `anywhere`\n  \
         name a network, or write `network: anywhere` to let every request in",
    );
}

#[test]
fn map_one_of() {
    whole(
        "version: 1\ndirectory: {}\n",
        "access.yaml:2:1: `directory` holds none of `identity_center`, `scim`, `ldap`, `file`, \
         `sources` (map-one-of)\n  expected exactly one of them",
    );
    refused(
        "networks: {office: {any_of: [{}, {cidr: 10.0.0.0/8, vpce: vpce-0abc}]}}\n",
        "access.yaml:3:30: an item of `any_of` holds none of `cidr`, `vpc`, `vpce` (map-one-of)\n  \
         expected at least one of them\n\
         access.yaml:3:53: an item of `any_of` holds more than one of `vpce`, `cidr` \
         (map-one-of)\n  expected at most one of them",
    );
    refused(
        "networks: {office: {any_of: [{vpc: vpc-0abc, vpce: vpce-0abc}]}}\n",
        "access.yaml:3:46: an item of `any_of` holds more than one of `vpce`, `vpc` \
         (map-one-of)\n  expected at most one of them",
    );
}

#[test]
fn map_one_of_some_keys() {
    refused(
        "identity_providers:\n  corp: {}\n  tiles: {metadata: a.xml, metadata_url: \"https://a\"}\n",
        "access.yaml:4:3: `corp` holds none of `metadata`, `metadata_url` (map-one-of)\n  \
         expected exactly one of them\n\
         access.yaml:5:28: `tiles` holds more than one of `metadata`, `metadata_url` (map-one-of)\n  \
         expected exactly one of them",
    );
    refused_in_world(
        "identity_providers:\n corp: {metadata: a.xml, domain_attribute: domain-id,\n  \
         team_attribute: teamid}\n",
        "access.yaml:8:3: `corp` holds more than one of `team`, `team_attribute`, \
         `domain_attribute` (map-one-of)\n  expected at most one of them",
    );
}

#[test]
fn map_only_with() {
    refused(
        "identity_providers:\n corp: {metadata: a.xml, metadata_refresh: 1h}\n",
        "access.yaml:4:26: `corp` has `metadata_refresh` without `metadata_url` (map-only-with)",
    );
}

#[test]
fn map_unsupported() {
    refused(
        "offboarding: {home: delete}\n",
        "access.yaml:3:21: `delete` is not supported by this version (map-unsupported)\n  \
         expected `retain`",
    );
}

#[test]
fn map_wrong_type() {
    refused(
        "domains: {a: {domain_id: d-x, account_id: 012345678901, region: eu-west-1}}\n",
        "access.yaml:3:43: `account_id` is a number (map-wrong-type)\n  \
         expected an AWS account id (12 digits; quote it in YAML)\n  quote it: `\"012345678901\"`",
    );
    refused(
        "teams:\ngrants: {}\nguard: [1]\ninstance: true\n",
        "access.yaml:3:1: `teams` is empty (map-wrong-type)\n  expected a mapping\n  \
         write `{}` for an empty one, or leave the key out\n\
         access.yaml:4:9: `grants` is a mapping (map-wrong-type)\n  expected a list\n\
         access.yaml:5:8: `guard` is a list (map-wrong-type)\n  expected a mapping\n\
         access.yaml:6:11: `instance` is a boolean (map-wrong-type)\n  \
         expected an installation name (1 to 63 of a-z, 0-9 and single inner hyphens)\n  \
         quote it: `\"true\"`",
    );
    refused(
        "guard: {max_removals: \"5\"}\nidentity_providers: {a: {metadata: m, allow_unsolicited: yes}}\n",
        "access.yaml:3:23: `max_removals` is text (map-wrong-type)\n  \
         expected a whole number from 0 to 4294967295\n  write it without quotes\n\
         access.yaml:4:58: `allow_unsolicited` is text (map-wrong-type)\n  \
         expected `true` or `false`",
    );
    refused_team(
        "session: 30",
        "access.yaml:7:11: `session` is a number (map-wrong-type)\n  \
         expected a duration from 30m to 12h (such as `8h` or `90m`)\n  for example `8h`",
    );
    whole(
        "- version: 1\n",
        "access.yaml:1:1: the map is not a mapping (map-wrong-type)\n  \
         expected a mapping that begins with `version: 1`",
    );
}

#[test]
fn map_invalid_value() {
    refused(
        "teams: {Fraud: {}}\n",
        "access.yaml:3:9: `Fraud` cannot be a key of `teams` (map-invalid-value)\n  \
         expected a team key (1 to 26 of a-z, 0-9 and single inner hyphens)\n\
         access.yaml:3:9: `Fraud` holds none of `domain`, `domains`, `isolation` \
         (map-one-of)\n  expected exactly one of them\n\
         access.yaml:3:9: `Fraud` lacks the key `network` (map-missing-key)\n  \
         expected the key of a network, or `anywhere`\n  \
         name a network, or write `network: anywhere` to let every request in",
    );
    refused(
        "personas: {p: {activities: [run-studio-app]}}\n",
        "access.yaml:3:29: an item of `activities` cannot be `run-studio-app` \
         (map-invalid-value)\n  expected one of `run-studio-apps`, `manage-ml-jobs`, \
         `manage-models`, `manage-endpoints`, `manage-pipelines`, `manage-experiments`, \
         `search-experiments`, `manage-model-monitoring`, `access-aws-services`, `s3-access`, \
         `query-athena`, `manage-glue-tables`\n  did you mean `run-studio-apps`?",
    );
    refused(
        "networks: {a: {any_of: [{cidr: 10.0.0.1}, {cidr: \"::ffff:10.0.0.0/104\"}]}}\n",
        "access.yaml:3:32: `cidr` cannot be `10.0.0.1` (map-invalid-value)\n  \
         expected a network in CIDR notation\n  write `10.0.0.1/32`\n\
         access.yaml:3:50: `cidr` cannot be `::ffff:10.0.0.0/104` (map-invalid-value)\n  \
         expected a network in CIDR notation\n  write the IPv4 network itself",
    );
    refused_team(
        "landing: \"app:KernelGateway:\", space: -x",
        "access.yaml:7:11: `landing` cannot be `app:KernelGateway:` (map-invalid-value)\n  \
         expected a landing URI (`studio::PATH`, or `app:APP:PATH` with `JupyterServer`, \
         `JupyterLab`, `CodeEditor`, `RStudioServerPro` or `Canvas` as the app)\n\
         access.yaml:7:40: `space` cannot be `-x` (map-invalid-value)\n  \
         expected a space name (1 to 63 letters, digits and inner hyphens)",
    );
    refused_team(
        "user_settings: {a: [.inf, 1]}",
        "access.yaml:7:22: `.inf` is no number of JSON (map-invalid-value)\n  \
         quote it to mean text",
    );
    refused_grants(
        "{group: a, team: fraud, until: 2027-02-30}",
        "access.yaml:8:33: `until` cannot be `2027-02-30` (map-invalid-value)\n  \
         expected a date (`2027-01-31`, in UTC) or an RFC 3339 time (`2027-01-31T18:00:00Z`)",
    );
}

#[test]
fn map_invalid_value_of_an_identity_provider() {
    refused(
        "identity_providers: {a: {metadata: \"https://idp.example/metadata\"}}\n",
        "access.yaml:3:36: `metadata` cannot be `https://idp.example/metadata` \
         (map-invalid-value)\n  expected the path of a file, relative to the map's folder\n  \
         write an address as `metadata_url`, or commit the metadata beside the map",
    );
    refused(
        "identity_providers:\n a: {metadata_url: \"http://idp.example/m\"}\n \
         b: {metadata_url: \"https://me:secret@idp.example/m\"}\n",
        "access.yaml:4:20: `metadata_url` cannot be `http://idp.example/m` (map-invalid-value)\n  \
         expected an https address (http on a loopback address only)\n  \
         whoever can change what comes over http chooses the keys to trust\n\
         access.yaml:5:20: the address holds a user name or a password (map-invalid-value)\n  \
         expected an https address (http on a loopback address only)\n  \
         the map is no place for secrets; metadata is public",
    );
    refused(
        "identity_providers:\n a:\n  metadata: a.xml\n  name_id_format: transient\n  \
         request_binding: artifact\n  certificate_fingerprints:\n  - \
         DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09\n",
        "access.yaml:6:19: `name_id_format` cannot be `transient` (map-invalid-value)\n  \
         expected one of `email-address`, `persistent`, `unspecified`\n\
         access.yaml:7:20: `request_binding` cannot be `artifact` (map-invalid-value)\n  \
         expected one of `redirect`, `post`\n\
         access.yaml:9:5: an item of `certificate_fingerprints` cannot be \
         `DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09` (map-invalid-value)\n  \
         expected the SHA-256 fingerprint of a certificate (64 hexadecimal digits, in pairs with \
         colons or without)\n  this is SHA-1; ask for SHA-256",
    );
}

#[test]
fn map_out_of_range() {
    for (session, word) in [("29m", "short"), ("43201s", "long")] {
        refused_team(
            &format!("session: {session}"),
            &format!(
                "access.yaml:7:11: `{session}` is too {word} (map-out-of-range)\n  \
                 expected a duration from 30m to 12h (such as `8h` or `90m`)"
            ),
        );
    }
    refused(
        "guard: {max_removals_percent: 101, max_removals: -1}\noffboarding: {hold: 91d}\n",
        "access.yaml:3:31: `max_removals_percent` cannot be 101 (map-out-of-range)\n  \
         expected a whole number from 0 to 100\n\
         access.yaml:3:50: `max_removals` cannot be -1 (map-out-of-range)\n  \
         expected a whole number from 0 to 4294967295\n\
         access.yaml:4:21: `91d` is too long (map-out-of-range)\n  \
         expected a duration from 0d to 90d (such as `7d` or `36h`)",
    );
    refused_team(
        "link: 4s",
        "access.yaml:7:8: `4s` is too short (map-out-of-range)\n  \
         expected a duration from 5s to 5m (such as `5s`)",
    );
    refused(
        "identity_providers:\n a: {metadata_url: \"https://a\", metadata_refresh: 8d, \
         clock_skew: 3m}\n b: {metadata: b.xml, certificate_fingerprints: []}\n",
        "access.yaml:4:51: `8d` is too long (map-out-of-range)\n  \
         expected a duration from 5m to 7d (such as `12h`)\n\
         access.yaml:4:67: `3m` is too long (map-out-of-range)\n  \
         expected a duration from 0s to 2m (such as `60s`)\n\
         access.yaml:5:23: `certificate_fingerprints` is empty (map-out-of-range)\n  \
         expected at least one fingerprint\n  \
         leave the key out to trust every signing certificate of the metadata",
    );
    refused(
        "identity_providers:\n a: {metadata: a.xml, directories: []}\n",
        "access.yaml:4:23: `directories` is empty (map-out-of-range)\n  \
         expected at least one directory\n  \
         leave the key out to let the provider name people of every directory",
    );
    let tags: Vec<String> = (0..45).map(|n| format!("t{n}: x")).collect();
    refused_team(
        &format!("tags: {{{}}}", tags.join(", ")),
        "access.yaml:7:2: `tags` holds 45 keys (map-out-of-range)\n  expected at most 44",
    );
}

#[test]
fn map_host_bits() {
    refused(
        "networks: {office: {any_of: [{cidr: 10.100.10.7/24}]}}\n",
        "access.yaml:3:37: `10.100.10.7/24` is an address inside a network (map-host-bits)\n  \
         expected a network in CIDR notation\n  write `10.100.10.0/24`",
    );
}

#[test]
fn map_reserved_network() {
    refused(
        "networks: {anywhere: {any_of: []}}\n",
        "access.yaml:3:12: the network `anywhere` is built in (map-reserved-network)\n  \
         expected a network key (1 to 63 of a-z, 0-9 and single inner hyphens)\n  \
         choose another name, or refer to `anywhere` without defining it",
    );
}

#[test]
fn map_reserved_tag() {
    refused_team(
        "tags: {\"Stagedoor:team\": x, \"AWS:b\": y}",
        "access.yaml:7:9: the tag `Stagedoor:team` cannot be set (map-reserved-tag)\n  \
         expected a tag key (1 to 128 letters, digits, spaces or `_.:/=+-@`)\n  \
         tags that begin with `stagedoor:` are reserved\n\
         access.yaml:7:30: the tag `AWS:b` cannot be set (map-reserved-tag)\n  \
         expected a tag key (1 to 128 letters, digits, spaces or `_.:/=+-@`)\n  \
         tags that begin with `aws:` are reserved",
    );
}

#[test]
fn map_reserved_tag_that_is_the_team_tag_but_for_case() {
    let teams = |fraud: &str, demand: &str| {
        format!(
            "team_tag: Team\nteams:\n  fraud: {{domain: research, network: office{fraud}, tags: {{team: \
             demand, Team: fraud, Teams: x}}}}\n  demand: {{domain: research, network: office{demand}}}\n"
        )
    };
    let persona = ", persona: scientist";
    // To a wall, of whichever team, fraud's things would be demand's as well.
    for (fraud, demand) in [(persona, ""), ("", persona)] {
        refused_in_world(
            &teams(fraud, demand),
            "access.yaml:8:3: the tag `team` of the team `fraud` is the `team_tag` to policies, which know no \
             case (map-reserved-tag)\n  remove it, or write `Team`",
        );
    }
    // Where there is none, nothing compares it.
    let text = format!("{HEAD}{WORLD}{}", teams("", ""));
    let source = Source { name: "access.yaml".into(), text };
    assert_eq!(parse(&[source]).map(|map| map.teams.len()), Ok(2));
}

#[test]
fn map_reserved_setting() {
    refused_team(
        "user_settings: {ExecutionRole: x, a: [{executionrole: y}]}",
        "access.yaml:7:18: `ExecutionRole` cannot be set here (map-reserved-setting)\n  \
         write it as the team's `execution_role`\n\
         access.yaml:7:41: `executionrole` cannot be set here (map-reserved-setting)\n  \
         write it as the team's `execution_role`",
    );
}

#[test]
fn map_unknown_domain() {
    refused_in_world(
        &format!("teams: {{a: {{domain: reserch, network: office,{ROLE}}}}}\n"),
        "access.yaml:6:21: unknown domain `reserch` (map-unknown-domain)\n  \
         expected `research`\n  did you mean `research`?",
    );
}

#[test]
fn map_unknown_network() {
    refused_in_world(
        &format!("teams: {{a: {{domain: research, network: Office,{ROLE}}}}}\n"),
        "access.yaml:6:40: unknown network `Office` (map-unknown-network)\n  \
         expected one of `anywhere`, `office`\n  did you mean `office`?",
    );
}

#[test]
fn map_unknown_persona() {
    refused_team(
        "persona: admin",
        "access.yaml:7:11: unknown persona `admin` (map-unknown-persona)\n  expected one of `compute`, `data-scientist`, `mlops`, `scientist`",
    );
}

#[test]
fn map_unknown_team() {
    refused_grants(
        "{group: a, team: frod}",
        "access.yaml:8:19: unknown team `frod` (map-unknown-team)\n  expected `fraud`",
    );
    refused_grants(
        "{group: a, team: froud}",
        "access.yaml:8:19: unknown team `froud` (map-unknown-team)\n  expected `fraud`\n  \
         did you mean `fraud`?",
    );
}

#[test]
fn map_duplicate_domain() {
    refused(
        "domains:\n  a: {domain_id: d-x, account_id: \"111122223333\", region: eu-west-1}\n  \
         b: {domain_id: d-x, account_id: \"111122223333\", region: eu-west-2}\n  \
         c: {domain_id: d-x, account_id: \"111122223333\", region: eu-west-1}\n",
        "access.yaml:6:18: the domains `a` and `c` are one: `d-x` in eu-west-1 \
         (map-duplicate-domain)\n  keep `a` and let the teams of `c` refer to it",
    );
}

#[test]
fn map_account_mismatch() {
    refused(
        "domains: {a: {domain_id: d-x, account_id: \"111122223333\", region: eu-west-1,\n \
         assume_role: {arn: \"arn:aws:iam::444455556666:role/spoke\"}}}\n",
        "access.yaml:4:21: the role `arn:aws:iam::444455556666:role/spoke` is not in the \
         domain's account (map-account-mismatch)\n  \
         expected a role in account `111122223333`, not in `444455556666`",
    );
    refused_team(
        "execution_role: \"arn:aws:iam::444455556666:role/studio-{team}\"",
        "access.yaml:7:18: the role `arn:aws:iam::444455556666:role/studio-fraud` is not in the \
         domain's account (map-account-mismatch)\n  \
         expected a role in account `111122223333`, not in `444455556666`\n  \
         write `{account_id}` for the account",
    );
}

#[test]
fn map_unknown_placeholder() {
    refused_team(
        "execution_role: \"arn:aws:iam::{account}:role/a\"",
        "access.yaml:7:18: unknown placeholder `{account}` (map-unknown-placeholder)\n  \
         expected no braces but in `{account_id}`, `{domain}`, `{persona}`, `{region}`, `{team}`\n  \
         did you mean `{account_id}`?",
    );
    refused_grants(
        "{group: \"ml-{teem}\", team: \"{team}\"}, {group: \"a{\", team: \"{x}\"}",
        "access.yaml:8:10: unknown placeholder `{teem}` (map-unknown-placeholder)\n  \
         expected no braces but in `{team}`, `{persona}`\n  did you mean `{team}`?\n\
         access.yaml:8:48: `a{` holds `{` without `}` (map-unknown-placeholder)\n  \
         expected no braces but in `{team}`, `{persona}`\n\
         access.yaml:8:60: unknown placeholder `{x}` (map-unknown-placeholder)\n  \
         expected no braces but in `{team}`",
    );
}

#[test]
fn map_missing_persona() {
    refused_team(
        "execution_role: \"arn:aws:iam::{account_id}:role/{persona}\"",
        "access.yaml:7:18: the team `fraud` has no persona for `{persona}` (map-missing-persona)\n  \
         give the team a persona, or write the role without it",
    );
    refused_grants(
        "{group: \"a-{persona}\", team: fraud}",
        "access.yaml:8:10: the team `fraud` has no persona for `{persona}` (map-missing-persona)\n  \
         give the team a persona, or write the group without it",
    );
}

#[test]
fn map_invalid_role() {
    refused_team(
        "execution_role: \"arn:aws:iam::{account_id}:user/{team}\"",
        "access.yaml:7:18: the execution role would be `arn:aws:iam::111122223333:user/fraud` \
         (map-invalid-role)\n  expected the ARN of an IAM role \
         (`arn:aws:iam::111122223333:role/name`) with a name of at most 64 characters",
    );
    let name = "n".repeat(65);
    refused_team(
        &format!("execution_role: \"arn:aws:iam::{{account_id}}:role/{name}\""),
        &format!(
            "access.yaml:7:18: the execution role would be \
             `arn:aws:iam::111122223333:role/{}…` (map-invalid-role)\n  expected the ARN of an \
             IAM role (`arn:aws:iam::111122223333:role/name`) with a name of at most 64 characters",
            "n".repeat(80 - 31)
        ),
    );
}

#[test]
fn map_captured_team() {
    refused_grants(
        "{group: \"ml-{team}\", team: fraud}, {group: ml, team: \"{team}\"}",
        "access.yaml:8:29: the group captures the team, and the grant names `fraud` \
         (map-captured-team)\n  expected `team: \"{team}\"`, since the group holds `{team}`\n\
         access.yaml:8:45: the group `ml` captures no team (map-captured-team)\n  \
         expected a group with `{team}`, since the team is `{team}`",
    );
    refused_grants(
        "{group_id: g-1, team: \"{team}\"}",
        "access.yaml:8:13: the group `g-1` captures no team (map-captured-team)\n  expected a group with \
         `{team}`, since the team is `{team}`",
    );
}

#[test]
fn a_grant_names_its_group_in_one_way() {
    refused_grants(
        "{team: fraud}, {group: ml, group_id: g-1, team: fraud}",
        "access.yaml:8:2: an item of `grants` holds none of `group`, `group_id` (map-one-of)\n  expected exactly \
         one of them\naccess.yaml:8:29: an item of `grants` holds more than one of `group`, `group_id` \
         (map-one-of)\n  expected exactly one of them",
    );
    refused_grants(
        "{group_id: g-1, directory: identity-center, team: fraud}",
        "access.yaml:8:18: an item of `grants` has `directory` without `group` (map-only-with)",
    );
    refused_grants(
        "{group_id: \"ml-{team}\", team: fraud}",
        "access.yaml:8:13: `group_id` cannot be `ml-{team}` (map-invalid-value)\n  expected a directory's id of \
         a group, as `stagedoor directory show` prints it, without `{` and `}`",
    );
}

#[test]
fn map_empty_period() {
    refused_grants(
        "{group: a, team: fraud, from: 2027-01-31, until: 2027-01-30}",
        "access.yaml:8:51: the grant ends at 2027-01-31T00:00:00Z, not after it begins at \
         2027-01-31T00:00:00Z (map-empty-period)\n  expected a time after `from`",
    );
}

#[test]
fn map_unknown_isolation() {
    let role = "network: anywhere";
    refused_in_world(
        &format!("teams: {{a: {{isolation: secret, {role}}}}}\n"),
        "access.yaml:6:24: no domain has the isolation class `secret` (map-unknown-isolation)",
    );
}

#[test]
fn map_no_domain() {
    refused_in_world(
        "teams: {a: {domains: [], network: anywhere}}\n",
        "access.yaml:6:13: the team names no domain (map-no-domain)\n  expected at least one domain",
    );
    refused_in_world(
        "teams: {a: {domains: [research, research], network: anywhere}}\n",
        "access.yaml:6:33: the domain `research` is named twice (map-no-domain)\n  keep one of them",
    );
}

/// A map with a team `fraud`, whose line 8 holds the items of the adoptions.
#[track_caller]
fn refused_adoptions(items: &str, expected: &str) {
    let team = "teams: {fraud: {domain: research, network: office}}\n";
    refused_in_world(&format!("{team}adopt: [\n {items}\n ]\n"), expected);
}

#[test]
fn map_duplicate_adoption() {
    let one = "{domain: research, profile: alice, person: a@b.c, team: fraud}";
    refused_adoptions(
        &format!("{one},\n {}", one.replace("alice", "ALICE")),
        "access.yaml:9:2: the profile is already adopted at access.yaml:8:2 \
         (map-duplicate-adoption)\n  keep one of them",
    );
}

#[test]
fn map_mirrored_into_itself() {
    let center = "identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 }";
    whole(
        &format!("version: 1\ndirectory:\n {center}\n mirror:\n  {center}\n"),
        "access.yaml:5:3: the identity store would be mirrored into itself \
         (map-mirrored-into-itself)\n  people are read there already: leave `mirror` out",
    );
}

#[test]
fn map_adoption_elsewhere() {
    let two = WORLD.replace(
        "domains: {",
        "domains: {other: {domain_id: d-o, account_id: \"111122223333\", region: eu-west-1}, ",
    );
    let team = "teams: {fraud: {domain: research, network: office}}\n";
    whole(
        &format!(
            "{HEAD}{two}{team}adopt:\n - {{domain: other, profile: alice, person: a@b.c, team: \
             fraud}}\n"
        ),
        "access.yaml:8:4: the team `fraud` is not in the domain `other` (map-adoption-elsewhere)",
    );
}

#[test]
fn map_duplicate_grant() {
    refused_grants(
        "{group: a, team: fraud, until: 2027-01-31},\n {group: a, team: fraud},\n \
         {group: a, team: fraud, priority: 0, until: \"2027-02-01T00:00:00Z\"}",
        "access.yaml:10:2: the grant is already written at access.yaml:8:2 \
         (map-duplicate-grant)\n  keep one of them",
    );
}
