//! The demo without a browser: the whole story over real HTTP, each step observed.

use super::browser::{Browser, Page, attribute, aws_call};
use super::forgery;
use super::looking;
use super::world::{ACCOUNT, DOMAIN_ID, REGION, STORY, World};
use crate::cli::DemoDirectory;
use crate::exit::Outcome;
use crate::output;
use access::check::Removals;
use access::ids::PersonId;
use access::observed::{ObservedProfile, Ownership, ProfileStatus};
use access::plan::Step;
use anyhow::{Context, Result, anyhow, bail, ensure};
use control::event::{self, Concern, Verdict};
use control::survey::Scope;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long any one thing may take before the story is taken to have failed. The simulated AWS
/// needs a few seconds for each change of state.
const PATIENCE: Duration = Duration::from_mins(1);

/// Plays the story. Exit code 0 only if every step was observed.
pub(super) async fn play(directory: DemoDirectory) -> Result<Outcome> {
    let world = World::start(&STORY, directory).await?;
    let mut story = Story { world: &world, steps: 0 };
    let told = story.tell().await;
    world.stop().await;
    match told {
        Ok(()) => {
            output::data(&format!("\nThe whole story was observed: {} steps.", story.steps));
            Ok(Outcome::Done)
        }
        Err(error) => {
            output::data(&format!("\n✗ step {} was not observed: {error:#}", story.steps + 1));
            Ok(Outcome::Failed)
        }
    }
}

struct Story<'a> {
    world: &'a World,
    steps: usize,
}

type Pair = (String, String);

