//! What the timer on Lambda does about directories: it mirrors, and asks a file what changed.

use crate::directory_command::settled;
use crate::invoker::Invoker;
use crate::lambda::tick;
use crate::mirror_command::{PEOPLE, world};
use serde_json::json;

#[test]
fn a_tick_mirrors_once_everything_was_read_and_sees_what_changed_in_a_file() {
    let world = world();
    let folder = world.path("people.yaml").parent().unwrap().to_owned();
    settled(&folder, "people.yaml", PEOPLE);
    let mut invoker = Invoker::start(&world, &[]);
    let first = invoker.answer(&tick());
    assert_eq!((&first["everything"], &first["mirrors"]), (&json!(1), &json!(1)), "{first}");
    assert!(world.cloud.look().group_id("ml-mirror").is_some());
    assert_eq!(world.cloud.calls("identitystore:CreateGroupMembership"), 2);
    let nothing = json!({
        "passes": 0, "people": 0, "everything": 0, "complete": 0, "done": 0, "mirrors": 0,
        "timeUp": false,
    });
    assert_eq!(invoker.answer(&tick()), nothing);

    // One person is in another group: one is read again, in the tick that saw it.
    let changed = PEOPLE.replace("display_name: Eli, groups: [ml-mirror]", "display_name: Eli");
    settled(&folder, "people.yaml", &changed);
    let seen = invoker.answer(&tick());
    assert_eq!((&seen["passes"], &seen["people"]), (&json!(1), &json!(1)), "{seen}");
    assert_eq!(invoker.answer(&tick()), nothing, "it is told once");
    assert!(invoker.terminate().success(), "{}", invoker.process.said());
}
