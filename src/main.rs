//! The `cutline` program.

use std::process::ExitCode;

use mimalloc::MiMalloc;

// A search holds millions of small vectors: with the system's allocator a tenth of its time goes into that.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    cutline::cli::main()
}
