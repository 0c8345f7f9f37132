//! What a request can look like: which values its context keys can have together.
//!
//! Nothing here is needed for a proof over [`World::Any`], where every key has any values or none,
//! whatever the others have. [`World::Aws`] leaves out requests that AWS's documentation rules out.

use crate::service_reference::{
    self, GLOBAL_KEYS, WITHOUT_RESOURCE_ACCOUNT, carries_resource_account,
};
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
pub const AWS_FACTS: [&str; 5] = [
    "A request comes by one path: over the internet it carries aws:SourceIp and none of aws:SourceVpc, \
     aws:SourceVpcArn, aws:SourceVpce, aws:VpcSourceIp; through a VPC endpoint all of these and no \
     aws:SourceIp; from a service on somebody's behalf none of the five.",
    "aws:ResourceTag/KEY and SERVICE:ResourceTag/KEY have the same value in requests of SERVICE's \
     actions, unless only one of them is listed there; others carry SERVICE:ResourceTag/KEY only if \
     their service lists it.",
    "aws:RequestTag/KEY is there exactly if aws:TagKeys holds KEY, in some case.",
    "Keys that AWS documents as single-valued have one value.",
    "Every request carries aws:ResourceAccount, except of actions that AWS documents not to support it: \
     all of EBS and EventBridge, some of EC2, Route 53, WorkSpaces and of those that accept invitations.",
];

const SOURCE_IP: &str = "aws:sourceip";
/// Keys that only requests through a VPC endpoint carry.
const ENDPOINT_KEYS: [&str; 4] =
    ["aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce", "aws:vpcsourceip"];
pub(super) const TAG_KEYS: &str = "aws:tagkeys";
const REQUEST_TAG: &str = "aws:requesttag/";
const RESOURCE_TAG: &str = ":resourcetag/";
const RESOURCE_ACCOUNT: &str = "aws:resourceaccount";

/// Services of which actions carry another one's `SERVICE:ResourceTag/KEY`, after that one.
const CARRIED_BY_OTHERS: [(&str, &str); 4] = [
    ("ec2", "ec2-instance-connect"),
    ("elasticloadbalancing", "arc-zonal-shift"),
    ("iam", "codestar"),
    ("iam", "sts"),
];

/// How a service's own key of tags stands to `aws:ResourceTag/KEY`, in requests of some action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum OwnTag {
    /// It is the same.
    Same,
    /// It is another key.
    Other,
    /// No request has it.
    Missing,
}

/// What is to be known of an action, as far as some key makes it matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Traits {
    /// Whether `aws:ResourceAccount` is always there.
    resource_account: bool,
    /// Keys of tags of a service, in lower case.
    own_tags: Vec<(String, OwnTag)>,
}

impl Traits {
    /// The name under which keys are looked at that always have the same values.
    pub(super) fn canonical(&self, key: &str) -> String {
        match self.own_tag(key) {
            Some(OwnTag::Same) => of_all(key),
            _ => key.to_owned(),
        }
    }

    fn own_tag(&self, key: &str) -> Option<OwnTag> {
        self.own_tags.iter().find(|(known, _)| known == key).map(|(_, is)| *is)
    }
}

impl World {
    /// The traits of an action, for documents with these keys.
    pub(super) fn traits(self, keys: &BTreeSet<&str>, action: &str) -> Traits {
        if self == Self::Any {
            return Traits::default();
        }
        let action = action.to_ascii_lowercase();
        let tags = keys.iter().filter_map(|key| Some((*key, own_tag(key, &action)?)));
        Traits {
            resource_account: keys.contains(RESOURCE_ACCOUNT) && carries_resource_account(&action),
            own_tags: tags.map(|(key, is)| (key.to_owned(), is)).collect(),
        }
    }

    /// Patterns of actions in lower case: all actions that match the same of them have the same traits.
    pub(super) fn telling(self, keys: &BTreeSet<&str>) -> BTreeSet<String> {
        if self == Self::Any {
            return BTreeSet::new();
        }
        let mut told = BTreeSet::new();
        if keys.contains(RESOURCE_ACCOUNT) {
            told.extend(WITHOUT_RESOURCE_ACCOUNT.map(str::to_owned));
        }
        for key in keys {
            let Some(service) = service_of_tag(key) else { continue };
            told.insert(format!("{service}:*"));
            let others = CARRIED_BY_OTHERS.iter().filter(|(whose, _)| *whose == service);
            told.extend(others.map(|(_, other)| format!("{other}:*")));
            let known = service_reference::service(service);
            let known = known.filter(|known| known.condition_key(key).is_some());
            let apart = known.into_iter().flat_map(|known| known.listing_one_of(key, &of_all(key)));
            told.extend(apart.map(|action| action.to_string().to_ascii_lowercase()));
        }
        told
    }

