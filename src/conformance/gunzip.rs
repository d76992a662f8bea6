//! Reading gzip: an answer that a proxy has packed is the answer inside.
//!
//! Deflate as RFC 1951 has it, bit by bit; answers are small, and what grows
//! beyond the bound of an answer is refused.

/// No answer of the protocol is larger than this when it is unpacked.
const LARGEST: usize = 1 << 20;
/// The longest code in bits.
const LONGEST: usize = 15;

/// What a gzip file of one member holds; `None` where it is none. Its checksum
/// is not looked at: the answer inside is signed.
pub fn gunzip(file: &[u8]) -> Option<Vec<u8>> {
    let (head, mut rest) = file.split_at_checked(10)?;
    if !head.starts_with(&[0x1f, 0x8b, 8]) {
        return None;
    }
    let flags = head[3];
    if flags & 4 != 0 {
        let length = usize::from(u16::from_le_bytes([*rest.first()?, *rest.get(1)?]));
        rest = rest.get(2 + length..)?;
    }
    // A name and a remark, each with a zero at its end.
    for _ in 0..(flags & 0b1_1000).count_ones() {
        let end = rest.iter().position(|byte| *byte == 0)?;
        rest = &rest[end + 1..];
    }
    rest = rest.get(usize::from(flags & 2)..)?;
    Inflating {
        bits: Bits { bytes: rest, at: 0 },
        out: Vec::new(),
    }
    .run()
}

struct Inflating<'a> {
    bits: Bits<'a>,
    out: Vec<u8>,
}

impl Inflating<'_> {
    fn run(mut self) -> Option<Vec<u8>> {
        loop {
            let is_last = self.bits.take(1)? == 1;
            match self.bits.take(2)? {
                0 => self.stored()?,
                1 => {
                    let (literals, distances) = fixed();
                    self.coded(&literals, &distances)?;
                }
                2 => {
                    let (literals, distances) = self.dynamic()?;
                    self.coded(&literals, &distances)?;
                }
                _ => return None,
            }
            if is_last {
                return Some(self.out);
            }
        }
    }

    fn stored(&mut self) -> Option<()> {
        self.bits.at = self.bits.at.next_multiple_of(8);
        let length = self.bits.take(16)?;
        let inverse = self.bits.take(16)?;
        if length != inverse ^ 0xffff {
            return None;
        }
        for _ in 0..length {
            let byte = self.bits.take(8)?;
            self.push(byte)?;
        }
        Some(())
    }

    /// The two codes that stand before a block that brings its own.
    fn dynamic(&mut self) -> Option<(Code, Code)> {
        const ORDER: [usize; 19] = [
            16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
        ];
        let literals = 257 + self.bits.take(5)?;
        let distances = 1 + self.bits.take(5)?;
        let described = 4 + self.bits.take(4)?;
        let mut lengths = [0; 19];
        for place in &ORDER[..described] {
            lengths[*place] = self.bits.take(3)?;
        }
        let code = Code::new(&lengths);
        let mut lengths: Vec<usize> = Vec::new();
        while lengths.len() < literals + distances {
            let (length, times) = match self.bits.symbol(&code)? {
                16 => (*lengths.last()?, 3 + self.bits.take(2)?),
                17 => (0, 3 + self.bits.take(3)?),
                18 => (0, 11 + self.bits.take(7)?),
                length => (length, 1),
            };
            lengths.extend(std::iter::repeat_n(length, times));
        }
        let (first, second) = lengths.split_at(literals);
        Some((Code::new(first), Code::new(second)))
    }

    fn coded(&mut self, literals: &Code, distances: &Code) -> Option<()> {
        loop {
            let length = match self.bits.symbol(literals)? {
                256 => return Some(()),
                byte @ ..256 => {
                    self.push(byte)?;
                    continue;
                }
                symbol => self.length(symbol)?,
            };
            let distance = self.distance(distances)?;
            let from = self.out.len().checked_sub(distance)?;
            for at in from..from + length {
                let byte = usize::from(self.out[at]);
                self.push(byte)?;
            }
        }
    }

    /// How long a repetition is: the codes come in groups of four, each group
    /// with one more bit behind its symbols.
    fn length(&mut self, symbol: usize) -> Option<usize> {
        match symbol {
            257..=264 => Some(symbol - 254),
            265..=284 => {
                let bits = (symbol - 261) / 4;
                let base = (4 + (symbol - 265) % 4) << bits;
                Some(base + 3 + self.bits.take(bits)?)
            }
            285 => Some(258),
            _ => None,
        }
    }

    /// How far back it starts, in groups of two.
    fn distance(&mut self, code: &Code) -> Option<usize> {
        match self.bits.symbol(code)? {
            symbol @ 0..=3 => Some(symbol + 1),
            symbol @ 4..=29 => {
                let bits = symbol / 2 - 1;
                let base = (2 + symbol % 2) << bits;
                Some(base + 1 + self.bits.take(bits)?)
            }
            _ => None,
        }
    }

    fn push(&mut self, byte: usize) -> Option<()> {
        self.out.push(u8::try_from(byte).ok()?);
        (self.out.len() <= LARGEST).then_some(())
    }
}

