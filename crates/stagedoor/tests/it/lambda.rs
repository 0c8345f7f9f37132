//! `stagedoor lambda` as Lambda runs it: the binary as `bootstrap`, asking a Runtime API.

use crate::cloud::{Cloud, until};
use crate::house::{self, ENTITY, Ids, PUBLIC, identity_provider};
use crate::invoker::{Ended, Guest, Invoker, Via};
use crate::world::{ANA, BEN, CLEO, FAST, MAP, SEED, World, settled};
use demo_idp::{DemoIdp, DemoLogout, DemoResponse, Signing};
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) const QUEUES: &str = "queues: [stagedoor-work.fifo, stagedoor-later]\n\
                      events: { queue: stagedoor-events, family: sso-directory }\n";

pub(crate) fn tick() -> Value {
    json!({"stagedoor": "tick"})
}

pub(crate) fn queue_url(cloud: &Cloud, name: &str) -> String {
    format!("{}/111122223333/{name}", cloud.url)
}

/// A world with queues, and a process that knows them.
pub(crate) fn with_queues(seed: &str) -> (World, Invoker) {
    let world = World::new(&format!("{seed}{QUEUES}"), MAP);
    let work = queue_url(&world.cloud, "stagedoor-work.fifo");
    let later = queue_url(&world.cloud, "stagedoor-later");
    let variables =
        [("STAGEDOOR_WORK_QUEUE", work.as_str()), ("STAGEDOOR_LATER_QUEUE", later.as_str())];
    let invoker = Invoker::start(&world, &variables);
    (world, invoker)
}

/// What Lambda's poller reads from a queue, as the payload of a function. Empty: nothing is there.
pub(crate) fn poll(cloud: &Cloud, queue: &str) -> Vec<Value> {
    let received = cloud.sqs(
        "ReceiveMessage",
        &json!({
            "QueueUrl": queue_url(cloud, queue), "MaxNumberOfMessages": 10,
            "MessageSystemAttributeNames": ["All"],
        }),
    );
    let messages = received["Messages"].as_array().cloned().unwrap_or_default();
    messages
        .iter()
        .map(|message| {
            json!({
                "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"], "attributes": message["Attributes"],
                "messageAttributes": {}, "md5OfBody": message["MD5OfBody"],
                "eventSource": "aws:sqs",
                "eventSourceARN": format!("arn:aws:sqs:eu-west-1:111122223333:{queue}"),
                "awsRegion": "eu-west-1",
            })
        })
        .collect()
}

/// Waits until there are messages, has the function deal with them, and deletes them.
#[track_caller]
pub(crate) fn deliver(cloud: &Cloud, invoker: &mut Invoker, queue: &str) -> Vec<Value> {
    let records = until(queue, || Some(poll(cloud, queue)).filter(|some| !some.is_empty()));
    let answer = invoker.answer(&json!({"Records": records}));
    assert_eq!(answer, json!({"batchItemFailures": []}));
    for record in &records {
        let done = json!({
            "QueueUrl": queue_url(cloud, queue), "ReceiptHandle": record["receiptHandle"],
        });
        cloud.sqs("DeleteMessage", &done);
    }
    records
}

#[test]
fn an_event_ends_in_a_profile() {
    let (world, mut invoker) = with_queues(&format!("{SEED}{FAST}"));
    let cloud = &world.cloud;
    let first = invoker.answer(&tick());
    assert_eq!((&first["everything"], &first["timeUp"]), (&json!(1), &json!(false)));
    assert_eq!(cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);

    cloud.join("cleo", "ml-fraud");
    deliver(cloud, &mut invoker, "stagedoor-events");
    assert_eq!(cloud.names().len(), 3, "whoever hears does not work");
    let work = deliver(cloud, &mut invoker, "stagedoor-work.fifo");
    let [message] = work.as_slice() else { panic!("{work:?}") };
    assert_eq!(message["body"], format!("{{\"person\":\"{CLEO}\"}}"));
    assert_eq!(message["attributes"]["MessageGroupId"], CLEO);
    assert_eq!(cloud.names(), ["ana--demand", "ana--fraud", "ben--demand", "cleo--fraud"]);

    let said = invoker.process.said();
    assert!(said.contains("\"requestId\":\"11111111-2222-4333-8444-000000000001\""), "{said}");
    assert!(invoker.terminate().success(), "{}", invoker.process.said());
}

