//! What somebody asked for and nobody could do.

use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};

use crate::model::{Plan, TaskId};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the words say it")]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)*
        }

        impl $name {
            /// The word used in output.
            pub fn word(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
            }
        }
    };
}

words! {
    /// Who asks: a handler of a protocol, or another part.
    Handler {
        #[default]
        Trigger = "on_trigger",
        Barrier = "on_barrier",
        Announcement = "on_announcement",
        Cancel = "on_cancel",
        InputEnd = "on_input_end",
        Timer = "on_timer",
        Abort = "on_abort",
        Record = "on_record",
        Coordinator = "coordinator",
        Storage = "storage",
    }
}

words! {
    /// What is asked for.
    Ask {
        #[default]
        SaveState = "SaveState",
        Broadcast = "Broadcast",
        Overtake = "Overtake",
        Cancel = "Cancel",
        Prioritise = "Prioritise",
        SaveRecord = "SaveRecord",
        SaveOvertaken = "SaveOvertaken",
        Block = "Block",
        Unblock = "Unblock",
        SetTimer = "SetTimer",
        Ack = "Ack",
        Decline = "Decline",
        Count = "Count",
        Ignore = "Ignore",
        Store = "Store",
        Notify = "Notify",
        Restore = "Restore",
        Load = "load",
    }
}

/// Why it does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Misfit {
    /// The channel is no input of the task.
    NoInput,
    /// There has been no snapshot of this number.
    NeverTriggered,
    /// The snapshot is pending, and the task has saved no state for it.
    NothingSaved,
    /// There is no task of this number.
    NoTask,
    /// What is given back is no state of this kind of task.
    OtherKind,
}

impl Misfit {
    /// What would have fitted, and what was found.
    pub fn because(self, number: u32) -> (&'static str, String) {
        match self {
            Misfit::NoInput => ("an input of the task", format!("channel {number}")),
            Misfit::NeverTriggered => ("a snapshot that was triggered", format!("snapshot {number}")),
            Misfit::NothingSaved => ("a state saved before", format!("none for snapshot {number}")),
            Misfit::NoTask => ("a task", format!("number {number}")),
            Misfit::OtherKind => ("a state of this kind of task", format!("another one in snapshot {number}")),
        }
    }
}

/// The name of a type, to be asked for: half the size of the name itself, and facts are small.
#[derive(Clone, Copy)]
pub struct TypeName(pub fn() -> &'static str);

impl TypeName {
    /// Without its path and parameters.
    fn short(self) -> &'static str {
        let path = (self.0)().split('<').next().unwrap_or_default();
        path.rsplit("::").next().unwrap_or_default()
    }
}

impl PartialEq for TypeName {
    fn eq(&self, other: &Self) -> bool {
        (self.0)() == (other.0)()
    }
}

impl Eq for TypeName {}

impl Hash for TypeName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0)().hash(state);
    }
}

impl fmt::Debug for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str((self.0)())
    }
}

/// Who asked for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Asked {
    /// At which task; nothing for what the coordinator does.
    pub task: Option<TaskId>,
    /// The type of the task's protocol, for what one of its handlers asks for.
    pub protocol: Option<TypeName>,
    /// By which handler.
    pub by: Handler,
    /// For what.
    pub ask: Ask,
    /// The channel, snapshot or task that it names.
    pub number: u32,
}

impl Asked {
    /// `count[0]: protocol Mine, on_barrier: Ack(99)`.
    pub fn describe(self, plan: &Plan) -> String {
        let mut text = self.task.map(|task| plan.task_name(task) + ": ").unwrap_or_default();
        if let Some(protocol) = self.protocol {
            write!(text, "protocol {}, ", protocol.short()).expect("writing to a String");
        }
        text + &format!("{}: {}({})", self.by.word(), self.ask.word(), self.number)
    }
}
