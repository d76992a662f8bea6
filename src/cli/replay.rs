//! `recoup replay`: a recorded exchange, sent again.

use std::io::Write;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;

use crate::audit::SignatureState;
use crate::conformance::Reply;
use crate::conformance::probe::read_reply;
use crate::conformance::replay::{Renewable, Renewal};
use crate::gateway::Variants;
use crate::protocol::{Amount, Api, Direction, Envelope, Object, OrderNo, Timestamp};
use crate::report::{RecordedExchange, Redactor, Replayed};
use crate::target::{Caller, Clock, Ending, Schedule};
use crate::verdict::{ExitCode, Reproducer};

use super::error::CliError;
use super::output::Color;
use super::rounds;
use super::target::{Target, TargetArgs};

/// What is paid for a fresh order where the request names no amount.
const USUAL: Amount = Amount::new(10_000);

/// Send a recorded exchange again, and compare the answer with the recorded
/// one; or try a reproducer again, round after round.
///
/// Of an exchange the same bytes go out in one write, or, with --fresh, the
/// same request signed anew under new numbers for a newly paid order. Each
/// round of a reproducer has a fresh order, and is audited by itself.
///
/// Exit codes of an exchange: 0 the answer amounts to the same as the recorded
/// one (accepted, refused, undecided, unanswered), 1 to something else, 2 usage,
/// 3 the gateway was not reached. Of a reproducer: 5 a round violated a refund
/// invariant, 0 none did, 2 usage, 3 not reached or undecided.
#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// A file of a run's exchanges/ folder or of its reproducers/ folder
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Sign it anew, with a new message id, refund number and order, and the
    /// present time; all other bytes stay
    #[arg(long)]
    pub fresh: bool,

    /// What is paid for the fresh order, in minor units [default: the amount
    /// that the request refunds]
    #[arg(long, value_name = "N", requires = "fresh", value_parser = clap::value_parser!(i64).range(1..))]
    pub paid: Option<i64>,

    /// How many rounds of a reproducer are tried [default: 40]
    #[arg(long, value_name = "N", conflicts_with = "fresh")]
    pub rounds: Option<NonZeroU32>,

    /// What to send it to.
    #[command(flatten)]
    pub target: TargetArgs,

    /// Colours on stdout; NO_COLOR is heeded
    #[arg(long, value_enum, default_value = "auto")]
    pub color: Color,
}

/// What a file holds.
enum Recorded {
    /// A reproducer of a run.
    Reproducer(Box<Reproducer>),
    /// An exchange of a run.
    Exchange(Box<RecordedExchange>),
}

