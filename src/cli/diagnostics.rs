//! Shows the mistakes of a scenario file where they stand.

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, MietteError, MietteSpanContents, Report, SourceCode, SourceSpan,
    SpanContents,
};

use super::output;
use crate::report::printable;
use crate::scenario::Mistake;

/// Columns that a message is kept within.
const WIDTH: usize = 100;
/// Characters of a line that are shown before a mistake.
const BEFORE: usize = 40;
/// Characters of a line that are shown from a mistake on.
const BEHIND: usize = 50;

/// Prints every mistake of the file called `name`.
pub fn print(name: &str, bytes: &[u8], mistakes: &[Mistake]) {
    for mistake in mistakes {
        output::message(render(name, bytes, mistake, GraphicalTheme::unicode()).trim_end());
    }
    let count = match mistakes.len() {
        1 => "1 mistake".to_owned(),
        count => format!("{count} mistakes"),
    };
    output::message(format_args!("{name} is not a valid scenario: {count}\n"));
}

fn render(name: &str, bytes: &[u8], mistake: &Mistake, theme: GraphicalTheme) -> String {
    let (excerpt, marked) = Excerpt::new(name, bytes, mistake);
    let label = LabeledSpan::new_primary_with_span(Some(mistake.path.clone()), marked);
    let mut diagnostic = MietteDiagnostic::new(printable(&mistake.message)).with_label(label);
    diagnostic.help = mistake.help.as_deref().map(printable);
    let report = Report::from(diagnostic).with_source_code(excerpt);
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(theme).with_width(WIDTH).with_links(false);
    // Neither a string nor an excerpt can refuse.
    let _ = handler.render_report(&mut text, report.as_ref());
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// The part of one line around a mistake: lines can be as long as the file.
struct Excerpt {
    name: String,
    text: String,
    line: usize,
    column: usize,
}

impl Excerpt {
    /// The excerpt, and the bytes of it that are the mistake.
    fn new(name: &str, bytes: &[u8], mistake: &Mistake) -> (Excerpt, SourceSpan) {
        let (before, behind) = bytes.split_at(mistake.span.start.min(bytes.len()));
        let before = last_chars(line_end_of(before), BEFORE);
        let length = mistake.span.end.saturating_sub(mistake.span.start);
        let (marked, rest) = behind.split_at(length.min(behind.len()));
        let marked = first_chars(marked, BEHIND);
        let room = BEHIND - marked.chars().count().min(BEHIND);
        let whole_line = length == 0 || !contains_break(&behind[..length.min(behind.len())]);
        let rest = if whole_line { first_chars(rest, room) } else { String::new() };
        let span = SourceSpan::new(before.len().into(), marked.len());
        let Mistake { line, column, .. } = *mistake;
        // At the end of a line there must be something to point at.
        let end = if marked.is_empty() && rest.is_empty() { " " } else { "" };
        let text = format!("{before}{marked}{rest}{end}");
        (Excerpt { name: name.to_owned(), text, line, column }, span)
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(&'a self, _: &SourceSpan, _: usize, _: usize) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let text = self.text.as_bytes();
        let (line, column) = (self.line.saturating_sub(1), self.column.saturating_sub(1));
        let all = SourceSpan::new(0.into(), text.len());
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), text, all, line, column, 1)))
    }
}

fn contains_break(bytes: &[u8]) -> bool {
    bytes.contains(&b'\n')
}

/// The bytes behind the last line break, as far as they can matter.
fn line_end_of(bytes: &[u8]) -> &[u8] {
    let near = &bytes[bytes.len().saturating_sub(8 * BEFORE)..];
    near.rsplit(|byte| *byte == b'\n').next().unwrap_or_default()
}

/// The last `limit` characters, after an ellipsis when there are more.
fn last_chars(bytes: &[u8], limit: usize) -> String {
    let text = String::from_utf8_lossy(bytes);
    let cut = text.char_indices().rev().nth(limit).map(|(at, c)| at + c.len_utf8());
    match cut {
        Some(cut) => format!("…{}", printable(&text[cut..])),
        None => printable(&text),
    }
}

/// The first `limit` characters of the first line, before an ellipsis when there are more.
fn first_chars(bytes: &[u8], limit: usize) -> String {
    let near = &bytes[..bytes.len().min(8 * limit)];
    let line = near.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let text = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
    match text.char_indices().nth(limit) {
        Some((cut, _)) => printable(&text[..cut]) + "…",
        None => printable(&text),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::scenario::Scenario;

    fn check(text: &str, expected: Expect) {
        let mistakes = Scenario::from_json(text).expect_err("the scenario has mistakes");
        let shown: Vec<_> =
            mistakes.iter().map(|mistake| render("x.json", text.as_bytes(), mistake, GraphicalTheme::unicode_nocolor())).collect();
        let longest = shown.iter().flat_map(|text| text.lines()).map(|line| line.chars().count()).max();
        assert!(longest <= Some(WIDTH + 10), "a line of {longest:?} characters");
        // A line without indentation, because the indentation of all lines together is not compared.
        expected.assert_eq(&format!("{} mistakes\n{}", shown.len(), shown.concat()));
    }

    #[test]
    fn a_mistake_is_shown_where_it_stands() {
        check(
            "{\n  \"title\": 7,\n  \"operators\": {},\n  \"channels\": []\n}\n",
            expect![[r#"
                2 mistakes
                  × expected a string, found an integer
                   ╭─[x.json:2:12]
                 2 │   "title": 7,
                   ·            ┬
                   ·            ╰── $.title
                   ╰────
                  × there is no source
                   ╭─[x.json:3:16]
                 3 │   "operators": {},
                   ·                ─┬
                   ·                 ╰── $.operators
                   ╰────
                  help: add an operator with "kind": "source"
            "#]],
        );
    }

    #[test]
    fn the_end_of_the_file_can_be_pointed_at() {
        check(
            "{\n  \"title\": [1,\n",
            expect![[r#"
                1 mistakes
                  × the file ends where a value was expected
                   ╭─[x.json:3:1]
                 3 │
                   · ▲
                   · ╰── $
                   ╰────
                  help: the [ at line 2, column 12 is never closed
            "#]],
        );
        check(
            "",
            expect![[r#"
                1 mistakes
                  × the file is empty; expected a JSON object {...}
                   ╭─[x.json:1:1]
                 1 │
                   · ▲
                   · ╰── $
                   ╰────
            "#]],
        );
    }

    #[test]
    fn a_long_line_is_cut_around_the_mistake() {
        let spaces = " ".repeat(10_000);
        check(
            &format!("{{{spaces}\"é\": 1, \"title\":{spaces} 5, {spaces}x"),
            expect![[r#"
                1 mistakes
                  × expected a field name in double quotes, found "x"
                   ╭─[x.json:1:30022]
                 1 │ …                                        x
                   ·                                          ┬
                   ·                                          ╰── $
                   ╰────
            "#]],
        );
    }

    #[test]
    fn a_file_cannot_garble_the_message() {
        check(
            "{\"\u{1b}[31m\u{202e}\": 1}",
            expect![[r#"
                1 mistakes
                  × control character U+001B inside a string
                   ╭─[x.json:1:3]
                 1 │ {"�[31m�": 1}
                   ·   ┬
                   ·   ╰── $
                   ╰────
                  help: write it as \u001b
            "#]],
        );
    }
}