    /// Whether a request can carry several values of the key.
    pub(super) fn several(self, key: &str) -> bool {
        let single = || {
            key.contains(RESOURCE_TAG)
                || GLOBAL_KEYS.iter().any(|global| !global.key.multivalued && global.key.is(key))
        };
        key != RESOURCE_ACCOUNT && (self == Self::Any || !single())
    }

    /// Keys that must be looked at together with this one, if they occur.
    pub(super) fn coupled(self, one: &str, other: &str) -> bool {
        let network = |key: &str| key == SOURCE_IP || ENDPOINT_KEYS.contains(&key);
        let tags = |key: &str| key == TAG_KEYS || key.starts_with(REQUEST_TAG);
        self == Self::Aws && (network(one) && network(other) || tags(one) && tags(other))
    }

    /// The cases in which these keys can stand to each other, in requests of an action with these
    /// traits.
    pub(super) fn cases(self, keys: &BTreeSet<String>, traits: &Traits) -> Vec<Case> {
        let mut cases = vec![Case::default()];
        if self == Self::Any {
            return cases;
        }
        for case in &mut cases {
            if traits.resource_account {
                case.present.insert(RESOURCE_ACCOUNT.to_owned());
            }
            let missing = |key: &&String| traits.own_tag(key) == Some(OwnTag::Missing);
            case.absent.extend(keys.iter().filter(missing).cloned());
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

/// The service in `SERVICE:ResourceTag/KEY`, but for the key that all have.
fn service_of_tag(key: &str) -> Option<&str> {
    key.split_once(RESOURCE_TAG).map(|(service, _)| service).filter(|service| *service != "aws")
}

/// The key that all services have, for the same tag.
fn of_all(key: &str) -> String {
    let (_, tag) = key.split_once(RESOURCE_TAG).unwrap_or_default();
    format!("aws{RESOURCE_TAG}{tag}")
}

/// What `SERVICE:ResourceTag/KEY` is in requests of an action, both in lower case.
fn own_tag(key: &str, action: &str) -> Option<OwnTag> {
    let service = service_of_tag(key)?;
    let (prefix, _) = action.split_once(':').unwrap_or((action, ""));
    if prefix != service {
        let carried = CARRIED_BY_OTHERS.contains(&(service, prefix));
        return Some(if carried { OwnTag::Other } else { OwnTag::Missing });
    }
    // Of what is not known, what holds of the service's other actions.
    let known = service_reference::service(service).and_then(|known| known.condition_key(key));
    let alike = service_reference::action(action)
        .is_none_or(|action| action.lists(key) == action.lists(&of_all(key)));
    Some(if known.is_some() && alike { OwnTag::Same } else { OwnTag::Other })
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
    /// The case with these keys in every request.
    pub(super) fn with(mut self, keys: &[&str]) -> Self {
        self.present.extend(keys.iter().map(|key| (*key).to_owned()));
        self
    }

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
    use crate::service_reference::covers;

    fn keys(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    #[test]
    fn the_public_path_and_the_endpoint_exclude_each_other() {
        let cases = World::Aws.cases(&keys(&["aws:sourceip", "aws:sourcevpc"]), &Traits::default());
        let some = ["x".to_owned()];
        let told: Vec<(bool, bool)> = cases
            .iter()
            .map(|case| (case.admits("aws:sourceip", &some), case.admits("aws:sourcevpc", &some)))
            .collect();
        assert_eq!(told, [(true, false), (false, true), (false, false)]);
        assert_eq!(cases.iter().filter(|case| case.admits("aws:sourceip", &[])).count(), 2);
        let any = World::Any.cases(&keys(&["aws:sourceip", "aws:sourcevpc"]), &Traits::default());
        assert_eq!(any.len(), 1);
    }

    #[test]
    fn a_sent_tag_is_among_the_tag_keys_in_some_case() {
        let keys = keys(&["aws:requesttag/team", "aws:tagkeys"]);
        let cases = World::Aws.cases(&keys, &Traits::default());
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
    fn a_services_own_tag_is_the_same_in_requests_of_its_own_actions() {
        let key = "sagemaker:resourcetag/team";
        let name = |world: World, key: &str, action: &str| {
            world.traits(&BTreeSet::from([key]), action).canonical(key)
        };
        assert_eq!(name(World::Aws, key, "SageMaker:createApp"), "aws:resourcetag/team");
        assert_eq!(name(World::Aws, key, "sagemaker:NobodyKnows"), "aws:resourcetag/team");
        assert_eq!(name(World::Any, key, "sagemaker:CreateApp"), key);
        // Of another service; not listed beside the other; of a service that has no such key.
        for (key, action) in [
            (key, "s3:GetObject"),
            ("iam:resourcetag/team", "iam:GetPolicy"),
            ("s3:resourcetag/team", "s3:GetObject"),
        ] {
            assert_eq!(name(World::Aws, key, action), key, "{action}");
        }
        assert!(!World::Aws.several(key));
        assert!(World::Aws.several("aws:tagkeys") && World::Aws.several("x:unheardof"));
        assert!(!World::Aws.several("aws:sourceip") && World::Any.several("aws:sourceip"));
    }

    #[test]
    fn a_services_own_tag_is_missing_elsewhere_unless_it_is_listed() {
        let key = "iam:resourcetag/team";
        let admits = |action: &str| {
            let traits = World::Aws.traits(&BTreeSet::from([key]), action);
            let cases = World::Aws.cases(&keys(&[key]), &traits);
            let [case] = cases.as_slice() else { panic!("{cases:?}") };
            (case.admits(key, &[]), case.admits(key, &["x".to_owned()]))
        };
        assert_eq!(admits("s3:GetObject"), (true, false));
        assert_eq!(admits("sts:AssumeRole"), (true, true));
        assert_eq!(admits("iam:PassRole"), (true, true));
    }

    #[test]
    fn others_carry_a_services_own_tag_where_the_reference_lists_it() {
        let lists = |service: &str, prefix: &str| {
            let all = service_reference::service(service).into_iter();
            let mut keys = all.flat_map(service_reference::Service::condition_keys);
            keys.any(|known| known.is(&format!("{prefix}{RESOURCE_TAG}x")))
        };
        let found: BTreeSet<(&str, &str)> = service_reference::services()
            .flat_map(|whose| service_reference::services().map(move |other| (whose, other)))
            .filter(|(whose, other)| whose != other && lists(other, whose))
            .collect();
        assert_eq!(found, BTreeSet::from(CARRIED_BY_OTHERS));
    }

    #[test]
    fn the_account_of_the_resource_is_there_but_for_the_actions_that_are_named() {
        let key = "aws:resourceaccount";
        let may_be_missing = |world: World, action: &str| {
            let traits = world.traits(&BTreeSet::from([key]), action);
            world.cases(&keys(&[key]), &traits).iter().all(|case| case.admits(key, &[]))
        };
        for action in ["ec2:CopySnapshot", "events:PutEvents", "EBS:Anything"] {
            assert!(may_be_missing(World::Aws, action), "{action}");
        }
        for action in ["ec2:CreateTags", "s3:GetObject", "eventsource:x"] {
            assert!(!may_be_missing(World::Aws, action), "{action}");
            assert!(may_be_missing(World::Any, action), "{action}");
        }
        assert!(!World::Any.several(key));
    }

    #[test]
    fn actions_that_no_pattern_tells_apart_have_the_same_traits() {
        let keys: BTreeSet<&str> =
            BTreeSet::from(["aws:resourceaccount", "iam:resourcetag/x", "sagemaker:resourcetag/x"]);
        let patterns = World::Aws.telling(&keys);
        let mut found = std::collections::BTreeMap::new();
        let services = ["ec2", "iam", "s3", "sagemaker", "sts", "codestar", "workspaces", "events"];
        let known = services.into_iter().filter_map(service_reference::service);
        for action in known.flat_map(service_reference::Service::actions) {
            let name = action.to_string().to_ascii_lowercase();
            let matched: Vec<&String> = patterns.iter().filter(|one| covers(one, &name)).collect();
            let traits = World::Aws.traits(&keys, &name);
            assert_eq!(*found.entry(matched).or_insert_with(|| traits.clone()), traits, "{name}");
        }
    }
}
