//! The functions that Stagedoor is on Lambda: one code, four roles, each with what it needs.

use crate::ids::RoleArn;
use crate::map::{Hub, HubService};
use crate::permissions::Feature;

/// A function. What wakes it tells which one it is; its code is that of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// Behind the gateway: lets people in.
    Door,
    /// Reads events of the directory and puts people into the work queue.
    Events,
    /// Works on people of the queues.
    Work,
    /// Each minute: work that is due, and the full pass.
    Timer,
}

impl Function {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Door, Self::Events, Self::Work, Self::Timer];

    /// What the names of its role and of its log group end with.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Door => "door",
            Self::Events => "events",
            Self::Work => "work",
            Self::Timer => "timer",
        }
    }

    /// What it needs to be allowed. `Diagnose` is for people at a terminal, who come as themselves.
    pub const fn features(self) -> &'static [Feature] {
        use Feature as F;
        match self {
            // Makes or adopts the profile of whoever is let in. Takes away what somebody there asks for:
            // whoever stops their own apps, and admins with the first pass of an offboarding. Of
            // secrets, each function has what the map names for its work; the SAML key is its alone.
            Self::Door => &[
                F::Directory,
                F::Assign,
                F::Spokes,
                F::Secrets,
                F::Store,
                F::Work,
                F::Encryption,
                F::Function,
                F::AuditKey,
                F::Observe,
                F::Provision,
                F::Adopt,
                F::Deprovision,
                F::HandOver,
                F::SignIn,
            ],
            // Says whom an event concerns. Sees no domain.
            Self::Events => &[
                F::Directory,
                F::Secrets,
                F::Store,
                F::Work,
                F::Triggers,
                F::Encryption,
                F::Function,
                F::AuditKey,
            ],
            Self::Work => &[
                F::Directory,
                F::Assign,
                F::Spokes,
                F::Secrets,
                F::Store,
                F::Work,
                F::Triggers,
                F::Encryption,
                F::Function,
                F::AuditKey,
                F::Observe,
                F::Provision,
                F::Adopt,
                F::Deprovision,
                F::HandOver,
            ],
            // Alone makes checkpoints of the audit log, and mirrors.
            Self::Timer => &[
                F::Directory,
                F::Mirror,
                F::Assign,
                F::Spokes,
                F::Secrets,
                F::Store,
                F::Work,
                F::Encryption,
                F::Function,
                F::AuditKey,
                F::Audit,
                F::Observe,
                F::Provision,
                F::Adopt,
                F::Deprovision,
                F::HandOver,
            ],
        }
    }

    /// Whether it needs something of the feature.
    pub fn has(self, feature: Feature) -> bool {
        self.features().contains(&feature)
    }

    /// The ARN of its role, where the map's hub is `role`.
    pub fn role(self, role: &RoleArn) -> String {
        format!("{role}-{}", self.name())
    }
}

impl Hub {
    /// The functions it consists of; none where it is not on Lambda.
    pub fn functions(&self) -> &'static [Function] {
        if self.service == HubService::Lambda { &Function::ALL } else { &[] }
    }

    /// The ARNs of the roles that use a feature.
    pub fn roles_with(&self, feature: Feature) -> Vec<String> {
        match self.functions() {
            [] => vec![self.role.to_string()],
            functions => {
                let with = functions.iter().filter(|function| function.has(feature));
                with.map(|function| function.role(&self.role)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_that_work_on_domains_reach_them_and_only_the_door_makes_links() {
        let with =
            |feature| Function::ALL.into_iter().filter(|f| f.has(feature)).collect::<Vec<_>>();
        assert_eq!(with(Feature::Spokes), [Function::Door, Function::Work, Function::Timer]);
        assert_eq!(with(Feature::SignIn), [Function::Door]);
        assert_eq!(with(Feature::Assign), with(Feature::Spokes), "who reads a domain in SSO mode");
        assert_eq!(with(Feature::Secrets), Function::ALL, "each reads those of its own work");
        assert_eq!(with(Feature::Deprovision), with(Feature::Spokes), "at the door: who is asked");
        assert_eq!(with(Feature::Adopt), with(Feature::Provision), "the map says which of them");
        assert_eq!(with(Feature::HandOver), with(Feature::Deprovision), "an offboarding does both");
        assert_eq!(with(Feature::Triggers), [Function::Events, Function::Work]);
        assert_eq!(with(Feature::Events), [], "Lambda reads the queue, not the function");
        assert_eq!(with(Feature::Store), Function::ALL);
        assert_eq!(with(Feature::AuditKey), Function::ALL, "each seals what it writes");
        assert_eq!(with(Feature::Audit), [Function::Timer]);
        assert_eq!(with(Feature::Mirror), [Function::Timer]);
    }

    #[test]
    fn every_feature_is_some_functions_or_named_here() {
        let nobody = Feature::ALL.into_iter().filter(|f| !Function::ALL.iter().any(|x| x.has(*f)));
        assert_eq!(
            nobody.collect::<Vec<_>>(),
            [Feature::Diagnose, Feature::Events, Feature::FirstMap, Feature::Demo, Feature::Free]
        );
    }
}
