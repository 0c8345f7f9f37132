//! The administration: its frame, *Now*, *Plan*, *People* and *Offboarding*.

use control::audit::Barred;
use control::desk::{
    AppOfPerson, Command, Deed, Emergency, Granted, MirrorLost, MirrorLostKind, SpaceOfPerson,
    Totals,
};
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write;

texts! {
    /// The administration.
    Admin {
        administration: "Administration",
        nav_now: "Now",
        nav_plan: "Plan",
        nav_people: "People",
        nav_offboarding: "Offboarding",
        nav_teams: "Teams",
        nav_network: "Network",
        nav_sign_ins: "Sign-ins",
        nav_events: "Events",
        nav_audit: "Audit",
        nav_requests: "Requests",
        nav_health: "Health",
        cli: "Copy as CLI",
        copy: "Copy",
        copied: "Copied",
        in_git: "In git",
        in_store: "In the store",
        map: "Map",
        as_table: "As a table",
        more: "Next page",
        from_start: "From the beginning",
        frozen_banner: "Frozen: nothing is changed.",
        to_switch: "To the switch",
        glass_broken: "Emergency access is open.",
        glass_owed: "Emergency access is over.",
        to_emergency: "To the emergency",
        only_admins: "You may look, and change nothing: your role is",
        cancel: "Leave it as it is",

        now_title: "Now",
        now_lead: "Who gets what by which way, and how the loop is.",
        people: "People",
        people_under: "have a right to a team",
        removals: "Pending removals",
        removals_none: "nobody is leaving",
        removals_under: "profiles on their way out",
        full_sync: "Minutes since full sync",
        full_sync_never: "never yet",
        slowest: "Slowest revocation today",
        slowest_none: "none ended today (UTC)",
        slowest_under: "from its mark to its deletion, hold not counted",
        flow_title: "From groups by teams and personas to domains",
        flow_none: "No grant gives anybody a team yet.",
        flow_caption: "A band is as thick as its people are many; whoever has two teams is in two.",
        flow_steady: "AWS agrees with the map for all of them.",
        group: "Group",
        team: "Team",
        persona: "Persona",
        domain: "Domain",
        drifting: "Drifting",
        temporary: "temporary access",
        no_persona: "no persona",
        no_domain: "no domain",
        freeze_title: "Freeze switch",
        thawed_text: "Changes are made as the map says. A freeze stops every change at once, whoever asks for it: the loop, the door, the command line. Looking and planning go on, and whoever has a profile still gets in.",
        observe_only: "This process only observes: it changes nothing, whatever the switch says.",
        frozen_text: "Nothing is changed until somebody thaws it.",
        frozen_by: "By",
        frozen_since: "Since",
        reason: "Reason",
        reason_hint: "One line, for everybody who sees the banner and for the audit log.",
        freeze: "Freeze every change",
        thaw: "Thaw",
        sync: "Sync everything now",
        said_frozen: "Frozen. Nothing is changed from now on.",
        said_thawed: "Thawed. Changes are made again.",
        said_synced: "Asked for. The loop reads everything as soon as it can.",
        unreadable: "Could not be read, and is missing here:",

        plan_title: "Plan",
        plan_settled: "Nothing to do: AWS agrees with the map.",
        plan_unknown: "Whether there is something to do is not known: a domain could not be read.",
        plan_attention: "Nothing to do, but see what needs attention.",
        gains: "Gains",
        loses: "Loses",
        changes: "Changes role or settings",
        gains_none: "Nobody gains anything.",
        loses_none: "Nobody loses anything.",
        changes_none: "Nobody's profile changes.",
        attention: "Needs attention",
        assignments: "Groups assigned first",
        why: "Why",
        guard_title: "Guard",
        guard_of: "of",
        guard_ok: "Within what one plan may take away. The loop carries it out by itself.",
        guard_agreed: "More than the guard allows, and somebody agreed to the number. The loop carries it out by itself.",
        guard_nothing: "The plan takes nothing away for the first time.",
        guard_tripped: "More than the guard allows. Nothing of it is taken away until somebody agrees to the number.",
        guard_before: "put on their way out in the last 24 hours",
        guard_owned: "profiles in all",
        faults: "Speaks against the plan, whoever agrees",
        approve_title: "Approve",
        approve_text: "Agree to exactly these removals. Should the plan change, your approval does not hold for the new one.",
        approve_count: "How many profiles are taken away?",
        approve_hint: "Type the number of the dial, to show that you have read it.",
        approve: "Approve these removals",
        said_approved: "Approved. The loop takes them away with its next pass.",
        approved_by: "Approved by",
        mirror_title: "Mirrored groups",
        mirror_into: "Into",
        mirror_held: "More than the guard allows. Nothing of it is taken away until somebody agrees to the number; everything else is mirrored.",
        mirror_fine: "The guard holds nothing back.",
        mirror_counted: "users and memberships are taken away",
        mirror_count: "How many users and memberships are taken away?",
        mirror_hint: "Type the number, to show that you have read it.",
        mirror_more: "There are more:",
        starts_to_leave: "new",
        at_stake: "At stake",
        no_app_runs: "no app runs",

        search_title: "People",
        search_lead: "Find somebody, and see what they have and why.",
        search: "Name, user name or id",
        find: "Find",
        search_none: "Nobody has this in their name, user name or id.",
        teams: "Teams",
        no_team: "no team",
        disabled: "disabled",
        offboarded: "offboarded",
        user_name: "User name",
        person: "Person",
        ladder_title: "What they have, and why",
        rung_since: "since",
        rung_since_at_latest: "at the latest since",
        rung_since_unknown: "Of a step without a time nobody wrote down since when it holds.",
        ladder_none: "This person has no team.",
        until: "until",
        holds: "holds",
        breaks: "breaks",
        depends: "depends",
        missing_title: "What they have not",
        what_would_give: "What would give it",
        profiles_title: "Profiles and running apps",
        profiles_none: "There is no profile of this person.",
        profile: "Profile",
        running: "Running",
        spaces: "Spaces",
        home: "Home directory",
        nothing_runs: "nothing runs",
        stays: "in use",
        elsewhere_title: "From somewhere else",
        elsewhere_lead: "Would they get in from there, and which statement decides?",
        elsewhere_field: "Address, VPC endpoint or VPC",
        elsewhere_hint: "Like 10.1.2.3, vpce-0abc or vpc-0abc",
        elsewhere_ask: "Ask",
        elsewhere_none: "Without a team there is nothing to open.",
        allowed: "allowed",
        refused: "refused",
        fits: "fits",
        fits_not: "does not fit",
        then_title: "At another time",
        then_lead: "What the audit log tells of a time, and what it cannot know.",
        then_field: "Day or time, in UTC",
        then_hint: "Like 2026-11-20 or 2026-11-20T08:00; a day is its first moment",
        then_wrong: "That is no time, or one that is still to come. Write it like 2026-11-20T08:00.",
        then_at: "By the audit log, at",
        then_none: "The log knows of no profile of this person then.",
        then_could: "could be opened",
        then_could_not: "could not be opened",
        then_since: "Since",
        then_before: "before the log tells",
        then_grant: "Grant",
        then_leaving: "On its way out since",
        then_opened: "Last opened",
        then_unknown: "What the log cannot know",
        timeline_title: "Timeline",
        timeline_none: "The audit log says nothing of this person.",
        timeline_hidden: "Auditors and admins see here what happened to this person.",
        offboard: "Offboard",
        offboard_lead: "All of this is taken from them now: signing in is denied first, then apps stop. Their home directories are kept.",
        offboard_rest: "Spaces and profiles:",
        offboard_nothing: "There is no profile to take away. Signing in is denied all the same.",
        offboard_still: "The directory still grants it. Remove them there too; otherwise access returns with a restore, and with the loss of the store.",
        offboard_confirm: "To confirm, type their user name",
        offboard_wrong: "That is not the user name of this person. Nothing was done.",
        offboard_why: "Reason, for the audit log",
        offboard_do: "Offboard now",
        restore: "Restore",
        said_offboarded: "Offboarded. Signing in is denied; the stages show how far the rest is.",
        said_restored: "Restored. What their groups give is theirs again.",

        conveyor_title: "Offboarding",
        conveyor_none: "Nobody is leaving.",
        stop_to_begin: "To begin",
        stop_apps: "Stopping apps",
        stop_held: "On hold",
        stop_hand_over: "Handing over",
        stop_deleting: "Deleting",
        stop_waits: "Needs attention",
        stop_gone: "Gone",
        stop_nobody: "Nobody",
        in_directory: "Whoever lost a team by the directory gets it back by the directory: put them back into their group, and the next pass restores the profile.",
        too_late: "What AWS deletes already cannot be restored.",
        stuck: "takes longer than usual",
        deleting_now: "AWS is deleting",
        saved_title: "Instance hours saved",
        saved_lead: "Since these people's apps were stopped, by instance type.",
        saved_none: "None yet.",
        gone_lead: "In the last seven days",
        since: "since",
        details: "Details",
        stage_directory: "Directory",
        stage_group: "Group",
        stage_grant: "Grant",
        stage_placement: "Domain",
        stage_role: "Role",
        stage_profile: "Profile",
        stage_network: "Network",
        stage_policy: "Policy",
    }
}

