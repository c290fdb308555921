//! The WebAssembly that visitors download, from the crate to `pkg/wasm`.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::files::{modified, replace, work_folder};
use crate::process::{cargo, output, run};
use crate::workspace::{program, target_dir};

/// The folder that `pkg/src` imports from.
pub(crate) const FOLDER: &str = "pkg/wasm";

/// Options for a standard library that is built for size and panics with a trap instead of a message.
///
/// On a stable toolchain rustc accepts them in bootstrap mode only. They make a visitor's download a fifth smaller.
const STANDARD_LIBRARY: [&str; 2] = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"];
const FLAGS: &str = "-Zunstable-options -Zlocation-detail=none -Cpanic=immediate-abort \
                     -Ctarget-cpu=mvp -Ctarget-feature=+bulk-memory,+sign-ext";

/// The features beyond WebAssembly 1.0: they save bytes, and wasm2js can lower them, unlike reference types.
const FEATURES: [&str; 2] = ["--enable-bulk-memory", "--enable-sign-ext"];
/// The passes that lower them for wasm2js.
const LOWERING: [&str; 2] = ["--signext-lowering", "--llvm-memory-copy-fill-lowering"];

/// Returns the optimized module with the names of its functions.
pub(crate) fn with_names() -> Result<Vec<u8>> {
    let work = tempfile::tempdir()?;
    bind(&compile()?, work.path())?;
    let module = work.path().join("daypass_bg.wasm");
    optimize(&module, &[], &["-g"])?;
    fs::read(&module).with_context(|| format!("could not read {}", module.display()))
}

/// Compiles the crate, and returns the module.
fn compile() -> Result<PathBuf> {
    println!("building the WebAssembly");
    compile_small("daypass", &["--no-default-features", "--features", "package"])
}

/// Compiles a crate for size, and returns the module.
pub(crate) fn compile_small(name: &str, features: &[&str]) -> Result<PathBuf> {
    // In a separate target folder: these flags would make Cargo rebuild the outputs of the tests each time.
    let target = target_dir()?.join("small");
    run(cargo()
        .args(["rustc", "--quiet", "-p", name, "--lib", "--crate-type", "cdylib"])
        .args(features)
        .args(["--target", "wasm32-unknown-unknown", "--profile", "wasm"])
        .args(STANDARD_LIBRARY)
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", FLAGS))?;
    Ok(target.join("wasm32-unknown-unknown/wasm").join(name.replace('-', "_")).with_extension("wasm"))
}

/// Writes the module without its descriptions, and the functions that it imports.
fn bind(compiled: &Path, folder: &Path) -> Result<()> {
    let line = ["wasm-bindgen", "--target", "bundler", "--out-name", "daypass", "--no-typescript", "--out-dir"];
    let line = line.into_iter().map(OsString::from).chain([folder.into(), compiled.into()]);
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(line).context("wasm-bindgen failed")
}

/// Makes a module small, and returns what wasm-opt printed.
pub(crate) fn optimize(module: &Path, first: &[&str], last: &[&str]) -> Result<String> {
    // Without inlining: a copy of a function compresses worse than a call.
    let sparing = ["-ocimfs=20", "-aimfs=1", "-fimfs=1"];
    // The first kilobyte is the end of the stack: no address is computed from one in it.
    let memory = "--low-memory-unused";
    // Several rounds, since each finds something to shrink in the output of the one before.
    let round = ["--flatten", "--local-cse", "--rereloop", "-Oz"];
    let passes = [first, &sparing, &[memory], &round, &round, &round, &["-Oz"], last].concat();
    output(&mut binaryen("wasm-opt", module, &passes, module))
}

/// Gives short names to what the module and its JavaScript exchange, and prints them: the names of wasm-bindgen, which end in
/// hashes, compress badly.
const SHORT_NAMES: &str = "--minify-imports-and-exports-and-modules";

/// The short names: each of the module's, the long one and the short one.
#[derive(Deserialize)]
struct Names {
    /// The module, the import, and the short name.
    imports: Vec<[String; 3]>,
    /// The export, and the short name.
    exports: Vec<[String; 2]>,
}

/// Builds `pkg/wasm`, unless it is newer than its sources.
///
/// The files are `daypass_bg.wasm`; `daypass_bg.wasm.deflate`, the module compressed; `daypass_bg.wasm.js`, the module
/// translated to JavaScript; and `daypass_bg.js`, the functions that both import.
pub(crate) fn build() -> Result<()> {
    let compiled = compile()?;
    let sources = [&compiled, &program("xtask")?, Path::new("package-lock.json")].map(modified);
    let newest = sources.into_iter().collect::<io::Result<Vec<_>>>()?.into_iter().max();
    if modified(&Path::new(FOLDER).join("daypass_bg.wasm.js")).ok() > newest {
        return Ok(());
    }

    // Outputs move to `pkg/wasm` together, so that it never holds half a build.
    let work = work_folder("pkg", ".wasm-")?;
    bind(&compiled, work.path())?;
    let module = work.path().join("daypass_bg.wasm");
    let names = optimize(&module, &["--strip-producers", "--strip-target-features"], &[SHORT_NAMES])?;
    let names = serde_json::from_str(&names).context("wasm-opt printed no names")?;
    make_factory(&work.path().join("daypass_bg.js"), &names)?;
    let javascript = work.path().join("daypass_bg.wasm.js");
    run(&mut binaryen("wasm2js", &module, &[&LOWERING[..], &["-Oz"]].concat(), &javascript))?;
    make_module_factory(&javascript)?;
    compress(&module, &work.path().join("daypass_bg.wasm.deflate"))?;

    replace(FOLDER, work.path())
}

/// Turns the JavaScript of wasm-bindgen into a function that makes it for one instance, as the target for bundlers lacks it.
///
/// So each instance has views, closures and classes of its own: what the browser still calls of a lost one never reaches the
/// next, and importing the module does nothing.
fn make_factory(file: &Path, names: &Names) -> Result<()> {
    let code = fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))?;
    let (imports, body): (Vec<_>, Vec<_>) = code.lines().partition(|line| line.starts_with("import "));
    let named = |start: &'static str| body.iter().filter_map(move |line| line.strip_prefix(start));
    let name = |line: &str| line.split(['(', ' ', '{']).next().unwrap_or_default().to_owned();
    let functions = named("export function ").map(name).filter(|name| !name.starts_with("__wb"));
    let offered = functions.chain(named("export class ").map(name)).collect::<Vec<_>>().join(", ");
    let body: String = body.iter().map(|line| format!("{}\n", line.strip_prefix("export ").unwrap_or(line))).collect();
    let (body, called) = without_repeated(with_short_exports(&with_our_glue(body)?, names), names);
    let imports = imports.join("\n");
    let code = format!(
        "{imports}\nexport function glue() {{\n{body}\n\
         const attach = (exports) => {{\n    wasm = exports;\n}};\n\
         return {{ imports: {{ {called} }}, attach, get exports() {{ return wasm; }}, {offered} }};\n}}\n"
    );
    fs::write(file, code).with_context(|| format!("could not write {}", file.display()))
}

