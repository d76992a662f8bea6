//! Is what is no JSON turned away, with no effect, and is what is JSON taken
//! for what it says?

use std::collections::BTreeSet;

use proptest::strategy::{Strategy, ValueTree};
use rand::RngExt;

use crate::audit::Money;
use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::{Rule, Stop};
use crate::conformance::shrink::Shrinking;
use crate::generate::mutate::json::{self as mutate, Large, Nesting};
use crate::generate::{Damage, JsonClass, class_of, damage};
use crate::protocol::{Amount, OrderNo};
use crate::target::PaidOrder;
use crate::verdict::Level;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "json.broken-syntax",
        title: "A document with a trailing comma, a comment, false white space, or quotes and commas amiss is refused.",
        explanation: "The refund page's own samples have such slips of typesetting; as requests they are no JSON. Each slip stands once in the signed value, signed as it stands, and once beside it.",
        clauses: &["envelope.request"],
        level: Level::Should,
        catches: &[
            "json-comments-taken",
            "json-commas-forgiven",
            "json-quotes-forgiven",
        ],
        is_alone: false,
        attempt: |probe| Box::pin(probe.turn_each_away(mutate::broken_syntax)),
    },
    Rule {
        id: "json.broken-numbers",
        title: "An amount that is no JSON number is refused.",
        explanation: "NaN, leading zeros, signs, hexadecimal, half a fraction, separators, digits of other scripts: a lenient reader would take some of them for money.",
        clauses: &["envelope.request", "refund.amount"],
        level: Level::Should,
        catches: &["json-numbers-forgiven"],
        is_alone: false,
        attempt: |probe| Box::pin(probe.turn_each_away(mutate::broken_numbers)),
    },
    Rule {
        id: "json.broken-text",
        title: "Bytes that are no UTF-8, and characters that JSON forbids in strings, are refused.",
        explanation: "Invalid, overlong and cut-short UTF-8, raw control characters, escapes that are none; each in the signed value, signed as it stands, and beside it.",
        clauses: &["transport.content-type"],
        level: Level::Should,
        catches: &[
            "json-control-characters-taken",
            "json-escapes-forgiven",
            "json-utf-8-repaired",
        ],
        is_alone: false,
        attempt: |probe| Box::pin(probe.turn_each_away(mutate::broken_text)),
    },
    Rule {
        id: "json.deep-nesting",
        title: "A document that nests deep is refused or read in time, and others are still answered.",
        explanation: "10,000 and 100,000 levels of arrays and objects, closed and not; after each a refund on a new connection. What becomes of 64 and 512 levels is observed.",
        clauses: &["server.limits", "envelope.unknown-members"],
        level: Level::Hardening,
        catches: &["json-nesting-crashes"],
        is_alone: false,
        attempt: |probe| Box::pin(deep_nesting(probe)),
    },
    Rule {
        id: "json.long-values",
        title: "Very long numbers, long texts and floods of members are refused or read in time, and others are still answered.",
        explanation: "Numbers of 100,000 digits, texts of a megabyte, 100,000 members; after each a refund on a new connection. A gateway that limits bodies refuses them unread.",
        clauses: &["server.limits", "envelope.unknown-members"],
        level: Level::Hardening,
        catches: &["json-number-hangs"],
        is_alone: false,
        attempt: |probe| Box::pin(endure(probe, &Large::LONG)),
    },
    Rule {
        id: "json.look-alike-members",
        title: "What a gateway takes a member for whose name looks like orderAmount is observed; the answer says what moved.",
        explanation: "Other case, a blank, a letter of another alphabet, the names that mean something to a language, two names that are one after normalisation; each beside the right orderAmount.",
        clauses: &["envelope.unknown-members", "refund.amount"],
        level: Level::Observed,
        catches: &[],
        is_alone: false,
        attempt: |probe| Box::pin(look_alike_members(probe)),
    },
    Rule {
        id: "json.not-one-document",
        title: "A body that is not exactly one JSON object is refused.",
        explanation: "Nothing, two documents, garbage before or behind one, a byte order mark, UTF-16, UTF-32, a form, XML.",
        clauses: &["envelope.request", "transport.content-type"],
        level: Level::Should,
        catches: &["json-behind-ignored", "json-mark-skipped"],
        is_alone: false,
        attempt: |probe| Box::pin(probe.turn_each_away(mutate::not_one_document)),
    },
    Rule {
        id: "json.random-damage",
        title: "A valid request that was damaged so that it is no JSON any more is refused.",
        explanation: "Bytes and tokens are inserted, taken out, replaced, doubled and swapped as the seed has it, in the signed value or around it. A recogniser of its own says whether what came of it is still JSON; only what is none is sent. A failure is shrunk against the gateway.",
        clauses: &["envelope.request", "transport.content-type"],
        level: Level::Should,
        catches: &[],
        is_alone: false,
        attempt: |probe| Box::pin(random_damage(probe)),
    },
    Rule {
        id: "json.spellings-of-text",
        title: "A text is the same text in every spelling, and any white space may stand between tokens.",
        explanation: "Escapes of letters, slashes, quotes and backslashes in texts and names; CR, LF and TAB between tokens; each signed as it is sent.",
        clauses: &["signature.raw-text", "refund.operator-id"],
        level: Level::Must,
        catches: &["json-escapes-refused"],
        is_alone: false,
        attempt: |probe| {
            Box::pin(async { probe.judge_each(mutate::spellings_of_text).await.map(drop) })
        },
    },
    Rule {
        id: "json.surrogates",
        title: "What a gateway does with half a surrogate pair, or an escaped NUL, is observed.",
        explanation: "JSON's grammar has them and no Unicode text does. Refused or taken, exactly the amount moves that was asked for.",
        clauses: &["transport.content-type"],
        level: Level::Observed,
        catches: &[],
        is_alone: false,
        attempt: |probe| Box::pin(surrogates(probe)),
    },
    Rule {
        id: "json.texts-accepted",
        title: "A free text holds any Unicode character, raw or escaped.",
        explanation: "Characters of two, three and four bytes and the line separators as operatorId. Whether delete characters and code points that are no characters are taken is left to gateways.",
        clauses: &["transport.content-type", "refund.operator-id"],
        level: Level::Should,
        catches: &["json-text-refused"],
        is_alone: false,
        attempt: |probe| Box::pin(async { probe.judge_each(mutate::texts).await.map(drop) }),
    },
    Rule {
        id: "json.truncated",
        title: "A valid request cut off anywhere is refused, and no money moves.",
        explanation: "Places are drawn by the seed; the first and the last bytes are always among them.",
        clauses: &["envelope.request"],
        level: Level::Must,
        catches: &["json-ending-added"],
        is_alone: false,
        attempt: |probe| Box::pin(truncated(probe)),
    },
];

