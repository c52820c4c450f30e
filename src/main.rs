//! The agent and its command line.

use std::process::ExitCode;

use latchkey::cli::Cli;

fn main() -> ExitCode {
    let cli = match Cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("latchkey: the system gives no event queue ({error})");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(cli.run(demo_service()));
    // An unanswered question may still wait for its line.
    runtime.shutdown_background();
    code
}

#[cfg(not(feature = "cloud"))]
fn demo_service() -> Option<latchkey::cli::demo::OpenService> {
    None
}

#[cfg(feature = "cloud")]
fn demo_service() -> Option<latchkey::cli::demo::OpenService> {
    Some(demo::open)
}

/// The account service, as the demo needs it.
#[cfg(feature = "cloud")]
mod demo {
    use std::path::PathBuf;
    use std::sync::Arc;

    use latchkey::base::{Clock, Entropy, Secret};
    use latchkey::cli::demo::{Failure, Message, Service, Task};
    use latchkey::cloud::{Cloud, NewAccount, Plan};
    use latchkey::net::Listener;
    use latchkey::net::serve::Stop;
    use latchkey::protocol::recovery_code::RecoveryCode;
    use latchkey::protocol::totp::TotpSecret;

    struct Demo(Cloud);

    pub(super) fn open(
        state: PathBuf,
        clock: Clock,
        entropy: Entropy,
    ) -> Task<'static, Result<Arc<dyn Service>, Failure>> {
        let plan = Plan { client_id: "latchkeydemo".to_owned(), ..Plan::new(state) };
        Box::pin(async move {
            let cloud = Cloud::open(plan, clock, entropy).await?;
            Ok(Arc::new(Demo(cloud)) as Arc<dyn Service>)
        })
    }

    impl Service for Demo {
        fn add_account<'a>(
            &'a self,
            email: &'a str,
            password: Secret<String>,
            totp: TotpSecret,
        ) -> Task<'a, Result<RecoveryCode, Failure>> {
            let account = NewAccount { email: email.to_owned(), password, totp: Some(totp), phone: None };
            Box::pin(async move {
                let added = self.0.add_account(account).await?;
                added.recovery_code.ok_or_else(|| "the account has no recovery code".into())
            })
        }

        fn messages(&self) -> Task<'_, Result<Vec<Message>, Failure>> {
            Box::pin(async move {
                let messages = self.0.outbox().await?;
                Ok(messages.into_iter().map(|sent| Message { kind: sent.kind, to: sent.to, text: sent.text }).collect())
            })
        }

        fn serve(self: Arc<Self>, listener: Listener, stop: Stop) -> Task<'static, ()> {
            Box::pin(async move { self.0.serve(listener, stop).await })
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    use super::*;

    const README: &str = include_str!("../README.md");

    #[test]
    fn every_command_and_every_option_says_what_it_is_for() {
        let mut silent = Vec::new();
        programs().iter().for_each(|program| find_silent(program, program.get_name(), &mut silent));
        assert!(silent.is_empty(), "without a word of help: {silent:?}");
    }

    #[test]
    fn every_command_line_of_the_readme_is_understood() {
        let lines: Vec<&str> = README.lines().filter_map(|line| line.strip_prefix("    ")).collect();
        let commands = lines.iter().flat_map(|line| line.split([';', '|']).flat_map(|part| part.split("&&")));
        let mut understood = 0;
        for words in commands.map(|command| command.split_whitespace().collect::<Vec<_>>()) {
            let program = programs().into_iter().find_map(|program| {
                let at = words.iter().rposition(|word| *word == program.get_name())?;
                words.iter().take(at).all(|word| is_before_a_program(word)).then_some((program, at))
            });
            let Some((program, at)) = program else { continue };
            let read = program.try_get_matches_from(words.iter().skip(at));
            assert!(read.as_ref().err().is_none_or(|error| !error.use_stderr()), "{words:?}: {read:?}");
            understood += 1;
        }
        assert!(understood > 3, "only {understood} command lines were found");
    }

    fn programs() -> Vec<Command> {
        std::iter::once(Cli::command()).chain(service()).collect()
    }

    #[cfg(feature = "cloud")]
    fn service() -> Option<Command> {
        Some(latchkey::cloud::command::Command::command())
    }

    #[cfg(not(feature = "cloud"))]
    fn service() -> Option<Command> {
        None
    }

    fn find_silent(command: &Command, name: &str, silent: &mut Vec<String>) {
        if command.get_about().is_none() {
            silent.push(name.to_owned());
        }
        let arguments = command.get_arguments().filter(|argument| argument.get_help().is_none());
        silent.extend(arguments.map(|argument| format!("{name} {}", argument.get_id())));
        for inner in command.get_subcommands() {
            find_silent(inner, &format!("{name} {}", inner.get_name()), silent);
        }
    }

    fn is_before_a_program(word: &str) -> bool {
        ["$", "sudo", "-u", "latchkey-cloud"].contains(&word)
    }
}
