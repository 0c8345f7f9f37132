//! *Teams and domains*, and one team by itself.

use super::address;
use super::trend::{self, Trend};
use crate::admin::frame::{Frame, Screen};
use crate::admin::parts::{Face, Stamp, command};
use crate::admin::{enter, page_of};
use crate::form::Fields;
use crate::pages;
use crate::refused::{Problem, Refused};
use crate::routes::Portal;
use crate::strings::rooms as say;
use crate::strings::{Admin, Language, Rooms};
use crate::visit::Visit;
use crate::{assets, strings};
use access::ids::TeamKey;
use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use control::desk::{
    DomainTile, Fault, Quota, QuotaState, Right, TeamDetail, TeamGrant, TeamLine, TeamMember,
    TeamRole, Teams,
};

/// Teams, or people of a team, on one page: some 700 bytes each.
const PAGE: u32 = 40;

/// The page. No `Debug`: its frame holds a form key.
#[derive(Template)]
#[template(path = "admin/rooms/teams.html")]
struct TeamsPage {
    t: &'static Admin,
    r: &'static Rooms,
    frame: Frame,
    read_at: Stamp,
    quotas: Vec<QuotaCard>,
    domains: Vec<DomainCard>,
    teams: Vec<TeamRow>,
    next: Option<String>,
}

/// How full an account is.
struct QuotaCard {
    id: String,
    name: String,
    domains: String,
    badge: (&'static str, &'static str),
    used: String,
    planned: Option<String>,
    /// In per cent of the width: what there is, and with what is still to be made.
    filled: u64,
    filled_then: u64,
    forecast: String,
    trend: Option<Trend>,
    /// How far from the trend it may go.
    range: Option<String>,
    days: Vec<(String, String)>,
}

struct DomainCard {
    key: String,
    facts: Vec<(&'static str, String)>,
    mode: Option<&'static str>,
    faults: Vec<FaultText>,
    teams: Vec<String>,
    place: Option<String>,
}

struct FaultText {
    code: String,
    text: String,
}

struct TeamRow {
    key: String,
    title: String,
    owner: Option<String>,
    persona: String,
    network: String,
    network_href: String,
    domains: String,
    people: String,
    profiles: String,
    leaving: Option<String>,
    badges: Vec<(&'static str, String)>,
    place: String,
}

/// A team. No `Debug`: its frame holds a form key.
#[derive(Template)]
#[template(path = "admin/rooms/team.html")]
struct TeamPage {
    t: &'static Admin,
    r: &'static Rooms,
    frame: Frame,
    read_at: Stamp,
    team: TeamRow,
    facts: Vec<FactText>,
    settings: Option<String>,
    activities: Vec<String>,
    roles: Vec<RoleText>,
    grants: Vec<GrantText>,
    people: Vec<MemberText>,
    next: Option<String>,
    strays: Vec<StrayText>,
}

/// A fact of the map, with the place where it is written.
struct FactText {
    name: &'static str,
    value: String,
    href: Option<String>,
    place: Option<String>,
}

struct RoleText {
    domain: String,
    arn: String,
    badge: Option<(&'static str, String)>,
}

struct GrantText {
    group: String,
    priority: String,
    from: Option<Stamp>,
    until: Option<Stamp>,
    in_force: bool,
    place: String,
}

struct MemberText {
    face: Face,
    group: String,
    grant: String,
    until: Option<Stamp>,
    profile: Option<String>,
}

struct StrayText {
    profile: String,
    domain: String,
    owner: String,
    code: String,
    meaning: String,
}

/// `GET /admin/teams?cursor=`.
pub(super) async fn show(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let entered = enter(&portal, &visit, Right::See).await?;
    let fields = Fields::of_query(&portal, query.as_deref())?;
    let told = portal.desk.teams(&entered.caller, &page_of(&fields, PAGE)).await;
    let told = told.map_err(|refused| Refused::by_desk(&portal, refused))?;
    let commands = vec![command(&["doctor", "--only", "DOM,QUO"]), command(&["who-can", "TEAM"])];
    let frame = Frame::new(&portal, &entered, language, Screen::Teams, commands).await?;
    Ok(pages::answer(&TeamsPage::new(language.rooms(), frame, told)))
}

/// `GET /admin/teams/{team}?cursor=`.
pub(super) async fn one(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    team: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let entered = enter(&portal, &visit, Right::See).await?;
    let team = team.ok().and_then(|Path(team)| TeamKey::parse(team).ok());
    let team = team.ok_or_else(|| Refused::new(&portal, Problem::NotFound))?;
    let fields = Fields::of_query(&portal, query.as_deref())?;
    let told = portal.desk.team(&entered.caller, &team, &page_of(&fields, PAGE)).await;
    let told = told.map_err(|refused| Refused::by_desk(&portal, refused))?;
    let commands = vec![command(&["who-can", team.as_str()])];
    let frame = Frame::new(&portal, &entered, language, Screen::Teams, commands).await?;
    Ok(pages::answer(&TeamPage::new(language.rooms(), frame, told)))
}

impl TeamsPage {
    fn new(r: &'static Rooms, frame: Frame, told: Teams) -> Self {
        let numbered = told.quotas.iter().enumerate();
        Self {
            t: frame.t,
            r,
            read_at: Stamp::at(told.at),
            quotas: numbered.map(|(number, quota)| QuotaCard::new(r, number, quota)).collect(),
            domains: told.domains.iter().map(|domain| DomainCard::new(r, domain)).collect(),
            teams: told.teams.items.iter().map(|line| TeamRow::new(r, line)).collect(),
            next: told.teams.next.map(|next| address("/admin/teams", &[("cursor", &next)])),
            frame,
        }
    }
}

impl QuotaCard {
    fn new(r: &'static Rooms, number: usize, quota: &Quota) -> Self {
        let domains: Vec<&str> = quota.domains.iter().map(access::ids::DomainKey::as_str).collect();
        let share = |of: u64| quota.quota.map_or(0, |most| share(of, most));
        let day = |count: &control::desk::DayCount| {
            (say::day(count.day), strings::admin::grouped(count.profiles))
        };
        Self {
            id: format!("quota-{number}"),
            name: format!("{} · {}", quota.account, quota.region),
            domains: domains.join(", "),
            badge: match quota.state {
                QuotaState::Room => ("good", r.quota_room),
                QuotaState::Low => ("warn", r.quota_low),
                QuotaState::Exceeded => ("stop", r.quota_exceeded),
                QuotaState::Unknown => ("none", r.quota_unknown),
            },
            used: say::used(quota.profiles, quota.quota),
            planned: (quota.planned > 0).then(|| strings::admin::grouped(quota.planned)),
            filled: share(quota.profiles),
            filled_then: share(quota.profiles.saturating_add(quota.planned)),
            forecast: say::forecast(&quota.forecast),
            trend: trend::lay_out(&quota.days, quota.quota, &quota.forecast, quota.spread),
            range: quota.spread.map(|spread| say::spread(&spread)),
            days: quota.days.iter().rev().map(day).collect(),
        }
    }

