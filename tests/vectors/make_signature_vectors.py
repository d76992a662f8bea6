#!/usr/bin/env python3
"""Writes signature.json: what is a signature of the protocol and what only
looks like one.

    python3 tests/vectors/make_signature_vectors.py > tests/vectors/signature.json

The file has the shape of Wycheproof's: groups of one key, tests of one message
and one claimed signature, flags whose notes say why a failure matters. A
message is the text of the signed value, in hex; since a signature covers bytes,
not every message is JSON that a gateway would take.

Python 3.9 or later, its standard library only; the output is always the same.
"""

import base64
import hashlib
import hmac
import json
import sys

NOTES = {
    "Valid": "The signature is right. A verifier that refuses it turns honest callers away.",
    "Spelling": (
        "The same JSON value can be spelled in many ways, and the text on the wire is what is signed."
        " A verifier that signs its own spelling refuses honest callers and takes texts that nobody "
        "signed."
    ),
    "Key": (
        "A key is bytes that are appended as they are. A verifier that trims, decodes or cuts keys "
        "fails for some partners."
    ),
    "Concatenation": (
        "Nothing separates text and key, so two keys can give two texts one signature. Each pair is "
        "valid where the bytes agree and invalid where they do not; a verifier that adds a separator "
        "fails the first, one that cuts fails the second."
    ),
    "Flipped": (
        "One digit is off. A verifier that takes it compares too little, and signatures can be "
        "guessed."
    ),
    "Length": (
        "Digits are missing or too many. A verifier that compares what is there takes a short "
        "forgery, or none at all."
    ),
    "Case": (
        "The signature is lowercase hex. A verifier that folds case gives one message many "
        "signatures."
    ),
    "Surrounded": (
        "Something stands around the digits. A verifier that trims takes what the protocol does not "
        "define."
    ),
    "Encoding": (
        "The right digest in another encoding. A verifier that guesses encodings has more than one "
        "way in."
    ),
    "NotAscii": (
        "A character that only looks like, or folds to, the right one. A verifier that normalises "
        "text can be misled."
    ),
    "Constant": "A constant that anybody can send. A verifier that takes it checks nothing.",
    "WrongKey": (
        "Signed with something else than this partner's key. A verifier that takes it lets others "
        "refund in its name."
    ),
    "WrongConstruction": (
        "The right bytes in another construction. A verifier that takes it does not speak this "
        "protocol."
    ),
    "WrongAlgorithm": "Another hash. A verifier that takes it can be downgraded.",
    "WrongText": (
        "A right signature of another text. A verifier that takes it lets a signature be moved to "
        "what nobody signed."
    ),
}

NO_KEY = b""
KEY = b"123456"
LONG_KEY = b"long-sign-key/" * 20

HEADER = (
    '{"requestTime":"2018-07-25T18:06:05+08:00","partnerNo":"10001","signType":"SHA256",'
    '"version":"1.0","reqMsgId":"fd03f269318045758af08f6cf324fb0f"}'
)
BODY = '{"partnerOrderNo":"p20180725180605466813","refundNo":"201807251800023","orderAmount":100}'
REFUND = '{"header":%s,"body":%s}' % (HEADER, BODY)
LARGER_REFUND = REFUND.replace('"orderAmount":100', '"orderAmount":1000')
ESCAPED = r'{"operatorId":"caf\u00e9 \/ \ud834\udd1e \"\\"}'
SPACED = '{ "refundNo" : "r1",\n\t"orderAmount" : 100 }'
NFC = '{"operatorId":"caf\u00e9"}'
NFD = '{"operatorId":"cafe\u0301"}'


def raw(text):
    return text if isinstance(text, bytes) else text.encode()


def compact(text):
    """What a verifier that parses and writes again would sign."""
    return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)


def pretty(text):
    return json.dumps(json.loads(text), indent=4)


def with_crlf(text):
    return text.replace("\n", "\r\n")


def sorted_members(text):
    return json.dumps(json.loads(text), separators=(",", ":"), sort_keys=True)


def sha256(data):
    return hashlib.sha256(data).digest()


def signature(text, key):
    return sha256(raw(text) + key).hex()