/// A moment, for people.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%-d %b %Y, %H:%M UTC").to_string()
}

/// How long ago something was, in its own unit.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    match now.duration_since(at) {
        age if age < SignedDuration::from_secs(5) => "just now".to_owned(),
        age => format!("{} ago", spell(u64::try_from(age.as_secs()).unwrap_or(0))),
    }
}

/// A length of time in its largest unit.
pub(crate) fn spell(seconds: u64) -> String {
    match seconds {
        s if s >= 2 * 86_400 => format!("{} d", s / 86_400),
        s if s >= 2 * 3_600 => format!("{} h", s / 3_600),
        s if s >= 120 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

/// Who froze it, since when and why.
pub(crate) fn frozen(by: &str, since: Timestamp, reason: &str) -> String {
    format!("By {by} since {}: {reason}", moment(since))
}

/// Whether emergency access is still open.
pub(crate) fn glass_headline(t: &Admin, seconds_left: u64) -> String {
    if seconds_left == 0 { t.glass_owed } else { t.glass_broken }.to_owned()
}

/// Who has it, to what and for how long; or that nobody told yet what was done.
pub(crate) fn glass(emergency: &Emergency, name: Option<&String>) -> String {
    let Emergency { grant, seconds_left } = emergency;
    let (team, reason) = (&grant.team, &grant.reason);
    let who = name.unwrap_or(&grant.person_name);
    match seconds_left {
        0 => format!("{who} has not written down yet what was done in {team}: {reason}"),
        left => format!("{who} in {team}, for {} more: {reason}", spell(*left)),
    }
}

/// How old the facts of a page are.
pub(crate) fn read_ago(at: Timestamp, now: Timestamp) -> String {
    format!("Directory and AWS were read {}.", ago(at, now))
}

/// The nodes beyond the widest of a column.
pub(crate) fn others(count: usize) -> String {
    format!("{count} others")
}

/// What is beyond those that are listed.
pub(crate) fn more(count: u64) -> String {
    format!("and {} more", grouped(count))
}

/// The words under a band of the flow.
pub(crate) fn band(from: &str, to: &str, people: u64, drifting: u64) -> String {
    let people = counted(people, "person", "people");
    match drifting {
        0 => format!("{from} → {to}: {people}"),
        drifting => format!("{from} → {to}: {people}, {} drifting", grouped(drifting)),
    }
}

/// For how many people AWS differs from the map.
pub(crate) fn drifting(count: u64) -> String {
    let who = counted(count, "person", "people");
    format!("For {who} AWS has something else than the map.")
}

/// The sentence under the headline of the plan.
pub(crate) fn plan_summary(totals: &Totals) -> String {
    let Totals { gain, change, lose, waiting } = *totals;
    let told = format!(
        "{} to gain, {} to change, {} to lose.",
        grouped(gain),
        grouped(change),
        grouped(lose)
    );
    match waiting {
        0 => told,
        1 => format!("{told} 1 waits for its apps to stop, or for the canary team."),
        _ => format!("{told} {} wait for apps to stop, or for the canary team.", grouped(waiting)),
    }
}

/// What mirroring takes away.
pub(crate) fn mirror_lost(lost: &MirrorLost) -> String {
    let word = |word: &Option<String>| word.clone().unwrap_or_default();
    let (group, user) = (word(&lost.group), word(&lost.user));
    match lost.what {
        MirrorLostKind::Membership => format!("{user} leaves {group}"),
        MirrorLostKind::UserDisabled => format!("{user} is disabled"),
        MirrorLostKind::UserDeleted => format!("{user} is deleted"),
        MirrorLostKind::GroupDeleted => format!("the group {group} is deleted"),
    }
}

/// What happens to a profile.
pub(crate) fn deed(deed: &Deed) -> String {
    match deed {
        Deed::Make { role } => format!("gets a profile with the role {role}"),
        Deed::TakeOver => "is taken over, by tags".to_owned(),
        Deed::StopApps { apps } => format!("stops {} before it is corrected", apps.join(", ")),
        Deed::Correct { .. } => format!("is corrected: {}", corrected(deed).join(", ")),
        Deed::MakeAnew => "failed, and is made anew".to_owned(),
        Deed::Hold { until: Some(until), .. } => format!("is on hold until {}", moment(*until)),
        Deed::Hold { hold_hours, .. } => format!("stops, and is {}", hold(*hold_hours)),
        Deed::Remove { handed_over, .. } if handed_over.is_empty() => "is deleted".to_owned(),
        Deed::Remove { handed_over, .. } => {
            format!("is deleted, after spaces are handed over: {}", handed_over.join(", "))
        }
    }
}

/// That a profile goes on for another team of its person, and what happens to it.
pub(crate) fn goes_on(team: &str, deed: &str) -> String {
    format!("goes on for {team}: it {deed}")
}

/// What of a profile is corrected.
fn corrected(deed: &Deed) -> Vec<String> {
    let Deed::Correct { old_role, new_role, settings, tags, returns, restart } = deed else {
        return Vec::new();
    };
    let mut what = Vec::new();
    if let Some(new) = new_role {
        let old = old_role.as_deref().unwrap_or("none of its own");
        what.push(format!("role {old} → {new}"));
    }
    if *settings {
        what.push("user settings".to_owned());
    }
    if !tags.is_empty() {
        what.push(format!("tags {}", tags.join(", ")));
    }
    if *returns {
        what.push("taken off hold".to_owned());
    }
    if !restart.is_empty() {
        what.push(format!("takes effect when {} start anew", restart.join(", ")));
    }
    what
}

/// What an admin took away by command.
pub(crate) fn taken_by_command(command: &Command) -> String {
    let Command { by, by_name, why, since, team } = command;
    let by = by_name.as_ref().unwrap_or(by);
    let what = team.as_ref().map_or_else(|| "Everything".to_owned(), |team| format!("Team {team}"));
    let why = why.as_ref().map_or(String::new(), |why| format!(": {why}"));
    format!("{what} by {by} since {}{why}", moment(*since))
}

/// From what somebody was offboarded by command at a time.
pub(crate) fn barred_then(barred: &Barred) -> String {
    let what = barred.team.as_deref().unwrap_or("everything");
    format!("Offboarded by command from {what} since {}.", moment(barred.since))
}

/// A team that the directory gives.
pub(crate) fn still_granted(granted: &Granted) -> String {
    let Granted { team, group, grant } = granted;
    if group.is_empty() {
        return format!("{grant} gives {team}");
    }
    format!("group {group} gives {team} ({grant})")
}

/// How many profiles are leaving, and how long they are kept.
pub(crate) fn leaving(profiles: u64, held: &str) -> String {
    format!("{} on the way out; {held}.", counted(profiles, "profile is", "profiles are"))
}

/// An app that runs.
pub(crate) fn running_app(app: &AppOfPerson) -> String {
    let mut text = app.app_type.clone();
    if let Some(space) = &app.space {
        let _ = write!(text, " of space {space}");
    }
    if let Some(instance_type) = &app.instance_type {
        let _ = write!(text, ", {instance_type}");
    }
    if let Some(hours) = &app.hours {
        let _ = write!(text, ", for {hours}");
    }
    text
}

/// A space that stands on a profile.
pub(crate) fn space(space: &SpaceOfPerson) -> String {
    let shared = if space.shared { "shared " } else { "" };
    let volume = space.volume_gib.map_or(String::new(), |gib| format!(", {gib} GiB"));
    format!("{shared}{}{volume}", space.space)
}

/// Where the home directory is.
pub(crate) fn home(uid: &str, file_system: Option<&str>) -> String {
    let place = file_system.map_or(String::new(), |place| format!(" on {place}"));
    format!("uid {uid}{place}")
}

/// A length as a count.
pub(crate) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// The spaces that are at stake.
pub(crate) fn spaces(names: &[&str], volume_gib: u64) -> String {
    let names = names.join(", ");
    if volume_gib == 0 { names } else { format!("{names} ({} GiB)", grouped(volume_gib)) }
}

/// A home directory outlives the profile.
pub(crate) fn home_kept(uid: &str) -> String {
    format!("kept, uid {uid}")
}

/// How long something is kept.
pub(crate) fn hold(hours: u64) -> String {
    match hours {
        0 => "nothing is kept on hold".to_owned(),
        hours if hours % 24 == 0 => format!("held for {} d", hours / 24),
        hours => format!("held for {hours} h"),
    }
}

/// How much hold is left.
pub(crate) fn hours_left(hours: u64) -> String {
    match hours {
        hours if hours > 48 => format!("{} d left", hours / 24),
        hours => format!("{hours} h left"),
    }
}

/// How many there are, with the right word.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {many}", grouped(count)) }
}

/// A number with its thousands set apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_in_their_largest_unit() {
        let all = [0, 119, 120, 7_199, 7_200, 172_799, 172_800].map(spell);
        assert_eq!(all, ["0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 d"]);
        let now: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
        let at = |text: &str| ago(text.parse().unwrap(), now);
        assert_eq!(at("2026-11-21T08:59:58Z"), "just now");
        assert_eq!(at("2026-11-21T09:00:10Z"), "just now");
        assert_eq!(at("2026-11-21T08:55:00Z"), "5 min ago");
        assert_eq!(moment(now), "21 Nov 2026, 09:00 UTC");
    }

    #[test]
    fn numbers_are_read_by_thousands_and_agree_with_their_word() {
        assert_eq!(
            [7, 999, 1_000, 100_000, 1_234_567].map(grouped),
            ["7", "999", "1,000", "100,000", "1,234,567"]
        );
        assert_eq!(counted(1, "person", "people"), "1 person");
        assert_eq!(counted(0, "person", "people"), "0 people");
        assert_eq!(
            [0, 24, 168, 36].map(hold),
            ["nothing is kept on hold", "held for 1 d", "held for 7 d", "held for 36 h"]
        );
        assert_eq!(
            [1, 48, 49, 168].map(hours_left),
            ["1 h left", "48 h left", "2 d left", "7 d left"]
        );
    }
}
