//! IAM, as far as it is called: operations of the query protocol, answered in XML.

use super::channel::{Channel, Encoded, Reply};
use super::endpoint::Service;
use crate::failure::unreadable;
use aws_types::SdkConfig;
use control::ports::CallError;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use roxmltree::{Document, Node};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The version of the API that requests name.
pub const API_VERSION: &str = "2010-05-08";

/// How much of an answer is read. The longest holds one policy document, which IAM takes up to
/// 131,072 characters of, percent-encoded.
const MAX_ANSWER: usize = 1 << 20;

/// How many policies of one kind are read of a role. IAM has room for 20 managed ones, and inline
/// ones share 10,240 characters.
const MAX_POLICIES: usize = 500;

/// An operation with the parameters that are sent and the members of its answer that are read.
/// Items of lists are `member`, as in the XML.
#[derive(Debug)]
#[expect(missing_docs, reason = "the text above says it")]
pub struct Operation {
    pub name: &'static str,
    pub parameters: &'static [&'static str],
    pub members: &'static [&'static str],
}

const GET_ROLE: Operation = Operation {
    name: "GetRole",
    parameters: &["RoleName"],
    members: &[
        "Role/Arn",
        "Role/AssumeRolePolicyDocument",
        "Role/MaxSessionDuration",
        "Role/PermissionsBoundary/PermissionsBoundaryArn",
        "Role/Tags/member/Key",
        "Role/Tags/member/Value",
    ],
};
const LIST_ATTACHED_ROLE_POLICIES: Operation = Operation {
    name: "ListAttachedRolePolicies",
    parameters: &["RoleName", "Marker"],
    members: &["AttachedPolicies/member/PolicyArn", "Marker"],
};
const LIST_ROLE_POLICIES: Operation = Operation {
    name: "ListRolePolicies",
    parameters: &["RoleName", "Marker"],
    members: &["PolicyNames/member", "Marker"],
};
const GET_ROLE_POLICY: Operation = Operation {
    name: "GetRolePolicy",
    parameters: &["RoleName", "PolicyName"],
    members: &["PolicyDocument"],
};
const GET_POLICY: Operation = Operation {
    name: "GetPolicy",
    parameters: &["PolicyArn"],
    members: &["Policy/DefaultVersionId"],
};
const GET_POLICY_VERSION: Operation = Operation {
    name: "GetPolicyVersion",
    parameters: &["PolicyArn", "VersionId"],
    members: &["PolicyVersion/Document"],
};

/// Every operation of this client.
pub const OPERATIONS: [&Operation; 6] = [
    &GET_ROLE,
    &LIST_ATTACHED_ROLE_POLICIES,
    &LIST_ROLE_POLICIES,
    &GET_ROLE_POLICY,
    &GET_POLICY,
    &GET_POLICY_VERSION,
];

/// A role, without its policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its ARN, with its path.
    pub arn: String,
    /// Its trust policy, as JSON text.
    pub trust_policy: String,
    /// How long a session of it may last, in seconds.
    pub max_session_seconds: u32,
    /// ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// IAM of one account.
#[derive(Debug, Clone)]
pub struct Iam(Channel);

impl Iam {
    pub(crate) fn new(sdk: &SdkConfig) -> Self {
        Self(Channel::new(Service::Iam, sdk))
    }

    /// Asks `GetRole`. The name is without path.
    pub async fn get_role(&self, name: &str) -> Result<Role, CallError> {
        self.call(&GET_ROLE, &[("RoleName", name)], read_role).await
    }

    /// ARNs of the managed policies that are attached to a role, from every page.
    pub async fn attached_policies(&self, role: &str) -> Result<Vec<String>, CallError> {
        let read = |result: Node<'_, '_>| {
            items(result, "AttachedPolicies").map(|item| text_at(item, "PolicyArn")).collect()
        };
        self.all(&LIST_ATTACHED_ROLE_POLICIES, role, read).await
    }

