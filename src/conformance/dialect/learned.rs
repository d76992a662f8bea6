//! What a dialect says about a profile's settings.

use crate::protocol::Profile;
use crate::protocol::header::TimeField;
use crate::protocol::profile::Duplicates;
use crate::verdict::Dialect;

/// The profile of a gateway that speaks this dialect: `profile` with the
/// settings that were observed, and every answer on record. What a run can't
/// find out stays as it was: whether refunds fail later, and what status 1
/// means.
pub fn learned(profile: &Profile, dialect: &Dialect) -> Profile {
    let time_field = match dialect.answer("time-name") {
        Some("requestTime") => TimeField::RequestTime,
        Some("reqTime") => TimeField::ReqTime,
        _ => profile.time_field,
    };
    let duplicates = match dialect.answer("duplicate-number") {
        Some("replay") => Duplicates::Replay,
        Some("refuse") => Duplicates::Refuse,
        _ => profile.duplicates,
    };
    Profile {
        time_field,
        duplicates,
        observed: dialect.answers(),
        ..profile.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::DialectPoint;

    #[test]
    fn what_was_observed_becomes_a_setting_and_the_rest_stays() {
        let point = |point, answer: Option<&str>| DialectPoint {
            point,
            question: "?",
            answer: answer.map(str::to_owned),
            note: String::new(),
        };
        let dialect = Dialect::new(vec![
            point("duplicate-number", Some("refuse")),
            point("time-name", None),
        ]);
        let before = Profile {
            time_field: TimeField::ReqTime,
            late_failure: true,
            ..Profile::built_in()
        };
        let after = learned(&before, &dialect);
        assert_eq!(after.duplicates, Duplicates::Refuse);
        assert_eq!(after.time_field, TimeField::ReqTime);
        assert!(after.late_failure);
        assert_eq!(after.observed.len(), 1);
        assert_eq!(Profile::from_toml(&after.to_toml()).unwrap(), after);
    }
}
