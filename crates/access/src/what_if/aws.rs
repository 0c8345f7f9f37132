//! What is asked of AWS.

use super::policies::{Named, everything};
use super::{Deed, LINK, Question, Stage, Step, WhatIfError};
use crate::map::{Domain, Team};
use crate::naming::profile_name;
use crate::network::{NetworkMatch, Origin};
use crate::observed::{Ownership, TAG_INSTANCE, TAG_PERSON, TAG_TEAM};
use crate::permissions::Feature;
use iam_policy::bundle::{NamedPolicy, Role};
use iam_policy::evaluate::Decision;
use iam_policy::request::Request;
use std::net::IpAddr;

/// The interface endpoint that Stagedoor asks for a link through.
const API: &str = ".sagemaker.api";
/// The interface endpoint that people use a link through.
const STUDIO: &str = ".studio";

/// A request of AWS and the policies it meets.
struct Asked {
    stage: Stage,
    request: Request,
    policies: Named,
    /// Who asks.
    who: String,
    /// What else to know.
    note: &'static str,
}

/// Where a question is about.
struct Place<'a> {
    domain: &'a Domain,
    team: &'a Team,
    /// ARN of the profile.
    profile: String,
    profile_name: String,
}

impl Question<'_> {
    pub(super) fn asked_of_aws(&self) -> Result<Vec<Step>, WhatIfError> {
        let place = self.place()?;
        let asked = match (self.principal, &self.deed) {
            (Some(principal), deed) => {
                vec![self.by_somebody_else(&place, principal, deed.as_ref())]
            }
            (None, Some(deed)) => vec![self.by_an_app(&place, deed)?],
            (None, None) => self.by_the_door(&place)?,
        };
        asked.into_iter().map(|asked| self.answered(asked)).collect()
    }

    fn place(&self) -> Result<Place<'_>, WhatIfError> {
        let not_placed =
            || WhatIfError::NotPlaced { team: self.team.clone(), domain: self.domain.clone() };
        let team = self.map.teams.get(self.team).ok_or_else(not_placed)?;
        let placement = team.placement(self.domain).ok_or_else(not_placed)?;
        let domain = self.map.domains.get(self.domain).ok_or_else(not_placed)?;
        let person = self.snapshot.people.get(self.person);
        let person = person.ok_or_else(|| WhatIfError::NobodyRead(self.person.clone()))?;
        let there = self.observed.domains.get(self.domain);
        let theirs = Ownership::Ours { person: self.person, team: self.team };
        let known = there.into_iter().flat_map(|domain| domain.profiles.values());
        let mut known = known.filter(|profile| profile.ownership(&self.map.instance) == theirs);
        let name = match known.next() {
            Some(profile) => profile.name.to_string(),
            None => profile_name(person, self.team).to_string(),
        };
        let partition = placement.execution_role.as_str().split(':').nth(1).unwrap_or("aws");
        let Domain { region, account_id, domain_id, .. } = domain;
        let profile = format!(
            "arn:{partition}:sagemaker:{region}:{account_id}:user-profile/{domain_id}/{name}"
        );
        Ok(Place { domain, team, profile, profile_name: name })
    }

    /// Stagedoor asks for the link, then the person uses it.
    fn by_the_door(&self, place: &Place<'_>) -> Result<Vec<Asked>, WhatIfError> {
        let Domain { presign_role, assume_role, .. } = place.domain;
        let hub = self.map.hub.as_ref();
        let role = presign_role.as_ref().or(assume_role.as_ref()).map(|role| &role.arn);
        let own = hub.and_then(|hub| hub.roles_with(Feature::SignIn).into_iter().next());
        let maker = match (role, &own, &self.documents.identity) {
            (Some(role), ..) => role.as_str(),
            (None, Some(own), _) => own.as_str(),
            // Policies were given, of whatever it is that asks.
            (None, None, Some(_)) => place.domain.account_id.as_str(),
            (None, None, None) => return Err(WhatIfError::NoHub(self.domain.clone())),
        };
        if hub.is_none() && self.documents.identity.is_none() {
            return Err(WhatIfError::NoHub(self.domain.clone()));
        }
        let asked = |stage, from: &Origin, service: &str| Asked {
            stage,
            request: self.request(maker, LINK, &place.profile, place, Some(from)),
            policies: Named {
                identity: self.identity(maker),
                scps: self.scps(maker),
                endpoint: self.endpoint(from, place.domain, service),
            },
            who: maker.to_owned(),
            note: "",
        };
        let mut steps = Vec::new();
        if let Some(hub) = hub {
            let network = hub.network.as_ref().and_then(|key| self.map.networks.get(key));
            let note = if network.is_none() { " (the map's hub names no network)" } else { "" };
            let ways = network.into_iter().flat_map(|network| &network.any_of).map(example);
            // Where the hub really is, the map does not say: one way in has to do.
            let mut asked_by_way = Vec::new();
            for from in ways {
                let asked = Asked { note, ..asked(Stage::Link, &from, API) };
                let allowed = asked.policies.decide(&asked.request)?.0.is_allowed();
                asked_by_way.push((allowed, asked));
            }
            asked_by_way.sort_by_key(|(allowed, _)| !allowed);
            let best = asked_by_way.into_iter().next().map(|(_, asked)| asked);
            let nowhere = || Asked { note, ..asked(Stage::Link, &Origin::default(), API) };
            steps.push(best.unwrap_or_else(nowhere));
        }
        steps.push(asked(Stage::Use, self.from, STUDIO));
        Ok(steps)
    }

    /// Somebody asks AWS without Stagedoor, with rights that only `documents` or SCPs restrict.
    fn by_somebody_else(
        &self,
        place: &Place<'_>,
        principal: &str,
        deed: Option<&Deed<'_>>,
    ) -> Asked {
        let (stage, action, resource) = match deed {
            Some(deed) => (Stage::Deed, deed.action, deed.resource),
            None => (Stage::Link, LINK, place.profile.as_str()),
        };
        let identity = self.documents.identity.clone();
        Asked {
            stage,
            request: self.request(principal, action, resource, place, Some(self.from)),
            policies: Named {
                identity: identity.unwrap_or_else(|| vec![everything("everything")]),
                scps: self.scps(principal),
                endpoint: self.endpoint(self.from, place.domain, API),
            },
            who: principal.to_owned(),
            note: "",
        }
    }

    /// An app of the person does something with the team's execution role. It is in the domain's
    /// VPC, wherever the person is.
    fn by_an_app(&self, place: &Place<'_>, deed: &Deed<'_>) -> Result<Asked, WhatIfError> {
        let placement = place.team.placement(self.domain);
        let role = placement.map(|placement| placement.execution_role.as_str());
        let role = self.bundle.roles.iter().find(|known| Some(known.arn().as_str()) == role);
        let arn = self.map.teams.get(self.team).and_then(|team| team.placement(self.domain));
        let arn = arn.map_or("", |placement| placement.execution_role.as_str());
        if role.is_none() && self.documents.identity.is_none() {
            return Err(WhatIfError::NoPersona(self.team.clone()));
        }
        let mut request = self.request(arn, deed.action, deed.resource, place, None);
        let own = [
            ("sagemaker:DomainId", place.domain.domain_id.as_str()),
            ("sagemaker:UserProfileName", place.profile_name.as_str()),
        ];
        for (key, value) in own {
            if !request.context().contains_key(&key.to_lowercase()) {
                request = request.with(key, [value]);
            }
        }
        let policies = Named { identity: self.identity(arn), scps: self.scps(arn), endpoint: None };
        Ok(Asked { stage: Stage::Deed, request, policies, who: arn.to_owned(), note: "" })
    }

    /// The request with everything that the map tells of it.
    fn request(
        &self,
        principal: &str,
        action: &str,
        resource: &str,
        place: &Place<'_>,
        from: Option<&Origin>,
    ) -> Request {
        let mut request = Request::new(principal, action, resource);
        // Where its ARN does not say whose the resource is, it is the domain's account's.
        if request.resource_account().is_none() {
            request = request.in_account(place.domain.account_id.as_str());
        }
        if let Some(from) = from {
            request = coming_from(request, from);
        }
        if let Some(role) = self.role(principal) {
            for (key, value) in &role.tags {
                request = request.with(&format!("aws:PrincipalTag/{key}"), [value]);
            }
        }
        if let Some(id) = self.map.hub.as_ref().and_then(|hub| hub.organization.as_ref()) {
            request = request.with("aws:PrincipalOrgID", [id]);
        }
        if resource == place.profile {
            let own = [
                (TAG_INSTANCE, self.map.instance.as_str()),
                (TAG_PERSON, self.person.as_str()),
                (TAG_TEAM, self.team.as_str()),
            ];
            let others = place.team.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            for (key, value) in others.chain(own) {
                request = request
                    .with(&format!("aws:ResourceTag/{key}"), [value])
                    .with(&format!("sagemaker:ResourceTag/{key}"), [value]);
            }
        }
        self.context.iter().fold(request, |request, (key, values)| request.with(key, values))
    }

    fn role(&self, arn: &str) -> Option<&Role> {
        self.bundle.roles.iter().find(|role| role.arn() == arn)
    }

    fn identity(&self, arn: &str) -> Vec<NamedPolicy> {
        let of_role = || self.role(arn).map(|role| role.policies().cloned().collect());
        self.documents.identity.clone().or_else(of_role).unwrap_or_default()
    }

    fn scps(&self, principal: &str) -> Vec<NamedPolicy> {
        if let Some(given) = &self.documents.scps {
            return given.clone();
        }
        let account = principal.split(':').nth(4).unwrap_or(principal);
        let policies = self.bundle.scps_of(account);
        policies
            .map(|scp| NamedPolicy {
                name: scp.name.clone(),
                description: scp.description.clone(),
                document: scp.document.clone(),
            })
            .collect()
    }

    /// The policy of the endpoint that is passed: the map's, if the endpoint or its VPC is one of the
    /// map's. Somebody else's endpoint has somebody else's policy, and may let everything pass.
    fn endpoint(&self, from: &Origin, domain: &Domain, service: &str) -> Option<NamedPolicy> {
        let mut ways = self.map.networks.values().flat_map(|rule| &rule.any_of);
        let is_own = ways.any(|way| match way {
            NetworkMatch::Vpce(id) => from.vpce.as_ref() == Some(id),
            NetworkMatch::Vpc(id) | NetworkMatch::CidrInVpc { vpc: id, .. } => {
                from.vpc.as_ref() == Some(id)
            }
            NetworkMatch::Cidr(_) | NetworkMatch::Anywhere => false,
        });
        let region = domain.region.as_str();
        let policy = self.bundle.endpoint_policies.iter().find(|policy| {
            is_own && policy.region == region && policy.service.ends_with(service)
        })?;
        Some(NamedPolicy {
            name: policy.name.clone(),
            description: policy.description.clone(),
            document: policy.document.clone(),
        })
    }

    fn answered(&self, asked: Asked) -> Result<Step, WhatIfError> {
        let Asked { stage, request, policies, who, note } = asked;
        let (answer, because) = policies.decide(&request)?;
        let does = match (stage, self.principal) {
            (Stage::Link, None) => format!("{who} asks for the link"),
            (Stage::Use, _) => "the link is used".to_owned(),
            _ => format!("{who} asks for {} on {}", request.action(), request.resource()),
        };
        let verdict = match answer.decision {
            Decision::Allowed => "AWS allows it",
            Decision::ImplicitlyDenied => "AWS denies it, for want of an allow",
            Decision::ExplicitlyDenied => "AWS denies it by a statement",
        };
        let place = path(&request);
        Ok(Step {
            stage,
            allowed: answer.is_allowed(),
            text: format!("{does}{place}{note}: {verdict}"),
            code: None,
            decision: Some(answer.decision),
            because,
        })
    }
}