    /// Names of a role's inline policies, from every page.
    pub async fn inline_policies(&self, role: &str) -> Result<Vec<String>, CallError> {
        let read = |result: Node<'_, '_>| {
            items(result, "PolicyNames").map(|item| Some(own_text(item))).collect()
        };
        self.all(&LIST_ROLE_POLICIES, role, read).await
    }

    /// An inline policy of a role, as JSON text.
    pub async fn inline_policy(&self, role: &str, name: &str) -> Result<String, CallError> {
        let parameters = [("RoleName", role), ("PolicyName", name)];
        self.call(&GET_ROLE_POLICY, &parameters, |result| document_at(result, "PolicyDocument"))
            .await
    }

    /// What the version of a managed policy that is in force says, as JSON text.
    pub async fn policy(&self, arn: &str) -> Result<String, CallError> {
        let read = |result: Node<'_, '_>| text_at(result, "Policy/DefaultVersionId");
        let version = self.call(&GET_POLICY, &[("PolicyArn", arn)], read).await?;
        let parameters = [("PolicyArn", arn), ("VersionId", version.as_str())];
        let read = |result: Node<'_, '_>| document_at(result, "PolicyVersion/Document");
        self.call(&GET_POLICY_VERSION, &parameters, read).await
    }

    /// Reads every page of a list about a role. A marker that comes twice would go round for ever,
    /// and a list that no role can have is not read to its end: both are errors.
    async fn all(
        &self,
        operation: &'static Operation,
        role: &str,
        read: impl Fn(Node<'_, '_>) -> Option<Vec<String>>,
    ) -> Result<Vec<String>, CallError> {
        let fault = |message: String| unreadable(self.0.service_name(), operation.name, message);
        let mut found = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            let mut parameters = vec![("RoleName", role)];
            parameters.extend(marker.as_deref().map(|marker| ("Marker", marker)));
            let (page, next) = self
                .call(operation, &parameters, |result| {
                    Some((read(result)?, text_at(result, "Marker").filter(|m| !m.is_empty())))
                })
                .await?;
            found.extend(page);
            if found.len() > MAX_POLICIES {
                return Err(fault(format!("the role has more than {MAX_POLICIES} policies")));
            }
            match next {
                None => return Ok(found),
                next if next == marker => {
                    return Err(fault("the same marker came twice".to_owned()));
                }
                next => marker = next,
            }
        }
    }

    async fn call<T>(
        &self,
        operation: &'static Operation,
        parameters: &[(&str, &str)],
        read: impl Fn(Node<'_, '_>) -> Option<T>,
    ) -> Result<T, CallError> {
        let Operation { name, .. } = operation;
        let mut body = format!("Action={name}&Version={API_VERSION}");
        for (parameter, value) in parameters {
            let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
            let _ = write!(body, "&{parameter}={value}");
        }
        let request = Encoded {
            content_type: "application/x-www-form-urlencoded",
            target: None,
            body,
            rest: None,
        };
        let reply = self.0.send(name, request).await?;
        read_result(name, &reply, read).map_err(|problem| {
            let message = format!("cannot read the answer: {problem}");
            unreadable(self.0.service_name(), name, message)
        })
    }
}

/// Reads the element of the answer that holds the result.
fn read_result<T>(
    operation: &str,
    reply: &Reply,
    read: impl Fn(Node<'_, '_>) -> Option<T>,
) -> Result<T, &'static str> {
    if reply.0.len() > MAX_ANSWER {
        return Err("it is too long");
    }
    let text = std::str::from_utf8(&reply.0).map_err(|_| "it is no text")?;
    let document = Document::parse(text).map_err(|_| "it is no XML")?;
    let name = format!("{operation}Result");
    let result = document.root_element().children().find(|n| n.tag_name().name() == name);
    result.and_then(read).ok_or("it lacks what was asked for")
}

