//! Any row of PATCH requests does what a plain model says.
//!
//! The model knows nothing of JSON, schemas or paths: a few options, a list of addresses, a set of
//! ids. Each of its moves can be written as several PATCH operations, and any of them is sent.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use scim::ResourceKind;
use serde_json::{Value, json};

use crate::support::{ENTERPRISE, USER, read_patch, stored, user};

#[derive(Debug, Clone, Default, PartialEq)]
struct Model {
    title: Option<String>,
    given: Option<String>,
    family: Option<String>,
    department: Option<String>,
    manager: Option<String>,
    active: Option<bool>,
    /// Type and address, in order.
    emails: Vec<(String, Option<String>)>,
}

#[derive(Debug, Clone)]
enum Move {
    Title(Option<String>),
    Given(Option<String>),
    Family(Option<String>),
    Department(Option<String>),
    Manager(Option<String>),
    Active(Option<bool>),
    /// Sets the address of a type, or makes one.
    Email(String, String),
    /// Takes the address of a type away, but not its type.
    NoAddress(String),
    /// Takes all of a type away.
    NoEmail(String),
    NoEmails,
}

impl Model {
    fn make(&mut self, step: &Move) {
        match step.clone() {
            Move::Title(text) => self.title = text,
            Move::Given(text) => self.given = text,
            Move::Family(text) => self.family = text,
            Move::Department(text) => self.department = text,
            Move::Manager(text) => self.manager = text,
            Move::Active(flag) => self.active = flag,
            Move::Email(kind, address) => {
                match self.emails.iter_mut().find(|(known, _)| *known == kind) {
                    Some((_, known)) => *known = Some(address),
                    None => self.emails.push((kind, Some(address))),
                }
            }
            Move::NoAddress(kind) => {
                for (_, address) in self.emails.iter_mut().filter(|(known, _)| *known == kind) {
                    *address = None;
                }
            }
            Move::NoEmail(kind) => self.emails.retain(|(known, _)| *known != kind),
            Move::NoEmails => self.emails.clear(),
        }
    }

    /// The resource that this is.
    fn body(&self) -> Value {
        let mut body = json!({ "schemas": [USER], "userName": "ana" });
        if let Some(title) = &self.title {
            body["title"] = json!(title);
        }
        if let Some(active) = self.active {
            body["active"] = json!(active);
        }
        for (name, part) in [("givenName", &self.given), ("familyName", &self.family)] {
            if let Some(part) = part {
                body["name"][name] = json!(part);
            }
        }
        if let Some(department) = &self.department {
            body[ENTERPRISE]["department"] = json!(department);
        }
        if let Some(manager) = &self.manager {
            body[ENTERPRISE]["manager"] = json!({ "value": manager });
        }
        if body.get(ENTERPRISE).is_some() {
            body["schemas"] = json!([USER, ENTERPRISE]);
        }
        let emails = self.emails.iter().map(|(kind, address)| match address {
            Some(address) => json!({ "type": kind, "value": address }),
            None => json!({ "type": kind }),
        });
        let emails: Vec<_> = emails.collect();
        if !emails.is_empty() {
            body["emails"] = json!(emails);
        }
        body
    }
}

/// One of the ways to set an attribute, or to take it away.
fn set(path: &str, value: Option<Value>, way: u8) -> Value {
    let Some(value) = value else {
        return match way % 3 {
            0 => json!({ "op": "remove", "path": path }),
            1 => json!({ "op": "Replace", "path": path.to_uppercase(), "value": null }),
            _ => json!({ "op": "replace", "value": { (path): null } }),
        };
    };
    match way % 5 {
        0 => json!({ "op": "add", "path": path, "value": value }),
        1 => json!({ "op": "Replace", "path": path, "value": value }),
        2 => json!({ "op": "ADD", "value": { (path): value } }),
        3 => json!({ "op": "replace", "value": { (path.to_uppercase()): [value] } }),
        _ => json!({ "op": "Replace", "PATH": path, "Value": [{ "$ref": null, "value": value }] }),
    }
}

fn operation(step: &Move, way: u8) -> Value {
    let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
    match step {
        Move::Title(title) => set("title", text(title), way),
        Move::Given(name) => set("name.givenName", text(name), way),
        Move::Family(name) => set(&format!("{USER}:name.familyName"), text(name), way),
        Move::Department(name) => set(&format!("{ENTERPRISE}:department"), text(name), way),
        Move::Manager(id) => set(&format!("{ENTERPRISE}.manager"), text(id), way),
        Move::Active(flag) => {
            let spelled = match (flag, way % 2) {
                (Some(true), 0) => Some(json!("True")),
                (Some(false), 0) => Some(json!("false")),
                (flag, _) => flag.map(|flag| json!(flag)),
            };
            set("active", spelled, way)
        }
        Move::Email(kind, address) => {
            let path = format!("emails[type eq \"{kind}\"].value");
            set(&path, Some(json!(address)), way % 3)
        }
        Move::NoAddress(kind) => {
            json!({ "op": "remove", "path": format!("emails[type eq \"{kind}\"].value") })
        }
        Move::NoEmail(kind) if way.is_multiple_of(2) => {
            json!({ "op": "remove", "path": "emails", "value": [{ "type": kind }] })
        }
        Move::NoEmail(kind) => {
            json!({ "op": "remove", "path": format!("emails[not (type ne \"{kind}\")]") })
        }
        Move::NoEmails if way.is_multiple_of(2) => {
            json!({ "op": "replace", "path": "emails", "value": [] })
        }
        Move::NoEmails => json!({ "op": "remove", "path": "emails" }),
    }
}

