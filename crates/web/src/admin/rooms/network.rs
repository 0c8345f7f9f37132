//! *Network*: the matrix of personas and rules, and what would happen to somebody from somewhere.

use super::address;
use crate::admin::frame::{Frame, Screen};
use crate::admin::parts::{CommandLine, Stamp};
use crate::admin::{enter, page_of};
use crate::form::Fields;
use crate::pages;
use crate::refused::Refused;
use crate::routes::Portal;
use crate::strings::code as filters;
use crate::strings::rooms as say;
use crate::strings::{Admin, Language, Rooms};
use crate::visit::Visit;
use crate::{assets, strings};
use access::ids::{NetworkKey, PersonId, PersonaKey};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use control::desk::{
    DecidingStatement, DomainReach, Network, NetworkQuestion, PersonaRow, ReachStep,
    Refused as NotTold, Right, Rule, TeamReach,
};

/// Teams on one page: with what decides in each of their domains some 3 kB each.
const PAGE: u32 = 20;

/// How many shades the matrix has, the lightest for nobody.
const SHADES: u64 = 5;

/// Stands in an address for teams without a persona; no persona can be called so.
const NO_PERSONA: &str = "-";

/// The page. No `Debug`: its frame holds a form key.
#[derive(Template)]
#[template(path = "admin/rooms/network.html")]
struct NetworkPage {
    t: &'static Admin,
    r: &'static Rooms,
    frame: Frame,
    read_at: Stamp,
    chosen: Chosen,
    rules: Vec<RuleText>,
    rows: Vec<RowText>,
    said: Option<String>,
    wrong: Option<(String, String)>,
    teams: Vec<TeamText>,
    next: Option<String>,
    all: Option<String>,
}

/// What stands in the address.
#[derive(Debug, Clone, Default)]
struct Chosen {
    address: String,
    vpce: String,
    vpc: String,
    person: String,
    persona: String,
    network: String,
}

struct RuleText {
    name: String,
    ways: String,
    explain: Option<String>,
    place: Option<String>,
    /// Whether it admits where it is asked from.
    badge: Option<(&'static str, &'static str)>,
}

struct RowText {
    persona: String,
    cells: Vec<CellText>,
}

struct CellText {
    shade: u64,
    teams: String,
    people: String,
    href: Option<String>,
    current: bool,
}

struct TeamText {
    key: String,
    title: String,
    persona: String,
    network: String,
    place: String,
    domains: Vec<DomainText>,
}

struct DomainText {
    domain: String,
    badge: (&'static str, &'static str),
    /// What decides, in a sentence.
    decisive: String,
    steps: Vec<StepText>,
    unknown: Option<String>,
}

struct StepText {
    class: &'static str,
    name: &'static str,
    verdict: &'static str,
    text: String,
    code: Option<String>,
    because: Vec<ReasonText>,
}

struct ReasonText {
    layer: String,
    statement: Option<String>,
    text: String,
    decides: bool,
}

/// `GET /admin/network?address=&vpce=&vpc=&person=&persona=&network=&cursor=`.
pub(super) async fn show(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let entered = enter(&portal, &visit, Right::See).await?;
    let fields = Fields::of_query(&portal, query.as_deref())?;
    let chosen = Chosen::of(&fields);
    // Whoever mistypes an address should not lose the page over it.
    let (question, wrong) = match chosen.question() {
        Ok(question) => (question, None),
        Err(refused) => (NetworkQuestion::default(), Some((refused.why, refused.remedy))),
    };
    let told = portal.desk.network(&entered.caller, &question, &page_of(&fields, PAGE)).await;
    let told = told.map_err(|refused| Refused::by_desk(&portal, refused))?;
    let commands = vec![chosen.command()];
    let frame = Frame::new(&portal, &entered, language, Screen::Network, commands).await?;
    Ok(pages::answer(&NetworkPage::new(language.rooms(), frame, chosen, told, wrong)))
}

impl Chosen {
    fn of(fields: &Fields) -> Self {
        let field = |name: &str| fields.get(name).unwrap_or_default().trim().to_owned();
        Self {
            address: field("address"),
            vpce: field("vpce"),
            vpc: field("vpc"),
            person: field("person"),
            persona: field("persona"),
            network: field("network"),
        }
    }

