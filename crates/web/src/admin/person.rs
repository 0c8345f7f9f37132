//! *Person*: what somebody has and why, what would happen from elsewhere, and the way out.

use super::frame::{Frame, Screen};
use super::parts::{CommandLine, Face, in_path, moment};
use super::person_parts::{
    ElsewhereText, EventText, LadderText, MissingText, ProfileText, have_unlike_times,
};
use super::person_then::ThenText;
use super::{Entered, enter, page_of};
use crate::assets;
use crate::form::Fields;
use crate::pages;
use crate::refused::{Problem, Refused};
use crate::routes::Portal;
use crate::strings::code as filters;
use crate::strings::{self, Admin, Language};
use crate::visit::Visit;
use access::ids::{PersonId, TeamKey};
use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use control::audit::AsOf;
use control::desk::{PersonView, Right, origin_of};

/// Whoever an address is about.
pub(super) type PersonPath = Result<Path<String>, PathRejection>;

/// Events on a page: about 700 bytes each.
const EVENTS: u32 = 40;

/// The page. No `Debug`: its frame holds a form key.
#[derive(Template)]
#[template(path = "admin/person.html")]
struct PersonPage {
    t: &'static Admin,
    frame: Frame,
    face: Face,
    user_name: String,
    id: String,
    directory: LadderText,
    commands: Vec<String>,
    read_ago: String,
    /// Whether some rungs have a time and some have none.
    unlike_times: bool,
    ladders: Vec<LadderText>,
    missing: Vec<MissingText>,
    missing_more: Option<String>,
    profiles: Vec<ProfileText>,
    from: String,
    from_wrong: Option<String>,
    elsewhere: Option<Vec<ElsewhereText>>,
    /// Whether whoever looks may see the audit log.
    may_audit: bool,
    as_of: String,
    then_wrong: Option<&'static str>,
    then: Option<ThenText>,
    /// `None` for whoever may not see it.
    timeline: Option<Vec<EventText>>,
    timeline_next: Option<String>,
    /// Address of the page that confirms, for whoever may offboard.
    offboard: Option<String>,
    /// Key of the form that restores, where a command can be ended.
    restore: Option<String>,
}

/// The page that confirms an offboarding. No `Debug`: it holds a form key.
#[derive(Template)]
#[template(path = "admin/offboard.html")]
struct OffboardPage {
    t: &'static Admin,
    frame: Frame,
    face: Face,
    user_name: String,
    team: Option<String>,
    key: String,
    profiles: Vec<ProfileText>,
    hold: String,
    still: Vec<String>,
    wrong: bool,
    reason: String,
}

/// `GET /admin/people/{id}?from=&team=&as_of=&cursor=`.
pub(super) async fn show(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    path: PersonPath,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let entered = enter(&portal, &visit, Right::See).await?;
    let person = person_of(&portal, path)?;
    let fields = Fields::of_query(&portal, query.as_deref())?;
    let view = portal.desk.person(&entered.caller, &person).await;
    let view = view.map_err(|refused| Refused::by_desk(&portal, refused))?;
    let asked = Asked::of(&portal, &entered, &person, &fields).await?;
    let why = CommandLine::of(&["why"]).about(&view.key);
    let mut commands = vec![why.to_string()];
    if let (Some(team), Some(flag)) = (view.has.first(), asked.flag()) {
        let simulate = CommandLine::of(&["policy", "simulate"]).with("--person", &view.key);
        let simulate = simulate.with("--team", team.why.team.as_str()).with(flag, &asked.from);
        commands.push(simulate.to_string());
    }
    if asked.then.is_some() {
        commands.push(why.with("--as-of", &asked.as_of).to_string());
    }
    if !view.profiles.is_empty() {
        commands.push(CommandLine::of(&["receipt"]).about(&view.key).to_string());
    }
    let frame = Frame::new(&portal, &entered, language, Screen::People, commands).await?;
    let said = match fields.get("said") {
        Some("offboarded") => Some(frame.t.said_offboarded),
        Some("restored") => Some(frame.t.said_restored),
        _ => None,
    };
    let may_act = entered.caller.may(Right::Act);
    let restore = portal.door.form_key(&entered.session, &restore_purpose(&person));
    let restore = (may_act && !view.commands.is_empty()).then_some(restore);
    let page = PersonPage::new(frame.saying(said), view, asked, may_act, restore);
    Ok(pages::answer(&page))
}

