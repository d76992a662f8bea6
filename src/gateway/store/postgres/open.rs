//! Opening the database.

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod,
};
use tokio_postgres::NoTls;

use super::address::PostgresAddress;
use super::reason::in_one_line;
use super::schema::{self, VERSIONS};

/// How many connections a gateway has at most. Each is a process of the
/// server's, whose default is a hundred for all.
const CONNECTIONS: usize = 16;

/// How every connection is set up.
///
/// What is answered must survive the server's crash, whatever its settings say
/// (and more, where they ask for more). A statement that nobody waits for any
/// longer must end, and at the level of isolation that the statements are
/// written for.
const SESSION: &str = "
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') IN ('off', 'local');
    SET default_transaction_isolation = 'read committed';
    SET lock_timeout = '2s';
    SET statement_timeout = '4s';
    SET idle_in_transaction_session_timeout = '60s'";

/// Why a database can't be used as a store.
#[derive(Debug, thiserror::Error)]
pub enum OpenProblem {
    /// There is no connection, or the database wants none of this user.
    #[error("{0}")]
    OutOfReach(String),
    /// The database's own reason.
    #[error("{}", in_one_line(.0))]
    Database(#[from] tokio_postgres::Error),
    /// Not every number can be kept.
    #[error("its encoding is {0}, and numbers are Unicode: create it with ENCODING 'UTF8'")]
    Encoding(String),
    /// It was written by a later version of this gateway.
    #[error(
        "it has tables of version {version}, and this gateway knows versions up to {known}: use the recoup that wrote them, or a later one"
    )]
    Version {
        /// The database's version.
        version: i32,
        /// The last version that is known here.
        known: usize,
    },
}

/// Connects to the database, and brings its tables to this version.
pub(super) async fn open(address: &PostgresAddress) -> Result<Pool, OpenProblem> {
    let manager = Manager::from_config(
        address.config().clone(),
        NoTls,
        ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        },
    );
    let set_up = Hook::async_fn(|client, _| {
        Box::pin(async move {
            client
                .batch_execute(SESSION)
                .await
                .map_err(HookError::Backend)
        })
    });
    let pool = Pool::builder(manager)
        .max_size(CONNECTIONS)
        .post_create(set_up)
        .build()
        .expect("a pool without time-outs needs nothing else");
    let mut client = pool.get().await.map_err(|error| out_of_reach(&error))?;
    let encoding: String = client
        .query_one("SHOW server_encoding", &[])
        .await?
        .try_get(0)?;
    if encoding != "UTF8" {
        return Err(OpenProblem::Encoding(encoding));
    }
    schema::migrate(&mut client, VERSIONS).await?;
    drop(client);
    Ok(pool)
}

fn out_of_reach(error: &PoolError) -> OpenProblem {
    let reason = in_one_line(error);
    OpenProblem::OutOfReach(if reason.contains("password missing") {
        "the database asks for a password: give it in PGPASSWORD".to_owned()
    } else {
        reason
    })
}
