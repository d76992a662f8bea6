//! Is each member of a refund's body what its clause says?

use crate::audit::Money;
use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::generate::draft::string_token;
use crate::generate::mutate::{field as mutate, sealed};
use crate::generate::{Draft, Part};
use crate::protocol::RefundNo;
use crate::target::PaidOrder;
use crate::verdict::Level;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "fields.missing",
        title: "A refund without its order, number or amount is refused.",
        explanation: "Each required member is left out in turn; the request is signed as it stands.",
        clauses: &["refund.order-no", "refund.refund-no", "refund.amount"],
        level: Level::Must,
        catches: &["missing-invented"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(async { probe.judge_each(mutate::missing).await.map(drop) }),
    },
    Rule {
        id: "fields.empty",
        title: "A refund with an empty or null order, number or amount is refused.",
        explanation: "An empty number would make all refunds that have none one refund.",
        clauses: &["refund.order-no", "refund.refund-no", "refund.amount"],
        level: Level::Must,
        catches: &["empty-taken"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(async { probe.judge_each(mutate::empty).await.map(drop) }),
    },
    Rule {
        id: "fields.wrong-type",
        title: "A member of another JSON type is refused.",
        explanation: "Numbers, booleans, arrays and objects where texts belong, and the other way round; the right value in an array or an object.",
        clauses: &["refund.order-no", "refund.refund-no", "refund.amount"],
        level: Level::Must,
        catches: &["types-coerced"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(async { probe.judge_each(mutate::wrong_type).await.map(drop) }),
    },
    Rule {
        id: "fields.too-long",
        title: "A text one character longer than its limit is refused.",
        explanation: "A gateway that cuts numbers instead makes two refunds one.",
        clauses: &["refund.refund-no", "refund.operator-id"],
        level: Level::Must,
        catches: &["length-unchecked"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(async { probe.judge_each(mutate::too_long).await.map(drop) }),
    },
    Rule {
        id: "fields.longest",
        title: "Texts of exactly their limit are accepted.",
        explanation: "A refundNo of 32 characters, operatorId and terminalNo of 20; two numbers that differ in the last of 32 characters are two refunds.",
        clauses: &["refund.refund-no", "refund.operator-id"],
        level: Level::Must,
        catches: &["length-off-by-one"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(longest(probe)),
    },
    Rule {
        id: "fields.empty-optional",
        title: "An optional text that is empty is taken for none.",
        explanation: "A terminalNo of no characters. No source asks it, and deployed clients send an empty operatorId: a gateway that refuses what is optional surprises its callers.",
        clauses: &["refund.operator-id"],
        level: Level::Hardening,
        catches: &["optional-empty-refused"],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async {
                probe
                    .judge_each(mutate::empty_optional_text)
                    .await
                    .map(drop)
            })
        },
    },
    Rule {
        id: "fields.amount-no-whole-number",
        title: "An amount that is a fraction, or a text that is no number, is refused.",
        explanation: "100.5 must not become 100 or 101, nor 100.000000000000000001 become 100.",
        clauses: &["refund.amount"],
        level: Level::Must,
        catches: &["float-amount", "fraction-rounded"],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async {
                probe
                    .judge_each(mutate::amounts_that_are_none)
                    .await
                    .map(drop)
            })
        },
    },
    Rule {
        id: "fields.amount-spelling",
        title: "Other spellings of a whole number are refused, or refund exactly that number.",
        explanation: "100.0, 1e2, 10e1, \"100\" and \"0100\" are 100 or nothing.",
        clauses: &["refund.amount"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async {
                probe
                    .judge_each(mutate::amounts_that_are_one_hundred)
                    .await
                    .map(drop)
            })
        },
    },
    Rule {
        id: "fields.amount-not-positive",
        title: "A refund of zero or less is refused, and no money moves.",
        explanation: "A negative refund that passes makes room for more than was paid.",
        clauses: &["refund.amount-positive", "refund.total"],
        level: Level::Must,
        catches: &["negative-amount", "zero-amount"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(amount_not_positive(probe)),
    },
    Rule {
        id: "fields.amount-beyond-range",
        title: "An amount that no order holds is refused, never wrapped or cut.",
        explanation: "2³², 2³²+5, 2⁶⁴+1 and their like become small amounts in a gateway that cuts them to 32 or 64 bits.",
        clauses: &["refund.amount-largest", "refund.total"],
        level: Level::Must,
        catches: &["wrap-32-bit"],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async {
                probe
                    .judge_each(mutate::amounts_beyond_range)
                    .await
                    .map(drop)
            })
        },
    },
    Rule {
        id: "fields.amount-largest",
        title: "An order of 2³¹−1 is refunded to the last unit, in amounts that a float can't hold.",
        explanation: "16,777,217 is the first whole number that a 32-bit float rounds.",
        clauses: &["refund.amount", "refund.total"],
        level: Level::Must,
        catches: &["float-amount", "wrap-32-bit"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(amount_largest(probe)),
    },
    Rule {
        id: "fields.characters",
        title: "Whether a limit counts characters, bytes or UTF-16 units is observed; two numbers never become one by it.",
        explanation: "Texts of 20 characters of two, three and four bytes; two refund numbers of 32 characters of three bytes that differ in the last alone.",
        clauses: &["refund.operator-id", "refund.number-names-one-refund"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(characters(probe)),
    },
    Rule {
        id: "fields.free-text",
        title: "A free text is data, whatever it means to a database, a log, a page or a shell.",
        explanation: "Quotes and keywords of SQL, a lookup of a logger, markup, templates, formats, paths, emoji and a change of direction, each as operatorId.",
        clauses: &["refund.operator-id", "transport.content-type"],
        level: Level::Should,
        catches: &["json-text-refused"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(async { probe.judge_each(mutate::free_texts).await.map(drop) }),
    },
    Rule {
        id: "fields.control-characters",
        title: "Two refund numbers never become one because of characters that can't be seen.",
        explanation: "A number like that of an accepted refund, with a NUL, a line break, a delete, a zero-width space or a mark in it. Whether it is refused or another number is observed; to take it for the first one is to lose a refund.",
        clauses: &["refund.refund-no", "refund.number-names-one-refund"],
        level: Level::Must,
        catches: &["control-characters-dropped"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(control_characters(probe)),
    },
    Rule {
        id: "fields.null-optional",
        title: "Whether an optional text may be null, empty or blank is observed.",
        explanation: "null, nothing, blanks and a tab for operatorId and terminalNo. Deployed clients send an empty operatorId.",
        clauses: &["refund.operator-id"],
        level: Level::Observed,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async {
                let seen = probe.observe_each(mutate::optional_nothings).await?;
                Err(Stop::Observed(seen))
            })
        },
    },
    Rule {
        id: "fields.surrounding-blanks",
        title: "Whether blanks around a refund number are a part of it is observed.",
        explanation: "The number of an accepted refund with a blank before it, behind it, and a tab, each for another amount: another refund, the same number, or no number at all.",
        clauses: &["refund.refund-no"],
        level: Level::Observed,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(surrounding_blanks(probe)),
    },
];

async fn longest(probe: &mut Probe) -> Result<(), Stop> {
    probe.judge_each(mutate::optional_texts).await?;
    let order = probe.paid(1_000).await?;
    let stem = format!("{:x<31}", probe.refund_number().as_str());
    for last in ["a", "b"] {
        let number = RefundNo::new(format!("{stem}{last}")).expect("32 characters");
        let reply = probe.refund_numbered(&order.number, &number, 100).await;
        probe.expect_accepted(&reply)?;
    }
    // A gateway that cuts numbers answers the second as it did the first, and
    // has more left than it should.
    probe
        .confirm_rest(&order, order.paid.minor_units() - 200)
        .await
}

async fn amount_not_positive(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let before = probe.refund(&order.number, 500).await;
    probe.expect_accepted(&before)?;
    let rest = order.paid.minor_units() - 500;
    for mutation in probe.fresh_mutations(&order.number, 100, mutate::amounts_not_positive) {
        let label = format!("a request with {}", mutation.label);
        let reply = probe.send(label, &mutation.document).await;
        if reply.evidence.money == Money::Yes {
            // Whether it made room is for the gateway itself to tell.
            probe.confirm_rest(&order, rest).await?;
        }
        probe.expect_refused(&reply, mutation.fitting_codes)?;
    }
    probe.confirm_rest(&order, rest).await
}

async fn amount_largest(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.largest_paid().await?;
    let key = probe.caller().partner.key.clone();
    let odd = 16_777_217;
    for _ in 0..3 {
        let draft = Draft::of(&probe.value(&order.number, odd)).expect("the value is valid");
        let document = sealed(
            draft
                .with(Part::Body, "orderAmount", odd.to_string())
                .text(),
            &key,
        );
        let reply = probe.send(format!("a refund of {odd}"), &document).await;
        probe.expect_accepted(&reply)?;
        probe.expect_amount(&reply, odd)?;
    }
    probe
        .confirm_rest(&order, order.paid.minor_units() - 3 * odd)
        .await
}

/// Sends a refund whose number is this text, even where no number may be it.
async fn refund_as(probe: &mut Probe, order: &PaidOrder, number: &str, amount: i64) -> Reply {
    let draft = Draft::of(&probe.value(&order.number, amount)).expect("the value is valid");
    let text = draft
        .with(Part::Body, "refundNo", string_token(number))
        .text();
    let document = sealed(text, &probe.caller().partner.key);
    let label = format!("a refund of {amount} as {number:?}");
    probe.send(label, &document).await
}

async fn characters(probe: &mut Probe) -> Result<(), Stop> {
    let seen = probe.observe_each(mutate::wide_texts).await?;
    let order = probe.paid(1_000).await?;
    let own = probe.refund_number();
    let own = own.as_str();
    let mut accepted = 0;
    // 32 characters, of which a cut by bytes or by UTF-16 units leaves fewer.
    for wide in ["€", "𝄞"] {
        let stem = format!("{own}{}", wide.repeat(31 - own.chars().count()));
        for last in ["a", "b"] {
            let reply = refund_as(probe, &order, &format!("{stem}{last}"), 100).await;
            if reply.evidence.money == Money::Duplicate && !reply.took_effect() {
                return Err(one_number(&reply));
            }
            if reply.took_effect() {
                accepted += 1;
            } else {
                probe.expect_refused(&reply, &[4, 5])?;
            }
        }
    }
    probe
        .confirm_rest(&order, order.paid.minor_units() - 100 * accepted)
        .await?;
    Err(Stop::Observed(format!(
        "{seen}; of 4 refund numbers of 32 wide characters {accepted} are taken"
    )))
}

/// A number that was not used before was taken for one that was.
fn one_number(reply: &Reply) -> Stop {
    Stop::failed(
        format!(
            "{}: two numbers became one, it is answered as a duplicate",
            reply.label
        ),
        reply,
    )
}

async fn control_characters(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let number = probe.refund_number();
    let first = probe.refund_numbered(&order.number, &number, 100).await;
    probe.expect_accepted(&first)?;
    let (head, tail) = number.as_str().split_at(8);
    let mut rest = order.paid.minor_units() - 100;
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for (name, hidden) in [
        ("NUL", "\0"),
        ("a newline", "\n"),
        ("a line break", "\r\n"),
        ("a tab", "\t"),
        ("a bell", "\u{7}"),
        ("a delete", "\u{7f}"),
        ("a next line", "\u{85}"),
        ("a soft hyphen", "\u{ad}"),
        ("a zero-width space", "\u{200b}"),
        ("a zero-width joiner", "\u{200d}"),
        ("a change of direction", "\u{202e}"),
        ("a byte order mark", "\u{feff}"),
    ] {
        let reply = refund_as(probe, &order, &format!("{head}{hidden}{tail}"), 100).await;
        if reply.took_effect() {
            rest -= 100;
            taken.push(name);
        } else if reply.evidence.money == Money::Duplicate {
            return Err(one_number(&reply));
        } else {
            probe.expect_refused(&reply, &[4, 5])?;
            refused.push(name);
        }
    }
    // One that was taken for the first is answered as that was, and moves
    // nothing: then more is left than there should be.
    probe.confirm_rest(&order, rest).await?;
    Err(Stop::Observed(format!(
        "numbers with these are others: {}; refused: {}",
        listed(&taken),
        listed(&refused)
    )))
}

fn listed(names: &[&str]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}

async fn surrounding_blanks(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let number = probe.refund_number();
    let first = probe.refund_numbered(&order.number, &number, 100).await;
    probe.expect_accepted(&first)?;
    let mut rest = order.paid.minor_units() - 100;
    let mut seen = Vec::new();
    for (name, text, amount) in [
        ("a blank before it", format!(" {number}"), 11),
        ("a blank behind it", format!("{number} "), 12),
        ("a tab behind it", format!("{number}\t"), 13),
        ("nothing but a blank", " ".to_owned(), 14),
    ] {
        let reply = refund_as(probe, &order, &text, amount).await;
        let meaning = match reply.evidence.money {
            _ if reply.took_effect() => {
                probe.expect_amount(&reply, amount)?;
                rest -= amount;
                "another number"
            }
            Money::Duplicate => "the same number",
            _ => {
                probe.expect_refused(&reply, &[4, 5])?;
                "refused"
            }
        };
        seen.push(format!("{name}: {meaning}"));
    }
    probe.confirm_rest(&order, rest).await?;
    Err(Stop::Observed(seen.join(", ")))
}
