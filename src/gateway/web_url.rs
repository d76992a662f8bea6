//! URLs that a partner gives: where to send a notification, where to send the
//! customer.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// An http or https URL with a host, and without a user or a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebUrl(Url);

/// A text that is no such URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an http or https URL without a user")]
pub struct NoWebUrl;

impl WebUrl {
    /// Whom a request to it goes to: scheme, host and port.
    pub fn receiver(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Whether it asks for TLS.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Its host.
    pub(super) fn host(&self) -> Host<&str> {
        self.0
            .host()
            .expect("it was asked for a host when it was read")
    }

    /// Its port, or its scheme's.
    pub(super) fn port(&self) -> u16 {
        self.0
            .port_or_known_default()
            .expect("http and https have a port of their own")
    }

    /// Its path and query, as a request line has them.
    pub(super) fn path_and_query(&self) -> String {
        match self.0.query() {
            Some(query) => format!("{}?{query}", self.0.path()),
            None => self.0.path().to_owned(),
        }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for WebUrl {
    type Err = NoWebUrl;

    fn from_str(text: &str) -> Result<Self, NoWebUrl> {
        let url = Url::parse(text).map_err(|_| NoWebUrl)?;
        let is_web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
        if is_web && url.username().is_empty() && url.password().is_none() {
            Ok(Self(url))
        } else {
            Err(NoWebUrl)
        }
    }
}

impl fmt::Display for WebUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_taken() {
        let url: WebUrl = "http://127.0.0.1:81/a/b?c=d#e".parse().unwrap();
        assert_eq!(url.receiver(), "http://127.0.0.1:81");
        assert_eq!(url.path_and_query(), "/a/b?c=d");
        assert_eq!(
            "https://shop.example".parse::<WebUrl>().unwrap().port(),
            443
        );
        for other in [
            "",
            "shop.example/notify",
            "/notify",
            "file:///etc/passwd",
            "gopher://h/",
            "javascript:alert(1)",
            "data:text/html,x",
            "http://",
            "http://user:secret@h/",
            "http://user@h/",
        ] {
            assert!(other.parse::<WebUrl>().is_err(), "{other}");
        }
    }

    #[test]
    fn a_line_end_does_not_get_into_a_request_line() {
        let url: WebUrl = "http://h/a\r\nX: y ".parse().unwrap();
        assert!(!url.as_str().contains(['\r', '\n', ' ']), "{url}");
    }
}
