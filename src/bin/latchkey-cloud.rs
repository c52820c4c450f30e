//! `latchkey-cloud`: the account service's program. What it can do: `latchkey::cloud::command`.

use std::process::ExitCode;

use clap::Parser as _;
use latchkey::cloud::command::{Command, run};

fn main() -> ExitCode {
    let command = Command::parse();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(command)),
        Err(error) => {
            eprintln!("latchkey-cloud: the system gives no event queue ({error})");
            ExitCode::FAILURE
        }
    }
}
