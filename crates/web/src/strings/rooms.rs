//! The administration's rooms: *Teams and domains*, *Network*, *Sign-ins*, *Events and drift*, *Audit*
//! and *Health*.

use super::admin::moment;
use super::admin::{counted, grouped};
use control::desk::{Chain, ChainState, Forecast, Spread};
use jiff::civil::Date;

texts! {
    /// The rooms of the administration.
    Rooms {
        all: "All",
        show: "Show",
        clear: "Clear",
        nothing: "none",
        read: "Directory and AWS were read on",
        code: "Reason",
        remedy: "What would work",
        state: "State",

        teams_title: "Teams and domains",
        teams_lead: "How full each account is and when its quota runs out, how each domain is, and what the map says of each team.",
        quotas: "Quotas",
        quota_profiles: "User profiles",
        quota_planned: "still to be made",
        quota_unknown: "quota not known",
        quota_room: "room",
        quota_low: "nearly full",
        quota_exceeded: "full",
        trend: "Profiles by day",
        trend_key: "The line is what was counted; dashed is the same trend, carried on to the quota.",
        day: "Day",
        profiles: "Profiles",
        domains: "Domains",
        healthy: "healthy",
        ill: "needs attention",
        domain_id: "Domain",
        account: "Account",
        region: "Region",
        reached_by: "Reached as",
        own_account: "Stagedoor's own role",
        links_by: "Links asked for as",
        owned: "Profiles",
        of_others: "Profiles of others",
        others_report: "listed, never changed",
        others_ignore: "ignored",
        others_adopt: "taken over where they are plainly somebody's",
        leaving: "on their way out",
        running: "Running apps",
        no_teams: "The map has no team.",
        observed: "observed",
        canary: "canary",

        owner: "Owner",
        purpose: "Purpose",
        data: "Data",
        network: "Network",
        activities: "Activities",
        session: "Session",
        link: "Link lives",
        landing: "Opens at",
        tags: "Tags",
        settings: "Settings",
        settings_none: "The domain's own settings.",
        roles: "Execution roles",
        grants: "Grants",
        grant: "Grant",
        grants_none: "No grant gives this team.",
        in_force: "in force",
        not_in_force: "not in force",
        priority: "Priority",
        from: "From",
        until: "Until",
        open_ended: "open-ended",
        members: "People",
        members_none: "Nobody has a right to this team.",
        no_profile: "none yet",
        strays: "Profiles without a right",
        strays_none: "Every profile of this team belongs to somebody with a right to it.",

        network_title: "Network",
        network_lead: "From where each team may be opened. Type an address or a VPC endpoint to see who is let in, and which statement decides.",
        matrix: "Persona by network rule",
        matrix_key: "The stronger a cell, the more people. Choose one to see its teams.",
        no_persona: "no persona",
        address: "Address",
        address_hint: "Public, or inside the VPC: 203.0.113.7",
        vpce: "VPC endpoint",
        vpce_hint: "vpce-0abc1234",
        vpc: "VPC of the endpoint",
        vpc_hint: "vpc-0abc1234",
        ask: "Ask",
        asked_nothing: "Ask from somewhere to see what would happen to each of these teams.",
        admits: "admits it",
        admits_not: "does not admit it",
        opens: "opens",
        refused: "refused",
        not_known: "cannot be said",
        ways: "Admits",
        step_entitlement: "Right",
        step_network: "Network rule, at the door",
        step_link: "AWS: Stagedoor asks for the link",
        step_use: "AWS: the person uses the link",
        step_deed: "AWS",
        decides: "decides",
        no_team_here: "No team is in this cell.",

        sign_ins_title: "Sign-ins",
        sign_ins_lead: "The last answers of identity providers, check by check. The first red one ended it.",
        kept: "Kept",
        kept_under: "the newest answers",
        accepted: "Accepted",
        refused_ones: "Refused",
        why_refused: "Why sign-ins are refused",
        person: "Person",
        person_hint: "Name or directory id",
        provider: "Identity provider",
        outcome: "Outcome",
        no_provider: "provider not known",
        somebody: "somebody unknown",
        reference: "Reference",
        passed: "passed",
        failed: "failed",
        not_run: "not run",
        sign_ins_none: "No sign-in is like that.",

        events_title: "Events and drift",
        events_lead: "Events wake the loop, full passes find what they missed, and drift is what in AWS is not as the map says.",
        last_full: "Last full pass",
        never: "never yet",
        waiting: "Waiting to be read",
        waiting_none: "nothing waits",
        events_number: "Events",
        events_under: "remembered",
        found_number: "Found without an event",
        found_none: "Full passes found nothing that an event had not told of.",
        drift_number: "Drift",
        drift_none: "Nothing drifts: AWS agrees with the map.",
        lanes: "What arrived, and what a full pass had to find",
        lane_directory: "Directory",
        lane_events: "Events",
        lane_passes: "Full passes",
        lanes_key: "Each line is an event on its way from the directory to Stagedoor. A diamond is a change that a full pass found and no event had told of.",
        lanes_none: "No event has arrived yet.",
        families: "By family",
        family: "Family",
        last_one: "Last one",
        slowest: "Slowest",
        outcomes: "What came of them",
        arrived: "Arrived",
        on_its_way: "On its way",
        event: "Event",
        read_again: "Read again",
        everybody: "everybody",
        nobody: "nobody",
        told_later: "An event came later",
        lost: "no event came",
        gains: "gains",
        loses: "loses",
        replay: "Replay a window",
        replay_text: "Has everybody read again whom the remembered events of that time reached. Events decide nothing, so this can only heal. For events that never arrived, replay CloudTrail's own files with the command.",
        replay_from: "From (UTC)",
        replay_until: "Until (UTC)",
        replay_do: "Replay",
        said_replayed: "Replayed. Whoever those events reached is read again now.",
        drift: "Drift",
        what: "What",
        where_it_is: "Where",
        heal: "Heal now",
        healed_by_loop: "the loop heals it",
        said_healed: "Asked for. The loop reads this person as soon as it can.",

        audit_title: "Audit",
        audit_lead: "What happened, who did it and what it changed. Append-only, chained and keyed.",
        audit_none: "No entry is like that.",
        audit_none_yet: "None of the entries that were looked through so far is like that; there are older ones.",
        audit_no_reference: "A number that is not here is of a page that refused without asking the door, or of one stranger too many: the server's log has it, as reference.",
        reference_hint: "The number on the page",
        entry: "Entry",
        when: "When",
        who: "By",
        change: "Change",
        system: "Stagedoor",
        anonymous: "nobody known",
        actor: "Actor",
        actor_hint: "system, person:ID, token:NAME, cli:USER",
        since: "Since",
        before: "Before",
        was_nothing: "nothing",
        export: "Export",
        export_lines: "JSON Lines",
        export_ocsf: "OCSF",
        parts_title: "Export in parts",
        parts_lead: "An answer can only be so long here. Download each part in turn: put together in this order they are the export.",
        part: "Part",
        part_entries: "Entries",
        part_download: "Download this part",
        part_next: "Next part",
        part_last: "This is the last part.",

        health_title: "Health",
        health_lead: "Whether Stagedoor can do its work here. The command stagedoor doctor makes the same checks.",
        health_ok: "As it should be",
        health_warnings: "Somebody should look",
        health_failed: "Does not work",
        checked: "Checked on",
        health_again: "Check again",
        health_under_way: "AWS is being asked now. Reload in a moment for what comes of it.",
        health_never: "Nothing was checked yet.",
        why_it_matters: "Why it matters",
        ok: "ok",
        warning: "look",
    }
}

