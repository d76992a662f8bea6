//! A client of WebDriver's plain HTTP and JSON: one request a connection.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A browser may take its time to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a window is tried to be opened.
const ATTEMPTS: usize = 3;

/// The name under which an element's id stands in an answer.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A driver that listens on a port of this machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Driver {
    pub(crate) port: u16,
}

impl Driver {
    /// Sends a command and gives the value of its answer.
    ///
    /// # Panics
    /// Where the driver answers with an error: it is a test's.
    #[track_caller]
    pub(crate) fn call(self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.try_call(method, path, body);
        match answer {
            Ok(answer) if answer["value"]["error"].is_null() => answer["value"].clone(),
            Ok(answer) => panic!("{method} {path}: {}", answer["value"]),
            Err(error) => panic!("{method} {path}: {error}"),
        }
    }

    fn try_call(self, method: &str, path: &str, body: &Value) -> std::io::Result<Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let body = match method {
            "POST" => body.to_string(),
            _ => String::new(),
        };
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.port,
            body.len(),
        )?;
        let answer = read_answer(&mut stream)?;
        Ok(serde_json::from_slice(&answer)?)
    }
}

/// The answer's body; the driver says how long it is, and may keep the
/// connection open.
fn read_answer(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 65_536];
    loop {
        if let Some(start) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..start]).to_ascii_lowercase();
            let length: usize = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .and_then(|length| length.trim().parse().ok())
                .expect("the driver tells the length");
            if bytes.len() >= start + 4 + length {
                return Ok(bytes[start + 4..start + 4 + length].to_vec());
            }
        }
        match stream.read(&mut buffer)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}

/// A window of a browser.
pub(crate) struct Session {
    driver: Driver,
    path: String,
}

impl Session {
    /// Opens a window with these arguments to Chromium.
    pub(crate) fn open(driver: Driver, arguments: &[String]) -> Self {
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        } } });
        // A driver gives a browser a minute to start, which a busy machine may need.
        let opened = (0..ATTEMPTS).find_map(|_| {
            let answer = driver.try_call("POST", "/session", &wanted);
            let answer = answer.expect("the driver answers");
            let id = answer["value"]["sessionId"].as_str()?;
            Some(format!("/session/{id}"))
        });
        Self {
            driver,
            path: opened.expect("the driver opens a window"),
        }
    }

    #[track_caller]
    fn post(&self, what: &str, body: &Value) -> Value {
        self.driver
            .call("POST", &format!("{}/{what}", self.path), body)
    }

    #[track_caller]
    fn get(&self, what: &str) -> Value {
        let path = format!("{}/{what}", self.path);
        self.driver.call("GET", &path, &Value::Null)
    }

    /// Goes to an address.
    #[track_caller]
    pub(crate) fn go(&self, url: &str) {
        self.post("url", &json!({ "url": url }));
    }

    /// What a function's body returns in the page.
    #[track_caller]
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// The address that the window stands at.
    #[track_caller]
    pub(crate) fn address(&self) -> String {
        let url = self.get("url");
        url.as_str().expect("an address").to_owned()
    }

    /// Waits until the window stands at this address: where a click leads may
    /// take its time on a busy machine.
    ///
    /// # Panics
    /// Where it never does, with the address at which it stands.
    #[track_caller]
    pub(crate) fn wait_for_address(&self, expected: &str) {
        let start = Instant::now();
        while self.address() != expected && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(self.address(), expected);
    }

    /// The text of an element as a reader sees it.
    #[track_caller]
    pub(crate) fn text(&self, selector: &str) -> String {
        let text = self.get(&format!("element/{}/text", self.find(selector)));
        text.as_str().expect("a text").to_owned()
    }

    /// What is seen, as a PNG.
    #[track_caller]
    pub(crate) fn picture(&self) -> Vec<u8> {
        let taken = self.get("screenshot");
        let picture = STANDARD.decode(taken.as_str().expect("a picture"));
        picture.expect("Base64")
    }

    /// A command of Chromium's own protocol.
    #[track_caller]
    pub(crate) fn chromium(&self, command: &str, parameters: &Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.post("goog/cdp/execute", &body)
    }

    /// A click as a person makes it: on what is seen there.
    #[track_caller]
    pub(crate) fn click(&self, selector: &str) {
        let id = self.find(selector);
        self.post(&format!("element/{id}/click"), &json!({}));
    }

    #[track_caller]
    fn find(&self, selector: &str) -> String {
        let query = json!({ "using": "css selector", "value": selector });
        let element = self.post("element", &query);
        element[ELEMENT]
            .as_str()
            .expect("an element's id")
            .to_owned()
    }

    /// Presses keys one after another.
    #[track_caller]
    pub(crate) fn press(&self, keys: &str) {
        let presses: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                [
                    json!({ "type": "keyDown", "value": key.to_string() }),
                    json!({ "type": "keyUp", "value": key.to_string() }),
                ]
            })
            .collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": presses });
        self.post("actions", &json!({ "actions": [keyboard] }));
    }

    /// What the browser said since it was asked last: `browser` or
    /// `performance`.
    #[track_caller]
    pub(crate) fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.post("se/log", &json!({ "type": kind }));
        entries.as_array().expect("a list of entries").clone()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Closes the browser, also where a test fails.
        let _ = self.driver.try_call("DELETE", &self.path, &Value::Null);
    }
}
