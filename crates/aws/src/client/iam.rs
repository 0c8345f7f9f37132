//! IAM, as far as it is called: one operation of the query protocol, answered in XML.

use super::channel::{Channel, Encoded};
use super::endpoint::Service;
use aws_types::SdkConfig;
use control::ports::{CallError, FailureKind};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The version of the API that requests name.
pub const API_VERSION: &str = "2010-05-08";

/// Members of the answer of `GetRole` that are read, below `GetRoleResult`.
pub const GET_ROLE_MEMBERS: [&str; 2] = ["Role/Arn", "Role/AssumeRolePolicyDocument"];

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its ARN, with its path.
    pub arn: String,
    /// Its trust policy, as JSON text.
    pub trust_policy: String,
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
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        let request = Encoded {
            content_type: "application/x-www-form-urlencoded",
            target: None,
            body: format!("Action=GetRole&Version={API_VERSION}&RoleName={name}"),
        };
        let reply = self.0.send("GetRole", request).await?;
        read_role(&reply.0).ok_or_else(|| CallError {
            service: self.0.service_name(),
            operation: "GetRole",
            kind: FailureKind::Service,
            aws_code: None,
            message: "cannot read the answer: no role in it".to_owned(),
        })
    }
}

fn read_role(body: &[u8]) -> Option<Role> {
    let text = std::str::from_utf8(body).ok()?;
    let document = roxmltree::Document::parse(text).ok()?;
    let result = document.descendants().find(|n| n.tag_name().name() == "GetRoleResult")?;
    let member = |path: &str| {
        let node = path.split('/').try_fold(result, |node, name| {
            node.children().find(|child| child.tag_name().name() == name)
        })?;
        Some(node.text().unwrap_or_default().trim().to_owned())
    };
    let [arn, policy] = GET_ROLE_MEMBERS.map(member);
    // The policy comes percent-encoded inside the XML (RFC 3986).
    let policy = policy?;
    let trust_policy = percent_decode_str(&policy).decode_utf8().ok()?.into_owned();
    Some(Role { arn: arn?, trust_policy })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trust_policy_is_decoded() {
        let body = br#"<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
            <GetRoleResult><Role><Path>/team/</Path>
            <AssumeRolePolicyDocument>%7B%22Statement%22%3A%5B%5D%7D</AssumeRolePolicyDocument>
            <Arn>arn:aws:iam::111122223333:role/team/studio</Arn></Role></GetRoleResult>
            </GetRoleResponse>"#;
        assert_eq!(
            read_role(body),
            Some(Role {
                arn: "arn:aws:iam::111122223333:role/team/studio".to_owned(),
                trust_policy: r#"{"Statement":[]}"#.to_owned(),
            })
        );
    }

    #[test]
    fn an_answer_without_a_role_is_no_role() {
        assert_eq!(read_role(b"<GetRoleResponse/>"), None);
        assert_eq!(read_role(b"<html>"), None);
        assert_eq!(
            read_role(b"<r><GetRoleResult><Role><Arn>a</Arn></Role></GetRoleResult></r>"),
            None
        );
    }
}