fn own_text(node: Node<'_, '_>) -> String {
    node.text().unwrap_or_default().trim().to_owned()
}

/// The element at a path of names.
fn at<'a, 'input>(node: Node<'a, 'input>, path: &str) -> Option<Node<'a, 'input>> {
    path.split('/')
        .try_fold(node, |node, name| node.children().find(|child| child.tag_name().name() == name))
}

fn text_at(node: Node<'_, '_>, path: &str) -> Option<String> {
    at(node, path).map(own_text)
}

/// A policy document: it comes percent-encoded inside the XML (RFC 3986).
fn document_at(node: Node<'_, '_>, path: &str) -> Option<String> {
    let text = text_at(node, path)?;
    Some(percent_decode_str(&text).decode_utf8().ok()?.into_owned())
}

/// The items of a list; one that is not there has none.
fn items<'a, 'input>(node: Node<'a, 'input>, path: &str) -> impl Iterator<Item = Node<'a, 'input>> {
    let list = at(node, path);
    list.into_iter().flat_map(|list| list.children()).filter(|n| n.tag_name().name() == "member")
}

fn read_role(result: Node<'_, '_>) -> Option<Role> {
    let role = at(result, "Role")?;
    let tags = items(role, "Tags").map(|tag| Some((text_at(tag, "Key")?, text_at(tag, "Value")?)));
    Some(Role {
        arn: text_at(role, "Arn")?,
        trust_policy: document_at(role, "AssumeRolePolicyDocument")?,
        max_session_seconds: text_at(role, "MaxSessionDuration")?.parse().ok()?,
        boundary: text_at(role, "PermissionsBoundary/PermissionsBoundaryArn"),
        tags: tags.collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(body: &str) -> Result<Role, &'static str> {
        read_result("GetRole", &Reply(body.as_bytes().to_vec(), None), read_role)
    }

    const ROLE: &str = r#"<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
        <GetRoleResult><Role><Path>/team/</Path>
        <AssumeRolePolicyDocument>%7B%22Statement%22%3A%5B%5D%7D</AssumeRolePolicyDocument>
        <MaxSessionDuration>7200</MaxSessionDuration>
        <PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType>
        <PermissionsBoundaryArn>arn:aws:iam::111122223333:policy/Wall</PermissionsBoundaryArn>
        </PermissionsBoundary>
        <Tags><member><Key>Team</Key><Value>a &amp; b</Value></member>
        <member><Key>Empty</Key><Value/></member></Tags>
        <Arn>arn:aws:iam::111122223333:role/team/studio</Arn></Role></GetRoleResult>
        </GetRoleResponse>"#;

    #[test]
    fn a_role_comes_with_its_decoded_trust_policy_boundary_and_tags() {
        let tags = [("Team", "a & b"), ("Empty", "")];
        assert_eq!(
            role(ROLE),
            Ok(Role {
                arn: "arn:aws:iam::111122223333:role/team/studio".to_owned(),
                trust_policy: r#"{"Statement":[]}"#.to_owned(),
                max_session_seconds: 7200,
                boundary: Some("arn:aws:iam::111122223333:policy/Wall".to_owned()),
                tags: tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            })
        );
    }

    #[test]
    fn an_answer_without_a_role_is_no_role() {
        for (body, problem) in [
            ("<GetRoleResponse/>", "it lacks what was asked for"),
            ("<html>", "it is no XML"),
            (
                "<r><GetRoleResult><Role><Arn>a</Arn></Role></GetRoleResult></r>",
                "it lacks what was asked for",
            ),
            (&ROLE.replace("7200", "long"), "it lacks what was asked for"),
            (&ROLE.replace("%5D", "%FF"), "it lacks what was asked for"),
            (&ROLE.replace("<Value/>", ""), "it lacks what was asked for"),
            (&" ".repeat(MAX_ANSWER + 1), "it is too long"),
        ] {
            assert_eq!(role(body), Err(problem));
        }
    }
}
