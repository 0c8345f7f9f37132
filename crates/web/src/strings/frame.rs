//! What stands round every page, and how moments are told.

texts! {
    /// The frame of a page.
    Frame {
        skip: "Skip to content",
        sign_out: "Sign out",
        signed_in_as: "Signed in as",
        navigation: "Your pages",
        my_work: "My work",
        my_access: "My access",
        requests: "Requests",
        administration: "Administration",
        months: "January February March April May June July August September October November \
                 December",
        moment: "{day} {month} {year}, {time} UTC",
        just_now: "just now",
        minutes_ago: "{n} min ago",
        hours_ago: "{n} h ago",
        yesterday: "yesterday",
        days_ago: "{n} days ago",
        units: "day days hour hours minute minutes second seconds",
        no_time: "no time",
    }
}