fn word() -> impl Strategy<Value = String> {
    "[a-cÄ ]{1,3}"
}

fn kind() -> impl Strategy<Value = String> {
    prop_oneof![Just("work".to_owned()), Just("home".to_owned()), Just("other".to_owned())]
}

fn moves() -> impl Strategy<Value = Move> {
    let maybe = || proptest::option::of(word());
    prop_oneof![
        maybe().prop_map(Move::Title),
        maybe().prop_map(Move::Given),
        maybe().prop_map(Move::Family),
        maybe().prop_map(Move::Department),
        maybe().prop_map(Move::Manager),
        proptest::option::of(any::<bool>()).prop_map(Move::Active),
        (kind(), word()).prop_map(|(kind, address)| Move::Email(kind, address)),
        kind().prop_map(Move::NoAddress),
        kind().prop_map(Move::NoEmail),
        Just(Move::NoEmails),
    ]
}

#[derive(Debug, Clone)]
enum MemberMove {
    Add(Vec<u8>),
    Remove(Vec<u8>),
    Replace(Vec<u8>),
    Clear,
}

fn member_operation(step: &MemberMove, way: u8) -> Value {
    let ids = |ids: &[u8]| match way % 2 {
        0 => json!(ids.iter().map(|id| json!({ "value": id.to_string() })).collect::<Vec<_>>()),
        _ => json!(ids.iter().map(u8::to_string).collect::<Vec<_>>()),
    };
    match step {
        MemberMove::Add(added) => json!({ "op": "Add", "path": "members", "value": ids(added) }),
        MemberMove::Remove(removed) if way.is_multiple_of(3) && !removed.is_empty() => {
            let terms: Vec<_> = removed.iter().map(|id| format!("value eq \"{id}\"")).collect();
            json!({ "op": "remove", "path": format!("members[{}]", terms.join(" or ")) })
        }
        MemberMove::Remove(removed) => {
            json!({ "op": "Remove", "path": "members", "value": ids(removed) })
        }
        MemberMove::Replace(all) => json!({ "op": "replace", "value": { "members": ids(all) } }),
        MemberMove::Clear => json!({ "op": "remove", "path": "members" }),
    }
}

fn member_moves() -> impl Strategy<Value = MemberMove> {
    let ids = || vec(0u8..8, 0..4);
    prop_oneof![
        4 => ids().prop_map(MemberMove::Add),
        4 => ids().prop_map(MemberMove::Remove),
        1 => ids().prop_map(MemberMove::Replace),
        1 => Just(MemberMove::Clear),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Operations are cut into requests anywhere; after each the resource is the model, and `changed`
    /// is true whenever it is another.
    #[test]
    fn any_row_of_patches_of_a_person_does_what_the_model_says(
        requests in vec(vec((moves(), any::<u8>()), 1..6), 1..5),
    ) {
        let mut model = Model::default();
        let mut ana = user(&model.body());
        for request in requests {
            let before = stored(&ana);
            let mut operations = Vec::new();
            for (step, way) in &request {
                model.make(step);
                operations.push(operation(step, *way));
            }
            let patch = read_patch(ResourceKind::User, &json!(operations)).unwrap();
            let patched = patch.apply(ana).unwrap();
            prop_assert_eq!(stored(&patched.resource), model.body());
            prop_assert!(patched.changed || before == model.body());
            prop_assert!(patched.resource.same_as(&user(&model.body())));
            ana = patched.resource;
        }
    }

    /// The net effect on members is what the operations do one after the other.
    #[test]
    fn any_row_of_patches_of_members_does_what_a_set_does(
        start in vec(0u8..8, 0..8),
        steps in vec((member_moves(), any::<u8>()), 1..8),
    ) {
        let mut model: BTreeSet<String> = start.iter().map(u8::to_string).collect();
        let mut members = model.clone();
        let mut operations = Vec::new();
        for (step, way) in &steps {
            operations.push(member_operation(step, *way));
            match step {
                MemberMove::Add(ids) => model.extend(ids.iter().map(u8::to_string)),
                MemberMove::Remove(ids) => {
                    for id in ids {
                        model.remove(&id.to_string());
                    }
                }
                MemberMove::Replace(ids) => model = ids.iter().map(u8::to_string).collect(),
                MemberMove::Clear => model.clear(),
            }
        }
        let changes = read_patch(ResourceKind::Group, &json!(operations)).unwrap().split_members().1;
        prop_assert!(changes.add.keys().all(|id| !changes.remove.contains(id)));
        prop_assert!(!changes.replace || changes.remove.is_empty());
        changes.apply_to(&mut members);
        prop_assert_eq!(members, model);
    }
}
