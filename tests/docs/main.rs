//! What the documentation shows is what happens.

mod page;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::cargo::cargo_bin_cmd;
use cutline::Scenario;
use cutline::scenario::outcome::Judgement;
use cutline::trace::Situation;
use page::{Page, files, pages};

/// The most lines that a stranger is given to read first.
const README_LINES: usize = 200;

/// Every complete scenario on a page is valid and comes out as it expects.
#[test]
fn the_scenarios_on_the_pages_run() {
    let mut shown = 0;
    for page in pages() {
        for text in page.blocks_in("json").filter(|block| block.contains("\"title\"")) {
            let scenario = Scenario::from_json(text).unwrap_or_else(|mistakes| panic!("{}\n{text}\n{mistakes:#?}", page.path));
            let outcome = cutline::run(&scenario);
            assert_eq!(outcome.verdict, Judgement::AsExpected, "{}\n{text}\n{:#?}", page.path, outcome.expectations);
            shown += 1;
        }
    }
    assert!(shown >= 3, "{shown}");
}

/// Every word that a file may hold is explained.
#[test]
fn the_format_page_names_every_field_and_word() {
    let page = Page::read("docs/format.md").text;
    // Situations and invariants have pages of their own.
    let elsewhere: BTreeSet<String> =
        ["docs/situations.md", "docs/verdicts.md"].map(Page::read).into_iter().flat_map(|page| page.rows.into_values().flatten()).collect();
    let schema = cutline::scenario::schema();
    let mut missing = BTreeSet::new();
    for (_, definition) in schema["$defs"].as_object().expect("definitions").iter().chain([(&String::new(), schema)]) {
        for variant in definition["oneOf"].as_array().into_iter().flatten().chain([definition]) {
            let properties = variant["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
            let words = variant["const"]
                .as_str()
                .into_iter()
                .chain(variant["enum"].as_array().into_iter().flatten().filter_map(|word| word.as_str()));
            missing.extend(properties.chain(words).filter(|word| !page.contains(word) && !elsewhere.contains(*word)).map(str::to_owned));
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

/// The runs that the pages show are runs: every line of them is printed, in this order.
#[test]
fn the_pages_show_what_is_printed() {
    let folder = folder_with_scenarios();
    let mut outputs = BTreeMap::new();
    for page in pages() {
        for block in page.blocks_in("console") {
            let (command, lines) = block.strip_prefix("$ ").and_then(|block| block.split_once('\n')).expect("a command");
            let arguments = arguments(command).unwrap_or_else(|| panic!("{}: not a command of ours: {command}", page.path));
            let output = outputs.entry(arguments.join(" ")).or_insert_with(|| run(&arguments, folder.path()).stdout);
            let output = String::from_utf8_lossy(output);
            let mut printed = output.lines();
            for line in lines.lines().filter(|line| line.trim() != "...") {
                let is_printed = printed.any(|other| other == line);
                assert!(is_printed, "{}: not printed by `{command}`, or not in this place:\n{line}\n\n{output}", page.path);
            }
        }
    }
    assert!(outputs.len() >= 8, "{:?}", outputs.keys());
}

/// Files, folders and headings that links lead to are there.
#[test]
fn links_lead_somewhere() {
    let anchors: BTreeMap<String, BTreeSet<String>> = pages().into_iter().map(|page| (page.path, page.anchors)).collect();
    let mut broken = Vec::new();
    for page in pages() {
        for link in &page.links {
            let Some((file, heading)) = page.target(link) else { continue };
            let is_there = match heading {
                None => Path::new(&file).exists(),
                Some(heading) => anchors.get(&file).is_some_and(|anchors| anchors.contains(&heading)),
            };
            if !is_there {
                broken.push(format!("{}: {link}", page.path));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Files that the text names in passing are there, too.
#[test]
fn named_files_exist() {
    let folders = ["scenarios/", "src/", "tests/", "docs/", "examples/", "benches/"];
    let mut missing = Vec::new();
    for page in pages() {
        let words =
            page.spans.iter().chain(page.blocks.iter().map(|(_, text)| text)).flat_map(|code| code.split([' ', '\n', '`', '"', '\'']));
        let named = words.filter(|word| folders.iter().any(|folder| word.starts_with(folder)) && !word.contains('*'));
        missing.extend(named.filter(|word| !Path::new(word).exists()).map(|word| format!("{}: {word}", page.path)));
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// Whoever follows links from the README comes to every page and every picture.
#[test]
fn every_page_is_reached_from_the_readme() {
    let pages: BTreeMap<String, Page> = pages().into_iter().map(|page| (page.path.clone(), page)).collect();
    let mut reached = BTreeSet::from(["README.md".to_owned()]);
    let mut open = vec!["README.md".to_owned()];
    while let Some(page) = open.pop().and_then(|path| pages.get(&path)) {
        let targets = page.links.iter().filter_map(|link| page.target(link));
        for (target, _) in targets {
            if reached.insert(target.clone()) && pages.contains_key(&target) {
                open.push(target);
            }
        }
    }
    let lost: Vec<String> = files(Path::new("docs")).into_iter().filter(|file| !reached.contains(file)).collect();
    assert!(lost.is_empty(), "nothing leads to {lost:?}");
    let readme = &pages["README.md"];
    let index: BTreeSet<String> = readme.links.iter().filter_map(|link| readme.target(link)).map(|(file, _)| file).collect();
    let left_out: Vec<&String> = pages.keys().filter(|path| *path != "README.md" && !index.contains(*path)).collect();
    assert!(left_out.is_empty(), "README.md does not name {left_out:?}");
}

#[test]
fn the_readme_is_short() {
    let lines = Page::read("README.md").text.lines().count();
    assert!(lines <= README_LINES, "README.md has {lines} lines");
}

/// Rust on a page is compiled and run, as documentation of the library.
#[test]
fn rust_on_the_pages_is_tested() {
    let library = fs::read_to_string("src/lib.rs").expect("the library");
    for page in pages() {
        for (language, text) in &page.blocks {
            assert!(!language.is_empty(), "{}: a block without a language is taken for Rust:\n{text}", page.path);
        }
        if page.blocks_in("rust").next().is_some() {
            let included = format!("#[doc = include_str!(\"../{}\")]", page.path);
            assert!(library.contains(&included), "src/lib.rs does not hold {included}");
        }
    }
}

/// Commands that are shown without their output exist, with the options they are shown with.
#[test]
fn shown_commands_exist() {
    let help = all_help();
    let mut wrong = Vec::new();
    for page in pages() {
        let blocks = ["sh", "yaml", "text", "console"].into_iter().flat_map(|language| page.blocks_in(language));
        for line in page.spans.iter().map(String::as_str).chain(blocks.flat_map(str::lines)) {
            let Some(arguments) = arguments(line) else { continue };
            let Some(command) = arguments.first().filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase())) else { continue };
            let options = arguments.iter().filter(|word| word.starts_with('-') && word.len() > 1);
            match help.get(*command) {
                None => wrong.push(format!("{}: no command {command}: {line}", page.path)),
                Some(known) => wrong.extend(
                    options
                        .filter(|option| !known.contains(**option) && **option != "--help")
                        .map(|option| format!("{}: {command} has no {option}", page.path)),
                ),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each command has a section, and in it a row for each option.
#[test]
fn the_page_of_commands_is_complete() {
    let page = Page::read("docs/commands.md");
    let mut rows = page.rows;
    let index: BTreeSet<String> = rows.remove("Commands").expect("a list of commands").into_iter().collect();
    let help = all_help();
    assert_eq!(index, help.keys().cloned().collect(), "the list of commands");
    for (command, options) in help {
        assert!(page.anchors.contains(&command), "{command} has no section");
        let shown: BTreeSet<String> = rows.remove(&command).unwrap_or_default().iter().flat_map(|cell| options_in(cell)).collect();
        assert_eq!(shown, options, "the options of {command}");
    }
    assert!(rows.is_empty(), "not commands: {rows:?}");
}

/// The table of exit codes is what `--help` prints.
#[test]
fn the_page_of_exit_codes_is_complete() {
    let help = help(&[]);
    let codes = help.split("Exit codes:\n").nth(1).expect("exit codes").lines();
    let codes: Vec<&str> = codes.filter_map(|line| line.split_whitespace().next()).collect();
    let rows = Page::read("docs/exit-codes.md").rows.remove("Exit codes").expect("a table");
    assert_eq!(rows, codes);
}

/// Situations and invariants: the pages explain those that there are, and no others.
#[test]
fn situations_and_invariants_are_complete() {
    let explained = |page: &str, heading: Option<&str>| -> BTreeSet<String> {
        let rows = Page::read(page).rows.into_iter().filter(|(under, _)| heading.is_none_or(|heading| heading == under));
        rows.flat_map(|(_, cells)| cells).collect()
    };
    let situations: BTreeSet<String> = Situation::ALL.iter().map(|situation| situation.word().to_owned()).collect();
    assert_eq!(explained("docs/situations.md", None), situations);
    let schema = cutline::scenario::schema();
    let invariants = schema["$defs"]["InvariantsExpect"]["properties"].as_object().expect("invariants");
    assert_eq!(explained("docs/verdicts.md", Some("Invariants")), invariants.keys().cloned().collect());
}

/// The program's arguments on a line that calls it.
fn arguments(line: &str) -> Option<Vec<&str>> {
    let line = line.trim().trim_start_matches("- run: ").trim_start_matches("$ ");
    let line = line.split(" #").next().unwrap_or(line);
    let rest = line.strip_prefix("cutline ").or_else(|| line.strip_prefix("cargo run --release -- "))?;
    Some(rest.split_whitespace().take_while(|word| !matches!(*word, ">" | "|")).collect())
}

/// The long and short options that a text names.
fn options_in(text: &str) -> BTreeSet<String> {
    let words = text.split([' ', ',', '\n']);
    words.filter(|word| word.starts_with('-') && word.len() > 1).map(str::to_owned).collect()
}

/// Every command and its options, those that all have left out.
fn all_help() -> BTreeMap<String, BTreeSet<String>> {
    let overview = help(&[]);
    let commands = overview.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("commands");
    let names = commands.lines().filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.map(|name| (name.to_owned(), declared(&help(&[name])))).collect()
}

/// The options that a help text declares.
fn declared(help: &str) -> BTreeSet<String> {
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let names = lines.flat_map(|line| line.split("  ").next()).flat_map(options_in);
    names.filter(|option| !["-h", "--help"].contains(&option.as_str())).collect()
}

fn help(command: &[&str]) -> String {
    let output = cargo_bin_cmd!("cutline").args(command).arg("--help").output().expect("it ran");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn run(arguments: &[&str], folder: &Path) -> Output {
    cargo_bin_cmd!("cutline").args(arguments).current_dir(folder).output().expect("it ran")
}

/// A folder as a reader has it, in which commands may write.
fn folder_with_scenarios() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for file in files(Path::new("scenarios")) {
        let copy = folder.path().join(&file);
        fs::create_dir_all(copy.parent().expect("a folder")).expect("a folder");
        fs::copy(&file, copy).expect("a copy");
    }
    folder
}
