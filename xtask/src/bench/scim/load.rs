//! What is sent: people made, looked for, and put into groups and out of them.

use super::client::Client;
use super::server::Server;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::thread;

/// Connections at a time, as an identity provider that pushes in parallel has them.
const CONNECTIONS: usize = 8;

/// Members that one request adds where a large group is filled.
const AT_ONCE: usize = 5_000;

/// Members of each of the large company's groups but the largest.
const IN_A_GROUP: usize = 100;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// Somebody who pushes to a server.
#[derive(Debug)]
pub(super) struct Load {
    clients: Vec<Client>,
    /// How many people were made.
    made: usize,
    /// The ids of those who were there before anything was measured.
    people: Vec<String>,
    /// The group of all of them.
    group: String,
}

impl Load {
    pub(super) fn new(server: &Server) -> Result<Self> {
        let clients = (0..CONNECTIONS).map(|_| server.client()).collect();
        let mut load = Self { clients, made: 0, people: Vec::new(), group: String::new() };
        load.first()?.send("GET", "/Users?count=1", "", 200)?;
        Ok(load)
    }

    /// Makes people and one group of all of them.
    pub(super) fn fill(&mut self, people: usize) -> Result<()> {
        self.people = self.make(people)?;
        let members = self.people.clone();
        self.group = self.group("everybody", &members)?;
        Ok(())
    }

    /// Does a task so many times.
    pub(super) fn run(&mut self, task: &str, count: usize) -> Result<()> {
        match task {
            "create" => self.make(count).map(drop),
            "filter" => self.look_for(count),
            _ => {
                let group = self.group.clone();
                self.patch(&group, count)
            }
        }
    }

    /// Makes people and groups: one of all of them, whose id is returned, and others.
    pub(super) fn fill_large(&mut self, people: usize, groups: usize) -> Result<String> {
        let made = self.make(people.saturating_sub(self.made))?;
        self.people.extend(made);
        let all = self.group("large", &[])?;
        for some in self.people.clone().chunks(AT_ONCE) {
            self.add(&all, some)?;
        }
        for n in 1..groups {
            let first = n * IN_A_GROUP % self.people.len().max(1);
            let some: Vec<String> =
                self.people.iter().cycle().skip(first).take(IN_A_GROUP).cloned().collect();
            self.group(&format!("group-{n}"), &some)?;
        }
        Ok(all)
    }

    /// A group of ten.
    pub(super) fn small_group(&mut self) -> Result<String> {
        let some: Vec<String> = self.people.iter().take(10).cloned().collect();
        self.group("small", &some)
    }

    /// Takes one member out of a group and puts the same back, in turns; each is a request.
    pub(super) fn patch(&mut self, group: &str, count: usize) -> Result<()> {
        let path = format!("/Groups/{group}");
        let people = &self.people;
        let each = |client: &mut Client, n: usize| {
            // Those of a group of ten are in every group.
            let person = people.get(n % CONNECTIONS).context("there are people")?;
            let operation = if (n / CONNECTIONS).is_multiple_of(2) {
                json!({"op": "remove", "path": format!("members[value eq \"{person}\"]")})
            } else {
                json!({"op": "add", "path": "members", "value": [{"value": person}]})
            };
            let body = json!({"schemas": [PATCH], "Operations": [operation]}).to_string();
            client.patch(&path, &body)
        };
        // An even number for each, so that everybody is in again at the end.
        parallel(&mut self.clients, count.next_multiple_of(2 * CONNECTIONS), &each)
    }

    fn add(&mut self, group: &str, people: &[String]) -> Result<()> {
        let members: Vec<Value> = people.iter().map(|id| json!({"value": id})).collect();
        let operation = json!({"op": "add", "path": "members", "value": members});
        let body = json!({"schemas": [PATCH], "Operations": [operation]}).to_string();
        let path = format!("/Groups/{group}");
        self.first()?.patch(&path, &body)
    }

    fn group(&mut self, name: &str, members: &[String]) -> Result<String> {
        let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        let group = json!({"schemas": [GROUP], "displayName": name, "members": members});
        id_of(&self.first()?.send("POST", "/Groups", &group.to_string(), 201)?)
    }

    /// Makes people, and gives their ids.
    fn make(&mut self, count: usize) -> Result<Vec<String>> {
        let first = self.made;
        self.made += count;
        let ids = Mutex::new(Vec::with_capacity(count));
        let each = |client: &mut Client, n: usize| {
            let id = id_of(&client.send("POST", "/Users", &person(first + n), 201)?)?;
            ids.lock().map_err(|_| anyhow::anyhow!("another thread panicked"))?.push(id);
            Ok(())
        };
        parallel(&mut self.clients, count, &each)?;
        ids.into_inner().ok().context("another thread panicked")
    }

    fn look_for(&mut self, count: usize) -> Result<()> {
        let made = self.made.max(1);
        let each = |client: &mut Client, n: usize| {
            // A prime spreads them over everybody.
            let who = n * 7_919 % made;
            let path = format!("/Users?filter=userName%20eq%20%22person-{who}%40example.com%22");
            let found = client.send("GET", &path, "", 200)?;
            ensure!(found.contains(&format!("person-{who}@example.com")), "{path} found {found}");
            Ok(())
        };
        parallel(&mut self.clients, count, &each)
    }

    fn first(&mut self) -> Result<&mut Client> {
        self.clients.first_mut().context("there are connections")
    }
}

impl Client {
    /// A PATCH, answered with or without the resource.
    fn patch(&mut self, path: &str, body: &str) -> Result<()> {
        let asked = format!("{path}?excludedAttributes=members");
        self.send("PATCH", &asked, body, 200).map(drop)
    }
}

/// A person as Entra ID makes one.
fn person(n: usize) -> String {
    let name = format!("person-{n}@example.com");
    json!({
        "schemas": [USER],
        "externalId": format!("00000000-0000-4000-8000-{n:012}"),
        "userName": name,
        "active": true,
        "displayName": format!("Person {n}"),
        "emails": [{"primary": true, "type": "work", "value": name}],
        "name": {"formatted": format!("Person {n}"), "familyName": format!("{n}"), "givenName": "Person"},
    })
    .to_string()
}

fn id_of(made: &str) -> Result<String> {
    let made: Value = serde_json::from_str(made).context("what was made cannot be read")?;
    let id = made.get("id").and_then(Value::as_str);
    id.map(str::to_owned).with_context(|| format!("{made} has no id"))
}

/// Does something so many times over all connections at once; each does every so manieth.
fn parallel(
    clients: &mut [Client],
    count: usize,
    each: &(impl Fn(&mut Client, usize) -> Result<()> + Sync),
) -> Result<()> {
    let step = clients.len().max(1);
    thread::scope(|scope| {
        let threads: Vec<_> = clients
            .iter_mut()
            .enumerate()
            .map(|(first, client)| {
                scope.spawn(move || (first..count).step_by(step).try_for_each(|n| each(client, n)))
            })
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().map_err(|_| anyhow::anyhow!("a connection panicked"))?
        })
    })
}
