//! What the machine's own screen shows above its log-in prompt: where the panel is, and, as long as nobody owns the device,
//! the claim code.

use std::path::PathBuf;

use super::PanelNotice;
use crate::base::report;
use crate::panel::ForTheConsole;

/// The file that agetty reads.
pub(super) struct Console {
    file: PathBuf,
    shown: Option<String>,
}

impl Console {
    pub(super) fn at(file: PathBuf) -> Self {
        Self { file, shown: None }
    }

    /// Written only when it is another text. A folder that cannot be written is told once.
    pub(super) fn show(&mut self, text: &str) {
        if self.shown.as_deref() == Some(text) {
            return;
        }
        let folder = self.file.parent().map_or(Ok(()), std::fs::create_dir_all);
        match folder.and_then(|()| std::fs::write(&self.file, text)) {
            Ok(()) => {}
            Err(error) if self.shown.is_none() => {
                tracing::info!(error = report::chain(&error), "the console does not show the panel's address");
            }
            Err(error) => tracing::debug!(%error, "the console shows an old text"),
        }
        self.shown = Some(text.to_owned());
    }

    /// In a folder that is not ours the file stays, empty.
    pub(super) fn clear(&self) {
        if self.shown.is_some() && std::fs::remove_file(&self.file).is_err() {
            let _never_written = std::fs::write(&self.file, "");
        }
    }
}

/// agetty reads `\\` as the beginning of a command of its own; nothing here has one.
pub(super) fn text(notice: &PanelNotice, panel: &ForTheConsole) -> String {
    let mut lines: Vec<(&str, String)> = notice.urls.iter().map(|url| ("Open", url.clone())).collect();
    if let Some(code) = &panel.claim_code {
        lines.push(("Claim code", code.clone()));
        lines.extend(notice.certificate.as_ref().map(|certificate| ("Fingerprint", certificate.words.clone())));
    }
    lines.extend(notice.problems.iter().map(|problem| ("Problem", problem.clone())));
    if let Some(name) = &panel.refused_name {
        lines.push(("Refused", format!("the name {name}; if it is yours, put it into /etc/latchkey/latchkey.toml:")));
        lines.push(("", format!("[panel] names = [\"{name}\"]")));
    }
    let lines: Vec<String> = lines.iter().map(|(what, line)| format!("  {what:<12}{line}\n")).collect();
    format!("Latchkey\n{}\n", lines.concat()).replace('\\', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::CertificateNotice;

    fn notice() -> PanelNotice {
        PanelNotice {
            urls: vec!["https://raspberrypi.local:29999".to_owned()],
            problems: Vec::new(),
            certificate: Some(CertificateNotice {
                words: "one two three four five six".to_owned(),
                sha256: "AB".to_owned(),
            }),
        }
    }

    #[test]
    fn the_claim_code_is_shown_until_the_device_is_owned() {
        let unowned = ForTheConsole { claim_code: Some("ACDE-3467".to_owned()), refused_name: None };
        assert_eq!(
            text(&notice(), &unowned),
            "Latchkey\n  Open        https://raspberrypi.local:29999\n  Claim code  ACDE-3467\n  Fingerprint one two three four five six\n\n"
        );
        let owned = ForTheConsole::default();
        assert_eq!(text(&notice(), &owned), "Latchkey\n  Open        https://raspberrypi.local:29999\n\n");
    }

    #[test]
    fn a_refused_name_is_shown_with_the_line_to_add() {
        let refused = ForTheConsole { claim_code: None, refused_name: Some("panel.example".to_owned()) };
        assert!(text(&notice(), &refused).contains("[panel] names = [\"panel.example\"]"));
    }

    #[test]
    fn the_file_is_written_once_per_text_and_removed_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("issue.d/latchkey.issue");
        let mut console = Console::at(file.clone());
        console.show("one");
        std::fs::write(&file, "touched").unwrap();
        console.show("one");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "touched");
        console.show("two");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "two");
        console.clear();
        assert!(!file.exists());
    }
}
