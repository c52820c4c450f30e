//! Manual pages, section 1: one for a program and one for each of its subcommands. Options and exit codes are those that the
//! program prints itself; what it cannot know stands in `told`.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use super::Program;
use super::told::{self, Told};

/// Name of the file, and its text.
pub(super) type Page = (String, String);

/// Fails where `told` and the program do not agree.
pub(super) fn pages(program: &Program) -> Result<Vec<Page>, String> {
    let mut root = program.command.clone().disable_help_subcommand(true);
    root.build();
    let mut commands = Vec::new();
    below(&root, root.get_name().to_owned(), &mut commands);
    for told in program.about.commands {
        if !commands.iter().any(|(line, _)| line == told.command) {
            return Err(format!("'{}' is told of, but is no command", told.command));
        }
        told.examples.iter().try_for_each(|(example, _)| understood(&root, example))?;
    }
    commands.iter().map(|(line, command)| page(program, &root, line, command)).collect()
}

/// Every command with the words that call it.
fn below(command: &Command, line: String, found: &mut Vec<(String, Command)>) {
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        below(inner, format!("{line} {}", inner.get_name()), found);
    }
    found.push((line, command.clone()));
}

/// Would the program take these lines, where they call it?
fn understood(root: &Command, example: &str) -> Result<(), String> {
    let example = example.replace("\\\n", "");
    for command in example.lines().flat_map(|line| line.split(" | ")) {
        let words: Vec<&str> = command.split_whitespace().map(|word| word.trim_matches('\'')).collect();
        let Some(at) = words.iter().rposition(|word| *word == root.get_name()) else { continue };
        let (before, words) = words.split_at(at);
        if before.iter().all(|word| ["sudo", "-u", root.get_name()].contains(word)) {
            let read = root.clone().try_get_matches_from(words);
            read.map_err(|error| format!("'{command}' is not understood: {error}"))?;
        }
    }
    Ok(())
}

fn page(program: &Program, root: &Command, line: &str, command: &Command) -> Result<Page, String> {
    let name = line.replace(' ', "-");
    let told = program.about.commands.iter().find(|told| told.command == line);
    let told = told.ok_or_else(|| format!("nothing is told of '{line}'"))?;
    let mut roff = Roff::new();
    told::title(&mut roff, &name, "1", root.get_version().unwrap_or_default());
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    roff.control("SH", ["NAME"]).text([roman(format!("{name} - {}", in_short(&about)))]);
    synopsis(&mut roff, line, command);
    roff.control("SH", ["DESCRIPTION"]).text([roman(format!("{}.", about.trim_end_matches('.')))]);
    told::paragraphs(&mut roff, told.more);
    let mut text = roff.render();
    text += &options(command).map_err(|error| error.to_string())?;
    let mut roff = Roff::new();
    if command.has_subcommands() {
        subcommands(&mut roff, &name, command);
    }
    exit_status(&mut roff, root);
    told::list(&mut roff, "FILES", program.about.files);
    told::list(&mut roff, "ENVIRONMENT", program.about.environment);
    examples(&mut roff, told);
    see_also(&mut roff, root, told);
    text += without_preamble(&roff.render());
    Ok((format!("{name}.1"), text))
}

fn options(command: &Command) -> std::io::Result<String> {
    let mut text = Vec::new();
    Man::new(command.clone()).render_options_section(&mut text)?;
    Ok(without_preamble(&String::from_utf8_lossy(&text)).to_owned())
}

/// What stands before every writing is needed once.
fn without_preamble(text: &str) -> &str {
    text.strip_prefix(&Roff::new().render()).unwrap_or(text)
}

/// As the line of a manual's index: no capital, no full stop, nothing after the first thought.
fn in_short(about: &str) -> String {
    let first = about.split([';', ':', '\n']).next().unwrap_or_default().split(". ").next().unwrap_or_default();
    let mut letters = first.trim_end_matches('.').chars();
    letters.next().map_or_else(String::new, |letter| letter.to_lowercase().chain(letters).collect())
}

fn synopsis(roff: &mut Roff, line: &str, command: &Command) {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().replace(line, "");
    roff.control("SH", ["SYNOPSIS"]).text([bold(line), roman(usage)]);
}

fn subcommands(roff: &mut Roff, name: &str, command: &Command) {
    roff.control("SH", ["COMMANDS"]);
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        roff.control("TP", []).text([bold(format!("{name}-{}", inner.get_name())), roman("(1)")]);
        roff.text([roman(inner.get_about().map(ToString::to_string).unwrap_or_default())]);
    }
}

/// The table that the program prints below its help.
fn exit_status(roff: &mut Roff, root: &Command) {
    roff.control("SH", ["EXIT STATUS"]);
    let help = root.get_after_help().map(ToString::to_string).unwrap_or_default();
    for (code, meaning) in help.lines().filter_map(|line| line.trim_start().split_once("  ")) {
        roff.control("TP", ["4"]).text([bold(code)]).text([roman(meaning)]);
    }
    roff.control("PP", []).text([roman("A failure is one line on standard error that says what to do.")]);
}

fn examples(roff: &mut Roff, told: &Told) {
    if !told.examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]);
    }
    for (example, what) in told.examples {
        roff.control("PP", []).text([roman(*what)]);
        roff.control("PP", []).control("RS", ["4"]).control("nf", []);
        for line in example.lines() {
            roff.text([bold(line)]);
        }
        roff.control("fi", []).control("RE", []);
    }
}

fn see_also(roff: &mut Roff, root: &Command, told: &Told) {
    let name = root.get_name();
    let mut others: Vec<(String, &str)> = Vec::new();
    if told.command != name {
        others.push((name.to_owned(), "1"));
    }
    others.extend(told.see.iter().map(|see| ((*see).to_owned(), "1")));
    others.push((format!("{name}.toml"), "5"));
    roff.control("SH", ["SEE ALSO"]);
    let last = others.len() - 1;
    for (index, (page, section)) in others.into_iter().enumerate() {
        let comma = if index < last { "," } else { "" };
        roff.text([italic(page), roman(format!("({section}){comma}"))]);
    }
    roff.control("PP", []).text([roman(format!("/usr/share/doc/{name}/README.md tells the whole story."))]);
}
