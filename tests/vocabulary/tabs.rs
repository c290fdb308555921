//! The engine for many tabs: its rules one by one, then random odd days with an oracle. The same on both targets.

use daypass::session::refresh::{self, Failure, Refresh, Status, TIMEOUT, Token};
use daypass::session::tabs::{Content, Effect, Event, Mark, Message, Others, Tabs};
use wasm_bindgen_test::wasm_bindgen_test;

const HOUR: u64 = 3_600_000;
const WANTED: Event = Event::Refresh(refresh::Event::Requested);
const WOKE: Event = Event::Refresh(refresh::Event::Tick);
const TOKEN: Token = Token { fetched_at: 1_000, lifetime: HOUR, rejections: 0 };

fn tab(others: Others) -> Tabs {
    let mut tab = Tabs::new(Refresh::new(0.5), 0);
    let _ = tab.step(Event::Others(others), 0);
    tab
}

/// A tab whose first call was made at 0, at once, and brought a token for an hour.
fn tab_with_token() -> Tabs {
    let mut tab = tab(Others::None);
    assert!(asks(&tab.step(WANTED, 0)));
    assert!(posts(&tab.step(granted(1), 10)).contains(&has(Token { fetched_at: 0, ..TOKEN }, u32::MAX / 2)));
    tab
}

fn granted(call: u32) -> Event {
    Event::Refresh(refresh::Event::Received { call, lifetime: HOUR })
}

fn rejected(call: u32) -> Event {
    Event::Refresh(refresh::Event::Unauthorized { call })
}

fn has(token: Token, by: u32) -> Content {
    Content::Token { by, token }
}

fn heard(sent_at: u64, content: Content) -> Event {
    Event::Received(Message { sent_at, content })
}

fn asks(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Refresh(refresh::Effect::Fetch { .. })))
}

fn uses(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Refresh(refresh::Effect::Activate { .. })))
}

fn posts(effects: &[Effect]) -> Vec<Content> {
    let content = |effect: &Effect| if let Effect::Post(message) = effect { Some(message.content) } else { None };
    effects.iter().filter_map(content).collect()
}

fn wakes_in(effects: &[Effect]) -> Option<u64> {
    match effects.last() {
        Some(Effect::Refresh(refresh::Effect::SetTimer(milliseconds))) => *milliseconds,
        other => panic!("every step ends by setting the timer, not with {other:?}"),
    }
}

/// Lets the timer ring until the tab asks, and says when.
fn asks_at(tab: &mut Tabs, mut effects: Vec<Effect>, mut now: u64) -> u64 {
    while !asks(&effects) {
        now += wakes_in(&effects).unwrap();
        effects = tab.step(WOKE, now);
    }
    now
}

