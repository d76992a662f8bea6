//! The tables, and how a database of an earlier version gets them.

use tokio_postgres::{Client, GenericClient, Transaction};

use super::open::OpenProblem;

/// What each version adds to the one before, the first to an empty database.
pub(super) const VERSIONS: &[&str] =
    &[include_str!("version_1.sql"), include_str!("version_2.sql")];

/// The lock that keeps two gateways that start at once from creating the tables
/// both: any number that is nobody else's.
const LOCK: i64 = 0x7265_636f_7570;

/// How long another gateway's migration is waited for.
const PATIENCE: &str = "SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '60s'";

/// Brings the database to the last of `versions`, in one step or not at all.
pub(super) async fn migrate(client: &mut Client, versions: &[&str]) -> Result<(), OpenProblem> {
    // Where nothing is to be done, no right to create anything is needed.
    if version(client, versions.len()).await? == versions.len() {
        return Ok(());
    }
    let transaction = client.transaction().await?;
    transaction.batch_execute(PATIENCE).await?;
    transaction
        .execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK])
        .await?;
    // What counts is what stands there once the lock is held.
    let present = version(&transaction, versions.len()).await?;
    for statements in &versions[present..] {
        transaction.batch_execute(statements).await?;
    }
    if present < versions.len() {
        note_version(&transaction, versions.len()).await?;
    }
    Ok(transaction.commit().await?)
}

/// How many versions the database has.
async fn version(client: &impl GenericClient, known: usize) -> Result<usize, OpenProblem> {
    // Read from the catalogue as it is now: looked up by name, a table that
    // another gateway has just created may be remembered as missing.
    let present = client
        .query_one(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables
                            WHERE schemaname = 'recoup' AND tablename = 'version')",
            &[],
        )
        .await?;
    if !present.try_get::<_, bool>(0)? {
        return Ok(0);
    }
    let row = client
        .query_one("SELECT version FROM recoup.version", &[])
        .await?;
    let version: i32 = row.try_get(0)?;
    usize::try_from(version)
        .ok()
        .filter(|version| *version <= known)
        .ok_or(OpenProblem::Version { version, known })
}

async fn note_version(transaction: &Transaction<'_>, version: usize) -> Result<(), OpenProblem> {
    let version = i32::try_from(version).expect("there are few versions");
    transaction
        .execute("DELETE FROM recoup.version", &[])
        .await?;
    transaction
        .execute(
            "INSERT INTO recoup.version (version) VALUES ($1)",
            &[&version],
        )
        .await?;
    Ok(())
}