/// What else the address asks for.
struct Asked {
    from: String,
    wrong: Option<String>,
    elsewhere: Option<Vec<control::desk::Elsewhere>>,
    timeline: Option<control::desk::Listed<control::desk::Happened>>,
    may_audit: bool,
    as_of: String,
    then_wrong: bool,
    then: Option<AsOf>,
}

impl Asked {
    async fn of(
        portal: &Portal,
        entered: &Entered,
        person: &PersonId,
        fields: &Fields,
    ) -> Result<Self, Refused> {
        let by_desk = |refused| Refused::by_desk(portal, refused);
        let caller = &entered.caller;
        let from = fields.get("from").unwrap_or_default().to_owned();
        let (mut wrong, mut elsewhere) = (None, None);
        if !from.is_empty() {
            match origin_of(&from) {
                Ok(origin) => {
                    let told = portal.desk.elsewhere(caller, person, None, &origin).await;
                    elsewhere = Some(told.map_err(by_desk)?);
                }
                Err(refused) => wrong = Some(format!("{} {}", refused.why, refused.remedy)),
            }
        }
        let timeline = if caller.may(Right::Audit) {
            let told = portal.desk.timeline(caller, person, &page_of(fields, EVENTS)).await;
            Some(told.map_err(by_desk)?)
        } else {
            None
        };
        let may_audit = caller.may(Right::Audit);
        let as_of = fields.get("as_of").filter(|_| may_audit).unwrap_or_default().to_owned();
        let at = moment(&as_of).filter(|at| *at <= portal.desk.time());
        let then = match at {
            Some(at) => {
                let told = portal.desk.person_as_of(caller, person, None, at).await;
                Some(told.map_err(by_desk)?)
            }
            None => None,
        };
        let then_wrong = !as_of.is_empty() && then.is_none();
        let as_of = at.map_or(as_of, |at| at.to_string());
        Ok(Self { from, wrong, elsewhere, timeline, may_audit, as_of, then_wrong, then })
    }

    /// The flag of the command line that takes where somebody comes from.
    fn flag(&self) -> Option<&'static str> {
        self.elsewhere.as_ref()?;
        Some(match self.from.trim() {
            from if from.starts_with("vpce-") => "--vpce",
            from if from.starts_with("vpc-") => "--vpc",
            _ => "--from",
        })
    }
}

/// `GET /admin/people/{id}/offboard?team=`: what would be lost.
pub(super) async fn confirm(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    path: PersonPath,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let entered = enter(&portal, &visit, Right::Act).await?;
    let person = person_of(&portal, path)?;
    let fields = Fields::of_query(&portal, query.as_deref())?;
    let team = team_of(&portal, &fields)?;
    confirmation(&portal, &entered, language, &person, team.as_ref(), None).await
}

/// Purpose of the key that offboards a person.
pub(super) fn offboard_purpose(person: &PersonId) -> String {
    format!("admin:offboard:{person}")
}

/// Purpose of the key that restores a person.
pub(super) fn restore_purpose(person: &PersonId) -> String {
    format!("admin:restore:{person}")
}

pub(super) fn person_of(portal: &Portal, path: PersonPath) -> Result<PersonId, Refused> {
    path.ok()
        .and_then(|Path(id)| PersonId::parse(id).ok())
        .ok_or_else(|| Refused::new(portal, Problem::NotFound))
}

pub(super) fn team_of(portal: &Portal, fields: &Fields) -> Result<Option<TeamKey>, Refused> {
    let team = fields.get("team").map(TeamKey::parse).transpose();
    team.map_err(|_| Refused::new(portal, Problem::NoTeam))
}

