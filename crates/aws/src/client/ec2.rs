//! EC2, as far as it is called: what is in a VPC. EC2 has a dialect of the query protocol of its own:
//! lists are `Name.1` in a form, `item` in XML, and results have no element of their own.

use super::channel::{Channel, Encoded, Reply};
use super::endpoint::Service;
use crate::failure::unreadable;
use aws_types::SdkConfig;
use control::ports::{CallError, EndpointFacts, Ingress, SecurityGroupFacts, SubnetFacts};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use roxmltree::{Document, Node};
use std::fmt::Write as _;

/// The version of the API that requests name.
pub const API_VERSION: &str = "2016-11-15";

/// How much of an answer is read. What is in one VPC is a hundredth of it.
const MAX_ANSWER: usize = 4 << 20;

/// How many pages are read of one list.
const MAX_PAGES: usize = 50;

/// Every operation of this client.
pub const OPERATIONS: [&str; 3] =
    ["DescribeVpcEndpoints", "DescribeSubnets", "DescribeSecurityGroups"];

/// The name of the filter that every list of this client is asked for by.
pub const FILTER: &str = "vpc-id";

/// EC2 in one account and Region.
#[derive(Debug, Clone)]
pub struct Ec2(Channel);

impl Ec2 {
    pub(crate) fn new(sdk: &SdkConfig) -> Self {
        Self(Channel::new(Service::Ec2, sdk))
    }

    /// The endpoints of a VPC.
    pub async fn endpoints(&self, vpc: &str) -> Result<Vec<EndpointFacts>, CallError> {
        self.all("DescribeVpcEndpoints", "vpcEndpointSet", vpc, endpoint).await
    }

    /// The subnets of a VPC.
    pub async fn subnets(&self, vpc: &str) -> Result<Vec<SubnetFacts>, CallError> {
        self.all("DescribeSubnets", "subnetSet", vpc, subnet).await
    }

    /// The security groups of a VPC.
    pub async fn security_groups(&self, vpc: &str) -> Result<Vec<SecurityGroupFacts>, CallError> {
        self.all("DescribeSecurityGroups", "securityGroupInfo", vpc, security_group).await
    }

    /// Every page of a list. A token that comes twice would go round for ever.
    async fn all<T>(
        &self,
        operation: &'static str,
        set: &str,
        vpc: &str,
        read: impl Fn(Node<'_, '_>) -> Option<T>,
    ) -> Result<Vec<T>, CallError> {
        let fault = |message: String| unreadable(self.0.service_name(), operation, message);
        let (mut found, mut token): (Vec<T>, Option<String>) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let mut body = format!("Action={operation}&Version={API_VERSION}");
            let vpc = utf8_percent_encode(vpc, NON_ALPHANUMERIC);
            let _ = write!(body, "&Filter.1.Name={FILTER}&Filter.1.Value.1={vpc}");
            if let Some(token) = &token {
                let _ = write!(body, "&NextToken={}", utf8_percent_encode(token, NON_ALPHANUMERIC));
            }
            let content_type = "application/x-www-form-urlencoded";
            let request = Encoded { content_type, target: None, body, rest: None };
            let reply = self.0.send(operation, request).await?;
            let (page, next) = page(&reply, set, &read)
                .map_err(|problem| fault(format!("cannot read the answer: {problem}")))?;
            found.extend(page);
            match next {
                None => return Ok(found),
                next if next == token => {
                    return Err(fault("the same page token came twice".into()));
                }
                next => token = next,
            }
        }
        Err(fault(format!("the list has more than {MAX_PAGES} pages")))
    }
}

/// The items of a page, and the token of the next one.
fn page<T>(
    reply: &Reply,
    set: &str,
    read: impl Fn(Node<'_, '_>) -> Option<T>,
) -> Result<(Vec<T>, Option<String>), &'static str> {
    if reply.0.len() > MAX_ANSWER {
        return Err("it is too long");
    }
    let text = std::str::from_utf8(&reply.0).map_err(|_| "it is no text")?;
    let document = Document::parse(text).map_err(|_| "it is no XML")?;
    let root = document.root_element();
    child(root, set).ok_or("it lacks what was asked for")?;
    let items: Option<Vec<T>> = items(root, set).map(read).collect();
    let next = text_of(root, "nextToken").filter(|token| !token.is_empty());
    Ok((items.ok_or("it lacks what was asked for")?, next))
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.tag_name().name() == name)
}

fn text_of(node: Node<'_, '_>, name: &str) -> Option<String> {
    child(node, name).map(|node| node.text().unwrap_or_default().trim().to_owned())
}

/// The items of a list; one that is not there has none.
fn items<'a, 'input>(node: Node<'a, 'input>, set: &str) -> impl Iterator<Item = Node<'a, 'input>> {
    let list = child(node, set);
    list.into_iter().flat_map(|list| list.children()).filter(|n| n.tag_name().name() == "item")
}