/// The network keys of a request, by the path it takes. On the public path there is
/// `aws:SourceIp`, through an endpoint the three others.
fn coming_from(request: Request, from: &Origin) -> Request {
    let address = from.address.map(|address| address.to_canonical());
    let shown = address.as_ref().map(ToString::to_string);
    if from.vpce.is_none() && from.vpc.is_none() {
        // AWS never sees a private address on the public path; what it would see is not known.
        let public = shown.filter(|_| !address.is_some_and(is_private));
        return request.with("aws:SourceIp", public);
    }
    request
        .with("aws:VpcSourceIp", shown)
        .with("aws:SourceVpce", from.vpce.clone())
        .with("aws:SourceVpc", from.vpc.clone())
}

/// Where a request says that it comes from.
fn path(request: &Request) -> String {
    let value = |key: &str| request.values(key).and_then(|values| values.first());
    let parts: Vec<String> = ["aws:sourceip", "aws:vpcsourceip", "aws:sourcevpce", "aws:sourcevpc"]
        .iter()
        .filter_map(|key| value(key).cloned())
        .collect();
    match parts.as_slice() {
        [] if request.action() == LINK => ", from where AWS cannot tell".to_owned(),
        [] => String::new(),
        parts => format!(" from {}", parts.join(", ")),
    }
}

/// Whether an address never comes by the public path: RFC 1918, RFC 6598, RFC 4193, link-local and
/// loopback.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_loopback() || v6.is_unicast_link_local(),
    }
}

/// Some origin that satisfies a way in.
fn example(way: &NetworkMatch) -> Origin {
    let first = |net: &ipnet::IpNet| net.hosts().next().or(Some(net.addr()));
    match way {
        NetworkMatch::Cidr(net) => Origin { address: first(net), ..Origin::default() },
        NetworkMatch::CidrInVpc { net, vpc } => {
            Origin { address: first(net), vpc: Some(vpc.clone()), ..Origin::default() }
        }
        NetworkMatch::Vpc(id) => Origin { vpc: Some(id.clone()), ..Origin::default() },
        NetworkMatch::Vpce(id) => Origin { vpce: Some(id.clone()), ..Origin::default() },
        NetworkMatch::Anywhere => Origin::default(),
    }
}
