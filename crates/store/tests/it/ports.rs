//! The contract, held by the store in memory and in a file.

use crate::contract::{
    attempts, audit, claims, departures, logins, memberships, profile_index, replay, secrets,
    sessions, switch, work,
};
use std::sync::Arc;
use store::SqliteStore;

/// Runs each function of the contract with an empty store of either kind.
macro_rules! holds {
    ($($port:ident :: $rule:ident ( $($shape:tt)* )),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 8)]
        async fn $rule() {
            let folder = tempfile::tempdir().unwrap();
            let file = SqliteStore::open(folder.path().join("state.sqlite")).unwrap();
            for store in [SqliteStore::in_memory().unwrap(), file] {
                $port::$rule(holds!(@ store $($shape)*)).await;
            }
        }
    )*};
    (@ $store:ident &) => { &$store };
    (@ $store:ident Arc) => { Arc::new($store) };
}

holds! {
    replay::the_first_claim_wins_and_every_later_one_loses(&),
    replay::claims_of_other_issuers_and_ids_are_their_own(&),
    replay::a_claim_holds_up_to_its_end_and_not_longer(&),
    replay::a_claim_never_ends_early_by_rounding(&),
    replay::of_racing_claims_one_wins(Arc),
    replay::of_racing_claims_of_a_lapsed_one_one_wins(Arc),
    logins::a_sign_in_is_taken_as_it_was_begun_and_once(&),
    logins::a_sign_in_lapses_at_its_end(&),
    logins::a_request_id_is_begun_once(&),
    logins::of_racing_takers_one_gets_it(Arc),
    sessions::a_session_is_there_until_its_end(&),
    sessions::a_session_never_lives_longer_by_rounding(&),
    sessions::a_session_id_is_opened_once(&),
    sessions::closing_ends_one_session_and_may_be_repeated(&),
    sessions::closing_all_of_a_person_leaves_the_others(&),
    sessions::a_provider_ends_every_session_of_its_subject(&),
    sessions::a_provider_ends_the_sessions_it_names_and_those_without_name(&),
    attempts::attempts_come_back_as_kept_newest_first(&),
    attempts::only_so_many_attempts_are_kept(&),
    secrets::the_first_secret_of_a_name_stays(&),
    secrets::racing_replicas_get_one_secret(Arc),
    memberships::an_empty_index_knows_nobody(&),
    memberships::a_complete_reading_is_found_again(&),
    memberships::a_complete_reading_replaces_the_one_before(&),
    memberships::who_was_missing_is_remembered_for_a_week(&),
    memberships::a_group_that_was_missing_is_remembered_for_a_week(&),
    memberships::a_reading_of_some_people_only_adds(&),
    memberships::what_an_event_tells_never_replaces_what_was_read(&),
    memberships::readings_may_race(Arc),
    memberships::a_large_directory_is_taken_over_whole(&),
    memberships::what_only_events_tell_is_forgotten_after_a_week(&),
    audit::entries_come_back_as_written_in_the_order_of_writing(&),
    audit::only_the_newest_are_given(&),
    audit::racing_entries_are_all_kept(Arc),
    work::wake_ups_of_one_key_are_one_item_due_at_the_earliest(&),
    work::who_waits_longest_comes_first_and_everything_before_all(&),
    work::done_is_gone(&),
    work::what_is_pushed_while_somebody_is_at_it_comes_once_more(&),
    work::put_back_it_keeps_its_age_and_its_tries(&),
    work::a_lease_that_ran_out_is_due_and_its_holder_has_no_say(&),
    work::a_lease_can_be_prolonged(&),
    work::a_clock_set_back_leaves_no_lease_behind(&),
    work::people_can_be_taken_by_name(&),
    work::the_status_counts_what_waits_and_since_when(&),
    work::of_too_many_people_everything_is_made(&),
    work::of_racing_takers_one_gets_each(Arc),
    claims::whom_one_pass_has_another_does_not_get(&),
    claims::a_plan_made_before_another_let_go_is_stale(&),
    claims::a_claim_ends_by_itself_for_those_who_began_to_read_afterwards(&),
    claims::a_claim_can_be_prolonged(&),
    claims::a_clock_set_back_leaves_nobody_claimed(&),
    claims::what_is_forgotten_after_a_day_refuses_older_passes(&),
    claims::of_racing_passes_one_gets_a_person(Arc),
    switch::frozen_until_thawed_by_whoever_said_so_first(&),
    profile_index::a_full_reading_replaces_what_was_known(&),
    profile_index::a_full_reading_of_many_profiles_is_whole(&),
    profile_index::a_reading_of_some_names_says_nothing_of_others(&),
    profile_index::what_changed_after_a_reading_began_stays(&),
    profile_index::the_guard_counts_for_a_day_what_is_gone_already(&),
    profile_index::of_two_passes_the_second_counts_what_the_first_is_about_to_do(&),
    profile_index::what_two_passes_are_about_to_do_is_counted_once_either_did_it(&),
    profile_index::whoever_came_back_is_not_counted(&),
    departures::a_departure_comes_back_as_it_was_put_in_force(&),
    departures::a_departure_begins_once_and_its_hold_is_skipped_for_good(&),
    departures::who_rejoins_one_team_or_all_is_forgotten_there(&),
    departures::the_history_of_a_person_is_theirs_alone_oldest_first(&),
}