    fn question(&self) -> Result<NetworkQuestion, NotTold> {
        let origin = NetworkQuestion::of_texts(
            Some(self.address.as_str()),
            Some(self.vpce.as_str()),
            Some(self.vpc.as_str()),
        )?;
        let invalid = || NotTold::invalid("That is no key of the map.", "Choose a cell below.");
        let persona = match self.persona.as_str() {
            "" => None,
            NO_PERSONA => Some(None),
            key => Some(Some(PersonaKey::parse(key).map_err(|_| invalid())?)),
        };
        let network = match self.network.as_str() {
            "" => None,
            key => Some(NetworkKey::parse(key).map_err(|_| invalid())?),
        };
        let person = match self.person.as_str() {
            "" => None,
            id => Some(PersonId::parse(id).map_err(|_| invalid())?),
        };
        Ok(NetworkQuestion { origin, persona, network, person })
    }

    /// The address with other choices of the matrix.
    fn with(&self, persona: &str, network: &str, cursor: &str) -> String {
        let chosen = [
            ("address", self.address.as_str()),
            ("vpce", &self.vpce),
            ("vpc", &self.vpc),
            ("person", &self.person),
            ("persona", persona),
            ("network", network),
            ("cursor", cursor),
        ];
        address("/admin/network", &chosen)
    }

    /// From where, for people.
    fn place(&self) -> String {
        let parts = [&self.address, &self.vpce, &self.vpc];
        let parts: Vec<&str> =
            parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        parts.join(", ")
    }

    fn command(&self) -> String {
        let person = if self.person.is_empty() { "PERSON" } else { self.person.as_str() };
        let simulate = CommandLine::of(&["policy", "simulate"]).with("--person", person);
        let from = [("--from", &self.address), ("--vpce", &self.vpce), ("--vpc", &self.vpc)];
        let given = from.into_iter().filter(|(_, value)| !value.is_empty());
        let simulate = simulate.with("--team", "TEAM");
        given.fold(simulate, |line, (flag, value)| line.with(flag, value)).to_string()
    }
}

impl NetworkPage {
    fn new(
        r: &'static Rooms,
        frame: Frame,
        chosen: Chosen,
        told: Network,
        wrong: Option<(String, String)>,
    ) -> Self {
        let most = told.rows.iter().flat_map(|row| &row.cells).map(|cell| cell.people).max();
        let narrowed = !chosen.persona.is_empty() || !chosen.network.is_empty();
        let next = told.teams.next.map(|next| chosen.with(&chosen.persona, &chosen.network, &next));
        Self {
            t: frame.t,
            r,
            read_at: Stamp::at(told.at),
            said: told.asked.as_ref().map(|asked| {
                let from = match &asked.person {
                    Some(person) => format!("{} ({person})", chosen.place()),
                    None => chosen.place(),
                };
                say::admitted(asked.admitted, asked.of, &from)
            }),
            rules: told.rules.iter().map(|rule| RuleText::new(r, rule)).collect(),
            rows: told
                .rows
                .iter()
                .map(|row| RowText::new(r, &chosen, row, most.unwrap_or_default()))
                .collect(),
            teams: told.teams.items.into_iter().map(|team| TeamText::new(r, team)).collect(),
            next,
            all: narrowed.then(|| chosen.with("", "", "")),
            wrong,
            chosen,
            frame,
        }
    }
}

impl RuleText {
    fn new(r: &'static Rooms, rule: &Rule) -> Self {
        Self {
            name: rule.key.to_string(),
            ways: rule.ways.join(", "),
            explain: rule.explain.clone(),
            place: rule.place.clone(),
            badge: rule
                .admits
                .map(|admits| if admits { ("good", r.admits) } else { ("stop", r.admits_not) }),
        }
    }
}

impl RowText {
    fn new(r: &'static Rooms, chosen: &Chosen, row: &PersonaRow, most: u64) -> Self {
        let persona = row.persona.as_ref().map_or(NO_PERSONA, |persona| persona.as_str());
        let cell = |cell: &control::desk::Cell| {
            let (teams, people) = say::cell(cell.teams, cell.people);
            let network = cell.network.as_str();
            CellText {
                shade: shade(cell.people, most, cell.teams > 0),
                teams,
                people,
                href: (cell.teams > 0).then(|| chosen.with(persona, network, "")),
                current: chosen.persona == persona && chosen.network == network,
            }
        };
        Self {
            persona: row.persona.as_ref().map_or(r.no_persona.to_owned(), ToString::to_string),
            cells: row.cells.iter().map(cell).collect(),
        }
    }
}

/// The shade of a cell: none without teams, the lightest without people, the darkest for most.
fn shade(people: u64, most: u64, has_teams: bool) -> u64 {
    if !has_teams {
        return 0;
    }
    1 + (people * (SHADES - 1)).div_ceil(most.max(1)).min(SHADES - 1)
}

