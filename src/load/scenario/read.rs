//! A scenario's file, read setting by setting.

use std::time::Duration;

use toml::de::DeTable;

use super::error::ScenarioError;
use super::kind::{Kind, Mix};
use super::model::{Law, Scenario};
use super::orders::{Orders, Popularity};
use super::settings::{Settings, Slip};
use super::stage::{Level, Shape, Stage};
use crate::load::threshold::Threshold;
use crate::protocol::Amount;

const MOST_USERS: i64 = 1_000_000;
/// How long is measured before a threshold may end a run.
const GRACE: Duration = Duration::from_secs(10);

impl Scenario {
    /// Reads a scenario's text; `path` is for messages.
    ///
    /// # Errors
    /// [`ScenarioError`] with the line, the setting and the cure.
    pub fn parse(text: &str, path: &str) -> Result<Self, ScenarioError> {
        let fail = |slip: Slip| ScenarioError::Syntax {
            path: path.to_owned(),
            line: line(text, slip.at),
            reason: slip.reason,
        };
        let file = DeTable::parse(text).map_err(|error| {
            fail(Slip {
                at: error.span().map_or(0, |span| span.start),
                reason: format!("this is no TOML: {}", error.message()),
            })
        })?;
        let scenario = scenario(Settings::of(&file)).map_err(fail)?;
        scenario.check()?;
        Ok(scenario)
    }
}

/// The line, from 1, that holds the byte at this place.
fn line(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

fn scenario(file: Settings<'_>) -> Result<Scenario, Slip> {
    let name = file
        .text("name")?
        .ok_or_else(|| file.missing("name", "write name = \"sustained\", say"))?;
    let description = file.text("description")?.unwrap_or_default();
    let users = users(&file)?;
    let rate = file.number("rate", "rate = 2000")?;
    let arrivals = file
        .word("arrivals", &Law::ALL.map(|law| (law.name(), law)))?
        .unwrap_or(Law::Constant);
    let hatch_rate = file.number("hatch-rate", "hatch-rate = 50")?;
    let written = file.duration("duration")?;
    let warmup = file.duration("warmup")?.unwrap_or_default();
    let thresholds = file.list("thresholds", |text| {
        text.parse::<Threshold>().map_err(|error| error.to_string())
    })?;
    let abort_on_threshold = file.switch("abort-on-threshold")?.unwrap_or(false);
    let abort_grace = file.duration("abort-grace")?.unwrap_or(GRACE);
    let stages: Vec<Stage> = file
        .tables("stages")?
        .into_iter()
        .map(stage)
        .collect::<Result<_, _>>()?;
    let duration = match (written, stages.is_empty()) {
        (Some(duration), true) => duration,
        (None, false) => stages.iter().map(|stage| stage.duration).sum(),
        (None, true) => {
            return Err(file.missing("duration", "write duration = \"30s\", or [[stages]]"));
        }
        (Some(_), false) => {
            return Err(file.wrong(
                "duration",
                "stands beside [[stages]], which have durations of their own: leave it out",
            ));
        }
    };
    let by_users = stages
        .iter()
        .any(|stage| matches!(stage.level, Some(Level::Users(_))));
    let users = match users {
        Some(users) => users,
        None if by_users => 1,
        None => return Err(file.missing("users", "write users = 32, say")),
    };
    let orders = file
        .table("orders")?
        .map_or(Ok(Orders::default()), orders)?;
    let mix = file.table("mix")?.map(mix).transpose()?.ok_or_else(|| {
        file.missing(
            "mix",
            "write [mix] and below it weights, such as partial = 1",
        )
    })?;
    file.finish()?;
    Ok(Scenario {
        name,
        description,
        users,
        hatch_rate,
        rate,
        arrivals,
        duration,
        warmup,
        stages,
        thresholds,
        abort_on_threshold,
        abort_grace,
        orders,
        mix,
    })
}

fn users(settings: &Settings<'_>) -> Result<Option<usize>, Slip> {
    let users = settings.whole("users", 0..=MOST_USERS)?;
    Ok(users.map(|users| usize::try_from(users).expect("it is within its bounds")))
}

fn stage(settings: Settings<'_>) -> Result<Stage, Slip> {
    let shape = settings
        .word("shape", &Shape::ALL.map(|shape| (shape.name(), shape)))?
        .ok_or_else(|| settings.missing("shape", "write one of \"ramp\", \"hold\", \"spike\""))?;
    let users = users(&settings)?.map(Level::Users);
    let rate = settings.number("rate", "rate = 2000")?.map(Level::Rate);
    if users.is_some() && rate.is_some() {
        return Err(settings.wrong(
            "rate",
            "stands beside users: leave out the one that the stage does not change",
        ));
    }
    let level = users.or(rate);
    if level.is_none() && shape != Shape::Hold {
        let cure = format!("a {} needs rate = 2000, or users = 64", shape.name());
        return Err(settings.missing("rate", &cure));
    }
    let stage = Stage {
        name: settings.text("name")?,
        shape,
        level,
        duration: settings
            .duration("duration")?
            .ok_or_else(|| settings.missing("duration", "write duration = \"30s\", say"))?,
    };
    settings.finish()?;
    Ok(stage)
}

fn orders(settings: Settings<'_>) -> Result<Orders, Slip> {
    let mut orders = Orders::default();
    let number = |count: i64| usize::try_from(count).expect("it is within its bounds");
    if let Some(count) = settings.whole("count", 0..=10_000_000)? {
        orders.count = number(count);
    }
    if let Some((least, most)) = settings.range(
        "amount",
        "amount = 20000, or a range, amount = [1000, 50000]",
    )? {
        orders.amount = (Amount::new(least), Amount::new(most));
    }
    if let Some(part) = settings.number("part", "part = 0.02")? {
        orders.part = part;
    }
    if settings.is_table("popularity") {
        let zipf = settings.table("popularity")?.map(zipf).transpose()?;
        orders.popularity = zipf.unwrap_or(Popularity::Uniform);
    } else if let Some(popularity) = settings
        .word("popularity", &[("uniform", Popularity::Uniform)])
        .map_err(|slip| Slip {
            reason: format!("{}, or {{ zipf = 1.1 }}", slip.reason),
            ..slip
        })?
    {
        orders.popularity = popularity;
    }
    let hot = settings.whole("hot", 0..=10_000_000)?.map(number);
    let share = settings.number("hot-share", "hot-share = 0.5")?;
    orders.hot = match (hot, share) {
        (None, Some(_)) => {
            return Err(settings.wrong(
                "hot-share",
                "is the share of how many orders? Write hot = 4 beside it",
            ));
        }
        (hot, share) => hot.map(|hot| (hot, share.unwrap_or(0.5))),
    };
    settings.finish()?;
    Ok(orders)
}

fn zipf(settings: Settings<'_>) -> Result<Popularity, Slip> {
    let exponent = settings
        .number("zipf", "zipf = 1.1")?
        .ok_or_else(|| settings.missing("zipf", "write popularity = { zipf = 1.1 }"))?;
    settings.finish()?;
    Ok(Popularity::Zipf(exponent))
}

fn mix(settings: Settings<'_>) -> Result<Mix, Slip> {
    let mut mix = Mix::new();
    for kind in Kind::MIXED {
        if let Some(weight) = settings.whole(kind.name(), 0..=1_000_000)? {
            mix.insert(
                kind,
                u32::try_from(weight).expect("it is within its bounds"),
            );
        }
    }
    settings.finish()?;
    Ok(mix)
}
