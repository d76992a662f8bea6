//! A table of settings whose every slip is told with its line, the setting
//! and the cure, in words that need no knowledge of programming.

use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Something that is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slip {
    /// The place in the file, in bytes.
    pub(super) at: usize,
    /// The setting, what is wrong with it, and what to write instead.
    pub(super) reason: String,
}

/// The settings of one table.
pub(super) struct Settings<'a> {
    /// What stands before the names in messages: `orders.`.
    path: String,
    at: usize,
    table: &'a DeTable<'a>,
    asked: RefCell<Vec<&'static str>>,
}

/// A setting's value, its place, and its full name.
struct Found<'a> {
    name: String,
    span: Range<usize>,
    value: &'a DeValue<'a>,
}

impl Found<'_> {
    fn slip(&self, cure: &str) -> Slip {
        Slip {
            at: self.span.start,
            reason: format!("{} is {}: {cure}", self.name, shown(self.value)),
        }
    }
}

impl<'a> Settings<'a> {
    /// The settings of the whole file.
    pub(super) fn of(file: &'a Spanned<DeTable<'a>>) -> Self {
        Self::within(String::new(), file.span().start, file.get_ref())
    }

    fn within(path: String, at: usize, table: &'a DeTable<'a>) -> Self {
        Self {
            path,
            at,
            table,
            asked: RefCell::default(),
        }
    }