impl TeamText {
    fn new(r: &'static Rooms, team: TeamReach) -> Self {
        Self {
            key: team.team.to_string(),
            title: team.title,
            persona: team.persona.map_or(r.no_persona.to_owned(), |persona| persona.to_string()),
            network: team.network.to_string(),
            place: team.place,
            domains: team.domains.into_iter().map(|reach| DomainText::new(r, reach)).collect(),
        }
    }
}

impl DomainText {
    fn new(r: &'static Rooms, reach: DomainReach) -> Self {
        let badge = match reach.allowed {
            Some(true) => ("good", r.opens),
            Some(false) => ("stop", r.refused),
            None => ("warn", r.not_known),
        };
        // The first refusal decides; where there is none, the last word of AWS.
        let refused = reach.steps.iter().position(|step| !step.allowed);
        let deciding = refused.or_else(|| reach.steps.len().checked_sub(1));
        let decisive = deciding.and_then(|at| reach.steps.get(at)).map_or_else(String::new, says);
        let numbered = reach.steps.into_iter().enumerate();
        let steps = numbered.map(|(at, step)| StepText::new(r, step, (at, deciding))).collect();
        Self { domain: reach.domain.to_string(), badge, decisive, steps, unknown: reach.unknown }
    }
}

/// What decides a step: its statement, or else its own words.
fn says(step: &ReachStep) -> String {
    let because = decisive(step).and_then(|at| step.because.get(at));
    let named = because.and_then(|because| Some((statement(because)?, &because.text)));
    match named {
        Some((statement, _)) if step.allowed => say::allowed_by(&step.text, &statement),
        Some((statement, text)) => format!("{statement}: {text}"),
        None => step.text.clone(),
    }
}

/// Which of a step's statements decides. Where all layers have to allow it, the last is the one that was
/// written for it; of those that refuse, the first is enough.
fn decisive(step: &ReachStep) -> Option<usize> {
    let mut named = step.because.iter().enumerate();
    let is_named = |(at, because): (usize, &DecidingStatement)| statement(because).map(|_| at);
    if step.allowed { named.filter_map(is_named).next_back() } else { named.find_map(is_named) }
}

fn statement(because: &DecidingStatement) -> Option<String> {
    let policy = because.policy.as_ref()?;
    Some(match &because.statement {
        Some(statement) => format!("{policy} / {statement}"),
        None => policy.clone(),
    })
}

impl StepText {
    fn new(r: &'static Rooms, step: ReachStep, (at, deciding): (usize, Option<usize>)) -> Self {
        let past = deciding.is_some_and(|deciding| at > deciding && !step.allowed);
        let decides = deciding == Some(at);
        let glowing = decisive(&step).filter(|_| decides);
        let because = step.because.into_iter().enumerate().map(|(at, because)| ReasonText {
            statement: statement(&because),
            layer: because.layer,
            text: because.text,
            decides: glowing == Some(at),
        });
        Self {
            class: match (step.allowed, past) {
                (true, _) => "done",
                (false, true) => "next",
                (false, false) => "failed",
            },
            name: match step.stage {
                "entitlement" => r.step_entitlement,
                "network" => r.step_network,
                "link" => r.step_link,
                "use" => r.step_use,
                _ => r.step_deed,
            },
            verdict: if step.allowed { r.passed } else { r.failed },
            text: step.text,
            code: step.code.map(|code| code.to_string()),
            because: because.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_darker_the_more_people_there_are() {
        let shades = [(0, false), (0, true), (1, true), (25, true), (50, true), (100, true)];
        let shades = shades.map(|(people, has_teams)| shade(people, 100, has_teams));
        assert_eq!(shades, [0, 1, 2, 2, 3, 5]);
        assert_eq!(shade(0, 0, true), 1);
    }

    #[test]
    fn all_that_is_chosen_stands_in_the_address_and_in_the_command() {
        let chosen =
            Chosen { address: "203.0.113.7".into(), vpce: "vpce-0abc".into(), ..Chosen::default() };
        assert_eq!(
            chosen.with(NO_PERSONA, "office", ""),
            "/admin/network?address=203.0.113.7&vpce=vpce-0abc&persona=-&network=office"
        );
        assert_eq!(
            chosen.command(),
            "stagedoor policy simulate --person PERSON --team TEAM --from 203.0.113.7 --vpce vpce-0abc"
        );
        let question = Chosen { persona: NO_PERSONA.into(), ..chosen }.question().unwrap();
        assert_eq!(question.persona, Some(None));
        let wrong = Chosen { network: "Not A Key".into(), ..Chosen::default() }.question();
        assert_eq!(wrong.unwrap_err().why, "That is no key of the map.");
    }
}
