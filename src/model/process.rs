//! Processes of message-passing graphs: accounts and automata.

/// One payment that an account makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Transfer {
    /// The way out, by its place among the process's edges.
    pub port: u32,
    /// Tokens; what is there when that is less.
    pub amount: u64,
}

/// What an automaton does on its own account in some state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SendRule {
    /// The state it holds in.
    pub state: u32,
    /// The message, by number.
    pub message: u64,
    /// The way out, by its place among the process's edges.
    pub port: u32,
    /// The state after it.
    pub then: u32,
}

/// What an automaton takes in some state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReceiveRule {
    /// The state it holds in.
    pub state: u32,
    /// The message, by number.
    pub message: u64,
    /// The state after it.
    pub then: u32,
}

/// A table of states, sends and receives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Table {
    /// State names by number; the first is the initial one.
    pub states: Vec<String>,
    /// Message names by number, the same for all automata of a plan.
    pub messages: Vec<String>,
    /// At an act the first rule of the present state is followed.
    pub sends: Vec<SendRule>,
    /// A message without a rule in the present state waits in its channel.
    pub receives: Vec<ReceiveRule>,
    /// How often it acts.
    pub acts: u32,
}

impl Table {
    /// The name of a state.
    pub fn state_name(&self, state: u64) -> &str {
        self.states.get(state as usize).map_or("?", String::as_str)
    }

    /// The names of all states, by number.
    pub fn state_names(&self) -> impl Iterator<Item = &str> {
        self.states.iter().map(String::as_str)
    }

    /// The name of a message.
    pub fn message_name(&self, message: u64) -> &str {
        self.messages.get(message as usize).map_or("?", String::as_str)
    }

    /// What it sends in `state`, if anything.
    pub fn send_in(&self, state: u32) -> Option<SendRule> {
        self.sends.iter().copied().find(|rule| rule.state == state)
    }

    /// The state after it takes `message` in `state`; `None` when it does not take it there.
    pub fn receive_in(&self, state: u32, message: u64) -> Option<u32> {
        self.receives.iter().find(|rule| rule.state == state && rule.message == message).map(|rule| rule.then)
    }
}