def flipped(digits, index):
    """One bit of one digit the other way round."""
    return digits[:index] + "%x" % (int(digits[index], 16) ^ 1) + digits[index + 1 :]


class Vectors:
    """The vectors so far, by key. Each is checked when it is added, so that
    none is mislabelled and none stands twice."""

    def __init__(self):
        self.groups = {}
        self.seen = set()

    def add(self, result, flags, comment, text, claimed, key):
        expected = signature(text, key)
        if (claimed == expected) != (result == "valid"):
            sys.exit("the vector %r is not %s" % (comment, result))
        if (key, raw(text), claimed) in self.seen:
            sys.exit("the vector %r stands twice" % comment)
        self.seen.add((key, raw(text), claimed))
        self.groups.setdefault(key, []).append(
            {
                "tcId": None,  # numbered at the end, in the order of the file
                "comment": comment,
                "flags": flags,
                "msg": raw(text).hex(),
                "sig": claimed,
                "result": result,
            }
        )

    def valid(self, comment, text, *flags, key=KEY):
        self.add("valid", ["Valid", *flags], comment, text, signature(text, key), key)

    def invalid(self, flag, comment, claimed, text=BODY, key=KEY):
        self.add("invalid", [flag], comment, text, claimed, key)

    def document(self):
        tests = [test for group in self.groups.values() for test in group]
        for number, test in enumerate(tests, start=1):
            test["tcId"] = number
        return {
            "algorithm": "recoup-sha256-suffix-key",
            "generatorVersion": "1",
            "numberOfTests": len(tests),
            "notes": NOTES,
            "testGroups": [{"key": key.hex(), "tests": group} for key, group in self.groups.items()],
        }


def add_spellings(vectors):
    vectors.valid("a refund as it is usually sent", REFUND)
    vectors.valid("another amount", LARGER_REFUND)
    vectors.valid("an empty object", "{}")
    vectors.valid("an empty object with white space in it", "{ }", "Spelling")
    vectors.valid("pretty-printed with line feeds", pretty(REFUND), "Spelling")
    vectors.valid("pretty-printed with CRLF", with_crlf(pretty(REFUND)), "Spelling")
    vectors.valid("blanks, tabs and line feeds between tokens", SPACED, "Spelling")
    vectors.valid("members in another order", '{"body":%s,"header":%s}' % (BODY, HEADER), "Spelling")
    vectors.valid("escapes: slash, quote, backslash, BMP and surrogate pair", ESCAPED, "Spelling")
    vectors.valid("escapes of ASCII letters, upper-case hex", r'{"refund\u004Eo":"\u0072\u0031"}', "Spelling")
    vectors.valid("raw UTF-8 of two, three and four bytes", '{"operatorId":"é 订单 𝄞"}', "Spelling")
    vectors.valid("composed accents (NFC)", NFC, "Spelling")
    vectors.valid("decomposed accents (NFD)", NFD, "Spelling")
    vectors.valid("a noncharacter and a private-use character", '{"operatorId":"\uffff\ue000"}', "Spelling")
    vectors.valid("an escaped NUL", r'{"operatorId":"a\u0000b"}', "Spelling")
    vectors.valid("numbers that a float can't keep", '{"a":100.000000000000000001,"b":1E+2,"c":-0}', "Spelling")
    vectors.valid("a member twice", '{"orderAmount":100,"orderAmount":1}', "Spelling")
    vectors.valid("the word signature within the text", '{"a":"\\",\\"signature\\":\\"0"}', "Spelling")
    vectors.valid("a text that ends with the key", "100123456", "Spelling")
    vectors.valid("a text that is the key", "123456", "Spelling")
    vectors.valid("no text at all", "", "Spelling")
    for length in (55, 56, 63, 64, 65):
        # SHA-256 pads to blocks of 64 bytes, 9 of which it needs for itself.
        text = '{"a":"%s"}' % ("x" * (length - len(KEY) - len('{"a":""}')))
        vectors.valid("%d bytes with the key: a block's edge" % length, text)
    vectors.valid("5000 bytes", '{"operatorId":"%s"}' % ("0123456789" * 500)[:4983])