impl Story<'_> {
    async fn tell(&mut self) -> Result<()> {
        self.say("People in groups get Studio");
        self.plan_names_who_gains().await?;
        self.apply_makes_it_so().await?;
        self.say("The door opens");
        self.world.serve().await?;
        let mut one = self.user_1_signs_in().await?;
        let mut two = self.user_2_is_refused_the_other_team().await?;
        self.say("The door cannot be forged");
        for (what, code) in forgery::attempts(self.world, &mut two).await? {
            self.seen(&format!("{what}: refused, {code}"));
        }
        self.say("A joiner");
        self.an_event_is_read_and_acted_on().await?;
        self.say("A leaver");
        self.user_1_leaves(&mut one).await?;
        self.say("An admin looks");
        for what in looking::tour(self.world).await? {
            self.seen(&what);
        }
        self.say("The end");
        self.nothing_is_left_to_do().await
    }

    fn say(&self, chapter: &str) {
        output::data(&format!("{}{chapter}", if self.steps == 0 { "" } else { "\n" }));
    }

    fn seen(&mut self, what: &str) {
        self.steps += 1;
        output::data(&format!("  ✓ {:>2}  {what}", self.steps));
    }

    async fn plan_names_who_gains(&mut self) -> Result<()> {
        let plane = &self.world.parts.plane;
        let plan = plane.plan(&plane.survey(&Scope::Everything).await?);
        let gains: BTreeSet<Pair> = plan
            .actions
            .iter()
            .filter(|a| matches!(a.step, Step::Create { .. }))
            .map(|a| (a.person_name.clone().unwrap_or_default(), a.team.to_string()))
            .collect();
        let expected = pairs(&[
            ("User 1 (user1)", "team-1"),
            ("User 1 (user1)", "team-2"),
            ("User 2 (user2)", "team-2"),
        ]);
        ensure!(gains == expected && plan.actions.len() == 3, "the plan is {gains:?}");
        self.seen("plan: User 1 gains team-1 and team-2, User 2 gains team-2; nobody loses");
        Ok(())
    }

    async fn apply_makes_it_so(&mut self) -> Result<()> {
        let plane = &self.world.parts.plane;
        until("the plan is carried out", async || {
            let pass = plane.pass(&Scope::Everything, Removals::Guarded, &|_, _| {}).await?;
            Ok(pass.settled().then_some(()))
        })
        .await?;
        let profiles = self.profiles().await?;
        for ((person, team), profile) in &profiles {
            let role = format!("arn:aws:iam::{ACCOUNT}:role/studio-{team}");
            ensure!(
                profile.status == ProfileStatus::InService
                    && profile.execution_role.as_deref() == Some(role.as_str()),
                "{person} in {team} has {:?}, {:?}",
                profile.status,
                profile.execution_role
            );
        }
        let expected = pairs(&[("user1", "team-1"), ("user1", "team-2"), ("user2", "team-2")]);
        let found: BTreeSet<Pair> = profiles.keys().cloned().collect();
        ensure!(found == expected, "the profiles are {found:?}");
        let names: Vec<&str> = profiles.values().map(|p| p.name.as_str()).collect();
        self.seen(&format!(
            "apply: exactly three profiles, each with its team's role: {}",
            names.join(", ")
        ));
        self.plan_is_empty().await?;
        self.seen("plan again: nothing to do");
        Ok(())
    }

    async fn user_1_signs_in(&mut self) -> Result<Browser> {
        let mut browser = Browser::default();
        let portal = sign_in(self.world, &mut browser, "user1").await?;
        let teams = open_forms(&portal);
        ensure!(teams == ["team-1", "team-2"], "User 1 sees {teams:?}");
        self.seen("User 1 signs in by SAML and sees two teams");
        for team in ["team-1", "team-2"] {
            let link = self.open(&mut browser, &portal, team).await?;
            let studio = browser.get(&link).await?;
            let seen = |name: &str| {
                studio.body.find(&format!(" {name}=\"")).and_then(|at| {
                    let tag = studio.body.get(..at)?.rfind('<')?;
                    attribute(studio.body.get(tag..)?, name)
                })
            };
            let role = format!("arn:aws:iam::{ACCOUNT}:role/studio-{team}");
            let profile = format!("user1--{team}");
            ensure!(
                studio.status == 200
                    && seen("data-profile").as_deref() == Some(profile.as_str())
                    && seen("data-role-arn").as_deref() == Some(role.as_str()),
                "Studio shows {:?} with {:?} (status {})",
                seen("data-profile"),
                seen("data-role-arn"),
                studio.status
            );
            self.seen(&format!(
                "*Open Studio* leads to Studio: profile {profile}, role studio-{team}"
            ));
            let again = browser.get(&link).await?;
            ensure!(again.status == 403, "the link worked twice (status {})", again.status);
        }
        self.seen("each link worked once; a second use is refused");
        Ok(browser)
    }

    async fn open(&self, browser: &mut Browser, portal: &Page, team: &str) -> Result<String> {
        let form = portal.form(|text| text.contains(&format!("/open/{team}\"")))?;
        let mut page = browser.submit(&form).await?;
        let studio = format!("{}/", self.world.sandbox_url);
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some(link) = page.location.clone().filter(|l| l.starts_with(&studio)) {
                ensure!(page.status == 302, "the redirect to Studio has status {}", page.status);
                ensure!(
                    page.cache_control.as_deref() == Some("no-store") && page.body.is_empty(),
                    "the redirect to Studio may be stored"
                );
                return Ok(link);
            }
            if tokio::time::Instant::now() > deadline || page.status >= 400 {
                bail!("opening {team} ended with status {}", page.status);
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
            let next = match &page.location {
                Some(location) => page.url.join(location)?,
                None => page.url.clone(),
            };
            page = browser.get(next.as_str()).await?;
        }
    }

    async fn user_2_is_refused_the_other_team(&mut self) -> Result<Browser> {
        let mut browser = Browser::default();
        let portal = sign_in(self.world, &mut browser, "user2").await?;
        let teams = open_forms(&portal);
        ensure!(teams == ["team-2"], "User 2 sees {teams:?}");
        self.seen("User 2 signs in and sees team-2 only");
        let mut form = portal.form(|text| text.contains("/open/team-2\""))?;
        form.action = form.action.join("/open/team-1")?;
        browser.submit(&form).await?.refuses("form-key")?;
        self.seen("User 2 sends the form of team-2 to team-1: refused, form-key");
        let tile = forgery::tile(self.world, "user2", "team-1")?;
        browser.submit(&tile).await?.refuses("not-entitled")?;
        self.seen("User 2 comes by the identity provider's tile of team-1: refused, not-entitled");
        Ok(browser)
    }

    async fn an_event_is_read_and_acted_on(&mut self) -> Result<()> {
        let user3 = self.world.person("user3").await?;
        self.world.membership("ml-team-1", "user3", true).await?;
        if self.world.has_events() {
            self.the_event_is_cloudtrails(user3).await?;
        } else {
            self.seen("User 3 is added to ml-team-1, where the directory is");
        }
        let key = ("user3".to_owned(), "team-1".to_owned());
        let profile = until("User 3 has a profile", async || {
            let profile = self.profiles().await?.remove(&key);
            Ok(profile.filter(|p| p.status == ProfileStatus::InService))
        })
        .await?;
        self.seen(&format!("it was acted on: profile {}, role studio-team-1", profile.name));
        Ok(())
    }

    async fn the_event_is_cloudtrails(&mut self, user3: PersonId) -> Result<()> {
        let body = until("the event arrives", async || {
            Ok(self.world.events().into_iter().find(|body| body.contains("AddMemberToGroup")))
        })
        .await?;
        ensure!(
            shape(&serde_json::from_str(&body)?) == shape(&serde_json::from_str(EVENT)?),
            "the event has another shape than CloudTrail's: {body}"
        );
        let user3 = Concern::People(BTreeSet::from([user3]));
        let verdict = event::read(&body)?.verdict;
        ensure!(verdict == Verdict::Concerns(user3), "the event is read as {verdict:?}");
        self.seen("User 3 is added to ml-team-1; an AddMemberToGroup event arrives and is read");
        Ok(())
    }

    async fn user_1_leaves(&mut self, browser: &mut Browser) -> Result<()> {
        self.user_1_works().await?;
        let user1 = self.world.person("user1").await?;
        let begun = self.world.parts.plane.clock.now();
        self.world.membership("ml-team-1", "user1", false).await?;
        let key = ("user1".to_owned(), "team-1".to_owned());
        until("the profile is gone", async || {
            Ok((!self.profiles().await?.contains_key(&key)).then_some(()))
        })
        .await?;
        let told = self.world.parts.store.newest(200).await?;
        let steps: Vec<String> = told
            .iter()
            .rev()
            .filter(|e| e.at >= begun && e.person.as_deref() == Some(user1.as_str()))
            .filter(|e| e.code == "entitlement-lost")
            .map(|e| e.details.get("what").cloned().unwrap_or_else(|| e.event.clone()))
            .collect();
        ensure!(
            steps
                == [
                    "offboarding-begun",
                    "stopping app JupyterLab/default of space user1-lab",
                    "stopping app JupyterServer/default",
                    "deleting space user1-lab",
                    "deleting the profile",
                ],
            "the steps were {steps:?}"
        );
        self.seen(&format!(
            "User 1 leaves ml-team-1, with two apps running and a space: {}",
            steps.join(" → ")
        ));
        let left = {
            let sandbox = self.world.sandbox();
            let running = sandbox
                .apps(ACCOUNT, REGION, DOMAIN_ID)
                .into_iter()
                .filter(|app| app.status != "Deleted")
                .count();
            running + sandbox.spaces(ACCOUNT, REGION, DOMAIN_ID).len()
        };
        ensure!(left == 0, "{left} apps and spaces are left");
        let kept: BTreeSet<Pair> = self.profiles().await?.into_keys().collect();
        let expected = pairs(&[("user1", "team-2"), ("user2", "team-2"), ("user3", "team-1")]);
        ensure!(kept == expected, "the profiles left are {kept:?}");
        let portal = browser.get(&format!("{}/", self.world.door_url)).await?;
        let teams = open_forms(&portal);
        ensure!(teams == ["team-2"], "User 1 still sees {teams:?}");
        self.seen("nothing of it is left; User 1 keeps team-2 and no longer sees team-1");
        Ok(())
    }

    /// User 1 starts an app of the profile itself, and a private space with an app in it.
    async fn user_1_works(&mut self) -> Result<()> {
        let profile = "user1--team-1";
        let app = |owner: (&str, &str), kind: &str| json!({"DomainId": DOMAIN_ID, owner.0: owner.1, "AppType": kind, "AppName": "default"});
        let space = json!({
            "DomainId": DOMAIN_ID,
            "SpaceName": "user1-lab",
            "OwnershipSettings": {"OwnerUserProfileName": profile},
            "SpaceSharingSettings": {"SharingType": "Private"},
            "SpaceSettings": {"AppType": "JupyterLab"},
        });
        self.sagemaker("SageMaker.CreateSpace", space).await?;
        self.sagemaker("SageMaker.CreateApp", app(("UserProfileName", profile), "JupyterServer"))
            .await?;
        // A space takes a moment before it can hold an app.
        until("the space holds an app", async || {
            let body = app(("SpaceName", "user1-lab"), "JupyterLab");
            Ok(self.sagemaker("SageMaker.CreateApp", body).await.ok())
        })
        .await?;
        until("both apps run", async || {
            let key = ("user1".to_owned(), "team-1".to_owned());
            Ok(self.profiles().await?.remove(&key).filter(|p| p.live_apps() == 2))
        })
        .await?;
        Ok(())
    }

    async fn nothing_is_left_to_do(&mut self) -> Result<()> {
        self.plan_is_empty().await?;
        self.seen("final plan: nothing to do");
        Ok(())
    }

    async fn plan_is_empty(&self) -> Result<()> {
        let plane = &self.world.parts.plane;
        let plan = plane.plan(&plane.survey(&Scope::Everything).await?);
        ensure!(plan.is_empty(), "the plan has {} actions", plan.actions.len());
        ensure!(plan.blocked().next().is_none(), "something needs attention");
        Ok(())
    }

    /// Stagedoor's profiles as AWS shows them, by user name and team.
    async fn profiles(&self) -> Result<BTreeMap<Pair, ObservedProfile>> {
        let plane = &self.world.parts.plane;
        let survey = plane.survey(&Scope::Everything).await?;
        let mut profiles = BTreeMap::new();
        for profile in survey.observed.domains.into_values().flat_map(|d| d.profiles.into_values())
        {
            if let Ownership::Ours { person, team } = profile.ownership(&plane.map.instance) {
                let known = survey.snapshot.people.get(person);
                let user_name = known.map(|p| p.user_name.clone()).unwrap_or_default();
                profiles.insert((user_name, team.to_string()), profile);
            }
        }
        Ok(profiles)
    }

    async fn sagemaker(&self, target: &'static str, body: Value) -> Result<Value> {
        aws_call(&self.world.sandbox_url, REGION, "sagemaker", target, body).await
    }
}