/// The codes of a block that brings none.
fn fixed() -> (Code, Code) {
    let mut literals = [8; 288];
    literals[144..256].fill(9);
    literals[256..280].fill(7);
    (Code::new(&literals), Code::new(&[5; 30]))
}

/// A canonical prefix code: how many symbols there are of each length, and the
/// symbols in order.
struct Code {
    counts: [usize; LONGEST + 1],
    symbols: Vec<usize>,
}

impl Code {
    fn new(lengths: &[usize]) -> Self {
        let mut counts = [0; LONGEST + 1];
        for length in lengths.iter().filter(|length| **length > 0) {
            counts[*length] += 1;
        }
        let mut symbols: Vec<usize> = (0..lengths.len())
            .filter(|symbol| lengths[*symbol] > 0)
            .collect();
        symbols.sort_by_key(|symbol| lengths[*symbol]);
        Self { counts, symbols }
    }
}

/// Bits, lowest first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<usize> {
        let mut value = 0;
        for place in 0..count {
            let byte = usize::from(*self.bytes.get(self.at / 8)?);
            value |= (byte >> (self.at % 8) & 1) << place;
            self.at += 1;
        }
        Some(value)
    }

    /// The next symbol of a code, whose bits come highest first.
    fn symbol(&mut self, code: &Code) -> Option<usize> {
        let (mut value, mut first, mut before) = (0, 0, 0);
        for count in &code.counts[1..] {
            value |= self.take(1)?;
            if value < first + count {
                return code.symbols.get(before + value - first).copied();
            }
            before += count;
            first = (first + count) << 1;
            value <<= 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::generate::mutate::http::gzip;

    #[test]
    fn blocks_of_fixed_codes_are_read() {
        let file = hex::decode(FIXED).unwrap();
        assert_eq!(gunzip(&file).unwrap(), b"aaaaaaaaaabcabcabcabc");
    }

    #[test]
    fn blocks_that_bring_their_codes_are_read() {
        let file = hex::decode(DYNAMIC).unwrap();
        let text: String = (0..60)
            .map(|count| format!("{{\"code\":{count},\"msg\":\"{}\"}}", count * count * 7919))
            .collect();
        assert_eq!(gunzip(&file).unwrap(), text.as_bytes());
    }

    proptest! {
        #[test]
        fn what_is_stored_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            prop_assert_eq!(gunzip(&gzip(&bytes)), Some(bytes));
        }

        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
            file.extend(bytes);
            let _ = gunzip(&file);
        }
    }

    #[test]
    fn what_is_cut_short_is_none() {
        let file = gzip(b"{\"a\":1}");
        for end in 0..file.len() - 8 {
            assert_eq!(gunzip(&file[..end]), None, "cut at {end}");
        }
    }

    /// Written by zlib, with a file's name.
    const FIXED: &str = "1f8b08080000000002036e616d65004b4c8481a4643802003d1ec03815000000";
    /// Written by zlib.
    const DYNAMIC: &str = "1f8b08000000000002035594397218510844ef32b103f645d7915c8e5c0e14aa74778f541ae89fc2fc011e4d\
        7f5cafffde7e5f2ff4ebfafbfee77ab9e8fafcf889f113cbe6deb03c61e5c8d8b8cee72cc91bb727ce1249b6\
        099f4467a76f229e849453c18b9cd255a450a39e8453144353fd24c2d814a660c2e908c79eb9db8b1bdfcce8\
        cc46aa5087677a562d65e88d1780bbb0c03cbc08b23891012f049294c0578341a4ca1b6b0d08f1f074ecb081\
        6aa5e346e95829c29081a1d62289af5608a577066ac9d030ae66870e65689807abc15c3234acad1569c8d070\
        7595e3d5d0f04ce9a3d6d008b9757474b8c208efc2b9940e21230ddd93082646863a348aa909c9ebd0a8104d\
        dc970e8d9b92296e59874627d1a10d1d1a4c124a2829cdcd9531a312b540bfea8402d6de3325b344dd1b9d27\
        8c488c41f8cc8537667b2fdad18c87697b30162682d76c7031df3f85f96c4f2648fdf00d5b2e716b3fd06c6c\
        b9e42d2e3a1c6ab994982bba9a2d9726564727743a1d0cb938effdde5deaf16eb8081b4b633dd73dee5be786\
        7dfa7011a5e63accd437d76e07175f2fb1526de4e96b269eb79de01e7cdd24e2fe2beecfd74ebe517fedfd3f\
        bfac6c114d060000";
}
