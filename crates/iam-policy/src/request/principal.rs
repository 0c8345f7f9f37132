//! Who makes a request.

use super::is_account;

/// What a principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrincipalKind {
    /// An IAM user.
    User,
    /// A session of a role, of which only the role is known.
    Role,
    /// A session of a role.
    Session,
    /// A session that a user got with `GetFederationToken`.
    FederatedUser,
    /// The root user of an account.
    Root,
    /// An AWS service on its own behalf.
    Service,
    /// Somebody of an identity provider who has no role yet: who calls `AssumeRoleWithSAML`.
    Federated,
    /// Somebody who did not say who they are.
    Anonymous,
    /// Some identity of IAM that was not named by an ARN.
    Other,
}

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    kind: PrincipalKind,
    /// The ARN, or the name.
    name: String,
    account: Option<String>,
    /// ARN of the role, the user or the root user behind it.
    identity: Option<String>,
}

impl Principal {
    /// Reads who it is:
    /// - an ARN of a user, a role, a session of a role (`assumed-role`), a federated user, the root
    ///   user or an identity provider;
    /// - `*` for anonymous requests;
    /// - the name of a service, such as `sagemaker.amazonaws.com`;
    /// - any other text for an identity of IAM of which nothing else is known; twelve digits are its
    ///   account.
    pub fn parse(text: &str) -> Self {
        let of = |kind, account: Option<&str>, identity: Option<String>| Self {
            kind,
            name: text.to_owned(),
            account: account.map(str::to_owned),
            identity,
        };
        if text == "*" {
            return of(PrincipalKind::Anonymous, None, None);
        }
        if is_service(text) {
            return of(PrincipalKind::Service, None, None);
        }
        if is_account(text) {
            return of(PrincipalKind::Other, Some(text), None);
        }
        let Some((partition, service, account, resource)) = segments(text) else {
            return of(PrincipalKind::Other, None, None);
        };
        let known = is_account(account).then_some(account);
        let itself = || Some(text.to_owned());
        match (service, resource.split('/').collect::<Vec<&str>>().as_slice()) {
            ("iam", ["user", _, ..]) => of(PrincipalKind::User, known, itself()),
            ("iam", ["role", _, ..]) => of(PrincipalKind::Role, known, itself()),
            ("iam", ["root"]) => of(PrincipalKind::Root, known, itself()),
            ("iam", ["saml-provider" | "oidc-provider", _, ..]) => {
                of(PrincipalKind::Federated, known, None)
            }
            ("sts", ["assumed-role", role, _]) => {
                let role = format!("arn:{partition}:iam::{account}:role/{role}");
                of(PrincipalKind::Session, known, Some(role))
            }
            ("sts", ["federated-user", _]) => of(PrincipalKind::FederatedUser, known, itself()),
            _ => of(PrincipalKind::Other, known, itself()),
        }
    }

    /// Somebody of an identity provider, by the provider's ARN or name.
    pub fn federated(provider: &str) -> Self {
        Self { kind: PrincipalKind::Federated, ..Self::parse(provider) }
    }

    /// The same with this account, where its ARN does not say it.
    #[must_use]
    pub fn of_account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// The session's role with its path, or the federated user's own user: what the ARN of a
    /// session does not tell.
    #[must_use]
    pub fn with_identity(mut self, arn: &str) -> Self {
        self.identity = Some(arn.to_owned());
        self
    }

    /// What it is.
    pub fn kind(&self) -> PrincipalKind {
        self.kind
    }

    /// The ARN; of services their name; `*` of anonymous requests.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The account it belongs to, if that is known.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// ARN of the role, the user or the root user behind it. The role of a session has its path here
    /// only if [`Self::with_identity`] said so.
    pub fn identity(&self) -> Option<&str> {
        self.identity.as_deref()
    }

    /// Whether it is a session of this role, as far as its ARN tells.
    pub(crate) fn is_session_of(&self, role: &Self) -> bool {
        let name = |principal: &Self| {
            let (partition, service, account, resource) = segments(principal.identity()?)?;
            let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
            Some([partition, service, account, name].map(str::to_owned))
        };
        self.kind == PrincipalKind::Session && name(self).is_some_and(|n| Some(n) == name(role))
    }

    /// Whether it is an identity of IAM, to which policies can be attached. The others get only what
    /// the policy of the resource gives them.
    pub fn is_identity(&self) -> bool {
        !matches!(
            self.kind,
            PrincipalKind::Service | PrincipalKind::Federated | PrincipalKind::Anonymous
        )
    }

    /// Whether it is a service-linked role, by its reserved path. Neither service control policies
    /// nor resource control policies concern it.
    pub fn is_service_linked(&self) -> bool {
        self.identity
            .as_deref()
            .and_then(segments)
            .is_some_and(|(.., resource)| resource.starts_with("role/aws-service-role/"))
    }

    /// The context keys that follow from it, in lower case.
    pub(super) fn keys(&self) -> Vec<(&'static str, String)> {
        let mut keys = Vec::with_capacity(5);
        let mut add = |key, value: Option<&str>| {
            if let Some(value) = value {
                keys.push((key, value.to_owned()));
            }
        };
        let (kind, service) = (self.kind, self.kind == PrincipalKind::Service);
        let arn =
            if kind == PrincipalKind::FederatedUser { Some(self.name()) } else { self.identity() };
        add("aws:principalarn", arn);
        add("aws:principalaccount", self.account());
        add(
            "aws:principaltype",
            match kind {
                PrincipalKind::User => Some("User"),
                PrincipalKind::Role | PrincipalKind::Session => Some("AssumedRole"),
                PrincipalKind::FederatedUser => Some("FederatedUser"),
                PrincipalKind::Root => Some("Account"),
                PrincipalKind::Anonymous => Some("Anonymous"),
                PrincipalKind::Service | PrincipalKind::Federated | PrincipalKind::Other => None,
            },
        );
        add("aws:username", self.name.rsplit('/').next().filter(|_| kind == PrincipalKind::User));
        if kind != PrincipalKind::Anonymous {
            add("aws:principalisawsservice", Some(if service { "true" } else { "false" }));
        }
        add("aws:principalservicename", Some(self.name.as_str()).filter(|_| service));
        keys
    }
}

impl From<&str> for Principal {
    fn from(text: &str) -> Self {
        Self::parse(text)
    }
}

impl From<&String> for Principal {
    fn from(text: &String) -> Self {
        Self::parse(text)
    }
}

fn is_service(text: &str) -> bool {
    let domain = text.strip_suffix(".cn").unwrap_or(text);
    domain
        .strip_suffix(".amazonaws.com")
        .is_some_and(|name| !name.is_empty() && !name.contains(':'))
}

/// Partition, service, account and resource of an ARN.
pub(crate) fn segments(arn: &str) -> Option<(&str, &str, &str, &str)> {
    let mut segments = arn.splitn(6, ':');
    if segments.next() != Some("arn") {
        return None;
    }
    let (partition, service) = (segments.next()?, segments.next()?);
    let (_region, account) = (segments.next()?, segments.next()?);
    Some((partition, service, account, segments.next()?))
}
