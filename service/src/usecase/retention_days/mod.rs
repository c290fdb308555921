//! Random days of a store with several nodes and verifiers whose clocks leap by days. The oracle: what was
//! revoked is refused by every verifier that has read the feed so far, and by the service; what is valid is
//! not taken for older than the entries; the entries of a service that runs on are few; and no bundle reference
//! is deleted within a day after its end.
//!
//! A failure names the seed of the day. The rules are the real ones, and so are the verifiers; the store is
//! a model.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use daypass::api::{Revocation, RevocationTarget, duration};
use daypass::jwt::{Claims, Jwks, JwtType};
use daypass::verify::{Credentials, Revocations, Standing, StaticKeys, TokenLocation, Verifier};
use daypass::{Error, TokenKind};

use crate::crypto::{master_key::MasterKey, random, signing_key::SigningKey};
use crate::domain::bundle::BundleAddition;
use crate::domain::retention::{INTERVAL, Mark, MarkFacts, MarkWatch, is_older_than_entries, next_mark};
use crate::domain::revocation::{IssueOrder, JwtFacts, RevocationFacts, RootFacts, entries, jwt_standing};

#[allow(unreachable_pub, dead_code, reason = "it is shared with the days of the session engines")]
#[path = "../../../../tests/vocabulary/days/dice.rs"]
mod dice;
mod wall_clock;
use dice::Dice;
use wall_clock::{DAY, HOUR, MORNING, WallClock};

const DAYS: u64 = 80;

/// What happened in a day.
#[derive(Default)]
struct Seen {
    /// Entries that were deleted.
    deleted: usize,
    /// Revoked JWTs that were presented after their entry was deleted, and that the verifier's clock calls
    /// valid.
    would_revive: usize,
    /// Valid JWTs that were accepted.
    accepted: usize,
    /// Bundle references that were deleted.
    references: usize,
    /// Roots that ended by a time that their own was before, and roots whose own time was not before it.
    ended: [usize; 2],
}

struct Node {
    clock: WallClock,
    started_at: u64,
    watch: MarkWatch,
    /// What it last read of the store.
    latest: u64,
}

struct Follower {
    wall: Arc<AtomicU64>,
    clock: WallClock,
    feed: Arc<Revocations>,
    verifier: Verifier,
}

/// Returns whether an entry is kept for good.
fn is_kept(entry: &Revocation) -> bool {
    matches!(entry.target, RevocationTarget::IssuedUpTo { .. })
}

/// A stored token. Its number is its place, and numbers begin with 1.
struct Root {
    created_at: u64,
    /// The number of the entry that revoked it.
    revoked_by: Option<u64>,
}

struct Minted {
    claims: Claims,
    text: String,
    at: u64,
    /// The number of the entry that revokes it.
    revoked_by: Option<u64>,
    was_clock_right: bool,
}

struct World {
    seed: u64,
    dice: Dice,
    now: u64,
    key: SigningKey,
    keys: StaticKeys,
    entries: Vec<(Revocation, u64)>,
    latest: u64,
    marks: Vec<Mark>,
    roots: Vec<Root>,
    /// The time before which tokens are revoked, the last root that is, and the entry's number.
    issued_up_to: Option<(u64, u64, u64)>,
    nodes: Vec<Node>,
    followers: Vec<Follower>,
    minted: Vec<Minted>,
    /// The bundle references, each with its mark and its true end.
    references: Vec<(u64, u64)>,
    /// Whether clocks leap, and whether nodes restart.
    has_leaps: bool,
    has_restarts: bool,
    seen: Seen,
}

impl World {
    fn new(seed: u64) -> World {
        let mut dice = Dice::new(seed);
        let master_key = MasterKey::parse(&random::key()).expect("a master key");
        let key = SigningKey::load(&SigningKey::generate(&master_key, 0, 0), &master_key).expect("a key");
        let keys = StaticKeys::from(&Jwks { keys: vec![key.jwk()] });
        let (has_leaps, has_restarts) = (!dice.one_in(4), dice.one_in(3));
        let nodes = 1 + dice.roll(3);
        let mut world = World {
            seed,
            dice,
            now: 0,
            key,
            keys,
            entries: vec![],
            latest: 0,
            marks: vec![Mark { number: 0, seq: 0 }],
            roots: vec![Root { created_at: 0, revoked_by: Some(0) }],
            issued_up_to: None,
            nodes: vec![],
            followers: vec![],
            minted: vec![],
            references: vec![],
            has_leaps,
            has_restarts,
            seen: Seen::default(),
        };
        let node = || Node { clock: WallClock::right(), started_at: 0, watch: MarkWatch::default(), latest: 0 };
        world.nodes = (0..nodes).map(|_| node()).collect();
        world.followers = (0..3).map(|_| world.follower()).collect();
        (0..6).for_each(|_| world.create_root());
        world
    }

