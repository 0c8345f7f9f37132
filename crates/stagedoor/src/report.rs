//! A plan, as people and as programs read it.

use crate::output::{API_VERSION, Paint, counted, visible};
use access::check::guard_limit;
use access::ids::DomainKey;
use access::map::AccessMap;
use access::observed::{AuthMode, Observed, TAG_LEAVING, TAG_LOST};
use access::plan::{Action, Kept, Plan, SpaceHandover, Stake, Step};
use access::reason::ReasonCode;
use access::shell::CommandLine;
use access::snapshot::Coverage;
use control::pass::Halt;
use control::plane::Plane;
use control::survey::Survey;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// The plan as a JSON document: a contract for programs.
pub(crate) fn plan_json(plan: &Plan, survey: &Survey, map: &AccessMap) -> Value {
    let named = |kept: &Kept| kept.clone().named(&survey.snapshot);
    json!({
        "apiVersion": API_VERSION,
        "kind": "Plan",
        "mapDigest": plan.map_digest,
        "now": plan.now.to_string(),
        "summary": {
            "gain": gains(plan).count(),
            "change": changes(plan).count(),
            "lose": losses(plan).count(),
            "owned": plan.owned,
            "newRemovals": plan.new_removals(),
            "guardLimit": guard_limit(map, plan.owned),
        },
        "assignments": plan.assignments,
        "actions": plan.actions,
        "kept": plan.kept.iter().map(named).collect::<Vec<_>>(),
        "grants": plan.grants,
    })
}

/// What carries a plan out, as whoever reads it is told.
pub(crate) struct Next {
    /// The command.
    command: String,
    /// How many removals it is to allow, whatever the guard says.
    allowed: usize,
    /// Why nothing is carried out now.
    halt: Option<Halt>,
}

impl Next {
    /// `stagedoor apply`, of the plan in a file if it is one, which is to allow so many removals if somebody said
    /// how many.
    pub(crate) async fn apply(plane: &Plane, file: Option<&Path>, allowed: Option<u32>) -> Self {
        let number = allowed.map(|number| number.to_string());
        let file = file.map(|file| file.display().to_string());
        let apply = CommandLine::of(&["apply"]);
        let apply = match &file {
            Some(file) => apply.about(file),
            None => apply,
        };
        let apply = match &number {
            Some(number) => apply.with("--allow-removals", number),
            None => apply,
        };
        Self::of(plane, &apply, allowed.unwrap_or_default()).await
    }

    /// `stagedoor sync` of these people.
    pub(crate) async fn sync(plane: &Plane, people: &[String]) -> Self {
        let sync = CommandLine::of(&["sync"]);
        let sync = people.iter().fold(sync, |sync, person| sync.with("--person", person));
        Self::of(plane, &sync, 0).await
    }

    async fn of(plane: &Plane, command: &CommandLine<'_>, allowed: u32) -> Self {
        // Whoever only plans may have no store to ask.
        let halt = plane.halted().await.filter(|halt| matches!(halt, Halt::Frozen(_)));
        let allowed = usize::try_from(allowed).unwrap_or(usize::MAX);
        Self { command: command.to_string(), allowed, halt }
    }
}

/// The plan for people: who gains, who changes, who loses, what needs an admin, and what comes next.
///
/// `all`: also what was left alone.
pub(crate) fn plan_text(
    plan: &Plan,
    survey: &Survey,
    map: &AccessMap,
    (paint, all): (Paint, bool),
    next: &Next,
) -> String {
    let whole = survey.snapshot.coverage == Coverage::Complete;
    let mut out = String::new();
    let assigned = plan.assignments.iter().map(|a| {
        format!(
            "{} group `{}` → application of domain {}",
            paint.green("+"),
            visible(&a.group_name),
            a.domain
        )
    });
    section(&mut out, paint, "ASSIGNMENTS", assigned);
    section(&mut out, paint, "GAINS", gains(plan).map(|a| gain(a, paint)));
    section(&mut out, paint, "CHANGES", changes(plan).map(|a| change(a, paint)));
    section(&mut out, paint, "LOSES", losses(plan).map(|a| loss(a, paint)));
    let blocked = plan.blocked().map(|k| kept_line(k, &paint.yellow("!")));
    section(&mut out, paint, "NEEDS ATTENTION", blocked);
    let by_hand = plan.kept.iter().filter(|k| is_by_hand(k.reason));
    let by_hand = by_hand.map(|k| kept_line(k, &paint.yellow("·")));
    section(&mut out, paint, "BY HAND", by_hand);
    let waiting = plan.kept.iter().filter(|k| k.reason == ReasonCode::NotEnforced);
    let waiting = waiting.map(|k| kept_line(k, &paint.yellow("·")));
    section(&mut out, paint, "NOT ENFORCED", waiting);
    let notes = plan.grants.iter().map(|note| {
        let sign = if note.code == ReasonCode::GrantNotInForce {
            paint.dim("·")
        } else {
            paint.yellow("!")
        };
        // The place of a row of the table is called by its group, too.
        let (group, place) = (visible(&note.group), visible(&note.grant.to_string()));
        format!("{sign} group `{group}`  {}, {place}", meaning(note.code))
    });
    section(&mut out, paint, "GRANTS", notes);
    if all {
        let alone = |k: &&Kept| !k.reason.needs_admin() && !is_listed_apart(k.reason);
        let mut kept: Vec<&Kept> = plan.kept.iter().filter(alone).collect();
        kept.sort_by(|a, b| a.place().cmp(&b.place()));
        let kept = kept.into_iter().map(|kept| kept.clone().named(&survey.snapshot));
        section(&mut out, paint, "LEFT ALONE", kept.map(|k| kept_line(&k, &paint.dim("="))));
    }
    out.push_str(&sign_in_text(&survey.observed, paint));
    out.push_str(&summary(plan, map, (paint, whole), next));
    out
}