#[test]
fn a_leaver_goes_by_way_of_the_queue_for_later() {
    let app = "apps:\n  - { domain: d-research, profile: ana--fraud, type: Canvas }\n";
    let (world, mut invoker) = with_queues(&(settled() + app));
    let cloud = &world.cloud;
    invoker.answer(&tick());
    cloud.leave("ana", "ml-fraud");
    deliver(cloud, &mut invoker, "stagedoor-events");
    deliver(cloud, &mut invoker, "stagedoor-work.fifo");
    assert!(cloud.names().contains(&"ana--fraud".to_owned()), "first its app stops");
    let mut later = 0;
    while cloud.names().contains(&"ana--fraud".to_owned()) {
        let messages = deliver(cloud, &mut invoker, "stagedoor-later");
        assert_eq!(messages[0]["body"], format!("{{\"person\":\"{ANA}\"}}"));
        assert_eq!(messages[0]["attributes"].get("MessageGroupId"), None);
        later += messages.len();
    }
    assert!(later > 0);
    assert_eq!(cloud.names(), ["ana--demand", "ben--demand"]);
}

/// A message of the work queue, as Lambda hands it over.
fn work(id: &str, body: &str, group: &str) -> Value {
    json!({
        "messageId": id, "receiptHandle": "AQEB", "body": body,
        "attributes": {"MessageGroupId": group, "ApproximateReceiveCount": "1"},
        "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "eu-west-1",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:111122223333:stagedoor-work.fifo",
    })
}

#[test]
fn a_poisoned_message_comes_again_with_those_behind_it_and_holds_up_nobody_else() {
    let (world, mut invoker) = with_queues(&settled());
    let cloud = &world.cloud;
    invoker.answer(&tick());
    cloud.leave("ana", "ml-fraud");
    cloud.leave("ben", "ml-demand");
    deliver(cloud, &mut invoker, "stagedoor-events");
    let body = |person: &str| format!("{{\"person\":\"{person}\"}}");
    let records = [
        work("m1", "{\"person\":\"no such id!\"}", BEN),
        work("m2", &body(ANA), ANA),
        work("m3", &body(BEN), BEN),
    ];
    assert_eq!(
        invoker.answer(&json!({"Records": records})),
        json!({"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m3"}]})
    );
    let leaving = |name: &str| {
        let profile = cloud.profiles(crate::cloud::RESEARCH).into_iter().find(|p| p.name == name);
        profile.is_none_or(|p| {
            p.status == "Deleting" || p.tags.contains_key("stagedoor:leaving-since")
        })
    };
    assert!(leaving("ana--fraud"), "hers is no concern of the other group");
    assert!(!leaving("ben--demand"), "order would be lost");
}

#[test]
fn what_nobody_understands_fails_and_the_next_invocation_is_dealt_with() {
    let world = World::new(&settled(), MAP);
    let mut invoker = Invoker::start(&world, &[]);
    let Ended::Failed(code, message) = invoker.invoke(&json!({"hello": "world"})) else {
        panic!("it answered");
    };
    assert_eq!(code, "payload-unknown");
    assert!(message.starts_with("the payload is no request of an API Gateway"), "{message}");
    let url = json!({"version": "2.0", "rawPath": "/", "requestContext": {"http": {
        "method": "GET", "sourceIp": "198.51.100.4"}}});
    let Ended::Failed(code, _) = invoker.invoke(&url) else { panic!("it answered") };
    assert_eq!(code, "door-missing");
    assert_eq!(invoker.answer(&tick())["everything"], 1);
    // An envelope of EventBridge itself, of a source that changes nobody's rights.
    let bare = json!({"detail-type": "x", "source": "aws.ec2", "detail": {}});
    assert_eq!(invoker.answer(&bare), Value::Null);
}

#[test]
fn without_time_nothing_is_begun() {
    let (world, mut invoker) = with_queues(&format!("{SEED}{FAST}"));
    let late = invoker.invoke_for(&tick(), Duration::from_secs(6));
    let Ended::Answer(late) = late else { panic!("{late:?}") };
    assert_eq!(
        late,
        json!({
            "passes": 0, "people": 0, "everything": 0, "complete": 0, "done": 0, "mirrors": 0,
            "timeUp": true,
        })
    );
    assert_eq!(world.cloud.names(), [""; 0]);
    let record = work("m1", &format!("{{\"person\":\"{ANA}\"}}"), ANA);
    let again = invoker.invoke_for(&json!({"Records": [record]}), Duration::from_secs(6));
    assert_eq!(again, Ended::Answer(json!({"batchItemFailures": [{"itemIdentifier": "m1"}]})));
    assert_eq!(invoker.answer(&tick())["everything"], 1, "it was asked for and is still due");
    assert_eq!(world.cloud.names().len(), 3);
}

