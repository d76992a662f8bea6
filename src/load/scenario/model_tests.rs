use super::*;
use crate::load::scenario::{Kind, Popularity};
use crate::protocol::Amount;

/// A scenario of one request a second, with more settings before its mix.
fn with(settings: &str) -> String {
    format!("name = \"x\"\n{settings}\n[mix]\npartial = 1")
}

fn parsed(settings: &str) -> Scenario {
    Scenario::parse(&with(settings), "file.toml").unwrap()
}

#[test]
fn the_built_in_scenario_can_be_run() {
    let scenario = Scenario::parse(Scenario::SUSTAINED, "built in").unwrap();
    assert_eq!(scenario.name, "sustained");
    assert_eq!(scenario.total(), Duration::from_secs(12));
}

#[test]
fn a_slip_is_told_with_its_line_the_setting_and_the_cure() {
    for (settings, words) in [
        (
            "users = 1\nduration = \"1 fortnight\"",
            ["line 3", "duration is \"1 fortnight\"", "30s"],
        ),
        (
            "users = \"many\"\nduration = \"1s\"",
            ["line 2", "users is \"many\"", "a whole number"],
        ),
        (
            "users = -1\nduration = \"1s\"",
            ["line 2", "users is -1", "from 0"],
        ),
        (
            "users = 1\nduration = \"1s\"\nthresholds = [\"p99\"]",
            ["line 4", "thresholds", "p99<50ms"],
        ),
        (
            "users = 1\nduration = \"1s\"\nthresholds = [99]",
            ["line 4", "99", "in quotes"],
        ),
        (
            "usres = 1\nusers = 1\nduration = \"1s\"",
            ["line 2", "usres is no setting", "users"],
        ),
        (
            "users = 1\nduration = \"1s\"\narrivals = \"often\"",
            ["line 4", "\"often\"", "\"poisson\""],
        ),
        (
            "users = 1\nduration = \"1s\"\nrate = nan",
            ["line 4", "rate is nan", "rate = 2000"],
        ),
        (
            "users = 1\nduration = \"1s\"\nabort-on-threshold = 1",
            ["line 4", "abort-on-threshold is 1", "true"],
        ),
        ("users = 1", ["line 1", "duration is missing", "[[stages]]"]),
        (
            "users = 1\nduration = \"1s\"\n[orders]\namount = \"1000\"",
            ["line 5", "orders.amount", "[1000, 50000]"],
        ),
        (
            "users = 1\nduration = \"1s\"\n[orders]\npopularity = \"zipf\"",
            ["line 5", "orders.popularity is \"zipf\"", "zipf = 1.1"],
        ),
        (
            "users = 1\nduration = \"1s\"\n[orders]\nhot-share = 0.5",
            ["line 5", "orders.hot-share", "hot = 4"],
        ),
        (
            "users = 1\n[[stages]]\nshape = \"hill\"\nduration = \"1s\"",
            ["line 4", "stages[1].shape is \"hill\"", "\"spike\""],
        ),
        (
            "users = 1\n[[stages]]\nshape = \"ramp\"\nduration = \"1s\"",
            ["line 3", "stages[1].rate is missing", "users = 64"],
        ),
        (
            "users = 1\nduration = \"1s\"\n[[stages]]\nshape = \"hold\"\nduration = \"1s\"",
            ["line 3", "duration", "leave it out"],
        ),
        ("users = 1\nduration = 1s", ["line 3", "no TOML", ""]),
    ] {
        let error = Scenario::parse(&with(settings), "file.toml")
            .unwrap_err()
            .to_string();
        for word in words {
            assert!(error.contains(word), "{word:?} in {error}");
        }
    }
}

#[test]
fn a_kind_that_is_none_is_told_with_those_that_are() {
    let text = "name = \"x\"\nusers = 1\nduration = \"1s\"\n[mix]\npartail = 1";
    let error = Scenario::parse(text, "file.toml").unwrap_err().to_string();
    assert!(
        error.contains("line 5: mix.partail is no setting"),
        "{error}"
    );
    assert!(error.contains("duplicate-storm"), "{error}");
}

