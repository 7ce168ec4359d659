//! The pages of the documentation, read as a reader's program would.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A page and what is on it.
#[derive(Default)]
pub struct Page {
    /// From the root of the project, with slashes.
    pub path: String,
    /// As written.
    pub text: String,
    /// Code set off in blocks, by language; indented code has none.
    pub blocks: Vec<(String, String)>,
    /// Code in running text.
    pub spans: Vec<String>,
    /// Where links and pictures lead.
    pub links: Vec<String>,
    /// What a link to a heading of this page can name.
    pub anchors: BTreeSet<String>,
    /// The rows of its tables under their headings, the first cell of each.
    pub rows: BTreeMap<String, Vec<String>>,
}

impl Page {
    /// Reads a page of the project.
    pub fn read(path: &str) -> Page {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut page = Page { path: path.to_owned(), ..Page::default() };
        let mut inside = None;
        let mut heading = String::new();
        let mut gathered = String::new();
        let mut column = 0;
        for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    gathered.clear();
                    inside = Some(match kind {
                        CodeBlockKind::Fenced(language) => language.to_string(),
                        CodeBlockKind::Indented => String::new(),
                    });
                }
                Event::End(TagEnd::CodeBlock) => page.blocks.push((inside.take().expect("it began"), gathered.clone())),
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => page.links.push(dest_url.to_string()),
                Event::Start(Tag::Heading { .. }) => gathered.clear(),
                Event::End(TagEnd::Heading(_)) => {
                    heading.clone_from(&gathered);
                    assert!(page.anchors.insert(anchor(&heading)), "{path}: two headings are called {heading}");
                }
                Event::Start(Tag::TableHead) => column = 1,
                Event::Start(Tag::TableRow) => column = 0,
                Event::Start(Tag::TableCell) => gathered.clear(),
                Event::End(TagEnd::TableCell) => {
                    if column == 0 {
                        page.rows.entry(heading.clone()).or_default().push(gathered.clone());
                    }
                    column += 1;
                }
                Event::Code(code) => {
                    gathered.push_str(&code);
                    page.spans.push(code.to_string());
                }
                Event::Text(piece) => gathered.push_str(&piece),
                _ => {}
            }
        }
        page.text = text;
        page
    }

    /// The texts of its blocks in one language.
    pub fn blocks_in(&self, language: &str) -> impl Iterator<Item = &str> {
        self.blocks.iter().filter(move |(other, _)| other == language).map(|(_, text)| text.as_str())
    }

    /// The file that a link of this page leads to and the heading it names; nothing for addresses of the web.
    pub fn target(&self, link: &str) -> Option<(String, Option<String>)> {
        if link.contains("://") {
            return None;
        }
        let (file, heading) = link.split_once('#').map_or((link, None), |(file, heading)| (file, Some(heading.to_owned())));
        let folder = Path::new(&self.path).parent().expect("a folder");
        let file = if file.is_empty() { PathBuf::from(&self.path) } else { folder.join(file) };
        Some((normal(&file), heading))
    }
}

/// Every page of the documentation.
pub fn pages() -> Vec<Page> {
    let mut paths = vec!["README.md".to_owned(), "scenarios/course/README.md".to_owned()];
    paths.extend(files(Path::new("docs")).into_iter().filter(|path| path.ends_with(".md")));
    paths.iter().map(|path| Page::read(path)).collect()
}

/// The files in a folder and in those within it.
pub fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(normal(&path));
        }
    }
    found.sort();
    found
}

/// What hosts of Markdown make of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// A path without `..`, with slashes.
fn normal(path: &Path) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in path.components() {
        match part {
            Component::ParentDir => assert!(parts.pop().is_some(), "{} leads out of the project", path.display()),
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            _ => {}
        }
    }
    parts.join("/")
}
