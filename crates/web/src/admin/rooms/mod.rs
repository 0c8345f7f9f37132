//! The rooms of the administration: *Teams and domains*, *Network*, *Sign-ins*, *Events and drift*,
//! *Audit* and *Health*.

mod audit;
mod audit_export;
mod events;
mod health;
mod lanes;
mod network;
mod sign_ins;
mod teams;
mod trend;

use super::parts::in_path;
use crate::table::{Row, Who};
use control::desk::Right;

/// The screens of this module.
pub(super) fn rows() -> Vec<Row> {
    let [see, audit, act] = [Right::See, Right::Audit, Right::Act].map(Who::May);
    vec![
        Row::get("/admin/teams", see, teams::show),
        Row::get("/admin/teams/{team}", see, teams::one),
        Row::get("/admin/network", see, network::show),
        Row::get("/admin/sign-ins", audit, sign_ins::show),
        Row::get("/admin/events", see, events::show),
        Row::post("/admin/events/heal", act, events::heal),
        Row::post("/admin/events/replay", act, events::replay),
        Row::get("/admin/audit", audit, audit::show),
        Row::get("/admin/audit/export", audit, audit_export::file),
        Row::get("/admin/audit/export/parts", audit, audit_export::parts),
        Row::get("/admin/health", see, health::show),
    ]
}

/// The address of a screen with what is chosen there; what is empty is left out.
fn address(path: &str, chosen: &[(&str, &str)]) -> String {
    let chosen = chosen.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> =
        chosen.map(|(name, value)| format!("{name}={}", in_path(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_what_is_chosen_and_nothing_else() {
        assert_eq!(address("/admin/teams", &[("cursor", "")]), "/admin/teams");
        let chosen = [("person", "Ana & Bob"), ("provider", ""), ("code", "expired")];
        let expected = "/admin/sign-ins?person=Ana%20%26%20Bob&code=expired";
        assert_eq!(address("/admin/sign-ins", &chosen), expected);
    }
}
