// What the tests share: pages made by the program, the page's scripts in Node, a browser.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import vm from "node:vm";
import { chromium } from "playwright-core";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const CUTLINE = resolve(ROOT, process.env.CUTLINE ?? "target/release/cutline");
const FOLDER = mkdtempSync(join(tmpdir(), "cutline-page-"));
process.on("exit", () => rmSync(FOLDER, { recursive: true, force: true }));
const SOURCES = join(ROOT, "src/report/page");
const BIG = { maxBuffer: 1 << 30 };

/** The scenario files directly in these folders. */
export function scenariosIn(...folders) {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith(".json") && name !== "schema.json")
      .map((name) => `${folder}/${name}`),
  );
}

/** Makes the page of a scenario file, or of a part of its run, and returns where it is. */
export function makePage(scenario, ...part) {
  const page = join(FOLDER, `${[scenario, ...part].join("").replaceAll(/[^a-z0-9]+/gi, "-")}.html`);
  const errors = part.length === 0 ? "inherit" : "ignore"; // where it says what a part leaves out
  execFileSync(CUTLINE, ["view", scenario, "-o", page, ...part], { cwd: ROOT, stdio: ["ignore", "ignore", errors], ...BIG });
  return page;
}

/** Writes a scenario that is made up here, and returns its file. */
export function writeScenario(name, scenario) {
  return writeText(name, JSON.stringify(scenario));
}

export function writeText(name, text) {
  const file = join(FOLDER, name);
  writeFileSync(file, text);
  return file;
}

/** What `cutline run` says about a scenario. */
export function outcomeOf(scenario) {
  const { stdout } = spawnSync(CUTLINE, ["run", scenario, "--format", "json"], { cwd: ROOT, encoding: "utf8", ...BIG });
  return JSON.parse(stdout).outcomes[0];
}

/** A run in another tool's format. */
export function exportOf(scenario, tool) {
  return execFileSync(CUTLINE, ["export", scenario, "--to", tool], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    ...BIG,
  });
}

/** The data in a page. */
export function dataOf(page) {
  const text = readFileSync(page, "utf8");
  const found = /<script type="application\/json" id="run">([\s\S]*?)<\/script>/.exec(text);
  return JSON.parse(found[1]);
}

/** The page's scripts, in the order in which the program joins them, without a document: their functions by name. */
export function loadScripts() {
  const context = vm.createContext({ URLSearchParams });
  for (const [, name] of readFileSync(join(SOURCES, "mod.rs"), "utf8").matchAll(/include_str!\("(\w+\.js)"\)/g)) {
    vm.runInContext(readFileSync(join(SOURCES, name), "utf8"), context, { filename: name });
  }
  return context;
}

/** A run as the page has it once it is open. */
export function openRun(scripts, data) {
  return scripts.prepareRun(data);
}

export function readSource(name) {
  return readFileSync(join(SOURCES, name), "utf8");
}

const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGUMENTS });
}

/** Opens a page and notes what it complains about and what it asks for. */
export async function openPage(browser, file, { fragment = "", ...options } = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 }, ...options });
  const seen = { problems: [], requests: [] };
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) seen.problems.push(message.text());
  });
  page.on("pageerror", (error) => seen.problems.push(String(error)));
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("dialog", (dialog) => {
    seen.problems.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.goto(pathToFileURL(file).href + fragment);
  return { page, seen };
}

export const title = (page) => page.locator("#now-title").textContent();
export const drawing = (page) => page.locator("#diagram .picture").evaluate((picture) => picture.outerHTML);

/** Presses a key so often. */
export async function press(page, key, times = 1) {
  for (let time = 0; time < times; time += 1) await page.keyboard.press(key);
}