/// The page that asks whether somebody is to be offboarded; `refused` is the reason of a form whose user name
/// was wrong: it need not be typed again.
pub(super) async fn confirmation(
    portal: &Portal,
    entered: &Entered,
    language: Language,
    person: &PersonId,
    team: Option<&TeamKey>,
    refused: Option<&str>,
) -> Result<Response, Refused> {
    let view = portal.desk.person(&entered.caller, person).await;
    let view = view.map_err(|refused| Refused::by_desk(portal, refused))?;
    let offboard = CommandLine::of(&["offboard"]).about(&view.key);
    let offboard = team.into_iter().fold(offboard, |line, team| line.with("--team", team.as_str()));
    let commands = vec![offboard.to_string()];
    let frame = Frame::new(portal, entered, language, Screen::People, commands).await?;
    let key = portal.door.form_key(&entered.session, &offboard_purpose(person));
    let hold = portal.desk.plane().map.offboarding.hold_seconds / 3_600;
    Ok(pages::answer(&OffboardPage::new(frame, &view, team, key, hold, refused)))
}

impl PersonPage {
    fn new(
        frame: Frame,
        view: PersonView,
        asked: Asked,
        may_act: bool,
        restore: Option<String>,
    ) -> Self {
        let t = frame.t;
        let (now, id) = (view.told_at, view.person.to_string());
        let beyond = view.has_not_count.saturating_sub(strings::admin::count(view.has_not.len()));
        let ladders: Vec<LadderText> =
            view.has.into_iter().map(|held| LadderText::new(t, held)).collect();
        let next = asked.timeline.as_ref().and_then(|timeline| timeline.next.clone());
        Self {
            t,
            face: Face::new(&view.name, &id),
            user_name: view.key,
            directory: LadderText::of_directory(t, view.directory),
            commands: view.commands.iter().map(strings::admin::taken_by_command).collect(),
            read_ago: strings::admin::read_ago(view.at, now),
            unlike_times: have_unlike_times(&ladders),
            ladders,
            missing: view.has_not.iter().map(MissingText::from).collect(),
            missing_more: (beyond > 0).then(|| strings::admin::more(beyond)),
            profiles: view.profiles.into_iter().map(|it| ProfileText::new(t, it)).collect(),
            from: asked.from,
            from_wrong: asked.wrong,
            elsewhere: asked
                .elsewhere
                .map(|all| all.into_iter().map(|it| ElsewhereText::new(t, it)).collect()),
            may_audit: asked.may_audit,
            as_of: asked.as_of,
            then_wrong: asked.then_wrong.then_some(t.then_wrong),
            then: asked.then.map(|told| ThenText::new(t, told)),
            timeline: asked
                .timeline
                .map(|listed| listed.items.into_iter().map(EventText::from).collect()),
            timeline_next: next.map(|next| format!("?cursor={next}#timeline")),
            offboard: may_act.then(|| format!("/admin/people/{}/offboard", in_path(&id))),
            restore,
            id,
            frame,
        }
    }

    fn restore_action(&self) -> String {
        format!("/admin/people/{}/restore", in_path(&self.id))
    }
}

impl OffboardPage {
    fn new(
        frame: Frame,
        view: &PersonView,
        team: Option<&TeamKey>,
        key: String,
        hold_hours: u64,
        refused: Option<&str>,
    ) -> Self {
        let t = frame.t;
        let is_meant = |of: &TeamKey| team.is_none_or(|team| team == of);
        let lost = view.profiles.iter().filter(|profile| is_meant(&profile.team));
        let still = view.still_granted.iter().filter(|granted| is_meant(&granted.team));
        Self {
            t,
            face: Face::new(&view.name, view.person.as_str()),
            user_name: view.key.clone(),
            team: team.map(ToString::to_string),
            key,
            profiles: lost.map(|profile| ProfileText::new(t, profile.clone())).collect(),
            hold: strings::admin::hold(hold_hours),
            still: still.map(strings::admin::still_granted).collect(),
            wrong: refused.is_some(),
            reason: refused.unwrap_or_default().to_owned(),
            frame,
        }
    }
}
