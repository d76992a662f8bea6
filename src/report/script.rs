//! A shell script that sends a recorded request again with `curl`.
//!
//! The request may hold anything: it was made to be hostile. So every value
//! goes through one quoting function, header names and methods that are no
//! tokens are left out, and nothing that `curl` would expand (`@file`, globs,
//! an empty header) is left to it.

use super::shown;
use crate::verdict::ExchangeEvidence;

/// Headers that `curl` writes itself, from the URL and the body.
const WRITTEN_BY_CURL: [&str; 3] = ["host", "content-length", "transfer-encoding"];
/// Headers that `curl` would add where the request has none.
const ADDED_BY_CURL: [&str; 4] = ["Accept", "User-Agent", "Content-Type", "Expect"];

/// The script for the exchange whose files start with `stem`.
///
/// It runs from anywhere: it changes to its own folder first.
pub(crate) fn curl_script(exchange: &ExchangeEvidence, stem: &str) -> Vec<u8> {
    let head = Head::of(exchange);
    let mut script = Vec::new();
    let mut line = |text: &[u8]| {
        script.extend_from_slice(text);
        script.push(b'\n');
    };
    line(b"#!/bin/sh");
    line(format!("# Sends again: {}", shown::line(&exchange.label)).as_bytes());
    line(format!("# The bytes as they were, framing included: {stem}.request").as_bytes());
    if head.left_out > 0 {
        line(
            format!(
                "# Not sent, because curl can't: {} line(s) of the head",
                head.left_out
            )
            .as_bytes(),
        );
    }
    line(b"CDPATH= cd -- \"$(dirname -- \"$0\")\" || exit 1");
    line(b"exec curl --disable --silent --show-error --include --http1.1 \\");
    line(b"  --proto '=http,https' --globoff --path-as-is \\");
    if head.method == b"HEAD" {
        line(b"  --head \\");
    } else {
        line(&option(b"--request", head.method));
    }
    if let Some(target) = head.target {
        line(&option(b"--request-target", target));
    }
    for (name, value) in &head.headers {
        // `Name;` is how curl spells a header without a value.
        let text = match value {
            [] => [*name, b";"].concat(),
            value => [*name, b": ", *value].concat(),
        };
        line(&option(b"--header", &text));
    }
    for name in ADDED_BY_CURL {
        let is_sent = |(sent, _): &(&[u8], &[u8])| sent.eq_ignore_ascii_case(name.as_bytes());
        if !head.headers.iter().any(is_sent) {
            line(&option(b"--header", format!("{name}:").as_bytes()));
        }
    }
    if head.has_body {
        line(&option(
            b"--data-binary",
            format!("@{stem}.body").as_bytes(),
        ));
    }
    line(&[b"  --url ", &quoted(exchange.url.as_bytes())[..]].concat());
    script
}

/// The same as one line, for a request that is plain: a POST of the file
/// `body` (a word of a shell), whose framing `curl` writes as it was.
pub(crate) fn curl_line(exchange: &ExchangeEvidence, body: &str) -> Option<String> {
    if !is_plain(exchange) {
        return None;
    }
    let headers: String = Head::of(exchange)
        .headers
        .iter()
        .map(|(name, value)| {
            let header = [*name, b": ", *value].concat();
            format!("-H {} ", word(&String::from_utf8_lossy(&header)))
        })
        .collect();
    let url = word(&exchange.url);
    Some(format!("curl --data-binary @{body} {headers}{url}"))
}

/// Whether a request's head is the usual one, so that it tells nothing: a POST
/// of JSON to the URL's own path, with the body's true length.
pub(crate) fn is_plain(exchange: &ExchangeEvidence) -> bool {
    let head = Head::of(exchange);
    let length = format!("\r\nContent-Length: {}\r\n", exchange.sent_body().len());
    let text = String::from_utf8_lossy(exchange.sent_head());
    let is_path = head
        .target
        .is_some_and(|target| exchange.url.as_bytes().ends_with(target));
    let json = (&b"Content-Type"[..], &b"application/json"[..]);
    head.method == b"POST"
        && is_path
        && head.left_out == 0
        && head.headers.contains(&json)
        && text.contains(&length)
        && !text.contains("Transfer-Encoding")
        && text
            .lines()
            .next()
            .is_some_and(|line| line.ends_with(" HTTP/1.1"))
}

/// The text as one word of a shell: as it is where that is one, else quoted.
pub(crate) fn word(text: &str) -> String {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+=,".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_safe) {
        return text.to_owned();
    }
    shown::line(&String::from_utf8_lossy(&quoted(text.as_bytes())))
}

fn option(name: &[u8], value: &[u8]) -> Vec<u8> {
    [b"  ", name, b" ", &quoted(value)[..], b" \\"].concat()
}

/// The bytes as one word of a POSIX shell. NUL, which no argument can hold,
/// is dropped.
fn quoted(bytes: &[u8]) -> Vec<u8> {
    let mut word = vec![b'\''];
    for byte in bytes {
        match byte {
            b'\'' => word.extend_from_slice(br"'\''"),
            0 => {}
            _ => word.push(*byte),
        }
    }
    word.push(b'\'');
    word
}

/// What of a recorded head `curl` can send.
struct Head<'a> {
    method: &'a [u8],
    target: Option<&'a [u8]>,
    headers: Vec<(&'a [u8], &'a [u8])>,
    has_body: bool,
    left_out: usize,
}

