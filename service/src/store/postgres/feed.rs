//! The feed: its position, its entries, and how an entry is added.

use daypass::api::{Revocation, RevocationPage, RevocationTarget};
use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::Row;

use super::super::entry::{columns, target};
use super::super::notes::note;
use super::super::{FeedPage, Rule, Snapshot};
use super::sql::{execute, find, number, row, rows, signed};
use super::{Failure, catalog, keys, listener, marks, tokens};
use crate::domain::audit::change;

const ENTRY: &str = "SELECT seq, at, organization, level, name FROM revocation";

/// The number of the advisory lock means nothing; it is Daypass's.
const LOCK: &str = "SELECT pg_advisory_xact_lock(4918837202); SELECT seq FROM feed FOR UPDATE";

/// The feed's position. The entries are asked too, so that this fails without their table.
///
/// SECURITY: a subscriber that sees another epoch asks for everything. The epoch is stored with the feed, and would
/// come back with a backup, whose numbers stand for other entries from then on. So the name that is told also has
/// what a restored store does not share with the one that was backed up: the cluster and its timeline, the database
/// and the table.
const POSITION: &str = "
    SELECT greatest(seq, (SELECT coalesce(max(seq), 0) FROM revocation)) AS latest,
        left(encode(sha256(convert_to(concat_ws('/',
            epoch,
            feed.tableoid,
            (SELECT oid FROM pg_database WHERE datname = current_database()),
            (SELECT system_identifier FROM pg_control_system()),
            left(pg_walfile_name(pg_current_wal_lsn()), 8)
        ), 'UTF8')), 'hex'), 32) AS epoch
    FROM feed";

/// Where the feed is.
pub(super) struct Position {
    /// The last number.
    pub(super) latest: u64,
    /// The name of the feed's history.
    pub(super) epoch: String,
}

pub(super) async fn position(client: &impl GenericClient) -> Result<Position, Failure> {
    let row = row(client, POSITION, &[]).await?;
    Ok(Position { latest: number(&row, "latest")?, epoch: row.try_get("epoch")? })
}

/// Returns the entries after a number, which the rule finds by the last one's.
pub(super) async fn entries(
    transaction: &Transaction<'_>,
    organization: Option<&str>,
    after: &Rule<u64, u64>,
) -> Result<FeedPage, Failure> {
    let Position { latest, epoch } = position(transaction).await?;
    let revocations = page(transaction, organization, after(&latest)?).await?;
    let deleted_up_to = marks::oldest(transaction).await?.seq;
    Ok(FeedPage { revocations, latest, deleted_up_to, epoch })
}

/// Returns what a node follows.
pub(super) async fn snapshot(transaction: &Transaction<'_>) -> Result<Snapshot, Failure> {
    let Position { latest, epoch } = position(transaction).await?;
    let deleted_up_to = marks::oldest(transaction).await?.seq;
    let newest_mark = marks::newest(transaction).await?.number;
    let catalog_version = catalog::version(transaction).await?;
    let keys = keys::keys(transaction).await?;
    Ok(Snapshot { latest, deleted_up_to, newest_mark, epoch, keys, catalog_version })
}

/// Locks the feed until the transaction ends: its first lock of all.
///
/// SECURITY: every transaction that adds an entry does this, so that numbers are drawn in the order in which they are
/// committed. Otherwise a reader could be told a number while a smaller one is still to come, and would miss that one.
///
/// Locks of rows are not queued: under load one waiter can be passed by others until it gives up, and a revocation with
/// it. So the transactions wait in the queue of an advisory lock first.
pub(super) async fn lock(transaction: &Transaction<'_>) -> Result<(), Failure> {
    Ok(transaction.batch_execute(LOCK).await?)
}

/// Adds an entry, and one to the audit trail, as a revocation does, and takes them back: the transaction commits no more than that it could.
///
/// It does not lock the feed: while a standby is lost the commit waits, and nothing must wait for it.
const PROBE: &str = "
    SAVEPOINT probe;
    INSERT INTO revocation (seq, at, level, name) VALUES (-1 - floor(random() * 1e15)::bigint, 0, 'jwt', 'probe');
    INSERT INTO audit (mark, actor_kind, action, outcome, facts) VALUES (0, 'service', 'probe', 'ok', '{}');
    ROLLBACK TO probe";

/// Finds out whether an entry could be written.
pub(super) async fn probe(transaction: &Transaction<'_>) -> Result<(), Failure> {
    Ok(transaction.batch_execute(PROBE).await?)
}

/// Marks the targets as revoked, suspended or resumed, and adds their entries to the feed, which the transaction has locked.
///
/// An entry without an organization is for all.
pub(super) async fn enter(
    transaction: &impl GenericClient,
    organization: Option<&str>,
    targets: &[RevocationTarget],
    at: u64,
) -> Result<(), Failure> {
    if targets.is_empty() {
        return Ok(());
    }
    mark(transaction, organization, targets, at).await?;
    let count = i64::try_from(targets.len()).map_err(Failure::value)?;
    let draw = row(transaction, "UPDATE feed SET seq = seq + $1 RETURNING seq", &[&count]).await?;
    let before = draw.try_get::<_, i64>("seq")? - count;
    let (levels, names): (Vec<_>, Vec<_>) = targets.iter().map(columns).unzip();
    let insert = "INSERT INTO revocation (seq, at, organization, level, name)
        SELECT $1 + entry.place, $2, $3, entry.level, entry.name
        FROM unnest($4::text[], $5::text[]) WITH ORDINALITY AS entry (level, name, place)";
    execute(transaction, insert, &[&before, &signed(at)?, &organization, &levels, &names]).await?;
    listener::notify(transaction).await
}