    fn find(&self, name: &'static str) -> Option<Found<'a>> {
        self.asked.borrow_mut().push(name);
        self.table.get(name).map(|value| Found {
            name: format!("{}{name}", self.path),
            span: value.span(),
            value: value.get_ref(),
        })
    }

    /// A slip about a setting that should be there.
    pub(super) fn missing(&self, name: &str, cure: &str) -> Slip {
        Slip {
            at: self.at,
            reason: format!("{}{name} is missing: {cure}", self.path),
        }
    }

    /// A slip about a setting that is there.
    pub(super) fn wrong(&self, name: &str, reason: &str) -> Slip {
        let place = self.table.get(name);
        Slip {
            at: place.map_or(self.at, |value| value.span().start),
            reason: format!("{}{name} {reason}", self.path),
        }
    }

    /// A text.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, Slip> {
        let Some(found) = self.find(name) else {
            return Ok(None);
        };
        let text = found.value.as_str();
        text.map(|text| Some(text.to_owned()))
            .ok_or_else(|| found.slip(&format!("write a text in quotes, such as {name} = \"…\"")))
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(
        &self,
        name: &'static str,
        words: &[(&'static str, T)],
    ) -> Result<Option<T>, Slip> {
        let Some(found) = self.find(name) else {
            return Ok(None);
        };
        let known = words
            .iter()
            .find(|(word, _)| found.value.as_str() == Some(word));
        let (_, value) = known.ok_or_else(|| {
            let words: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
            found.slip(&format!("write one of {}", words.join(", ")))
        })?;
        Ok(Some(*value))
    }

    /// Yes or no.
    pub(super) fn switch(&self, name: &'static str) -> Result<Option<bool>, Slip> {
        let Some(found) = self.find(name) else {
            return Ok(None);
        };
        let switch = found.value.as_bool();
        switch
            .map(Some)
            .ok_or_else(|| found.slip("write true or false"))
    }

    /// A whole number within bounds.
    pub(super) fn whole(
        &self,
        name: &'static str,
        bounds: RangeInclusive<i64>,
    ) -> Result<Option<i64>, Slip> {
        let Some(found) = self.find(name) else {
            return Ok(None);
        };
        whole(found.value)
            .filter(|number| bounds.contains(number))
            .map(Some)
            .ok_or_else(|| {
                found.slip(&format!(
                    "write a whole number from {} to {}",
                    bounds.start(),
                    bounds.end()
                ))
            })
    }

    /// A number of at least 0, with or without a fraction.
    pub(super) fn number(&self, name: &'static str, example: &str) -> Result<Option<f64>, Slip> {
        let Some(found) = self.find(name) else {
            return Ok(None);
        };
        number(found.value)
            .map(Some)
            .ok_or_else(|| found.slip(&format!("write a number of 0 or more, such as {example}")))
    }

    /// A duration: `"30s"`.
    pub(super) fn duration(&self, name: &'static str) -> Result<Option<Duration>, Slip> {
        let Some(found) = self.find(name) else {
            return Ok(None);
        };
        let parsed = found
            .value
            .as_str()
            .and_then(|text| humantime::parse_duration(text).ok());
        parsed.map(Some).ok_or_else(|| {
            found.slip("write a time with its unit, such as \"30s\", \"500ms\" or \"2m\"")
        })
    }

    /// A whole number, or a list of two: a range.
    pub(super) fn range(
        &self,
        name: &'static str,
        example: &str,
    ) -> Result<Option<(i64, i64)>, Slip> {
        let Some(found) = self.find(name) else {
            return Ok(None);
        };
        let ends = match (found.value, whole(found.value)) {
            (_, Some(number)) => Some((number, number)),
            (DeValue::Array(items), None) => match &items[..] {
                [least, most] => whole(least.get_ref()).zip(whole(most.get_ref())),
                _ => None,
            },
            _ => None,
        };
        ends.map(Some)
            .ok_or_else(|| found.slip(&format!("write {example}")))
    }

    /// A list of texts, each read by `read`, whose error tells the cure.
    pub(super) fn list<T>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Vec<T>, Slip> {
        let Some(found) = self.find(name) else {
            return Ok(Vec::new());
        };
        let Some(items) = found.value.as_array() else {
            return Err(found.slip(&format!("write a list, such as {name} = [\"…\", \"…\"]")));
        };
        let mut list = Vec::with_capacity(items.len());
        for item in items {
            let slip = |reason| Slip {
                at: item.span().start,
                reason,
            };
            let text = item.get_ref().as_str().ok_or_else(|| {
                let item = shown(item.get_ref());
                slip(format!(
                    "{} has {item} in its list: write texts in quotes",
                    found.name
                ))
            })?;
            list.push(read(text).map_err(|reason| slip(format!("{}: {reason}", found.name)))?);
        }
        Ok(list)
    }

    /// The settings of a table within this one.
    pub(super) fn table(&self, name: &'static str) -> Result<Option<Self>, Slip> {
        let Some(found) = self.find(name) else {
            return Ok(None);
        };
        match found.value.as_table() {
            Some(table) => Ok(Some(Self::within(
                format!("{}.", found.name),
                found.span.start,
                table,
            ))),
            None => Err(found.slip(&format!("write its settings below [{name}]"))),
        }
    }

    /// The settings of each table of a list, as `[[name]]` begins them.
    pub(super) fn tables(&self, name: &'static str) -> Result<Vec<Self>, Slip> {
        let Some(found) = self.find(name) else {
            return Ok(Vec::new());
        };
        let cure = format!("begin each of them with [[{name}]]");
        let items = found.value.as_array().ok_or_else(|| found.slip(&cure))?;
        let mut tables = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let table = item.get_ref().as_table().ok_or_else(|| found.slip(&cure))?;
            let path = format!("{name}[{}].", index + 1);
            tables.push(Self::within(path, item.span().start, table));
        }
        Ok(tables)
    }

    /// Whether a setting is a table of its own.
    pub(super) fn is_table(&self, name: &str) -> bool {
        let value = self.table.get(name);
        value.is_some_and(|value| value.get_ref().is_table())
    }

    /// Refuses a setting that nobody asked for: a slip that would otherwise
    /// change nothing, silently.
    pub(super) fn finish(self) -> Result<(), Slip> {
        let asked = self.asked.into_inner();
        let unknown = self
            .table
            .iter()
            .find(|(name, _)| !asked.contains(&name.get_ref().as_ref()));
        match unknown {
            None => Ok(()),
            Some((name, _)) => Err(Slip {
                at: name.span().start,
                reason: format!(
                    "{}{} is no setting (there are {})",
                    self.path,
                    name.get_ref(),
                    asked.join(", ")
                ),
            }),
        }
    }
}

fn whole(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    let parsed = match value {
        DeValue::Float(float) => float.as_str().parse().ok(),
        #[expect(
            clippy::cast_precision_loss,
            reason = "whoever writes 2⁵³ means about that"
        )]
        _ => whole(value).map(|whole| whole as f64),
    };
    parsed.filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

/// A value as a message shows it.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(integer) => integer.to_string(),
        DeValue::Float(float) => float.to_string(),
        DeValue::Boolean(switch) => switch.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
