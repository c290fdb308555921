//! Copies of a store's database: backup and restore, by the programs that come with PostgreSQL.

use std::io;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, ensure};
use tokio::process::Command;
use tokio_postgres::Client;

use super::super::backup::{Contents, OnProgress, Progress, require_absent, write_new};
use super::super::location::DatabaseUrl;
use super::super::schema::Schema;
use super::{connection, migrations};

/// Writes a copy of the database as of one moment, in the custom format of `pg_dump`. The service may be running.
pub(in crate::store) async fn back_up(
    url: &DatabaseUrl,
    file: &Path,
    on_progress: &OnProgress,
) -> anyhow::Result<Contents> {
    require_absent(file)?;
    let client = connect(url).await?;
    ensure!(migrations::has_store(&client).await?, "there is no store at {url}");
    let dump = |part: &Path| {
        let mut command = program("pg_dump", url)?;
        command.args(["--format=custom", "--no-owner", "--no-privileges", "--file"]).arg(part);
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(run(command, "pg_dump")))?;
        on_progress(Progress::Checking);
        let mut list = program("pg_restore", url)?;
        list.arg("--list").arg(part).stdout(Stdio::null());
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(run(list, "pg_restore")))
    };
    write_new(file, dump)?;
    contents(&client).await
}

/// Writes a backup to a database without a store, whose feed begins another history.
pub(in crate::store) async fn restore(
    file: &Path,
    url: &DatabaseUrl,
    on_progress: &OnProgress,
) -> anyhow::Result<Contents> {
    let mut client = connect(url).await?;
    ensure!(
        !migrations::has_store(&client).await?,
        "there is a store at {url}: a backup is not restored over it; create another database, and name that"
    );
    on_progress(Progress::Checking);
    schema_in(file, url).await?.require_known(&file.display())?;
    on_progress(Progress::Copied(0));
    let mut command = program("pg_restore", url)?;
    command.args(["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", "--dbname"]);
    command.arg(url.database()?).arg(file);
    run(command, "pg_restore").await.with_context(|| format!("cannot restore {}", file.display()))?;
    // The commands that revoke in it before the service starts need the newest tables.
    migrations::migrate(&mut client, url).await?;
    // SECURITY: verifiers must not take revocations that they heard of later for known. Before this they do not
    // either: the name of the history that they are told has the number of the table, which is another one.
    client.batch_execute("UPDATE feed SET epoch = gen_random_uuid()::text").await?;
    contents(&client).await
}

/// Returns the version of the tables in a back-up, before anything of it is in a database.
async fn schema_in(file: &Path, url: &DatabaseUrl) -> anyhow::Result<Schema> {
    let mut command = program("pg_restore", url)?;
    command.args(["--data-only", "--table", migrations::TABLE_NAME, "--file", "-"]).arg(file).stdout(Stdio::piped());
    let rows = run(command, "pg_restore").await.with_context(|| format!("cannot restore {}", file.display()))?;
    let steps = rows.lines().skip_while(|line| !line.starts_with("COPY ")).skip(1).take_while(|line| *line != r"\.");
    let newest = steps.filter_map(|row| row.split('\t').next()?.parse().ok()).max();
    let found = newest.with_context(|| format!("{} is no back-up of a store of Daypass", file.display()))?;
    Ok(migrations::schema_of(found))
}

/// Returns the version of the tables in a database; none without a store.
pub(in crate::store) async fn schema(url: &DatabaseUrl) -> anyhow::Result<Option<Schema>> {
    let client = connect(url).await?;
    if !migrations::has_store(&client).await? {
        return Ok(None);
    }
    migrations::schema(&client).await.map(Some)
}

async fn connect(url: &DatabaseUrl) -> anyhow::Result<Client> {
    connection::connect(url, &connection::settings(url)?).await
}

/// Returns a program of PostgreSQL that uses this database.
///
/// SECURITY: the settings are in its environment, because other users of the machine can see command lines.
fn program(name: &str, url: &DatabaseUrl) -> anyhow::Result<Command> {
    let mut command = Command::new(name);
    command.envs(url.environment()?).stdin(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    Ok(command)
}

/// Runs a program to its end, and returns what it wrote to its output if that is a pipe.
async fn run(mut command: Command, name: &str) -> anyhow::Result<String> {
    let child = command.spawn().map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => anyhow::anyhow!(
            "{name} is not installed: it comes with PostgreSQL's client programs (Debian: `apt-get install \
             postgresql-client`), which must be as new as the server"
        ),
        _ => anyhow::Error::new(cause).context(format!("cannot run {name}")),
    })?;
    let output = child.wait_with_output().await?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name} failed: {}", complaint.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

async fn contents(client: &Client) -> anyhow::Result<Contents> {
    let number = async |select: &str| -> anyhow::Result<u64> {
        let count: i64 = client.query_one(select, &[]).await?.try_get(0)?;
        Ok(u64::try_from(count)?)
    };
    let find = "SELECT count(*) FROM information_schema.columns
        WHERE table_name = 'signing_key' AND column_name = 'master_key'";
    let unsealed = match number(find).await? {
        0 => "SELECT count(*) FROM signing_key",
        _ => "SELECT count(*) FROM signing_key WHERE master_key IS NULL",
    };
    Ok(Contents {
        organizations: number("SELECT count(*) FROM organization").await?,
        tokens: number("SELECT count(*) FROM token").await?,
        unsealed_keys: number(unsealed).await?,
    })
}