/// The line of the log that metrics are made of, which alarms watch.
#[test]
fn a_full_pass_that_fails_is_told_apart_from_one_that_read_everything() {
    let (world, mut invoker) = with_queues(&format!("{SEED}{FAST}"));
    let of = |line: &Value| (line["complete"].clone(), line["done"].clone());
    let told = |invoker: &Invoker| {
        until("the tick is logged", || {
            let said = invoker.process.said();
            let mut lines =
                said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            lines.find(|line| line["message"] == "tick").map(|line| of(&line))
        })
    };
    world.cloud.go_wrong(
        "rules: [{ service: identitystore, error: { code: AccessDeniedException, message: no, \
         status: 400 } }]",
    );
    let failed = invoker.answer(&tick());
    assert_eq!((&failed["everything"], of(&failed)), (&json!(1), (json!(0), json!(0))));
    assert_eq!(told(&invoker), (json!(0), json!(0)));

    world.cloud.go_wrong(
        "rules: [{ operation: CreateUserProfile, error: { code: ValidationException, message: no, \
         status: 400 } }]",
    );
    let mut next = Invoker::start(&world, &[]);
    let stuck = next.answer(&tick());
    assert_eq!((&stuck["everything"], of(&stuck)), (&json!(1), (json!(1), json!(0))));
    assert_eq!(told(&next), (json!(1), json!(0)));

    world.cloud.go_wrong("rules: []");
    let mut next = Invoker::start(&world, &[]);
    let done = next.answer(&tick());
    assert_eq!((&done["everything"], of(&done)), (&json!(1), (json!(1), json!(1))));
    assert_eq!(told(&next), (json!(1), json!(1)));
}

#[test]
fn a_start_that_fails_is_reported_with_its_code() {
    let world = World::new(&settled(), &MAP.replace("version: 1", "version: 2"));
    let mut invoker = Invoker::start(&world, &[]);
    let (_, Ended::NotStarted(code, message)) = invoker.ended() else { panic!("it started") };
    assert_eq!(code, "map-invalid");
    assert!(message.starts_with("the access map has 1 error"), "{message}");
    assert_eq!(invoker.process.end().code(), Some(3));

    let world = World::new(&settled(), MAP);
    let mut invoker = Invoker::start(&world, &[("STAGEDOOR_WORK_QUEUE", "stagedoor-work.fifo")]);
    let (_, Ended::NotStarted(code, _)) = invoker.ended() else { panic!("it started") };
    assert_eq!(code, "queue-invalid");
    let mut invoker = Invoker::start(&world, &[("STAGEDOOR_RESYNC", "often")]);
    let (_, Ended::NotStarted(code, message)) = invoker.ended() else { panic!("it started") };
    assert_eq!(code, "usage");
    assert!(message.contains("write it as 500ms, 5s, 15m or 2h"), "{message}");
    assert_eq!(invoker.process.end().code(), Some(3));
}

#[test]
fn one_event_can_be_tried_without_lambda() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    world.write("tick.json", &tick().to_string());
    let run = world.run(&["lambda", "--event", "tick.json"]).exits(0);
    assert_eq!((&run.json()["everything"], &run.json()["timeUp"]), (&json!(1), &json!(false)));
    assert_eq!(world.cloud.names().len(), 3);
    let run = world.run(&["lambda", "--output", "json"]).exits(3);
    assert_eq!(run.json()["code"], "runtime-api-missing");
    world.write("odd.json", "[]");
    let run = world.run(&["lambda", "--event", "odd.json", "--output", "json"]).exits(1);
    assert_eq!(run.json()["code"], "payload-unknown");
}

/// The form in which a browser brings the identity provider's answer.
pub(crate) fn answer_of(idp: &DemoIdp, user_name: &str) -> String {
    let ids = Ids::new();
    let response = DemoResponse {
        person: idp.person(user_name).unwrap(),
        team: None,
        in_response_to: None,
        acs_url: house::ACS,
        audience: ENTITY,
        issued_at: ids.at,
        response_id: &ids.response,
        assertion_id: &ids.assertion,
        signing: Signing::Assertion,
    };
    let response = idp.issue_response(&response).unwrap();
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLResponse", &response)
        .finish()
}

/// A door where fraud is open to all and demand to whoever comes as `network` says.
pub(crate) fn door(network: &str) -> (World, DemoIdp, Invoker) {
    door_of(&settled(), &house::map().replace("cidr: 10.100.10.0/24", network))
}

/// A door over this simulated AWS, with this map.
pub(crate) fn door_of(seed: &str, map: &str) -> (World, DemoIdp, Invoker) {
    let world = World::new(seed, map);
    let idp = identity_provider();
    world.write("corp.xml", &idp.metadata_xml());
    let mut invoker = Invoker::start(&world, &[("STAGEDOOR_PUBLIC_URL", PUBLIC)]);
    invoker.answer(&tick());
    (world, idp, invoker)
}

