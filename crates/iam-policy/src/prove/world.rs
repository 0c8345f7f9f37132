//! What a request can look like: which values its context keys can have together.
//!
//! Nothing here is needed for a proof over [`World::Any`], where every key has any values or none,
//! whatever the others have. [`World::Aws`] leaves out requests that AWS's documentation rules out.

use crate::service_reference::GLOBAL_KEYS;
use std::collections::BTreeSet;

/// Which requests there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum World {
    /// Every combination of values.
    Any,
    /// Only those that AWS makes, by its documentation.
    Aws,
}

/// The documented facts that `World::Aws` rests on, as sentences.
pub const AWS_FACTS: [&str; 4] = [
    "A request comes by one path: over the internet it carries aws:SourceIp and none of aws:SourceVpc, \
     aws:SourceVpcArn, aws:SourceVpce, aws:VpcSourceIp; through a VPC endpoint all of these and no \
     aws:SourceIp; from a service on somebody's behalf none of the five.",
    "aws:ResourceTag/KEY and SERVICE:ResourceTag/KEY have the same value.",
    "aws:RequestTag/KEY is there exactly if aws:TagKeys holds KEY, in some case.",
    "Keys that AWS documents as single-valued have one value.",
];

const SOURCE_IP: &str = "aws:sourceip";
/// Keys that only requests through a VPC endpoint carry.
const ENDPOINT_KEYS: [&str; 4] =
    ["aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce", "aws:vpcsourceip"];
pub(super) const TAG_KEYS: &str = "aws:tagkeys";
const REQUEST_TAG: &str = "aws:requesttag/";
const RESOURCE_TAG: &str = ":resourcetag/";
/// Always in a request about a resource, so its absence is no case.
const ALWAYS: &str = "aws:resourceaccount";

impl World {
    /// The name under which keys are looked at that always have the same values.
    pub(super) fn canonical(self, key: &str) -> String {
        match (self, key.split_once(RESOURCE_TAG)) {
            (Self::Aws, Some((_, tag))) => format!("aws{RESOURCE_TAG}{tag}"),
            _ => key.to_owned(),
        }
    }

    /// Whether a request can carry several values of the key.
    pub(super) fn several(self, key: &str) -> bool {
        let single = || {
            key.contains(RESOURCE_TAG)
                || GLOBAL_KEYS.iter().any(|global| !global.key.multivalued && global.key.is(key))
        };
        key != ALWAYS && (self == Self::Any || !single())
    }

    /// Keys that must be looked at together with this one, if they occur.
    pub(super) fn coupled(self, one: &str, other: &str) -> bool {
        let network = |key: &str| key == SOURCE_IP || ENDPOINT_KEYS.contains(&key);
        let tags = |key: &str| key == TAG_KEYS || key.starts_with(REQUEST_TAG);
        self == Self::Aws && (network(one) && network(other) || tags(one) && tags(other))
    }

    /// The cases in which these keys can stand to each other.
    pub(super) fn cases(self, keys: &BTreeSet<String>) -> Vec<Case> {
        let mut cases = vec![Case::default()];
        if keys.contains(ALWAYS) {
            for case in &mut cases {
                case.present.insert(ALWAYS.to_owned());
            }
        }
        if self == Self::Any {
            return cases;
        }
        if keys.contains(SOURCE_IP) || ENDPOINT_KEYS.iter().any(|key| keys.contains(*key)) {
            cases = cases.iter().flat_map(Case::by_path).collect();
        }
        if keys.contains(TAG_KEYS) {
            for tag in keys.iter().filter_map(|key| key.strip_prefix(REQUEST_TAG)) {
                cases = cases.iter().flat_map(|case| case.by_tag(tag)).collect();
            }
        }
        cases
    }
}

