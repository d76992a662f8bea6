//! A profile: a gateway's answers to the open points of the protocol.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::header::TimeField;

/// What a repeated refund number of the same order and amount is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duplicates {
    /// The first answer again.
    Replay,
    /// A refusal, code 31.
    Refuse,
    /// One or the other: only what is wrong in both is a violation.
    #[default]
    Either,
}

/// What code 1 with status 1 means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatusOne {
    /// The payment, or part of it, is cancelled: the money goes back.
    #[default]
    Accepted,
    /// This refund was called off: whether money moved is unknown.
    Cancelled,
}

/// How a run meets what the protocol leaves open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Profile {
    /// What reports call it.
    pub name: String,
    /// What requests call their time.
    pub time_field: TimeField,
    /// What a repeated refund number is answered with.
    pub duplicates: Duplicates,
    /// Whether an accepted refund may fail later and release its amount.
    pub late_failure: bool,
    /// What code 1 with status 1 means.
    pub status_one: StatusOne,
    /// What the gateway did at each open point when the profile was saved, by
    /// the point's id. It changes nothing in a run; the run says where the
    /// gateway differs from it.
    pub observed: BTreeMap<String, String>,
}

/// What stands above the answers that a saved profile keeps.
const OBSERVED: &str = "
# What the gateway did at each open point when this was saved. No setting: a
# run with this profile says what has changed since.
[observed]
";

impl Profile {
    /// The profile that is built in; its file documents each setting.
    pub fn built_in() -> Self {
        Self {
            name: "built-in".to_owned(),
            time_field: TimeField::RequestTime,
            duplicates: Duplicates::Either,
            late_failure: false,
            status_one: StatusOne::Accepted,
            observed: BTreeMap::new(),
        }
    }

    /// The built-in profile as a file, to start one's own from.
    pub const BUILT_IN_FILE: &'static str = include_str!("profile.toml");

    /// Reads a profile's file.
    ///
    /// # Errors
    /// The parser's own, with line and column, where the text is no profile.
    pub fn from_toml(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The profile as a file, each setting with what it means; reading it gives
    /// the same profile back. Lines of a comment may be put before it.
    pub fn to_toml(&self) -> String {
        let mut settings = toml::Table::try_from(self).expect("its settings are texts and flags");
        let observed = settings.remove("observed");
        let (_, documented) = Self::BUILT_IN_FILE
            .split_once("\n\n")
            .expect("the built-in file starts with a paragraph about itself");
        let mut text = String::new();
        for line in documented.lines() {
            let name = line.split_once(" = ").map_or("", |(name, _)| name);
            match settings.get(name) {
                Some(value) => text.extend([name, " = ", &value.to_string()]),
                None => text.push_str(line),
            }
            text.push('\n');
        }
        text.push_str(OBSERVED);
        if let Some(answers) = observed {
            text += &toml::to_string(&answers).expect("its answers are texts");
        }
        text
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::built_in()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_file_says_what_the_built_in_profile_is() {
        assert_eq!(
            Profile::from_toml(Profile::BUILT_IN_FILE).unwrap(),
            Profile::built_in()
        );
    }

    #[test]
    fn a_profile_that_was_written_is_read_back_as_it_was() {
        let profile = Profile {
            name: "the \"acme\" gateway".to_owned(),
            time_field: TimeField::ReqTime,
            duplicates: Duplicates::Refuse,
            late_failure: true,
            status_one: StatusOne::Cancelled,
            observed: BTreeMap::from([("answer-layout".to_owned(), "compact".to_owned())]),
        };
        for profile in [profile, Profile::built_in()] {
            let text = profile.to_toml();
            assert_eq!(Profile::from_toml(&text).unwrap(), profile, "{text}");
            assert!(text.contains("# What a request calls its time"), "{text}");
        }
    }

    #[test]
    fn what_a_file_does_not_set_is_built_in_and_a_misspelt_setting_is_an_error() {
        let profile = Profile::from_toml("duplicates = \"refuse\"").unwrap();
        assert_eq!(profile.duplicates, Duplicates::Refuse);
        assert_eq!(profile.time_field, TimeField::RequestTime);
        assert!(Profile::from_toml("duplicate = \"refuse\"").is_err());
    }
}
