//! SQLite stores that are filled by inserts, since requests would take hours.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use aws_lc_rs::digest::{SHA256, digest};
use daypass::{OpaqueToken, TokenKind};
use rusqlite::{Connection, params};
use tempfile::TempDir;

use super::Bench;
use super::node::{Node, daypass};

/// Writes the row of a token as the service does, with the grants of the first token.
pub(super) const INSERT: &str = "INSERT INTO token
    (hash, organization, id, kind, name, grants, origins, last_chars, created_at, expires_at, revoked_at, created_by)
    SELECT ?1, organization, ?2, 'secret', 'Backend', grants, '[]', ?3, created_at, NULL, NULL, id
    FROM token WHERE number = ?4";

/// A store, and what is known of it.
pub(super) struct Filled {
    /// The file.
    pub(super) path: String,
    /// A token that administers the organization.
    pub(super) owner: String,
    /// Some of its tokens.
    pub(super) samples: Vec<String>,
}

/// Returns a new folder for stores, on the same disk as those that stay.
pub(super) fn folder(bench: &Bench<'_>) -> Result<TempDir> {
    fs::create_dir_all(&bench.folder)?;
    Ok(tempfile::tempdir_in(&bench.folder)?)
}

/// Returns the location of a store in a folder.
pub(super) fn path(folder: &TempDir, name: &str) -> Result<String> {
    Ok(folder.path().join(name).to_str().context("a path is UTF-8")?.to_owned())
}

/// Creates a store in which the first organization has so many tokens, and no limit of them.
///
/// It is kept if it has a name, and found again, with the tokens of the samples.
///
/// SECURITY: these open this store alone, and nobody else can read them.
pub(super) fn filled(folder: &Path, name: &str, count: u64, samples: usize) -> Result<Filled> {
    fs::create_dir_all(folder)?;
    let file = folder.join(format!("{name}.db"));
    let path = file.to_str().context("a path is UTF-8")?.to_owned();
    let tokens = folder.join(format!("{name}.json"));
    if let Ok(text) = fs::read(&tokens)
        && let Ok((owner, samples)) = serde_json::from_slice(&text)
    {
        return Ok(Filled { path, owner, samples });
    }
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(folder.join(format!("{name}.db{suffix}")));
    }
    let node = Node::start(&path)?;
    let (owner, organization) = (node.told("ownerToken")?, node.told("organization")?);
    drop(node);
    lift_limit(&path, &organization)?;
    let samples = fill(&file, count, samples)?;
    serde_json::to_writer(private_file(&tokens)?, &(&owner, &samples))?;
    Ok(Filled { path, owner, samples })
}

/// Creates a file that only its owner can read.
fn private_file(path: &Path) -> Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    Ok(options.open(path)?)
}

/// Lets an organization have any number of secret tokens.
pub(super) fn lift_limit(store: &str, organization: &str) -> Result<()> {
    let mut command = daypass()?;
    command.args(["organization", "limits", organization, "--secret", "unlimited", "--json"]);
    let output = command.env("DAYPASS_STORE", store).output()?;
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Opens a store as the service does for its writer.
pub(super) fn open(file: &Path) -> Result<Connection> {
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

/// Returns the number of the token that administers the first organization.
pub(super) fn first_number(connection: &Connection) -> Result<i64> {
    let first =
        "SELECT min(number) FROM token JOIN organization ON organization.id = organization WHERE NOT is_operator";
    Ok(connection.query_row(first, [], |row| row.get(0))?)
}

/// Adds so many tokens, of which some are real, and returns those.
fn fill(file: &Path, count: u64, samples: usize) -> Result<Vec<String>> {
    let mut connection = open(file)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "cache_size", -512 * 1024)?;
    let first = first_number(&connection)?;
    let mut tokens = vec![];
    let every = (count / samples as u64).max(1);
    let mut begun = 0;
    // Not in one transaction: its log would be as large as the store.
    while begun < count {
        let end = (begun + 1_000_000).min(count);
        let transaction = connection.transaction()?;
        let mut insert = transaction.prepare_cached(INSERT)?;
        for number in begun..end {
            // In the order of the index, which fills its pages one after the other: it is then smaller by a third than
            // that of a store that has grown.
            let mut hash = digest(&SHA256, &number.to_le_bytes()).as_ref().to_vec();
            hash[..8].copy_from_slice(&(number * (u64::MAX / count)).to_be_bytes());
            if number % every == 0 && tokens.len() < samples {
                let token = OpaqueToken::generate(TokenKind::Secret, |bytes| {
                    aws_lc_rs::rand::fill(bytes).expect("random bytes");
                })
                .context("a kind of opaque token")?;
                hash = digest(&SHA256, token.expose_secret().as_bytes()).as_ref().to_vec();
                tokens.push(token.expose_secret().to_owned());
            }
            insert.execute(params![hash, format!("tok_filled_{number:014}"), "0000", first])?;
        }
        drop(insert);
        transaction.commit()?;
        begun = end;
    }
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(tokens)
}
