//! The text of file sources, as numbers: records stay small `Copy` values.

use std::collections::BTreeMap;

/// All lines of all file sources of a scenario and the words in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dictionary {
    lines: Vec<Box<str>>,
    words: Vec<Box<str>>,
    /// Word numbers of all lines behind one another, and where each line's begin.
    split: Vec<u32>,
    starts: Vec<u32>,
    numbers: BTreeMap<Box<str>, u32>,
}

/// The words of a line: runs of letters, digits and inner apostrophes, in lower case.
pub(crate) fn words_of(line: &str) -> impl Iterator<Item = String> + '_ {
    line.split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '\u{2019}'))
        .map(|word| word.trim_matches(['\'', '\u{2019}']).to_lowercase())
        .filter(|word| !word.is_empty())
}

impl Dictionary {
    /// Adds a line and its words; returns the line's number.
    pub fn add_line(&mut self, line: &str) -> u32 {
        let number = self.lines.len() as u32;
        self.starts.push(self.split.len() as u32);
        for word in words_of(line) {
            let next = self.words.len() as u32;
            let word = word.into_boxed_str();
            let id = *self.numbers.entry(word.clone()).or_insert(next);
            if id == next {
                self.words.push(word);
            }
            self.split.push(id);
        }
        self.lines.push(line.into());
        number
    }

    /// How many lines there are.
    pub fn lines(&self) -> usize {
        self.lines.len()
    }

    /// How many different words there are.
    pub fn words(&self) -> usize {
        self.words.len()
    }

    /// The text of a line.
    pub fn line(&self, number: u32) -> &str {
        &self.lines[number as usize]
    }

    /// The text of a word.
    pub fn word(&self, number: u32) -> &str {
        &self.words[number as usize]
    }

    /// The word numbers of a line, in order.
    pub fn split(&self, line: u32) -> &[u32] {
        let line = line as usize;
        let end = self.starts.get(line + 1).map_or(self.split.len(), |&next| next as usize);
        &self.split[self.starts[line] as usize..end]
    }

    /// The largest number of words in one line.
    pub fn longest_line(&self) -> usize {
        (0..self.lines.len() as u32).map(|line| self.split(line).len()).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_shared_and_lower_case() {
        let mut dictionary = Dictionary::default();
        let first = dictionary.add_line("To be, or not to be--that's it:");
        let second = dictionary.add_line("");
        let third = dictionary.add_line("'Tis TO be");
        let text = |line| dictionary.split(line).iter().map(|&w| dictionary.word(w)).collect::<Vec<_>>();
        assert_eq!(text(first), ["to", "be", "or", "not", "to", "be", "that's", "it"]);
        assert_eq!(text(second), [""; 0]);
        assert_eq!(text(third), ["tis", "to", "be"]);
        assert_eq!((dictionary.words(), dictionary.longest_line()), (7, 8));
    }
}
