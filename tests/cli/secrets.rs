//! A sign key is in no output.

use crate::support::{Gateway, Workplace};
use crate::{SHORT, with};

#[test]
fn a_sign_key_is_in_no_output() {
    const SECRET: &str = "correct-horse-battery-staple";
    let workplace = Workplace::new();
    workplace.write(
        "partners.toml",
        "[[partner]]\nno = \"10001\"\nkey-env = \"GATEWAY_KEY\"\n",
    );
    let mut serve = workplace.recoup(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--store",
        "memory",
        "--partners",
        "partners.toml",
        "--fault",
        "cap-off-by-one",
    ]);
    serve.env("GATEWAY_KEY", SECRET);
    let gateway = Gateway::spawn(serve);
    let key = workplace.write("key", &format!("{SECRET}\n"));
    let run = workplace.run(&with(
        &[
            "gate",
            "--target",
            &gateway.url,
            "--sign-key-file",
            key.to_str().expect("a plain path"),
        ],
        &SHORT,
    ));
    let run = run.expect(5);
    assert!(!run.stdout.contains(SECRET) && !run.stderr.contains(SECRET));
    let mut folders = vec![workplace.path("reports")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of reports") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files += 1;
                let bytes = std::fs::read(&path).expect("a report");
                let leaks = bytes
                    .windows(SECRET.len())
                    .any(|window| window == SECRET.as_bytes());
                assert!(!leaks, "{}", path.display());
            }
        }
    }
    assert!(files > 5);
    // Without the second partner's key its rules are skipped, with the reason.
    let report = workplace.report();
    let isolation = report["rules"]
        .as_array()
        .expect("rules")
        .iter()
        .find(|rule| rule["id"] == "isolation.foreign-order")
        .expect("the rule")
        .clone();
    assert_eq!(isolation["verdict"], "skip");
    assert!(
        isolation["message"]
            .as_str()
            .expect("a reason")
            .contains("--other-partner")
    );
}
