//! JSON in pieces, valid or not.

/// One piece of a document; white space is no piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'d> {
    /// In double quotes, with them; the last may lack its end.
    Text(&'d [u8]),
    /// In single quotes, with them.
    SingleQuoted(&'d [u8]),
    /// One of `{}[]:,`.
    Mark(u8),
    /// Anything else that stands together: a number, a word, garbage.
    Word(&'d [u8]),
}

impl<'d> Token<'d> {
    /// Its bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(bytes) | Self::SingleQuoted(bytes) | Self::Word(bytes) => bytes,
            Self::Mark(mark) => std::slice::from_ref(mark),
        }
    }

    /// Whether it ends a value, or a name.
    pub(super) const fn is_end(&self) -> bool {
        matches!(
            self,
            Self::Text(_) | Self::SingleQuoted(_) | Self::Word(_) | Self::Mark(b'}' | b']')
        )
    }

    /// Whether it begins a value, or a name.
    pub(super) const fn is_start(&self) -> bool {
        matches!(
            self,
            Self::Text(_) | Self::SingleQuoted(_) | Self::Word(_) | Self::Mark(b'{' | b'[')
        )
    }

    fn first(document: &'d [u8]) -> Option<(Self, usize)> {
        let token = match *document.first()? {
            quote @ (b'"' | b'\'') => {
                let length = quoted(document, quote);
                let bytes = &document[..length];
                if quote == b'"' {
                    Self::Text(bytes)
                } else {
                    Self::SingleQuoted(bytes)
                }
            }
            mark @ (b'{' | b'}' | b'[' | b']' | b':' | b',') => Self::Mark(mark),
            _ => {
                let ends = |byte: &u8| byte.is_ascii_whitespace() || b"{}[]:,\"'".contains(byte);
                let length = document.iter().position(ends).unwrap_or(document.len());
                Self::Word(&document[..length])
            }
        };
        Some((token, token.bytes().len()))
    }
}

/// Every token of a document, with the place behind it.
pub(super) fn tokens(document: &[u8]) -> Vec<(Token<'_>, usize)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        let rest = &document[at..];
        at += rest.len() - rest.trim_ascii_start().len();
        let Some((token, length)) = Token::first(&document[at..]) else {
            return tokens;
        };
        at += length;
        tokens.push((token, at));
    }
}

/// The length of the text that `document` begins with, quotes included.
fn quoted(document: &[u8], quote: u8) -> usize {
    let mut escaped = false;
    for (place, byte) in document.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            _ if *byte == quote => return place + 1,
            _ => {}
        }
    }
    document.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_seen_and_white_space_is_none() {
        let tokens: Vec<Token<'_>> = tokens(b"{ a:'b' , \"c\\\"\":0x1}\n\"d")
            .into_iter()
            .map(|(token, _)| token)
            .collect();
        assert_eq!(
            tokens,
            [
                Token::Mark(b'{'),
                Token::Word(b"a"),
                Token::Mark(b':'),
                Token::SingleQuoted(b"'b'"),
                Token::Mark(b','),
                Token::Text(b"\"c\\\"\""),
                Token::Mark(b':'),
                Token::Word(b"0x1"),
                Token::Mark(b'}'),
                Token::Text(b"\"d"),
            ]
        );
    }
}