async fn truncated(probe: &mut Probe) -> Result<(), Stop> {
    let mut random = probe.random();
    let places = probe.cases();
    // Drawn once, as shares of the length: each document has its own.
    let shares: Vec<f64> = (0..places).map(|_| random.random()).collect();
    probe
        .turn_each_away(move |value, key| {
            let mut all = mutate::truncations(value, key);
            let last = all.len() - 1;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                clippy::cast_sign_loss,
                reason = "a share of a few hundred bytes"
            )]
            let chosen: BTreeSet<usize> = shares
                .iter()
                .map(|share| (share * last as f64) as usize)
                .chain([0, last])
                .collect();
            let mut place = 0..;
            all.retain(|_| place.next().is_some_and(|place| chosen.contains(&place)));
            all
        })
        .await
}

/// What is paid for an order that damaged requests ask refunds of.
const PAID: i64 = 10_000;
/// How many orders shrinking may use up: a damaged request that is accepted
/// can take any amount.
const MOST_ORDERS: usize = 16;

async fn random_damage(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(PAID).await?;
    let mut runner = probe.strategy_runner();
    for _ in 0..probe.cases() {
        let tree = damage()
            .new_tree(&mut runner)
            .map_err(|reason| Stop::Inconclusive(reason.to_string()))?;
        if let Err(stop) = damaged(probe, &order.number, &tree.current()).await {
            return Err(shrunk(probe, Shrinking::from(tree, stop)).await);
        }
    }
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units())
        .await
}

