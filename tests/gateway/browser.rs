//! The page in a browser that people use: Chromium, driven over WebDriver's
//! own JSON. Without it the test is skipped, and says so.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Client, Session, shop, start};
use crate::receiver::Receiver;
use crate::sandbox::{checkout_of, create};

/// Set to `required`, the test fails where there is no Chromium: for machines
/// that are to have it.
const REQUIRED: &str = "TEST_BROWSER";
/// A folder to leave pictures of the page in, for people to look at.
const PICTURES: &str = "TEST_PICTURES";
/// What an element's name is called in WebDriver.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser without a screen. It ends with this value.
struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// `None`, said aloud, where it is not installed.
    async fn start() -> Option<Self> {
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        let mut driver = match driver {
            Ok(driver) => driver,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                assert_ne!(
                    std::env::var_os(REQUIRED),
                    Some("required".into()),
                    "Chromium's driver is not installed, and {REQUIRED} says that it is required"
                );
                // Not through the macros, whose output a passing test hides.
                let aloud = b"skipped: Chromium's driver is not installed\n";
                std::io::stderr().write_all(aloud).unwrap();
                return None;
            }
            Err(error) => panic!("failed to run chromedriver: {error}"),
        };
        let profile = tempfile::tempdir().unwrap();
        let output = BufReader::new(driver.stdout.take().unwrap());
        let mut browser = Self {
            port: port_said(output),
            driver,
            session: String::new(),
            _profile: profile,
        };
        let folder = browser._profile.path().display();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            &format!("--user-data-dir={folder}"),
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments},
        }}});
        let started = browser.ask("POST", "/session", &wanted).await;
        browser.session = started["sessionId"].as_str().unwrap().to_owned();
        Some(browser)
    }

    /// One call of WebDriver's: its value, which is no error.
    async fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if method == "GET" {
            String::new()
        } else {
            body.to_string()
        };
        let port = self.port;
        let mut client = Client::connect(([127, 0, 0, 1], port).into()).await;
        client
            .send(format!(
                "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ))
            .await;
        let answer = client.receive().await.unwrap();
        let value: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.status, 200, "{method} {path}: {value}");
        value["value"].clone()
    }

    async fn command(&self, method: &str, path: &str, body: Value) -> Value {
        let path = format!("/session/{}{path}", self.session);
        self.ask(method, &path, &body).await
    }

    async fn open(&self, url: &str) {
        self.command("POST", "/url", json!({ "url": url })).await;
    }

    async fn address(&self) -> String {
        let url = self.command("GET", "/url", Value::Null).await;
        url.as_str().unwrap().to_owned()
    }

    async fn find(&self, selector: &str) -> String {
        let by = json!({"using": "css selector", "value": selector});
        let found = self.command("POST", "/element", by).await;
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    async fn text(&self, selector: &str) -> String {
        let element = self.find(selector).await;
        let text = self
            .command("GET", &format!("/element/{element}/text"), Value::Null)
            .await;
        text.as_str().unwrap().to_owned()
    }

    async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        self.command("POST", &format!("/element/{element}/click"), json!({}))
            .await;
    }

    /// What a script on the page says; the page's own has none.
    async fn measure(&self, script: &str) -> Value {
        let script = json!({"script": format!("return {script}"), "args": []});
        self.command("POST", "/execute/sync", script).await
    }

    /// A page so many pixels wide, dark or light, without script or with it.
    async fn look(&self, width: u32, scheme: &str, has_script: bool) {
        for (method, parameters) in [
            (
                "Emulation.setDeviceMetricsOverride",
                json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": true}),
            ),
            (
                "Emulation.setEmulatedMedia",
                json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]}),
            ),
            (
                "Emulation.setScriptExecutionDisabled",
                json!({"value": !has_script}),
            ),
        ] {
            let command = json!({"cmd": method, "params": parameters});
            self.command("POST", "/goog/cdp/execute", command).await;
        }
    }

    /// Leaves a picture for people, where they have asked for it.
    async fn picture(&self, name: &str) {
        let taken = self.command("GET", "/screenshot", Value::Null).await;
        let picture = STANDARD.decode(taken.as_str().unwrap()).unwrap();
        assert!(picture.starts_with(b"\x89PNG"));
        if let Some(folder) = std::env::var_os(PICTURES) {
            let path = std::path::Path::new(&folder).join(name);
            fs::write(path, picture).unwrap();
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver and the browser that it started are one group.
        let group = format!("-{}", self.driver.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn port_said(mut output: impl BufRead) -> u16 {
    let mut line = String::new();
    while output.read_line(&mut line).unwrap() > 0 {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            return port.trim_end().trim_end_matches('.').parse().unwrap();
        }
        line.clear();
    }
    panic!("the driver names no port");
}

#[tokio::test]
async fn a_customer_pays_or_declines_on_the_page_and_is_led_back_to_the_shop() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let gateway = start(|_| {}).await;
    let mut session = Session::open(&gateway, shop()).await;
    let shop_page = Receiver::start(&[(200, "<h1>Thank you</h1>")]).await;
    let told = Receiver::start(&[(200, "success")]).await;
    for (choice, scheme, status) in [("pay", "light", 1), ("decline", "dark", 2)] {
        let mut request = checkout_of(choice);
        request.return_url = Some(shop_page.url(&format!("/back/{choice}")));
        request.notify_url = Some(told.url("/"));
        let created = create(&mut session, "/api/online/create", &request).await;
        let url = created.member("payUrl");
        browser.look(360, scheme, true).await;
        browser.open(url.as_str().unwrap()).await;
        assert_eq!(browser.text("h1").await, "Pay JPY 1,000");
        assert!(browser.text("dl").await.contains("Tea & <b>cake</b>"));
        // It fits a phone, and shows its colours.
        let overflow = "document.documentElement.scrollWidth - innerWidth";
        assert_eq!(browser.measure(overflow).await, 0);
        let ground = browser
            .measure("getComputedStyle(document.body).backgroundColor")
            .await;
        let expected = if scheme == "dark" {
            "rgb(16, 21, 28)"
        } else {
            "rgb(242, 244, 247)"
        };
        assert_eq!(ground, expected);
        browser.picture(&format!("{scheme}.png")).await;

        browser.look(360, scheme, false).await;
        browser.open(url.as_str().unwrap()).await;
        browser.click(&format!("button[value={choice}]")).await;
        assert_eq!(
            browser.address().await,
            shop_page.url(&format!("/back/{choice}"))
        );
        assert_eq!(session.query(choice).await.member("status"), status);

        browser.open(url.as_str().unwrap()).await;
        browser.picture(&format!("{choice}.png")).await;
        browser.click("a.button").await;
        assert_eq!(
            browser.address().await,
            shop_page.url(&format!("/back/{choice}"))
        );
    }
    assert_eq!(told.wait_for(1).await.len(), 1, "only what is paid is told");
}
