//! The one way for text into the page.

use std::fmt;

use crate::report::shown;

/// Text of a single line, escaped for element content and quoted attributes.
pub(in crate::report) fn text(text: &str) -> Escaped {
    Escaped(shown::line(text))
}

/// Text whose line ends stay, for preformatted elements.
pub(super) fn lines(text: &str) -> Escaped {
    Escaped(shown::lines(text))
}

/// Bytes whose line ends stay; those that are no text as `<0xFF>`.
pub(super) fn byte_lines(bytes: &[u8]) -> Escaped {
    Escaped(shown::byte_lines(bytes))
}

/// Displays as HTML that shows the text and is no markup.
pub(in crate::report) struct Escaped(String);

impl fmt::Display for Escaped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_str();
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            formatter.write_str(&rest[..at])?;
            formatter.write_str(match rest.as_bytes()[at] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#39;",
            })?;
            rest = &rest[at + 1..];
        }
        formatter.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup() {
        assert_eq!(
            text("<a href='x'>\"&amp;\"</a>\n\u{0}").to_string(),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;amp;&quot;&lt;/a&gt;␊␀"
        );
        assert_eq!(lines("a\r\n<b>").to_string(), "a\n&lt;b&gt;");
    }
}