/// Shows the gateway one damaged request, if it is no JSON.
async fn damaged(probe: &mut Probe, order: &OrderNo, damage: &Damage) -> Result<(), Stop> {
    let document = damage.of(&probe.value(order, 100), &probe.caller().partner.key);
    let JsonClass::Invalid { at, reason } = class_of(&document) else {
        return Ok(());
    };
    let label = format!("a request with {damage} ({reason} at byte {at})");
    let reply = probe.send(label, &document).await;
    probe.expect_turned_away(&reply, &[])
}

async fn shrunk<T>(probe: &mut Probe, mut shrinking: Shrinking<T>) -> Stop
where
    T: ValueTree<Value = Damage> + Send,
{
    let mut order = None;
    let mut orders = 0;
    while let Some(simpler) = shrinking.candidate() {
        let fresh = match order.take() {
            Some(order) => order,
            None if orders == MOST_ORDERS => break,
            None => match probe.paid(PAID).await {
                Ok(PaidOrder { number, .. }) => number,
                Err(_) => break,
            },
        };
        let result = damaged(probe, &fresh, &simpler).await;
        if matches!(result, Err(Stop::Failed(_))) {
            // Something may be gone of it.
            orders += 1;
        } else {
            order = Some(fresh);
        }
        shrinking.tell(result);
    }
    checked(shrinking.end())
}

/// The failure, if what was sent is no JSON indeed: a case that became valid
/// is never reported as one.
fn checked(stop: Stop) -> Stop {
    let Stop::Failed(failure) = stop else {
        return stop;
    };
    let is_invalid = failure.evidence.iter().all(|exchange| {
        let body = exchange.sent.get(exchange.body_start..).unwrap_or_default();
        matches!(class_of(body), JsonClass::Invalid { .. })
    });
    if is_invalid {
        Stop::Failed(failure)
    } else {
        Stop::Inconclusive(format!("{}, but it is JSON", failure.message))
    }
}

async fn deep_nesting(probe: &mut Probe) -> Result<(), Stop> {
    endure(probe, &Large::DEEP).await?;
    let order = probe.paid(PAID).await?;
    let mut rest = order.paid.minor_units();
    let mut seen = Vec::new();
    for levels in [64, 512] {
        let reply = shown(probe, &order, Large::Nested(Nesting::Arrays, levels)).await;
        let is_taken = reply.took_effect();
        if is_taken {
            rest -= 100;
        } else {
            probe.expect_turned_away(&reply, &[])?;
        }
        let verb = if is_taken { "taken" } else { "refused" };
        seen.push(format!("{levels} levels are {verb}"));
    }
    probe.confirm_nothing_else_moved(&order, rest).await?;
    Err(Stop::Observed(seen.join(", ")))
}

/// Sends a request of 100 that is too large in one way.
async fn shown(probe: &mut Probe, order: &PaidOrder, large: Large) -> Reply {
    let value = probe.value(&order.number, 100);
    let mutation = large.of(&value, &probe.caller().partner.key);
    let label = format!("a request with {}", mutation.label);
    probe.send(label, &mutation.document).await
}

