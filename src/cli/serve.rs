//! `recoup serve`: the reference gateway.

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use etcetera::BaseStrategy;
use tokio::sync::Notify as Signal;

use super::open_files;
use super::serve_lists;
use super::serve_log::LogArgs;
use crate::gateway::partner_file::{self, PartnerFileError};
use crate::gateway::{
    self, ChosenFault, DealingSettings, Faults, Limits, NotificationSettings, Partners, Receivers,
    Settings, StartError, StoreChoice, StoreChoiceError, Tls, TlsError, Variant,
};

/// The largest limit that can be asked for.
const MOST: usize = 1_000_000;

/// Run the reference gateway.
///
/// Its URL is the first line on stdout. SIGINT and SIGTERM stop it. A barcode
/// that starts with 99 leaves its order to be paid. An order of
/// /api/offline/create, /api/offline/qrcode or /api/online/create is paid, or
/// declined, on a page of the gateway's own.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// Where to keep orders and refunds: memory, sqlite:PATH or
    /// postgres://USER@HOST:PORT/DATABASE, whose password may come from
    /// PGPASSWORD [default: a file in the user's data folder, or memory where a
    /// fault needs it]
    // It may hold a password: no help shows what the configuration file says,
    // and clap, which shows what it can't parse, does not parse it.
    #[arg(long, value_name = "STORE", hide_default_value = true)]
    pub store: Option<String>,

    /// A file that says it in --store's place, for an address with a password
    #[arg(long, value_name = "FILE")]
    pub store_file: Option<PathBuf>,

    /// The partners and where each key comes from, as TOML [default: two test
    /// partners, on loopback only]
    #[arg(long, value_name = "FILE")]
    pub partners: Option<PathBuf>,

    /// Do something wrong; what is a question of time takes its window;
    /// repeatable
    #[arg(
        long = "fault",
        value_name = "NAME[=µs]",
        value_delimiter = ',',
        value_parser = ChosenFault::from_str
    )]
    pub faults: Vec<ChosenFault>,

    /// Answer in another conforming dialect; repeatable
    #[arg(
        long = "variant",
        value_name = "NAME",
        value_delimiter = ',',
        value_parser = Variant::from_str
    )]
    pub variants: Vec<Variant>,

    /// List the faults and exit
    #[arg(long)]
    pub list_faults: bool,

    /// List the variants and exit
    #[arg(long)]
    pub list_variants: bool,

    /// How long each answer waits after its work is done, in milliseconds
    #[arg(
        long,
        value_name = "TIME",
        default_value = "0",
        value_parser = parse_delay
    )]
    pub delay: Duration,

    /// Answer refunds as dealing (status 0) and settle each of them later: so
    /// many milliseconds later, 20 where no number is given
    #[arg(
        long,
        value_name = "TIME",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "20",
        value_parser = parse_delay
    )]
    pub dealing: Option<Duration>,

    /// How many of a hundred refunds fail when they are settled, and release
    /// their amount: those whose number's SHA-256 begins with eight hexadecimal
    /// digits that are, modulo 100, less than this
    #[arg(
        long,
        value_name = "PERCENT",
        default_value_t = 0,
        requires = "dealing",
        value_parser = clap::value_parser!(u8).range(0..=100)
    )]
    pub dealing_fails: u8,

    /// Who gets notifications of payments: only receivers on this machine, or
    /// whatever a merchant names
    #[arg(long, value_name = "RECEIVERS", value_enum, default_value_t = Notify::Loopback)]
    pub notify: Notify,

    /// What the links to the pages that orders are paid on begin with
    /// [default: where the gateway listens]
    #[arg(long, value_name = "URL", value_parser = parse_public_url)]
    pub public_url: Option<String>,

    /// Speak TLS: a PEM file with the server's certificate, and then those that
    /// lead to its authority
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The private key of --tls-cert, a PEM file
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// How many connections are served at once; others wait to be let in
    #[arg(
        long,
        value_name = "N",
        default_value_t = Limits::default().connections,
        value_parser = parse_limit
    )]
    pub max_connections: usize,

    /// How many calls wait for the store at once; others are answered as busy,
    /// code 22
    #[arg(
        long,
        value_name = "N",
        default_value_t = Limits::default().waiting,
        value_parser = parse_limit
    )]
    pub max_waiting: usize,

    #[command(flatten)]
    pub log: LogArgs,
}

