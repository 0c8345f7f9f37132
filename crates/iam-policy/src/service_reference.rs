//! AWS's service authorization reference, as data: which actions there are, on what, and which
//! condition keys a request of each carries.
//!
//! The data is a snapshot, `data/service-reference.txt`, made by `cargo xtask iam-data` from the
//! packages that the file names, with their dates. It is text inside the binary: a service is read
//! when it is first asked for, and stays. Global condition keys are not in those packages; they are
//! in `global_keys`. Where datasets differ, both are accepted (`differences`).
//!
//! ```
//! use iam_policy::service_reference::{self, AccessLevel};
//!
//! let action = service_reference::action("sagemaker:createpresigneddomainurl").unwrap();
//! assert_eq!(action.to_string(), "sagemaker:CreatePresignedDomainUrl");
//! assert_eq!(action.level, AccessLevel::Write);
//! assert_eq!(
//!     action.resources().next().unwrap().resource_type.arns,
//!     ["arn:${Partition}:sagemaker:${Region}:${Account}:user-profile/${DomainId}/${UserProfileName}"]
//! );
//! assert!(action.sees("aws:SourceVpc") && !action.sees("sagemaker:InstanceTypes"));
//! ```

mod arn;
mod differences;
mod global_keys;
mod read;
#[cfg(test)]
mod tests;
mod unknown;

pub use arn::ArnTemplate;
pub use differences::spellings;
#[cfg(test)]
pub(crate) use global_keys::covers;
pub use global_keys::{Availability, GLOBAL_KEYS, GlobalKey};
pub(crate) use global_keys::{WITHOUT_RESOURCE_ACCOUNT, carries_resource_account};
pub use unknown::unknown;
pub(crate) use unknown::{nearest, unknown_action, unknown_service};

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{LazyLock, OnceLock};

const TEXT: &str = include_str!("../data/service-reference.txt");

/// What the snapshot may cost in the binary, in bytes.
const LARGEST: usize = 1_100_000;
const _: () = assert!(TEXT.len() <= LARGEST, "the snapshot outgrew what it may cost");

/// What an action does, by AWS's own classification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccessLevel {
    /// Lists what there is.
    List,
    /// Reads contents.
    Read,
    /// Creates, changes or deletes.
    Write,
    /// Changes only tags.
    Tagging,
    /// Changes who may do what.
    PermissionsManagement,
}

/// The type of a condition key's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the language's own words")]
pub enum ValueType {
    String,
    Arn,
    Bool,
    Numeric,
    Date,
    IpAddress,
}

impl ValueType {
    /// What it is called, in the plural, with the operators that go with it: `ARNs (ArnLike)`.
    pub fn describe(self) -> &'static str {
        match self {
            Self::String => "texts (StringEquals, StringLike)",
            Self::Arn => "ARNs (ArnLike, ArnEquals)",
            Self::Bool => "booleans (Bool)",
            Self::Numeric => "numbers (NumericEquals, NumericLessThan …)",
            Self::Date => "dates (DateLessThan, DateGreaterThan …)",
            Self::IpAddress => "IP addresses (IpAddress, NotIpAddress)",
        }
    }
}

/// A condition key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConditionKey {
    /// Its name; a part in `${…}` or `<…>` stands for any text: `aws:RequestTag/${TagKey}`.
    pub name: &'static str,
    /// The type of its values.
    pub value_type: ValueType,
    /// Whether a request can carry several values of it.
    pub multivalued: bool,
}

impl ConditionKey {
    /// Whether this key is meant by `key`. Keys are not case-sensitive; what stands for `${TagKey}`
    /// must be at least one character.
    pub fn is(&self, key: &str) -> bool {
        matches_template(self.name, key)
    }
}

/// A kind of resource that policies can name.
#[derive(Debug)]
pub struct ResourceType {
    /// Its name: `user-profile`.
    pub name: &'static str,
    /// Its ARNs, nearly always one; `${…}` stands for any text.
    pub arns: Vec<&'static str>,
    keys: Vec<usize>,
}

