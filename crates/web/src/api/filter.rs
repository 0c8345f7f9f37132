//! Which entries of the audit log a query asks for.

/// A query with the words of an [`AuditFilter`](control::ports::AuditFilter), and more of its own. What
/// a query does not know it refuses, which a flattened structure could not.
macro_rules! filtered {
    ($(#[$meta:meta])* struct $name:ident { $($more:tt)* }) => {
        $(#[$meta])*
        #[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
        #[serde(deny_unknown_fields)]
        struct $name {
            /// Of this time or later.
            from: Option<jiff::Timestamp>,
            /// Before this time.
            until: Option<jiff::Timestamp>,
            /// Of this event.
            #[param(max_length = 1024)]
            event: Option<String>,
            /// With this reason code.
            #[param(max_length = 1024)]
            code: Option<String>,
            /// About this person: the directory's id, a user name, or a part of a name.
            #[param(max_length = 1024)]
            person: Option<String>,
            /// About this team.
            #[param(max_length = 1024)]
            team: Option<String>,
            /// By this actor: `system`, `person:ID`, `token:NAME`, `cli:USER`.
            #[param(max_length = 1024)]
            actor: Option<String>,
            /// Of this change.
            #[param(max_length = 1024)]
            change: Option<String>,
            /// With this number, which a page told whoever was refused.
            #[param(max_length = 1024)]
            reference: Option<String>,
            $($more)*
        }

        impl $name {
            /// Which entries.
            fn filter(&self) -> Result<control::ports::AuditFilter, control::desk::Refused> {
                use crate::api::rooms::parsed;
                let event = parsed(self.event.as_deref(), control::ports::AuditEvent::parse)?;
                // What nothing was written with would look like nothing happened.
                let is_known = |text: &str| control::reasons::codes().any(|code| code == text);
                let code = |text: &str| is_known(text).then(|| text.to_owned());
                Ok(control::ports::AuditFilter {
                    from: self.from,
                    until: self.until,
                    event: event.map(String::from),
                    code: parsed(self.code.as_deref(), code)?,
                    person: self.person.clone(),
                    team: self.team.clone(),
                    actor: parsed(self.actor.as_deref(), |text| text.parse().ok())?,
                    change: self.change.clone(),
                    reference: self.reference.as_deref().map(control::ports::reference),
                })
            }
        }
    };
}

pub(super) use filtered;
