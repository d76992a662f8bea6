//! Times: RFC 3339 date-times with an offset, String(25) (clause `header.time`).

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, SecondsFormat, TimeDelta, Utc};

/// A point in time with its offset, to the second, as messages carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<FixedOffset>);

/// A text that is no RFC 3339 date-time, or is longer than 25 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 date-time of at most 25 characters")]
pub struct TimeError;

impl Timestamp {
    /// The largest number of characters.
    pub const LONGEST: usize = 25;

    /// The time now, in UTC.
    pub fn now() -> Self {
        Self(Utc::now().fixed_offset())
    }

    /// Reads a date-time with its offset.
    ///
    /// # Errors
    /// [`TimeError`] where the text is something else.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let shaped = text.len() <= Self::LONGEST && text.as_bytes().get(10) == Some(&b'T');
        if !shaped {
            return Err(TimeError);
        }
        DateTime::parse_from_rfc3339(text)
            .map(Self)
            .map_err(|_| TimeError)
    }

    /// Reads a date-time of any precision, as [`Self::exact`] writes it.
    ///
    /// # Errors
    /// [`TimeError`] where the text is something else.
    pub fn parse_exact(text: &str) -> Result<Self, TimeError> {
        DateTime::parse_from_rfc3339(text)
            .map(Self)
            .map_err(|_| TimeError)
    }

    /// The time to the microsecond, which no message carries.
    pub fn exact(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::Micros, false)
    }

    /// The time so much later; the same where no calendar goes that far.
    #[must_use]
    pub fn later_by(self, duration: Duration) -> Self {
        TimeDelta::from_std(duration)
            .ok()
            .and_then(|duration| self.0.checked_add_signed(duration))
            .map_or(self, Self)
    }

    /// Whether both are written alike: the same second at the same offset.
    pub fn is_same_second(self, other: Self) -> bool {
        self.0.timestamp() == other.0.timestamp() && self.0.offset() == other.0.offset()
    }

    /// How far this is ahead of `other`, in seconds; negative where it is behind.
    pub fn seconds_since(self, other: Self) -> i64 {
        (self.0 - other.0).num_seconds()
    }

    /// The same in microseconds; the most there are, beyond what a number of 64
    /// bits holds.
    pub fn micros_since(self, other: Self) -> i64 {
        let difference = self.0 - other.0;
        let bound = if difference < TimeDelta::zero() {
            i64::MIN
        } else {
            i64::MAX
        };
        difference.num_microseconds().unwrap_or(bound)
    }

    /// The moment in UTC as `20180725T100605Z`, for names of files and folders.
    pub fn compact(self) -> String {
        self.0
            .with_timezone(&Utc)
            .format("%Y%m%dT%H%M%SZ")
            .to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never `Z`: the samples write the offset out.
        formatter.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Secs, false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_of_the_page_is_read_and_written_back_as_it_was() {
        let text = "2018-07-25T18:06:05+08:00";
        assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
    }

    #[test]
    fn what_is_no_date_time_with_an_offset_is_refused() {
        for text in [
            "",
            "2018-07-25",
            "2018-07-25T18:06:05",
            "2018-02-30T18:06:05+08:00",
            "2018-07-25 18:06:05+08:00",
            "1532513165",
            "2018-07-25T18:06:05.123456+08:00",
        ] {
            assert_eq!(Timestamp::parse(text), Err(TimeError), "{text}");
        }
    }

    #[test]
    fn utc_is_written_with_its_offset() {
        let time = Timestamp::parse("2018-07-25T10:06:05Z").unwrap();
        assert_eq!(time.to_string(), "2018-07-25T10:06:05+00:00");
        assert_eq!(time.compact(), "20180725T100605Z");
    }
}