/// An action.
#[derive(Debug)]
pub struct Action {
    /// The prefix of its service: `sagemaker`.
    pub service: &'static str,
    /// Its name: `CreateApp`.
    pub name: &'static str,
    /// What it does.
    pub level: AccessLevel,
    /// Actions that it may need as well, with their service.
    pub dependent_actions: Vec<&'static str>,
    resources: Vec<ResourceUse>,
    keys: Vec<usize>,
}

/// A resource type that an action works on.
#[derive(Debug)]
struct ResourceUse {
    resource_type: usize,
    required: bool,
    keys: Vec<usize>,
}

/// A resource type that an action works on, as [`Action::resources`] gives it.
#[derive(Debug, Clone, Copy)]
pub struct ActionResource<'a> {
    /// The resource type.
    pub resource_type: &'a ResourceType,
    /// Whether the action always names a resource of this type.
    pub required: bool,
}

/// A service and all it has.
#[derive(Debug)]
pub struct Service {
    /// Its prefix in actions: `sagemaker`.
    pub prefix: &'static str,
    keys: Vec<ConditionKey>,
    resource_types: Vec<ResourceType>,
    actions: Vec<Action>,
    /// Numbers of keys that no action and no resource type lists: whether a request carries them
    /// cannot be told.
    unlisted: Vec<usize>,
}

struct Entry {
    text: &'static str,
    service: OnceLock<Service>,
}

static SERVICES: LazyLock<BTreeMap<&'static str, Entry>> = LazyLock::new(|| {
    let blocks = TEXT.split("\n@").skip(1).filter_map(|block| block.split_once('\n'));
    blocks.map(|(prefix, text)| (prefix, Entry { text, service: OnceLock::new() })).collect()
});

/// The prefixes of all services, in order.
pub fn services() -> impl Iterator<Item = &'static str> {
    SERVICES.keys().copied()
}

/// A service by its prefix, which is not case-sensitive.
pub fn service(prefix: &str) -> Option<&'static Service> {
    let (prefix, entry) = SERVICES.get_key_value(prefix.to_ascii_lowercase().as_str())?;
    Some(entry.service.get_or_init(|| read::service(prefix, entry.text)))
}

/// An action by its full name, `sagemaker:CreateApp`, which is not case-sensitive.
pub fn action(name: &str) -> Option<&'static Action> {
    let (prefix, name) = name.split_once(':')?;
    service(prefix)?.action(name)
}

/// The actions that a pattern of an `Action` element matches: `sagemaker:*App`, with `*` and `?`. A
/// pattern over all services reads all of them.
pub fn actions_matching(pattern: &str) -> Vec<&'static Action> {
    let Some((prefix, name)) = pattern.split_once(':') else {
        let all = if pattern.chars().all(|c| c == '*') && !pattern.is_empty() { "*" } else { "" };
        return services().filter_map(service).flat_map(|s| s.matching(all)).collect();
    };
    if prefix.contains(['*', '?']) {
        let found = services().filter(|candidate| arn::glob(prefix, candidate));
        return found.filter_map(service).flat_map(|s| s.matching(name)).collect();
    }
    service(prefix).into_iter().flat_map(|s| s.matching(name)).collect()
}

/// A condition key of any service, or a global one, by its name in a policy:
/// `aws:RequestTag/Team`. Services may type a key differently; the one named in the key wins.
pub fn condition_key(key: &str) -> Option<ConditionKey> {
    if let Some(global) = global_keys::find(key) {
        return Some(global.key);
    }
    let prefix = key.split(':').next().unwrap_or_default();
    let own = service(prefix).and_then(|service| service.condition_key(key));
    own.or_else(|| services().filter_map(service).find_map(|service| service.condition_key(key)))
}

impl Service {
    /// Its actions, in the order of their names.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// An action by its name without the service, which is not case-sensitive.
    pub fn action(&self, name: &str) -> Option<&Action> {
        let name = name.to_ascii_lowercase();
        let found = self.actions.binary_search_by(|a| a.name.to_ascii_lowercase().cmp(&name));
        found.ok().and_then(|index| self.actions.get(index))
    }

    /// Its resource types, in the order of their names.
    pub fn resource_types(&self) -> &[ResourceType] {
        &self.resource_types
    }

    /// One of its condition keys, by its name in a policy.
    pub fn condition_key(&self, key: &str) -> Option<ConditionKey> {
        self.keys.iter().find(|known| known.is(key)).copied()
    }

