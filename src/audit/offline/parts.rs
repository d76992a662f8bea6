//! A history that is larger than the memory that may be used: put into parts
//! by order, in files that are judged one after the other and thrown away.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::str::FromStr;
use std::thread::available_parallelism;

use super::compact::{Compact, checked};
use super::folder::Folder;
use super::verdict::Sum;
use crate::audit::history::binary::block::Kind;
use crate::audit::history::binary::declare::{push_order, take_order, take_stem};
use crate::audit::history::binary::reader::take_line;
use crate::audit::history::binary::writer::BlockWriter;
use crate::audit::history::binary::{Blocks, Packed, RECORD, Stem};
use crate::audit::history::error::Problem;
use crate::audit::history::integrity::{Integrity, Places, check_answer};
use crate::audit::history::text::write_record;
use crate::audit::history::{Form, HistoryError, Record, Terms, TextReader};
use crate::protocol::OrderNo;
use crate::verdict::AuditSummary;

/// Files that are open at once, at most.
const MOST_PARTS: u64 = 256;

/// How many bytes an audit may use, about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory(u64);

impl FromStr for Memory {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let units = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("", 0)];
        let (count, shift) = units
            .iter()
            .find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift)))
            .expect("every text ends in nothing");
        let count: u64 = count
            .trim_end()
            .parse()
            .map_err(|_| "give a number, such as 512MiB")?;
        count
            .checked_mul(1 << shift)
            .filter(|&bytes| bytes > 0)
            .map(Self)
            .ok_or("give more than nothing, and less than 2^64 bytes")
    }
}

/// Audits the history in a file, of either form.
///
/// # Errors
/// [`HistoryError`] where it is not whole, or its parts can't be written.
pub fn audit(file: &Path, memory: Memory) -> Result<AuditSummary, HistoryError> {
    let threads = available_parallelism().map_or(1, NonZeroUsize::get);
    let length = file.metadata()?.len();
    let mut source = open(file)?;
    let form = Form::of(&mut source)?;
    // What a byte of the file takes in memory.
    let needed = match form {
        Form::Binary => length + length / 2,
        Form::Text => length / 2,
    };
    if needed > memory.0 {
        let count = needed.div_ceil((memory.0 / 2).max(1)).min(MOST_PARTS);
        let count = usize::try_from(count).expect("there are few parts");
        return match form {
            Form::Binary => audit_binary_parts(file, source, count, threads),
            Form::Text => audit_text_parts(source, count, threads),
        };
    }
    let compact = match form {
        Form::Binary => {
            let expected = records_in(length);
            let mut blocks = Blocks::open(source)?;
            let places = &mut Places::default();
            Compact::read(&mut blocks, Some(places), expected)?
        }
        Form::Text => Compact::read_text(TextReader::new(source)?)?,
    };
    sum_up(Sum::default(), 1, threads, |_| Ok(None), Some(&compact))
}

/// Adds up all parts, twice where orders share refund numbers.
fn sum_up(
    mut sum: Sum,
    parts: usize,
    threads: usize,
    mut read: impl FnMut(usize) -> Result<Option<Compact>, HistoryError>,
    whole: Option<&Compact>,
) -> Result<AuditSummary, HistoryError> {
    loop {
        let mut terms = Terms::default();
        for part in 0..parts {
            let own = read(part)?;
            if let Some(compact) = own.as_ref().or(whole) {
                sum.add_with_threads(compact, threads);
                terms = compact.terms;
            }
        }
        if !sum.must_look_again() {
            return Ok(sum.up(terms));
        }
        sum = sum.again();
    }
}

fn audit_binary_parts(
    file: &Path,
    source: impl BufRead,
    count: usize,
    threads: usize,
) -> Result<AuditSummary, HistoryError> {
    let folder = Folder::create()?;
    let mut blocks = Blocks::open(source)?;
    let mut spill = BinarySpill::create(&folder, count, blocks.terms())?;
    while let Some((kind, count)) = blocks.next_block()? {
        spill
            .add_block(kind, count, blocks.payload())
            .map_err(|stop| match stop {
                Stop::Problem(problem) => blocks.wrong(problem),
                Stop::Error(error) => error,
            })?;
    }
    spill.finish()?;
    let read = |part: usize| {
        let path = folder.part(part);
        let expected = records_in(path.metadata()?.len());
        let mut blocks = Blocks::open(open(&path)?)?;
        let compact = Compact::read(&mut blocks, None, expected);
        compact.map(Some).map_err(|error| match error {
            HistoryError::Block {
                problem: Problem::OrderTwice(order),
                ..
            } => twice(file, order),
            error => error,
        })
    };
    // A name has one spelling, and each part sees some names only.
    if spill.has_twofold() {
        return Err(blocks.wrong(Problem::NoEntry));
    }
    // Before the first part, where a name may stand in a line without its stem.
    let mut sum = Sum::default();
    sum.know(&spill.stems);
    sum_up(sum, count, threads, read, None)
}