/// Whether what is left alone for this reason is nobody's to do but an admin's, in AWS's console.
fn is_by_hand(reason: ReasonCode) -> bool {
    matches!(reason, ReasonCode::AssignmentManual | ReasonCode::GroupElsewhere)
}

/// Whether what is left alone for this reason has a section of its own.
fn is_listed_apart(reason: ReasonCode) -> bool {
    is_by_hand(reason) || reason == ReasonCode::NotEnforced
}

/// Where people of SSO-mode domains come in, by domain.
pub(crate) fn sign_in(observed: &Observed) -> BTreeMap<&DomainKey, &str> {
    let sso = observed.domains.iter().filter(|(_, domain)| domain.auth_mode == AuthMode::Sso);
    sso.filter_map(|(key, domain)| Some((key, domain.url.as_deref()?))).collect()
}

/// The same for people; empty where there is no such domain.
pub(crate) fn sign_in_text(observed: &Observed, paint: Paint) -> String {
    let mut out = String::new();
    let lines = sign_in(observed).into_iter().map(|(key, url)| format!("domain {key}: {url}"));
    section(&mut out, paint, "SIGN-IN", lines);
    out
}

/// That `apply` is refused as it stands, and what makes it go on; empty where the guard lets all of it
/// through.
pub(crate) fn held_text(plan: &Plan, map: &AccessMap) -> String {
    let (taken, limit) = (plan.new_removals(), guard_limit(map, plan.owned));
    if taken <= limit {
        return String::new();
    }
    format!(
        "The guard refuses that: {taken} would go, of {} profiles at most {limit} at a time. If this is \
         meant, run `stagedoor apply --allow-removals {taken}`.\n\n",
        plan.owned
    )
}

/// The most people whom a refusal names.
const NAMED: usize = 20;

/// Who would lose something for the first time, a line each, as the guard counts them.
pub(crate) fn taken_away(plan: &Plan) -> String {
    let counted: Vec<&Action> = plan.actions.iter().filter(|action| action.is_counted()).collect();
    let mut out = String::new();
    for action in counted.iter().take(NAMED) {
        let _ = write!(out, "\n  {} ← {}  {}", who(action), action.team_taken(), action.reason);
    }
    if let Some(more) = counted.len().checked_sub(NAMED).filter(|more| *more > 0) {
        let _ = write!(out, "\n  and {more} more, whom `stagedoor plan` lists");
    }
    let announced = plan.actions.iter().filter(|action| action.is_new_removal());
    let announced = announced.filter(|action| action.is_announced()).count();
    if announced > 0 {
        let _ =
            write!(out, "\n  besides, not counted: {announced} whose access for a time has ended");
    }
    out
}

fn section(out: &mut String, paint: Paint, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "{}", paint.bold(title));
    for line in lines {
        let _ = writeln!(out, "  {}", line.replace('\n', "\n  "));
    }
    out.push('\n');
}

