//! `stagedoor policy render`.

mod folder;

use crate::cli::{Common, OutputFormat, RenderArgs, RenderFormat, RenderPart};
use crate::codes;
use crate::exit::{BadConfiguration, Outcome};
use crate::{mapfile, output};
use access::authorisation::{authorisation, too_large};
use access::ids::AccountId;
use access::map::{self, AccessMap, Diagnostic};
use anyhow::Result;
use folder::Written;
use iam_policy::bundle::{Bundle, Role, RoleKind};
use iam_policy::document::Limit;
use iam_policy::render::{File, cloudformation_files, json, json_files, terraform_files};
use serde_json::json;
use std::collections::BTreeSet;

/// Prints the roles and policies that the map means, or writes them into a folder.
pub(super) fn run(args: &RenderArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let bundle = authorisation(&map).map_err(|problems| refused(&problems, ""))?;
    if let Some(account) = &args.account {
        known(&bundle, &map, account)?;
    }
    let bundle = chosen(bundle, args);
    let large = too_large(&map, &bundle);
    if !large.is_empty() {
        let rest = "\nAll else can be rendered: choose it with `--only`, and other accounts with `--account`.";
        return Err(refused(&large, rest).into());
    }
    tell(&map, &bundle, args);
    mapfile::caution_of_size(&map, &bundle);
    let files = match args.format {
        RenderFormat::Json => json_files(&bundle),
        RenderFormat::Cloudformation => cloudformation_files(&bundle),
        RenderFormat::Terraform => terraform_files(&bundle),
    };
    if args.format == RenderFormat::Cloudformation {
        files.iter().for_each(caution_of_template);
    }
    let written = match &args.out {
        Some(folder) => Some(folder::write(folder, &files, args.force)?),
        None => None,
    };
    match (common.output, written) {
        (OutputFormat::Json, written) => print_json(args, &files, written.as_ref()),
        (OutputFormat::Table, Some(written)) => print_written(args, &written),
        (OutputFormat::Table, None) => output::data(print_files(&bundle, args, files)?.trim_end()),
    }
    Ok(Outcome::Done)
}

fn refused(problems: &[Diagnostic], and: &str) -> BadConfiguration {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let errors = serde_json::to_value(problems).ok();
    BadConfiguration { errors, ..BadConfiguration::new(codes::MAP_INVALID, lines.join("\n") + and) }
}

/// Refuses an account in which nothing of the map is: a folder would be emptied, and what was deployed from
/// it destroyed.
fn known(bundle: &Bundle, map: &AccessMap, account: &AccountId) -> Result<(), BadConfiguration> {
    let of_roles = bundle.roles.iter().map(|role| role.account_id.as_str());
    let of_policies = bundle.scps.iter().flat_map(|policy| &policy.accounts).map(String::as_str);
    let of_domains = map.domains.values().map(|domain| domain.account_id.as_str());
    let accounts: BTreeSet<&str> = of_roles.chain(of_policies).chain(of_domains).collect();
    if accounts.contains(account.as_str()) {
        return Ok(());
    }
    let accounts: Vec<&str> = accounts.into_iter().collect();
    let message =
        format!("nothing of the map is in account {account}; there is {}", accounts.join(", "));
    Err(BadConfiguration::new(codes::ACCOUNT_UNKNOWN, message))
}

/// The part of the bundle that was asked for.
fn chosen(bundle: Bundle, args: &RenderArgs) -> Bundle {
    let wants = |part| args.only.is_empty() || args.only.contains(&part);
    let role = |role: &Role| {
        let execution = matches!(role.kind, RoleKind::Execution { .. });
        let part = if execution { RenderPart::Execution } else { RenderPart::Plane };
        let there = args.account.as_ref().is_none_or(|account| account.as_str() == role.account_id);
        there && (wants(RenderPart::Roles) || wants(part))
    };
    let guards = |accounts: &BTreeSet<String>| {
        args.account.as_ref().is_none_or(|account| accounts.contains(account.as_str()))
    };
    let keep = |part| wants(part) && args.account.is_none();
    let Bundle { roles, scps, endpoint_policies, permission_sets } = bundle;
    let guarded = wants(RenderPart::Guardrails);
    Bundle {
        roles: roles.into_iter().filter(role).collect(),
        scps: scps.into_iter().filter(|p| guarded && guards(&p.accounts)).collect(),
        endpoint_policies: endpoint_policies
            .into_iter()
            .filter(|_| keep(RenderPart::Endpoints))
            .collect(),
        permission_sets: permission_sets
            .into_iter()
            .filter(|_| keep(RenderPart::PermissionSets))
            .collect(),
    }
}