/// Who gets notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Notify {
    /// This machine alone.
    Loopback,
    /// Whoever a merchant names.
    Anywhere,
}

impl From<Notify> for Receivers {
    fn from(notify: Notify) -> Self {
        match notify {
            Notify::Loopback => Self::Loopback,
            Notify::Anywhere => Self::Anywhere,
        }
    }
}

/// Why `recoup serve` did not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The test keys are public, and the address is not loopback.
    #[error(
        "the test partners' keys are public: to listen on {0}, which is not loopback, give --partners FILE"
    )]
    PublicTestKeys(SocketAddr),
    /// The partners' file can't be used.
    #[error(transparent)]
    Partners(#[from] PartnerFileError),
    /// No store is named.
    #[error("can't use {place} as a store: {problem}")]
    Store {
        /// The flag or the file that names it.
        place: String,
        /// What is wrong with it.
        problem: StoreChoiceError,
    },
    /// The file that names the store can't be read.
    #[error("can't read the --store-file {}: {source}", path.display())]
    StoreFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// TLS can't be spoken.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// There is no folder to put the default store into.
    #[error("no data folder is known for this user: give --store")]
    NoDataFolder,
    /// The gateway did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The system does not tell when to stop.
    #[error("can't wait for SIGINT and SIGTERM: {0}")]
    Signals(#[from] ctrlc::Error),
    /// Nobody reads what is printed.
    #[error("can't write to stdout: {0}")]
    Output(#[from] io::Error),
}

impl ServeError {
    /// Whether the command line or a file that it names is at fault, and not
    /// the machine.
    pub const fn is_usage(&self) -> bool {
        match self {
            Self::Start(StartError::Store(error)) => !error.is_out_of_reach(),
            Self::PublicTestKeys(_)
            | Self::Partners(_)
            | Self::Store { .. }
            | Self::StoreFile { .. }
            | Self::Tls(_)
            | Self::NoDataFolder
            | Self::Start(_) => true,
            Self::Signals(_) | Self::Output(_) => false,
        }
    }
}

/// Serves until SIGINT or SIGTERM, or prints a list.
///
/// # Errors
/// [`ServeError`] where the gateway can't be started as asked.
pub(super) async fn run(args: ServeArgs) -> Result<(), ServeError> {
    let mut out = io::stdout();
    if args.list_faults || args.list_variants {
        serve_lists::write(args.list_faults, args.list_variants, &mut out)?;
        return Ok(());
    }
    // Each connection is an open file. With fewer of them a load has fewer users.
    open_files::raise();
    args.log.begin();
    let settings = settings(args)?;
    let (store, tls) = (settings.store.to_string(), settings.tls.is_some());
    let stop = Arc::new(Signal::new());
    let stop_on_signal = Arc::clone(&stop);
    ctrlc::set_handler(move || stop_on_signal.notify_one())?;

    let running = gateway::start(settings).await?;
    let url = running.url();
    tracing::info!(
        url,
        store,
        tls,
        version = env!("CARGO_PKG_VERSION"),
        "serving"
    );
    writeln!(out, "{url}")?;
    out.flush()?;
    stop.notified().await;
    tracing::info!("stopping: answers under way are sent");
    let answers = running.stop().await;
    tracing::info!(answers, "stopped");
    Ok(())
}

fn settings(args: ServeArgs) -> Result<Settings, ServeError> {
    let store = named_store(&args)?;
    let partners = match args.partners {
        Some(path) => partner_file::read(&path)?,
        None if args.listen.ip().is_loopback() => Partners::test(),
        None => return Err(ServeError::PublicTestKeys(args.listen)),
    };
    let faults: Faults = args.faults.into_iter().collect();
    let store = match store {
        Some(store) => store,
        None if faults.first_of_ledger().is_some() => StoreChoice::Memory,
        None => default_store()?,
    };
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls::read(certificate, key)?),
        _ => None,
    };
    Ok(Settings {
        listen: args.listen,
        tls,
        limits: Limits {
            connections: args.max_connections,
            waiting: args.max_waiting,
            ..Limits::default()
        },
        store,
        partners,
        faults,
        variants: args.variants.into_iter().collect(),
        delay: args.delay,
        dealing: args.dealing.map(|delay| DealingSettings {
            delay,
            failing_percent: args.dealing_fails,
        }),
        notification: NotificationSettings {
            receivers: args.notify.into(),
            ..NotificationSettings::default()
        },
        public_url: args.public_url,
        ..Settings::default()
    })
}

