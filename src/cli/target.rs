//! The flags that say what to test, as whom, and with which orders.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use crate::conformance::Setting;
use crate::gateway::{self, Running, Settings, Variants};
use crate::protocol::{
    Amount, Barcode, Identifier, PartnerNo, Profile, SignKey, StoreNo, Timestamp,
};
use crate::target::guard::check_target;
use crate::target::orders::{PayingOrders, Pool};
use crate::target::{
    Budget, Caller, Clock, Endpoint, Limits, Numbers, OrderSource, Partner, Trust,
};

use super::error::CliError;

/// The test keys of the in-process gateway: public, and good for nothing else.
const TEST_KEYS: [(&str, &str); 2] = [("10001", "123456"), ("10002", "654321")];

/// A barcode that pays at once on the reference gateway.
const PAYING_BARCODE: &str = "2800000000000001";
/// One that leaves its order to be paid there.
const UNPAID_BARCODE: &str = "9900000000000001";

/// What to test, as whom, and with which orders.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Target")]
pub struct TargetArgs {
    /// The gateway's base URL [default: the reference gateway, started for the run]
    #[arg(long, value_name = "URL")]
    pub target: Option<String>,

    /// The partner to act as; its sign key comes from RECOUP_SIGN_KEY or --sign-key-file
    #[arg(long, value_name = "NO", default_value = TEST_KEYS[0].0)]
    pub partner: String,

    /// A file that holds the partner's sign key
    #[arg(long, value_name = "FILE")]
    pub sign_key_file: Option<PathBuf>,

    /// The second partner, for isolation rules; its key comes from
    /// RECOUP_OTHER_SIGN_KEY or --other-sign-key-file, and without one those rules are skipped
    #[arg(long, value_name = "NO", default_value = TEST_KEYS[1].0)]
    pub other_partner: String,

    /// A file that holds the second partner's sign key
    #[arg(long, value_name = "FILE")]
    pub other_sign_key_file: Option<PathBuf>,

    /// Where paid orders come from: `pay` through the API, or a CSV file of
    /// partnerOrderNo,orderAmount,currency
    #[arg(long, value_name = "pay|FILE.csv", default_value = "pay")]
    pub orders: String,

    /// The barcode that pays at once
    #[arg(long, value_name = "CODE", default_value = PAYING_BARCODE)]
    pub barcode: String,

    /// A barcode that leaves the order to be paid [default: none, or 9900000000000001 in-process]
    #[arg(long, value_name = "CODE")]
    pub unpaid_barcode: Option<String>,

    /// The shop that payments name
    #[arg(long, value_name = "NO", default_value = "100001")]
    pub store_no: String,

    /// Trust the certificates that the authorities of this PEM file have signed
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub ca: Option<PathBuf>,

    /// Trust any certificate, unchecked
    #[arg(long)]
    pub insecure: bool,

    /// How long each step of an exchange may take
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_timeout)]
    pub timeout: Duration,

    /// A header for every request; repeatable
    #[arg(long = "header", value_name = "'K: V'")]
    pub headers: Vec<String>,

    /// The target is a staging system: a run may move money on a machine that
    /// is not this one
    #[arg(long)]
    pub staging: bool,

    /// The most that a run may make the gateway pay back, in minor units
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub max_total_refund: Option<i64>,

    /// How the open points of the protocol are met: a TOML file
    #[arg(long, value_name = "FILE|built-in", default_value = "built-in")]
    pub profile: String,

    /// What every generated request follows from [default: drawn, and printed]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// The time that requests carry; with the seed it fixes every number and so
    /// every byte of them [default: when the run starts, as printed; in-process
    /// a time of the reference gateway's own]
    #[arg(long, value_name = "RFC3339", value_parser = parse_clock)]
    pub clock: Option<Timestamp>,
}

/// A target that is ready to be tested.
pub(super) struct Target {
    /// What rules and load work with.
    pub setting: Setting,
    /// The reference gateway, where it was started for this run.
    pub gateway: Option<Running>,
    /// The secrets that no output may hold.
    pub secrets: Vec<Vec<u8>>,
}

