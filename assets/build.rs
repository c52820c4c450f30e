//! Packs into the program what is large and seldom read: the description of the API, and the words of all languages as
//! one text, in which an English sentence stands once.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use miniz_oxide::deflate::compress_to_vec;

/// Their order is the one of `src/panel/language`.
const LANGUAGES: [&str; 3] = ["de", "es", "ja"];
const SMALLEST: u8 = 10;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=assets");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let pack = |name: &str, text: &str| fs::write(out.join(name), compress_to_vec(text.as_bytes(), SMALLEST));
    pack("openapi", &fs::read_to_string("assets/api/openapi.json")?)?;
    pack("languages", &languages()?)?;
    Ok(())
}

/// In each line an English sentence and, after a tab each, the words of every language for it.
fn languages() -> Result<String, Box<dyn Error>> {
    let mut sentences: BTreeMap<String, [String; LANGUAGES.len()]> = BTreeMap::new();
    for (number, tag) in LANGUAGES.into_iter().enumerate() {
        let path = format!("assets/languages/{tag}.toml");
        for line in fs::read_to_string(&path)?.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (english, words) = entry(line).ok_or_else(|| format!("{path}: cannot read the line: {line}"))?;
            if let Some(place) = sentences.entry(english.to_owned()).or_default().get_mut(number) {
                words.clone_into(place);
            }
        }
    }
    Ok(sentences.into_iter().map(|(english, words)| format!("{english}\t{}\n", words.join("\t"))).collect())
}

/// `"English" = "Deutsch"`
fn entry(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix('"')?.strip_suffix('"')?.split_once("\" = \"").filter(|_| !line.contains('\t'))
}