/// The store that the arguments name. A file wins, since it was made for it; a
/// newline at its end is an editor's.
fn named_store(args: &ServeArgs) -> Result<Option<StoreChoice>, ServeError> {
    let (place, text) = match (&args.store_file, &args.store) {
        (Some(path), _) => {
            let text = std::fs::read_to_string(path).map_err(|source| ServeError::StoreFile {
                path: path.clone(),
                source,
            })?;
            (format!("what stands in {}", path.display()), text)
        }
        (None, Some(text)) => ("the --store".to_owned(), text.clone()),
        (None, None) => return Ok(None),
    };
    match store_named(text.trim_end_matches(['\n', '\r'])) {
        Ok(store) => Ok(Some(store)),
        Err(problem) => Err(ServeError::Store { place, problem }),
    }
}

/// The store that `text` names; a database's password may be in the
/// environment.
///
/// # Errors
/// [`StoreChoiceError`] shows nothing of the text, which may hold a password.
pub(super) fn store_named(text: &str) -> Result<StoreChoice, StoreChoiceError> {
    let password = std::env::var_os("PGPASSWORD").map(OsString::into_encoded_bytes);
    let store: StoreChoice = text.parse()?;
    Ok(store.or_password(password.as_deref()))
}

fn default_store() -> Result<StoreChoice, ServeError> {
    let folders = etcetera::choose_base_strategy().map_err(|_| ServeError::NoDataFolder)?;
    let file = folders.data_dir().join("recoup").join("gateway.sqlite");
    Ok(StoreChoice::Sqlite(file))
}

fn parse_delay(text: &str) -> Result<Duration, String> {
    let digits = text.strip_suffix("ms").unwrap_or(text);
    digits
        .parse()
        .map(Duration::from_millis)
        .map_err(|_| "a delay is a number of milliseconds, as in 10 or 10ms".to_owned())
}

/// The base of the links to pages, without a slash at its end.
fn parse_public_url(text: &str) -> Result<String, String> {
    let is_base = url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.query().is_none()
            && url.fragment().is_none()
    });
    if is_base {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err("it is an http or https URL, as in https://pay.example".to_owned())
    }
}

