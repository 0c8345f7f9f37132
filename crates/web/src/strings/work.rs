//! *My work*, the waiting page, and stopping one's apps.

texts! {
    /// *My work* and what it leads to.
    Work {
        title: "My work",
        one_open: "One team is open to you.",
        all_open: "{all} teams are open to you.",
        one_blocked: "Your team cannot be opened from here.",
        none_open: "None of your teams can be opened from here.",
        some_open: "{open} of your {all} teams can be opened from here.",
        open_studio: "Open Studio",
        straight_to: "Open straight in",
        jupyter_lab: "JupyterLab",
        code_editor: "Code Editor",
        open_note: "Studio opens by a link that works once and for seconds only. There is nothing to \
                    bookmark: come back here whenever you want in again.",
        no_teams: "No team is open to you yet",
        no_teams_why: "You are known here, but no grant gives a team to any of your groups.",
        no_teams_remedy: "Ask the owner of the team you work with to add you to its directory group. \
                          Once you are in, reload this page; there is nothing else to do.",
        ask_for_team: "Ask for access to a team",
        owner: "Owner",
        data: "Data",
        persona: "Persona",
        region: "Region",
        until: "Access until",
        opened: "Last opened",
        opened_not_lately: "not lately",
        unread: "not known right now",
        running: "Running now",
        running_nothing: "nothing",
        running_unread: "not read yet",
        stopping: "stopping",
        since: "for {time}",
        ends_soon: "ends soon",
        not_from_here: "Not from where you are",
        stop_apps: "Stop my apps",
        stop_title: "Stop your apps?",
        stop_team: "These run in your name for {team}. What is not saved is lost; files in your home \
                    directory and in your spaces stay.",
        stop_none: "Nothing of yours runs for {team}.",
        stop_shared: "Spaces that others work in too are left alone.",
        stop_one: "Stop this app",
        stop_many: "Stop {n} apps",
        leave_them: "Leave them running",
        stopped: "Your apps are stopping. It takes a minute or two.",
        back: "Back to my work",
    }
}

texts! {
    /// The waiting page.
    Opening {
        title: "Opening {team}",
        headline: "Getting your studio ready",
        what: "Your profile for {team} is being made ready. It usually takes less than a minute.",
        long: "This takes longer than usual. You can leave this page: the work goes on, and opening \
               the team again finds it done.",
        refresh: "This page checks again by itself, and takes you in when all is done.",
        look_now: "Check now",
        waited: "{seconds} s",
        identity: "Identity checked",
        rule: "Rule matched",
        profile: "Profile being prepared",
        requested: "SageMaker is at it",
        awaited: "Waiting for a change that is under way",
        link: "Link made",
        done: "done",
        now: "under way",
        next: "to come",
    }
}