/// A day, for people.
pub(crate) fn day(day: Date) -> String {
    day.strftime("%-d %B %Y").to_string()
}

/// A day at an axis.
pub(crate) fn short_day(day: Date) -> String {
    day.strftime("%-d %b").to_string()
}

/// How full an account is.
pub(crate) fn used(profiles: u64, quota: Option<u64>) -> String {
    match quota {
        Some(quota) => format!("{} of {}", grouped(profiles), grouped(quota)),
        None => grouped(profiles),
    }
}

/// When a quota runs out.
pub(crate) fn forecast(forecast: &Forecast) -> String {
    match forecast {
        Forecast::NoQuota => "Service Quotas does not tell how many there may be.".to_owned(),
        Forecast::TooEarly { days } => {
            let counted = counted(u64::try_from(*days).unwrap_or(0), "day", "days");
            format!("Counted for {counted}; a forecast needs a week.")
        }
        Forecast::Full => "It is full: nobody gets a new profile.".to_owned(),
        Forecast::Steady { per_month } => {
            format!("It does not grow ({} a month).", signed(*per_month))
        }
        Forecast::RunsOut { day: at, days_left, per_month } => {
            let left = counted(u64::try_from(*days_left).unwrap_or(0), "day", "days");
            let (at, by) = (day(*at), signed(*per_month));
            format!("At this rate it is full on {at}, in {left} ({by} a month).")
        }
        Forecast::Later { per_month } => {
            format!("Not full within a year at this rate ({} a month).", signed(*per_month))
        }
    }
}