impl TargetArgs {
    /// Reads keys and files, and starts the reference gateway where there is
    /// no other target.
    ///
    /// # Errors
    /// [`CliError`] where something that was given can't be used.
    pub(super) async fn open(&self, cases: usize, variants: Variants) -> Result<Target, CliError> {
        let profile = self.read_profile()?;
        let gateway = match &self.target {
            Some(_) => None,
            None => Some(
                gateway::start(Settings {
                    variants,
                    ..Settings::default()
                })
                .await?,
            ),
        };
        let url = match (&self.target, &gateway) {
            (Some(url), _) => url.clone(),
            (None, Some(gateway)) => gateway.url(),
            (None, None) => unreachable!("without a target the gateway was just started"),
        };
        let endpoint = Endpoint::parse(&url, &self.trust(), Limits::within(self.timeout))?
            .with_headers(&self.headers)?;
        check_target(&endpoint, self.staging)?;
        let in_process = gateway.is_some();
        let partner = self.partner(in_process)?;
        let other = self.other_partner(in_process)?;
        let mut secrets = vec![partner.key.expose().to_vec()];
        secrets.extend(other.iter().map(|other| other.key.expose().to_vec()));
        // A header may carry a token.
        secrets.extend(
            self.headers
                .iter()
                .filter_map(|header| header.split_once(':'))
                .map(|(_, value)| value.trim().as_bytes().to_vec()),
        );
        // The test keys are printed in the manual; hiding 123456 would only
        // make holes in what is shown.
        secrets.retain(|secret| TEST_KEYS.iter().all(|(_, key)| key.as_bytes() != secret));
        let seed = self.seed.unwrap_or_else(rand::random);
        let clock = match self.clock {
            Some(time) => Clock::fixed(time),
            None if in_process => in_process_clock(),
            None => Clock::of_run_starting(Timestamp::now()),
        };
        let budget = Budget::new(self.max_total_refund.map(Amount::new));
        Ok(Target {
            setting: Setting {
                caller: Caller {
                    endpoint: Arc::new(endpoint),
                    partner,
                    profile,
                    store: identifier::<StoreNo>("--store-no", &self.store_no)?,
                    numbers: Arc::new(numbers_of(seed, clock)),
                    clock,
                },
                other,
                orders: Arc::new(self.order_source(in_process, budget)?),
                seed,
                cases,
                watch: Arc::default(),
                raced: Arc::default(),
            },
            gateway,
            secrets,
        })
    }

    fn trust(&self) -> Trust {
        match (&self.ca, self.insecure) {
            (Some(file), _) => Trust::Authorities(file.clone()),
            (None, true) => Trust::Anything,
            (None, false) => Trust::Platform,
        }
    }

    fn read_profile(&self) -> Result<Profile, CliError> {
        if self.profile == "built-in" {
            return Ok(Profile::built_in());
        }
        let fail = |reason: String| {
            CliError::Usage(format!("read the --profile {}: {reason}", self.profile))
        };
        let text =
            std::fs::read_to_string(&self.profile).map_err(|error| fail(error.to_string()))?;
        Profile::from_toml(&text).map_err(|error| fail(error.to_string().trim_end().to_owned()))
    }

    fn partner(&self, in_process: bool) -> Result<Partner, CliError> {
        let number = identifier::<PartnerNo>("--partner", &self.partner)?;
        let key = read_key("RECOUP_SIGN_KEY", self.sign_key_file.as_deref(), "--sign-key-file")?
            .or_else(|| test_key(in_process, &self.partner))
            .ok_or_else(|| {
                CliError::Usage(format!(
                    "sign as partner {}: there is no sign key (set RECOUP_SIGN_KEY or give --sign-key-file)",
                    self.partner
                ))
            })?;
        Ok(Partner { number, key })
    }

    fn other_partner(&self, in_process: bool) -> Result<Option<Partner>, CliError> {
        let number = identifier::<PartnerNo>("--other-partner", &self.other_partner)?;
        let key = read_key(
            "RECOUP_OTHER_SIGN_KEY",
            self.other_sign_key_file.as_deref(),
            "--other-sign-key-file",
        )?
        .or_else(|| test_key(in_process, &self.other_partner));
        Ok(key
            .filter(|_| self.other_partner != self.partner)
            .map(|key| Partner { number, key }))
    }

