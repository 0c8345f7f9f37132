//! The rules: one table, from which the reference page is made too.

use serde::Serialize;
use std::fmt::Write;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The document gives away what it should not, does nothing where it should, or AWS refuses it.
    Error,
    /// It very likely does not do what is meant, or more than that.
    Warning,
    /// Worth knowing; there are good reasons to leave it.
    Note,
}

impl Severity {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// What is to be told about a rule.
#[derive(Debug)]
struct About {
    code: &'static str,
    severity: Severity,
    what: &'static str,
    why: &'static str,
    instead: &'static str,
}

macro_rules! rules {
    ($($rule:ident $code:literal $severity:ident $what:literal $why:literal $instead:literal)*) => {
        /// A rule of the lint. Its code is stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = $what] $rule,)*
        }

        impl Rule {
            /// All of them, in the order of the reference page.
            pub const ALL: &[Self] = &[$(Self::$rule,)*];

            fn about(self) -> About {
                match self {
                    $(Self::$rule => About {
                        code: $code,
                        severity: Severity::$severity,
                        what: $what,
                        why: $why,
                        instead: $instead,
                    },)*
                }
            }
        }
    };
}

rules! {
    MalformedDocument "malformed-document" Error
        "The file is no policy document."
        "AWS refuses it."
        "Mend what the message says; the grammar is in the IAM user guide."
    MissingVersion "missing-version" Warning
        "The document says no `Version`."
        "AWS then reads it in the language of 2008, where policy variables are plain text."
        "Add `\"Version\": \"2012-10-17\"`."
    OldVersion "old-version" Note
        "The document is in the language of 2008."
        "It knows no policy variables; what is added later may silently mean something else."
        "Write `\"Version\": \"2012-10-17\"`."
    VariableInOldVersion "variable-in-old-version" Error
        "A policy variable stands in a document of the language of 2008."
        "There `${…}` is plain text: an Allow with it never matches, a Deny never denies."
        "Write `\"Version\": \"2012-10-17\"`."
    DuplicateSid "duplicate-sid" Error
        "Two statements have the same `Sid`."
        "IAM refuses the document."
        "Give each statement its own name."
    InvalidSid "invalid-sid" Error
        "A `Sid` has other characters than ASCII letters and digits."
        "IAM and Organizations refuse the document."
        "Write it as one word, `LikeThis`."
    EmptyList "empty-list" Error
        "A list is empty."
        "AWS refuses it, or the statement applies to nothing."
        "Name what is meant, or leave the statement out."
    Whitespace "whitespace" Error
        "White space where it is part of the name."
        "Nothing is trimmed: the action, ARN, key or value with the space never matches."
        "Take the white space out."
    TooLarge "too-large" Error
        "The document is larger than AWS takes."
        "AWS refuses it. White space does not count, except in SCPs and RCPs, where it is counted too unless the console saves them."
        "Split it, or join statements that differ only in their actions or resources."
    Large "large" Warning
        "The document is larger than some places take it."
        "An identity policy of more than 6,144 characters can only be inline (10,240 for a role); a trust policy of more than 2,048 needs a raised quota; services limit resource policies differently."
        "Split it, or join statements that differ only in their actions or resources."
    MissingResource "missing-resource" Error
        "A statement says no `Resource` and no `NotResource`."
        "AWS refuses it in a policy of this kind."
        "Add `Resource`."
    ResourceInTrust "resource-in-trust" Error
        "A trust policy names a resource."
        "IAM refuses it: the resource is the role itself."
        "Take `Resource` out."
    MalformedAction "malformed-action" Error
        "An action is not written `service:Action`."
        "AWS refuses it."
        "Write the service's prefix, a colon, and the action."
    UnknownService "unknown-service" Error
        "No AWS service has this prefix."
        "The statement is about nothing: an Allow gives nothing, a Deny takes nothing."
        "Use the prefix of the service authorization reference."
    UnknownAction "unknown-action" Error
        "The service has no such action."
        "The statement is about nothing: an Allow gives nothing, a Deny takes nothing."
        "Use the name of the service authorization reference. It is not always that of the API."
    PatternWithoutAction "pattern-without-action" Error
        "A pattern matches no action of the service."
        "The statement is about nothing: an Allow gives nothing, a Deny takes nothing."
        "Name the actions that are meant."
    LeadingWildcard "leading-wildcard" Warning
        "A pattern that gives begins with a wildcard and so reaches actions of every verb."
        "`sagemaker:*App` reads like a view of apps and also deletes them; new actions join it unasked."
        "Name the actions, or begin with the verb: `sagemaker:DescribeApp`."
    MalformedResource "malformed-resource" Error
        "A resource is neither an ARN nor `*`."
        "AWS refuses it."
        "Write an ARN with six fields, or `*`."
    UnmatchedResource "unmatched-resource" Error
        "No action of the statement works on a resource with such an ARN."
        "That line gives nothing, or protects nothing."
        "Take the ARN format of the action's resource types from the service authorization reference."
    UnmatchedAction "unmatched-action" Warning
        "No resource of the statement is one that this action works on."
        "The action is never allowed, or never denied, by this statement."
        "Add the right ARN, or move the action to a statement that has it."
    NeedsAnyResource "needs-any-resource" Warning
        "An action without resource-level permissions on a narrower resource than `*`."
        "Its requests name no resource: nothing but `*` matches them."
        "Put the action into a statement of its own with `\"Resource\": \"*\"`."
    PartlyNeedsAnyResource "partly-needs-any-resource" Note
        "Some actions of a pattern have no resource-level permissions, and the resource is narrower than `*`."
        "These are not covered; the rest is."
        "If they are needed, put them into a statement of their own with `\"Resource\": \"*\"`."
    UnknownOperator "unknown-operator" Error
        "There is no such condition operator."
        "AWS refuses the document."
        "Use an operator of the IAM user guide. `Null` takes no `IfExists`."
    UnknownConditionKey "unknown-condition-key" Error
        "There is no such condition key."
        "It is in no request: plain conditions never hold, negated ones always do."
        "Use a key of the service authorization reference or a global one."
    KeyNeverPresent "key-never-present" Warning
        "A request of this action never carries the condition key."
        "Plain conditions then never hold and negated ones always do: the action is never allowed, never denied, or always denied."
        "Move the action to a statement whose conditions it can meet."
    KeyPartlyAbsent "key-partly-absent" Note
        "Some actions of a pattern never carry the condition key."
        "For these the condition never holds, or, negated, always."
        "Name the actions that are meant, or add `IfExists` if they should pass."
    OperatorTypeMismatch "operator-type-mismatch" Error
        "The operator compares another type than the key's values have."
        "The condition never holds; negated, it always does."
        "Use an operator of the key's type."
    TextOperator "text-operator" Note
        "A text operator compares a key whose values are no text."
        "It compares letter by letter: `1.0` is not `1` then, and no date is before another."
        "Use an operator of the key's type."
    MalformedValue "malformed-value" Error
        "A value is none that the operator can compare."
        "The condition never holds; negated, it always does. AWS may refuse the document."
        "Write a value of the operator's type."
    WildcardTakenLiterally "wildcard-taken-literally" Warning
        "A wildcard under an operator that knows none."
        "`StringEquals` compares the asterisk itself."
        "Use `StringLike`, or `ArnLike` for ARNs."
    SetOperatorOnSingleValue "set-operator-on-single-value" Warning
        "`ForAnyValue` or `ForAllValues` on a key with one value."
        "It means nothing there, except that `ForAllValues` also holds when the key is missing: such an Allow is open to requests without it."
        "Use the operator without the set."
    MissingSetOperator "missing-set-operator" Warning
        "A key with several values is compared without `ForAnyValue` or `ForAllValues`."
        "Which of the values counts is not documented."
        "Say `ForAnyValue:` or `ForAllValues:` (in an Allow with a `Null` guard)."
    VacuousForAllValues "vacuous-for-all-values" Warning
        "`ForAllValues` in an Allow, and nothing says that the key must be there."
        "Without any value the condition holds: leaving the parameter out passes the rule."
        "Add `\"Null\": {\"KEY\": \"false\"}` beside it."
    IfExistsFailsOpen "if-exists-fails-open" Warning
        "`…IfExists` in an Allow, and nothing says that the key must be there."
        "A request without the key is allowed: from another network, without MFA, without the tag."
        "Take `IfExists` away, or add `\"Null\": {\"KEY\": \"false\"}` beside it."
    RedundantIfExists "redundant-if-exists" Note
        "`IfExists` on a negated operator, but for `ForAnyValue:…`."
        "A negated operator holds for a missing key anyway; the suffix suggests otherwise."
        "Leave `IfExists` away."
    MfaKeyMayBeAbsent "mfa-key-may-be-absent" Warning
        "A Deny asks `Bool` of an MFA key that long-term credentials do not carry."
        "Requests signed with an access key are not denied."
        "Use `BoolIfExists`."
    UnknownVariable "unknown-variable" Error
        "A policy variable that no request has: often a placeholder of a template that nobody filled in."
        "The resource or value never matches: an Allow gives nothing, a plain Deny takes nothing."
        "Fill the placeholder in, or use a condition key as the variable."
    MisplacedVariable "misplaced-variable" Error
        "A policy variable outside of `Resource` and of condition values."
        "AWS replaces none there; it is plain text and matches nothing."
        "Move it into a condition."
    VpcSourceIpWithoutVpc "vpc-source-ip-without-vpc" Error
        "`aws:VpcSourceIp` without the VPC beside it."
        "Private ranges are not unique: whoever has an account makes a VPC with the same range and passes."
        "In an Allow add `aws:SourceVpc` or `aws:SourceVpce` to the same statement; beside a Deny put a second Deny with `StringNotEquals` on it."
    PrivateSourceIp "private-source-ip" Error
        "`aws:SourceIp` is compared with private addresses only."
        "It is the public address of requests over the internet, and absent behind a VPC endpoint: an Allow never matches, a Deny with `NotIpAddress` denies everybody."
        "Use `aws:VpcSourceIp` with `aws:SourceVpc` for requests through an endpoint."
    SourceIpBreaksEndpoints "source-ip-breaks-endpoints" Warning
        "A Deny outside of some public addresses also denies requests through VPC endpoints."
        "These carry no `aws:SourceIp`, and a negated condition holds for a missing key. Calls that services make on somebody's behalf come from other addresses."
        "Add `StringNotEquals` on `aws:SourceVpce` or `aws:SourceVpc` and `Bool` `aws:ViaAWSService` `false` to the statement, if such requests should pass."
    AnyNetwork "any-network" Warning
        "A condition on the network that every address meets."
        "It only tells requests through an endpoint from others; it restricts no one."
        "Name the networks."
    PresignAnyProfile "presign-any-profile" Error
        "`CreatePresignedDomainUrl` for every user profile of the account."
        "Whoever holds it signs in to Studio as anybody, with that profile's role, home directory and name in the logs."
        "Name the domain and the own profile, `user-profile/d-…/${sagemaker:UserProfileName}`, or ask for the profile's tag with `sagemaker:ResourceTag/…`."
    PresignFromAnywhere "presign-from-anywhere" Warning
        "`CreatePresignedDomainUrl` without a condition on the network."
        "The URL works from anywhere, and so does the console: the policy of who made it is asked again with each request to Studio."
        "Add `aws:SourceVpce`, `aws:SourceVpc` with `aws:VpcSourceIp`, or `aws:SourceIp`."
    AppsOfOthers "apps-of-others" Warning
        "Apps or spaces of every user profile of the account can be made, changed or deleted."
        "Anybody with it stops the work of others, or starts an app under their name."
        "Ask for the owner, `ArnLike` `sagemaker:OwnerUserProfileArn`, or for a tag, or name the domain."
    TaggingUnderminesAbac "tagging-undermines-abac" Error
        "Tags decide who may do what, and this statement lets anybody set them."
        "Whoever retags a resource of another team as their own may then delete it."
        "Allow tagging only on creation (`sagemaker:TaggingAction`) and of resources that carry the own tag (`aws:ResourceTag/…`)."
    UnconditionalTagging "unconditional-tagging" Warning
        "Tags of any resource can be set without a condition."
        "As soon as a policy anywhere goes by tags, this undermines it."
        "Allow tagging only on creation (`sagemaker:TaggingAction`) and of resources that carry the own tag (`aws:ResourceTag/…`)."
    AllowsEverything "allows-everything" Error
        "Everything is allowed on everything."
        "Whoever has it owns the account."
        "Name actions and resources."
    AllowsWholeService "allows-whole-service" Warning
        "All actions of a service are allowed on all resources."
        "That includes deleting, tagging and changing who may do what, and actions still to come."
        "Name actions and resources."
    PermissionsManagement "permissions-management" Warning
        "Actions that change who may do what are allowed on all resources."
        "Whoever has them lets others in, also other accounts: through the policy of a repository, a log group, a role."
        "Name the resources, or leave these actions to administrators."
    AllowNotAction "allow-not-action" Warning
        "An Allow with `NotAction`."
        "It gives every action of every service but a few, and every new one."
        "Allow actions by name; take others with a Deny."
    AllowNotResource "allow-not-resource" Warning
        "An Allow with `NotResource`."
        "It gives the actions on every resource but a few, also on those still to come."
        "Allow resources by name; take others with a Deny."
    AllowNotPrincipal "allow-not-principal" Error
        "An Allow with `NotPrincipal`."
        "It gives everybody else in the world access, signed in or not."
        "Name the principals."
    DenyNotPrincipal "deny-not-principal" Warning
        "A Deny with `NotPrincipal`."
        "Whoever works through a role must be named with its session as well, or is locked out; AWS advises against it."
        "Use `Principal` `*` with `ArnNotLike` on `aws:PrincipalArn`."
    PassroleAnyRole "passrole-any-role" Error
        "`iam:PassRole` for every role of the account."
        "Whoever can pass any role to a service has the rights of the mightiest one."
        "Name the roles."
    PassroleWildcard "passrole-wildcard" Warning
        "`iam:PassRole` for roles that match a pattern."
        "Whoever can create a role, or has one that happens to be called so, widens what can be passed; and roles that the pattern should hit may be called otherwise."
        "Name the roles, or give them a path of their own: `role/studio/team/*`."
    PassroleAnyService "passrole-any-service" Warning
        "`iam:PassRole` without `iam:PassedToService`."
        "The role can be passed to any service that may assume it, for instance to a function with other code."
        "Add `StringEquals` `iam:PassedToService`."
    ForeignBuckets "foreign-buckets" Warning
        "Objects may be written to buckets whose names only end in some way."
        "Names of buckets are global: data can be copied to a stranger's bucket of a fitting name, and buckets of other teams are reached as well."
        "Name the buckets, or add `aws:ResourceAccount`."
    MissingPrincipal "missing-principal" Error
        "A statement says no `Principal`."
        "AWS refuses it in a policy of this kind."
        "Add `Principal`."
    MisplacedPrincipal "misplaced-principal" Error
        "A statement names a principal in a policy of a kind that has none."
        "AWS refuses it: the principal is whatever the policy is attached to."
        "Take `Principal` out."
    PublicAccess "public-access" Error
        "Everybody is let in, and no condition says who."
        "Any AWS account, and where the service allows it anybody at all, can use it."
        "Name the principals, or add `aws:PrincipalOrgID`, `aws:SourceVpce` or the like."
    ConfusedDeputy "confused-deputy" Warning
        "A service is let in on anybody's behalf."
        "Others can make the service act for them on this resource."
        "Add `aws:SourceAccount` or `aws:SourceArn`."
    ServiceTrustWithoutSource "service-trust-without-source" Note
        "A service may assume the role on behalf of any account."
        "The service asks for the right to pass the role first, so that a hole needs a fault of the service."
        "Add `aws:SourceAccount`, where the service sends it."
    FederatedWithoutCondition "federated-without-condition" Warning
        "An identity provider is trusted with everything it says."
        "Whoever has an account there, or registered an application there, can take the role."
        "Add conditions on the audience and the subject: `saml:aud`, or `…:aud` and `…:sub` of the provider."
    TrustAction "trust-action" Error
        "A trust policy allows an action that does not assume a role."
        "Only `sts:AssumeRole…`, `sts:SetSourceIdentity`, `sts:TagSession` and `sts:SetContext` are asked of it."
        "Take the action out."
    ScpAllowsLess "scp-allows-less" Warning
        "An SCP allows less than everything."
        "SCPs give nothing. Wherever `FullAWSAccess` is not attached as well, all that is not allowed here is denied for the whole account; where it is, these Allows mean nothing."
        "Keep `FullAWSAccess` attached and write only Deny statements."
    RcpAllow "rcp-allow" Error
        "An RCP allows."
        "AWS refuses it: only `RCPFullAWSAccess`, its own, may."
        "Write Deny statements."
    RcpElement "rcp-element" Error
        "An element that RCPs do not have."
        "AWS refuses `NotAction`, `NotPrincipal`, and a `Principal` other than `*`."
        "Use `\"Principal\": \"*\"` and conditions on the principal."
    SagemakerFullAccess "sagemaker-full-access" Error
        "A role has the managed policy `AmazonSageMakerFullAccess`."
        "It allows `CreatePresignedDomainUrl` on every profile, the apps of spaces without owner, and S3 objects of any bucket with `sagemaker` in its name: every notebook can sign in as anybody."
        "Attach policies made for the team: `stagedoor policy render`."
    AdministratorAccess "administrator-access" Error
        "A role has a managed policy that lets it give itself everything."
        "Whoever gets into a notebook of that role owns the account."
        "Attach policies made for the team: `stagedoor policy render`."
    FullAccess "full-access" Warning
        "A role has a managed policy with full access to a service."
        "It is about every resource of the account, also those of other teams, and AWS widens it unasked."
        "Attach policies made for the team: `stagedoor policy render`."
    TooManyAttachments "too-many-attachments" Warning
        "A role has more managed policies than IAM attaches by default."
        "The quota is 10, and at most 20 on request."
        "Merge policies, or ask for a higher quota."
}

impl Rule {
    /// Its stable code: `passrole-any-role`.
    pub fn code(self) -> &'static str {
        self.about().code
    }

    /// How much it weighs.
    pub fn severity(self) -> Severity {
        self.about().severity
    }

    /// What it finds, in a sentence.
    pub fn what(self) -> &'static str {
        self.about().what
    }

    /// Why that matters.
    pub fn why(self) -> &'static str {
        self.about().why
    }

    /// What to write instead.
    pub fn instead(self) -> &'static str {
        self.about().instead
    }
}

/// The page of all rules, as `docs/reference/policy-lint.md` keeps it.
pub fn reference() -> String {
    let mut page = String::from(
        "# Rules of `stagedoor policy lint`\n\nCodes are stable. An error fails the command; \
         `--deny-warnings` lets warnings fail it too.\n\n| code | severity | finds | why it matters \
         | instead |\n|---|---|---|---|---|\n",
    );
    for rule in Rule::ALL {
        let about = rule.about();
        let cells = [about.what, about.why, about.instead].map(|cell| cell.replace('|', "\\|"));
        let severity = about.severity.as_str();
        let _ = writeln!(page, "| `{}` | {severity} | {} |", about.code, cells.join(" | "));
    }
    page
}
