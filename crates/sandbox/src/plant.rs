//! Making a world out of a seed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::seed::{
    AuthMode, Seed, SeedApp, SeedDomain, SeedError, SeedPolicy, SeedProfile, SeedRole, SeedSpace,
    Trust,
};
use crate::services::identity_store::memberships;
use crate::services::sagemaker::{domain, shapes};
use crate::services::{iam, trust};
use crate::state::{
    App, AppKey, Bucket, Caller, Directory, DirectoryEntry, Domain, KmsKey, ManagedPolicy, Network,
    Owner, Parameter, Profile, Queue, Role, Secret, SecretVersion, Space, Status, VpcEndpoint,
    World,
};
use crate::wire::pattern::Pattern;
use crate::wire::shape::Kind;

/// Everything of a seed came into being then.
const BIRTH: Timestamp = Timestamp::UNIX_EPOCH;

fn wrong(what: &'static str, name: &str, problem: impl Into<String>) -> SeedError {
    SeedError::Content { what, name: name.to_owned(), problem: problem.into() }
}

fn check(what: &'static str, name: &str, value: &str, pattern: Pattern) -> Result<(), SeedError> {
    if pattern.matches(value) {
        Ok(())
    } else {
        Err(wrong(what, name, format!("`{value}` does not match {}", pattern.text())))
    }
}

/// Builds the world that a seed describes.
pub(crate) fn plant(seed: &Seed) -> Result<World, SeedError> {
    check("default_account", "", &seed.default_account, Pattern::AccountId)?;
    let mut world = World::empty(seed.random, &seed.default_account, seed.timing, seed.limits);
    for account in &seed.accounts {
        check("account", account, account, Pattern::AccountId)?;
        world.accounts.insert(account.clone());
    }
    plant_callers(&mut world, seed)?;
    plant_directory(&mut world, seed)?;
    plant_networks(&mut world, seed);
    plant_kms_keys(&mut world, seed);
    plant_buckets(&mut world, seed);
    for domain in &seed.domains {
        plant_domain(&mut world, seed, domain)?;
    }
    for profile in &seed.profiles {
        plant_profile(&mut world, profile)?;
    }
    for space in &seed.spaces {
        plant_space(&mut world, space)?;
    }
    for app in &seed.apps {
        plant_app(&mut world, app)?;
    }
    let home = (seed.default_account.clone(), seed.region.clone());
    for name in &seed.queues {
        let key = (home.0.clone(), home.1.clone(), name.clone());
        let mut queue = Queue::default();
        if name.strip_suffix(".fifo").is_some() {
            queue.attributes.insert("FifoQueue".to_owned(), "true".to_owned());
        }
        world.queues.insert(key, queue);
    }
    plant_secrets(&mut world, seed)?;
    plant_parameters(&mut world, seed)?;
    if let Some(events) = &seed.events {
        let Some(directory) = &world.directory else {
            return Err(wrong("events", &events.queue, "events need a `directory`"));
        };
        let key = (directory.account.clone(), directory.region.clone(), events.queue.clone());
        world.queues.insert(key.clone(), Queue::default());
        world.event_queue = Some(key);
        world.event_family = events.family;
    }
    Ok(world)
}

fn plant_parameters(world: &mut World, seed: &Seed) -> Result<(), SeedError> {
    for parameter in &seed.parameters {
        let account = parameter.account.as_ref().unwrap_or(&seed.default_account).clone();
        check("parameter", &parameter.name, &account, Pattern::AccountId)?;
        world.accounts.insert(account.clone());
        world.parameters.push(Parameter {
            account,
            region: parameter.region.as_ref().unwrap_or(&seed.region).clone(),
            name: parameter.name.clone(),
            value: parameter.value.clone(),
            secure: parameter.secure,
        });
    }
    Ok(())
}