fn own_texts(node: Node<'_, '_>, set: &str) -> Vec<String> {
    items(node, set).map(|item| item.text().unwrap_or_default().trim().to_owned()).collect()
}

fn group_ids(node: Node<'_, '_>, set: &str) -> Vec<String> {
    items(node, set).filter_map(|item| text_of(item, "groupId")).collect()
}

fn endpoint(item: Node<'_, '_>) -> Option<EndpointFacts> {
    Some(EndpointFacts {
        id: text_of(item, "vpcEndpointId")?,
        service: text_of(item, "serviceName")?,
        interface: text_of(item, "vpcEndpointType")? == "Interface",
        // The service has written it in both cases.
        available: text_of(item, "state")?.eq_ignore_ascii_case("available"),
        private_dns: text_of(item, "privateDnsEnabled").is_some_and(|text| text == "true"),
        subnets: own_texts(item, "subnetIdSet"),
        security_groups: group_ids(item, "groupSet"),
    })
}

fn subnet(item: Node<'_, '_>) -> Option<SubnetFacts> {
    Some(SubnetFacts {
        id: text_of(item, "subnetId")?,
        zone: text_of(item, "availabilityZone")?,
        // A subnet of IPv6 alone has none.
        cidr: text_of(item, "cidrBlock").filter(|cidr| !cidr.is_empty()),
        free: text_of(item, "availableIpAddressCount")?.parse().ok()?,
    })
}

fn security_group(item: Node<'_, '_>) -> Option<SecurityGroupFacts> {
    let ingress = items(item, "ipPermissions").filter_map(|rule| {
        let port = |name: &str| text_of(rule, name).and_then(|port| port.parse::<i32>().ok());
        let ports = match text_of(rule, "ipProtocol")?.as_str() {
            "-1" => None,
            "tcp" | "6" => Some((port("fromPort")?, port("toPort")?)),
            // No app of Studio speaks anything else.
            _ => return None,
        };
        let ranges = items(rule, "ipRanges").filter_map(|range| text_of(range, "cidrIp"));
        let lists = items(rule, "prefixListIds").filter_map(|list| text_of(list, "prefixListId"));
        Some(Ingress {
            ports,
            cidrs: ranges.collect(),
            groups: group_ids(rule, "groups"),
            prefix_lists: lists.collect(),
        })
    });
    Some(SecurityGroupFacts { id: text_of(item, "groupId")?, ingress: ingress.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(body: &str) -> Reply {
        Reply(body.as_bytes().to_vec(), None)
    }

    #[test]
    fn answers_in_ec2s_dialect_are_read() {
        let body = r#"<DescribeSecurityGroupsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
            <requestId>1</requestId><securityGroupInfo><item><groupId>sg-1</groupId><ipPermissions>
            <item><ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort>
            <groups><item><groupId>sg-2</groupId></item></groups>
            <ipRanges><item><cidrIp>10.0.0.0/8</cidrIp></item></ipRanges>
            <prefixListIds><item><prefixListId>pl-1</prefixListId></item></prefixListIds></item>
            <item><ipProtocol>-1</ipProtocol><groups/><ipRanges/></item>
            <item><ipProtocol>udp</ipProtocol></item></ipPermissions></item></securityGroupInfo>
            <nextToken>t</nextToken></DescribeSecurityGroupsResponse>"#;
        let (groups, next) = page(&reply(body), "securityGroupInfo", security_group).unwrap();
        assert_eq!(next.as_deref(), Some("t"));
        assert_eq!(
            groups,
            [SecurityGroupFacts {
                id: "sg-1".to_owned(),
                ingress: vec![
                    Ingress {
                        ports: Some((443, 443)),
                        cidrs: vec!["10.0.0.0/8".to_owned()],
                        groups: vec!["sg-2".to_owned()],
                        prefix_lists: vec!["pl-1".to_owned()],
                    },
                    Ingress {
                        ports: None,
                        cidrs: Vec::new(),
                        groups: Vec::new(),
                        prefix_lists: Vec::new(),
                    },
                ],
            }]
        );
    }

    #[test]
    fn what_is_no_list_is_an_error_and_not_an_empty_one() {
        for (body, problem) in [
            ("<r/>", "it lacks what was asked for"),
            ("<r><subnetSet><item/></subnetSet></r>", "it lacks what was asked for"),
            ("oops", "it is no XML"),
            (&" ".repeat(MAX_ANSWER + 1), "it is too long"),
        ] {
            assert_eq!(page(&reply(body), "subnetSet", subnet), Err(problem));
        }
        assert_eq!(page(&reply("<r><subnetSet/></r>"), "subnetSet", subnet), Ok((vec![], None)));
    }
}
