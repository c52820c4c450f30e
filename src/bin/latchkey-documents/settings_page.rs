//! The manual page, section 5, of a program's settings file.

use clap_mangen::roff::{Roff, bold, roman};
use latchkey::settings::reference::{Key, Reference};

use super::manual::Page;
use super::{Program, told};

pub(super) fn page(program: &Program) -> Page {
    let Reference { program: name, file, variables, keys, .. } = program.settings;
    let title = format!("{name}.toml");
    let mut roff = Roff::new();
    told::title(&mut roff, &title, "5", program.command.get_version().unwrap_or_default());
    roff.control("SH", ["NAME"]).text([roman(format!("{title} - settings of {name}"))]);
    let folder = file.trim_end_matches(&title);
    roff.control("SH", ["SYNOPSIS"])
        .text([roman(*file)])
        .control("br", [])
        .text([roman(format!("{folder}conf.d/*.toml"))]);
    roff.control("SH", ["DESCRIPTION"]);
    let example = keys.iter().find(|key| key.place().0.is_empty()).map_or_else(String::new, Key::variable);
    told::paragraphs(
        &mut roff,
        &[
            "The file is TOML: a name, an equals sign, a value, with texts in quotation marks and lists in square brackets. \
             Every setting has a default or is not needed; the installed file shows each of them behind a '#'.",
            &format!(
                "Sources are read in this order, and the later wins: the file, the files of conf.d by their names, variables \
                 such as {variables}{example} (a point in the name becomes '_'; the items of a list stand between commas), \
                 and flags of the command line. A mistake is told with file and line, and nothing starts before it is mended."
            ),
            &format!("After a change run '{name} check', then restart the program."),
        ],
    );
    let mut section = None;
    for key in *keys {
        let (of, _) = key.place();
        if section != Some(of) {
            section = Some(of);
            match of {
                "" => roff.control("SH", ["SETTINGS"]),
                _ => roff.control("SS", [format!("[{}]", of.replace('*', "NAME")).as_str()]),
            };
        }
        setting(&mut roff, key);
    }
    told::list(&mut roff, "FILES", program.about.files);
    told::list(&mut roff, "ENVIRONMENT", program.about.environment);
    roff.control("SH", ["EXAMPLES"]);
    roff.control("nf", []);
    for line in program.about.settings_example.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff.control("SH", ["SEE ALSO"]).text([bold(*name), roman("(1)")]);
    (format!("{title}.5"), roff.render())
}

fn setting(roff: &mut Roff, key: &Key) {
    let (_, name) = key.place();
    roff.control("TP", []).text([bold(name), roman(format!(" = {}", key.example))]);
    roff.text([roman(key.about)]);
    let said =
        if key.kind.has_default() { "this is the default" } else { "not set unless you say it; this is an example" };
    roff.control("br", []).text([roman(format!("Type: {}; {said}.", key.written()))]);
}
