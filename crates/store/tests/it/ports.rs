//! The contract, held by the store in memory and in a file.

use crate::contract::{attempts, audit, logins, replay, secrets, sessions};
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
    audit::entries_come_back_as_written_in_the_order_of_writing(&),
    audit::only_the_newest_are_given(&),
    audit::racing_entries_are_all_kept(Arc),
}