/// Each is refused, closed upon or taken for the 100 that it asks for; and
/// after each a refund like any other is still answered.
async fn endure(probe: &mut Probe, all: &[Large]) -> Result<(), Stop> {
    let order = probe.paid(PAID).await?;
    let before = probe.refund(&order.number, 1).await;
    probe.expect_accepted(&before)?;
    let mut rest = order.paid.minor_units() - 1;
    let mut is_certain = true;
    for large in all {
        let reply = shown(probe, &order, *large).await;
        let may_be_taken = !matches!(
            large,
            Large::Unclosed(_) | Large::Amount(_) | Large::RefundNo(_)
        );
        if may_be_taken && reply.took_effect() {
            rest -= 100;
        }
        canary(probe, &order, &reply).await?;
        rest -= 1;
        if reply.timed_out() {
            return Err(Stop::failed(
                format!("{}: neither refused nor read in time", reply.label),
                &reply,
            ));
        }
        if reply.exchange.answer.is_none() {
            // Closed upon, as a gateway may that has read enough.
            is_certain &= !may_be_taken;
        } else if !(may_be_taken && reply.took_effect()) {
            probe.expect_turned_away(&reply, &[])?;
        }
    }
    if is_certain {
        probe.confirm_nothing_else_moved(&order, rest).await?;
    }
    Ok(())
}

/// A refund of 1 that must be answered, in a few attempts: a worker that died
/// may need a moment to be replaced.
async fn canary(probe: &mut Probe, order: &PaidOrder, hostile: &Reply) -> Result<(), Stop> {
    const ATTEMPTS: u32 = 4;
    let number = probe.refund_number();
    let mut attempt = 1;
    loop {
        let reply = probe.refund_numbered(&order.number, &number, 1).await;
        if attempt > 1 && reply.evidence.money == Money::Duplicate {
            // An earlier attempt was taken, and its answer lost.
            return Ok(());
        }
        if reply.exchange.answer.is_some() {
            return probe.expect_accepted(&reply);
        }
        if attempt == ATTEMPTS {
            return Err(Stop::outage(
                format!(
                    "{}: after it the gateway does not answer a valid refund any more ({})",
                    hostile.label, reply.exchange.ending
                ),
                hostile,
                &reply,
            ));
        }
        tokio::time::sleep(std::time::Duration::from_millis(100) * attempt).await;
        attempt += 1;
    }
}

async fn look_alike_members(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(200_000).await?;
    let mut refunded = 0_i64;
    let (mut refused, mut heeded) = (Vec::new(), Vec::new());
    let mutations = probe.fresh_mutations(&order.number, 100, mutate::look_alike_members);
    let count = mutations.len();
    for mutation in mutations {
        let reply = probe
            .send(
                format!("a request with {}", mutation.label),
                &mutation.document,
            )
            .await;
        if !reply.took_effect() {
            probe.expect_turned_away(&reply, &[])?;
            refused.push(mutation.label);
            continue;
        }
        let said = said_amount(&reply)?;
        refunded = refunded.saturating_add(said);
        if said != 100 {
            heeded.push(format!("{}, as {said}", mutation.label));
        }
    }
    probe
        .confirm_rest(&order, order.paid.minor_units().saturating_sub(refunded))
        .await?;
    let mut seen = format!("{} of {count} are taken", count - refused.len());
    for (verb, labels) in [("refused", refused), ("heeded", heeded)] {
        if !labels.is_empty() {
            seen = format!("{seen}; {verb}: {}", labels.join(", "));
        }
    }
    Err(Stop::Observed(seen))
}

/// The amount that an acceptance names; what was asked for where it is a 31
/// about an earlier attempt.
fn said_amount(reply: &Reply) -> Result<i64, Stop> {
    if reply.evidence.money != Money::Yes {
        return Ok(100);
    }
    reply
        .answer()
        .and_then(|answer| answer.order_amount.value().copied())
        .map(Amount::minor_units)
        .ok_or_else(|| Stop::failed("the answer does not say what was refunded", reply))
}

async fn surrogates(probe: &mut Probe) -> Result<(), Stop> {
    let seen = probe.observe_each(mutate::surrogates).await?;
    Err(Stop::Observed(seen))
}
