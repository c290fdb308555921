//! What holds for PostgreSQL alone: several nodes on one database.
//!
//! Long because every test needs a database that is made here.

#![expect(clippy::print_stdout, reason = "figures are printed for who asks")]

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use daypass::api::RevocationTarget;
use daypass::verify::TokenHash;
use daypass::{Error, OpaqueToken, TokenKind};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{PostgresStore, audit, catalog, connection, failure, feed, principals, token_list, tokens};
use crate::crypto::random;
use crate::domain::audit::list::AuditFilter;
use crate::domain::revocation::entries;
use crate::domain::token_list::TokenFilter;
use crate::store::suite::{Database, open_with_organization};
use crate::store::{Location, SharedStore, Store, open_or_create};

/// Delays every commit that adds to the feed, at random, after its number is drawn.
const DELAY: &str = "
    CREATE FUNCTION delay() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN PERFORM pg_sleep(random() * 0.02); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER delay AFTER INSERT ON revocation DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION delay()";

/// Revokes a JWT, again as long as the store is too busy.
async fn revoke_jwt(store: &SharedStore, jti: String) {
    let target = RevocationTarget::Jwt { jti };
    for _ in 0..5 {
        let entries = vec![target.clone()];
        match store.revoke("o", target.clone(), 1, Box::new(move |_| Ok(entries.clone()))).await {
            Err(Error::Unavailable) => {}
            revoked => return revoked.expect("a revocation"),
        }
    }
    panic!("the store does not answer");
}