fn summary(plan: &Plan, map: &AccessMap, (paint, whole): (Paint, bool), next: &Next) -> String {
    let mut left: BTreeMap<ReasonCode, usize> = BTreeMap::new();
    for kept in plan.kept.iter().filter(|k| !k.reason.needs_admin()) {
        *left.entry(kept.reason).or_default() += 1;
    }
    let mut out = String::new();
    if !left.is_empty() {
        let parts: Vec<String> = left.iter().map(|(r, n)| format!("{n} {r}")).collect();
        let _ = writeln!(out, "{}", paint.dim(&format!("Left alone: {}.", parts.join(", "))));
    }
    if plan.is_empty() {
        let has = |code| plan.kept.iter().any(|kept| kept.reason == code);
        out.push_str(if has(ReasonCode::DomainUnreadable) {
            "Whether there is something to do is not known: a domain could not be read."
        } else if plan.blocked().next().is_some() {
            "Nothing to do, but see what needs attention."
        } else if has(ReasonCode::NotEnforced) || has(ReasonCode::Adoptable) {
            "Nothing to do: `rollout.enforce` leaves out the teams of what would be done."
        } else if let Some(waiting) = waiting(plan) {
            let _ = write!(out, "Nothing to do now: {waiting}.");
            return out;
        } else if !whole {
            "Nothing to do for the people who were read."
        } else {
            "Nothing to do: AWS agrees with the map."
        });
        return out;
    }
    let _ = write!(
        out,
        "{} to gain, {} to change, {} to lose. ",
        gains(plan).count(),
        changes(plan).count(),
        losses(plan).count(),
    );
    let (taken, limit) = (plan.new_removals(), guard_limit(map, plan.owned));
    if let Some(halt) = &next.halt {
        let _ = write!(out, "But {halt}. `stagedoor thaw` lets changes be made again.");
    } else if taken > limit && taken > next.allowed {
        let counts = match losses(plan).count() {
            lost if lost == taken => String::new(),
            _ => format!("counts {taken} of these and "),
        };
        let _ = write!(
            out,
            "The guard {counts}lets {limit} of {} profiles go at a time; if this is meant, run \
             `stagedoor apply --allow-removals {taken}`.",
            plan.owned
        );
    } else {
        let _ = write!(out, "Run `{}` to make it so.", next.command);
    }
    out
}