/// What wasm-bindgen writes for platforms that the SDK does not support, or never calls, and what stays of it; and what a listener
/// does that the platform calls after it was dropped, such as one of a lock that is granted while its request is aborted: nothing.
/// Texts are copied and memory is viewed the short way, not the fast one.
const GLUE: [(&str, &str); 19] = [
    (
        "        state.cnt++;\n        try {\n            return f(state.a, state.b",
        "        if (!state.a) return;\n        state.cnt++;\n        try {\n            return f(state.a, state.b",
    ),
    (
        "(typeof FinalizationRegistry === 'undefined')\n    ? { register: () => {}, unregister: () => {} }\n    : new",
        "new",
    ),
    ("    if (realloc === undefined) {\n", ""),
    (
        "        return ptr;
    }

    let len = arg.length;
    let ptr = malloc(len, 1) >>> 0;

    const mem = getUint8ArrayMemory0();

    let offset = 0;

    for (; offset < len; offset++) {
        const code = arg.charCodeAt(offset);
        if (code > 0x7F) break;
        mem[ptr + offset] = code;
    }
    if (offset !== len) {
        if (offset !== 0) {
            arg = arg.slice(offset);
        }
        ptr = realloc(ptr, len, len = offset + arg.length * 3, 1) >>> 0;
        const view = getUint8ArrayMemory0().subarray(ptr + offset, ptr + len);
        const ret = cachedTextEncoder.encodeInto(arg, view);

        offset += ret.written;
        ptr = realloc(ptr, len, offset, 1) >>> 0;
    }

    WASM_VECTOR_LEN = offset;
",
        "",
    ),
    (", malloc, realloc) {", ", malloc) {"),
    (", wasm.__wbindgen_realloc)", ")"),
    (
        "if (!('encodeInto' in cachedTextEncoder)) {
    cachedTextEncoder.encodeInto = function (arg, view) {
        const buf = cachedTextEncoder.encode(arg);
        view.set(buf);
        return {
            read: arg.length,
            written: buf.length
        };
    };
}
",
        "",
    ),
    (
        "let cachedDataViewMemory0 = null;
function getDataViewMemory0() {
    if (cachedDataViewMemory0 === null || cachedDataViewMemory0.buffer.detached === true || \
         (cachedDataViewMemory0.buffer.detached === undefined && \
         cachedDataViewMemory0.buffer !== wasm.memory.buffer)) {
        cachedDataViewMemory0 = new DataView(wasm.memory.buffer);
    }
    return cachedDataViewMemory0;
",
        "function getDataViewMemory0() {\n    return new DataView(wasm.memory.buffer);\n",
    ),
    (
        "let cachedUint8ArrayMemory0 = null;
function getUint8ArrayMemory0() {
    if (cachedUint8ArrayMemory0 === null || cachedUint8ArrayMemory0.byteLength === 0) {
        cachedUint8ArrayMemory0 = new Uint8Array(wasm.memory.buffer);
    }
    return cachedUint8ArrayMemory0;
",
        "function getUint8ArrayMemory0() {\n    return new Uint8Array(wasm.memory.buffer);\n",
    ),
    // Its holder frees it.
    ("        HandleFinalization.unregister(this);\n", ""),
    ("            HandleFinalization.register(this, this.__wbg_ptr, this);\n", ""),
    ("const HandleFinalization = new FinalizationRegistry(ptr => wasm.__wbg_handle_free(ptr, 1));\n", ""),
    ("if (Symbol.dispose) Handle.prototype[Symbol.dispose] = Handle.prototype.free;\n", ""),
    ("typeof globalThis === 'undefined' ? undefined : globalThis", "globalThis"),
    ("typeof global === 'undefined' ? undefined : global", "undefined"),
    ("typeof self === 'undefined' ? undefined : self", "undefined"),
    ("typeof window === 'undefined' ? undefined : window", "undefined"),
    ("const ret = undefined;\n    return isLikeNone(ret) ? 0 : addHeapObject(ret);", "return 0;"),
    (
        "const ret = globalThis;\n    return isLikeNone(ret) ? 0 : addHeapObject(ret);",
        "return addHeapObject(globalThis);",
    ),
];

/// Replaces what [`GLUE`] names.
fn with_our_glue(mut code: String) -> Result<String> {
    for (given, left) in GLUE {
        ensure!(code.contains(given), "this version of wasm-bindgen no longer writes `{given}`: change GLUE");
        code = code.replace(given, left);
    }
    Ok(code)
}

/// Removes each function that another import does alike, such as `close()` of a second class. Returns the rest, and the members
/// of the object of all imports.
fn without_repeated(mut code: String, names: &Names) -> (String, String) {
    let mut kept: Vec<(String, &str)> = Vec::new();
    let mut members = Vec::new();
    for [_, long, short] in &names.imports {
        let start = format!("function {long}(");
        let found = code.find(&start).and_then(|at| Some((at, at + code[at..].find("\n}\n")? + 3)));
        let text = found.map(|(at, end)| code[at + start.len()..end].to_owned()).unwrap_or_default();
        let first = kept.iter().find(|(other, _)| !text.is_empty() && *other == text).map(|(_, first)| *first);
        if let (Some(_), Some((at, end))) = (first, found) {
            code.replace_range(at..end, "");
        }
        members.push(format!("{short}: {}", first.unwrap_or(long)));
        kept.push((text, long));
    }
    (code, members.join(", "))
}

/// Replaces each `wasm.NAME` by the short name of the export.
fn with_short_exports(code: &str, names: &Names) -> String {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let mut parts = code.split("wasm.");
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_at(part.find(|c| !is_of_name(c)).unwrap_or(part.len()));
        let found = names.exports.iter().find(|[long, _]| long == name);
        short.push_str("wasm.");
        short.push_str(found.map_or(name, |[_, short]| short));
        short.push_str(rest);
    }
    short
}

