//! gzip without compression: enough to ask whether a gateway decodes.

/// The most that one stored block holds.
const BLOCK: usize = 0xffff;

/// `bytes` as a gzip file of stored blocks.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    // Deflate, no flags, no time, no hints, an unknown system.
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let blocks = bytes.len().div_ceil(BLOCK).max(1);
    for block in 0..blocks {
        let part = &bytes[block * BLOCK..bytes.len().min((block + 1) * BLOCK)];
        let length = u16::try_from(part.len()).expect("a block is that short");
        out.push(u8::from(block + 1 == blocks));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(part);
    }
    out.extend_from_slice(&checksum(bytes).to_le_bytes());
    let size = u32::try_from(bytes.len() & 0xffff_ffff).expect("it was cut to 32 bits");
    out.extend_from_slice(&size.to_le_bytes());
    out
}

/// CRC-32 as gzip has it, bit by bit: requests are small.
fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_that_everybody_computes() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
        assert_eq!(checksum(b""), 0);
    }

    #[test]
    fn a_file_is_its_head_one_stored_block_and_its_end() {
        let file = gzip(b"abc");
        assert_eq!(file[10..18], [1, 3, 0, 0xfc, 0xff, b'a', b'b', b'c']);
        assert_eq!(file[22..], [3, 0, 0, 0]);
    }
}