/// How many profiles are as the map means them only later, and what they wait for.
fn waiting(plan: &Plan) -> Option<String> {
    let count = |code| plan.kept.iter().filter(|kept| kept.reason == code).count();
    let waits = |count: usize, until: &str| {
        let verb = if count == 1 { "waits" } else { "wait" };
        (count > 0).then(|| format!("{} {verb} until {until}", counted(count, "profile")))
    };
    let apps = waits(count(ReasonCode::AppsRunning), "no app of theirs runs");
    let canary = waits(count(ReasonCode::CanaryFirst), "the canary team agrees with the map");
    let all: Vec<String> = apps.into_iter().chain(canary).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn gains(plan: &Plan) -> impl Iterator<Item = &Action> {
    plan.actions.iter().filter(|a| matches!(a.step, Step::Create { .. }))
}

fn changes(plan: &Plan) -> impl Iterator<Item = &Action> {
    plan.actions.iter().filter(|a| {
        matches!(a.step, Step::Update { .. } | Step::Adopt { .. } | Step::StopApps { .. })
            && a.step.loses().is_none()
            || a.reason == ReasonCode::ProfileFailed
    })
}

fn losses(plan: &Plan) -> impl Iterator<Item = &Action> {
    plan.actions.iter().filter(|a| {
        a.step.loses().is_some()
            || matches!(a.step, Step::Hold { .. } | Step::Remove { .. })
                && a.reason != ReasonCode::ProfileFailed
    })
}

fn who(action: &Action) -> String {
    let name = action.person_name.as_deref().map(visible);
    name.unwrap_or_else(|| format!("person {}", action.person))
}

fn gain(action: &Action, paint: Paint) -> String {
    let mut line = format!("{} {} → {}", paint.green("+"), who(action), action.team);
    if let Step::Create { execution_role, .. } = &action.step {
        let _ = write!(line, "  role {}", execution_role.role_name());
    }
    line.push_str(&place(action));
    line.push_str(&because(action, paint));
    line
}

fn change(action: &Action, paint: Paint) -> String {
    let mut line = format!(
        "{} {} · {}  {} ({})",
        paint.yellow("~"),
        who(action),
        action.team,
        changed(&action.step).join(", "),
        action.reason
    );
    line.push_str(&place(action));
    line.push_str(&because(action, paint));
    line
}

/// What changes of a profile.
fn changed(step: &Step) -> Vec<String> {
    let mut what = Vec::new();
    match step {
        Step::Update {
            old_role, new_role, user_settings, set_tags, remove_tags, restart, ..
        } => {
            if let Some(new) = new_role {
                let old = old_role.as_deref().map_or("none of its own", short_role);
                what.push(format!("role {old} → {}", new.role_name()));
            }
            if user_settings.is_some() {
                what.push("user settings".into());
            }
            let tags = set_tags.keys().chain(remove_tags.get(TAG_LOST));
            let tags: Vec<&str> = tags.map(String::as_str).collect();
            if !tags.is_empty() {
                what.push(format!("tags {}", tags.join(", ")));
            }
            if remove_tags.contains(TAG_LEAVING) {
                what.push("taken off hold".into());
            }
            if !restart.is_empty() {
                what.push(format!("takes effect when {} start anew", restart.join(", ")));
            }
        }
        Step::Adopt { .. } => what.push("taken over, by tags".into()),
        Step::StopApps { apps, .. } => {
            what.push(format!("stops {} before it is corrected", apps.join(", ")));
        }
        _ => what.push("removed and made anew".into()),
    }
    what
}

fn loss(action: &Action, paint: Paint) -> String {
    let (team, why) = (action.team_taken(), meaning(action.reason));
    let mut line = format!("{} {} ← {team}  {why}", paint.red("-"), who(action));
    line.push_str(&place(action));
    match &action.step {
        Step::Hold { hold_seconds, stake, .. } => {
            let days = hold_seconds / 86_400;
            let hours = hold_seconds % 86_400 / 3_600;
            let held = match hold_seconds {
                0 => "kept for its shared space".to_owned(),
                _ => format!("on hold for {days} d {hours} h"),
            };
            let _ = write!(line, "\n  {held}, {}", stake_text(stake, Deleted::Afterwards));
        }
        Step::Remove { stake, hand_over, .. } => {
            let _ = write!(line, "\n  {}", stake_text(stake, Deleted::Now));
            for handover in hand_over {
                let SpaceHandover { space, new_name, owner, .. } = handover;
                let _ = write!(line, "\n  space {space} is made anew as {new_name} for {owner}");
            }
        }
        Step::StopApps { .. } | Step::Update { .. } => {
            let what = changed(&action.step).join(", ");
            let _ = write!(line, "\n  goes on for {}: {what}", action.team);
        }
        Step::Create { .. } | Step::Adopt { .. } => {}
    }
    line
}

/// When what a person loses is deleted.
#[derive(Clone, Copy)]
enum Deleted {
    Now,
    /// When the hold is over.
    Afterwards,
}

/// What a person loses.
fn stake_text(stake: &Stake, deleted: Deleted) -> String {
    let mut parts = Vec::new();
    match stake.apps.as_slice() {
        [] => parts.push("no app of theirs runs".to_owned()),
        apps => parts.push(format!("stops {}", apps.join(", "))),
    }
    if !stake.spaces.is_empty() {
        let when = match deleted {
            Deleted::Now => "deletes",
            Deleted::Afterwards => "afterwards deletes",
        };
        parts.push(format!("{when} space {} with its volume", stake.spaces.join(", ")));
    }
    if !stake.shared_spaces.is_empty() {
        let shared = stake.shared_spaces.join(", ");
        parts.push(format!(
            "shared space {shared} stays until somebody hands it over or deletes it"
        ));
    }
    if let Some(uid) = &stake.home_efs_uid {
        parts.push(format!("home directory stays (uid {uid})"));
    }
    parts.join("; ")
}

fn place(action: &Action) -> String {
    format!("\n  profile {} in domain {}", action.profile, action.domain)
}

fn because(action: &Action, paint: Paint) -> String {
    action.because.as_ref().map_or(String::new(), |because| {
        let text = visible(&format!("because {because}"));
        format!("\n  {}", paint.dim(&text))
    })
}

fn kept_line(kept: &Kept, sign: &str) -> String {
    let mut subject = Vec::new();
    if let Some(name) = &kept.person_name {
        subject.push(visible(name));
    }
    if let Some(team) = &kept.team {
        subject.push(team.to_string());
    }
    if let Some(profile) = &kept.profile {
        subject.push(format!("profile {profile}"));
    }
    subject.push(format!("domain {}", kept.domain));
    let detail = kept.detail.as_ref().map_or(String::new(), |d| visible(&format!(": {d}")));
    format!("{sign} {}  {}{detail}", subject.join(" · "), meaning(kept.reason))
}

/// A code and its meaning, without the full stop.
fn meaning(code: ReasonCode) -> String {
    format!("{code}: {}", code.meaning())
}

fn short_role(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
