//! *Plan*: who gains, loses and changes, with the guard's dial.

use super::frame::{Frame, Screen};
use super::parts::{Face, Stamp, command};
use super::{enter, page_of};
use crate::assets;
use crate::form::Fields;
use crate::pages;
use crate::refused::Refused;
use crate::routes::Portal;
use crate::strings::{self, Admin, Language};
use crate::visit::Visit;
use access::reason::ReasonCode;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use control::desk::{
    Approved, AtStake, Attention, ChangeKind, Deed, Dial, Listed, MirrorReview, Page,
    PersonChanges, PlanReview, ProfileChange, Right,
};

/// Purpose of the key of the form that approves.
pub(super) const APPROVE: &str = "admin:approve";

/// People in each of the three lists: about 1,100 bytes each.
const PEOPLE: u32 = 24;

/// The most lines of what needs attention, and of groups to assign: about 250 bytes each.
const LINES: usize = 50;

/// The page. No `Debug`: it holds a form key.
#[derive(Template)]
#[template(path = "admin/plan.html")]
struct PlanPage {
    t: &'static Admin,
    frame: Frame,
    lead: String,
    read_ago: String,
    read_at: Stamp,
    digest: String,
    parts: [Part; 3],
    assignments: Vec<(String, String)>,
    assignments_more: Option<String>,
    attention: Vec<AttentionText>,
    attention_more: Option<String>,
    dial: DialPicture,
    approve: Option<Approve>,
    approved: Option<(String, Stamp)>,
    mirror: Option<MirrorPanel>,
}

/// What mirroring would take away. No `Debug`: it holds a form key.
struct MirrorPanel {
    target: String,
    says: &'static str,
    taken: String,
    limit: String,
    under: Vec<String>,
    lost: Vec<(String, String)>,
    /// The command that shows the rest, if there is more.
    more: Option<String>,
    approve: Option<Approve>,
    approved: Option<(String, Stamp)>,
}

/// Those who gain, lose or change.
struct Part {
    id: &'static str,
    title: &'static str,
    none: &'static str,
    sign: &'static str,
    count: u64,
    people: Vec<PersonText>,
    next: Option<String>,
    /// Whether this is not the beginning of the list.
    later: bool,
}

struct PersonText {
    face: Face,
    profiles: Vec<ProfileText>,
}

