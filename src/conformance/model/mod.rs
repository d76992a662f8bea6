//! What a right gateway may answer to a sequence of refunds, whatever its
//! dialect.
//!
//! Where an answer leaves open what happened there is more than one world in
//! which the gateway can be: with the refund and without it. The model keeps
//! them all. An answer that is right in none of them is a contradiction; until
//! then nobody is accused.

mod world;

#[cfg(test)]
mod model_tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::{Evidence, Money};
use crate::protocol::Amount;

pub use world::Content;
use world::World;

/// One request for a refund. Orders and numbers go by their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request {
    /// The refund number.
    pub number: usize,
    /// What it is to refund.
    pub content: Content,
}

/// What came back, as far as money goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Heard {
    /// It took effect, now or before.
    Accepted,
    /// It did not, because it is more than what is left (35).
    Exceeds,
    /// It did not, for another reason.
    Refused,
    /// It did not, because the number is taken (31).
    Taken,
    /// It may have, and may still.
    Unknown,
    /// It was never looked at.
    Nothing,
}

impl Heard {
    /// What the evidence of an answer comes to.
    pub fn of(evidence: &Evidence) -> Self {
        match evidence.money {
            Money::Yes => Self::Accepted,
            Money::NoAmount => Self::Exceeds,
            // Turned away before anybody looked.
            Money::NoOther if evidence.http_status == Some(429) => Self::Nothing,
            Money::NoState | Money::NoOther => Self::Refused,
            Money::Duplicate => Self::Taken,
            Money::Maybe => Self::Unknown,
            Money::NotSent => Self::Nothing,
        }
    }
}

/// An answer that no right gateway gives.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Contradiction {
    /// What is wrong, in one line.
    pub message: String,
    /// Whether money moved that should not have.
    pub is_money: bool,
}

/// Everything that a right gateway can be like, after what was heard so far.
#[derive(Debug, Clone)]
pub struct Model {
    /// What was paid for each order.
    paid: Vec<Amount>,
    worlds: BTreeSet<World>,
    /// What may take effect, or have taken it: of each number, by content.
    pending: BTreeMap<usize, BTreeSet<Content>>,
    /// Numbers that were accepted in so many words.
    told: BTreeSet<usize>,
    /// Numbers that were refused, or may have been: a gateway may remember them.
    refused: BTreeSet<usize>,
}

impl Model {
    /// Fresh orders, of which so much was paid each.
    pub fn new(paid: Vec<Amount>) -> Self {
        Self {
            paid,
            worlds: BTreeSet::from([World::default()]),
            pending: BTreeMap::new(),
            told: BTreeSet::new(),
            refused: BTreeSet::new(),
        }
    }

    /// What can be left of an order, one amount for each way in which the
    /// unknown outcomes can have gone.
    pub fn left(&self, order: usize) -> BTreeSet<Amount> {
        self.worlds
            .iter()
            .map(|world| world.left(order, &self.paid))
            .collect()
    }

    /// The requests whose outcomes are unknown, and can be asked for again.
    pub fn unknown(&self) -> Vec<Request> {
        let contents = |(number, contents): (&usize, &BTreeSet<Content>)| {
            let number = *number;
            let requests: Vec<Request> = contents
                .iter()
                .map(|content| Request {
                    number,
                    content: *content,
                })
                .collect();
            requests
        };
        self.pending.iter().flat_map(contents).collect()
    }

    /// Takes note of an answer.
    ///
    /// # Errors
    /// [`Contradiction`] where no right gateway can have given it. The model
    /// is of no use afterwards.
    pub fn hear(&mut self, request: Request, heard: Heard) -> Result<(), Contradiction> {
        match heard {
            Heard::Nothing => return Ok(()),
            Heard::Unknown => {
                self.suspect(request);
                return Ok(());
            }
            _ => {}
        }
        let after: BTreeSet<World> = self
            .worlds
            .iter()
            .filter_map(|world| self.follow(world, request, heard))
            .collect();
        if after.is_empty() {
            return Err(self.contradiction(request, heard));
        }
        self.worlds = after;
        self.settle(request, heard);
        self.spread();
        Ok(())
    }

