//! Where paid orders come from, and how much may be refunded.

use crate::support::{Gateway, Run, Workplace};
use crate::with;

#[test]
fn orders_from_a_pool_are_used_once_and_recorded() {
    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &["--store", "memory"]);
    let pool = workplace.write(
        "orders.csv",
        "partnerOrderNo,orderAmount,currency\nnobody-paid-this,100,JPY\n",
    );
    let mut command = workplace.recoup(&[
        "check",
        "--quiet",
        "--target",
        &gateway.url,
        "--orders",
        pool.to_str().expect("a plain path"),
    ]);
    command.env("RECOUP_SIGN_KEY", "123456");
    let run = Run::of(command).expect(3);
    assert!(run.stdout.contains("is the order paid"), "{}", run.stdout);
    let used = std::fs::read_to_string(workplace.path("orders.csv.used")).expect("a record");
    assert_eq!(used, "nobody-paid-this\n");
}

/// Pays for orders at a gateway of the test partners, as somebody else would.
pub(crate) fn paid_orders(url: &str, amounts: &[i64]) -> String {
    use recoup::protocol::{
        Amount, Barcode, OrderNo, PartnerNo, PaymentRequest, Profile, SignKey, StoreNo,
    };
    use recoup::target::{Caller, Clock, Endpoint, Limits, Numbers, Partner, Trust};

    let store = StoreNo::new("1").expect("short");
    let caller = Caller {
        endpoint: Endpoint::parse(url, &Trust::default(), Limits::default())
            .expect("a URL")
            .into(),
        partner: Partner {
            number: PartnerNo::new("10001").expect("short"),
            key: SignKey::new("123456").expect("not empty"),
        },
        profile: Profile::built_in(),
        store: store.clone(),
        numbers: Numbers::new(1, "pool").into(),
        clock: Clock::present(),
    };
    let mut lines = vec!["partnerOrderNo,orderAmount,currency".to_owned()];
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for (index, amount) in amounts.iter().enumerate() {
        // As short and as long as an order's number can be.
        let number = match index {
            0 => "7".to_owned(),
            _ => format!("{index:€>32}"),
        };
        let request = PaymentRequest::new(
            store.clone(),
            OrderNo::new(&number).expect("32 characters"),
            Barcode::new("28").expect("short"),
            Amount::new(*amount),
        );
        let document = caller.sealed(&request);
        let paid = runtime.block_on(caller.post(recoup::protocol::Api::Pay, &document));
        assert_eq!(paid.status(), Some(200));
        lines.push(format!("{number},{amount},JPY"));
    }
    lines.join("\n")
}

#[test]
fn a_pool_of_paid_orders_is_enough_for_rules_and_load() {
    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &["--store", "memory"]);
    let mut amounts = vec![10_001; 600];
    amounts.extend([2, 3, 77_777, 1 << 53, 20_000, 20_001, 5_000_000]);
    amounts.extend([100_001; 12]);
    workplace.write("orders.csv", &paid_orders(&gateway.url, &amounts));
    let run = |arguments: &[&str]| {
        let target = [
            "--quiet",
            "--orders",
            "orders.csv",
            "--target",
            &gateway.url,
        ];
        let mut command = workplace.recoup(&with(arguments, &target));
        command.env("RECOUP_SIGN_KEY", "123456");
        Run::of(command)
    };
    run(&["check"]).expect(0);
    // What is left is fewer than the scenario asks for, and enough to begin.
    workplace.write(
        "small.toml",
        "name = \"small\"\nusers = 2\nduration = \"1s\"\n[orders]\namount = 20000\n[mix]\npartial = 1\n",
    );
    let load = run(&["load", "small.toml"]);
    assert!(matches!(load.code, 0 | 3), "{}", load.stdout);
    assert_eq!(
        workplace.report()["audit"]["verdict"],
        "pass",
        "{}",
        load.stdout
    );
}

#[test]
fn a_cap_on_what_may_be_refunded_is_kept() {
    let workplace = Workplace::new();
    let checked = |cap: &str, code: i32| {
        let only = [
            "check",
            "--only",
            "refunding.*",
            "--quiet",
            // What the rules refund in all depends on the amounts drawn.
            "--seed",
            "1",
            "--max-total-refund",
        ];
        workplace.run(&with(&only, &[cap])).expect(code);
        let report = workplace.report();
        let rules = report["rules"].as_array().expect("rules").clone();
        rules
            .iter()
            .filter(|rule| rule["verdict"] == "blocked")
            .count()
    };
    assert_eq!(checked("100000", 0), 0);
    assert!(checked("1500", 3) > 0);
}
