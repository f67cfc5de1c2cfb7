//! The process: reads the command line, runs it, ends with its code.

use std::process::ExitCode;

use clap::Parser as _;
use rollwatch::{
    cli::{Cli, Color},
    commands,
    exit::{Failure, code},
    surroundings::Surroundings,
    tui::terminal,
};

fn main() -> ExitCode {
    let around = Surroundings::read();
    let cli = Cli::parse();
    let color = cli.common.color;
    give_the_terminal_back_on_panic();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&Failure::internal(error), color),
    };
    let result = runtime.block_on(commands::run(cli, around));
    terminal::restore();
    // Threads that hang in a terminal or a pipe are left behind: the process ends here.
    runtime.shutdown_background();
    match result {
        Ok(code) => end(code),
        Err(failure) => complain(&failure, color),
    }
}

/// A task that breaks takes the process with it, in order: terminal first, then the message.
fn give_the_terminal_back_on_panic() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        terminal::restore();
        usual(info);
    }));
}

fn complain(failure: &Failure, color: Color) -> ExitCode {
    commands::complain(failure, color);
    end(failure.code())
}

#[expect(clippy::disallowed_methods, reason = "the one place that ends the process")]
fn end(code: u8) -> ExitCode {
    std::process::exit(i32::from(code))
}

const _: u8 = code::OK;