    fn order_source(&self, in_process: bool, budget: Budget) -> Result<OrderSource, CliError> {
        if self.orders != "pay" {
            let pool = Pool::open(Path::new(&self.orders))?;
            return Ok(OrderSource::pool(pool, budget));
        }
        let unpaid = match (&self.unpaid_barcode, in_process) {
            (Some(code), _) => Some(code.as_str()),
            (None, true) => Some(UNPAID_BARCODE),
            (None, false) => None,
        };
        let unpaid_barcode = unpaid
            .map(|code| identifier::<Barcode>("--unpaid-barcode", code))
            .transpose()?;
        Ok(OrderSource::paying(
            PayingOrders {
                barcode: identifier::<Barcode>("--barcode", &self.barcode)?,
                unpaid_barcode,
            },
            budget,
        ))
    }
}

fn identifier<T: Identifier>(flag: &'static str, value: &str) -> Result<T, CliError> {
    T::parse(value).map_err(|reason| CliError::Identifier {
        flag,
        value: value.to_owned(),
        reason,
    })
}

/// A key from a file or from the environment; the file wins, since it was
/// named. A newline at a file's end is an editor's and not the key's.
pub(super) fn read_key(
    variable: &str,
    file: Option<&Path>,
    flag: &str,
) -> Result<Option<SignKey>, CliError> {
    let bytes = match file {
        Some(path) => {
            let mut bytes = std::fs::read(path).map_err(|error| {
                CliError::Usage(format!(
                    "read the sign key of {flag} {}: {error}",
                    path.display()
                ))
            })?;
            while bytes
                .last()
                .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
            {
                bytes.pop();
            }
            bytes
        }
        None => match std::env::var_os(variable) {
            Some(value) => value.into_encoded_bytes(),
            None => return Ok(None),
        },
    };
    SignKey::new(bytes).map(Some).map_err(|error| {
        let place = file.map_or_else(|| variable.to_owned(), |path| path.display().to_string());
        CliError::Usage(format!("use the sign key of {place}: {error}"))
    })
}

/// The numbers of a run. A gateway that outlives the run remembers numbers, so
/// they follow from its time as well, to the microsecond.
fn numbers_of(seed: u64, clock: Clock) -> Numbers {
    Numbers::new(seed, &clock.start().exact())
}

/// What the time is for a gateway that is started for the run and forgets
/// everything with it: always the same, so that the seed alone repeats a run.
fn in_process_clock() -> Clock {
    let time = Timestamp::parse("2026-01-01T00:00:00+00:00");
    Clock::fixed(time.expect("it is RFC 3339"))
}

fn parse_clock(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_exact(text)
        .map_err(|_| "write it as the report does, 2026-01-02T03:04:05.678901+00:00".to_owned())
}

fn parse_timeout(text: &str) -> Result<Duration, String> {
    let timeout = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if timeout.is_zero() {
        return Err("in no time nothing can be answered (give 10s, say)".to_owned());
    }
    Ok(timeout)
}

fn test_key(in_process: bool, partner: &str) -> Option<SignKey> {
    TEST_KEYS
        .iter()
        .find(|(number, _)| in_process && *number == partner)
        .and_then(|(_, key)| SignKey::new(*key).ok())
}

/// The setting of a run against a reference gateway that was started for it.
///
/// # Errors
/// [`CliError::Endpoint`] where its URL can't be used.
pub(super) fn in_process_setting(
    gateway: &Running,
    seed: u64,
    cases: usize,
    timeout: Duration,
) -> Result<Setting, CliError> {
    let limits = Limits::within(timeout);
    let endpoint = Endpoint::parse(&gateway.url(), &Trust::Platform, limits)?;
    let partner = |place: usize| {
        let (number, key) = TEST_KEYS[place];
        Partner {
            number: PartnerNo::new(number).expect("the test partners' numbers are short"),
            key: SignKey::new(key).expect("the test keys are not empty"),
        }
    };
    let barcode = |code: &str| Barcode::new(code).expect("the test barcodes are short");
    Ok(Setting {
        caller: Caller {
            endpoint: Arc::new(endpoint),
            partner: partner(0),
            profile: Profile::built_in(),
            store: StoreNo::new("100001").expect("it is short"),
            numbers: Arc::new(numbers_of(seed, in_process_clock())),
            clock: in_process_clock(),
        },
        other: Some(partner(1)),
        orders: Arc::new(OrderSource::paying(
            PayingOrders {
                barcode: barcode(PAYING_BARCODE),
                unpaid_barcode: Some(barcode(UNPAID_BARCODE)),
            },
            Budget::new(None),
        )),
        seed,
        cases,
        watch: Arc::default(),
        raced: Arc::default(),
    })
}