struct ProfileText {
    team: String,
    what: String,
    is_new: bool,
    /// What is lost: names and values.
    stake: Vec<(&'static str, String)>,
    place: String,
    reason: String,
    meaning: &'static str,
    group: Option<String>,
    grant: Option<String>,
}

struct AttentionText {
    who: String,
    what: String,
    reason: String,
}

/// The guard as a half circle. Lengths are per cent of its way.
struct DialPicture {
    kind: &'static str,
    filled: u64,
    taken: String,
    limit: String,
    says: String,
    under: Vec<String>,
    faults: Vec<String>,
}

/// The form of an approval.
struct Approve {
    key: String,
    digest: String,
}

/// `GET /admin/plan?kind=&cursor=`.
pub(super) async fn show(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let entered = enter(&portal, &visit, Right::See).await?;
    let fields = Fields::of_query(&portal, query.as_deref())?;
    let kind = fields.get("kind").and_then(ChangeKind::parse);
    let told = portal.desk.plan_review(&entered.caller, kind, &page_of(&fields, PEOPLE)).await;
    let told = told.map_err(|refused| Refused::by_desk(&portal, refused))?;
    let taken = told.guard.taken.to_string();
    let apply = match told.guard.objection {
        Some(_) => command(&["apply", "--allow-removals", &taken]),
        None => command(&["apply"]),
    };
    // Where nothing is mirrored, or not yet, there is nothing to say.
    let first = Page { cursor: None, limit: PEOPLE };
    let mirror = portal.desk.mirror_review(&entered.caller, &first).await.ok();
    let mut commands = vec![command(&["plan"]), apply];
    if let Some(held) = mirror.as_ref().filter(|review| review.guard.objection.is_some()) {
        let taken = held.guard.taken.to_string();
        commands.push(command(&["directory", "mirror", "--approve", &taken]));
    }
    let frame = Frame::new(&portal, &entered, language, Screen::Plan, commands).await?;
    let said = (fields.get("said") == Some("approved")).then_some(frame.t.said_approved);
    let key = portal.door.form_key(&entered.session, APPROVE);
    let key = entered.caller.may(Right::Act).then_some(key);
    let mirror = mirror.map(|review| MirrorPanel::new(frame.t, &review, key.clone()));
    let later = kind.filter(|_| fields.get("cursor").is_some());
    let page = PlanPage::new(frame.saying(said), &told, later, key);
    Ok(pages::answer(&PlanPage { mirror, ..page }))
}

impl PlanPage {
    fn new(
        frame: Frame,
        plan: &PlanReview,
        later: Option<ChangeKind>,
        key: Option<String>,
    ) -> Self {
        let t = frame.t;
        let totals = plan.totals;
        let approved = plan.approved.as_ref();
        let approved = approved.map(|Approved { by, at, .. }| (by.clone(), Stamp::at(*at)));
        let needs =
            plan.guard.objection.is_some() && plan.guard.faults.is_empty() && approved.is_none();
        let part =
            |kind: ChangeKind, title, none, sign, count, people: &Listed<PersonChanges>| Part {
                id: kind.as_str(),
                title,
                none,
                sign,
                count,
                people: people.items.iter().map(|person| PersonText::new(t, person)).collect(),
                next: people.next.as_ref().map(|next| {
                    format!("/admin/plan?kind={}&cursor={next}#{}", kind.as_str(), kind.as_str())
                }),
                later: later == Some(kind),
            };
        Self {
            t,
            lead: lead(t, plan),
            read_ago: strings::admin::read_ago(plan.at, plan.told_at),
            read_at: Stamp::at(plan.at),
            digest: plan.map_digest.chars().take(12).collect(),
            parts: [
                part(ChangeKind::Gains, t.gains, t.gains_none, "+", totals.gain, &plan.gains),
                part(ChangeKind::Loses, t.loses, t.loses_none, "−", totals.lose, &plan.loses),
                part(
                    ChangeKind::Changes,
                    t.changes,
                    t.changes_none,
                    "~",
                    totals.change,
                    &plan.changes,
                ),
            ],
            assignments: plan
                .assignments
                .iter()
                .take(LINES)
                .map(|it| (it.group.clone(), it.domain.to_string()))
                .collect(),
            assignments_more: beyond(plan.assignments.len()),
            attention: plan.attention.iter().take(LINES).map(AttentionText::new).collect(),
            attention_more: beyond(plan.attention.len()),
            dial: DialPicture::new(t, &plan.guard, approved.is_some()),
            approve: key
                .filter(|_| needs)
                .zip(plan.removals.clone())
                .map(|(key, digest)| Approve { key, digest }),
            approved,
            mirror: None,
            frame,
        }
    }
}

/// The sentence under the headline. What could not be read may hide work.
fn lead(t: &Admin, plan: &PlanReview) -> String {
    let is_empty = plan.totals == control::desk::Totals::default() && plan.assignments.is_empty();
    if !is_empty {
        return strings::admin::plan_summary(&plan.totals);
    }
    let is_unread = |it: &Attention| it.reason == ReasonCode::DomainUnreadable;
    let says = match plan.attention.as_slice() {
        [] => t.plan_settled,
        some if some.iter().any(is_unread) => t.plan_unknown,
        _ => t.plan_attention,
    };
    says.to_owned()
}

/// What is said of lines that are not shown.
fn beyond(lines: usize) -> Option<String> {
    let more = strings::admin::count(lines.saturating_sub(LINES));
    (more > 0).then(|| strings::admin::more(more))
}

impl MirrorPanel {
    fn new(t: &'static Admin, review: &MirrorReview, key: Option<String>) -> Self {
        let guard = &review.guard;
        let approved = review.approved.as_ref();
        let approved = approved.map(|Approved { by, at, .. }| (by.clone(), Stamp::at(*at)));
        let is_held = guard.objection.is_some();
        let needs = is_held && guard.faults.is_empty() && approved.is_none();
        let lost = review.loses.items.iter();
        let rest = command(&["directory", "mirror", "--dry-run"]);
        Self {
            target: review.target.clone(),
            says: if is_held { t.mirror_held } else { t.mirror_fine },
            taken: strings::admin::grouped(guard.taken),
            limit: strings::admin::grouped(guard.limit),
            under: guard.objection.iter().chain(&guard.faults).cloned().collect(),
            // What the guard let pass is done.
            lost: lost
                .filter(|_| is_held)
                .map(|lost| (strings::admin::mirror_lost(lost), lost.reason.to_string()))
                .collect(),
            more: (is_held && (review.loses.next.is_some() || review.not_listed > 0))
                .then_some(rest),
            approve: key
                .filter(|_| needs)
                .zip(review.removals.clone())
                .map(|(key, digest)| Approve { key, digest }),
            approved,
        }
    }
}

impl PersonText {
    fn new(t: &'static Admin, person: &PersonChanges) -> Self {
        Self {
            face: Face::new(&person.name, person.person.as_str()),
            profiles: person.profiles.iter().map(|it| ProfileText::new(t, it)).collect(),
        }
    }
}

impl ProfileText {
    fn new(t: &'static Admin, change: &ProfileChange) -> Self {
        let (is_new, stake) = match &change.deed {
            Deed::Hold { stake, new, .. } | Deed::Remove { stake, new, .. } => {
                (*new, stake_text(t, stake))
            }
            _ => (change.loses.is_some(), Vec::new()),
        };
        let what = strings::admin::deed(&change.deed);
        Self {
            team: change.loses.as_ref().unwrap_or(&change.team).to_string(),
            what: match &change.loses {
                Some(_) => strings::admin::goes_on(change.team.as_str(), &what),
                None => what,
            },
            is_new,
            stake,
            place: format!("{} / {}", change.domain, change.profile),
            reason: change.reason.to_string(),
            meaning: change.meaning,
            group: change.group.clone(),
            grant: change.grant.clone(),
        }
    }
}

fn stake_text(t: &'static Admin, stake: &AtStake) -> Vec<(&'static str, String)> {
    let running = match stake.apps.as_slice() {
        [] => t.no_app_runs.to_owned(),
        apps => apps.join(", "),
    };
    let mut all = vec![(t.running, running)];
    let spaces: Vec<&str> =
        stake.spaces.iter().chain(&stake.shared_spaces).map(String::as_str).collect();
    if !spaces.is_empty() {
        all.push((t.spaces, strings::admin::spaces(&spaces, stake.volume_gib)));
    }
    if let Some(uid) = &stake.home_efs_uid {
        all.push((t.home, strings::admin::home_kept(uid)));
    }
    all
}

impl AttentionText {
    fn new(it: &Attention) -> Self {
        let team = it.team.as_ref().map(ToString::to_string);
        let parts = [it.name.clone(), team, it.profile.clone(), Some(it.domain.to_string())];
        let who: Vec<String> = parts.into_iter().flatten().collect();
        let what = match &it.detail {
            Some(detail) => format!("{}: {detail}", it.meaning),
            None => it.meaning.to_owned(),
        };
        Self { who: who.join(" · "), what, reason: it.reason.to_string() }
    }
}

impl DialPicture {
    fn new(t: &'static Admin, dial: &Dial, is_agreed: bool) -> Self {
        let tripped = dial.objection.is_some() && !is_agreed;
        let agreed = dial.objection.is_some() && is_agreed;
        let filled = (dial.taken.min(dial.limit) * 100).checked_div(dial.limit);
        let filled = if tripped { 100 } else { filled.unwrap_or(0) };
        let says = match (&dial.objection, dial.taken) {
            (Some(_), _) if tripped => t.guard_tripped,
            _ if agreed => t.guard_agreed,
            (_, 0) => t.guard_nothing,
            _ => t.guard_ok,
        };
        let mut under: Vec<String> = dial.objection.iter().cloned().collect();
        if dial.before > 0 {
            under.push(format!("{} {}", strings::admin::grouped(dial.before), t.guard_before));
        }
        under.push(format!("{} {}", strings::admin::grouped(dial.owned), t.guard_owned));
        Self {
            kind: match (tripped, dial.taken) {
                (true, _) => "stop",
                (false, 0) => "good",
                (false, _) => "warn",
            },
            filled,
            taken: strings::admin::grouped(dial.taken),
            limit: strings::admin::grouped(dial.limit),
            says: says.to_owned(),
            under,
            faults: dial.faults.clone(),
        }
    }
}