#[wasm_bindgen_test(unsupported = test)]
fn a_lone_tab_asks_at_once() {
    let effects = tab(Others::None).step(WANTED, 0);
    assert_eq!(effects[0], Effect::Lock, "a tab that opens meanwhile waits for it");
    assert!(asks(&effects));
    assert_eq!((posts(&effects), wakes_in(&effects)), (vec![Content::Fetching], Some(TIMEOUT)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_tab_that_turns_out_to_be_alone_asks_at_once() {
    let mut tab = Tabs::new(Refresh::new(0.5), 0);
    assert!(!asks(&tab.step(WANTED, 0)));
    assert!(asks(&tab.step(Event::Others(Others::None), 2)));
}

#[wasm_bindgen_test(unsupported = test)]
fn before_it_asks_a_tab_listens_a_moment_and_longer_for_the_first_token_of_what_may_be_a_crowd() {
    for (others, event, longest) in [
        (Others::Unknown, Event::NoLock, 50),
        (Others::Unknown, Event::Locked, 250),
        (Others::Some, Event::Locked, 250),
        (Others::Some, Event::NoLock, 250),
    ] {
        let mut tab = tab(others);
        assert!(!asks(&tab.step(WANTED, 0)));
        let effects = tab.step(event, 1);
        assert_eq!(posts(&effects), [Content::Query { after: None }]);
        let at = asks_at(&mut tab, effects, 1) - 1;
        assert!((longest / 2..=longest).contains(&at), "{others:?}, {event:?}: {at} ms");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_late_tab_is_given_the_token_and_the_lock_goes_back() {
    let mut old = tab_with_token();
    let mut late = tab(Others::Some);
    let _ = late.step(WANTED, 5_000);
    let [who] = posts(&late.step(Event::Locked, 5_000))[..] else { panic!("one question") };
    let [answer] = posts(&old.step(heard(5_000, who), 5_001))[..] else { panic!("one answer") };
    let effects = late.step(heard(5_001, answer), 5_002);
    assert!(uses(&effects) && effects.contains(&Effect::Unlock));
    assert_eq!(late.refresh().expires_in(5_002), Some(HOUR - 5_002));
    assert_eq!(
        posts(&old.step(heard(5_003, Content::Query { after: Some(Mark { fetched_at: 0, by: u32::MAX / 2 }) }), 5_003)),
        []
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_frozen_neighbour_with_the_lock_costs_less_than_four_seconds() {
    for jitter in [0.0, 0.5, 1.0] {
        let mut tab = Tabs::new(Refresh::new(jitter), 0);
        let _ = tab.step(Event::Others(Others::Some), 0);
        let effects = tab.step(WANTED, 0);
        let at = asks_at(&mut tab, effects, 0);
        assert!((1_750..=3_500).contains(&at), "{at} ms");
    }
    let mut tab = tab(Others::Some);
    let _ = tab.step(WANTED, 0);
    let effects = tab.step(Event::Locked, 2_600);
    assert!(asks_at(&mut tab, effects, 2_600) < 4_000);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_neighbour_that_says_it_is_asking_is_waited_for() {
    let mut tab = tab(Others::Some);
    let mut effects = tab.step(WANTED, 0);
    let mut now = 0;
    while now < 9_000 {
        now += wakes_in(&effects).unwrap();
        let asked = tab.step(WOKE, now);
        assert!(!asks(&asked), "{now} ms");
        assert_eq!(posts(&asked), [Content::Query { after: None }]);
        effects = tab.step(heard(now, Content::Fetching), now);
    }
    let effects = tab.step(heard(now, has(Token { fetched_at: 10, ..TOKEN }, 7)), now);
    assert!(uses(&effects) && effects.contains(&Effect::Unlock));
}

#[wasm_bindgen_test(unsupported = test)]
fn with_the_lock_nothing_counts_that_was_said_before() {
    let mut tab = tab(Others::Some);
    let _ = tab.step(WANTED, 0);
    let _ = tab.step(Event::Locked, 1_000);
    let effects = tab.step(heard(999, Content::Fetching), 1_001);
    assert!(asks_at(&mut tab, effects, 1_001) <= 1_250);
}

#[wasm_bindgen_test(unsupported = test)]
fn whoever_waits_shares_a_failure_and_nobody_else() {
    let mut waiting = tab(Others::Some);
    let _ = waiting.step(WANTED, 1_000);
    let effects = waiting.step(heard(1_100, Content::Failed), 1_101);
    let pause = Effect::Refresh(refresh::Effect::NotifyFailure { failure: Failure::Failed, retry_in: Some(750) });
    assert!(effects.contains(&pause) && effects.contains(&Effect::Unlock));
    assert_eq!((posts(&effects), waiting.refresh().status(1_101)), (vec![], Status::BackingOff));

    let mut content = tab_with_token();
    assert_eq!(content.step(heard(1_100, Content::Failed), 1_101).len(), 1);

    let mut thawed = tab(Others::Some);
    let _ = thawed.step(WANTED, 1_000);
    let _ = thawed.step(heard(1_100, Content::Failed), 60_000);
    assert!(thawed.refresh().status(60_000) == Status::Refreshing, "that was long ago");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_call_of_ones_own_that_failed_is_told() {
    for event in
        [refresh::Event::Failed { call: 1 }, refresh::Event::Stale { call: 1 }, refresh::Event::Forbidden { call: 1 }]
    {
        let mut tab = tab(Others::None);
        let _ = tab.step(WANTED, 0);
        let effects = tab.step(Event::Refresh(event), 10);
        assert!(posts(&effects) == [Content::Failed] && effects.contains(&Effect::Unlock), "{event:?}");
    }
    let mut tab = tab(Others::None);
    let _ = tab.step(WANTED, 0);
    assert_eq!(posts(&tab.step(WOKE, TIMEOUT)), [Content::Failed]);
}

#[wasm_bindgen_test(unsupported = test)]
fn time_spent_waiting_for_another_tab_is_not_the_providers() {
    let mut tab = tab(Others::Some);
    let effects = tab.step(WANTED, 0);
    let at = asks_at(&mut tab, effects, 0);
    let _ = tab.step(WOKE, at + TIMEOUT - 1);
    assert_eq!(tab.refresh().status(at + TIMEOUT - 1), Status::Refreshing);
    let _ = tab.step(granted(1), at + TIMEOUT - 1);
    assert_eq!(tab.refresh().expires_in(at + TIMEOUT - 1), Some(HOUR - TIMEOUT + 1));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_message_that_comes_late_makes_no_token_young() {
    let mut thawed = tab(Others::Some);
    assert!(!uses(&thawed.step(heard(2_000, has(TOKEN, 7)), TOKEN.fetched_at + HOUR)), "it is over");
    assert!(uses(&thawed.step(heard(2_000, has(TOKEN, 7)), TOKEN.fetched_at + HOUR - 60_000)));
    assert_eq!(thawed.refresh().expires_in(TOKEN.fetched_at + HOUR - 60_000), Some(60_000));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_that_is_to_be_asked_for_yet_is_not_believed() {
    let mut tab = tab_with_token();
    let token = Token { fetched_at: HOUR, lifetime: HOUR, rejections: 0 };
    assert!(!uses(&tab.step(heard(1_000, has(token, 9)), 1_000)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_tab_whose_clock_is_ahead_is_not_believed() {
    let mut tab = tab(Others::Some);
    let token = Token { fetched_at: HOUR, ..TOKEN };
    assert!(!uses(&tab.step(heard(HOUR, has(token, 7)), HOUR - 2_001)));
    assert!(uses(&tab.step(heard(HOUR, has(token, 7)), HOUR - 2_000)));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rejected_token_is_neither_told_nor_taken_back() {
    let mut tab = tab_with_token();
    let _ = tab.step(heard(1_100, has(TOKEN, 7)), 1_101);
    let effects = tab.step(rejected(2), 2_000);
    assert!(effects.contains(&Effect::Lock) && !asks(&effects), "it knows of another tab now");
    assert_eq!(posts(&tab.step(heard(2_001, Content::Query { after: None }), 2_002)), []);
    for (token, by) in [(TOKEN, 7), (TOKEN, 6), (Token { fetched_at: 900, ..TOKEN }, 8)] {
        assert!(!uses(&tab.step(heard(2_003, has(token, by)), 2_004)));
    }
    assert!(uses(&tab.step(heard(2_005, has(Token { fetched_at: 2_001, ..TOKEN }, 1)), 2_006)));
    assert!(!uses(&tab.step(heard(2_007, has(TOKEN, 7)), 2_008)));
}

#[wasm_bindgen_test(unsupported = test)]
fn closing_gives_the_lock_back_and_nothing_follows() {
    let mut tab = tab(Others::Some);
    let _ = tab.step(WANTED, 0);
    let effects = tab.step(Event::Refresh(refresh::Event::Closed), 10);
    assert!(effects.contains(&Effect::Unlock) && wakes_in(&effects).is_none());
    for event in [WANTED, WOKE, Event::Locked, heard(10, has(TOKEN, 7)), heard(10, Content::Query { after: None })] {
        assert_eq!(tab.step(event, 20), []);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn random_odd_days_of_many_tabs() {
    for seed in 0..100 {
        crate::days::many::live_through_a_day(seed);
    }
}
