//! Writes what people read of both programs, out of what the programs themselves know: manual pages and completions into a
//! folder, for the packages (`latchkey-documents FOLDER`); settings files and the README's tables into the source
//! (`latchkey-documents --here`).

mod here;
mod manual;
mod settings_page;
mod told;
mod told_of_agent;
mod told_of_service;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use latchkey::settings::reference::Reference;

/// Where each shell looks in the packages; the name of a command's file.
const SHELLS: [(Shell, &str); 3] = [(Shell::Bash, "bash"), (Shell::Zsh, "zsh"), (Shell::Fish, "fish")];

/// One program as its manual has it.
struct Program {
    command: Command,
    settings: &'static Reference,
    about: &'static told::Program,
}

fn main() -> ExitCode {
    let Some(argument) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("latchkey-documents: name the folder to write into, or --here.");
        return ExitCode::from(2);
    };
    let written = match argument.as_path() == Path::new("--here") {
        true => here::write(),
        false => programs().into_iter().try_for_each(|program| write(program, &argument)),
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("latchkey-documents: {}: {error}", argument.display());
            ExitCode::FAILURE
        }
    }
}

fn programs() -> [Program; 2] {
    [
        Program {
            command: latchkey::cli::Cli::command(),
            settings: &latchkey::settings::keys::REFERENCE,
            about: &told_of_agent::LATCHKEY,
        },
        Program {
            command: latchkey::cloud::command::Command::command(),
            settings: &latchkey::cloud::settings::REFERENCE,
            about: &told_of_service::LATCHKEY_CLOUD,
        },
    ]
}

/// The manual pages of a program in a folder of its own, and what completes it in every shell.
fn write(program: Program, folder: &Path) -> std::io::Result<()> {
    let name = program.command.get_name().to_owned();
    let pages = folder.join(&name).join("man");
    fs::create_dir_all(&pages)?;
    let settings = settings_page::page(&program);
    for (file, text) in manual::pages(&program).map_err(std::io::Error::other)?.into_iter().chain([settings]) {
        fs::write(pages.join(file), text)?;
    }
    for (shell, called) in SHELLS {
        let completions = folder.join(called);
        fs::create_dir_all(&completions)?;
        clap_complete::generate_to(shell, &mut program.command.clone(), &name, completions)?;
    }
    Ok(())
}
