//! Cases as text, for people to read; the files' own headers say how they are written.

use std::fmt::Write as _;

use super::case::{Case, Input, Mode, Token, parse_left, small, words};

/// Lines of steps and tokens are broken before this column.
const WIDTH: usize = 100;
const INDENT: usize = 11;

/// A case and what only people ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub case: Case,
    /// Which case of the family that the facts come from.
    pub origin: String,
    /// The rules that the case rests on.
    pub rules: Vec<String>,
}

/// The entries of a file. Lines before the first case are its header.
pub fn parse(text: &str) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    let mut open: Option<Draft> = None;
    for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())) {
        let (word, rest) = line.split_once(char::is_whitespace).map_or((line, ""), |(word, rest)| (word, rest.trim()));
        match (word, &mut open) {
            ("case", _) => entries.extend(open.replace(Draft::new(rest, number)?).map(Draft::finish).transpose()?),
            (_, Some(draft)) => draft.take(word, rest).map_err(|why| format!("line {number}: case {}: {why}", draft.name))?,
            ("" | "#", None) => {}
            (word, None) => return Err(format!("line {number}: `{word}` before the first case")),
        }
    }
    entries.extend(open.map(Draft::finish).transpose()?);
    Ok(entries)
}

/// Entries as `parse` reads them, one empty line between two.
pub fn print(entries: &[Entry]) -> String {
    let blocks: Vec<String> = entries.iter().map(print_one).collect();
    blocks.join("\n")
}

/// A case whose lines are still being read.
#[derive(Default)]
struct Draft {
    name: String,
    line: usize,
    note: Vec<String>,
    origin: Option<String>,
    rules: Option<Vec<String>>,
    mode: Option<(Mode, u32)>,
    manual: bool,
    script: bool,
    local: Vec<u32>,
    finished_tasks_off: bool,
    input: Option<Vec<Input>>,
    expect: Option<Vec<Token>>,
    blocked: Option<Vec<u32>>,
    left: Option<Vec<(u32, String)>>,
}

impl Draft {
    fn new(name: &str, line: usize) -> Result<Draft, String> {
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(format!("line {line}: `{name}` is no name of a case"));
        }
        Ok(Draft { name: name.to_owned(), line, ..Draft::default() })
    }

    fn take(&mut self, word: &str, rest: &str) -> Result<(), String> {
        let once = |taken: bool| if taken { Err(format!("`{word}` a second time")) } else { Ok(()) };
        match word {
            "" => {}
            "#" => self.note.push(rest.to_owned()),
            "origin" => {
                once(self.origin.is_some())?;
                self.origin = Some(rest.to_owned());
            }
            "rules" => {
                once(self.rules.is_some())?;
                self.rules = Some(all(rest, |word| Ok(word.to_owned()))?);
            }
            "mode" => {
                once(self.mode.is_some())?;
                self.mode = Some(mode(rest)?);
            }
            "polling" if rest == "manual" => self.manual = true,
            "gate" if rest == "script" => self.script = true,
            "finished_tasks" if rest == "off" => self.finished_tasks_off = true,
            "polling" | "gate" | "finished_tasks" => return Err(format!("`{word} {rest}` is no option")),
            "local" => self.local.extend(all(rest, channel)?),
            // Long ones go on in a further line.
            "in" => self.input.get_or_insert_default().extend(all(rest, Input::parse)?),
            "out" => self.expect.get_or_insert_default().extend(all(rest, Token::parse)?),
            "blocked" => {
                once(self.blocked.is_some())?;
                self.blocked = Some(all(rest, channel)?);
            }
            "left" => {
                once(self.left.is_some())?;
                self.left = Some(all(rest, parse_left)?);
            }
            _ => return Err(format!("`{word}` begins no line of a case")),
        }
        Ok(())
    }

    fn finish(self) -> Result<Entry, String> {
        let missing = |what: &str| format!("line {}: case {}: no line `{what}`", self.line, self.name);
        let (mode, channels) = self.mode.ok_or_else(|| missing("mode"))?;
        if let Some(channel) = self.local.iter().find(|channel| **channel >= channels) {
            return Err(format!("line {}: case {}: `local {channel}`: there is no such channel", self.line, self.name));
        }
        let case = Case {
            mode,
            channels,
            local: (0..channels).map(|channel| self.local.contains(&channel)).collect(),
            finished_tasks: !self.finished_tasks_off,
            eager: !self.manual,
            script: self.script,
            input: self.input.ok_or_else(|| missing("in"))?,
            expect: self.expect.ok_or_else(|| missing("out"))?,
            blocked: self.blocked,
            undelivered: self.left,
            note: self.note.join("\n"),
            id: self.name,
        };
        let case = case.checked().map_err(|why| format!("line {}: {why}", self.line))?;
        Ok(Entry { case, origin: self.origin.unwrap_or_default(), rules: self.rules.unwrap_or_default() })
    }
}

/// As in `aligned, 2 channels`.
fn mode(text: &str) -> Result<(Mode, u32), String> {
    let wrong = || format!("`{text}` is no mode with channels; `aligned, 2 channels` is");
    let (mode, rest) = text.split_once(',').ok_or_else(wrong)?;
    let (count, _) = rest.trim().split_once(" channel").filter(|(_, end)| ["", "s"].contains(end)).ok_or_else(wrong)?;
    let count = small(count).filter(|count| *count <= super::case::MOST_CHANNELS).ok_or_else(wrong)?;
    Ok((Mode::parse(mode.trim())?, count))
}