/// What the area around a trend means.
pub(crate) fn spread(spread: &Spread) -> String {
    let Spread { least_per_month, most_per_month } = *spread;
    let (least, most) = (signed(least_per_month), signed(most_per_month));
    format!("The area is two standard errors either way: {least} to {most} a month.")
}

fn signed(number: i64) -> String {
    let sign = match number {
        0 => "±",
        n if n > 0 => "+",
        _ => "−",
    };
    format!("{sign}{}", grouped(number.unsigned_abs()))
}

/// What AWS says, and the statement that it says it by.
pub(crate) fn allowed_by(text: &str, statement: &str) -> String {
    format!("{text}, by {statement}")
}

/// What came of a plan.
pub(crate) fn carried_out(changed: &str, failed: &str) -> String {
    format!("{changed} changed, {failed} failed")
}

/// What is in a cell of the matrix.
pub(crate) fn cell(teams: u64, people: u64) -> (String, String) {
    (counted(teams, "team", "teams"), counted(people, "person", "people"))
}

/// How many teams the door lets in from where it is asked.
pub(crate) fn admitted(admitted: u64, of: u64, from: &str) -> String {
    let of_teams = counted(of, "team", "teams");
    match admitted {
        0 => format!("The door lets nobody in from {from}, into none of {of_teams}."),
        all if all == of => format!("The door lets people in from {from}, into all of {of_teams}."),
        some => {
            format!("The door lets people in from {from}, into {} of {of_teams}.", grouped(some))
        }
    }
}

/// How many checks there were.
pub(crate) fn all_passed(checks: usize) -> String {
    format!("All {checks} checks passed")
}

/// How many checks of a group are as they should be.
pub(crate) fn checks_right(checks: usize) -> String {
    match checks {
        1 => "1 check is as it should be".to_owned(),
        checks => format!("{checks} checks are as they should be"),
    }
}

/// How many people there are besides those who are named.
pub(crate) fn and_more(named: usize, people: u64) -> Option<String> {
    let named = u64::try_from(named).unwrap_or(u64::MAX);
    people.checked_sub(named).filter(|more| *more > 0).map(|more| format!("and {more} more"))
}

/// The picture of events in words.
pub(crate) fn lanes(events: u64, found: u64) -> String {
    format!(
        "{} arrived; {} found without one.",
        counted(events, "event", "events"),
        counted(found, "change was", "changes were")
    )
}

/// What the badge of the audit log says.
pub(crate) fn chain(chain: &Chain) -> String {
    let anchored = match chain.anchored {
        Some(at) => format!("anchored {}", moment(at)),
        None => "not anchored yet".to_owned(),
    };
    match (chain.state, &chain.fault) {
        (ChainState::Whole, _) => {
            format!("Verified to entry {}, {anchored}", grouped(chain.entries))
        }
        (ChainState::Broken, Some(fault)) => format!("Touched: {fault}"),
        (ChainState::Broken, None) => "Touched".to_owned(),
        (ChainState::NotYet, _) => format!("Not verified yet, {anchored}"),
    }
}

/// How long a Studio session lasts.
pub(crate) fn duration(seconds: u32) -> String {
    match seconds {
        s if s % 3600 == 0 => format!("{} h", s / 3600),
        s if s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_forecast_names_the_day() {
        let told =
            forecast(&Forecast::RunsOut { day: date(2027, 3, 14), days_left: 113, per_month: 12 });
        assert_eq!(told, "At this rate it is full on 14 March 2027, in 113 days (+12 a month).");
        let one = Forecast::TooEarly { days: 1 };
        assert_eq!(forecast(&one), "Counted for 1 day; a forecast needs a week.");
        let falling = Forecast::Steady { per_month: -3 };
        assert_eq!(forecast(&falling), "It does not grow (−3 a month).");
        let steady = Forecast::Steady { per_month: 0 };
        assert_eq!(forecast(&steady), "It does not grow (±0 a month).");
    }

    #[test]
    fn what_the_door_does_is_said_in_one_sentence() {
        let from = "203.0.113.7";
        assert_eq!(
            admitted(0, 2, from),
            "The door lets nobody in from 203.0.113.7, into none of 2 teams."
        );
        assert_eq!(
            admitted(1, 1, from),
            "The door lets people in from 203.0.113.7, into all of 1 team."
        );
        assert_eq!(
            admitted(3, 6, from),
            "The door lets people in from 203.0.113.7, into 3 of 6 teams."
        );
        assert_eq!(and_more(3, 5).as_deref(), Some("and 2 more"));
        assert_eq!(and_more(3, 3), None);
        assert_eq!([3600, 5400, 5].map(duration), ["1 h", "90 min", "5 s"]);
    }
}