    /// Its condition keys.
    pub fn condition_keys(&self) -> &[ConditionKey] {
        &self.keys
    }

    /// The actions that list one of two condition keys and not the other.
    pub(crate) fn listing_one_of(&self, one: &str, other: &str) -> Vec<&Action> {
        let meant = |key: &str| -> Vec<bool> { self.keys.iter().map(|own| own.is(key)).collect() };
        let (one, other) = (meant(one), meant(other));
        let lists = |action: &Action, meant: &[bool]| {
            action.numbers(self).any(|number| meant.get(number) == Some(&true))
        };
        let apart = |action: &&Action| lists(action, &one) != lists(action, &other);
        self.actions.iter().filter(apart).collect()
    }

    fn matching(&self, pattern: &str) -> impl Iterator<Item = &Action> {
        self.actions.iter().filter(move |action| arn::glob(pattern, action.name))
    }

    fn named(&self, numbers: &[usize]) -> impl Iterator<Item = &ConditionKey> {
        numbers.iter().filter_map(|number| self.keys.get(*number))
    }
}

impl Action {
    /// Whether this is its full name, which is not case-sensitive.
    pub fn is(&self, name: &str) -> bool {
        name.split_once(':').is_some_and(|(service, action)| {
            service.eq_ignore_ascii_case(self.service) && action.eq_ignore_ascii_case(self.name)
        })
    }

    /// The resource types it works on; none: it knows only `*`.
    pub fn resources(&self) -> impl Iterator<Item = ActionResource<'static>> {
        let service = service(self.service);
        let uses = self.resources.iter().map(|used| (used.resource_type, used.required));
        let uses: Vec<_> = uses.collect();
        uses.into_iter().filter_map(move |(number, required)| {
            let resource_type = service?.resource_types.get(number)?;
            Some(ActionResource { resource_type, required })
        })
    }

    /// The condition keys that its requests can carry, without global ones that every request can
    /// carry: its own, and those of the resources it works on.
    pub fn condition_keys(&self) -> Vec<ConditionKey> {
        let Some(service) = service(self.service) else { return Vec::new() };
        let mut numbers: Vec<usize> = self.numbers(service).collect();
        numbers.sort_unstable();
        numbers.dedup();
        service.named(&numbers).copied().collect()
    }

    /// The numbers of its condition keys in its service, some more than once.
    fn numbers<'a>(&'a self, service: &'a Service) -> impl Iterator<Item = usize> + 'a {
        let of_resources = self.resources.iter().flat_map(|used| {
            let of_type = service.resource_types.get(used.resource_type).into_iter();
            used.keys.iter().chain(of_type.flat_map(|resource_type| &resource_type.keys))
        });
        self.keys.iter().chain(of_resources).copied()
    }

    /// Whether the reference lists this key for the action or a resource it works on.
    pub(crate) fn lists(&self, key: &str) -> bool {
        self.condition_keys().iter().any(|known| known.is(key))
    }

    /// Whether a request of this action can carry this key.
    ///
    /// Global keys that are not about tags are carried by every request, as far as anybody can tell
    /// without the request. So are keys of a service that the reference lists at no action: those of
    /// sessions, as `sagemaker:UserProfileName`.
    pub fn sees(&self, key: &str) -> bool {
        if global_keys::find(key)
            .is_some_and(|global| global.availability != Availability::ByAction)
        {
            return true;
        }
        let Some(service) = service(self.service) else { return false };
        let names = spellings(key);
        let is_meant = |known: &ConditionKey| names.iter().any(|name| known.is(name));
        if self.condition_keys().iter().any(is_meant) {
            return true;
        }
        names.len() == 1 && service.named(&service.unlisted).any(is_meant)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.name)
    }
}

/// Whether a name is one that a template with one part in `${…}` or `<…>` stands for.
fn matches_template(template: &str, name: &str) -> bool {
    let (template, name) = (template.to_ascii_lowercase(), name.to_ascii_lowercase());
    let Some((before, rest)) = template.split_once("${").or_else(|| template.split_once('<'))
    else {
        return template == name;
    };
    let after = rest.split_once(['}', '>']).map_or("", |(_, after)| after);
    let middle = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    middle.is_some_and(|middle| !middle.is_empty())
}