/// Marks the rows of the targets, and notes what that changes.
async fn mark(
    transaction: &impl GenericClient,
    organization: Option<&str>,
    targets: &[RevocationTarget],
    at: u64,
) -> Result<(), Failure> {
    let at = signed(at)?;
    mark_tokens(transaction, organization, targets, at).await?;
    for target in targets {
        change::entered(organization, target).into_iter().for_each(note);
        match target {
            // Tokens were marked together. A JWT has no row to mark, an edit was written with the token's row, and the
            // next one took the fourth's place.
            RevocationTarget::Token { .. }
            | RevocationTarget::Jwt { .. }
            | RevocationTarget::Changed { .. }
            | RevocationTarget::IssuedBefore { .. } => {}
            RevocationTarget::Organization { organization } => {
                let mark = "UPDATE organization SET revoked_at = $2 WHERE id = $1";
                execute(transaction, mark, &[organization, &at]).await?;
            }
            RevocationTarget::IssuedUpTo { organization, time, root_serial } => {
                let mark = "UPDATE organization
                    SET issued_before = $2, revoked_up_to = $3, revoked_up_to_at = $4 WHERE id = $1";
                execute(transaction, mark, &[organization, &signed(*time)?, &signed(*root_serial)?, &at]).await?;
            }
            RevocationTarget::Suspended { organization } => {
                let mark = "UPDATE organization SET suspended_at = $2 WHERE id = $1";
                execute(transaction, mark, &[organization, &at]).await?;
            }
            RevocationTarget::Resumed { organization } => {
                let mark = "UPDATE organization SET suspended_at = NULL WHERE id = $1";
                execute(transaction, mark, &[organization]).await?;
            }
            RevocationTarget::Key { kid } => {
                execute(transaction, "UPDATE signing_key SET revoked_at = $2 WHERE kid = $1", &[kid, &at]).await?;
            }
        }
    }
    Ok(())
}

/// Marks the rows of the tokens among the targets, which may be thousands, with one statement.
async fn mark_tokens(
    transaction: &impl GenericClient,
    organization: Option<&str>,
    targets: &[RevocationTarget],
    at: i64,
) -> Result<(), Failure> {
    let serial = |target: &RevocationTarget| match target {
        RevocationTarget::Token { serial } => Some(signed(*serial)),
        _ => None,
    };
    let serials = targets.iter().filter_map(serial).collect::<Result<Vec<_>, _>>()?;
    if serials.len() > 1 {
        // The rows are locked in their order, because uses of tokens are written meanwhile.
        let lock = "SELECT number FROM token WHERE number = ANY ($1) ORDER BY number FOR NO KEY UPDATE";
        rows(transaction, lock, &[&serials]).await?;
    }
    if !serials.is_empty() {
        let mark = "UPDATE token SET revoked_at = $2 WHERE number = ANY ($1) RETURNING id, kind";
        for row in rows(transaction, mark, &[&serials, &at]).await? {
            note(change::token_revoked(organization, row.try_get("id")?, tokens::kind(&row)?));
        }
    }
    Ok(())
}

pub(super) async fn newest_entry(
    client: &impl GenericClient,
    target: &RevocationTarget,
) -> Result<Option<Revocation>, Failure> {
    let row = if let RevocationTarget::IssuedBefore { organization, .. } = target {
        find(client, &newest_of_organization(), &[organization]).await?
    } else {
        let (level, name) = columns(target);
        let newest = format!("{ENTRY} WHERE level = $1 AND name = $2 ORDER BY seq DESC LIMIT 1");
        find(client, &newest, &[&level, &name]).await?
    };
    row.map(|row| entry(&row)).transpose()
}

/// Returns the statement that finds an organization's newest entry of a time. An index has no others.
pub(super) fn newest_of_organization() -> String {
    format!(
        "{ENTRY} WHERE level IN ('issuedBefore', 'issuedUpTo') AND organization BETWEEN $1 AND $1
        ORDER BY organization DESC, seq DESC LIMIT 1"
    )
}

/// Returns the statement that reads a page: the entries of an organization and those for all, in two ranges of an index.
///
/// However many entries other organizations have, none of them is read. The pair is where the index is entered, and only
/// that index has the order: by an equality the planner may read the whole feed, in the hope that many entries are of
/// this organization.
pub(super) fn statement(organization: Option<&str>) -> String {
    let most = RevocationPage::MOST;
    match organization {
        Some(_) => format!(
            "SELECT * FROM (
                ({ENTRY} WHERE (organization, seq) > ($2, $1) AND organization <= $2
                ORDER BY organization, seq LIMIT {most})
                UNION ALL
                ({ENTRY} WHERE organization IS NULL AND seq > $1 ORDER BY seq LIMIT {most})
            ) AS both_ranges ORDER BY seq LIMIT {most}"
        ),
        None => format!("{ENTRY} WHERE seq > $1 AND $2::text IS NULL ORDER BY seq LIMIT {most}"),
    }
}

/// The entries after a number that concern an organization, or that concern any.
pub(super) async fn page(
    transaction: &impl GenericClient,
    organization: Option<&str>,
    after: u64,
) -> Result<Vec<Revocation>, Failure> {
    let page = statement(organization);
    rows(transaction, &page, &[&signed(after)?, &organization]).await?.iter().map(entry).collect()
}

/// The revocation in a row of [`ENTRY`].
fn entry(row: &Row) -> Result<Revocation, Failure> {
    let level = row.try_get("level")?;
    let target = target(level, row.try_get("name")?, row.try_get("organization")?).map_err(Failure::value)?;
    Ok(Revocation { seq: number(row, "seq")?, at: number(row, "at")?, target })
}
