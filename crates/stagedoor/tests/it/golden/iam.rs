//! What an admin of IAM does on a page.
//!
//! - `iam roll-out`: makes every role of the map's execution roles that is not there yet, with the
//!   policies that the map means, as somebody would who applies `stagedoor policy render`
//! - `iam OPERATION MEMBER=VALUE…`: any call of IAM

use super::Player;
use access::authorisation::authorisation;
use access::map::{Source, parse};
use iam_policy::bundle::{Role, RoleKind};

impl Player {
    pub(super) fn iam(&self, what: &[&str]) {
        match what {
            ["roll-out"] => self.roll_out(),
            [operation, members @ ..] => {
                let members: Vec<(&str, &str)> =
                    members.iter().map(|member| member.split_once('=').unwrap()).collect();
                self.world().cloud.iam(operation, &members);
            }
            [] => panic!("iam does nothing"),
        }
    }

    fn roll_out(&self) {
        let name = "access.yaml".to_owned();
        let text = std::fs::read_to_string(self.world().path(&name)).unwrap();
        let bundle = authorisation(&parse(&[Source { name: name.into(), text }]).unwrap()).unwrap();
        let execution = |role: &&Role| matches!(role.kind, RoleKind::Execution { .. });
        for role in bundle.roles.iter().filter(execution) {
            self.make(role);
        }
    }

    fn make(&self, role: &Role) {
        let cloud = &self.world().cloud;
        let (trust, session) = (role.trust.to_compact_json(), role.max_session_seconds.to_string());
        let mut members = vec![
            ("RoleName".to_owned(), role.name.clone()),
            ("Path".to_owned(), role.path.clone()),
            ("AssumeRolePolicyDocument".to_owned(), trust),
            ("MaxSessionDuration".to_owned(), session),
        ];
        for (number, (key, value)) in (1..).zip(&role.tags) {
            members.push((format!("Tags.member.{number}.Key"), key.clone()));
            members.push((format!("Tags.member.{number}.Value"), value.clone()));
        }
        if let Some(arn) = &role.boundary {
            members.push(("PermissionsBoundary".to_owned(), arn.clone()));
        }
        cloud.iam("CreateRole", &members);
        for policy in &role.managed {
            let (name, document) = (policy.name.as_str(), policy.document.to_compact_json());
            cloud.iam("CreatePolicy", &[("PolicyName", name), ("PolicyDocument", &document)]);
            let arn = format!("arn:aws:iam::{}:policy/{name}", role.account_id);
            cloud.iam("AttachRolePolicy", &[("RoleName", &role.name), ("PolicyArn", &arn)]);
        }
        for policy in &role.inline {
            let document = policy.document.to_compact_json();
            let names = [("RoleName", role.name.as_str()), ("PolicyName", &policy.name)];
            cloud.iam("PutRolePolicy", &[names[0], names[1], ("PolicyDocument", &document)]);
        }
    }
}