/// The event of source and issue, to compare shapes with.
const EVENT: &str =
    include_str!("../../../control/tests/data/events/sso-directory-add-member.json");

/// Signs in with the portal's button and the demo identity provider's page.
pub(super) async fn sign_in(world: &World, browser: &mut Browser, user_name: &str) -> Result<Page> {
    let begun = browser.get(&format!("{}/login/demo", world.door_url)).await?;
    ensure!(begun.location.is_some(), "the portal's sign-in gives status {}", begun.status);
    let people = browser.follow(begun).await?;
    let button = format!("value=\"{user_name}\"");
    let form = people.form(|text| text.contains(&button))?.pressing("person", user_name);
    let answer = browser.submit(&form).await?;
    let response = answer.form(|text| text.contains("SAMLResponse"))?;
    let accepted = browser.submit(&response).await?;
    ensure!(
        accepted.status < 400,
        "the answer of the identity provider gives status {}",
        accepted.status
    );
    browser.follow(accepted).await
}

/// The teams that a portal page offers to open.
fn open_forms(portal: &Page) -> Vec<String> {
    portal
        .forms()
        .filter_map(|form| attribute(form, "action"))
        .filter_map(|action| action.strip_prefix("/open/").map(str::to_owned))
        .collect()
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeSet<Pair> {
    pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

/// A JSON value with everything but its keys and kinds forgotten.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), shape(v))).collect(),
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::Null => json!("null"),
        Value::Bool(_) => json!("bool"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("string"),
    }
}

/// Looks again and again until there is something to see.
pub(super) async fn until<T>(what: &str, look: impl AsyncFn() -> Result<Option<T>>) -> Result<T> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await.with_context(|| format!("while waiting until {what}"))? {
            return Ok(seen);
        }
        if tokio::time::Instant::now() > deadline {
            return Err(anyhow!("waited {} s until {what}", PATIENCE.as_secs()));
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