#[test]
fn settings_that_do_not_go_together_are_told_with_the_cure() {
    for (settings, word) in [
        ("users = 0\nduration = \"1s\"", "--users"),
        (
            "users = 1\nduration = \"1s\"\narrivals = \"poisson\"",
            "--rate",
        ),
        (
            "users = 1\n[[stages]]\nshape = \"ramp\"\nusers = 5\nduration = \"1s\"\n[[stages]]\nshape = \"ramp\"\nrate = 5\nduration = \"1s\"",
            "change one of them",
        ),
        (
            "users = 1\nrate = 5\n[[stages]]\nshape = \"ramp\"\nusers = 5\nduration = \"1s\"",
            "leave out one",
        ),
        (
            "users = 1\nduration = \"1s\"\n[orders]\ncount = 0",
            "orders.count",
        ),
    ] {
        let error = Scenario::parse(&with(settings), "file.toml")
            .unwrap_err()
            .to_string();
        assert!(error.contains(word), "{error}");
    }
    let no_weight = with("users = 1\nduration = \"1s\"").replace("partial = 1", "partial = 0");
    let error = Scenario::parse(&no_weight, "file.toml")
        .unwrap_err()
        .to_string();
    assert!(error.contains("weight"), "{error}");
}

#[test]
fn every_setting_is_read() {
    let scenario = parsed(
        "description = \"d\"\nusers = 8\nhatch-rate = 4\nrate = 5\narrivals = \"poisson\"\nduration = \"9s\"\nwarmup = \"1s\"\nthresholds = [\"p99<1s\"]\nabort-on-threshold = true\nabort-grace = \"3s\"\n[orders]\ncount = 9\namount = [10, 20]\npart = 0.5\npopularity = { zipf = 1.5 }\nhot = 2\nhot-share = 0.25",
    );
    assert_eq!(
        (scenario.users, scenario.hatch_rate, scenario.rate),
        (8, Some(4.0), Some(5.0))
    );
    assert_eq!(
        (scenario.arrivals, scenario.thresholds.len()),
        (Law::Poisson, 1)
    );
    assert_eq!(scenario.total(), Duration::from_secs(10));
    assert!(scenario.abort_on_threshold);
    assert_eq!(scenario.abort_grace, Duration::from_secs(3));
    assert_eq!(
        scenario.orders,
        Orders {
            count: 9,
            amount: (Amount::new(10), Amount::new(20)),
            part: 0.5,
            popularity: Popularity::Zipf(1.5),
            hot: Some((2, 0.25)),
        }
    );
    assert_eq!(scenario.mix.get(&Kind::Partial), Some(&1));
}

#[test]
fn a_flag_scales_stages_and_keeps_their_story() {
    let mut scenario = parsed(
        "users = 4\nrate = 100\n[[stages]]\nshape = \"ramp\"\nrate = 1000\nduration = \"30s\"\n[[stages]]\nshape = \"spike\"\nrate = 4000\nduration = \"10s\"",
    );
    scenario.set_duration(Duration::from_secs(4));
    scenario.set_rate(400.0);
    let lengths: Vec<Duration> = scenario.stages.iter().map(|stage| stage.duration).collect();
    assert_eq!(lengths, [Duration::from_secs(3), Duration::from_secs(1)]);
    assert_eq!(scenario.rate, Some(10.0));
    assert_eq!(scenario.stages[0].level, Some(Level::Rate(100.0)));
    assert_eq!(scenario.stages[1].level, Some(Level::Rate(400.0)));
    assert_eq!(scenario.users, 4);
}

#[test]
fn users_that_stages_change_are_scaled_and_stay_above_zero() {
    let mut scenario = parsed("[[stages]]\nshape = \"ramp\"\nusers = 100\nduration = \"1s\"");
    scenario.set_users(10);
    assert_eq!((scenario.users, scenario.most_users()), (1, 10));
    assert!(!scenario.is_open());
}