    /// A verifier that has read nothing.
    fn follower(&self) -> Follower {
        let wall = Arc::new(AtomicU64::new(0));
        let feed = Arc::new(Revocations::new().max_staleness(Duration::from_secs(3600)));
        let clock = Arc::clone(&wall);
        let verifier = Verifier::new("i", "a")
            .keys(self.keys.clone())
            .revocations(Arc::clone(&feed))
            .clock(move || clock.load(Ordering::SeqCst));
        Follower { wall, clock: WallClock::right(), feed, verifier }
    }

    fn create_root(&mut self) {
        let node = self.dice.roll(self.nodes.len() as u64) as usize;
        self.roots.push(Root { created_at: self.nodes[node].clock.read(self.now), revoked_by: None });
    }

    fn deleted_up_to(&self) -> u64 {
        self.marks[0].seq
    }

    /// Lets some time pass, in which each node polls and the clocks may leap.
    fn pass(&mut self) {
        let most = [60, 600, HOUR, 3 * HOUR][self.dice.roll(4) as usize];
        let end = self.now + self.dice.roll(most);
        while self.now < end {
            self.now += 60.min(end - self.now);
            for node in 0..self.nodes.len() {
                self.poll(node);
            }
        }
        if self.has_leaps && self.dice.one_in(5) {
            let node = self.dice.roll(self.nodes.len() as u64) as usize;
            self.nodes[node].clock.leap(&mut self.dice);
        }
        if self.has_leaps && self.dice.one_in(5) {
            self.followers[self.dice.roll(3) as usize].clock.leap(&mut self.dice);
        }
        if self.has_restarts && self.dice.one_in(10) {
            let node = self.dice.roll(self.nodes.len() as u64) as usize;
            (self.nodes[node].started_at, self.nodes[node].watch) = (self.now, MarkWatch::default());
        }
    }

    /// Makes a bundle reference, which deletes earlier ones.
    fn refer(&mut self) {
        let addition = BundleAddition::new(0, self.marks.last().expect("a mark").number, 0);
        let (now, seed, count) = (self.now, self.seed, self.references.len());
        self.references.retain(|(mark, end)| {
            let is_kept = *mark >= addition.delete_before;
            assert!(is_kept || now >= end + DAY, "seed {seed}: a reference is deleted early");
            is_kept
        });
        self.seen.references += count - self.references.len();
        self.references.push((addition.mark, now + [HOUR, duration::MOST][count % 2]));
    }

    fn poll(&mut self, node: usize) {
        let newest = *self.marks.last().expect("a mark");
        let node = &mut self.nodes[node];
        node.latest = self.latest;
        if !node.watch.is_hour_complete(newest.number, Duration::from_secs(self.now - node.started_at)) {
            return;
        }
        let facts = MarkFacts { newest, latest: self.latest };
        let Some(change) = next_mark(newest.number, &facts) else { return };
        self.marks.push(change.add);
        self.marks.retain(|mark| mark.number >= change.oldest);
        let (before, deleted_up_to) = (self.entries.len(), self.marks[0].seq);
        self.entries.retain(|(entry, _)| entry.seq > deleted_up_to || is_kept(entry));
        self.seen.deleted += before - self.entries.len();
    }

    fn mint(&mut self) {
        let root = self.dice.roll(self.roots.len() as u64);
        if self.roots[root as usize].revoked_by.is_some() {
            return;
        }
        let node = &self.nodes[self.dice.roll(self.nodes.len() as u64) as usize];
        let iat = node.clock.read(self.now);
        let claims = Claims {
            iss: "i".into(),
            sub: "o".into(),
            aud: "a".into(),
            iat,
            nbf: None,
            exp: iat + [60, HOUR, duration::MOST][self.dice.roll(3) as usize],
            jti: format!("j{}", self.minted.len()),
            client_id: "c".into(),
            root_serial: root,
            feed_seq: node.latest,
            cnf: None,
            kind: TokenKind::Temporary,
            grants: vec![],
            origins: vec![],
            subject: None,
            claims: std::collections::BTreeMap::new(),
            sealed: None,
        };
        let text = self.key.sign(JwtType::AccessToken, &serde_json::to_vec(&claims).expect("claims"));
        let was_clock_right = iat == MORNING + self.now;
        self.minted.push(Minted { claims, text, at: self.now, revoked_by: None, was_clock_right });
    }

