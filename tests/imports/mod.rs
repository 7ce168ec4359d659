//! What the files of a source tree import from each other, as their `use` items at file level say.

use std::collections::BTreeMap;

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

/// A module by its names from the crate's root on.
type Path = Vec<String>;

/// One imported path, from the crate's root on.
struct Import {
    path: Path,
    /// Whether it is passed on to whoever imports from here.
    is_passed_on: bool,
}

/// A source tree: by module what its file imports.
pub struct Tree(BTreeMap<Path, Vec<Import>>);

impl Tree {
    /// The tree of files by their names below `src`, each with its text.
    pub fn new<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Tree {
        let files: Vec<(Path, &str)> = files.into_iter().map(|(name, text)| (module_of(name), text)).collect();
        let is_module = |path: &[String]| files.iter().any(|(module, _)| module == path);
        let imports = |module: &Path, text: &str| {
            let items = items(text).into_iter().flat_map(|item| imports_of(&item));
            items.filter_map(|(path, is_passed_on)| Some(Import { path: absolute(module, path, &is_module)?, is_passed_on })).collect()
        };
        Tree(files.iter().map(|(module, text)| (module.clone(), imports(module, text))).collect())
    }

    /// The files that import each other, in circles, each circle with its files in order.
    pub fn circles(&self) -> Vec<Vec<String>> {
        let modules: Vec<&Path> = self.0.keys().collect();
        let number = |module: &Path| modules.binary_search(&module).expect("a module of the tree") as u32;
        let edges = self.0.iter().flat_map(|(from, imports)| {
            let targets = imports.iter().filter_map(|import| self.defined_in(&import.path, 8));
            targets.filter(|to| !from.starts_with(to)).map(move |to| (number(from), number(to)))
        });
        let graph = DiGraph::<(), ()>::from_edges(edges);
        let circles = tarjan_scc(&graph).into_iter().filter(|circle| circle.len() > 1);
        let name = |at: &NodeIndex| modules[at.index()].join("/");
        let mut circles: Vec<Vec<String>> = circles.map(|circle| circle.iter().map(name).collect()).collect();
        circles.iter_mut().for_each(|circle| circle.sort());
        circles.sort();
        circles
    }

    /// The module in whose file `path` is defined, behind at most so many that pass it on.
    fn defined_in(&self, path: &[String], most: usize) -> Option<&Path> {
        let (module, imports) = (0..=path.len()).rev().find_map(|length| self.0.get_key_value(&path[..length]))?;
        let passed_on = path.get(module.len()).and_then(|name| {
            let is_it = |import: &&Import| import.is_passed_on && import.path.last() == Some(name);
            imports.iter().find(is_it).map(|import| [&import.path, &path[module.len() + 1..]].concat())
        });
        passed_on.filter(|_| most > 0).and_then(|path| self.defined_in(&path, most - 1)).or(Some(module))
    }
}

/// `model/plan.rs` and `model/plan/mod.rs` are the module `model::plan`.
fn module_of(name: &str) -> Path {
    let mut parts: Path = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") || parts == ["lib"] {
        parts.pop();
    }
    parts
}

/// The `use` items of a text that stand at its left edge, each on one line: what is further in belongs to a test
/// or a function.
fn items(text: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        let is_first = line.starts_with("use ") || line.starts_with("pub") && line.split_whitespace().nth(1) == Some("use");
        match items.last_mut().filter(|_| is_open) {
            Some(item) => item.push_str(line),
            None if is_first => items.push(line.to_owned()),
            None => continue,
        }
        is_open = !line.trim_end().ends_with(';');
    }
    items
}

/// The paths of one item, and whether it passes them on.
fn imports_of(item: &str) -> Vec<(Path, bool)> {
    let (before, paths) = item.split_once("use ").expect("an item");
    let paths = expanded(paths.trim_end().trim_end_matches(';'));
    let parts = |path: String| path.split("::").map(|part| part.trim().to_owned()).collect();
    paths.into_iter().map(|path| (parts(path), !before.is_empty())).collect()
}

/// `a::{b, c::{d, e}}` is `a::b`, `a::c::d` and `a::c::e`.
fn expanded(text: &str) -> Vec<String> {
    let Some((before, group)) = text.split_once('{') else {
        let name = text.split(" as ").next().unwrap_or(text);
        return vec![name.trim().trim_end_matches("::self").to_owned()];
    };
    let group = &group[..group.rfind('}').expect("a group that ends")];
    let mut depth = 0;
    let parts = group.split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    let inner = parts.filter(|part| !part.trim().is_empty()).flat_map(expanded);
    inner.map(|path| format!("{}{path}", before.trim()).trim_end_matches("::self").to_owned()).collect()
}

/// A path that `module` writes, from the crate's root on; nothing for paths of other crates.
fn absolute(module: &[String], path: Path, is_module: &impl Fn(&[String]) -> bool) -> Option<Path> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    match path[0].as_str() {
        "crate" => Some(path[1..].to_vec()),
        "self" => Some([module, &path[1..]].concat()),
        "super" => Some([&module[..module.len().checked_sub(ups)?], &path[ups..]].concat()),
        child => is_module(&[module, &[child.to_owned()]].concat()).then(|| [module, &path].concat()),
    }
}