/// Where an order is declared for the second time.
fn twice(file: &Path, order: OrderNo) -> HistoryError {
    let find = || -> Result<u64, HistoryError> {
        let mut blocks = Blocks::open(open(file)?)?;
        let mut seen = 0;
        while let Some((kind, count)) = blocks.next_block()? {
            let mut payload = blocks.payload();
            for _ in 0..if kind == Kind::Orders { count } else { 0 } {
                let found = take_order(&mut payload);
                seen += u8::from(found.is_some_and(|found| *found.order == order));
                if seen == 2 {
                    return Ok(blocks.number());
                }
            }
        }
        Ok(blocks.number())
    };
    match find() {
        Ok(block) => HistoryError::Block {
            block,
            problem: Problem::OrderTwice(order),
        },
        Err(error) => error,
    }
}

enum Stop {
    Problem(Problem),
    Error(HistoryError),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// The parts of a binary history, each one itself.
struct BinarySpill<'a> {
    folder: &'a Folder,
    parts: Vec<BinaryPart>,
    /// The part of each order, and its index there.
    orders: Vec<(u32, u32)>,
    stems: Vec<Stem>,
    places: Places,
}

struct BinaryPart {
    out: BlockWriter<BufWriter<File>>,
    orders: u32,
    stems: HashMap<u32, u32>,
}

impl<'a> BinarySpill<'a> {
    fn create(folder: &'a Folder, count: usize, terms: Terms) -> Result<Self, HistoryError> {
        let part = |part: usize| {
            let out = File::create(folder.part(part))?;
            Ok(BinaryPart {
                out: BlockWriter::new(BufWriter::with_capacity(1 << 16, out), terms)?,
                orders: 0,
                stems: HashMap::new(),
            })
        };
        let parts: std::io::Result<Vec<BinaryPart>> = (0..count).map(part).collect();
        Ok(Self {
            folder,
            parts: parts.map_err(|error| folder.failed(error))?,
            orders: Vec::new(),
            stems: Vec::new(),
            places: Places::default(),
        })
    }

    fn add_block(&mut self, kind: Kind, count: u32, mut payload: &[u8]) -> Result<(), Stop> {
        if kind == Kind::Records {
            let (records, rest) = payload.as_chunks::<RECORD>();
            if records.len() != count as usize || !rest.is_empty() {
                return Err(Problem::NoEntry.into());
            }
            for bytes in records {
                let packed = Packed::from_bytes(bytes);
                checked(&packed, self.orders.len(), &self.stems)?;
                self.places.take_both(packed.sent(), packed.answered())?;
                self.add(packed)?;
            }
            return Ok(());
        }
        for _ in 0..count {
            match kind {
                Kind::Orders => {
                    let order = take_order(&mut payload).ok_or(Problem::NoEntry)?;
                    if order.paid.minor_units() < 0 {
                        let order = order.order.into_owned();
                        return Err(Problem::NegativePayment(order).into());
                    }
                    let index = part_of(&order.order, self.parts.len());
                    let part = &mut self.parts[index];
                    self.orders.push((narrow(index), part.orders));
                    part.orders += 1;
                    let pushed = part
                        .out
                        .push(Kind::Orders, |block| push_order(&order, block));
                    pushed.map_err(|error| Stop::Error(self.folder.failed(error)))?;
                }
                Kind::Stems => {
                    let stem = take_stem(&mut payload).ok_or(Problem::NoEntry)?;
                    self.stems.push(stem);
                }
                _ => {
                    let record = take_line(&mut payload).ok_or(Problem::NoEntry)?;
                    self.add_line(&record)?;
                }
            }
        }
        if payload.is_empty() {
            Ok(())
        } else {
            Err(Problem::NoEntry.into())
        }
    }

    /// Puts a record where its order is, by the names that it has there.
    fn add(&mut self, packed: Packed) -> Result<(), Stop> {
        let (part, order) = self.orders[packed.order as usize];
        let part = &mut self.parts[part as usize];
        let next = narrow(part.stems.len());
        let mut written = Ok(());
        let mut own = packed;
        own.order = order;
        if packed.is_refund() {
            own.stem = *part.stems.entry(packed.stem).or_insert_with(|| {
                written = part.out.stem(&self.stems[packed.stem as usize]);
                next
            });
        }
        let written = written.and_then(|()| part.out.record(own));
        written.map_err(|error| Stop::Error(self.folder.failed(error)))
    }

