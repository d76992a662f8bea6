//! The catalogue of faults.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::gateway::name::UnknownName;

/// How long a race's window is open where nobody says otherwise.
const WINDOW: Option<Duration> = Some(Duration::from_micros(200));
/// How much later a number is recorded: late enough for a retry that is sent
/// as soon as the answer is there.
const RECORDED: Option<Duration> = Some(Duration::from_millis(20));
/// How old a copy of an order's sum may be.
const STALE: Option<Duration> = Some(Duration::from_millis(5));
/// How much later a refund is settled, or applied again: who looks a few tens
/// of milliseconds after the answer sees it.
const SETTLED: Option<Duration> = Some(Duration::from_millis(10));
/// How long those who block each other wait.
const BLOCKED: Option<Duration> = Some(Duration::from_millis(250));

/// Where a fault sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Seat {
    /// Between the system and a request of HTTP/1.1.
    Connection,
    /// Between a request's head and the call that it asks for.
    Doorstep,
    /// Between bytes and meaning; goes with any store.
    Wire,
    /// In how money is kept, which is a faulty ledger in memory.
    Ledger,
}

macro_rules! faults {
    ($($(#[$documentation:meta])* $fault:ident: [$($number:literal),*], $name:literal, $seat:ident, $window:expr, $description:literal;)*) => {
        /// A known bug of refund gateways.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault {
            $($(#[$documentation])* $fault,)*
        }

        impl Fault {
            /// Every fault, sorted by its numbers.
            pub const ALL: &'static [Self] = &[$(Self::$fault),*];

            /// The name that `--fault` takes.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$fault => $name,)* }
            }

            /// Its numbers among the known bugs of refund gateways, 13 for M13:
            /// several where they come to the same here, none for a fault of
            /// this catalogue's own.
            pub const fn numbers(self) -> &'static [u8] {
                match self { $(Self::$fault => &[$($number),*],)* }
            }

            /// What the gateway does wrong, in one sentence.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$fault => $description,)* }
            }

            /// For how long its race is open where nobody says otherwise, or
            /// how much later it does what it does; `None` for a fault that is
            /// no question of time.
            pub const fn window(self) -> Option<Duration> {
                match self { $(Self::$fault => $window,)* }
            }

            pub(super) const fn seat(self) -> Seat {
                match self { $(Self::$fault => Seat::$seat,)* }
            }
        }
    };
}