/// One way in which keys can stand to each other.
#[derive(Debug, Clone, Default)]
pub(super) struct Case {
    absent: BTreeSet<String>,
    present: BTreeSet<String>,
    /// Tags that the request sends, and those it does not, in lower case.
    pub(super) tags: BTreeSet<String>,
    pub(super) no_tags: BTreeSet<String>,
}

impl Case {
    /// Over the internet, through an endpoint, by a service.
    fn by_path(&self) -> [Self; 3] {
        let mut cases = [self.clone(), self.clone(), self.clone()];
        let [internet, endpoint, service] = &mut cases;
        internet.present.insert(SOURCE_IP.to_owned());
        endpoint.absent.insert(SOURCE_IP.to_owned());
        service.absent.insert(SOURCE_IP.to_owned());
        for key in ENDPOINT_KEYS {
            internet.absent.insert(key.to_owned());
            endpoint.present.insert(key.to_owned());
            service.absent.insert(key.to_owned());
        }
        cases
    }

    /// With and without a tag.
    fn by_tag(&self, tag: &str) -> [Self; 2] {
        let key = format!("{REQUEST_TAG}{tag}");
        let (mut with, mut without) = (self.clone(), self.clone());
        with.present.insert(key.clone());
        with.tags.insert(tag.to_owned());
        without.absent.insert(key);
        without.no_tags.insert(tag.to_owned());
        [with, without]
    }

    /// Whether a key can have these values; none: it is missing.
    pub(super) fn admits(&self, key: &str, values: &[String]) -> bool {
        let sent = |tag: &String| values.iter().any(|value| value.to_lowercase() == *tag);
        let tags = key != TAG_KEYS || self.tags.iter().all(sent) && !self.no_tags.iter().any(sent);
        tags && !(values.is_empty() && self.present.contains(key))
            && (values.is_empty() || !self.absent.contains(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    #[test]
    fn the_public_path_and_the_endpoint_exclude_each_other() {
        let cases = World::Aws.cases(&keys(&["aws:sourceip", "aws:sourcevpc"]));
        let some = ["x".to_owned()];
        let told: Vec<(bool, bool)> = cases
            .iter()
            .map(|case| (case.admits("aws:sourceip", &some), case.admits("aws:sourcevpc", &some)))
            .collect();
        assert_eq!(told, [(true, false), (false, true), (false, false)]);
        assert_eq!(cases.iter().filter(|case| case.admits("aws:sourceip", &[])).count(), 2);
        assert_eq!(World::Any.cases(&keys(&["aws:sourceip", "aws:sourcevpc"])).len(), 1);
    }

    #[test]
    fn a_sent_tag_is_among_the_tag_keys_in_some_case() {
        let cases = World::Aws.cases(&keys(&["aws:requesttag/team", "aws:tagkeys"]));
        let [with, without] = cases.as_slice() else { panic!("{cases:?}") };
        let (team, other) = (["TEAM".to_owned()], ["x".to_owned()]);
        assert!(with.admits("aws:tagkeys", &team) && !with.admits("aws:tagkeys", &other));
        assert!(!with.admits("aws:tagkeys", &[]) && !with.admits("aws:requesttag/team", &[]));
        assert!(!without.admits("aws:tagkeys", &team) && without.admits("aws:tagkeys", &other));
        assert!(
            without.admits("aws:tagkeys", &[]) && !without.admits("aws:requesttag/team", &other)
        );
    }

    #[test]
    fn tags_of_a_resource_have_one_name_and_one_value() {
        assert_eq!(World::Aws.canonical("sagemaker:resourcetag/team"), "aws:resourcetag/team");
        assert_eq!(
            World::Any.canonical("sagemaker:resourcetag/team"),
            "sagemaker:resourcetag/team"
        );
        assert!(!World::Aws.several("sagemaker:resourcetag/team"));
        assert!(World::Aws.several("aws:tagkeys") && World::Aws.several("x:unheardof"));
        assert!(!World::Aws.several("aws:sourceip") && World::Any.several("aws:sourceip"));
    }
}