    /// What becomes of a world by this answer; `None` where it can't be given
    /// there.
    fn follow(&self, world: &World, request: Request, heard: Heard) -> Option<World> {
        let Request { number, content } = request;
        let fits = world.has_room(content, &self.paid);
        let is_nothing = !content.amount.is_positive();
        let was_refused = self.refused.contains(&number);
        let goes_on = match (world.refund(number), heard) {
            (Some(earlier), Heard::Accepted) => earlier == content,
            // A retry must not be told that its own money is wanting.
            (Some(earlier), Heard::Exceeds) => earlier != content,
            // That the number is taken may be said in other words, but not to
            // a caller who was never told that the refund is done.
            (Some(earlier), Heard::Refused) => earlier != content || self.told.contains(&number),
            (None, Heard::Accepted) if is_nothing => true,
            (None, Heard::Accepted) => {
                return fits.then(|| world.with(number, content));
            }
            (None, Heard::Exceeds | Heard::Refused) => is_nothing || !fits || was_refused,
            (None, Heard::Taken) => was_refused || self.pending.contains_key(&number),
            (Some(_), Heard::Taken) | (_, Heard::Unknown | Heard::Nothing) => true,
        };
        goes_on.then(|| world.clone())
    }

    /// A request that may take effect, now or later, wherever it is allowed to.
    fn suspect(&mut self, request: Request) {
        let Request { number, content } = request;
        self.pending.entry(number).or_default().insert(content);
        self.spread();
    }

    /// After a definite answer nothing of the same number and content is
    /// under way any more.
    fn settle(&mut self, request: Request, heard: Heard) {
        let Request { number, content } = request;
        if heard == Heard::Accepted {
            self.told.insert(number);
            self.pending.remove(&number);
        } else {
            self.refused.insert(number);
            self.close(number, content);
        }
        if !content.amount.is_positive() {
            // Of a refund of nothing nobody knows whether it uses its number up.
            self.refused.insert(number);
        }
    }

    /// Adds the worlds in which what is pending has taken effect by now, and
    /// forgets what can't take effect in any: that was refused.
    fn spread(&mut self) {
        let mut fresh: Vec<World> = self.worlds.iter().cloned().collect();
        while let Some(world) = fresh.pop() {
            for request in self.unknown() {
                let Request { number, content } = request;
                if world.allows(number, content, &self.paid) {
                    let after = world.with(number, content);
                    if self.worlds.insert(after.clone()) {
                        fresh.push(after);
                    }
                }
            }
        }
        for Request { number, content } in self.unknown() {
            let allows = |world: &World| world.allows(number, content, &self.paid);
            let is_done = |world: &World| world.refund(number) == Some(content);
            if !self
                .worlds
                .iter()
                .all(|world| allows(world) || is_done(world))
            {
                self.refused.insert(number);
            }
            if !self
                .worlds
                .iter()
                .any(|world| allows(world) || is_done(world))
            {
                self.close(number, content);
            }
        }
    }

    fn close(&mut self, number: usize, content: Content) {
        if let Some(contents) = self.pending.get_mut(&number) {
            contents.remove(&content);
        }
        self.pending.retain(|_, contents| !contents.is_empty());
    }

    fn contradiction(&self, request: Request, heard: Heard) -> Contradiction {
        let Request { number, content } = request;
        let amount = content.amount;
        let world = self.worlds.first().expect("there is a world at any time");
        let left = world.left(content.order, &self.paid);
        let (message, is_money) = match (world.refund(number), heard) {
            (Some(earlier), Heard::Accepted) if earlier.order != content.order => (
                "a number that was accepted for one order is accepted for another as well"
                    .to_owned(),
                true,
            ),
            (Some(earlier), Heard::Accepted) => (
                format!(
                    "a number that was accepted with {} is accepted with {amount} as well",
                    earlier.amount
                ),
                true,
            ),
            (None, Heard::Accepted) => (
                format!("{left} was left to refund, and yet {amount} was accepted"),
                true,
            ),
            (Some(_), _) => (
                "a retry of a refund that was accepted is told that it did not happen".to_owned(),
                false,
            ),
            (None, Heard::Taken) => (
                "a number that was never used is refused as a duplicate".to_owned(),
                false,
            ),
            (None, _) => (
                format!("a refund of {amount} is refused, though {left} is left"),
                false,
            ),
        };
        Contradiction { message, is_money }
    }
}