/// What is not in it, and why.
fn tell(map: &AccessMap, bundle: &Bundle, args: &RenderArgs) {
    let others = |part: &RenderPart| *part != RenderPart::Execution;
    if map.hub.is_none() && (args.only.is_empty() || args.only.iter().any(others)) {
        output::talk(
            "The map has no `hub`: no roles of Stagedoor's own, no guardrails, endpoint policies or \
             permission sets are made.",
        );
    }
    for caution in map.cautions().iter().filter(|caution| caution.code == map::codes::PRIVATE_RANGE)
    {
        output::talk(&format!("caution: {caution}"));
    }
    let limit = Limit::PERMISSION_SET_INLINE;
    for set in bundle.permission_sets.iter().filter(|set| !limit.fits(&set.inline)) {
        output::talk(&format!(
            "caution: the permission set `{}` takes {} characters and Identity Center allows {}: it cannot \
             be rolled out as it is, nor a stack that holds it; `--only` renders the rest",
            set.name,
            limit.size(&set.inline),
            limit.characters
        ));
    }
}

/// Tells of a template that is over AWS's quotas (user guide of `CloudFormation`, quotas).
fn caution_of_template(file: &File) {
    let template: serde_json::Value = serde_json::from_str(&file.text).unwrap_or_default();
    let number = |part: &str| {
        template.get(part).and_then(serde_json::Value::as_object).map_or(0, serde_json::Map::len)
    };
    let over = [
        ("resources", number("Resources"), 500),
        ("outputs", number("Outputs"), 200),
        ("bytes", file.text.len(), 1_000_000),
    ];
    for (what, has, allowed) in over.into_iter().filter(|(_, has, allowed)| has > allowed) {
        output::talk(&format!(
            "caution: the template {} has {has} {what} and CloudFormation takes {allowed}: choose parts with \
             `--only`, or another format with `--format terraform`",
            file.path
        ));
    }
}

/// All of it as one text, where the format has such a thing.
fn print_files(bundle: &Bundle, args: &RenderArgs, files: Vec<File>) -> Result<String> {
    let count = files.len();
    match (args.format, <[File; 1]>::try_from(files)) {
        (RenderFormat::Json, _) => Ok(json(bundle)),
        (_, Ok([only])) => Ok(only.text),
        // The files of a module are one text to Terraform.
        (RenderFormat::Terraform, Err(files)) => {
            let texts: Vec<String> = files.into_iter().map(|file| file.text).collect();
            Ok(texts.join("\n"))
        }
        (RenderFormat::Cloudformation, Err(_)) => {
            let message = format!(
                "these are {count} templates, each for a stack of its own: write them into a folder \
                 with `--out DIR`, or choose one with `--only` and `--account`"
            );
            Err(BadConfiguration::new(codes::RENDER_SEVERAL, message).into())
        }
    }
}

fn print_written(args: &RenderArgs, written: &[Written]) {
    for file in written {
        output::data(&format!("{} {}", file.what, file.path));
    }
    let folder = args.out.as_deref().unwrap_or(std::path::Path::new("."));
    output::talk(&match args.format {
        RenderFormat::Json => format!("{}/index.json says what each is for.", folder.display()),
        RenderFormat::Cloudformation => {
            "Roles have names: the stacks need the capability CAPABILITY_NAMED_IAM.".to_owned()
        }
        RenderFormat::Terraform => {
            "One module: versions.tf says which providers it asks for.".to_owned()
        }
    });
}

fn print_json(args: &RenderArgs, files: &[File], written: Option<&Vec<Written>>) {
    let files: Vec<_> = match written {
        Some(written) => {
            written.iter().map(|file| json!({"path": file.path, "what": file.what})).collect()
        }
        None => files.iter().map(|file| json!({"path": file.path, "text": file.text})).collect(),
    };
    let document = json!({
        "apiVersion": output::API_VERSION,
        "kind": "RenderedPolicies",
        "format": args.format.name(),
        "files": files,
    });
    output::data(&document.to_string());
}