impl ReplayArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError`] where the exchange can't be read or made fresh.
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let read = self.read()?;
        let target = self.target.open(1, Variants::default()).await?;
        let result = match read {
            Recorded::Reproducer(reproducer) => {
                rounds::run(*reproducer, self.rounds, &target, self.color.on_stdout()).await
            }
            Recorded::Exchange(recorded) => self.replay(*recorded, &target).await,
        };
        if let Some(gateway) = target.gateway {
            gateway.stop().await;
        }
        result
    }

    fn read(&self) -> Result<Recorded, CliError> {
        if let Some(reproducer) = rounds::read(&self.file)? {
            return Ok(Recorded::Reproducer(Box::new(reproducer)));
        }
        let recorded = RecordedExchange::read(&self.file)?;
        if self.rounds.is_some() {
            return Err(CliError::Usage(format!(
                "use --rounds: {} is an exchange, which is sent once",
                self.file.display()
            )));
        }
        Ok(Recorded::Exchange(Box::new(recorded)))
    }

    async fn replay(
        &self,
        recorded: RecordedExchange,
        target: &Target,
    ) -> Result<ExitCode, CliError> {
        let redactor = Redactor::new(target.secrets.clone());
        let caller = caller_of(&recorded, target);
        let api = Api::ALL
            .into_iter()
            .find(|api| recorded.about.url.ends_with(api.path()))
            .unwrap_or(Api::Refund);
        let (bytes, making) = if self.fresh {
            self.renew(&recorded, target, &caller, api).await?
        } else {
            (as_recorded(&recorded, &caller), "as recorded".to_owned())
        };
        let mut remarks = Vec::new();
        if holds_placeholder(&bytes) {
            remarks.push(
                "where a secret stood, the recorded bytes say [sign key]: they are not what was sent"
                    .to_owned(),
            );
        }
        let exchange = caller.endpoint.exchange(Schedule::whole(bytes)).await;
        let is_reached = !matches!(exchange.ending, Ending::NotSent(_));
        let reply = read_reply(&caller, api, recorded.about.label.as_str(), exchange);
        let mut replayed = Replayed {
            signature: signature(&reply, &caller),
            now: reply.exhibit(),
            making,
            recorded,
            remarks,
        };
        redactor.exchange(&mut replayed.now);
        redactor.text(&mut replayed.making);
        // A closed pipe is no failure of the replay.
        let _ = replayed.write(self.color.on_stdout(), &mut std::io::stdout().lock());
        let _ = std::io::stdout().flush();
        Ok(match replayed.is_same() {
            _ if !is_reached => ExitCode::NoVerdict,
            Some(false) => ExitCode::RuleFailed,
            Some(true) | None => ExitCode::Success,
        })
    }

    /// The request with new numbers, for an order that is paid for it.
    async fn renew(
        &self,
        recorded: &RecordedExchange,
        target: &Target,
        caller: &Caller,
        api: Api,
    ) -> Result<(Vec<u8>, String), CliError> {
        let fail = |reason: String| {
            CliError::Usage(format!("make {} fresh: {reason}", self.file.display()))
        };
        let renewable = Renewable::read(&recorded.sent, recorded.body_start, &caller.partner.key)
            .map_err(|error| fail(error.to_string()))?;
        let caller = match self.target.clock {
            Some(_) => caller.clone(),
            None => caller.with_clock(Clock::present()),
        };
        let (order, paid) = if api == Api::Pay {
            (caller.numbers.order(), "not paid".to_owned())
        } else {
            self.pay(&renewable, target, &caller).await?
        };
        let renewal = Renewal {
            message: caller.numbers.message(),
            refund: caller.numbers.refund(),
            order,
            time: caller.clock.now(),
            recorded_clock: Timestamp::parse_exact(&recorded.about.clock).ok(),
            key: &caller.partner.key,
        };
        let (renewed, members) = renewable.renewed(&renewal);
        // What the request tests stays as it is, and so may a number.
        let mut made: Vec<String> = [
            ("reqMsgId", format!("message {}", renewal.message)),
            ("refundNo", format!("refund {}", renewal.refund)),
            (
                "partnerOrderNo",
                format!("order {} ({paid})", renewal.order),
            ),
            ("requestTime", format!("time {}", renewal.time)),
            ("reqTime", format!("time {}", renewal.time)),
        ]
        .into_iter()
        .filter(|(member, _)| members.contains(member))
        .map(|(_, made)| made)
        .collect();
        made.dedup();
        if made.is_empty() {
            made.push("nothing else is new".to_owned());
        }
        let unnamed = if api == Api::Pay || members.contains(&"partnerOrderNo") {
            String::new()
        } else {
            let order = &renewal.order;
            format!("; {paid} for order {order}, which it does not name")
        };
        let making = format!("signed anew: {}{unnamed}", made.join(", "));
        Ok((renewed, making))
    }

    async fn pay(
        &self,
        renewable: &Renewable<'_>,
        target: &Target,
        caller: &Caller,
    ) -> Result<(OrderNo, String), CliError> {
        let asked = renewable
            .amount()
            .filter(|amount| amount.is_positive() && *amount <= Amount::LARGEST_COMMON);
        let amount = self.paid.map(Amount::new).or(asked).unwrap_or(USUAL);
        let orders = &target.setting.orders;
        let order = orders.paid(caller, amount).await?;
        Ok((order.number, format!("{} paid", order.paid)))
    }
}

/// The partner that the request names, as far as this run knows its key.
fn caller_of(recorded: &RecordedExchange, target: &Target) -> Caller {
    let caller = &target.setting.caller;
    let named = partner(&recorded.sent[recorded.body_start..]);
    match &target.setting.other {
        Some(other) if named.as_deref() == Some(other.number.as_str()) => {
            caller.acting_as(other.clone())
        }
        _ => caller.clone(),
    }
}

fn partner(document: &[u8]) -> Option<String> {
    let envelope = Envelope::parse(document, Direction::Request).ok()?;
    let header = Object::parse(envelope.raw).ok()?.object("header").ok()?;
    header.text("partnerNo").ok()?.map(Into::into)
}

/// The recorded bytes. A header's value that the record keeps out is put in
/// again, where it was given.
fn as_recorded(recorded: &RecordedExchange, caller: &Caller) -> Vec<u8> {
    let mut head = recorded.sent[..recorded.body_start].to_vec();
    for (name, value) in caller.endpoint.headers() {
        let kept_out = [name.as_bytes(), b": ", Redactor::PLACEHOLDER].concat();
        let at = head
            .windows(kept_out.len())
            .position(|window| window == kept_out);
        if let Some(at) = at {
            let place = at + name.len() + 2..at + kept_out.len();
            head.splice(place, value.bytes());
        }
    }
    head.extend_from_slice(&recorded.sent[recorded.body_start..]);
    head
}

fn holds_placeholder(bytes: &[u8]) -> bool {
    bytes
        .windows(Redactor::PLACEHOLDER.len())
        .any(|window| window == Redactor::PLACEHOLDER)
}

fn signature(reply: &Reply, caller: &Caller) -> String {
    match reply.evidence.signature {
        SignatureState::Valid => {
            format!("valid, under the key of partner {}", caller.partner.number)
        }
        SignatureState::Invalid => format!(
            "not valid under the key of partner {}",
            caller.partner.number
        ),
        SignatureState::Missing => "none".to_owned(),
    }
}