fn parse_limit(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(limit @ 1..=MOST) => Ok(limit),
        _ => Err(format!("a limit is a number from 1 to {MOST}")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::gateway::Fault;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        serve: ServeArgs,
    }

    fn parsed(args: &[&str]) -> Result<Settings, String> {
        let args = std::iter::once("serve").chain(args.iter().copied());
        let command = Command::try_parse_from(args).map_err(|error| error.to_string())?;
        settings(command.serve).map_err(|error| error.to_string())
    }

    #[test]
    fn a_store_is_memory_a_file_or_a_database() {
        let store = |text| parsed(&["--store", text]).map(|settings| settings.store);
        assert_eq!(store("memory"), Ok(StoreChoice::Memory));
        let file = StoreChoice::Sqlite("a:b.db".into());
        assert_eq!(store("sqlite:a:b.db"), Ok(file));
        let database = store("postgres://u@h:5433/d").unwrap();
        assert!(matches!(database, StoreChoice::Postgres(_)));
        assert!(store("sqlite:").is_err());
    }

    #[test]
    fn what_is_no_store_is_refused_without_showing_what_may_be_a_password() {
        for text in [
            "postgress://u:hunter2@h/d",
            "postgres://u:hunter2@h:port/d",
            "postgres://u:hunter2@h/d?sslmode=require",
            "mysql:hunter2",
        ] {
            let error = parsed(&["--store", text]).unwrap_err();
            assert!(error.contains("--store"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_file_can_name_the_store_and_wins() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let name = path.to_str().unwrap();
        std::fs::write(&path, "sqlite:x.db\n").unwrap();
        let settings = parsed(&["--store", "memory", "--store-file", name]).unwrap();
        assert_eq!(settings.store, StoreChoice::Sqlite("x.db".into()));
        std::fs::write(&path, "hunter2").unwrap();
        let error = parsed(&["--store-file", name]).unwrap_err();
        assert!(
            error.contains(name) && !error.contains("hunter2"),
            "{error}"
        );
        assert!(parsed(&["--store-file", "/nowhere"]).is_err());
    }

    #[test]
    fn the_test_keys_are_served_on_loopback_only() {
        assert!(parsed(&["--store", "memory", "--listen", "[::1]:0"]).is_ok());
        let error = parsed(&["--store", "memory", "--listen", "0.0.0.0:0"]).unwrap_err();
        assert!(error.contains("--partners"), "{error}");
    }

    #[test]
    fn a_fault_that_keeps_money_wrong_is_in_memory_unless_another_store_is_named() {
        let settings = parsed(&["--fault", "lost-update=50"]).unwrap();
        assert_eq!(settings.store, StoreChoice::Memory);
        assert_eq!(
            settings.faults.window(Fault::LostUpdate),
            Some(Duration::from_micros(50))
        );
    }

    #[test]
    fn a_delay_is_in_milliseconds_with_or_without_saying_so() {
        for text in ["10", "10ms"] {
            let settings = parsed(&["--store", "memory", "--delay", text]).unwrap();
            assert_eq!(settings.delay, Duration::from_millis(10));
        }
        assert!(parsed(&["--delay", "soon"]).is_err());
    }

    #[test]
    fn refunds_are_settled_later_where_that_is_asked_for() {
        let dealing = |args: &[&str]| {
            let args = [&["--store", "memory"], args].concat();
            parsed(&args).map(|settings| settings.dealing)
        };
        let settled = |millis, failing_percent| {
            Ok(Some(DealingSettings {
                delay: Duration::from_millis(millis),
                failing_percent,
            }))
        };
        assert_eq!(dealing(&[]), Ok(None));
        assert_eq!(dealing(&["--dealing"]), settled(20, 0));
        assert_eq!(
            dealing(&["--dealing=500ms", "--dealing-fails", "30"]),
            settled(500, 30)
        );
        assert!(dealing(&["--dealing", "--dealing-fails", "101"]).is_err());
        assert!(dealing(&["--dealing-fails", "10"]).is_err());
    }

    #[test]
    fn notifications_go_to_this_machine_unless_others_are_asked_for() {
        let receivers = |args: &[&str]| {
            let args = [&["--store", "memory"], args].concat();
            parsed(&args).map(|settings| settings.notification.receivers)
        };
        assert_eq!(receivers(&[]), Ok(Receivers::Loopback));
        assert_eq!(
            receivers(&["--notify", "anywhere"]),
            Ok(Receivers::Anywhere)
        );
        let page = parsed(&["--store", "memory", "--public-url", "https://pay.example/"]);
        assert_eq!(
            page.unwrap().public_url.as_deref(),
            Some("https://pay.example")
        );
        assert!(parsed(&["--public-url", "javascript:x"]).is_err());
    }
}
