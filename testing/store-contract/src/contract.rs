//! Tests from rules.

use std::any::Any;

/// An empty store, and what must live as long as it does.
pub struct Fresh<S> {
    /// The store.
    pub store: S,
    /// A folder, a server.
    pub keep: Box<dyn Any + Send + Sync>,
}

impl<S: std::fmt::Debug> std::fmt::Debug for Fresh<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fresh").field("store", &self.store).finish_non_exhaustive()
    }
}

/// Makes a module of tests for each of the ports named. The first argument is an async function that
/// makes the stores to run each test with, as [`Fresh`]; each is empty.
#[macro_export]
macro_rules! contract {
    ($fresh:path: $($port:ident),+ $(,)?) => { $($crate::contract!(@port $port $fresh);)+ };
    (@port approvals $fresh:path) => {
        $crate::contract! { @rules approvals $fresh,
            an_approval_is_taken_as_it_was_given_and_once(&),
            an_approval_lapses_at_its_end(&),
            who_agrees_again_prolongs_it(&),
            what_was_taken_stays_so_when_it_is_kept_once_more(&),
            of_racing_loops_one_gets_the_approval(Arc),
        }
    };
    (@port attempts $fresh:path) => {
        $crate::contract! { @rules attempts $fresh,
            attempts_come_back_as_kept_newest_first(&),
            only_so_many_attempts_are_kept(&),
            racing_attempts_are_all_kept(Arc),
        }
    };
    (@port audit $fresh:path) => {
        $crate::contract! { @rules audit $fresh,
            entries_come_back_as_written_in_the_order_of_writing(&),
            only_the_newest_are_given(&),
            racing_entries_are_all_kept(Arc),
            the_entries_of_many_days_are_one_log(&),
            racing_entries_about_a_person_are_all_kept(Arc),
            entries_come_back_whole_in_the_order_of_their_chain(&),
            racing_entries_are_sealed_into_chains_that_hold(Arc),
            pages_hold_what_the_filter_admits_newest_first(&),
            pages_leave_nothing_out_where_times_of_a_chain_do_not_rise(&),
            a_beginning_goes_as_far_as_a_checkpoint_and_the_rest_holds(&),
        }
        $crate::contract! { @rules audit_export $fresh,
            the_parts_of_an_export_are_the_log_and_hold(&),
            an_export_that_was_tampered_with_is_found_wherever_it_was(&),
            an_export_that_was_cut_is_found_wherever_it_was(&),
            an_export_in_another_order_is_found(&),
            an_export_with_entries_of_another_log_is_found(&),
        }
    };
    (@port chronicle $fresh:path) => {
        $crate::contract! { @rules chronicle $fresh,
            notes_come_back_as_written_newest_first(&),
            only_so_many_notes_are_given(&),
            racing_notes_are_all_kept(Arc),
            the_last_count_of_a_day_is_that_days(&),
            counts_of_as_many_days_as_are_kept_come_back(&),
        }
    };
    (@port claims $fresh:path) => {
        $crate::contract! { @rules claims $fresh,
            whom_one_pass_has_another_does_not_get(&),
            whom_nobody_had_before_is_told(&),
            a_plan_made_before_another_let_go_is_stale(&),
            a_claim_ends_by_itself_for_those_who_began_to_read_afterwards(&),
            a_claim_can_be_prolonged(&),
            a_clock_set_back_leaves_nobody_claimed(&),
            what_is_forgotten_after_a_day_refuses_older_passes(&),
            of_racing_passes_one_gets_a_person(Arc),
        }
    };
    (@port departures $fresh:path) => {
        $crate::contract! { @rules departures $fresh,
            a_departure_comes_back_as_it_was_put_in_force(&),
            a_departure_begins_once_and_its_hold_is_skipped_for_good(&),
            who_rejoins_one_team_or_all_is_forgotten_there(&),
            the_history_of_a_person_is_theirs_alone_oldest_first(&),
            racing_departures_of_a_person_are_all_kept(Arc),
            the_departures_of_many_people_are_found(&),
        }
    };
    (@port grants $fresh:path) => {
        $crate::contract! { @rules grants $fresh,
            a_row_comes_back_as_it_was_written(&),
            a_row_is_known_by_its_group_and_what_it_gives(&),
            a_row_is_taken_away_once(&),
            every_racing_change_raises_the_version(Arc),
        }
    };
    (@port logins $fresh:path) => {
        $crate::contract! { @rules logins $fresh,
            a_sign_in_is_taken_as_it_was_begun_and_once(&),
            a_sign_in_lapses_at_its_end(&),
            a_request_id_is_begun_once(&),
            of_racing_takers_one_gets_it(Arc),
            of_racing_beginners_of_an_id_one_begins(Arc),
        }
    };
    (@port memberships $fresh:path) => {
        $crate::contract! { @rules memberships $fresh,
            an_empty_index_knows_nobody(&),
            a_complete_reading_is_found_again(&),
            a_complete_reading_replaces_the_one_before(&),
            who_was_missing_is_remembered_for_a_week(&),
            a_group_that_was_missing_is_remembered_for_a_week(&),
            a_reading_of_some_people_only_adds(&),
            what_an_event_tells_never_replaces_what_was_read(&),
            readings_may_race(Arc),
            a_large_directory_is_taken_over_whole(&),
            what_only_events_tell_is_forgotten_after_a_week(&),
        }
    };
    (@port metadata_copies $fresh:path) => {
        $crate::contract! { @rules metadata_copies $fresh,
            a_copy_comes_back_whole_and_replaces_the_one_before(&),
        }
    };
    (@port audit_watch $fresh:path) => {
        $crate::contract! { @rules audit_watch $fresh,
            what_a_look_came_to_comes_back_and_replaces_the_one_before(&),
        }
    };
    (@port mirror_records $fresh:path) => {
        $crate::contract! { @rules mirror_records $fresh,
            what_a_run_planned_comes_back_and_replaces_the_one_before(&),
            what_a_run_came_to_is_kept_apart_from_what_it_planned(&),
        }
    };
    (@port notices $fresh:path) => {
        $crate::contract! { @rules notices $fresh,
            a_notice_is_replaced_by_whoever_knows_what_is_there(&),
            of_racing_replicas_one_gets_a_notice(Arc),
        }
    };
    (@port profile_index $fresh:path) => {
        $crate::contract! { @rules profile_index $fresh,
            a_full_reading_replaces_what_was_known(&),
            whose_a_profile_is_is_told_by_its_name_in_any_case(&),
            a_full_reading_of_many_profiles_is_whole(&),
            a_reading_of_some_names_says_nothing_of_others(&),
            what_changed_after_a_reading_began_stays(&),
            what_a_pass_is_about_to_make_stays_though_it_is_not_found(&),
            what_a_killed_pass_never_made_is_forgotten_with_its_claim(&),
            the_guard_counts_for_a_day_what_is_gone_already(&),
            of_two_passes_the_second_counts_what_the_first_is_about_to_do(&),
            what_two_passes_are_about_to_do_is_counted_once_either_did_it(&),
            what_a_pass_is_about_to_take_away_counts_though_it_is_found_without_its_mark(&),
            whoever_came_back_is_not_counted(&),
        }
    };
    (@port replies $fresh:path) => {
        $crate::contract! { @rules replies $fresh,
            a_request_is_done_once_and_answered_again(&),
            what_came_to_nothing_can_be_begun_anew(&),
            who_comes_too_late_does_not_end_what_somebody_else_began(&),
            of_racing_requests_of_one_key_one_is_done(Arc),
        }
    };
    (@port replay $fresh:path) => {
        $crate::contract! { @rules replay $fresh,
            the_first_claim_wins_and_every_later_one_loses(&),
            claims_of_other_issuers_and_ids_are_their_own(&),
            a_claim_holds_up_to_its_end_and_not_longer(&),
            whoever_looks_sees_a_claim_while_it_holds_and_claims_nothing(&),
            a_claim_never_ends_early_by_rounding(&),
            of_racing_claims_one_wins(Arc),
            of_racing_claims_of_a_lapsed_one_one_wins(Arc),
        }
    };
    (@port scim $fresh:path) => {
        $crate::contract! { @rules scim $fresh,
            a_record_comes_back_as_it_was_written(&),
            a_record_is_found_by_each_key_it_has_now(&),
            a_unique_key_is_had_once_a_kind(&),
            a_record_is_changed_from_the_version_that_was_read(&),
            members_are_kept_by_group_and_by_member(&),
            what_is_deleted_takes_its_memberships_along(&),
            what_is_deleted_under_the_wrong_kind_keeps_its_memberships(&),
            what_is_deleted_is_no_way_to_another_group_and_is_deleted_once(&),
            pages_follow_the_ids_and_hold_one_kind(&),
            what_was_pushed_is_counted(&),
            directories_share_nothing(&),
            what_is_changed_is_written_down(&),
            a_large_group_is_written_and_read_whole(&),
            whoever_has_no_record_comes_into_no_group(&),
            a_deleted_member_raises_the_versions_of_its_groups(&),
            whoever_removes_many_waits_for_whoever_still_adds_them(Arc),
            of_racing_changes_those_that_were_made_are_written_down(Arc),
            of_racing_makers_of_a_user_name_one_wins(Arc),
            of_racing_changes_of_a_version_one_wins(Arc),
        }
    };
    (@port secrets $fresh:path) => {
        $crate::contract! { @rules secrets $fresh,
            the_first_secret_of_a_name_stays(&),
            racing_replicas_get_one_secret(Arc),
        }
    };
    (@port sessions $fresh:path) => {
        $crate::contract! { @rules sessions $fresh,
            a_session_is_there_until_its_end(&),
            a_session_never_lives_longer_by_rounding(&),
            a_session_id_is_opened_once(&),
            a_person_s_sessions_are_listed_newest_first(&),
            closing_ends_one_session_and_may_be_repeated(&),
            closing_all_of_a_person_leaves_the_others(&),
            closing_those_of_a_provider_leaves_the_others(&),
            closing_every_session_leaves_none(&),
            a_provider_ends_every_session_of_its_subject(&),
            a_provider_ends_the_sessions_it_names_and_those_without_name(&),
            what_was_issued_before_a_log_out_is_logged_out_until_that_is_forgotten(&),
            a_log_out_that_had_come_when_we_asked_ends_nothing_of_the_answer(&),
            of_a_log_out_and_an_opening_that_race_none_leaves_a_session(Arc),
            of_racing_openers_of_an_id_one_wins(Arc),
            of_racing_closers_each_session_is_counted_once(Arc),
        }
    };
    (@port switch $fresh:path) => {
        $crate::contract! { @rules switch $fresh,
            frozen_until_thawed_by_whoever_said_so_first(&),
            who_thaws_ends_the_freeze_that_was_seen_and_no_later_one(&),
            of_racing_freezes_one_is_first_and_of_racing_thaws_one_ends_it(Arc),
        }
    };
    (@port temporary $fresh:path) => {
        $crate::contract! { @rules temporary $fresh,
            a_grant_comes_back_as_it_was_given(&),
            a_grant_is_given_once_and_revoked_once(&),
            revoking_one_grant_leaves_the_others_of_the_person(&),
            the_first_after_note_stays(&),
            what_is_over_for_long_is_forgotten_unless_a_note_is_owed(&),
            what_is_over_for_long_is_forgotten_of_whoever_asks_no_more(&),
            a_request_is_decided_once_and_gives_its_grant_with_that(&),
            a_request_that_lapsed_gives_nothing(&),
            racing_grants_of_a_person_are_all_kept(Arc),
            of_racing_decisions_one_counts(Arc),
            the_grants_of_many_people_are_found(&),
        }
    };
    (@port tokens $fresh:path) => {
        $crate::contract! { @rules tokens $fresh,
            a_token_is_found_by_its_digest_until_its_end(&),
            a_name_is_taken_once(&),
            a_revoked_token_opens_nothing_and_frees_its_name(&),
            of_racing_makers_of_a_name_one_wins(Arc),
        }
    };
    (@port work $fresh:path) => {
        $crate::contract! { @rules work $fresh,
            wake_ups_of_one_key_are_one_item_due_at_the_earliest(&),
            who_waits_longest_comes_first_and_everything_before_all(&),
            done_is_gone(&),
            what_is_pushed_while_somebody_is_at_it_comes_once_more(&),
            put_back_it_keeps_its_age_and_its_tries(&),
            a_lease_that_ran_out_is_due_and_its_holder_has_no_say(&),
            a_lease_can_be_prolonged(&),
            a_clock_set_back_leaves_no_lease_behind(&),
            people_can_be_taken_by_name(&),
            the_status_counts_what_waits_and_since_when(&),
            of_too_many_people_everything_is_made(&),
            of_racing_takers_one_gets_each(Arc),
        }
    };
    (@rules $port:ident $fresh:path, $($rule:ident($($shape:tt)*),)+) => {
        mod $port {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() {
                for fresh in $fresh().await {
                    let (store, _keep) = (fresh.store, fresh.keep);
                    $crate::$port::$rule($crate::contract!(@shape store $($shape)*)).await;
                }
            })+
        }
    };
    (@shape $store:ident &) => { &$store };
    (@shape $store:ident Arc) => { std::sync::Arc::new($store) };
}