/// Follows the feed with so many reads while two nodes revoke at least so many times each, and expects that every number
/// is there once the reader is told that the feed has reached it.
async fn follow_two_nodes(rounds: usize) {
    let database = Database::create();
    let nodes = [
        open_with_organization(&database.location()).await,
        open_or_create(&database.location()).await.expect("a store"),
    ];
    database.sql(DELAY);
    let is_over = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for (node, store) in nodes.iter().enumerate() {
        for writer in 0..2 {
            let (store, is_over) = (Arc::clone(store), Arc::clone(&is_over));
            writers.spawn(async move {
                for round in 0_u64.. {
                    if is_over.load(Ordering::SeqCst) {
                        return;
                    }
                    revoke_jwt(&store, format!("{node} {writer} {round}")).await;
                }
            });
        }
    }
    let (mut reached, mut reads) = (0, 0);
    while reads < rounds || reached < 2 * rounds as u64 {
        while let Some(done) = writers.try_join_next() {
            done.expect("a writer");
        }
        for store in &nodes {
            let page = store.revocations(None, Box::new(move |_| Ok(reached))).await.expect("a page");
            let numbers: Vec<_> = page.revocations.iter().map(|entry| entry.seq).collect();
            assert_eq!(
                numbers,
                (reached + 1..=page.latest).collect::<Vec<_>>(),
                "an entry is missing below the latest"
            );
            let snapshot = store.snapshot().await.expect("a snapshot");
            assert!(snapshot.latest >= page.latest, "the feed goes back");
            (reached, reads) = (page.latest, reads + 1);
        }
    }
    is_over.store(true, Ordering::SeqCst);
    writers.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_reader_is_told_a_number_before_every_smaller_one_is_there() {
    follow_two_nodes(50).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes half a minute: a part of the soak"]
async fn soak_no_reader_is_told_a_number_before_every_smaller_one_is_there() {
    follow_two_nodes(1000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_have_the_order_of_lists_and_the_ranges_of_counts() {
    let database = Database::create();
    open_with_organization(&database.location()).await;
    database.sql(
        "INSERT INTO organization (id, created_at) SELECT 'o' || i, 1 FROM generate_series(1, 50) AS i;
        INSERT INTO principal (organization, id, kind, name, created_at)
        SELECT 'o' || i, 'svc_' || i % 50, 'serviceAccount', 'n', 1 FROM generate_series(1, 50) AS i;
        INSERT INTO token (hash, organization, id, kind, name, grants, origins, last_chars, created_at, expires_at, owner)
        SELECT sha256(i::text::bytea), 'o' || nullif(i % 50, 0), 'tok_' || i, CASE i % 3 WHEN 0 THEN 'secret' ELSE 'publishable' END, 'n',
            '[]', '[]', 'abcd', i, nullif(i % 2, 0) * i, i % 50
        FROM generate_series(1, 100000) AS i WHERE i % 50 <> 0; ANALYZE",
    );
    let list = |kind, owner: Option<&str>| {
        token_list::statement(&TokenFilter { kind, owner: owner.map(str::to_owned), ..TokenFilter::default() })
            .replace("$1", if owner.is_some() { "1" } else { "'o1'" })
    };
    let secret = Some(TokenKind::Secret);
    for (statement, index) in [
        (list(None, None).replace("$3::text IS NULL", "TRUE"), "token_listed"),
        (list(secret, None).replace("$3", "'secret'"), "token_by_kind"),
        (list(None, Some("svc_1")).replace("$3::text IS NULL", "TRUE"), "token_by_owner"),
        (list(secret, Some("svc_1")).replace("$3", "'secret'"), "token_by_owner_kind"),
        (principals::OWNED.replace("$1", "1").replace("$3", "2001"), "token_by_owner"),
        (tokens::LAST_BEFORE.replace("$4", "50"), "token_listed"),
        (tokens::OF_KIND.replace("$2", "'secret'").replace("$3", "0").replace("$5", "100"), "token_by_expiry"),
    ] {
        // Of a list the second parameter is a number, and the fourth how many rows; of a count the fourth is a time.
        let statement = statement
            .replace("$1", "'o1'")
            .replace("$2", "75000")
            .replace("$4", "101")
            .replace("$5", "90000")
            .replace("$3", "99999");
        let plan = database.sql(&format!("EXPLAIN {statement}"));
        assert!(plan.contains(&format!(" {index} ")), "{index}: {plan}");
        assert!(!plan.contains("Seq Scan on token"), "{index}: {plan}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_feed_reads_no_entries_of_other_organizations() {
    let database = Database::create();
    open_with_organization(&database.location()).await;
    // Most entries are of one organization, and many of one that has none for a long time.
    database.sql(
        "INSERT INTO organization (id, created_at) VALUES ('large', 1), ('small', 1), ('early', 1);
        INSERT INTO revocation (seq, at, organization, level, name)
        SELECT i, 1, CASE WHEN i < 30000 THEN 'early' WHEN i % 100 > 1 THEN 'large' WHEN i % 100 = 1 THEN 'small' END,
            CASE i % 500 WHEN 2 THEN 'issuedBefore' ELSE 'token' END, i
        FROM generate_series(1, 100000) AS i; ANALYZE",
    );
    for (statement, index, scans) in [
        (feed::statement(Some("")).replace("$1", "29990"), "revocation_by_organization", 2),
        (feed::newest_of_organization().replace("$1", "$2"), "revocation_of_time", 1),
    ] {
        for organization in ["large", "small", "early", "o"] {
            let statement = statement.replace("$2", &format!("'{organization}'"));
            let plan = database.sql(&format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {statement}"));
            assert_eq!(plan.matches(" on revocation").count(), scans + plan.matches("Bitmap Heap").count(), "{plan}");
            assert_eq!(plan.matches(&format!(" {index} ")).count(), scans, "{organization} {index}: {plan}");
            assert!(!plan.contains("Rows Removed by Filter"), "{organization}: {plan}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_audit_trail_reads_no_entries_of_other_organizations() {
    let database = Database::create();
    open_with_organization(&database.location()).await;
    database.sql(
        "INSERT INTO audit (at, mark, organization, actor_kind, action, outcome, facts)
        SELECT i, 0, CASE WHEN i < 30000 THEN 'early' WHEN i % 100 > 1 THEN 'large' WHEN i % 100 = 1 THEN 'small' END,
            'service', 'token.create', 'ok', '{}'
        FROM generate_series(1, 100000) AS i; ANALYZE",
    );
    let of = |organization: Option<&str>| AuditFilter {
        organization: organization.map(str::to_owned),
        ..AuditFilter::default()
    };
    for (organization, index) in [
        (Some("large"), "audit_by_organization"),
        (Some("small"), "audit_by_organization"),
        (Some("early"), "audit_by_organization"),
        (Some("none"), "audit_by_organization"),
        (None, "audit_by_time"),
    ] {
        let filter = of(organization);
        for statement in [audit::statement(&filter), audit::oldest(&filter).to_owned()] {
            let name = organization.map_or_else(|| "NULL".to_owned(), |name| format!("'{name}'"));
            let statement = statement.replace("$1", &name).replace("$2", "90000").replace("$3", "9999999");
            let statement = statement.replace("$4", "50").replace("$5", "101");
            let plan = database.sql(&format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {statement}"));
            assert!(plan.contains(&format!(" {index} ")), "{organization:?} {index}: {plan}");
            assert!(!plan.contains("Rows Removed by Filter") && !plan.contains("Sort"), "{organization:?}: {plan}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tokens_that_a_catalogue_is_compared_with_are_found_behind_many_bundle_references() {
    let database = Database::create();
    open_with_organization(&database.location()).await;
    database.sql(
        "INSERT INTO token (hash, organization, id, kind, name, grants, origins, last_chars, created_at)
        SELECT sha256(i::text::bytea), 'o', 'tok_' || i, CASE WHEN i < 100000 THEN 'bundle' ELSE 'secret' END, 'n',
            '[]', '[]', 'abcd', i
        FROM generate_series(1, 101000) AS i; ANALYZE",
    );
    let statement = catalog::active_grants_statement(500).replace("$1", "0").replace("$2", "0");
    let plan = database.sql(&format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {statement}"));
    assert!(plan.contains(" token_by_number ") && !plan.contains("Rows Removed by Filter"), "{plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_and_revocations_wait_for_no_other_reader_and_no_other_writer() {
    let database = Database::create();
    let Location::Database(url) = database.location() else { panic!("a database") };
    let store = PostgresStore::create(&url).await.expect("a store");
    let mut busy = vec![];
    for pool in [&store.readers, &store.list_readers, &store.checkers, &store.writers] {
        for _ in 0..pool.status().max_size {
            busy.push(pool.get().await.expect("a connection"));
        }
    }
    let target = RevocationTarget::Jwt { jti: "j".into() };
    store.revoke("o", target, 1, Box::new(|_| Ok(vec![]))).await.expect("an answer");
    assert!(store.snapshot().await.is_ok());
    let token = OpaqueToken::generate(TokenKind::Secret, random::fill).expect("a token");
    assert!(store.subscriber(TokenHash::of(&token)).await.expect("an answer").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn others_revoke_while_an_organization_of_many_tokens_revokes_by_time() {
    const TOKENS: u64 = 100_000;
    let database = Database::create();
    let store = open_with_organization(&database.location()).await;
    // Their times are their numbers.
    database.sql(&format!(
        "INSERT INTO organization (id, created_at) VALUES ('p', 1);
        INSERT INTO token (hash, organization, id, kind, name, grants, origins, last_chars, created_at)
        SELECT sha256(i::text::bytea), 'o', 'tok_' || i, 'secret', 'n', '[]', '[]', 'abcd', i
        FROM generate_series(2, {TOKENS}) AS i"
    ));
    let now = 2 * TOKENS;
    let by_time = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            // For the first, almost all are read.
            for time in [3, TOKENS / 2, now] {
                let begun = Instant::now();
                let target = RevocationTarget::IssuedBefore { organization: "o".into(), time };
                let asked = target.clone();
                let rule = move |facts: &_| entries(&asked, facts);
                store.revoke("o", target, now, Box::new(rule)).await.expect("a revocation");
                println!("before {time}: {:?}", begun.elapsed());
            }
        }
    });
    let mut longest = Duration::ZERO;
    for number in 0..20 {
        let begun = Instant::now();
        let target = RevocationTarget::Jwt { jti: format!("j{number}") };
        let added = vec![target.clone()];
        store.revoke("p", target, 1, Box::new(move |_| Ok(added.clone()))).await.expect("a revocation beside it");
        longest = longest.max(begun.elapsed());
    }
    by_time.await.expect("a task");
    println!("the longest revocation beside them: {longest:?}");
    assert!(longest < Duration::from_secs(2), "{longest:?}");
    assert_eq!(store.count_active("o", None, now).await, Ok(vec![]));
    let page = store.revocations(Some("o"), Box::new(|_| Ok(0))).await.expect("a page");
    assert_eq!(page.revocations.len(), 3, "one entry for each time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_the_database_refuses_is_not_described() {
    let database = Database::create();
    drop(open_or_create(&database.location()).await.expect("a store"));
    let Location::Database(url) = database.location() else { panic!("a database") };
    let client = connection::connect(&url, &connection::settings(&url).expect("settings")).await.expect("a connection");
    // Without a time, the database tells the whole row.
    let insert =
        "INSERT INTO signing_key (kid, private_key, created_at, signs_from) VALUES ('k', '\\x6b6579', NULL, 1)";
    let refused = client.batch_execute(insert).await.expect_err("the row is refused");
    let detail = refused.as_db_error().and_then(|told| told.detail()).expect("a detail");
    assert!(detail.contains("6b6579"), "{detail}");
    let text = failure::describe(&refused);
    assert!(text.contains("not-null constraint (23502)") && !text.contains("6b6579"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_durable_whatever_the_settings_of_the_database_say() {
    let database = Database::create();
    let store = open_with_organization(&database.location()).await;
    drop(store);
    database.sql(
        "CREATE FUNCTION check_durability() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF current_setting('synchronous_commit') <> 'on' THEN RAISE 'not durable'; END IF;
            RETURN NULL; END $$;
        CREATE TRIGGER check_durability AFTER INSERT ON revocation EXECUTE FUNCTION check_durability();
        DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$",
    );
    let store = open_or_create(&database.location()).await.expect("a store");
    revoke_jwt(&store, "j".into()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_one_node_wakes_the_others_also_after_they_lost_their_connections() {
    let database = Database::create();
    let [changing, waiting] = [
        open_with_organization(&database.location()).await,
        open_or_create(&database.location()).await.expect("a store"),
    ];
    let woken = async |within: u64| timeout(Duration::from_secs(within), waiting.changed()).await.is_ok();
    assert!(woken(5).await, "once when it begins to listen");
    for round in ["first", "second"] {
        assert!(!woken(1).await, "nothing has changed");
        revoke_jwt(&changing, round.into()).await;
        assert!(woken(1).await);
        if round == "first" {
            database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%'");
            assert!(woken(5).await, "what changed meanwhile is found");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_epoch_stays_at_a_restart_and_changes_when_a_backup_is_restored() {
    let database = Database::create();
    let store = open_with_organization(&database.location()).await;
    revoke_jwt(&store, "before".into()).await;
    let epoch = async |store: &SharedStore| store.snapshot().await.expect("a snapshot").epoch;
    let first = epoch(&store).await;
    drop(store);
    let again = open_or_create(&database.location()).await.expect("a store");
    assert_eq!(epoch(&again).await, first);

    let page = again.revocations(None, Box::new(|_| Ok(0))).await.expect("a page");
    assert_eq!(page.epoch, first);

    let dump = || {
        let dump = Command::new("pg_dump")
            .args(["--clean", "--if-exists", "--no-owner", &database.url])
            .output()
            .expect("pg_dump runs");
        assert!(dump.status.success());
        String::from_utf8(dump.stdout).expect("UTF-8")
    };
    let restore = |url: &str, dump: &str| {
        let psql = Command::new("psql").args(["-qX", url]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
        let mut psql = psql.expect("psql runs");
        std::io::Write::write_all(&mut psql.stdin.take().expect("a pipe"), dump.as_bytes()).expect("psql reads");
        assert!(psql.wait().expect("it ends").success());
    };
    let (backup, other) = (dump(), Database::create());
    restore(&other.url, &backup);
    let elsewhere = open_or_create(&other.location()).await.expect("a store");
    assert_ne!(epoch(&elsewhere).await, first, "in another database");
    revoke_jwt(&again, "lost".into()).await;
    restore(&database.url, &backup);
    let restored = again.snapshot().await.expect("a snapshot");
    assert_eq!(restored.latest, 1);
    assert_ne!(restored.epoch, first, "over the database itself, while a node runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_a_backup_of_a_known_version_leaves_nothing_in_the_database() {
    let (source, place) = (Database::create(), Database::create());
    let folder = tempfile::tempdir().expect("a folder");
    let restore = async |name: &str| {
        let file = folder.path().join(name);
        let dump = Command::new("pg_dump").args(["--format=custom", "--file"]).arg(&file).arg(&source.url).status();
        assert!(dump.expect("pg_dump runs").success());
        let restored = crate::store::restore(&file, &place.location(), &|_| {}).await;
        let tables = place.sql("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace");
        (restored.map(|contents| contents.organizations).map_err(|cause| cause.to_string()), tables)
    };
    source.sql("CREATE TABLE foreign_table (number INTEGER)");
    let (restored, tables) = restore("foreign").await;
    assert!(restored.is_err_and(|cause| cause.contains("is no back-up of a store of Daypass")) && tables == "0");
    open_with_organization(&source.location()).await;
    source.sql("INSERT INTO daypass_migration (step) VALUES (9999)");
    let (restored, tables) = restore("newer").await;
    assert!(restored.is_err_and(|cause| cause.contains("newer")) && tables == "0");
    source.sql("DELETE FROM daypass_migration WHERE step = 9999");
    assert!(restore("own").await.0.is_ok_and(|organizations| organizations > 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_revocation_writes_nothing_and_waits_for_no_other() {
    let database = Database::create();
    let store = open_with_organization(&database.location()).await;
    let number = database.sql(
        "INSERT INTO token (hash, organization, id, kind, name, grants, origins, last_chars, created_at)
        VALUES (sha256('t'), 'o', 't', 'secret', 'n', '[]', '[]', 'abcd', 1) RETURNING number",
    );
    let serial = number.lines().next().and_then(|line| line.parse().ok()).expect("a number");
    let target = RevocationTarget::Token { serial };
    let revoke = async || {
        let target = target.clone();
        let rule = move |facts: &_| entries(&RevocationTarget::Token { serial }, facts);
        timeout(Duration::from_secs(20), store.revoke("o", target, 1, Box::new(rule))).await.expect("an answer")
    };
    revoke().await.expect("a revocation");
    let latest = store.snapshot().await.expect("a snapshot").latest;
    // What adds to the feed waits.
    let mut other = Command::new("psql")
        .args(["-qX", &database.url, "-c", "BEGIN; SELECT pg_advisory_xact_lock(4918837202); SELECT pg_sleep(60)"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("psql runs");
    let held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = 623869906
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while database.sql(held) == "0" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let repeated = revoke().await;
    database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; SELECT pg_adv%'");
    other.wait().expect("it ends");
    assert_eq!(repeated, Ok(()));
    assert_eq!(store.snapshot().await.expect("a snapshot").latest, latest);
}
