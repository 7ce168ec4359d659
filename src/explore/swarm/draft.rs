//! A graph in the making.

use crate::scenario::GraphFile;
use crate::scenario::format::{ChannelFile, OperatorFile};

/// An operator of a kind, with the kind's own fields and so many tasks.
macro_rules! operator {
    ($kind:ident { $($field:ident: $value:expr),* }, $parallelism:expr) => {{
        let parallelism: u32 = $parallelism;
        OperatorFile::$kind {
            $($field: $value,)*
            parallelism: Some(parallelism).filter(|parallelism| *parallelism > 1),
            service: None,
            upload: None,
            state: None,
            ack: None,
            told: None,
            restore: None,
        }
    }};
}
pub(super) use operator;

/// A graph in the making.
#[derive(Debug, Default)]
pub struct Draft {
    pub file: GraphFile,
}

impl Draft {
    /// Adds an operator.
    pub fn operator(&mut self, name: &str, operator: OperatorFile) {
        self.file.operators.insert(name.to_owned(), operator);
    }

    /// This word, or with a number behind it, so that no operator has the name.
    pub fn unused(&self, word: &str) -> String {
        let numbered = (2..).map(|number| format!("{word}{number}"));
        let mut names = std::iter::once(word.to_owned()).chain(numbered);
        names.find(|name| !self.file.operators.contains_key(name)).expect("numbers do not run out")
    }

    /// Adds a channel between two operators.
    pub fn connect(&mut self, from: &str, to: &str, capacity: Option<u32>) -> &mut ChannelFile {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.file.channels.push(ChannelFile { from, to, partition: None, delay: None, delays: Vec::new(), order: None, capacity });
        self.file.channels.last_mut().expect("just pushed")
    }
}
