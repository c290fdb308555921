//! What a store does with accounts, their sessions, and attempts to sign in.

use daypass::Error;
use daypass::api::{CreatePrincipalRequest, PrincipalKind, Role};

use super::suite::{on_every_store, open_with_organization};
use super::{Forgiven, Location, SharedStore};
use crate::domain::account::{Account, AccountSelector, Proof, may_sign_in};
use crate::domain::invitation::{Acceptance, NewAccount, NewInvitation};
use crate::domain::principal::{self, Actor};
use crate::domain::session::NewSession;
use crate::domain::sign_in_rate::{AttemptKey, Attempts};

on_every_store!(
    a_session_begins_only_while_its_proof_holds_and_a_new_password_ends_the_others,
    attempts_at_once_are_all_counted_and_old_ones_deleted,
    a_session_ends_the_oldest_of_its_account_beyond_a_hundred,
);

/// A store with an account whose password has the hash `one`, and the account.
async fn store(location: &Location) -> (SharedStore, Account) {
    let store = open_with_organization(location).await;
    let (email, role) = (Some("ada@example.com".into()), Some(Role::Viewer));
    let request = CreatePrincipalRequest { kind: PrincipalKind::User, name: "Ada".into(), email, role };
    let user = principal::new(request, "o", "1", &Actor::Operator, 50).expect("a user");
    store.add_principal(user, Box::new(|_| Ok(()))).await.expect("a user");
    let invitation = NewInvitation::new([1; 32], &Actor::Operator, 50);
    store.add_invitation("o", "usr_1", None, invitation, Box::new(|_| Ok(()))).await.expect("an invitation");
    let (id, password_hash) = ("acc_1".into(), Some("one".into()));
    let new = NewAccount { id, password_hash, identity: None, created_at: 50 };
    let rule = move |_: &_| Ok(Acceptance::New(new.clone()));
    let number = store.accept_invitation([1; 32], 60, Box::new(rule)).await.expect("an account");
    let account = store.account(AccountSelector::Email("ada@example.com".into())).await.expect("an answer");
    let account = account.expect("an account");
    assert_eq!((account.number, &*account.name), (number, "Ada"));
    (store, account)
}

async fn begin(store: &SharedStore, account: &Account, hash: u8, proof: &'static str) -> Result<(), Error> {
    let new = NewSession { hash: [hash; 32], account: account.number, created_at: 100, expires_at: 200 };
    let proof = Proof::Password(proof.into());
    store.add_session(new, None, Box::new(move |account| may_sign_in(account.as_ref(), &proof))).await
}

async fn a_session_begins_only_while_its_proof_holds_and_a_new_password_ends_the_others(location: Location) {
    let (store, account) = store(&location).await;
    let is_there = async |hash: u8| store.session([hash; 32]).await.expect("an answer").is_some();
    for hash in [1, 2] {
        begin(&store, &account, hash, "one").await.expect("a session");
    }
    assert!(begin(&store, &account, 3, "two").await.is_err() && !is_there(3).await);
    store.touch_session([1; 32], 150).await.expect("a write");
    store.touch_session([1; 32], 140).await.expect("a write");
    let stored = store.session([1; 32]).await.expect("an answer").expect("a session");
    assert_eq!((stored.times.last_seen_at, stored.times.expires_at), (150, 200));

    let set = |rule| {
        let forgiven = Forgiven { email: AttemptKey([1; 32]), address: AttemptKey([2; 32]) };
        store.set_password(account.number, "two".into(), [1; 32], forgiven, rule)
    };
    assert_eq!(set(Box::new(|_| Err(Error::NotFound))).await, Err(Error::NotFound));
    assert!(is_there(1).await && is_there(2).await);
    set(Box::new(|_| Ok(()))).await.expect("a password");
    assert!(is_there(1).await && !is_there(2).await);
    // A sign-in that had compared the earlier password meanwhile.
    assert!(begin(&store, &account, 4, "one").await.is_err() && !is_there(4).await);
    begin(&store, &account, 5, "two").await.expect("a session");
    let later = NewSession { hash: [6; 32], account: account.number, created_at: 200, expires_at: 300 };
    store.add_session(later, None, Box::new(|_| Ok(()))).await.expect("a session");
    assert!(!is_there(1).await && !is_there(5).await && is_there(6).await, "those that are over are deleted");
}

async fn a_session_ends_the_oldest_of_its_account_beyond_a_hundred(location: Location) {
    let (store, account) = store(&location).await;
    let begin = |hash: u8, created_at: u64| {
        let new = NewSession { hash: [hash; 32], account: account.number, created_at, expires_at: 2000 };
        store.add_session(new, None, Box::new(|_| Ok(())))
    };
    for number in 0..100 {
        begin(number, 100 + u64::from(number)).await.expect("a session");
    }
    // The clock may have been set back: the new one stays.
    begin(200, 1).await.expect("a session");
    for (hash, is_there) in [(0, false), (1, true), (99, true), (200, true)] {
        assert_eq!(store.session([hash; 32]).await.expect("an answer").is_some(), is_there, "{hash}");
    }
}

async fn attempts_at_once_are_all_counted_and_old_ones_deleted(location: Location) {
    let (store, account) = store(&location).await;
    let [email, address] = [1, 2].map(|byte| AttemptKey([byte; 32]));
    let count = |at: u64, delete_before: u64| {
        let rule = move |counted: &Vec<Attempts>| {
            Ok(counted.iter().map(|attempts| Attempts { since: at, count: attempts.count + 1 }).collect())
        };
        store.count_attempts(vec![email, address], delete_before, Box::new(rule))
    };
    let read = async || {
        let (sender, receiver) = std::sync::mpsc::channel();
        let sender = std::sync::Mutex::new(sender);
        let rule = move |counted: &Vec<Attempts>| {
            sender.lock().expect("a channel").send(counted.clone()).expect("a reader");
            Err(Error::NotFound)
        };
        assert_eq!(store.count_attempts(vec![email, address], 0, Box::new(rule)).await, Err(Error::NotFound));
        let counted = receiver.recv().expect("attempts");
        [counted[0].count, counted[1].count]
    };
    let done = futures_util::future::join_all((0..20).map(|_| count(100, 0))).await;
    assert!(done.into_iter().all(|done| done == Ok(())));
    assert_eq!(read().await, [20, 20]);
    let new = NewSession { hash: [1; 32], account: account.number, created_at: 100, expires_at: 200 };
    store.add_session(new, Some(Forgiven { email, address }), Box::new(|_| Ok(()))).await.expect("a session");
    assert_eq!(read().await, [0, 19]);
    count(200, 101).await.expect("a count");
    assert_eq!(read().await, [1, 1], "the earlier ones were deleted");
}