fn plant_secrets(world: &mut World, seed: &Seed) -> Result<(), SeedError> {
    for secret in &seed.secrets {
        let account = secret.account.as_ref().unwrap_or(&seed.default_account).clone();
        check("secret", &secret.name, &account, Pattern::AccountId)?;
        let region = secret.region.as_ref().unwrap_or(&seed.region).clone();
        let suffix = world.ids.key(6);
        let arn =
            format!("arn:aws:secretsmanager:{region}:{account}:secret:{}-{suffix}", secret.name);
        let stages = [
            ("AWSCURRENT", Some(&secret.current)),
            ("AWSPREVIOUS", secret.previous.as_ref()),
            ("AWSPENDING", secret.pending.as_ref()),
        ];
        let mut versions = Vec::new();
        for (stage, text) in stages {
            if let Some(text) = text {
                versions.push(SecretVersion { id: world.ids.uuid(), stage, text: text.clone() });
            }
        }
        let name = secret.name.clone();
        world.accounts.insert(account.clone());
        world.secrets.insert(arn.clone(), Secret { account, region, name, arn, versions });
    }
    Ok(())
}

fn plant_networks(world: &mut World, seed: &Seed) {
    for given in &seed.networks {
        let all = || given.subnets.iter().map(|subnet| subnet.id.clone()).collect();
        let mut endpoints = Vec::new();
        for endpoint in &given.endpoints {
            let is_gateway = endpoint.service == "s3";
            let made = || format!("vpce-{}", world.ids.hex(17));
            endpoints.push(VpcEndpoint {
                id: endpoint.id.clone().unwrap_or_else(made),
                service: endpoint.service.clone(),
                kind: if is_gateway { "Gateway" } else { "Interface" },
                state: endpoint.state.clone().unwrap_or_else(|| "available".to_owned()),
                private_dns: endpoint.private_dns && !is_gateway,
                subnets: match &endpoint.subnets {
                    _ if is_gateway => Vec::new(),
                    Some(subnets) => subnets.clone(),
                    None => all(),
                },
                security_groups: endpoint.security_groups.clone(),
            });
        }
        world.networks.push(Network {
            account: given.account.as_ref().unwrap_or(&seed.default_account).clone(),
            region: given.region.as_ref().unwrap_or(&seed.region).clone(),
            vpc: given.vpc.clone(),
            subnets: given.subnets.clone(),
            security_groups: given.security_groups.clone(),
            endpoints,
        });
    }
}

fn plant_kms_keys(world: &mut World, seed: &Seed) {
    for given in &seed.kms_keys {
        let account = given.account.as_ref().unwrap_or(&seed.default_account).clone();
        let by_iam = || {
            json!({"Version": "2012-10-17", "Statement": [{
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": format!("arn:aws:iam::{account}:root")},
                "Action": "kms:*",
                "Resource": "*",
            }]})
        };
        world.kms_keys.push(KmsKey {
            policy: given.policy.clone().unwrap_or_else(by_iam),
            region: given.region.as_ref().unwrap_or(&seed.region).clone(),
            id: given.id.clone(),
            state: given.state.clone().unwrap_or_else(|| "Enabled".to_owned()),
            usage: given.usage.clone().unwrap_or_else(|| "ENCRYPT_DECRYPT".to_owned()),
            account,
        });
    }
}

fn plant_buckets(world: &mut World, seed: &Seed) {
    for given in &seed.buckets {
        let account = given.account.as_ref().unwrap_or(&seed.default_account).clone();
        let bucket = Bucket { account, lock: given.lock, objects: BTreeMap::new() };
        world.buckets.insert(given.name.clone(), bucket);
    }
}

fn plant_callers(world: &mut World, seed: &Seed) -> Result<(), SeedError> {
    for credential in &seed.credentials {
        let key = &credential.access_key_id;
        check("credential", key, &credential.account, Pattern::AccountId)?;
        let arn = credential
            .arn
            .clone()
            .unwrap_or_else(|| format!("arn:aws:iam::{}:user/{key}", credential.account));
        let caller = Caller {
            account: credential.account.clone(),
            arn,
            user_id: format!("AIDA{}", world.ids.key(17)),
            access_key_id: key.clone(),
            role_arn: None,
            source_identity: None,
            denied: credential.denied.clone(),
            transitive_tags: credential.transitive_tags.clone(),
        };
        world.accounts.insert(credential.account.clone());
        world.credentials.insert(key.clone(), caller);
    }
    for policy in &seed.policies {
        plant_policy(world, seed, policy)?;
    }
    for role in &seed.roles {
        plant_role(world, seed, role)?;
    }
    Ok(())
}

