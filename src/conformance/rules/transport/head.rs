//! Methods, targets, versions and header lines.

use super::request::{AMOUNT, done_plainly, each, requests, speaks_http_1_0, turned_away};
use crate::conformance::probe::Probe;
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::generate::mutate::http as mutate;
use crate::target::Schedule;
use crate::verdict::Level;

pub(in super::super) const RULES: &[Rule] = &[
    Rule {
        id: "transport.method",
        title: "A refund by another method than POST is refused.",
        explanation: "GET, PUT, PATCH, DELETE, lower-case post and a method that nobody knows, each with a valid signed document. HEAD, OPTIONS and TRACE a server may answer by itself, and nothing is refunded.",
        clauses: &["transport.paths"],
        level: Level::Should,
        catches: &["any-method"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(method(probe)),
    },
    Rule {
        id: "transport.path",
        title: "A refund at another path is refused.",
        explanation: "The root, the parent, a letter more, a part more, a NUL at the end, an asterisk.",
        clauses: &["transport.paths"],
        level: Level::Should,
        catches: &["any-path"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(each(probe, mutate::other_paths)),
    },
    Rule {
        id: "transport.target-forms",
        title: "Another form of the right target is the refund that it names, or none.",
        explanation: "A query, an absolute target, slashes too many, escaped letters, dots, other case. Proxies normalise some and refuse others; each is answered, and what is answered is what moved.",
        clauses: &["server.limits", "refund.total"],
        level: Level::Hardening,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(each(probe, mutate::target_forms)),
    },
    Rule {
        id: "transport.version",
        title: "A version that HTTP does not have is refused, and 1.0 and 1.2 are taken or refused.",
        explanation: "1.0 with and without Host, 1.2, 3.7, lower case, three numbers, another protocol, none, and the preface of HTTP/2.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &["broken-heads-taken"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(each(probe, mutate::versions)),
    },
    Rule {
        id: "transport.broken-head",
        title: "A request whose head HTTP/1.1 forbids is refused.",
        explanation: "No Host or two, a NUL, a space before a colon, names that are none. What HTTP leaves to a server, such as folded lines or lines that end in LF alone, is taken or refused.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &["broken-heads-taken"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(broken_head(probe)),
    },
    Rule {
        id: "transport.upgrade-ignored",
        title: "An upgrade to a protocol that nobody knows is ignored.",
        explanation: "The request is answered as if the header were not there. To go on in HTTP/2 where that is offered is a server's right.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(each(probe, mutate::upgrades)),
    },
];

async fn broken_head(probe: &mut Probe) -> Result<(), Stop> {
    if speaks_http_1_0(probe).await? {
        return each(probe, |plain| {
            let mut all = mutate::broken_heads(plain);
            all.retain(|mutation| !mutation.label.contains("Host"));
            all
        })
        .await;
    }
    each(probe, mutate::broken_heads).await
}

async fn method(probe: &mut Probe) -> Result<(), Stop> {
    each(probe, mutate::other_methods).await?;
    let order = probe.paid(1_000).await?;
    let mut rest = order.paid.minor_units();
    for (plain, mutation) in requests(probe, &order, mutate::harmless_methods) {
        let label = format!("a request with {}", mutation.label);
        let schedule = Schedule::whole(mutation.document.clone());
        let reply = probe.send_schedule(label, schedule).await;
        match reply.exchange.status() {
            // A success to HEAD has no body that could say whether it refunded.
            Some(200..=299) if mutation.document.starts_with(b"HEAD ") => {
                done_plainly(probe, &plain).await?;
                rest -= AMOUNT;
            }
            Some(200..=299) if !reply.took_effect() => {}
            _ => turned_away(probe, &reply)?,
        }
    }
    probe.confirm_nothing_else_moved(&order, rest).await
}