    /// Kind of the meter.
    fn kind(&self) -> &'static str {
        self.badge.0
    }
}

/// Per cent, at most all of it.
fn share(of: u64, most: u64) -> u64 {
    of.saturating_mul(100).checked_div(most).unwrap_or(100).min(100)
}

impl DomainCard {
    fn new(r: &'static Rooms, domain: &DomainTile) -> Self {
        let number = strings::admin::grouped;
        let mut facts = vec![
            (r.domain_id, domain.domain_id.clone()),
            (r.account, domain.account.clone()),
            (r.region, domain.region.clone()),
            (r.reached_by, domain.assume_role.clone().unwrap_or_else(|| r.own_account.to_owned())),
        ];
        facts.extend(domain.presign_role.clone().map(|role| (r.links_by, role)));
        if domain.mode.is_some() {
            let owned = match domain.leaving {
                0 => number(domain.owned),
                leaving => format!("{}, {} {}", number(domain.owned), number(leaving), r.leaving),
            };
            facts.push((r.owned, owned));
            facts.push((r.running, number(domain.running_apps)));
            let others = match domain.unmanaged {
                "ignore" => r.others_ignore,
                "adopt" => r.others_adopt,
                _ => r.others_report,
            };
            facts.push((r.of_others, format!("{} ({others})", number(domain.others))));
        }
        Self {
            key: domain.key.to_string(),
            facts,
            mode: domain.mode.map(|mode| match mode {
                access::observed::AuthMode::Iam => "IAM",
                access::observed::AuthMode::Sso => "SSO",
            }),
            faults: domain.faults.iter().map(FaultText::new).collect(),
            teams: domain.teams.iter().map(ToString::to_string).collect(),
            place: domain.place.clone(),
        }
    }
}

impl FaultText {
    fn new(fault: &Fault) -> Self {
        Self { code: fault.code.to_string(), text: fault.text.clone() }
    }
}

impl TeamRow {
    fn new(r: &'static Rooms, line: &TeamLine) -> Self {
        let domains: Vec<&str> = line.domains.iter().map(access::ids::DomainKey::as_str).collect();
        let mut badges = Vec::new();
        if line.canary {
            badges.push(("info", r.canary.to_owned()));
        }
        if !line.enforced {
            badges.push(("none", r.observed.to_owned()));
        }
        badges.extend(line.faults.iter().map(|fault| ("stop", fault.code.to_string())));
        Self {
            key: line.key.to_string(),
            title: line.title.clone(),
            owner: line.owner.clone(),
            persona: line.persona.as_ref().map_or(r.no_persona.to_owned(), ToString::to_string),
            network: line.network.to_string(),
            network_href: address("/admin/network", &[("network", line.network.as_str())]),
            domains: domains.join(", "),
            people: strings::admin::grouped(line.people),
            profiles: strings::admin::grouped(line.profiles),
            leaving: (line.leaving > 0)
                .then(|| format!("{} {}", strings::admin::grouped(line.leaving), r.leaving)),
            badges,
            place: line.place.clone(),
        }
    }
}

impl TeamPage {
    fn new(r: &'static Rooms, frame: Frame, told: TeamDetail) -> Self {
        let settings = (!told.user_settings.is_empty()).then(|| {
            let pretty = serde_json::to_string_pretty(&told.user_settings);
            pretty.unwrap_or_default()
        });
        let here = format!("/admin/teams/{}", told.line.key);
        Self {
            t: frame.t,
            r,
            read_at: Stamp::at(told.at),
            facts: facts(frame.t, r, &told),
            settings,
            activities: told.activities,
            roles: told.roles.iter().map(RoleText::new).collect(),
            grants: told.grants.into_iter().map(GrantText::new).collect(),
            people: told.people.items.into_iter().map(MemberText::new).collect(),
            next: told.people.next.map(|next| address(&here, &[("cursor", &next)])),
            strays: told
                .strays
                .into_iter()
                .map(|stray| StrayText {
                    profile: stray.profile,
                    domain: stray.domain.to_string(),
                    owner: stray.owner.unwrap_or_else(|| r.nothing.to_owned()),
                    code: stray.code.to_string(),
                    meaning: format!("{}.", stray.code.meaning()),
                })
                .collect(),
            team: TeamRow::new(r, &told.line),
            frame,
        }
    }
}

fn facts(t: &'static Admin, r: &'static Rooms, told: &TeamDetail) -> Vec<FactText> {
    let line = &told.line;
    let here = || Some(line.place.clone());
    let fact = |name, value: Option<String>, place| {
        value.map(|value| FactText { name, value, href: None, place })
    };
    let network = FactText {
        name: r.network,
        value: line.network.to_string(),
        href: Some(address("/admin/network", &[("network", line.network.as_str())])),
        place: told.network_place.clone(),
    };
    let tags: Vec<String> = told.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let persona = line.persona.as_ref().map(ToString::to_string);
    let all = [
        fact(r.purpose, told.purpose.clone(), here()),
        fact(r.owner, line.owner.clone(), here()),
        fact(r.data, line.data_class.clone(), here()),
        fact(t.persona, persona, told.persona_place.clone()),
        Some(network),
        fact(r.session, Some(say::duration(told.session_seconds)), here()),
        fact(r.link, Some(say::duration(told.link_seconds)), here()),
        fact(r.landing, told.landing.clone(), here()),
        fact(r.tags, (!tags.is_empty()).then(|| tags.join(", ")), here()),
    ];
    all.into_iter().flatten().collect()
}

impl RoleText {
    fn new(role: &TeamRole) -> Self {
        Self {
            domain: role.domain.to_string(),
            arn: role.arn.clone(),
            badge: role.state.map(|state| {
                let is_well = state == access::reason::ReasonCode::RoleTrusted;
                (if is_well { "good" } else { "stop" }, state.to_string())
            }),
        }
    }
}

impl GrantText {
    fn new(grant: TeamGrant) -> Self {
        Self {
            group: grant.group,
            priority: grant.priority.to_string(),
            from: grant.from.map(Stamp::at),
            until: grant.until.map(Stamp::at),
            in_force: grant.in_force,
            place: grant.place,
        }
    }
}

/// The name is shown with the user name behind it, which gives no initials.
fn face_of(member: &TeamMember) -> Face {
    let display_name = member.name.split(" (").next().unwrap_or(&member.name);
    let face = Face::new(display_name, member.person.as_str());
    Face { name: member.name.clone(), ..face }
}

impl MemberText {
    fn new(member: TeamMember) -> Self {
        Self {
            face: face_of(&member),
            group: member.group,
            grant: member.grant,
            until: member.until.map(Stamp::at),
            profile: member.profile,
        }
    }
}