fn plant_policy(world: &mut World, seed: &Seed, given: &SeedPolicy) -> Result<(), SeedError> {
    let name = &given.name;
    check("policy", name, name, Pattern::IamName)?;
    let account = given.account.clone().unwrap_or_else(|| seed.default_account.clone());
    check("policy", name, &account, Pattern::AccountId)?;
    let policy = ManagedPolicy {
        account,
        name: name.clone(),
        path: given.path.clone().unwrap_or_else(|| "/".to_owned()),
        id: format!("ANPA{}", world.ids.key(17)),
        description: None,
        created: BIRTH,
        updated: BIRTH,
        tags: Vec::new(),
        default: 1,
        versions: iam::first_version(given.document.to_string(), BIRTH),
    };
    match world.policies.insert(policy.arn(), policy) {
        None => Ok(()),
        Some(_) => Err(wrong("policy", name, "is there twice")),
    }
}

fn plant_role(world: &mut World, seed: &Seed, role: &SeedRole) -> Result<(), SeedError> {
    check("role", &role.name, &role.name, Pattern::IamName)?;
    let account = role.account.clone().unwrap_or_else(|| seed.default_account.clone());
    check("role", &role.name, &account, Pattern::AccountId)?;
    let trust = match &role.trust {
        Trust::Preset(_) => trust::sagemaker_document(),
        Trust::Account(trusted) => trust::account_document(trusted),
        Trust::Document(document) => document.document.clone(),
    };
    let named = |name: &String| find_policy(world, &account, &role.name, name);
    let attached = role.attached.iter().map(named).collect::<Result<_, _>>()?;
    let boundary = role.boundary.as_ref().map(named).transpose()?;
    world.accounts.insert(account.clone());
    let key = (account.clone(), role.name.to_lowercase());
    let inline = role.inline.iter().map(|(name, document)| (name.clone(), document.to_string()));
    let tags = role.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value}));
    let planted = Role {
        order: world.next_order(),
        account,
        name: role.name.clone(),
        path: role.path.clone().unwrap_or_else(|| "/".to_owned()),
        id: format!("AROA{}", world.ids.key(17)),
        trust,
        description: None,
        max_session: role.max_session_seconds.map_or(iam::DEFAULT_SESSION, i64::from),
        created: BIRTH,
        tags: tags.collect(),
        attached,
        inline: inline.collect(),
        boundary,
        denied: role.denied.clone(),
    };
    match world.roles.insert(key, planted) {
        None => Ok(()),
        Some(_) => Err(wrong("role", &role.name, "is there twice")),
    }
}

/// The ARN of the managed policy that a role names.
fn find_policy(world: &World, account: &str, role: &str, name: &str) -> Result<String, SeedError> {
    let is_meant = |arn: &str, policy: &ManagedPolicy| {
        arn == name || (policy.account == account && policy.name == name)
    };
    let found = world.policies.iter().find(|(arn, policy)| is_meant(arn, policy));
    let problem = || format!("has the policy `{name}`, which is not in `policies`");
    found.map(|(arn, _)| arn.clone()).ok_or_else(|| wrong("role", role, problem()))
}

