//! Writes manual pages and completions of both programs into a folder, for the packages: `latchkey-documents FOLDER`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;

/// Where each shell looks in the packages; the name of a command's file.
const SHELLS: [(Shell, &str); 3] = [(Shell::Bash, "bash"), (Shell::Zsh, "zsh"), (Shell::Fish, "fish")];

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("latchkey-documents: name the folder to write into.");
        return ExitCode::from(2);
    };
    let commands = [latchkey::cli::Cli::command(), latchkey::cloud::command::Command::command()];
    match commands.into_iter().try_for_each(|command| write(command, &folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("latchkey-documents: {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

/// The manual page of a command and of each of its subcommands, and what completes it in every shell.
fn write(command: clap::Command, folder: &Path) -> std::io::Result<()> {
    let name = command.get_name().to_owned();
    let pages = folder.join("man");
    fs::create_dir_all(&pages)?;
    clap_mangen::generate_to(command.clone(), &pages)?;
    for (shell, called) in SHELLS {
        let completions = folder.join(called);
        fs::create_dir_all(&completions)?;
        clap_complete::generate_to(shell, &mut command.clone(), &name, completions)?;
    }
    Ok(())
}