def add_keys(vectors):
    for comment, key in (
        ("a key of one byte", b"k"),
        ("a key of 32 bytes", b"0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
        ("a key longer than a block", LONG_KEY),
        ("a key with a leading blank", b" 123456"),
        ("a key with a trailing line feed", b"123456\n"),
        ("a key of one NUL", b"\x00"),
        ("a key with a NUL in the middle", b"123\x00456"),
        ("a key of UTF-8 beyond ASCII", "schl\u00fcssel-\u5bc6\u94a5".encode()),
        ("a key that is no UTF-8", bytes(range(0xF0, 0x100)) + b"\x80\xc0"),
        ("a key of all bytes", bytes(range(256))),
        ("a key that looks like JSON", b'{"header":{},"body":{}}'),
        ("a key that looks like the rest of an envelope", b',"signature":"'),
        ("a key of hex digits, taken as text", b"00ff00ff"),
    ):
        vectors.valid(comment, REFUND, "Key", key=key)
    for comment, key, used in (
        ("signed with the trimmed key", b" 123456", b"123456"),
        ("signed with the key without its line feed", b"123456\n", b"123456"),
        ("signed with the key up to its NUL", b"123\x00456", b"123"),
        ("signed with the key's first 64 bytes", LONG_KEY, LONG_KEY[:64]),
        ("signed with the bytes that the key's hex means", b"00ff00ff", b"\x00\xff\x00\xff"),
        ("signed with the key as Latin-1", "schl\u00fcssel".encode(), b"schl\xfcssel"),
    ):
        vectors.invalid("Key", comment, signature(BODY, used), key=key)


def add_concatenations(vectors):
    for first, first_key, second, second_key in (
        ("1", b"23456", "123", b"456"),
        ("{}", b" 123456", "{} ", b"123456"),
        ('{"a":1}', b"}key", '{"a":1}}', b"key"),
    ):
        shared = signature(first, first_key)
        assert shared == signature(second, second_key)
        pair = "%s + %s = %s + %s" % (first, first_key.decode(), second, second_key.decode())
        vectors.valid(pair + ", first", first, "Concatenation", key=first_key)
        vectors.valid(pair + ", second", second, "Concatenation", key=second_key)
        vectors.invalid("Concatenation", pair + ", first text with second key", shared, first, second_key)
        vectors.invalid("Concatenation", pair + ", second text with first key", shared, second, first_key)
    vectors.invalid("Concatenation", "a blank between text and key", signature(BODY + " ", KEY))
    vectors.invalid("Concatenation", "an ampersand between text and key", signature(BODY + "&key=", KEY))


def add_digits(vectors):
    right = signature(BODY, KEY)
    for comment, index in (("first", 0), ("second", 1), ("middle", 32), ("last but one", 62), ("last", 63)):
        vectors.invalid("Flipped", "the %s digit flipped" % comment, flipped(right, index))
    vectors.invalid("Flipped", "every digit flipped", "%064x" % (int(right, 16) ^ (1 << 256) - 1))
    vectors.invalid("Flipped", "first and second digit swapped", right[1] + right[0] + right[2:])
    vectors.invalid("Flipped", "digits reversed", right[::-1])
    vectors.invalid("Flipped", "bytes reversed", bytes.fromhex(right)[::-1].hex())
    for length in (63, 62, 32, 16, 8, 1, 0):
        vectors.invalid("Length", "the first %d digits" % length, right[:length])
    vectors.invalid("Length", "the last 63 digits", right[1:])
    vectors.invalid("Length", "65 digits: a zero more", right + "0")
    vectors.invalid("Length", "65 digits: a zero before", "0" + right)
    vectors.invalid("Length", "66 digits: a byte more", right + "00")
    vectors.invalid("Length", "128 digits: twice itself", right * 2)
    vectors.invalid("Case", "upper case", right.upper())
    vectors.invalid("Case", "mixed case", "".join(d.upper() if i % 2 else d for i, d in enumerate(right)))
    letter = next(i for i, digit in enumerate(right) if digit.isalpha())
    vectors.invalid("Case", "one letter in upper case", right[:letter] + right[letter].upper() + right[letter + 1 :])
    for comment, before, after in (
        ("a blank before", " ", ""),
        ("a blank after", "", " "),
        ("a tab after", "", "\t"),
        ("a line feed after", "", "\n"),
        ("CRLF after", "", "\r\n"),
        ("a NUL after", "", "\0"),
        ("a byte order mark before", "\ufeff", ""),
        ("quotes around", '"', '"'),
        ("0x before", "0x", ""),
        ("sha256= before", "sha256=", ""),
    ):
        vectors.invalid("Surrounded", comment, before + right + after)
    vectors.invalid("Surrounded", "a blank for the first digit", " " + right[1:])
    vectors.invalid("Surrounded", "the first 62 digits after 0x: 64 characters", "0x" + right[:62])


def add_encodings(vectors):
    right = signature(BODY, KEY)
    digest = bytes.fromhex(right)
    vectors.invalid("Encoding", "base64", base64.b64encode(digest).decode())
    vectors.invalid("Encoding", "base64url without padding", base64.urlsafe_b64encode(digest).rstrip(b"=").decode())
    vectors.invalid("Encoding", "base32", base64.b32encode(digest).decode())
    vectors.invalid("Encoding", "decimal", str(int(right, 16)))
    vectors.invalid("Encoding", "hex of the digest's second half", digest[16:].hex())
    vectors.invalid("Encoding", "the digest's bytes as Latin-1 characters", digest.decode("latin-1"))
    vectors.invalid("Encoding", "hex of the hex", right.encode().hex())
    vectors.invalid("Encoding", "hex with colons", ":".join("%02x" % byte for byte in digest))
    vectors.invalid("Encoding", "hex in percent escapes", "".join("%%%02x" % byte for byte in digest))

    digit = next(i for i, character in enumerate(right) if character.isdigit())
    full_width = right[:digit] + chr(int(right[digit]) + 0xFF10) + right[digit + 1 :]
    vectors.invalid("NotAscii", "one full-width digit", full_width)
    vectors.invalid("NotAscii", "every digit full-width", "".join(chr(ord(c) - 0x21 + 0xFF01) for c in right))
    arabic = right[:digit] + chr(int(right[digit]) + 0x660) + right[digit + 1 :]
    vectors.invalid("NotAscii", "one Arabic-Indic digit", arabic)
    vectors.invalid("NotAscii", "Cyrillic \u0430 for a", right.replace("a", "\u0430", 1))
    vectors.invalid("NotAscii", "Cyrillic \u0435 for e", right.replace("e", "\u0435", 1))
    vectors.invalid("NotAscii", "a zero-width space in the middle", right[:32] + "\u200b" + right[32:])
    # 64 bytes of UTF-8 that are not 64 characters.
    vectors.invalid("NotAscii", "64 bytes, the last two of them one character", right[:62] + "\u00e9")


def add_forgeries(vectors):
    text = raw(BODY)
    for comment, constant in (
        ("all zeros", "0" * 64),
        ("all f", "f" * 64),
        ("SHA-256 of nothing", sha256(b"").hex()),
        ("the word null", "null"),
        ("the word SHA256", "SHA256"),
        ("the page's sample", "2d2d5c66a67a24b5e13705cc38f34d93c395a7d9e0e4ff9425c9ce07b806a1cc"),
        ("64 letters that are no hex", "g" * 64),
    ):
        vectors.invalid("Constant", comment, constant)
    vectors.invalid("WrongKey", "another partner's key", signature(BODY, b"654321"))
    vectors.invalid("WrongKey", "no key: a plain hash", signature(BODY, NO_KEY))
    vectors.invalid("WrongKey", "the key twice", signature(BODY, KEY * 2))
    vectors.invalid("WrongKey", "the key without its last byte", signature(BODY, KEY[:-1]))
    vectors.invalid("WrongKey", "the key and a line feed", signature(BODY, KEY + b"\n"))
    vectors.invalid("WrongKey", "the key and a NUL", signature(BODY, KEY + b"\0"))
    vectors.invalid("WrongKey", "the key in quotes", signature(BODY, b'"' + KEY + b'"'))
    vectors.invalid("WrongKey", "the key's hex", signature(BODY, KEY.hex().encode()))
    vectors.invalid("WrongKey", "the partner's number for the key", signature(BODY, b"10001"))
    vectors.invalid("WrongKey", "the key alone", sha256(KEY).hex())

    for comment, digest in (
        ("key first", sha256(KEY + text)),
        ("key on both sides", sha256(KEY + text + KEY)),
        ("HMAC-SHA256", hmac.digest(KEY, text, "sha256")),
        ("HMAC-SHA256 with text and key exchanged", hmac.digest(text, KEY, "sha256")),
        ("double SHA-256", sha256(sha256(text + KEY))),
        ("SHA-256 of the hex digits", sha256(sha256(text + KEY).hex().encode())),
        ("hash of the text's hash and the key", sha256(sha256(text) + KEY)),
        ("hash of the text and the key's hash", sha256(text + sha256(KEY))),
    ):
        vectors.invalid("WrongConstruction", comment, digest.hex())
    for algorithm in ("md5", "sha1", "sha224", "sha384", "sha512", "sha3_256", "blake2s"):
        digits = hashlib.new(algorithm, text + KEY, usedforsecurity=False).hexdigest()
        vectors.invalid("WrongAlgorithm", algorithm, digits)
    vectors.invalid("WrongAlgorithm", "the first 64 digits of SHA-512", hashlib.sha512(text + KEY).hexdigest()[:64])


def add_other_texts(vectors):
    def moved(comment, signed, text=REFUND):
        vectors.invalid("WrongText", comment, signature(signed, KEY), text)

    indented = pretty(REFUND)
    moved("another message's signature", LARGER_REFUND)
    moved("a smaller refund's signature on a larger one", REFUND, LARGER_REFUND)
    moved("the whole envelope", '{"request":%s,"signature":""}' % REFUND)
    moved("the envelope without its signature", '{"request":%s}' % REFUND)
    moved("the body only", BODY)
    moved("the header only", HEADER)
    moved("header and body without the braces", REFUND[1:-1])
    moved("an empty text", "")
    moved("a line feed after the text", REFUND + "\n")
    moved("a byte order mark before the text", "\ufeff" + REFUND)
    moved("UTF-16", REFUND.encode("utf-16-le"))
    moved("the text's first half", REFUND[: len(REFUND) // 2])
    moved("LF signed, CRLF sent", indented, with_crlf(indented))
    moved("CRLF signed, LF sent", with_crlf(indented), indented)
    moved("compact signed, pretty sent", compact(indented), indented)
    moved("pretty signed, compact sent", indented, REFUND)
    moved("white space taken out, tokens as they were", '{"refundNo":"r1","orderAmount":100}', SPACED)
    moved("sorted members signed", sorted_members(REFUND))
    moved("decoded escapes signed, escapes sent", compact(ESCAPED), ESCAPED)
    moved("escapes signed, decoded sent", ESCAPED, compact(ESCAPED))
    moved("slashes unescaped", ESCAPED.replace(r"\/", "/"), ESCAPED)
    moved("escapes in upper-case hex signed, lower-case sent", r'{"a":"\u00E9"}', r'{"a":"\u00e9"}')
    moved("NFC signed, NFD sent", NFC, NFD)
    moved("NFD signed, NFC sent", NFD, NFC)
    moved("the last of two members signed", '{"orderAmount":1}', '{"orderAmount":100,"orderAmount":1}')
    moved("a number as a float writes it", '{"orderAmount":100.0}', '{"orderAmount":100}')
    moved("one character of the text in upper case", REFUND.replace("p2018", "P2018"))


def main():
    vectors = Vectors()
    add_spellings(vectors)
    add_keys(vectors)
    add_concatenations(vectors)
    add_digits(vectors)
    add_encodings(vectors)
    add_forgeries(vectors)
    add_other_texts(vectors)
    text = json.dumps(vectors.document(), indent=1) + "\n"
    sys.stdout.buffer.write(text.encode())


if __name__ == "__main__":
    main()