fn plant_directory(world: &mut World, seed: &Seed) -> Result<(), SeedError> {
    let Some(given) = &seed.directory else { return Ok(()) };
    let id = &given.identity_store_id;
    check("directory", id, id, Pattern::IdentityStoreId)?;
    let account = given.account.clone().unwrap_or_else(|| seed.default_account.clone());
    check("directory", id, &account, Pattern::AccountId)?;
    let instance_arn = given.instance_arn.clone().unwrap_or_else(|| {
        let digits = id.replacen("d-", "", 1).replace('-', "");
        format!("arn:aws:sso:::instance/ssoins-{digits:0>16.16}")
    });
    check("directory", id, &instance_arn, Pattern::InstanceArn)?;
    world.accounts.insert(account.clone());
    let mut directory = Directory {
        id: id.clone(),
        account,
        region: given.region.clone().unwrap_or_else(|| seed.region.clone()),
        instance_arn,
        users: BTreeMap::new(),
        groups: BTreeMap::new(),
        memberships: BTreeMap::new(),
        by_group: BTreeMap::new(),
        by_user: BTreeMap::new(),
        user_names: BTreeMap::new(),
        group_names: BTreeMap::new(),
    };
    for user in &given.users {
        let name = &user.user_name;
        let id = user.id.clone().unwrap_or_else(|| world.ids.uuid());
        check("user", name, &id, Pattern::PrincipalId)?;
        check("user", name, name, Pattern::DirectoryName)?;
        let display = user.display_name.as_ref().unwrap_or(name);
        let mut attributes = Map::new();
        attributes.insert("UserName".to_owned(), name.clone().into());
        attributes.insert("DisplayName".to_owned(), display.clone().into());
        let (first, last) = display.split_once(' ').unwrap_or((display, display));
        attributes.insert("Name".to_owned(), json!({"GivenName": first, "FamilyName": last}));
        if let Some(email) = &user.email {
            let email = json!([{"Value": email, "Type": "work", "Primary": true}]);
            attributes.insert("Emails".to_owned(), email);
        }
        if let Some(external) = &user.external_id {
            let issuer = format!("https://identitystore.amazonaws.com/{}", directory.id);
            let external = json!([{"Issuer": issuer, "Id": external}]);
            attributes.insert("ExternalIds".to_owned(), external);
        }
        let entry = entry(world, attributes, user.enabled);
        directory.users.insert(id.clone(), entry);
        if directory.user_names.insert(name.to_lowercase(), id).is_some() {
            return Err(wrong("user", name, "is there twice"));
        }
    }
    plant_groups(world, seed, &mut directory)?;
    world.directory = Some(directory);
    Ok(())
}

fn plant_groups(
    world: &mut World,
    seed: &Seed,
    directory: &mut Directory,
) -> Result<(), SeedError> {
    for group in seed.directory.iter().flat_map(|given| &given.groups) {
        let name = &group.name;
        let id = group.id.clone().unwrap_or_else(|| world.ids.uuid());
        check("group", name, &id, Pattern::PrincipalId)?;
        let mut attributes = Map::new();
        attributes.insert("DisplayName".to_owned(), name.clone().into());
        let entry = entry(world, attributes, true);
        directory.groups.insert(id.clone(), entry);
        if directory.group_names.insert(name.to_lowercase(), id.clone()).is_some() {
            return Err(wrong("group", name, "is there twice"));
        }
        for member in &group.members {
            let Some(user) = directory.user_names.get(&member.to_lowercase()).cloned() else {
                return Err(wrong(
                    "group",
                    name,
                    format!("has a member `{member}` who is no user"),
                ));
            };
            let (membership, order) = (world.ids.uuid(), world.next_order());
            memberships::join(directory, &membership, order, (&id, &user), BIRTH);
        }
    }
    Ok(())
}

fn entry(world: &mut World, attributes: Map<String, Value>, enabled: bool) -> DirectoryEntry {
    let order = world.next_order();
    DirectoryEntry { order, attributes, enabled, revision: 1, created: BIRTH, updated: BIRTH }
}

/// What `DescribeDomain` shows of a domain besides its state.
fn domain_members(
    world: &mut World,
    given: &SeedDomain,
    name: String,
    settings: Map<String, Value>,
) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("DomainName".to_owned(), name.into());
    members.insert("DefaultUserSettings".to_owned(), settings.into());
    let network = if given.vpc_only { "VpcOnly" } else { "PublicInternetOnly" };
    members.insert("AppNetworkAccessType".to_owned(), network.into());
    if given.execution_role_identity {
        let settings = json!({"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"});
        members.insert("DomainSettings".to_owned(), settings);
    }
    if let Some(vpc) = &given.vpc {
        members.insert("VpcId".to_owned(), vpc.clone().into());
        members.insert("SubnetIds".to_owned(), given.subnets.clone().into());
    }
    if let Some(key) = &given.kms_key {
        members.insert("KmsKeyId".to_owned(), key.clone().into());
    }
    members.insert("HomeEfsFileSystemId".to_owned(), format!("fs-{}", world.ids.hex(17)).into());
    members
}

