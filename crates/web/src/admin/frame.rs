//! What stands round every screen: where one can go, who looks, and what everybody must know.

use super::Entered;
use crate::pages::{Here, Who, initials};
use crate::provenance;
use crate::refused::Refused;
use crate::routes::Portal;
use crate::strings::{self, Admin, Language};
use control::desk::{Caller, Right};

/// A screen of the administration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    Now,
    Plan,
    People,
    Offboarding,
    Teams,
    Network,
    SignIns,
    Events,
    Audit,
    Requests,
    Health,
}

/// A screen with its address and the right that one needs to see it.
type Way = (Screen, &'static str, Right, fn(&Admin) -> &'static str);

/// Every screen, in the order of the navigation.
const NAV: [Way; 11] = [
    (Screen::Now, "/admin", Right::See, |t| t.nav_now),
    (Screen::Plan, "/admin/plan", Right::See, |t| t.nav_plan),
    (Screen::People, "/admin/people", Right::See, |t| t.nav_people),
    (Screen::Offboarding, "/admin/offboarding", Right::See, |t| t.nav_offboarding),
    (Screen::Requests, "/admin/requests", Right::See, |t| t.nav_requests),
    (Screen::Teams, "/admin/teams", Right::See, |t| t.nav_teams),
    (Screen::Network, "/admin/network", Right::See, |t| t.nav_network),
    (Screen::Events, "/admin/events", Right::See, |t| t.nav_events),
    (Screen::SignIns, "/admin/sign-ins", Right::Audit, |t| t.nav_sign_ins),
    (Screen::Audit, "/admin/audit", Right::Audit, |t| t.nav_audit),
    (Screen::Health, "/admin/health", Right::See, |t| t.nav_health),
];

/// What `admin/layout.html` shows. No `Debug`: it holds a form key.
pub(crate) struct Frame {
    /// The texts of the administration.
    pub(crate) t: &'static Admin,
    /// Who looks.
    pub(crate) who: Who,
    /// Where one can go.
    pub(crate) nav: Vec<NavItem>,
    /// What everybody must know.
    pub(crate) alarms: Vec<Alarm>,
    /// The commands that tell or do the same, a line each.
    pub(crate) commands: Vec<String>,
    /// What was just done here.
    pub(crate) said: Option<&'static str>,
    /// The role of somebody who may not change anything.
    pub(crate) looks_only: Option<&'static str>,
}

/// A link of the navigation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NavItem {
    pub(crate) label: &'static str,
    pub(crate) href: &'static str,
    pub(crate) current: bool,
}

/// Something that everybody must know, across every screen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Alarm {
    /// What is so, in two or three words.
    pub(crate) headline: String,
    /// More.
    pub(crate) text: String,
    /// Where to do something about it, with the words of the link.
    pub(crate) way: Option<(String, &'static str)>,
}

impl Frame {
    /// The frame of a screen, with what everybody must know now.
    ///
    /// # Errors
    /// The store cannot be read: whoever looks must not be left without an alarm.
    pub(crate) async fn new(
        portal: &Portal,
        entered: &Entered,
        language: Language,
        screen: Screen,
        commands: Vec<String>,
    ) -> Result<Self, Refused> {
        let t = language.admin();
        let caller = &entered.caller;
        Ok(Self {
            t,
            who: Who {
                // Its own texts are in English only so far.
                texts: Language::English.frame(),
                here: Here::Administration,
                initials: initials(caller.full_name()),
                name: caller.full_name().to_owned(),
                user_name: caller.name().to_owned(),
                sign_out_key: portal.door.form_key(&entered.session, provenance::SIGN_OUT),
                administers: true,
            },
            nav: nav(t, caller, screen),
            alarms: alarms(portal, caller, t).await?,
            commands,
            said: None,
            looks_only: (!caller.may(Right::Act)).then(|| role(caller)),
        })
    }

    /// The same, with what was just done.
    #[must_use]
    pub(crate) fn saying(self, said: Option<&'static str>) -> Self {
        Self { said, ..self }
    }
}

fn nav(t: &'static Admin, caller: &Caller, screen: Screen) -> Vec<NavItem> {
    let seen = NAV.iter().filter(|(_, _, right, _)| caller.may(*right));
    let items =
        seen.map(|(at, href, _, label)| NavItem { label: label(t), href, current: *at == screen });
    items.collect()
}

/// What everybody must know, the loudest first.
async fn alarms(
    portal: &Portal,
    caller: &Caller,
    t: &'static Admin,
) -> Result<Vec<Alarm>, Refused> {
    let by_desk = |refused| Refused::by_desk(portal, refused);
    let emergencies = portal.desk.emergencies(caller).await.map_err(by_desk)?;
    let names = portal.desk.names(emergencies.iter().map(|it| &it.grant.person));
    let broken = emergencies.into_iter().map(|emergency| Alarm {
        headline: strings::admin::glass_headline(t, emergency.seconds_left),
        text: strings::admin::glass(&emergency, names.get(&emergency.grant.person)),
        way: Some(("/admin/requests".to_owned(), t.to_emergency)),
    });
    let plane = portal.desk.plane();
    let frozen = plane.switch.frozen().await;
    let frozen = frozen.map_err(|error| by_desk(error.into()))?;
    let frozen = frozen.map(|freeze| Alarm {
        headline: t.frozen_banner.to_owned(),
        text: strings::admin::frozen(&freeze.by, freeze.at, &freeze.reason),
        way: Some(("/admin#switch".to_owned(), t.to_switch)),
    });
    Ok(broken.chain(frozen).collect())
}

/// The most that somebody may, as the map calls it.
fn role(caller: &Caller) -> &'static str {
    if caller.may(Right::Audit) { "auditor" } else { "reader" }
}
