//! Conforming gateways of another dialect: what the protocol leaves open,
//! answered in another way. A harness must stay silent on each of them.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::name::UnknownName;

/// One way in which a conforming gateway can differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variant {
    /// A repeated refund of the same content is refused (31).
    RefuseDuplicates,
    /// Refusals have the HTTP status 400.
    RefusalsAs4xx,
    /// Answers have members that no table lists.
    ExtraMembers,
}

impl Variant {
    /// Every variant, in the order of the catalogue.
    pub const ALL: &'static [Self] = &[
        Self::RefuseDuplicates,
        Self::RefusalsAs4xx,
        Self::ExtraMembers,
    ];

    /// The name that `--variant` takes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RefuseDuplicates => "refuse-duplicates",
            Self::RefusalsAs4xx => "refusals-as-4xx",
            Self::ExtraMembers => "extra-members",
        }
    }

    /// What it does, in one sentence.
    pub const fn description(self) -> &'static str {
        match self {
            Self::RefuseDuplicates => {
                "A repeated refund number of the same order and amount is refused (31) instead of answered as at first."
            }
            Self::RefusalsAs4xx => "A refusal has the HTTP status 400 instead of 200.",
            Self::ExtraMembers => {
                "Headers and bodies of answers have further members that no table lists."
            }
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Variant {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .iter()
            .copied()
            .find(|variant| variant.name() == name)
            .ok_or_else(|| UnknownName::new("variant", name, Self::ALL.iter().map(|v| v.name())))
    }
}

/// The variants that a gateway was started with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variants(BTreeSet<Variant>);

impl Variants {
    /// Whether `variant` is one of them.
    pub fn has(&self, variant: Variant) -> bool {
        self.0.contains(&variant)
    }
}

impl FromIterator<Variant> for Variants {
    fn from_iter<I: IntoIterator<Item = Variant>>(variants: I) -> Self {
        Self(variants.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_is_found_by_its_name() {
        for variant in Variant::ALL {
            assert_eq!(variant.name().parse(), Ok(*variant));
        }
        let error = "extra-member".parse::<Variant>().unwrap_err();
        assert_eq!(error.nearest, Some("extra-members"));
    }
}