fn plant_domain(world: &mut World, seed: &Seed, given: &SeedDomain) -> Result<(), SeedError> {
    check("domain", &given.id, &given.id, Pattern::DomainId)?;
    let account = given.account.clone().unwrap_or_else(|| seed.default_account.clone());
    check("domain", &given.id, &account, Pattern::AccountId)?;
    let region = given.region.clone().unwrap_or_else(|| seed.region.clone());
    let name = given.name.clone().unwrap_or_else(|| given.id.replacen("d-", "", 1));
    check("domain", &given.id, &name, Pattern::EntityName)?;
    let mut settings = Map::new();
    if let Some(role) = &given.default_execution_role {
        check("domain", &given.id, role, Pattern::ExecutionRole)?;
        if trust::find_role(world, role).is_none() {
            return Err(wrong(
                "domain",
                &given.id,
                format!("has the role {role}, which is not in `roles`"),
            ));
        }
        settings.insert("ExecutionRole".to_owned(), role.clone().into());
    }
    if !given.security_groups.is_empty() {
        settings.insert("SecurityGroups".to_owned(), given.security_groups.clone().into());
    }
    let application_arn = match (given.auth_mode, &world.directory) {
        (AuthMode::Iam, _) => None,
        (AuthMode::Sso, Some(directory)) if directory.region == region => {
            let instance = directory.instance_arn.clone();
            let place = (account.as_str(), region.as_str());
            Some(domain::add_application(world, &instance, place, &given.id, BIRTH))
        }
        (AuthMode::Sso, _) => {
            let problem = format!("is in SSO mode, which needs a `directory` in {region}");
            return Err(wrong("domain", &given.id, problem));
        }
    };
    if let Some(arn) = &application_arn {
        plant_assignments(world, given, arn)?;
    }
    let mut members = domain_members(world, given, name, settings);
    if let Some(role) = &given.space_execution_role {
        check("domain", &given.id, role, Pattern::ExecutionRole)?;
        let settings = json!({ "ExecutionRole": role });
        members.insert("DefaultSpaceSettings".to_owned(), settings);
    }
    let planted = Domain {
        id: given.id.clone(),
        account: account.clone(),
        region,
        auth_mode: given.auth_mode,
        application_arn,
        old: given.before_october_2023,
        life: world.new_life(BIRTH, Status::InService),
        members,
        profiles: BTreeMap::new(),
        spaces: BTreeMap::new(),
        apps: BTreeMap::new(),
    };
    world.accounts.insert(account);
    world.tags.insert(planted.arn(), BTreeMap::new());
    match world.domains.insert(given.id.clone(), planted) {
        None => Ok(()),
        Some(_) => Err(wrong("domain", &given.id, "is there twice")),
    }
}

fn plant_assignments(
    world: &mut World,
    given: &SeedDomain,
    application: &str,
) -> Result<(), SeedError> {
    for group in &given.assigned {
        let id = world.directory.as_ref().and_then(|d| d.group_names.get(&group.to_lowercase()));
        let Some(id) = id.cloned() else {
            let problem = format!("has the group `{group}` assigned, which is not in `directory`");
            return Err(wrong("domain", &given.id, problem));
        };
        let order = world.next_order();
        if let Some(application) = world.applications.get_mut(application) {
            application.assignments.insert(("GROUP".to_owned(), id), order);
        }
    }
    Ok(())
}

fn find_domain<'a>(
    world: &'a mut World,
    what: &'static str,
    name: &str,
    id: &str,
) -> Result<&'a mut Domain, SeedError> {
    let problem = format!("is in the domain `{id}`, which is not in `domains`");
    world.domains.get_mut(id).ok_or_else(|| wrong(what, name, problem))
}

