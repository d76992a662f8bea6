//! What a gateway is started with.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::fault::Faults;
use super::partner::Partners;
use super::store::{AddressError, PostgresAddress};
use super::tls::Tls;
use super::variant::Variants;

/// What a gateway is started with. The default is what a test wants: a free
/// loopback port, everything in memory, the two test partners, no fault.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// What TLS is spoken with; `None` for plain HTTP.
    pub tls: Option<Tls>,
    /// Where orders and refunds are kept.
    pub store: StoreChoice,
    /// Who is served.
    pub partners: Partners,
    /// What to do wrong.
    pub faults: Faults,
    /// In what to differ from the default dialect, rightly.
    pub variants: Variants,
    /// What one caller may cost.
    pub limits: Limits,
    /// How long each answer waits after its work is done.
    pub delay: Duration,
    /// The currency of every payment.
    pub currency: String,
    /// How refunds are settled later; `None` where they are done at once.
    pub dealing: Option<DealingSettings>,
    /// How merchants are told of payments.
    pub notification: NotificationSettings,
    /// What the links to its pages begin with; `None` for where it listens.
    pub public_url: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: None,
            store: StoreChoice::Memory,
            partners: Partners::test(),
            faults: Faults::default(),
            variants: Variants::default(),
            limits: Limits::default(),
            delay: Duration::ZERO,
            currency: "JPY".to_owned(),
            dealing: None,
            notification: NotificationSettings::default(),
            public_url: None,
        }
    }
}

/// How refunds are settled after they were accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DealingSettings {
    /// How long after its acceptance a refund is settled, at the earliest.
    pub delay: Duration,
    /// How many of a hundred fail then, and release their amount: those whose
    /// number's SHA-256 begins with eight hexadecimal digits that are, modulo
    /// 100, less than this.
    pub failing_percent: u8,
}

/// How merchants are told of payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotificationSettings {
    /// Who may be told.
    pub receivers: Receivers,
    /// How long to wait before the second try; then twice as long each time.
    pub first_pause: Duration,
    /// How long one try may take.
    pub patience: Duration,
}

impl Default for NotificationSettings {
    fn default() -> Self {
        Self {
            receivers: Receivers::Loopback,
            first_pause: Duration::from_secs(1),
            patience: Duration::from_secs(10),
        }
    }
}

/// Whom a notification may be sent to: its URL is the merchant's word, and the
/// gateway may stand where others can't reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receivers {
    /// This machine alone.
    Loopback,
    /// Everybody.
    Anywhere,
}

/// Where orders and refunds are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreChoice {
    /// In memory: gone when the gateway stops.
    Memory,
    /// In a SQLite file, which is created where there is none.
    Sqlite(PathBuf),
    /// In a PostgreSQL database, which other gateways may use as well.
    Postgres(PostgresAddress),
}

/// A text that names no store. What it says shows nothing of the text, which
/// may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreChoiceError {
    /// It begins like none.
    #[error("a store is memory, sqlite:PATH or postgres://USER@HOST:PORT/DATABASE")]
    Unknown,
    /// The address of a database can't be used.
    #[error(transparent)]
    Address(#[from] AddressError),
}

impl StoreChoice {
    /// The same with `password` for a database whose address has none.
    #[must_use]
    pub fn or_password(self, password: Option<&[u8]>) -> Self {
        match self {
            Self::Postgres(address) => Self::Postgres(address.or_password(password)),
            other => other,
        }
    }
}

/// As a person knows it; a password is left out.
impl fmt::Display for StoreChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => formatter.write_str("memory"),
            Self::Sqlite(path) => write!(formatter, "sqlite:{}", path.display()),
            Self::Postgres(address) => address.fmt(formatter),
        }
    }
}

impl FromStr for StoreChoice {
    type Err = StoreChoiceError;

    fn from_str(text: &str) -> Result<Self, StoreChoiceError> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(text.parse()?)),
            _ => Err(StoreChoiceError::Unknown),
        }
    }
}

/// What one caller may cost, so that others are still served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest body, in bytes.
    pub body: usize,
    /// How long a request's head may take to arrive. It bounds an idle
    /// connection too, since it counts from the answer before.
    pub head_read: Duration,
    /// How long a request's body may take to arrive, and the caller's part of
    /// a handshake. A body that comes steadily has longer: see `slowest_body`.
    pub body_read: Duration,
    /// How many bytes of a body give its sender one more second.
    pub slowest_body: u32,
    /// How long a caller may take nothing of its answer.
    pub answer_write: Duration,
    /// How many connections are served at once; others wait to be accepted.
    pub connections: usize,
    /// How many calls wait for the store at once; others are answered as busy.
    pub waiting: usize,
    /// How long a stop waits for answers that are under way.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 64 * 1024,
            head_read: Duration::from_secs(60),
            body_read: Duration::from_secs(10),
            slowest_body: 1024,
            answer_write: Duration::from_secs(10),
            connections: 16_384,
            waiting: 4096,
            grace: Duration::from_secs(5),
        }
    }
}
