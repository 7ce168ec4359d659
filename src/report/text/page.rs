//! A page of text under construction: lines, headings, tables, and how words are set off.

use std::fmt::Display;

use anstyle::{AnsiColor, Effects};
use comfy_table::{CellAlignment, Table, presets};

use crate::report::printable;
use crate::scenario::outcome::Judgement;

/// Columns that text is kept within.
pub(super) const WIDTH: usize = 100;

/// How words are set off: in colour, or not at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    pub(in crate::report) strong: anstyle::Style,
    pub(in crate::report) good: anstyle::Style,
    pub(in crate::report) bad: anstyle::Style,
    pub(super) faint: anstyle::Style,
}

impl Style {
    /// Nothing but characters.
    pub fn plain() -> Style {
        Style::default()
    }

    /// ANSI colours.
    pub fn coloured() -> Style {
        let plain = anstyle::Style::new();
        Style {
            strong: plain.effects(Effects::BOLD),
            good: AnsiColor::Green.on_default(),
            bad: AnsiColor::Red.on_default().effects(Effects::BOLD),
            faint: plain.effects(Effects::DIMMED),
        }
    }

    pub(in crate::report) fn verdict(&self, verdict: Judgement) -> String {
        match verdict {
            Judgement::AsExpected => paint(self.good, "as expected"),
            Judgement::Unexpected => paint(self.bad, "NOT as expected"),
        }
    }
}

pub(in crate::report) fn paint(style: anstyle::Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Text under construction.
pub(in crate::report) struct Page {
    pub(in crate::report) text: String,
    pub(super) style: Style,
}

impl Page {
    pub(in crate::report) fn new(style: &Style) -> Page {
        Page { text: String::new(), style: *style }
    }

    pub(in crate::report) fn bad(&self, text: impl Display) -> String {
        paint(self.style.bad, text)
    }

    pub(in crate::report) fn heading(&mut self, text: impl Display) {
        self.gap();
        self.line(0, paint(self.style.strong, text));
    }

    pub(in crate::report) fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// `... and 3 more snapshots`
    pub(super) fn more(&mut self, indent: usize, hidden: usize, what: &str) {
        if hidden > 0 {
            let plural = if hidden == 1 { "" } else { "s" };
            self.line(indent, paint(self.style.faint, format_args!("... and {hidden} more {what}{plural}")));
        }
    }

    pub(in crate::report) fn line(&mut self, indent: usize, text: impl Display) {
        self.text.push_str(&" ".repeat(indent));
        self.text.push_str(text.to_string().trim_end());
        self.text.push('\n');
    }

    /// A table with a header; the columns of numbers are aligned to the right.
    pub(in crate::report) fn table(&mut self, indent: usize, table: &mut Table, numbers: &[usize]) {
        right(table, numbers);
        for (at, line) in lines(table).into_iter().enumerate() {
            self.line(indent, if at == 0 { paint(self.style.faint, line) } else { line });
        }
    }

    /// Text broken at spaces, with later lines further in.
    pub(in crate::report) fn wrapped(&mut self, indent: usize, text: &str) {
        let text = printable(text);
        let (mut line, mut inner) = (String::new(), indent);
        for word in text.split_whitespace() {
            if !line.is_empty() && inner + line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.line(inner, std::mem::take(&mut line));
                inner = indent + 2;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(inner, line);
    }
}

pub(in crate::report) fn table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

pub(super) fn right(table: &mut Table, columns: &[usize]) {
    for &column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// The lines of a table with two spaces between columns and none around them.
pub(super) fn lines(table: &Table) -> Vec<String> {
    let mut table = table.clone();
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// The first `head` items and the last one.
pub(super) fn ends<T>(items: &[T], head: usize) -> (&[T], &[T]) {
    if items.len() <= head + 1 {
        return (items, &[]);
    }
    (&items[..head], &items[items.len() - 1..])
}

/// `1 scenario`, `2 scenarios`
pub(in crate::report) fn count(number: impl Display, what: &str) -> String {
    let number = number.to_string();
    let plural = if number == "1" { "" } else { "s" };
    format!("{number} {what}{plural}")
}
