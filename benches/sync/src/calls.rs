//! How many calls a full sync makes, and how many it has to make.

use crate::company::{Company, HUB, SPOKE};
use crate::installation::Installation;
use access::check::Removals;
use anyhow::{Result, ensure};
use aws::client::sagemaker::{CreateApp, CreateSpace, OwnershipSettings, SpaceSharingSettings};
use control::survey::Scope;
use std::collections::BTreeMap;

/// The largest page that any of the lists gives.
const PAGE: usize = 100;

/// Calls by operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calls {
    /// Those that were made.
    pub made: BTreeMap<String, u64>,
    /// The least number that shows everything a plan is made from, pages being as large as they
    /// may be.
    pub bound: BTreeMap<String, u64>,
}

impl Calls {
    /// All that were made, and the bound of all.
    pub fn totals(&self) -> (u64, u64) {
        (self.made.values().sum(), self.bound.values().sum())
    }
}

/// Brings a company to where AWS agrees with its map, has some work going on there, and counts the
/// calls of a sync that finds nothing to do.
///
/// # Errors
/// Something failed that must not.
pub async fn full_sync(company: Company) -> Result<Calls> {
    let it = Installation::new(company.map()?, &company.seed()?)?;
    let first = it.plane.pass(&Scope::Everything, Removals::Guarded, &|_, _| {}).await?;
    let groups = company.hub_teams + company.spoke_teams;
    let (hub, spoke) = (company.hub_teams, company.spoke_teams);
    let (hub, spoke) = (hub * company.members, spoke * company.members);
    ensure!(first.report.changed == hub + spoke, "only {} profiles", first.report.changed);
    let (spaces, apps) = work(&it, company).await?;
    let before = it.calls();
    let pass = it.plane.pass(&Scope::Everything, Removals::Guarded, &|_, _| {}).await?;
    ensure!(pass.settled(), "there is something to do: {:?}", pass.plan.actions);
    let mut made = it.calls();
    for (operation, calls) in before {
        made.entry(operation).and_modify(|count| *count -= calls);
    }
    made.retain(|_, calls| *calls > 0);

    let pages = |items: usize| items.div_ceil(PAGE).max(1);
    let bound = [
        ("iam:GetRole", groups),
        ("identitystore:ListGroupMemberships", groups * pages(company.members)),
        ("identitystore:ListGroups", pages(groups + company.other_groups)),
        ("identitystore:ListUsers", pages(company.people)),
        ("sagemaker:DescribeDomain", 2),
        ("sagemaker:DescribeUserProfile", hub + spoke),
        ("sagemaker:ListApps", pages(apps) + pages(0)),
        ("sagemaker:ListSpaces", pages(spaces) + pages(0)),
        // Tags say whose a profile is, and no list gives them.
        ("sagemaker:ListTags", hub + spoke),
        ("sagemaker:ListUserProfiles", pages(hub) + pages(spoke)),
        ("servicequotas:GetServiceQuota", 2),
    ];
    let bound = bound.map(|(operation, calls)| (operation.to_owned(), calls as u64)).into();
    ensure!((it.profiles(HUB), it.profiles(SPOKE)) == (hub, spoke), "profiles were lost");
    Ok(Calls { made, bound })
}

/// Starts a space for each third profile of the hub, and an app in every other one of them.
async fn work(it: &Installation, company: Company) -> Result<(usize, usize)> {
    let client = it.aws.sagemaker(it.region());
    let (mut spaces, mut apps) = (0, 0);
    for owner in (0..company.members).step_by(3) {
        let space_name = format!("lab{owner}");
        let space = CreateSpace {
            domain_id: HUB.1.to_owned(),
            space_name: space_name.clone(),
            ownership_settings: Some(OwnershipSettings {
                owner_user_profile_name: format!("p{owner}--hub0"),
            }),
            space_sharing_settings: Some(SpaceSharingSettings {
                sharing_type: "Private".to_owned(),
            }),
            ..CreateSpace::default()
        };
        client.call(&space).await?;
        spaces += 1;
        if owner % 2 == 0 {
            let app = CreateApp {
                domain_id: HUB.1.to_owned(),
                space_name: Some(space_name),
                app_type: "JupyterLab".to_owned(),
                app_name: "default".to_owned(),
                ..CreateApp::default()
            };
            client.call(&app).await?;
            apps += 1;
        }
    }
    Ok((spaces, apps))
}
