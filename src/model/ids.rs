//! What operators, tasks and channels are called by.

use crate::kernel::id_type;

id_type!(
    /// A logical vertex of the dataflow.
    OperatorId
);
id_type!(
    /// One parallel instance of an operator; the unit that crashes, snapshots and acks.
    TaskId
);
id_type!(
    /// A directed link from task to task.
    ChannelId
);