/// The words of a line; `-` alone stands for none.
fn all<T>(rest: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    match rest {
        "-" => Ok(Vec::new()),
        "" => Err("nothing follows; `-` stands for none".to_owned()),
        _ => rest.split_whitespace().map(parse).collect(),
    }
}

fn channel(word: &str) -> Result<u32, String> {
    small(word).ok_or_else(|| format!("`{word}` is no channel"))
}

fn print_one(entry: &Entry) -> String {
    let case = &entry.case;
    let mut text = format!("case {}\n", case.id);
    for line in case.note.lines() {
        let _ = writeln!(text, "  # {line}");
    }
    let mut put = |name: &str, rest: &str| {
        let _ = writeln!(text, "  {name:<8} {rest}");
    };
    if !entry.origin.is_empty() {
        put("origin", &entry.origin);
    }
    if !entry.rules.is_empty() {
        put("rules", &words(&entry.rules));
    }
    put("mode", &case.shape());
    if !case.eager {
        put("polling", "manual");
    }
    if case.script {
        put("gate", "script");
    }
    if case.local.contains(&true) {
        let local: Vec<u32> = (0..).zip(&case.local).filter(|(_, local)| **local).map(|(channel, _)| channel).collect();
        put("local", &words(&local));
    }
    if !case.finished_tasks {
        // The one name that is longer than the column.
        put("finished_tasks", "off");
    }
    broken(&words(&case.input)).for_each(|line| put("in", &line));
    broken(&words(&case.expect)).for_each(|line| put("out", &line));
    if let Some(blocked) = &case.blocked {
        put("blocked", &words(blocked));
    }
    if let Some(left) = &case.undelivered {
        let left: Vec<String> = left.iter().map(|(channel, item)| format!("{channel}:{item}")).collect();
        put("left", &words(&left));
    }
    text
}

/// A line of words as lines that fit.
fn broken(text: &str) -> impl Iterator<Item = String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("never empty");
        if line.is_empty() {
            line.push_str(word);
        } else if INDENT + line.len() + 1 + word.len() <= WIDTH {
            *line = format!("{line} {word}");
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.into_iter()
}

mod tests {
    use super::*;

    const EVERY_LINE: &str = "\
case everything-at-once
  # Two lines
  # of text.
  origin   XX-01
  rules    B1 N2
  mode     alternating, 3 channels
  polling  manual
  gate     script
  local    0 2
  finished_tasks off
  in       0:B7u@5 2:B7t100@0 +50 +50! fire poll drain 1:C7 1:E
  out      d1:r2 T1a A2:eos p1:0:r1
  blocked  0 1
  left     1:r1 1:B7

case the-least
  mode     tracker, 1 channel
  in       -
  out      -
";

    #[test]
    fn every_line_is_printed_back() {
        let entries = parse(EVERY_LINE).expect("two cases");
        assert_eq!(print(&entries), EVERY_LINE);
        let [full, least] = &entries[..] else { panic!("two cases") };
        assert_eq!((&full.case.note[..], &full.case.local[..]), ("Two lines\nof text.", &[true, false, true][..]));
        assert!(!full.case.eager && full.case.script && !full.case.finished_tasks);
        assert!(least.case.eager && !least.case.script && least.case.finished_tasks && least.case.blocked.is_none());
    }

    #[test]
    fn long_lines_are_broken_and_joined() {
        let records: Vec<String> = (0..60).map(|at| format!("0:r{at}")).collect();
        let text = format!("case long\n  mode tracker, 1 channel\n  in {}\n  out -\n", records.join(" "));
        let entries = parse(&text).expect("a case");
        let printed = print(&entries);
        assert!(printed.lines().all(|line| line.len() <= WIDTH) && printed.lines().count() > 5, "{printed}");
        assert_eq!(parse(&printed), Ok(entries));
    }

    #[test]
    fn a_mistake_names_its_line_case_and_word() {
        let least = |extra: &str| format!("case x\n  mode tracker, 2 channels\n  in -\n  out -\n  {extra}\n");
        let wrong = [
            (least("in 0:B7x"), "`0:B7x`"),
            (least("in 2:r1"), "`2:r1`"),
            (least("out T1"), "`T1`"),
            (least("out"), "nothing follows"),
            (least("blocked 5"), "`5`"),
            (least("blocked x"), "`x`"),
            (least("left r1"), "`r1`"),
            (least("local 2"), "`local 2`"),
            (least("mode tracker, 2 channels"), "a second time"),
            (least("gate open"), "`gate open`"),
            (least("colour red"), "`colour`"),
            ("case x\n  mode sideways, 2 channels".to_owned(), "`sideways`"),
            ("case x\n  mode tracker".to_owned(), "`tracker`"),
            ("case x\n  mode tracker, 4000000000 channels".to_owned(), "4000000000"),
            ("case x\n  mode tracker, 0 channels\n  in -\n  out -".to_owned(), "`0`"),
            ("case x\n  mode tracker, 2 channels\n  in -".to_owned(), "`out`"),
        ];
        for (text, word) in wrong {
            let why = parse(&text).expect_err(&text);
            assert!(why.starts_with("line ") && why.contains("case x: ") && why.contains(word), "{why}");
        }
        assert!(parse("mode x").expect_err("no case").contains("before the first case"));
        assert!(parse("case two words").expect_err("a name").contains("`two words`"));
    }
}