faults! {
    /// Answers claim to be HTML.
    ContentTypeHtml: [1], "content-type-html", Wire, None,
        "Every answer has the Content-Type text/html.";
    /// Refusals have a letter that is no UTF-8.
    MessageInLatin1: [2], "message-in-latin-1", Wire, None,
        "The msg of a refusal as illegitimate (5) or as too large (35) has a non-ASCII letter as one byte, which is no UTF-8.";
    /// The length of refusals is short by one.
    LengthTooShort: [3], "length-too-short", Connection, None,
        "The Content-Length of a refusal is one less than its body, and the last byte stays on the connection; only a refusal for an unknown order is sent whole.";
    /// Answers to refunds at once are swapped.
    AnswersCrossed: [4], "answers-crossed", Wire, None,
        "Two refunds of a partner that are answered at once get each other's answer, each correctly signed.";
    /// Amounts in answers are texts.
    AmountAsText: [5], "amount-as-text", Wire, None,
        "The answer to an accepted refund has its orderAmount in quotes.";
    /// Amounts in answers are fractions.
    AmountAsFraction: [5], "amount-as-fraction", Wire, None,
        "The answer to an accepted refund has its orderAmount with a fraction, as in 100.0.";
    /// Amounts are binary fractions inside.
    FloatAmount: [6], "float-amount", Ledger, None,
        "Amounts are 32-bit floats inside: large ones are rounded, small ones added to large ones vanish, and 100.5 is taken.";
    /// Of two amounts one is checked and another refunded.
    AmountTwiceMixed: [7], "amount-twice-mixed", Wire, None,
        "Of two members orderAmount the first is checked and answered, and the last is refunded.";
    /// A member that no table lists decides the amount.
    UnknownMemberTrusted: [8], "unknown-member-trusted", Wire, None,
        "A member amount in the body of a refund overrides orderAmount.";
    /// Refusals are pages for people.
    RefusalsAsHtml: [9], "refusals-as-html", Wire, None,
        "A query of an unknown order and a refund that is too large are answered with an HTML page and the status 200.";
    /// A wrong type crashes the handler.
    ServerErrorPage: [9], "server-error-page", Wire, None,
        "A member of a wrong type is answered with the status 500 and an HTML page that shows a stack trace.";
    /// Chunked bodies are not read.
    ChunkedUnread: [10], "chunked-unread", Connection, None,
        "A body in chunks is not understood: the request counts as empty.";
    /// Leave to continue is never given.
    ExpectUnanswered: [10], "expect-unanswered", Connection, None,
        "A request that expects 100-continue is refused with 417 instead of being given leave.";
    /// Every method is a POST.
    AnyMethod: [11], "any-method", Doorstep, None,
        "A refund by GET, PUT or any other method is taken.";
    /// Every path is the refund's.
    AnyPath: [11], "any-path", Doorstep, None,
        "A request to a path that does not exist is taken as a refund.";
    /// A large request kills the gateway.
    OversizedCrashes: [12], "oversized-crashes", Connection, None,
        "After a request whose head or body is larger than the limit nothing is answered any more: every connection is reset.";
    /// Deep nesting kills the gateway.
    JsonNestingCrashes: [12], "json-nesting-crashes", Connection, None,
        "A document that nests deeper than 128 levels overflows the stack: every connection is reset from then on.";
    /// Signatures of requests are not verified.
    SignatureUnchecked: [13], "signature-unchecked", Wire, None,
        "The signature of a request is not verified at all.";
    /// Money moves before the signature is verified.
    EffectBeforeSignature: [14], "effect-before-signature", Wire, None,
        "A request with a wrong signature is refused with 8, after it was carried out.";
    /// Signatures of requests are verified over another text than was sent.
    SignatureReserialised: [15], "signature-reserialised", Wire, None,
        "The signature of a request is verified over the request written anew: changed white space passes, and a pretty-printed request is refused.";
    /// A message id is verified once.
    RequestRemembered: [16], "request-remembered", Wire, None,
        "A request whose reqMsgId was in an earlier, valid request of the partner is not verified again.";
    /// Missing members are invented.
    MissingInvented: [17, 40], "missing-invented", Wire, None,
        "A missing refundNo is invented, and a missing orderAmount is all that is left.";
    /// The sender can switch verification off.
    SignTypeNone: [18], "sign-type-none", Wire, None,
        "A request with the signType NONE is not verified.";
    /// A request without a signature is taken.
    SignatureOptional: [18], "signature-optional", Wire, None,
        "A request whose signature is missing, null or empty is taken.";
    /// The shorter signature decides.
    SignaturePrefix: [19], "signature-prefix", Wire, None,
        "Of a signature as many digits as are given are compared: a part of it passes, and so does more behind it.";
    /// What is around a signature is dropped.
    SignatureTrimmed: [19], "signature-trimmed", Wire, None,
        "White space and 0x around a signature are dropped before it is compared.";
    /// Any partner's key will do.
    ForeignKey: [20], "foreign-key", Wire, None,
        "A signature under any partner's key is valid for every partner.";
    /// Failures are not signed.
    ErrorUnsigned: [21], "error-unsigned", Wire, None,
        "An answer that is a failure has an empty signature.";
    /// Failures are signed with another key.
    ErrorSignedWithOtherKey: [21], "error-signed-with-other-key", Wire, None,
        "An answer that is a failure is signed with a key that is not its partner's.";
    /// Failures have no member signature.
    ErrorSignatureAbsent: [21], "error-signature-absent", Wire, None,
        "An answer that is a failure has no signature member.";
    /// Answers are signed in another spelling than they are sent.
    AnswerReserialised: [22], "answer-reserialised", Wire, None,
        "An answer is signed over its text with / and non-ASCII letters escaped, and sent with them plain: the msg of an accepted refund has both.";
    /// Repeated answers carry an old signature.
    SignatureStale: [23], "signature-stale", Wire, None,
        "The answer to a repeated refund number carries the first answer's signature around a new time and message id.";
    /// Under load signatures are not verified.
    SignatureFailOpen: [24], "signature-fail-open", Wire, None,
        "While more than 8 requests are in flight signatures are not verified.";
    /// Nothing can be refunded.
    ZeroAmount: [26], "zero-amount", Ledger, None,
        "A refund of 0 is accepted.";
    /// Negative amounts are taken.
    NegativeAmount: [27], "negative-amount", Ledger, None,
        "A negative amount is accepted, and increases what can be refunded.";
    /// Amounts are 32-bit integers inside.
    Wrap32Bit: [28, 29], "wrap-32-bit", Ledger, None,
        "Amounts are 32-bit integers inside: larger ones are truncated, and a sum wraps to a small one.";
    /// The last minor unit can't be refunded.
    FullRefundRefused: [30], "full-refund-refused", Ledger, None,
        "A refund of exactly what is left is refused as too large.";
    /// One minor unit too much can be refunded.
    CapOffByOne: [31], "cap-off-by-one", Ledger, None,
        "One minor unit more than was paid can be refunded.";
    /// The sum of refunds is not checked.
    CapPerRefund: [32], "cap-per-refund", Ledger, None,
        "Each refund alone is compared with what was paid, and not their sum.";
    /// Orders that were not paid are refunded.
    UnpaidOrder: [34], "unpaid-order", Ledger, None,
        "An order that was never paid can be refunded.";
    /// Case and blanks of refund numbers do not count.
    NumberFolded: [35], "number-folded", Ledger, None,
        "Refund numbers are compared without regard to case and to blanks around them: different ones become one.";
    /// Only the beginning of a refund number counts.
    NumberTruncated: [36], "number-truncated", Ledger, None,
        "Only the first 20 characters of a refund number count: longer ones that begin alike become one.";
    /// Longer texts are taken.
    LengthUnchecked: [37], "length-unchecked", Wire, None,
        "Texts of a body may be longer than their limit.";
    /// Texts as long as their limit are refused.
    LengthOffByOne: [37], "length-off-by-one", Wire, None,
        "A text of a body that is exactly as long as its limit is refused.";
    /// Codes of refusals are mixed up.
    CodeMixedUp: [38], "code-mixed-up", Wire, None,
        "The codes 30 and 35, and 8 and 5, stand for each other.";
    /// The status of a refund is none of the list.
    StatusOutOfRange: [39], "status-out-of-range", Wire, None,
        "The answer to an accepted refund has the status 7.";
    /// The currency is not the order's.
    CurrencyOfAnother: [39], "currency-of-another", Wire, None,
        "The answer to an accepted refund has another currency than the order.";
    /// Empty optional texts are refused.
    OptionalEmptyRefused: [40], "optional-empty-refused", Wire, None,
        "An operatorId or terminalNo that is empty or null is refused.";
    /// A repeated number refunds again.
    DuplicateApplied: [41], "duplicate-applied", Ledger, None,
        "A repeated refund number refunds again.";
    /// Equal amounts are taken for one refund.
    DedupeByAmount: [42], "dedupe-by-amount", Ledger, None,
        "A refund of an order is taken for a repetition of an earlier one of the same amount, whatever its number is.";
    /// A number can be used again with another amount.
    NumberWithOtherAmount: [43], "number-with-other-amount", Ledger, None,
        "A used refund number is refunded again where its amount is another one.";
    /// A number can be used again for another order.
    NumberOnOtherOrder: [44], "number-on-other-order", Ledger, None,
        "A used refund number is refunded again where its order is another one.";
    /// What is left is looked at before the number.
    ExceedsBeforeDuplicate: [45], "exceeds-before-duplicate", Ledger, None,
        "What is left is looked at before the refund number: a retry of a refund that took all is refused as too large (35).";
    /// Old numbers are forgotten.
    NumberForgotten: [47], "number-forgotten", Ledger, None,
        "Only the last 64 refund numbers are remembered: a retry of an older one refunds again.";
    /// Equal numbers at once all refund.
    DuplicateRace: [48], "duplicate-race", Ledger, WINDOW,
        "A refund number is looked up and, some time later, recorded: equal ones at once all refund.";
    /// A number is recorded after the answer.
    NumberRecordedLate: [49], "number-recorded-late", Ledger, RECORDED,
        "A refund number is recorded some time after the answer was sent: a retry before that refunds again.";
    /// A repeated refund is answered with another one.
    AnswerOfAnother: [50], "answer-of-another", Ledger, WINDOW,
        "A repeated refund number is answered with the amount of another refund, where one of the same order is under way at the same time.";
    /// Partners share one space of refund numbers.
    NumberSharedByPartners: [51], "number-shared-by-partners", Ledger, None,
        "A refund number that one partner has used is taken for all other partners.";
    /// The sum is checked and, later, increased.
    CheckThenAct: [52], "check-then-act", Ledger, WINDOW,
        "What is left is checked and, some time later, taken: refunds at once can exceed it.";
    /// The sum is read and, later, overwritten.
    LostUpdate: [53], "lost-update", Ledger, WINDOW,
        "The sum of refunds is read and, some time later, overwritten: refunds at once are forgotten.";
    /// Refunds that are not yet committed are not counted.
    SumUnserialised: [54], "sum-unserialised", Ledger, WINDOW,
        "The refunds of an order are summed and, some time later, one is added: those at once do not see each other.";
    /// Each of two instances has a lock of its own.
    TwoInstances: [55], "two-instances", Ledger, WINDOW,
        "An order is locked within one of two instances, to which requests go in turn: between them, refunds at once can exceed it.";
    /// A lock ends before the work does.
    LockExpires: [56], "lock-expires", Ledger, WINDOW,
        "The lock of an order expires before a refund is booked, which takes twice as long: the next one does not see it.";
    /// The refund number is locked, and not the order.
    LockByNumber: [57], "lock-by-number", Ledger, WINDOW,
        "The refund number is locked while a refund is checked and booked, and not the order: different numbers at once can exceed it.";
    /// What is left is read from a copy.
    StaleBalance: [59], "stale-balance", Ledger, STALE,
        "What is left is read from a copy that is some time old: refunds in quick succession can exceed it.";
    /// Contention is answered as too large.
    ContentionAsExceeds: [60], "contention-as-exceeds", Ledger, WINDOW,
        "A refund is refused as too large (35) where another one of the same order is under way, however much is left.";
    /// Contention counts a refund twice.
    RetryDoubles: [62], "retry-doubles", Ledger, WINDOW,
        "A refund that meets another one of the same order is tried again inside, and counted twice.";
    /// A refund that is refused reserves its amount for a while.
    TransientReservation: [63], "transient-reservation", Ledger, WINDOW,
        "A refund that is too large reserves its amount until it is refused: others at once are refused although they fit.";
    /// A refund overwrites another one.
    RowsOverwritten: [64], "rows-overwritten", Ledger, WINDOW,
        "Refunds of an order at once get the same internal number: the last one overwrites the others, which are forgotten.";
    /// An order counts as refunded before it is.
    RefundedEarly: [65], "refunded-early", Ledger, WINDOW,
        "A refund of all that is left, or more, marks the order as refunded until it is decided: others at once are refused (33), also where it then fails.";
    /// A refund that fails later keeps its money.
    DealingNotReleased: [66], "dealing-not-released", Ledger, SETTLED,
        "Refunds are answered as dealing (status 0); the first of each order fails when it is settled, and its amount is not released.";
    /// A refund that fails later gives its money back twice.
    DealingReleasedTwice: [67], "dealing-released-twice", Ledger, SETTLED,
        "Refunds are answered as dealing (status 0); the first of each order fails when it is settled, and its amount is released twice.";
    /// An accepted refund is said to have failed.
    FailedAfterDone: [68], "failed-after-done", Ledger, None,
        "A retry of a refund that was answered as done (status 1) says that it failed (status 2), and its money stays gone.";
    /// An unknown outcome is denied.
    UnknownThenRefused: [72], "unknown-then-refused", Ledger, None,
        "Every fifth refund is booked and answered as unknown (9); its retry is refused (2), as if it had not happened.";
    /// A refusal takes the money all the same.
    RefusalConsumes: [73], "refusal-consumes", Ledger, None,
        "A refund that is refused as too large uses up what is left all the same.";
    /// An accepted refund is not counted.
    AcceptedNotApplied: [74], "accepted-not-applied", Ledger, None,
        "Every second refund of an order is answered as accepted and not counted.";
    /// A refund is applied again, later.
    SweptAgain: [75], "swept-again", Ledger, SETTLED,
        "An accepted refund is applied once more some time later, under an internal number of its own.";
    /// Another partner's orders can be refunded.
    ForeignOrder: [76], "foreign-order", Ledger, None,
        "A partner can refund an order of another partner.";
    /// Another partner's orders are told from unknown ones.
    ExistenceTold: [77], "existence-told", Ledger, None,
        "A refund of an order of another partner is refused as too large or unpaid (35, 32), and one of an unknown order as unknown (30).";
    /// An order has a limited number of refunds.
    CountCapped: [78], "count-capped", Ledger, None,
        "After 20 refunds of an order each further one is refused as too large (35), however small it is.";
    /// Refunds of two orders block each other.
    DeadlockByOrder: [], "deadlock-by-order", Ledger, BLOCKED,
        "A refund locks its order, and then the order that the partner refunded before: two orders refunded in turn block each other until one times out (9).";
    /// A refusal shows the sign key.
    KeyInMessage: [], "key-in-message", Wire, None,
        "The msg of a refusal for a wrong signature shows the end of the text that was hashed, the partner's key included.";
    /// A refusal shows the right signature.
    SignatureInMessage: [], "signature-in-message", Wire, None,
        "The msg of a refusal for a wrong signature shows the signature that would have been right.";
    /// Refusals show where in the code they arose.
    StackTraceInMessage: [], "stack-trace-in-message", Wire, None,
        "The msg of a refusal is a line of a stack trace.";
    /// Refusals have a code that no list has.
    UndocumentedCode: [], "undocumented-code", Wire, None,
        "Every refusal has the code 99999.";
    /// Answers name a member twice.
    MemberTwice: [], "member-twice", Wire, None,
        "The answer to an accepted refund names orderAmount twice.";
    /// Signatures of refusals are in upper case.
    AnswerSignatureUpperCase: [], "answer-signature-upper-case", Wire, None,
        "The signature of an answer that is a failure is in upper-case digits.";
    /// Times have no offset.
    TimeWithoutOffset: [], "time-without-offset", Wire, None,
        "The respTime of an answer has no offset.";
    /// The amount answered is the order's.
    AnswerAmountOfOrder: [], "answer-amount-of-order", Wire, None,
        "The answer to an accepted refund has the amount of the order instead of the refund's.";
    /// Chunks that are none are read.
    BrokenChunksTaken: [], "broken-chunks-taken", Connection, None,
        "Chunks are read line by line, whatever their sizes say.";
    /// Heads that HTTP forbids are read.
    BrokenHeadsTaken: [], "broken-heads-taken", Connection, None,
        "A request whose head is not HTTP/1.1 is read as far as it goes: any version, no Host, header lines that are none.";
    /// Lengths that are none are read.
    BrokenLengthsTaken: [], "broken-lengths-taken", Connection, None,
        "Where a Content-Length is missing, wrong or no number the body is read up to its last brace.";
    /// A second request hides in the first.
    LengthAndChunksSmuggled: [], "length-and-chunks-smuggled", Connection, None,
        "Of a length and chunks the chunks are believed, and what is behind them on the connection is served as the next request.";
    /// JSON's content type has one spelling.
    ContentTypeExact: [], "content-type-exact", Doorstep, None,
        "Every Content-Type is refused but application/json in exactly this spelling.";
    /// The content type is not looked at.
    ContentTypeIgnored: [], "content-type-ignored", Doorstep, None,
        "A document is taken under any Content-Type, or none.";
    /// A request is what one read brings.
    OnePacket: [], "one-packet", Connection, None,
        "Of a request only what arrives in one packet is read.";
    /// Who closes its half is not answered.
    HalfCloseAborts: [], "half-close-aborts", Connection, None,
        "A request whose sender closes its half of the connection is dropped.";
    /// The body of a refused request is the next request.
    KeepAliveLeftovers: [], "keep-alive-leftovers", Connection, None,
        "The body of a request that is refused for its head (4xx) or signature (8) stays on the connection and is read as the next request.";
    /// A second request in the buffer is lost.
    PipelinedLost: [], "pipelined-lost", Connection, None,
        "What a client sends behind a request, before that one is answered, is dropped.";
    /// One slow sender stops all.
    SlowSenderBlocks: [], "slow-sender-blocks", Connection, None,
        "While the body of one request is awaited no other request is answered.";
    /// Comments in JSON are taken.
    JsonCommentsTaken: [], "json-comments-taken", Wire, None,
        "Comments in a document are skipped.";
    /// Commas in JSON are guessed.
    JsonCommasForgiven: [], "json-commas-forgiven", Wire, None,
        "Commas that are missing, doubled or trailing are forgiven.";
    /// Names and texts in JSON need no double quotes.
    JsonQuotesForgiven: [], "json-quotes-forgiven", Wire, None,
        "Names in single quotes or none, and texts in single quotes, are taken.";
    /// Numbers that are no JSON are read.
    JsonNumbersForgiven: [], "json-numbers-forgiven", Wire, None,
        "0100, +100, 1., 0x64, 1_00 and 100n are read as numbers, and what is none as 0.";
    /// Escapes that are none are taken.
    JsonEscapesForgiven: [], "json-escapes-forgiven", Wire, None,
        "A backslash that begins no escape of JSON is dropped.";
    /// Raw control characters in texts are taken.
    JsonControlCharactersTaken: [], "json-control-characters-taken", Wire, None,
        "A raw newline, tab or NUL in a text is read as a space.";
    /// Bytes that are no UTF-8 are replaced.
    JsonUtf8Repaired: [], "json-utf-8-repaired", Wire, None,
        "Bytes that are no UTF-8 are replaced instead of refused.";
    /// What is behind a document is ignored.
    JsonBehindIgnored: [], "json-behind-ignored", Wire, None,
        "Whatever is behind a complete document, even a second one, is ignored.";
    /// A byte order mark is skipped.
    JsonMarkSkipped: [], "json-mark-skipped", Wire, None,
        "A byte order mark before a document is skipped.";
    /// A document that is cut off is completed.
    JsonEndingAdded: [], "json-ending-added", Wire, None,
        "The quotes and braces that a document lacks at its end are added.";
    /// A long number takes for ever.
    JsonNumberHangs: [], "json-number-hangs", Connection, None,
        "A number of more than 256 digits keeps its request busy for a minute; then the connection is closed.";
    /// Needless escapes are refused.
    JsonEscapesRefused: [], "json-escapes-refused", Wire, None,
        "A document with an escape that it does not need, as PHP writes them, is refused.";
    /// Rare characters are refused.
    JsonTextRefused: [], "json-text-refused", Wire, None,
        "A text with U+2028, U+2029, DEL or a character beyond U+FFFF is refused.";
    /// The signed text is searched for.
    DecoyBelieved: [], "decoy-believed", Wire, None,
        "The signature is verified over whatever text behind the word request it holds for, wherever that stands in the document.";
    /// One request is verified and another applied.
    FirstRequestVerified: [], "first-request-verified", Wire, None,
        "Of two members request the first is verified, and the last is applied.";
    /// A header or body of a wrong shape is taken.
    PartsUnchecked: [], "parts-unchecked", Wire, None,
        "A request without a header counts as the first partner's, header and body can be swapped, and one in an array is taken out of it.";
    /// Members are found whatever their case.
    MemberNamesFolded: [], "member-names-folded", Wire, None,
        "Names of members match without regard to case, and the last of those that match decides.";
    /// The signature must stand behind the request.
    SignatureFirstRefused: [], "signature-first-refused", Wire, None,
        "An envelope whose signature stands before its request is refused.";
    /// Any version is taken.
    VersionUnchecked: [], "version-unchecked", Wire, None,
        "The version of a request is not looked at.";
    /// Any time is taken.
    TimeUnchecked: [], "time-unchecked", Wire, None,
        "The time of a request is not looked at.";
    /// Any message id is taken.
    MessageIdUnchecked: [], "message-id-unchecked", Wire, None,
        "The reqMsgId of a request is not looked at.";
    /// Unknown partners are served as the first one.
    PartnerUnknownServed: [], "partner-unknown-served", Wire, None,
        "A request of an unknown partner is served as the first partner's, where that one's key signed it.";
    /// A plain hash passes for a signature.
    SignatureKeyOptional: [], "signature-key-optional", Wire, None,
        "A plain SHA-256 of the request, without any key, is a valid signature.";
    /// Several recipes of signatures are valid.
    SignatureAnyRecipe: [], "signature-any-recipe", Wire, None,
        "The key hashed first, HMAC-SHA256, SHA-256 twice and SHA-512 are valid signatures too.";
    /// A signature that was valid once is valid for all.
    SignatureOfPair: [], "signature-of-pair", Wire, None,
        "A signature that was valid for an earlier request of the partner is valid for every other.";
    /// Types are coerced.
    TypesCoerced: [], "types-coerced", Wire, None,
        "Numbers pass for texts and texts for numbers, an array of one for what is in it, and true for 1.";
    /// Empty members have a meaning.
    EmptyTaken: [], "empty-taken", Wire, None,
        "An empty or null partnerOrderNo is the partner's latest order, an empty refundNo is invented, and an empty orderAmount is 1.";
    /// Fractions are rounded.
    FractionRounded: [], "fraction-rounded", Wire, None,
        "An orderAmount such as 100.5 or \"1,000\" is taken, and rounded to a whole number.";
    /// Control characters vanish.
    ControlCharactersDropped: [], "control-characters-dropped", Wire, None,
        "Control characters in the texts of a body are removed: two refund numbers become one.";
    /// Order numbers are patterns.
    WildcardOrder: [], "wildcard-order", Wire, None,
        "% and _ in a partnerOrderNo match as in SQL's LIKE.";
    /// Refunded orders stay paid.
    QueryStatusStuck: [], "query-status-stuck", Wire, None,
        "A query of an order that is wholly refunded still says status 1.";
    /// Another partner's orders are shown.
    QueryOfForeignOrder: [], "query-of-foreign-order", Wire, None,
        "A query shows the order of another partner.";
    /// The wrong number decides.
    QueryPrefersPartnerNumber: [], "query-prefers-partner-number", Wire, None,
        "Where a query has both numbers partnerOrderNo decides.";
    /// A payment needs no shop.
    StoreUnchecked: [], "store-unchecked", Wire, None,
        "A payment without a storeNo is taken.";
    /// A paid payment looks unpaid.
    PaymentUnpaidStatus: [], "payment-unpaid-status", Wire, None,
        "The answer to a payment that has an optional member, such as orderTitle, says status 0 although it is paid.";
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Fault {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .iter()
            .copied()
            .find(|fault| fault.name() == name)
            .ok_or_else(|| UnknownName::new("fault", name, Self::ALL.iter().map(|f| f.name())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_found_by_its_name_and_stands_by_its_number() {
        assert!(
            Fault::ALL
                .is_sorted_by_key(|fault| fault.numbers().first().map_or(u8::MAX, |first| *first))
        );
        for fault in Fault::ALL {
            assert_eq!(fault.name().parse(), Ok(*fault));
        }
    }
}