impl<'a> Head<'a> {
    fn of(exchange: &'a ExchangeEvidence) -> Self {
        let end = exchange.body_start.min(exchange.sent.len());
        let mut lines = exchange.sent[..end]
            .split(|byte| *byte == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let request_line = lines.next().unwrap_or_default();
        let mut words = request_line.split(|byte| *byte == b' ');
        let method = words.next().filter(|word| is_token(word));
        let target = words
            .next()
            .filter(|word| !word.is_empty() && word.iter().all(u8::is_ascii_graphic));
        let mut head = Self {
            method: method.unwrap_or(b"POST"),
            target,
            headers: Vec::new(),
            has_body: !exchange.sent_body().is_empty(),
            left_out: usize::from(method.is_none()) + usize::from(target.is_none()),
        };
        for line in lines.filter(|line| !line.is_empty()) {
            head.take(line);
        }
        head
    }

    fn take(&mut self, line: &'a [u8]) {
        let colon = line.iter().position(|byte| *byte == b':');
        let Some((name, value)) = colon.map(|colon| (&line[..colon], &line[colon + 1..])) else {
            self.left_out += 1;
            return;
        };
        let value = value.trim_ascii();
        let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
        if !is_token(name) || value.iter().any(is_control) {
            self.left_out += 1;
        } else if WRITTEN_BY_CURL
            .iter()
            .any(|own| name.eq_ignore_ascii_case(own.as_bytes()))
        {
            self.has_body |= name.eq_ignore_ascii_case(b"content-length");
        } else {
            self.headers.push((name, value));
        }
    }
}

/// RFC 9110's token: what a method or a header's name is made of.
fn is_token(word: &[u8]) -> bool {
    let is_token_byte =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !word.is_empty() && word.iter().all(is_token_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(head: &[u8], body: &[u8]) -> ExchangeEvidence {
        ExchangeEvidence {
            label: "refund 100".into(),
            url: "http://127.0.0.1:8080/api/common/refund".into(),
            sent: [head, body].concat(),
            body_start: head.len(),
            ..ExchangeEvidence::default()
        }
    }

    #[test]
    fn a_quote_in_a_value_ends_nothing() {
        assert_eq!(quoted(b"a'b\0c"), br"'a'\''bc'");
    }

    /// Runs the script with a `curl` that only prints its arguments.
    #[cfg(unix)]
    fn arguments(exchange: &ExchangeEvidence) -> Vec<String> {
        use std::os::unix::fs::PermissionsExt;
        use std::{fs, process::Command};
        let folder = tempfile::tempdir().unwrap();
        let curl = folder.path().join("curl");
        fs::write(&curl, "#!/bin/sh\nprintf '%s\\0' \"$@\"\n").unwrap();
        fs::set_permissions(&curl, fs::Permissions::from_mode(0o755)).unwrap();
        let script = folder.path().join("x.sh");
        fs::write(&script, curl_script(exchange, "x")).unwrap();
        let mut path = folder.path().as_os_str().to_owned();
        path.push(":/usr/bin:/bin");
        let output = Command::new("/bin/sh")
            .arg(&script)
            .env("PATH", path)
            .current_dir("/")
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert!(
            !folder.path().join("owned").exists(),
            "the script ran what it should have sent"
        );
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.split_terminator('\0').map(str::to_owned).collect()
    }

    #[cfg(unix)]
    fn after<'a>(arguments: &'a [String], name: &str) -> Vec<&'a str> {
        arguments
            .windows(2)
            .filter(|pair| pair[0] == name)
            .map(|pair| pair[1].as_str())
            .collect()
    }

    #[cfg(unix)]
    #[test]
    fn the_script_sends_the_recorded_method_headers_and_body() {
        let arguments = arguments(&exchange(
            b"POST /api/common/refund HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n",
            b"{}",
        ));
        assert_eq!(after(&arguments, "--request"), ["POST"]);
        assert_eq!(
            after(&arguments, "--header"),
            [
                "Content-Type: application/json",
                "Accept:",
                "User-Agent:",
                "Expect:"
            ]
        );
        assert_eq!(after(&arguments, "--data-binary"), ["@x.body"]);
        assert_eq!(
            after(&arguments, "--url"),
            ["http://127.0.0.1:8080/api/common/refund"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn hostile_content_reaches_curl_as_text_and_runs_nothing() {
        let mut hostile = exchange(
            b"POST /$(touch${IFS}owned)';touch${IFS}owned;' HTTP/1.1\r\n\
              X-A: '; touch owned; '\r\n\
              X-B: $(touch owned) `touch owned`\r\n\
              X-Empty:\r\n\
              @/etc/passwd: x\r\n\
              no colon here\r\n\
              X-Nul: a\x00b\r\n\r\n",
            b"",
        );
        hostile.label = "x\ntouch owned\r\ntouch owned".into();
        hostile.url = "http://127.0.0.1/'\ntouch owned\n'".into();
        let arguments = arguments(&hostile);
        let headers = after(&arguments, "--header");
        assert_eq!(
            headers[..3],
            [
                "X-A: '; touch owned; '",
                "X-B: $(touch owned) `touch owned`",
                "X-Empty;"
            ]
        );
        assert!(
            headers.iter().all(|header| !header.starts_with('@')),
            "{headers:?}"
        );
        assert_eq!(
            after(&arguments, "--request-target"),
            ["/$(touch${IFS}owned)';touch${IFS}owned;'"]
        );
        assert_eq!(after(&arguments, "--url"), [hostile.url.as_str()]);
        let script = curl_script(&hostile, "x");
        assert!(String::from_utf8_lossy(&script).contains("can't: 3 line(s)"));
    }
}