    /// Revokes a JWT, or a root with all JWTs of it; another token takes the root's place now and then.
    fn revoke(&mut self) {
        self.latest += 1;
        let seq = self.latest;
        let target = if self.dice.one_in(2) && !self.minted.is_empty() {
            // Mostly a young one.
            let from = if self.dice.one_in(4) { 0 } else { self.minted.len().saturating_sub(8) };
            let jwt = from + self.dice.roll((self.minted.len() - from) as u64) as usize;
            let jwt = &mut self.minted[jwt];
            jwt.revoked_by = jwt.revoked_by.or(Some(seq));
            RevocationTarget::Jwt { jti: jwt.claims.jti.clone() }
        } else {
            let serial = self.dice.roll(self.roots.len() as u64);
            let root = &mut self.roots[serial as usize];
            root.revoked_by = root.revoked_by.or(Some(seq));
            let children = self.minted.iter_mut().filter(|jwt| jwt.claims.root_serial == serial);
            children.for_each(|jwt| jwt.revoked_by = jwt.revoked_by.or(Some(seq)));
            if self.roots.len() < 40 {
                self.create_root();
            }
            RevocationTarget::Token { serial }
        };
        self.entries.push((Revocation { seq, at: 0, target }, self.now));
    }

    /// Revokes what was issued before a time, by the clock of a node. Other roots take the places of those that end.
    fn revoke_issued_before(&mut self) {
        let node = self.dice.roll(self.nodes.len() as u64) as usize;
        let now = self.nodes[node].clock.read(self.now);
        let time = now - [0, 0, HOUR, DAY][self.dice.roll(4) as usize];
        let may_be_before = |root: &Root| root.created_at < time || root.created_at > now;
        let last = self.roots.iter().rposition(|root| root.revoked_by.is_none() && may_be_before(root));
        let (mark, revoked_up_to) = self.issued_up_to.map(|(time, last, _)| (time, last)).unzip();
        let order = IssueOrder { revoked_up_to, last_before: last.map(|last| last as u64) };
        let facts = RevocationFacts { exists: true, mark, order, is_last_operator: false };
        let asked = RevocationTarget::IssuedBefore { organization: "o".into(), time };
        for target in entries(&asked, &facts).expect("the organization exists") {
            let RevocationTarget::IssuedUpTo { time, root_serial, .. } = target else { panic!("{target}") };
            self.latest += 1;
            let seq = self.latest;
            for root in self.roots.iter_mut().take(root_serial as usize + 1).filter(|root| root.revoked_by.is_none()) {
                root.revoked_by = Some(seq);
                self.seen.ended[usize::from(root.created_at >= time)] += 1;
            }
            let ends = |jwt: &Minted| jwt.claims.root_serial <= root_serial || jwt.claims.iat < time;
            let ended = self.minted.iter_mut().filter(|jwt| ends(jwt));
            ended.for_each(|jwt| jwt.revoked_by = jwt.revoked_by.or(Some(seq)));
            self.issued_up_to = Some((time, root_serial, seq));
            self.entries.push((Revocation { seq, at: 0, target }, self.now));
        }
        let remains = self.roots.iter().any(|root| root.revoked_by.is_none() && may_be_before(root));
        assert!(!remains, "seed {}: a root from before the time is active", self.seed);
        (0..6).for_each(|_| self.create_root());
    }

    /// Lets a verifier read on, or restart and read everything.
    fn read(&mut self) {
        let follower = self.dice.roll(3) as usize;
        if self.dice.one_in(6) {
            let clock = self.followers[follower].clock;
            self.followers[follower] = Follower { clock, ..self.follower() };
        }
        // Sometimes it reads everything again, as after another epoch.
        let feed = &self.followers[follower].feed;
        let after = if self.dice.one_in(4) { 0 } else { feed.seq() };
        self.entries.iter().filter(|(entry, _)| entry.seq > after).for_each(|(entry, _)| feed.apply(entry));
        feed.heartbeat(self.latest, self.deleted_up_to(), None);
    }