fn plant_profile(world: &mut World, given: &SeedProfile) -> Result<(), SeedError> {
    let name = &given.name;
    check("profile", name, name, Pattern::EntityName)?;
    let life = world.new_life(given.made.unwrap_or(BIRTH), Status::InService);
    let efs_uid = world.new_efs_uid();
    let domain = find_domain(world, "profile", name, &given.domain)?;
    if (domain.auth_mode == AuthMode::Sso) != given.sso_user.is_some() {
        let problem =
            "needs `sso_user` in an SSO-mode domain, and must not have it in an IAM-mode one";
        return Err(wrong("profile", name, problem));
    }
    let mut settings = given.settings.clone();
    if let Some(role) = &given.execution_role {
        check("profile", name, role, Pattern::ExecutionRole)?;
        settings.insert("ExecutionRole".to_owned(), role.clone().into());
    }
    let profile =
        Profile { name: name.clone(), efs_uid, sso_user: given.sso_user.clone(), settings, life };
    let arn = domain.profile_arn(name);
    let twice = domain.profiles.insert(name.to_lowercase(), profile).is_some();
    world.tags.insert(arn, given.tags.clone());
    if twice { Err(wrong("profile", name, "is there twice")) } else { Ok(()) }
}

fn plant_space(world: &mut World, given: &SeedSpace) -> Result<(), SeedError> {
    let name = &given.name;
    check("space", name, name, Pattern::EntityName)?;
    let (efs_uid, life) = (world.new_efs_uid(), world.new_life(BIRTH, Status::InService));
    let domain = find_domain(world, "space", name, &given.domain)?;
    if let Some(owner) = &given.owner
        && !domain.profiles.contains_key(&owner.to_lowercase())
    {
        return Err(wrong("space", name, format!("has the owner `{owner}`, who is no profile")));
    }
    let sharing = if given.shared { "Shared" } else { "Private" };
    let mut settings = Map::new();
    if let Some(app_type) = &given.app_type {
        settings.insert("AppType".to_owned(), app_type.clone().into());
    }
    if let Some(size) = given.volume_gb {
        let storage = json!({"EbsStorageSettings": {"EbsVolumeSizeInGb": size}});
        settings.insert("SpaceStorageSettings".to_owned(), storage);
    }
    let space = Space {
        name: name.clone(),
        efs_uid,
        owner: given.owner.clone(),
        sharing: given.owner.as_ref().map(|_| sharing.to_owned()),
        display_name: given.display_name.clone(),
        settings,
        life,
    };
    let arn = domain.space_arn(name);
    domain.spaces.insert(name.to_lowercase(), space);
    world.tags.insert(arn, BTreeMap::new());
    Ok(())
}

fn plant_app(world: &mut World, given: &SeedApp) -> Result<(), SeedError> {
    let name = given.name.as_deref().unwrap_or("default");
    check("app", name, name, Pattern::EntityName)?;
    let Kind::OneOf(types) = shapes::APP_TYPE else { return Ok(()) };
    if !types.contains(&given.app_type.as_str()) {
        return Err(wrong(
            "app",
            name,
            format!("has the type `{}`, not one of {types:?}", given.app_type),
        ));
    }
    let life = world.new_life(given.started.unwrap_or(BIRTH), Status::InService);
    let domain = find_domain(world, "app", name, &given.domain)?;
    let (owner, owner_name) = match (&given.profile, &given.space) {
        (Some(profile), None) if domain.profiles.contains_key(&profile.to_lowercase()) => {
            (Owner::Profile(profile.to_lowercase()), profile)
        }
        (None, Some(space)) if domain.spaces.contains_key(&space.to_lowercase()) => {
            (Owner::Space(space.to_lowercase()), space)
        }
        _ => return Err(wrong("app", name, "needs the `profile` or the `space` it belongs to")),
    };
    let key = AppKey { owner, app_type: given.app_type.clone(), name: name.to_lowercase() };
    let app = App {
        name: name.to_owned(),
        owner_name: owner_name.clone(),
        resource_spec: given.instance_type.as_ref().map(|kind| json!({"InstanceType": kind})),
        recovery_mode: None,
        life,
    };
    let arn = domain.app_arn(&key);
    domain.apps.insert(key, app);
    world.tags.insert(arn, BTreeMap::new());
    Ok(())
}
