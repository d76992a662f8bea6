//! A headless Chromium of a test's own, which ends with it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use webdriver::{Driver, Session};

#[path = "webdriver.rs"]
mod webdriver;

/// What Chromium is started with: no window, no sandbox (a container's root has
/// none), and nothing that it would do on the network by itself.
const ARGUMENTS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
];

/// A browser with one window.
pub(crate) struct Browser {
    // Dropped in this order: the window, the driver, the folder.
    session: Session,
    _driver: Killed,
    _profile: TempDir,
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Browser {
    /// Starts one; `None`, said aloud, where it is not installed.
    pub(crate) fn start() -> Option<Self> {
        if !is_installed("chromedriver") || !is_installed("chromium") {
            let is_required = std::env::var("TEST_BROWSER").is_ok_and(|value| value == "required");
            assert!(!is_required, "chromium and chromedriver are not installed");
            // Not through the macros, whose output a passing test hides.
            let aloud = b"skipped: chromium or chromedriver is not installed\n";
            std::io::stderr().write_all(aloud).expect("stderr");
            return None;
        }
        let (driver, port) = start_driver();
        let profile = tempfile::tempdir().expect("a temporary folder");
        let mut arguments: Vec<String> = ARGUMENTS.map(str::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        Some(Self {
            session: Session::open(Driver { port }, &arguments),
            _driver: driver,
            _profile: profile,
        })
    }

    /// A window of this width, with the light or the dark page.
    pub(crate) fn look(&self, width: u32, scheme: &str) {
        self.look_at(width, scheme, false);
    }

    /// The same on a phone, where a page has to ask for the width that it is
    /// laid out for.
    pub(crate) fn look_on_phone(&self, width: u32, scheme: &str) {
        self.look_at(width, scheme, true);
    }

    fn look_at(&self, width: u32, scheme: &str, is_mobile: bool) {
        let size =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": is_mobile });
        self.chromium("Emulation.setDeviceMetricsOverride", &size);
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.chromium("Emulation.setEmulatedMedia", &features);
    }

    /// Whether scripts of pages run that are opened from now on.
    pub(crate) fn allow_scripts(&self, allowed: bool) {
        let disabled = json!({ "value": !allowed });
        self.chromium("Emulation.setScriptExecutionDisabled", &disabled);
    }
}

impl std::ops::Deref for Browser {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null());
    command.stderr(Stdio::null()).status().is_ok()
}

/// Starts the driver on a free port, which it prints.
fn start_driver() -> (Killed, u16) {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver starts");
    let stdout = driver.stdout.take().expect("stdout is piped");
    let driver = Killed(driver);
    let mut lines = BufReader::new(stdout).lines();
    let port = lines.find_map(|line| {
        let line = line.expect("chromedriver prints text");
        let (_, port) = line.split_once("successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    // What it prints later goes nowhere, and must not block it.
    std::thread::spawn(move || lines.for_each(drop));
    (driver, port.expect("chromedriver prints its port"))
}