/// The key of the form that opens a team.
#[track_caller]
pub(crate) fn key(page: &str, team: &str) -> String {
    key_of(page, &format!("/open/{team}"))
}

/// The key of the form that leads to this path.
#[track_caller]
pub(crate) fn key_of(page: &str, action: &str) -> String {
    let (_, form) = page.split_once(&format!("action=\"{action}\"")).expect(page);
    let (_, value) = form.split_once("name=\"key\" value=\"").unwrap();
    format!("key={}", value.split('"').next().unwrap())
}

#[test]
fn an_identity_provider_signs_people_out_through_a_rest_api() {
    let (_world, idp, mut invoker) = door("vpce: vpce-0aaaa");
    let inside = Via::Rest("10.0.1.4", "vpce-0aaaa");
    let mut ana = Guest::default();
    ana.ask(&mut invoker, inside, "/saml/acs", Some(&answer_of(&idp, "ana")));
    assert!(ana.ask(&mut invoker, inside, "/", None).body.contains("Ana Diaz"));
    let order = idp.logout_query(&DemoLogout {
        name_id: "ana@example.com",
        session_index: None,
        destination: &format!("{PUBLIC}/saml/logout"),
        id: "_logout1",
        issued_at: crate::cloud::now(),
        relay_state: Some("their state"),
    });
    let order = format!("/saml/logout?{}", order.unwrap());
    let ended = Guest::default().ask(&mut invoker, inside, &order, None);
    assert_eq!((ended.status, ended.location.as_str()), (302, "/signed-out"), "{}", ended.body);
    let page = ana.ask(&mut invoker, inside, "/", None);
    assert!(page.body.contains("Come in by the stage door."), "{}", page.body);
}

#[test]
fn people_come_in_by_a_private_rest_api_and_its_endpoint_decides() {
    let (world, idp, mut invoker) = door("vpce: vpce-0aaaa");
    let (inside, outside) =
        (Via::Rest("10.0.1.4", "vpce-0aaaa"), Via::Rest("10.0.1.4", "vpce-0bbbb"));
    let mut ana = Guest::default();
    let form = answer_of(&idp, "ana");
    let signed_in = ana.ask(&mut invoker, inside, "/saml/acs", Some(&form));
    assert_eq!((signed_in.status, signed_in.location.as_str()), (303, "/"), "{}", signed_in.body);
    let page = ana.ask(&mut invoker, inside, "/", None);
    assert!(page.body.contains("Ana Diaz"), "{}", page.body);
    let open = key(&page.body, "demand");
    let opened = ana.ask(&mut invoker, inside, "/open/demand", Some(&open));
    assert_eq!(opened.status, 302, "{}", opened.body);
    assert!(opened.location.starts_with(&format!("{}/studio/d-research/", world.cloud.url)));
    // The same person, session and form by another endpoint; the headers say otherwise.
    let refused = ana.ask(&mut invoker, outside, "/open/demand", Some(&open));
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("<code>network-refused</code>"), "{}", refused.body);
    assert!(refused.body.contains("vpce-0bbbb"), "{}", refused.body);
    // Used once is used: also for another process, which shares the store.
    let mut other = Invoker::start(&world, &[("STAGEDOOR_PUBLIC_URL", PUBLIC)]);
    let replayed = Guest::default().ask(&mut other, inside, "/saml/acs", Some(&form));
    assert_eq!(replayed.status, 403);
    assert!(replayed.body.contains("replay"), "{}", replayed.body);
}

#[test]
fn people_come_in_by_an_http_api_and_its_source_address_decides() {
    let (world, idp, mut invoker) = door("cidr: 10.100.10.0/24");
    let outside = Via::Http("198.51.100.4");
    let mut ana = Guest::default();
    let form = answer_of(&idp, "ana");
    let signed_in = ana.ask(&mut invoker, outside, "/saml/acs", Some(&form));
    assert_eq!((signed_in.status, signed_in.location.as_str()), (303, "/"), "{}", signed_in.body);
    let office = ana.ask(&mut invoker, Via::Http("10.100.10.7"), "/", None);
    let open = key(&office.body, "demand");
    let refused = ana.ask(&mut invoker, outside, "/open/demand", Some(&open));
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("<code>network-refused</code>"), "{}", refused.body);
    assert!(refused.body.contains("198.51.100.4"), "{}", refused.body);
    let opened = ana.ask(&mut invoker, Via::Http("10.100.10.7"), "/open/demand", Some(&open));
    assert_eq!(opened.status, 302, "{}", opened.body);
    let said = invoker.process.said();
    for secret in ["SAMLResponse", "__Host-stagedoor", "token="] {
        assert!(!said.contains(secret), "{secret} in the log");
    }
    drop(world);
}