/// Turns the module of wasm2js, which makes one instance when it is imported, into a function that makes one.
fn make_module_factory(file: &Path) -> Result<()> {
    let code = fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))?;
    let kept = |line: &&str| !["import ", "export ", "var ret"].iter().any(|start| line.starts_with(start));
    let (functions, made) = code.split_once("var retasmFunc = ").context("wasm2js made no `retasmFunc`")?;
    ensure!(made.starts_with("asmFunc({"), "wasm2js called its module in another way");
    let functions: String = functions.lines().filter(kept).map(|line| format!("{line}\n")).collect();
    // The short name of the module that it imports.
    let name = made.split('"').nth(1).context("wasm2js named no module")?;
    let code = format!("{functions}\nexport const instantiate = (imports) => asmFunc({{ '{name}': imports }});\n");
    fs::write(file, code).with_context(|| format!("could not write {}", file.display()))
}

/// Makes the command of a program of Binaryen.
pub(crate) fn binaryen(name: &str, module: &Path, passes: &[&str], to: &Path) -> Command {
    let mut command = Command::new(Path::new("node_modules/.bin").join(name));
    command.args(FEATURES).arg(module).args(passes).arg("-o").arg(to);
    command
}

/// Compresses a file to zlib's format (RFC 1950), smaller than a server's compression on the fly.
fn compress(file: &Path, to: &Path) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("could not read {}", file.display()))?;
    let mut deflated = Vec::new();
    let options = zopfli::Options {
        iteration_count: NonZeroU64::new(100).context("0")?,
        maximum_block_splits: 30,
        ..zopfli::Options::default()
    };
    zopfli::compress(options, zopfli::Format::Zlib, &bytes[..], &mut deflated)?;
    fs::write(to, deflated).with_context(|| format!("could not write {}", to.display()))
}