    fn add_line(&mut self, record: &Record<'_>) -> Result<(), Stop> {
        let (order, sent, answered) = match record {
            Record::Order(_) => return Err(Problem::NoEntry.into()),
            Record::Refund(record) => {
                check_answer(record.outcome, record.answered)?;
                (&record.order, record.sent, record.answered)
            }
            Record::Query(record) => (&record.order, record.sent, Some(record.answered)),
        };
        self.places.take_both(sent, answered)?;
        // Whether it was declared is seen by the part, which knows its orders.
        let part = part_of(order, self.parts.len());
        let pushed = self.parts[part]
            .out
            .push(Kind::Lines, |block| write_record(record, block));
        pushed.map_err(|error| Stop::Error(self.folder.failed(error)))
    }

    fn has_twofold(&self) -> bool {
        let (whole, stems): (Vec<&Stem>, Vec<&Stem>) =
            self.stems.iter().partition(|stem| stem.width == 0);
        let stems: HashSet<&Stem> = stems.into_iter().collect();
        let is_stem = |stem: &Stem| stems.contains(stem);
        whole.iter().any(|stem| stem.is_twofold(is_stem))
    }

    fn finish(&mut self) -> Result<(), HistoryError> {
        for part in self.parts.drain(..) {
            let finished = part.out.finish();
            finished.map_err(|error| self.folder.failed(error))?;
        }
        self.orders = Vec::new();
        self.places = Places::default();
        Ok(())
    }
}

/// The parts of a text: its lines, each after its number.
fn audit_text_parts(
    source: impl BufRead,
    count: usize,
    threads: usize,
) -> Result<AuditSummary, HistoryError> {
    let folder = Folder::create()?;
    let mut reader = TextReader::with_integrity(source, Integrity::of_places())?;
    let terms = reader.terms();
    let parts: std::io::Result<Vec<BufWriter<File>>> = (0..count)
        .map(|part| {
            Ok(BufWriter::with_capacity(
                1 << 16,
                File::create(folder.part(part))?,
            ))
        })
        .collect();
    let mut parts = parts.map_err(|error| folder.failed(error))?;
    while let Some(record) = reader.next() {
        let record = record?;
        let order = match &record {
            Record::Order(record) => &record.order,
            Record::Refund(record) => &record.order,
            Record::Query(record) => &record.order,
        };
        let part = &mut parts[part_of(order, count)];
        let (number, line) = reader.line();
        let written = write!(part, "{number}\t")
            .and_then(|()| part.write_all(line.trim_ascii_end()))
            .and_then(|()| part.write_all(b"\n"));
        written.map_err(|error| folder.failed(error))?;
    }
    for part in parts {
        let written = part
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error);
        written.map_err(|error| folder.failed(error))?;
    }
    drop(reader);
    sum_up(
        Sum::default(),
        count,
        threads,
        |part| read_text_part(&folder.part(part), terms).map(Some),
        None,
    )
}

fn read_text_part(path: &Path, terms: Terms) -> Result<Compact, HistoryError> {
    let mut integrity = Integrity::of_orders();
    let records = open(path)?.split(b'\n').map(|line| {
        let line = line?;
        let tab = line.iter().position(|&byte| byte == b'\t').unwrap_or(0);
        let (number, json) = line.split_at(tab);
        let number = std::str::from_utf8(number)
            .ok()
            .and_then(|n| n.parse().ok());
        let line = number.unwrap_or_default();
        let wrong = |problem| HistoryError::Line { line, problem };
        let record: Record<'static> = serde_json::from_slice(json)
            .map_err(|error| wrong(Problem::Malformed(error.to_string())))?;
        integrity.check(&record, line).map_err(wrong)?;
        Ok(record)
    });
    let compact = Compact::collect(terms, records)?;
    match integrity.undeclared() {
        None => Ok(compact),
        Some((line, order)) => Err(HistoryError::Line {
            line,
            problem: Problem::UnknownOrder(order.clone()),
        }),
    }
}

fn part_of(order: &OrderNo, parts: usize) -> usize {
    // Of fixed keys: the same history has the same parts wherever it is audited.
    let mut hasher = DefaultHasher::new();
    order.hash(&mut hasher);
    let part = hasher.finish() % parts as u64;
    usize::try_from(part).expect("there are few parts")
}

fn narrow(index: usize) -> u32 {
    u32::try_from(index).expect("indices have 32 bits in a file")
}

fn records_in(length: u64) -> usize {
    usize::try_from(length / RECORD as u64).unwrap_or(0)
}

fn open(file: &Path) -> Result<BufReader<File>, HistoryError> {
    Ok(BufReader::with_capacity(1 << 20, File::open(file)?))
}