    async fn present(&mut self) {
        if self.minted.is_empty() {
            return;
        }
        let (seed, deleted_up_to) = (self.seed, self.deleted_up_to());
        let jwt = &self.minted[self.dice.roll(self.minted.len() as u64) as usize];
        let Claims { jti, feed_seq, iat, exp, root_serial, .. } = &jwt.claims;

        // The service, which is asked.
        let has_entry =
            self.entries.iter().any(|(entry, _)| entry.target == RevocationTarget::Jwt { jti: jti.clone() });
        let revoked_at = self.roots[*root_serial as usize].revoked_by;
        let issued_before = self.issued_up_to.map(|(time, _, seq)| (time, seq));
        let root = RootFacts { organization: "o".into(), revoked_at, issued_before, suspended_at: None };
        let facts = JwtFacts { root: Some(root), has_entry, deleted_up_to };
        let is_refused = jwt_standing(&jwt.claims, &facts) != Standing::Good;
        assert!(is_refused || jwt.revoked_by.is_none(), "seed {seed}: the service accepts {jti}");

        // A verifier.
        let follower = &self.followers[self.dice.roll(3) as usize];
        let wall = follower.clock.read(self.now);
        follower.wall.store(wall, Ordering::SeqCst);
        let verdict = follower.verifier.verify(&Credentials::new(&jwt.text, TokenLocation::Bearer), None).await;
        let is_known = jwt.revoked_by.is_some_and(|seq| seq <= follower.feed.seq());
        assert!(verdict.is_err() || !is_known, "seed {seed}: a verifier accepts {jti}");
        let has_entry = |seq| self.entries.iter().any(|(entry, _)| entry.seq == seq);
        let is_deleted = jwt.revoked_by.is_some_and(|seq| !has_entry(seq));
        self.seen.would_revive += usize::from(is_known && is_deleted && (*iat..*exp).contains(&wall));

        // What is valid stays valid for as long as it was minted for.
        let is_young = self.now < jwt.at + (exp - iat);
        assert!(!(is_young && is_older_than_entries(*feed_seq, deleted_up_to)), "seed {seed}: {jti} is refused early");
        let is_valid = is_young && jwt.was_clock_right && jwt.revoked_by.is_none();
        if is_valid && !self.has_leaps {
            let is_unread = verdict.as_ref().is_err_and(|error| *error == Error::Unavailable);
            assert!(verdict.is_ok() || is_unread, "seed {seed}: {jti} is refused: {verdict:?}");
            self.seen.accepted += usize::from(verdict.is_ok());
        }
    }

    fn check_size(&self) {
        if self.has_restarts {
            return;
        }
        let oldest = self.entries.iter().find(|(entry, _)| !is_kept(entry)).map_or(0, |(_, at)| self.now - at);
        // A mark at the end of its hour, the marks after it, and a poll's delay for each.
        let most = 27 * INTERVAL.as_secs();
        assert!(oldest <= most, "seed {}: an entry is kept for {oldest} seconds", self.seed);
    }
}

async fn simulate(seed: u64) -> Seen {
    let mut world = World::new(seed);
    while world.now < 5 * DAY {
        match world.dice.roll(10) {
            0..=2 => world.mint(),
            3 if world.dice.one_in(12) => world.revoke_issued_before(),
            3 => world.revoke(),
            4 => world.read(),
            5..=7 => world.present().await,
            _ => {
                world.pass();
                world.refer();
            }
        }
        world.check_size();
    }
    world.seen
}

#[tokio::test]
async fn no_error_of_a_clock_makes_a_revocation_be_forgotten() {
    let mut seen = Seen::default();
    for seed in 0..DAYS {
        let Seen { deleted, would_revive, accepted, references, ended } = simulate(seed).await;
        seen.deleted += deleted;
        seen.would_revive += would_revive;
        seen.accepted += accepted;
        seen.references += references;
        seen.ended = [seen.ended[0] + ended[0], seen.ended[1] + ended[1]];
    }
    let Seen { deleted, would_revive, accepted, references, ended } = seen;
    assert!(deleted > 300 && would_revive > 30 && accepted > 300, "{deleted} {would_revive} {accepted}");
    assert!(ended[0] > 300 && ended[1] > 30, "{ended:?}");
    assert!(references > 300, "{references}");
}
